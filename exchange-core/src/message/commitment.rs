//! What authors sign: the messages that they are about to send, and how far they had the log.
//!
//! A message alone would cost a signature, and everybody who reads it a check of one. So a client signs once for all
//! that it puts on its link in a room at a time: one for a line that somebody types, one for thirty-two of a program's.
//! The signature goes with the first of them that is logged.

use alloc::vec::Vec;

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Act, Body, codec::bounded};
use crate::{
    digest::{Digest, ShortDigest, Signature},
    identity::{Identity, PublicIdentity},
    ids::{Cmid, Epoch, ProducerId, Seq},
    name::RoomName,
    room::Chain,
};

/// What an author says of messages of its own, before it sends them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// The number of the first.
    pub first: Cmid,
    /// What they say: the first half of the digest of each body, in their order; at least one, and at most
    /// [`MAX`](Self::MAX).
    #[serde(deserialize_with = "bounded")]
    pub digests: Vec<ShortDigest>,
    /// How far the author had the room's log,
    pub seen: Seq,
    /// and the first half of the log's [chain](crate::message::Chained) there.
    pub chain: ShortDigest,
    /// Its signature for all of that.
    pub signature: Signature,
}

/// In which log, and by which client of its author's, something is said.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The room.
    pub room: &'a RoomName,
    /// Its log.
    pub epoch: Epoch,
    /// The client.
    pub producer: ProducerId,
}

impl Commitment {
    /// How many messages one may be of.
    pub const MAX: usize = 128;

    /// Signs for messages of these digests, by somebody who has a room's log up to a place where its chain is that.
    pub fn sign(
        identity: &Identity,
        place: Place<'_>,
        (first, digests): (Cmid, Vec<ShortDigest>),
        (seen, chain): (Seq, ShortDigest),
    ) -> Self {
        let signature = identity.sign(&statement(place, (first, &digests), (seen, chain)));
        Self { first, digests, seen, chain, signature }
    }

    /// The same by somebody who keeps no chain, and so can find no host out.
    pub fn sign_unseen(identity: &Identity, place: Place<'_>, messages: (Cmid, Vec<ShortDigest>)) -> Self {
        Self::sign(identity, place, messages, (Seq::ZERO, Chain::begin(place.epoch).head().short()))
    }

    /// Whether whoever has this key has signed it for that place.
    pub fn is_signed_by(&self, author: &PublicIdentity, place: Place<'_>) -> bool {
        let Self { first, digests, seen, chain, signature } = self;
        author.has_signed(&statement(place, (*first, digests), (*seen, *chain)), signature)
    }

    /// Whether it is one at all: of a number of messages that may be, whose numbers there can be.
    pub(crate) fn is_sound(&self) -> bool {
        (1..=Self::MAX).contains(&self.digests.len()) && self.first > Cmid::ZERO && !self.last().is_last()
    }

    /// The number of the last message.
    pub(crate) fn last(&self) -> Cmid {
        Cmid(self.first.0.saturating_add(self.digests.len() as u64).saturating_sub(1))
    }

    /// Whether it says of the message of that number that it has this digest.
    pub(crate) fn covers(&self, cmid: Cmid, digest: ShortDigest) -> bool {
        let place = cmid.0.checked_sub(self.first.0).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.digests.get(place)) == Some(&digest)
    }
}

/// The bytes that are signed.
fn statement(
    Place { room, epoch, producer }: Place<'_>,
    (first, digests): (Cmid, &[ShortDigest]),
    (seen, chain): (Seq, ShortDigest),
) -> Vec<u8> {
    let count = u16::try_from(digests.len()).unwrap_or(u16::MAX);
    let mut statement = Vec::with_capacity(96 + 16 * digests.len() + room.as_str().len());
    statement.extend_from_slice(b"exchange commitment 1");
    statement.extend_from_slice(epoch.as_bytes());
    statement.extend_from_slice(producer.as_bytes());
    statement.extend_from_slice(&first.0.to_be_bytes());
    statement.extend_from_slice(&seen.0.to_be_bytes());
    statement.extend_from_slice(chain.as_bytes());
    statement.extend_from_slice(&count.to_be_bytes());
    statement.extend(digests.iter().flat_map(ShortDigest::as_bytes));
    statement.extend_from_slice(room.as_str().as_bytes());
    statement
}

impl Body {
    /// The SHA-256 of what it is in postcard. Of somebody to whom something is done only the id counts: the host says what
    /// they are called.
    pub fn digest(&self) -> Digest {
        let unnamed;
        let body = match self {
            Self::Act(act) if act.target().is_some() => {
                unnamed = Self::Act(act.clone().unnamed());
                &unnamed
            }
            body => body,
        };
        // It fails as little as the encoder does.
        postcard::serialize_with_flavor(body, Hashed(Sha256::new())).unwrap_or(Digest::from_bytes([0; 32]))
    }
}

/// Hashes what is written.
struct Hashed(Sha256);

impl Flavor for Hashed {
    type Output = Digest;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.update(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Digest> {
        Ok(Digest::from_bytes(self.0.finalize().into()))
    }
}

impl Act {
    /// The same, done to somebody who is called `x`.
    fn unnamed(mut self) -> Self {
        if let Some(who) = self.target_mut()
            && let Ok(nick) = "x".parse()
        {
            who.nick = nick;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{event::Peer, ids::PeerId};

    fn lobby() -> RoomName {
        RoomName::lobby()
    }

    fn signed(ana: &Identity) -> Commitment {
        let place =
            Place { room: &lobby(), epoch: Epoch::from_bytes([1; 16]), producer: ProducerId::from_bytes([2; 8]) };
        let digests = vec![Body::text("one").digest().short(), Body::text("two").digest().short()];
        Commitment::sign(ana, place, (Cmid(7), digests), (Seq(3), ShortDigest::from_bytes([4; 16])))
    }

    #[test]
    fn it_is_of_its_messages_in_their_order_and_of_no_others() {
        let commitment = signed(&Identity::from_seed([1; 32]));
        assert_eq!((commitment.is_sound(), commitment.last()), (true, Cmid(8)));
        let covers = |cmid, text| commitment.covers(Cmid(cmid), Body::text(text).digest().short());
        assert!(covers(7, "one") && covers(8, "two"));
        assert!(!covers(7, "two") && !covers(8, "one") && !covers(6, "one") && !covers(9, "two"));
    }

    #[test]
    fn nothing_of_it_can_be_changed_nor_can_it_be_taken_elsewhere() {
        let ana = Identity::from_seed([1; 32]);
        let (lobby, den): (_, RoomName) = (lobby(), "den".parse().unwrap());
        let (epoch, producer) = (Epoch::from_bytes([1; 16]), ProducerId::from_bytes([2; 8]));
        let place = Place { room: &lobby, epoch, producer };
        let commitment = signed(&ana);
        assert!(commitment.is_signed_by(&ana.public(), place));
        assert!(!commitment.is_signed_by(&Identity::from_seed([2; 32]).public(), place));
        let elsewhere = [
            Place { room: &den, ..place },
            Place { epoch: Epoch::from_bytes([2; 16]), ..place },
            Place { producer: ProducerId::from_bytes([1; 8]), ..place },
        ];
        assert!(elsewhere.iter().all(|place| !commitment.is_signed_by(&ana.public(), *place)));
        let mut others = vec![commitment.clone(); 5];
        others[0].first = Cmid(8);
        others[1].digests.swap(0, 1);
        others[2].digests.truncate(1);
        others[3].seen = Seq(4);
        others[4].chain = ShortDigest::from_bytes([5; 16]);
        assert!(others.iter().all(|other| !other.is_signed_by(&ana.public(), place)), "{others:?}");
    }

    #[test]
    fn one_of_no_message_of_too_many_or_of_numbers_that_there_are_not_is_none() {
        let sound = signed(&Identity::from_seed([1; 32]));
        let of =
            |first, count| Commitment { first: Cmid(first), digests: vec![sound.digests[0]; count], ..sound.clone() };
        assert!(of(1, 1).is_sound() && of(1, Commitment::MAX).is_sound());
        for bad in [of(1, 0), of(1, Commitment::MAX + 1), of(0, 1), of((1 << 53) - 1, 1), of(u64::MAX, 2)] {
            assert!(!bad.is_sound(), "{bad:?}");
        }
    }

    #[test]
    fn a_digest_tells_every_body_from_every_other_but_not_by_what_somebody_is_called() {
        let who = |nick: &str, id| Peer { id: PeerId::from_bytes([id; 16]), nick: nick.parse().unwrap() };
        let kick = |who| Body::Act(Act::Kick { who, reason: None }).digest();
        assert_eq!(kick(who("ana", 1)), kick(who("anna", 1)));
        let unban = Body::Act(Act::Unban(who("ana", 1))).digest();
        let others =
            [kick(who("ana", 1)), kick(who("ana", 2)), unban, Body::text("").digest(), Body::text("a").digest()];
        assert!(others.iter().enumerate().all(|(place, digest)| !others[..place].contains(digest)));
    }
}
