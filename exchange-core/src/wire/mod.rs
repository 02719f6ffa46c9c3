//! Bytes to frames: what a byte stream needs before a machine can talk over it.
//!
//! Both sides begin with a preamble. The client sends an [`Offer`]: the ranges and sets of what it speaks. The host
//! answers with an offer of its own and its choice from both. What follows are frames, each led by its length.
//!
//! ```text
//! client                                host
//!   offer ─────────────────────────────▶
//!         ◀───────────────────────────── offer, choice
//!         (a handshake, unless it is to be in the clear; bound to both complete offers, and to a secret if both
//!         are to know one)
//!   frames ◀───────────────────────────▶ frames    (sealed in records after a handshake)
//! ```
//!
//! A transport that keeps message boundaries and has settled on an encoding in its own way needs none of this: it
//! hands each frame to the machine directly.

mod frame;
mod guesses;
mod handshake;
mod pake;
mod preamble;
mod records;
#[cfg(test)]
mod tests;
mod version;

use alloc::{boxed::Box, vec::Vec};
use core::mem;

use bytes::{Bytes, BytesMut};

use self::{
    frame::Cutter,
    handshake::{Begun, Handshake, Step},
    pake::Pake,
    preamble::{Answer, Preamble},
    records::Records,
};
pub use self::{
    frame::{Frames, frames, put_frame},
    handshake::{Keyring, Keys},
    preamble::{Choice, Features, Offer, Protection},
    version::Versions,
};
use crate::{
    identity::PublicIdentity,
    message::{Encoding, MAX_FIRST_FRAME, MAX_FRAME},
    reason::Violation,
    seam::LinkLoss,
};

/// One end of one byte stream: takes its bytes however they are cut and gives whole frames.
#[derive(Debug)]
pub struct Wire {
    /// Until it is opened, and for what goes over it then it costs little memory.
    terms: Option<Box<Terms>>,
    stage: Stage,
}

/// What an end comes with.
#[derive(Debug)]
struct Terms {
    offer: Offer,
    /// Until they are used.
    keys: Option<Keys>,
    first_limit: usize,
}

#[derive(Debug)]
enum Stage {
    ClientPreamble(Box<Preamble>),
    HostPreamble(Box<Preamble>),
    Pake(Choice, Box<Pake>),
    Handshake(Choice, Box<Handshake>),
    Frames(Cutter),
    Records(Box<Records>),
    Failed,
}

/// What came over a byte stream.
#[derive(PartialEq, Eq)]
pub enum Received<'a> {
    /// A part of the way to where frames can go. This is to be sent at once.
    Answer(Bytes),
    /// The preamble is through, and the handshake if there is one: frames can go.
    Opened {
        /// What the two sides have settled on.
        choice: Choice,
        /// Who is at the other end, where a handshake has proven that.
        peer: Option<PublicIdentity>,
        /// To be sent before anything else; may be empty.
        answer: Bytes,
    },
    /// A frame, without its length.
    Frame(&'a [u8]),
}

/// Nothing more can be read from a byte stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{loss}")]
pub struct WireFault {
    /// What is wrong.
    pub loss: LinkLoss,
    /// To be sent before the stream is closed, so that the other side knows as well; may be empty.
    pub answer: Bytes,
}

impl From<LinkLoss> for WireFault {
    fn from(loss: LinkLoss) -> Self {
        Self { loss, answer: Bytes::new() }
    }
}

impl From<Violation> for WireFault {
    fn from(violation: Violation) -> Self {
        LinkLoss::Violation(violation).into()
    }
}

impl From<Violation> for LinkLoss {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl Wire {
    /// The client's end, in the clear. [`opening`](Self::opening) is to be sent first.
    pub fn client(offer: Offer) -> Self {
        Self::new(offer, Stage::ClientPreamble(Box::default()), MAX_FRAME)
    }

    /// The host's end, in the clear.
    pub fn host(offer: Offer) -> Self {
        Self::new(offer, Stage::HostPreamble(Box::default()), MAX_FIRST_FRAME)
    }

    fn new(offer: Offer, stage: Stage, first_limit: usize) -> Self {
        Self { terms: Some(Box::new(Terms { offer, keys: None, first_limit })), stage }
    }

    /// The same, secured: only the other side can read what goes over it, and it has to prove who it is. There is no going
    /// back to the clear.
    ///
    /// With a [secret](Keyring::lock), a client's end comes as one who knows it, and no other way; a host's end also takes
    /// those who come without, and tells [which](Received::Opened) they are.
    ///
    /// If there are no keys, it is as it was.
    #[must_use]
    pub fn secured(mut self, keys: Option<Keys>) -> Self {
        let (Some(keys), Some(terms)) = (keys, &mut self.terms) else { return self };
        let protections: &[Protection] = match (keys.secret(), &self.stage) {
            (None, _) => &[Protection::Noise],
            (Some(_), Stage::ClientPreamble(_)) => &[Protection::NoisePsk],
            (Some(_), _) => &[Protection::NoisePsk, Protection::Noise],
        };
        let features = if keys.has_aes { Features::AES_GCM } else { Features::default() };
        terms.offer = mem::take(&mut terms.offer).with(protections, features);
        terms.keys = Some(keys);
        self
    }

    /// Takes a first frame of up to so many bytes, where the machine behind it does not begin with a greeting.
    #[must_use]
    pub fn first_frame_at_most(mut self, bytes: usize) -> Self {
        if let Some(terms) = &mut self.terms {
            terms.first_limit = bytes.min(MAX_FRAME);
        }
        self
    }

    /// What a client sends before anything else; nothing once the wire is [opened](Received::Opened).
    pub fn opening(&self) -> Bytes {
        self.terms.as_ref().map(|terms| terms.offer.encode()).unwrap_or_default()
    }

    /// Takes bytes off the front of `input` until something whole has come; `None` when all are taken.
    ///
    /// In the clear, what is whole in `input` is lent from there, not copied. Only an incomplete frame or record is kept,
    /// and memory is taken for the bytes of it that have come, whatever its length claims.
    ///
    /// # Errors
    ///
    /// [`WireFault`] when what came is not this protocol, or not the other side's. Every later call fails too.
    pub fn receive<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Result<Option<Received<'a>>, WireFault> {
        if let Some(terms) = &mut self.terms {
            let begun = self.stage.begin(terms, input).inspect_err(|_| self.stage = Stage::Failed)?;
            if self.is_opened() {
                self.terms = None;
            }
            return Ok(begun);
        }
        let frame = match &mut self.stage {
            Stage::Frames(cutter) => cutter.next(input)?,
            Stage::Records(records) => records.next(input)?,
            _ => return Err(Violation::Unexpected.into()),
        };
        Ok(frame.map(Received::Frame))
    }

    /// Whether it is through with all that comes before frames.
    pub fn is_opened(&self) -> bool {
        matches!(self.stage, Stage::Frames(_) | Stage::Records(_))
    }

    /// Whether what goes over it has to be [sealed](Self::seal).
    pub fn is_sealed(&self) -> bool {
        matches!(self.stage, Stage::Records(_))
    }

    /// Appends to `out` what is to be sent so that the other side receives these frames, each led by its length.
    ///
    /// All frames that are sent at once cost 34 bytes, and 34 more for every 64 KiB. Before the wire is
    /// [opened](Received::Opened) nothing can be sent, and nothing is appended.
    pub fn seal(&mut self, frames: &[u8], out: &mut BytesMut) {
        match &mut self.stage {
            Stage::Records(records) => records.seal(frames, out),
            Stage::Frames(_) => out.extend_from_slice(frames),
            _ => {}
        }
    }
}

impl Stage {
    /// What comes before the first frame.
    fn begin(&mut self, terms: &mut Terms, input: &mut &[u8]) -> Result<Option<Received<'static>>, WireFault> {
        match self {
            Self::ClientPreamble(preamble) => match preamble.read_answer(input)? {
                None => Ok(None),
                Some(answer) => self.settle(terms, &answer),
            },
            Self::HostPreamble(preamble) => match preamble.read_offer(input)? {
                None => Ok(None),
                Some(theirs) => self.choose(terms, &theirs),
            },
            Self::Pake(choice, pake) => {
                let choice = *choice;
                if !pake.receive(input) {
                    return Ok(None);
                }
                let Self::Pake(_, pake) = mem::replace(self, Self::Failed) else { return Ok(None) };
                let (handshake, answer) = pake.finish()?;
                *self = Self::Handshake(choice, Box::new(handshake));
                Ok(Some(Received::Answer(answer)))
            }
            Self::Handshake(choice, handshake) => {
                let choice = *choice;
                match handshake.receive(input)? {
                    None => Ok(None),
                    Some(Step::Reply(reply)) => Ok(Some(Received::Answer(reply))),
                    Some(Step::Proven(peer, answer)) => {
                        if let Self::Handshake(_, handshake) = mem::replace(self, Self::Failed) {
                            *self = Self::Records(Box::new(handshake.into_records(terms.first_limit)?));
                        }
                        Ok(Some(Received::Opened { choice, peer: Some(peer), answer }))
                    }
                }
            }
            Self::Frames(_) | Self::Records(_) | Self::Failed => Err(Violation::Unexpected.into()),
        }
    }

    /// The host's choice.
    fn choose(&mut self, terms: &mut Terms, theirs: &Offer) -> Result<Option<Received<'static>>, WireFault> {
        let choice = match terms.offer.choose(theirs) {
            Ok(choice) => choice,
            Err(loss) => return Err(WireFault { loss, answer: terms.offer.encode_with(None) }),
        };
        let answer = terms.offer.encode_with(Some(choice));
        let Some(keys) = terms.keys.take() else { return Ok(Some(self.open(terms, choice, answer))) };
        let begun = Begun { said: [self.said(), &answer].concat(), features: choice.features };
        *self = match keys.secret().cloned().filter(|_| choice.protection == Protection::NoisePsk) {
            Some(secret) => Self::Pake(choice, Box::new(Pake::host(keys, secret, begun))),
            None => Self::Handshake(choice, Box::new(Handshake::host(keys, &begun, None)?)),
        };
        Ok(Some(Received::Answer(answer)))
    }

    /// The client's check that the choice is one of those offered.
    fn settle(
        &mut self,
        terms: &mut Terms,
        Answer { theirs, choice }: &Answer,
    ) -> Result<Option<Received<'static>>, WireFault> {
        let Some(choice) = *choice else {
            let loss = terms.offer.choose(theirs).err().unwrap_or(LinkLoss::NothingInCommon);
            return Err(loss.into());
        };
        if !terms.offer.allows(choice) || !theirs.allows(choice) {
            return Err(Violation::Preamble.into());
        }
        let Some(keys) = terms.keys.take() else { return Ok(Some(self.open(terms, choice, Bytes::new()))) };
        let begun = Begun { said: [&terms.offer.encode(), self.said()].concat(), features: choice.features };
        let first = if let Some(secret) = keys.secret().cloned() {
            let (pake, first) = Pake::client(keys, secret, begun);
            *self = Self::Pake(choice, Box::new(pake));
            first
        } else {
            let (handshake, first) = Handshake::client(keys, &begun, None)?;
            *self = Self::Handshake(choice, Box::new(handshake));
            first
        };
        Ok(Some(Received::Answer(first)))
    }

    fn open(&mut self, terms: &Terms, choice: Choice, answer: Bytes) -> Received<'static> {
        *self = Self::Frames(Cutter::new(terms.first_limit, MAX_FRAME));
        Received::Opened { choice, peer: None, answer }
    }

    /// What the other side has said in the preamble.
    fn said(&self) -> &[u8] {
        match self {
            Self::ClientPreamble(preamble) | Self::HostPreamble(preamble) => preamble.bytes(),
            _ => &[],
        }
    }
}

/// The encodings of an offer, best first.
fn preferred(encodings: &[Encoding]) -> Vec<Encoding> {
    let mut encodings = encodings.to_vec();
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}
