//! How two ends find out that they know the same secret, without saying anything by which others could find it out: SPAKE2.
//!
//! ```text
//! client                                host
//!   "A", X ────────────────────────────▶          33 bytes
//!          ◀──────────────────── "B", Y           33 bytes; all zeros if there is no guess left
//! ```
//!
//! What comes of it is a key, the same for both if the secret is. It goes into the handshake that follows, whose first
//! message nobody can make or read without.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use rand_core_06::{CryptoRng, Error, RngCore};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::Zeroizing;

use super::{
    WireFault,
    guesses::Guess,
    handshake::{Begun, Handshake, Keys},
};
use crate::{
    reason::Violation,
    seam::LinkLoss,
    secret::JoinSecret,
    seed::{Random, Seed},
    shown,
};

/// The length of either message.
const MESSAGE: usize = 33;

/// What a host says instead of its message if there is no guess left.
const NO_GUESS: [u8; MESSAGE] = [0; MESSAGE];

/// One end that waits for the other's message.
pub(super) struct Pake {
    keys: Keys,
    secret: JoinSecret,
    begun: Begun,
    side: Side,
    partial: Vec<u8>,
}

enum Side {
    Client(Spake2<Ed25519Group>),
    Host,
}

/// What makes a handshake one by a secret.
pub(super) struct Proof {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) guess: Guess,
}

impl Pake {
    /// The client's end, and what it says first.
    pub(super) fn client(keys: Keys, secret: JoinSecret, mut begun: Begun) -> (Self, Bytes) {
        let (password, client, host) = inputs(&secret);
        let (spake, first) = Spake2::start_a_with_rng(&password, &client, &host, Scalar::of(&keys.randomness));
        begun.said.extend_from_slice(&first);
        (Self { keys, secret, begun, side: Side::Client(spake), partial: Vec::new() }, first.into())
    }

    /// The host's end.
    pub(super) fn host(keys: Keys, secret: JoinSecret, begun: Begun) -> Self {
        Self { keys, secret, begun, side: Side::Host, partial: Vec::new() }
    }

    /// Takes the bytes of the other side's message; whether it is whole.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> bool {
        let missing = MESSAGE - self.partial.len();
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.partial.extend_from_slice(taken);
        *input = rest;
        self.partial.len() == MESSAGE
    }

    /// Once the other side's message is whole: the handshake that follows, and what is to be said before its next message
    /// can come.
    pub(super) fn finish(self) -> Result<(Handshake, Bytes), WireFault> {
        let Self { keys, secret, mut begun, side, partial: theirs } = self;
        match side {
            Side::Client(spake) => {
                if theirs == NO_GUESS {
                    return Err(LinkLoss::NoGuess.into());
                }
                let key = key(spake, &theirs)?;
                begun.said.extend_from_slice(&theirs);
                // Whoever is there learns whether one guess is right.
                let mut guess = keys.guess().ok_or(LinkLoss::WrongSecret)?;
                guess.judge(true);
                Ok(Handshake::client(keys, &begun, Some(Proof { key, guess }))?)
            }
            Side::Host => {
                let no_guess = || WireFault { loss: LinkLoss::NoGuess, answer: Bytes::from_static(&NO_GUESS) };
                let guess = keys.guess().ok_or_else(no_guess)?;
                let (password, client, host) = inputs(&secret);
                let (spake, ours) = Spake2::start_b_with_rng(&password, &client, &host, Scalar::of(&keys.randomness));
                let key = key(spake, &theirs)?;
                begun.said.extend_from_slice(&theirs);
                begun.said.extend_from_slice(&ours);
                Ok((Handshake::host(keys, &begun, Some(Proof { key, guess }))?, ours.into()))
            }
        }
    }
}

impl fmt::Debug for Pake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pake").field("partial", &shown::Bytes(self.partial.len())).finish_non_exhaustive()
    }
}

fn inputs(secret: &JoinSecret) -> (Password, Identity, Identity) {
    (Password::new(secret.password()), Identity::new(b"exchange client"), Identity::new(b"exchange host"))
}

fn key(spake: Spake2<Ed25519Group>, theirs: &[u8]) -> Result<Zeroizing<[u8; 32]>, Violation> {
    let key = spake.finish(theirs).map(Zeroizing::new).map_err(|_| Violation::Forged)?;
    key.as_slice().try_into().map(Zeroizing::new).map_err(|_| Violation::Forged)
}

/// Randomness for the one scalar that an end draws.
struct Scalar(Random);

impl Scalar {
    fn of(randomness: &Seed) -> Self {
        Self(randomness.fork("scalar"))
    }
}

impl RngCore for Scalar {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, into: &mut [u8]) {
        self.0.fill(into);
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Error> {
        self.0.fill(into);
        Ok(())
    }
}

impl CryptoRng for Scalar {}
