//! Who is at the other end, and keys that nobody else has: `Noise_XX_25519_ChaChaPoly_BLAKE2s`, or with a secret that both
//! know `Noise_XXpsk0_25519_ChaChaPoly_BLAKE2s`. Where both ends have instructions for AES, it is `AESGCM` that seals.
//!
//! ```text
//! client                                host
//!   e ─────────────────────────────────▶          32 bytes, 48 with a secret
//!     ◀───────────────── e, ee, s, es, signing   128 bytes
//!   s, se, signing ────────────────────▶          96 bytes
//! ```
//!
//! The prologue is what both have said before, every byte of it, so that whoever changes an offer on its way is found out.
//! Messages have the lengths they have, and follow each other without any. In the second and the third, whoever sends it
//! adds the key by which its signatures are checked: with the one it proves here it makes up its id.
//!
//! Who does not know the secret cannot make the first message. The host answers it with a second of nothing but zeros.

use alloc::{boxed::Box, format, sync::Arc, vec::Vec};
use core::fmt;

use bytes::{Bytes, BytesMut};
use curve25519_dalek::montgomery::MontgomeryPoint;
use snow::{
    Builder, HandshakeState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver},
    types,
};

use super::{
    WireFault,
    guesses::{Guess, Guesses},
    pake::Proof,
    preamble::Features,
    records::{Records, TAG},
};
use crate::{
    identity::{Identity, PublicIdentity},
    ids::PeerId,
    reason::Violation,
    seam::LinkLoss,
    secret::{JoinCode, JoinSecret},
    seed::{Random, Seed},
    shown,
};

const KEY: usize = 32;
const SECOND: usize = KEY + KEY + TAG + KEY + TAG;
const THIRD: usize = KEY + TAG + KEY + TAG;

/// What a peer secures its links with: who it is, and randomness for their handshakes.
#[derive(Debug)]
pub struct Keyring {
    me: Identity,
    random: Random,
    lock: Option<Lock>,
    has_aes: bool,
}

/// What one end of one byte stream is secured with.
#[derive(Debug)]
pub struct Keys {
    me: Identity,
    pub(super) randomness: Seed,
    expected: Option<PeerId>,
    lock: Option<Lock>,
    pub(super) has_aes: bool,
}

/// A secret that both ends have to know, and how often it may be guessed at.
#[derive(Clone, Debug)]
struct Lock {
    secret: JoinSecret,
    guesses: Arc<Guesses>,
}

impl Keyring {
    /// The links of that peer are secured with randomness out of this seed, which is nobody else's.
    pub fn new(me: Identity, seed: &Seed) -> Self {
        Self { me, random: seed.fork("handshakes"), lock: None, has_aes: false }
    }

    /// Seals by AES-GCM what goes to those who would seal by it too. That is for a machine that has instructions for it,
    /// where it takes half of the time of ChaCha20-Poly1305 for what is not very short; on any other it takes many times as
    /// long.
    #[must_use]
    pub fn with_aes(self, has_aes: bool) -> Self {
        Self { has_aes, ..self }
    }

    /// Has newcomers prove that they know the secret, and proves it to them; a client, that it is one of them. It may be
    /// guessed at twenty times, by whomever, until it is [locked](Self::lock) anew.
    pub fn lock(&mut self, secret: JoinSecret) {
        self.lock = Some(Lock { secret, guesses: Arc::default() });
    }

    /// Whether the secret has been guessed at as often as it may be: nobody comes in by it any more.
    pub fn is_spent(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.guesses.are_spent())
    }

    /// A code that nobody knows.
    pub fn draw_code(&mut self) -> JoinCode {
        JoinCode::draw_from(&mut self.random)
    }

    /// What newcomers have to know, if they do.
    pub fn secret(&self) -> Option<&JoinSecret> {
        self.lock.as_ref().map(|lock| &lock.secret)
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.me
    }

    /// The keys for one more link.
    pub fn keys(&mut self) -> Keys {
        let randomness = Seed::new(self.random.bytes());
        Keys { me: self.me.clone(), randomness, expected: None, lock: self.lock.clone(), has_aes: self.has_aes }
    }
}

impl Keys {
    /// Talks to nobody but that peer, if there is one: before anybody else is told who this is, the link ends with
    /// [`LinkLoss::Stranger`].
    #[must_use]
    pub fn expecting(self, expected: Option<PeerId>) -> Self {
        Self { expected, ..self }
    }

    /// Proves nothing of a secret: the other side knows who this is, and lets it in for that.
    #[must_use]
    pub fn without_secret(self) -> Self {
        Self { lock: None, ..self }
    }

    /// The secret that has to be proven, if one has.
    pub(super) fn secret(&self) -> Option<&JoinSecret> {
        self.lock.as_ref().map(|lock| &lock.secret)
    }

    /// Begins to guess at the secret, if there is one and it may be.
    pub(super) fn guess(&self) -> Option<Guess> {
        self.lock.as_ref()?.guesses.begin()
    }
}

/// What goes before a handshake.
pub(super) struct Begun {
    /// Every byte that either has said.
    pub(super) said: Vec<u8>,
    /// What both know.
    pub(super) features: Features,
}

/// A handshake under way.
pub(super) struct Handshake {
    state: Box<HandshakeState>,
    signing: [u8; KEY],
    expected: Option<PeerId>,
    /// At a secret, if it is one by a secret.
    guess: Option<Guess>,
    /// How many messages have gone, either way.
    gone: usize,
    /// The bytes of the next one that have come.
    partial: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Initiator,
    Responder,
}

/// What a message of the other side's comes to.
pub(super) enum Step {
    /// To be sent; then it goes on.
    Reply(Bytes),
    /// Who is there. To be sent, if there is anything; then it is over.
    Proven(PublicIdentity, Bytes),
}

impl Handshake {
    /// The client's end, and what it says first.
    pub(super) fn client(keys: Keys, begun: &Begun, proof: Option<Proof>) -> Result<(Self, Bytes), Violation> {
        let mut handshake = Self::new(keys, begun, proof, Role::Initiator)?;
        let first = handshake.say()?;
        Ok((handshake, first))
    }

    /// The host's end.
    pub(super) fn host(keys: Keys, begun: &Begun, proof: Option<Proof>) -> Result<Self, Violation> {
        Self::new(keys, begun, proof, Role::Responder)
    }

    fn new(keys: Keys, begun: &Begun, proof: Option<Proof>, role: Role) -> Result<Self, Violation> {
        let Keys { me, randomness, expected, .. } = keys;
        let resolver: BoxedCryptoResolver = Box::new(Resolver(randomness));
        let pattern = if proof.is_some() { "XXpsk0" } else { "XX" };
        let cipher = if begun.features.contains(Features::AES_GCM) { "AESGCM" } else { "ChaChaPoly" };
        let state = format!("Noise_{pattern}_25519_{cipher}_BLAKE2s").parse().and_then(|pattern| {
            let builder = Builder::with_resolver(pattern, resolver).prologue(&begun.said)?;
            let mut builder = builder.local_private_key(me.agreement_key())?;
            if let Some(proof) = &proof {
                builder = builder.psk(0, &proof.key)?;
            }
            match role {
                Role::Initiator => builder.build_initiator(),
                Role::Responder => builder.build_responder(),
            }
        });
        let (state, guess) = (Box::new(state.map_err(forged)?), proof.map(|proof| proof.guess));
        Ok(Self { state, signing: *me.public().signing_key(), expected, guess, gone: 0, partial: Vec::new() })
    }

    /// Takes the bytes of one message; `None` as long as it is not whole.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Step>, WireFault> {
        let missing = self.length().saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.partial.extend_from_slice(taken);
        *input = rest;
        if taken.len() < missing {
            return Ok(None);
        }
        let mut payload = [0; KEY + TAG];
        let read = self.state.read_message(&self.partial, &mut payload);
        let length = read.map_err(|error| self.wrong(error))?;
        self.partial.clear();
        self.gone += 1;
        if self.gone == 1 {
            return Ok(Some(Step::Reply(self.say()?)));
        }
        if let Some(guess) = &mut self.guess {
            guess.judge(false);
        }
        let peer = self.proven(&payload[..length])?;
        if let Some(expected) = self.expected.filter(|expected| *expected != peer.peer()) {
            return Err(LinkLoss::Stranger { expected, found: peer.peer() }.into());
        }
        let reply = if self.state.is_handshake_finished() { Bytes::new() } else { self.say()? };
        Ok(Some(Step::Proven(peer, reply)))
    }

    /// The length of the message that is next; the client says the first.
    fn length(&self) -> usize {
        match (self.gone, &self.guess) {
            (0, None) => KEY,
            (0, Some(_)) => KEY + TAG,
            (1, _) => SECOND,
            _ => THIRD,
        }
    }

    /// The message that has come was made without what belongs to it, be it the secret.
    fn wrong(&mut self, error: snow::Error) -> WireFault {
        match &mut self.guess {
            Some(guess) if self.gone < 2 => {
                guess.judge(true);
                let is_host = self.gone == 0;
                let answer = if is_host { Bytes::from_static(&[0; SECOND]) } else { Bytes::new() };
                WireFault { loss: LinkLoss::WrongSecret, answer }
            }
            _ => forged(error).into(),
        }
    }

    /// What follows it, once somebody is proven.
    pub(super) fn into_records(self, first_limit: usize) -> Result<Records, Violation> {
        let transport = self.state.into_transport_mode().map_err(forged)?;
        Ok(Records::new(transport, first_limit))
    }

    fn say(&mut self) -> Result<Bytes, Violation> {
        let payload = if self.gone == 0 { &[][..] } else { &self.signing[..] };
        // There has to be room for a tag, also in the first, which has none.
        let mut message = BytesMut::zeroed(self.length() + TAG);
        let length = self.state.write_message(payload, &mut message).map_err(forged)?;
        message.truncate(length);
        self.gone += 1;
        Ok(message.freeze())
    }

    fn proven(&self, payload: &[u8]) -> Result<PublicIdentity, Violation> {
        let agreement = self.state.get_remote_static().and_then(|key| key.try_into().ok()).filter(is_secret);
        match (agreement, payload.try_into()) {
            (Some(agreement), Ok(signing)) => Ok(PublicIdentity::new(agreement, signing)),
            _ => Err(Violation::Forged),
        }
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partial = shown::Bytes(self.partial.len());
        f.debug_struct("Handshake").field("gone", &self.gone).field("partial", &partial).finish_non_exhaustive()
    }
}

/// Whether there is a secret to that X25519 key: to those of small order anybody comes to the same zeros, and it proves
/// nothing to have one.
fn is_secret(agreement: &[u8; KEY]) -> bool {
    MontgomeryPoint(*agreement).mul_clamped([0; KEY]).to_bytes() != [0; KEY]
}

/// Whatever keeps the other side's messages from being read: somebody has changed them, or has not made them with the keys
/// that belong to it.
pub(super) fn forged(_: snow::Error) -> Violation {
    Violation::Forged
}

/// Has a handshake draw from its own randomness what it would draw from the operating system.
struct Resolver(Seed);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn types::Random>> {
        Some(Box::new(Ephemeral(self.0.fork("ephemeral"))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn types::Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn types::Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn types::Cipher>> {
        #[cfg(feature = "ring")]
        return snow::resolvers::RingResolver.resolve_cipher(choice);
        #[cfg(not(feature = "ring"))]
        DefaultResolver.resolve_cipher(choice)
    }
}

struct Ephemeral(Random);

impl types::Random for Ephemeral {
    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill(into);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_anybody_has_proves_nothing() {
        let hex =
            |text: &str| -> [u8; KEY] { data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap() };
        let of_small_order = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        assert!(of_small_order.iter().all(|key| !is_secret(&hex(key))));
        assert!((0..64).all(|seed| is_secret(Identity::from_seed([seed; 32]).public().agreement_key())));
    }
}
