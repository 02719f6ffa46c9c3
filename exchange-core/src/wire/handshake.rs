//! Who is at the other end, and keys that nobody else has: `Noise_XX_25519_ChaChaPoly_BLAKE2s`.
//!
//! ```text
//! client                                host
//!   e ─────────────────────────────────▶          32 bytes
//!     ◀───────────────── e, ee, s, es, signing   128 bytes
//!   s, se, signing ────────────────────▶          96 bytes
//! ```
//!
//! The prologue is what both have said before, every byte of it, so that whoever changes an offer on its way is found out.
//! Messages have the lengths they have, and follow each other without any. In the second and the third, whoever sends it
//! adds the key by which its signatures are checked: with the one it proves here it makes up its id.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use bytes::{Bytes, BytesMut};
use snow::{
    Builder, HandshakeState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver},
    types,
};

use super::records::{Records, TAG};
use crate::{
    identity::{Identity, PublicIdentity},
    ids::PeerId,
    reason::Violation,
    seam::LinkLoss,
    seed::{Random, Seed},
    shown,
};

const PATTERN: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";

const KEY: usize = 32;
/// The lengths of the three messages; the client says the first.
const MESSAGES: [usize; 3] = [KEY, KEY + KEY + TAG + KEY + TAG, KEY + TAG + KEY + TAG];

/// What a peer secures its links with: who it is, and randomness for their handshakes.
#[derive(Debug)]
pub struct Keyring {
    me: Identity,
    random: Random,
}

/// What one end of one byte stream is secured with.
#[derive(Debug)]
pub struct Keys {
    me: Identity,
    randomness: Seed,
    expected: Option<PeerId>,
}

impl Keyring {
    /// The links of that peer are secured with randomness out of this seed, which is nobody else's.
    pub fn new(me: Identity, seed: &Seed) -> Self {
        Self { me, random: seed.fork("handshakes") }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.me
    }

    /// The keys for one more link.
    pub fn keys(&mut self) -> Keys {
        Keys { me: self.me.clone(), randomness: Seed::new(self.random.bytes()), expected: None }
    }
}

impl Keys {
    /// Talks to nobody but that peer, if there is one: before anybody else is told who this is, the link ends with
    /// [`LinkLoss::Stranger`].
    #[must_use]
    pub fn expecting(self, expected: Option<PeerId>) -> Self {
        Self { expected, ..self }
    }
}

/// A handshake under way.
pub(super) struct Handshake {
    state: Box<HandshakeState>,
    signing: [u8; KEY],
    expected: Option<PeerId>,
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
    pub(super) fn client(keys: Keys, prologue: &[u8]) -> Result<(Self, Bytes), Violation> {
        let mut handshake = Self::new(keys, prologue, Role::Initiator)?;
        let first = handshake.say()?;
        Ok((handshake, first))
    }

    /// The host's end.
    pub(super) fn host(keys: Keys, prologue: &[u8]) -> Result<Self, Violation> {
        Self::new(keys, prologue, Role::Responder)
    }

    fn new(Keys { me, randomness, expected }: Keys, prologue: &[u8], role: Role) -> Result<Self, Violation> {
        let resolver: BoxedCryptoResolver = Box::new(Resolver(randomness));
        let state = PATTERN.parse().and_then(|pattern| {
            let builder = Builder::with_resolver(pattern, resolver).prologue(prologue)?;
            let builder = builder.local_private_key(me.agreement_key())?;
            match role {
                Role::Initiator => builder.build_initiator(),
                Role::Responder => builder.build_responder(),
            }
        });
        let state = Box::new(state.map_err(forged)?);
        Ok(Self { state, signing: *me.public().signing_key(), expected, gone: 0, partial: Vec::new() })
    }

    /// Takes the bytes of one message; `None` as long as it is not whole.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Step>, LinkLoss> {
        let missing = MESSAGES.get(self.gone).copied().unwrap_or_default().saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.partial.extend_from_slice(taken);
        *input = rest;
        if taken.len() < missing {
            return Ok(None);
        }
        let mut payload = [0; KEY + TAG];
        let length = self.state.read_message(&self.partial, &mut payload).map_err(forged)?;
        self.partial.clear();
        self.gone += 1;
        if self.gone == 1 {
            return Ok(Some(Step::Reply(self.say()?)));
        }
        let peer = self.proven(&payload[..length])?;
        if let Some(expected) = self.expected.filter(|expected| *expected != peer.peer()) {
            return Err(LinkLoss::Stranger { expected, found: peer.peer() });
        }
        let reply = if self.state.is_handshake_finished() { Bytes::new() } else { self.say()? };
        Ok(Some(Step::Proven(peer, reply)))
    }

    /// What follows it, once somebody is proven.
    pub(super) fn into_records(self, first_limit: usize) -> Result<Records, Violation> {
        let transport = self.state.into_transport_mode().map_err(forged)?;
        Ok(Records::new(transport, first_limit))
    }

    fn say(&mut self) -> Result<Bytes, Violation> {
        let payload = if self.gone == 0 { &[][..] } else { &self.signing[..] };
        // There has to be room for a tag, also in the first, which has none.
        let mut message = BytesMut::zeroed(MESSAGES.get(self.gone).copied().unwrap_or_default() + TAG);
        let length = self.state.write_message(payload, &mut message).map_err(forged)?;
        message.truncate(length);
        self.gone += 1;
        Ok(message.freeze())
    }

    fn proven(&self, payload: &[u8]) -> Result<PublicIdentity, Violation> {
        let agreement = self.state.get_remote_static().and_then(|key| key.try_into().ok());
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
