//! What two ends tell each other before the first frame.
//!
//! ```text
//! offer   "EXCHANGE"  length u16   oldest u16  newest u16  encodings u8  protections u8  features u32  …
//! choice  version u16  encoding u8  protection u8  features u32
//! ```
//!
//! All numbers are big-endian; `length` counts what follows it. A reader skips what an offer has beyond the fields it
//! knows, so that offers can grow for as long as there are versions. A choice of version 0 is none: nothing in common.

use alloc::vec::Vec;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::{preferred, version::Versions};
use crate::{
    identity::PublicIdentity,
    message::Encoding,
    reason::Violation,
    seam::{LinkLoss, Proven},
};

/// What keeps others from reading and changing what goes over a byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing.
    Clear,
    /// A handshake by which each end proves who it is, and seals with keys that only they have:
    /// `Noise_XX_25519_ChaChaPoly_BLAKE2s`, or [`AESGCM`](Features::AES_GCM).
    Noise,
    /// The same, by a secret that both know: `Noise_XXpsk0_25519_ChaChaPoly_BLAKE2s`, or [`AESGCM`](Features::AES_GCM), with
    /// a key from SPAKE2.
    NoisePsk,
}

const MAGIC: &[u8; 8] = b"EXCHANGE";
const OFFER_FIELDS: usize = 10;
const OFFER_MAX: usize = 512;
const CHOICE_LEN: usize = 8;

/// Parts of the protocol that both sides have to know to use, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u32);

impl Features {
    /// A handshake and what follows it are sealed by AES-256-GCM, not by ChaCha20-Poly1305. Offered where there are
    /// instructions for it.
    pub const AES_GCM: Self = Self(1);

    /// Whether all of those are among these.
    pub const fn contains(self, those: Self) -> bool {
        self.0 & those.0 == those.0
    }
}

/// What one end can speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    versions: Versions,
    encodings: u8,
    protections: u8,
    features: Features,
}

/// What the two ends have settled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The newest version both speak.
    pub version: u16,
    /// How messages are put into bytes.
    pub encoding: Encoding,
    /// What keeps others from reading and changing them.
    pub protection: Protection,
    /// What both know.
    pub features: Features,
}

impl Choice {
    /// What the handshake that was chosen has proven by the time a wire is [opened](super::Received::Opened).
    pub fn proven(self, peer: Option<PublicIdentity>) -> Option<Proven> {
        let by_secret = self.protection == Protection::NoisePsk;
        peer.map(|identity| Proven { identity, by_secret })
    }
}

/// What a host says to a client's offer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) theirs: Offer,
    pub(super) choice: Option<Choice>,
}

impl Default for Offer {
    /// Everything this library speaks.
    fn default() -> Self {
        Self::new(Versions::SUPPORTED, &[Encoding::Postcard, Encoding::Json])
    }
}

impl Offer {
    /// An offer of these versions and encodings. The host picks the newest version and prefers postcard.
    pub fn new(versions: Versions, encodings: &[Encoding]) -> Self {
        let encodings = preferred(encodings).into_iter().fold(0, |bits, encoding| bits | bit(encoding));
        Self { versions, encodings, protections: Protection::Clear.bit(), features: Features(0) }
    }

    /// The same with these protections and no other, since nobody is to talk an end out of them, and with these features.
    pub(super) fn with(self, protections: &[Protection], features: Features) -> Self {
        let protections = protections.iter().fold(0, |bits, protection| bits | protection.bit());
        Self { protections, features, ..self }
    }

    pub(super) fn choose(&self, theirs: &Self) -> Result<Choice, LinkLoss> {
        let version = self
            .versions
            .newest_common(theirs.versions)
            .ok_or(LinkLoss::Versions { ours: self.versions, theirs: theirs.versions })?;
        let encoding = [Encoding::Postcard, Encoding::Json]
            .into_iter()
            .find(|&encoding| self.encodings & theirs.encodings & bit(encoding) != 0)
            .ok_or(LinkLoss::NothingInCommon)?;
        let protection =
            Protection::of(self.protections & theirs.protections).ok_or_else(|| self.unprotected(theirs))?;
        Ok(Choice { version, encoding, protection, features: Features(self.features.0 & theirs.features.0) })
    }

    /// What keeps two ends apart that have no protection in common.
    fn unprotected(&self, theirs: &Self) -> LinkLoss {
        let is_clear = |offer: &Self| offer.protections & !Protection::Clear.bit() == 0;
        match (is_clear(self), is_clear(theirs)) {
            (true, _) => LinkLoss::OnlyEncrypted,
            (_, true) => LinkLoss::NotEncrypted,
            _ => LinkLoss::NotLocked,
        }
    }

    pub(super) fn allows(&self, choice: Choice) -> bool {
        (self.versions.oldest()..=self.versions.newest()).contains(&choice.version)
            && self.encodings & bit(choice.encoding) != 0
            && self.protections & choice.protection.bit() != 0
            && self.features.contains(choice.features)
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(MAGIC.len() + 2 + OFFER_FIELDS + CHOICE_LEN);
        self.put(&mut out);
        out.freeze()
    }

    pub(super) fn encode_with(&self, choice: Option<Choice>) -> Bytes {
        let mut out = BytesMut::with_capacity(MAGIC.len() + 2 + OFFER_FIELDS + CHOICE_LEN);
        self.put(&mut out);
        match choice {
            Some(Choice { version, encoding, protection, features }) => {
                out.put_u16(version);
                out.put_u8(bit(encoding));
                out.put_u8(protection.bit());
                out.put_u32(features.0);
            }
            None => out.put_bytes(0, CHOICE_LEN),
        }
        out.freeze()
    }

    fn put(&self, out: &mut BytesMut) {
        out.put_slice(MAGIC);
        out.put_u16(10);
        out.put_u16(self.versions.oldest());
        out.put_u16(self.versions.newest());
        out.put_u8(self.encodings);
        out.put_u8(self.protections);
        out.put_u32(self.features.0);
    }

    fn parse(mut fields: &[u8]) -> Option<Self> {
        if fields.len() < OFFER_FIELDS {
            return None;
        }
        Some(Self {
            versions: Versions::new(fields.get_u16(), fields.get_u16())?,
            encodings: fields.get_u8(),
            protections: fields.get_u8(),
            features: Features(fields.get_u32()),
        })
    }
}

impl Protection {
    /// The best of those whose bits are set.
    fn of(bits: u8) -> Option<Self> {
        [Self::NoisePsk, Self::Noise, Self::Clear].into_iter().find(|protection| bits & protection.bit() != 0)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Clear => 1,
            Self::Noise => 2,
            Self::NoisePsk => 4,
        }
    }
}

const fn bit(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Postcard => 1,
        Encoding::Json => 2,
    }
}

fn parse_choice(mut fields: &[u8]) -> Result<Option<Choice>, Violation> {
    let (version, encoding, protection, features) =
        (fields.get_u16(), fields.get_u8(), fields.get_u8(), fields.get_u32());
    if version == 0 {
        return Ok(None);
    }
    let encoding = [Encoding::Postcard, Encoding::Json].into_iter().find(|&known| bit(known) == encoding);
    let protection = Protection::of(protection).filter(|known| known.bit() == protection);
    match (encoding, protection) {
        (Some(encoding), Some(protection)) => {
            Ok(Some(Choice { version, encoding, protection, features: Features(features) }))
        }
        _ => Err(Violation::Preamble),
    }
}

/// The bytes of a preamble that have come so far.
#[derive(Debug, Default)]
pub(super) struct Preamble(Vec<u8>);

impl Preamble {
    /// All of what came of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A client's preamble, once it is whole.
    pub(super) fn read_offer(&mut self, input: &mut &[u8]) -> Result<Option<Offer>, Violation> {
        let Some(end) = self.fill_offer(input)? else { return Ok(None) };
        Offer::parse(&self.0[MAGIC.len() + 2..end]).map(Some).ok_or(Violation::Preamble)
    }

    /// A host's preamble, once it is whole.
    pub(super) fn read_answer(&mut self, input: &mut &[u8]) -> Result<Option<Answer>, Violation> {
        let Some(end) = self.fill_offer(input)? else { return Ok(None) };
        let theirs = Offer::parse(&self.0[MAGIC.len() + 2..end]).ok_or(Violation::Preamble)?;
        if !self.fill(end + CHOICE_LEN, input) {
            return Ok(None);
        }
        Ok(Some(Answer { theirs, choice: parse_choice(&self.0[end..])? }))
    }

    /// Where the offer ends, once all of it is there.
    fn fill_offer(&mut self, input: &mut &[u8]) -> Result<Option<usize>, Violation> {
        let whole = self.fill(MAGIC.len() + 2, input);
        let magic = &self.0[..self.0.len().min(MAGIC.len())];
        // Whoever speaks something else is told apart at the first wrong byte.
        if !MAGIC.starts_with(magic) {
            return Err(Violation::Preamble);
        }
        if !whole {
            return Ok(None);
        }
        let length = usize::from(u16::from_be_bytes([self.0[MAGIC.len()], self.0[MAGIC.len() + 1]]));
        if length > OFFER_MAX {
            return Err(Violation::Oversize);
        }
        if length < OFFER_FIELDS {
            return Err(Violation::Preamble);
        }
        let end = MAGIC.len() + 2 + length;
        Ok(self.fill(end, input).then_some(end))
    }

    /// Takes bytes until there are `length`, and tells whether there are.
    fn fill(&mut self, length: usize, input: &mut &[u8]) -> bool {
        let missing = length.saturating_sub(self.0.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.0.extend_from_slice(taken);
        *input = rest;
        self.0.len() >= length
    }
}
