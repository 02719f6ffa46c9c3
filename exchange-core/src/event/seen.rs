//! Who has a message, and who has read it.

use alloc::{collections::BTreeMap, vec::Vec};
use core::fmt;

use super::Peer;
use crate::{
    ids::{PeerId, Seq},
    room::Seen,
};

/// Who of a room's members has a message, as far as they say: its author, who has it anyway, is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenBy {
    /// Who has it.
    pub delivered: Vec<Peer>,
    /// Who of them says that they have read it.
    pub read: Vec<Peer>,
    /// How many could have it: everybody who is a member now, also who came later than the message.
    pub of: usize,
}

impl SeenBy {
    /// Counts members by who they are: one may be there twice, as long as a client that crashed is waited for.
    pub(crate) fn count(seq: Seq, author: PeerId, members: impl Iterator<Item = (Peer, Seen)>) -> Self {
        let mut people: BTreeMap<PeerId, (Peer, bool, bool)> = BTreeMap::new();
        for (peer, seen) in members.filter(|(peer, _)| peer.id != author || cfg!(exchange_bug = "author-counted")) {
            let (_, has, has_read) = people.entry(peer.id).or_insert((peer, false, false));
            *has |= seen.has(seq);
            *has_read |= seen.has_read(seq);
        }
        let mut counted = Self { of: people.len(), ..Self::default() };
        for (peer, has, has_read) in people.into_values().filter(|(_, has, _)| *has) {
            if has_read {
                counted.read.push(peer.clone());
            }
            if has {
                counted.delivered.push(peer);
            }
        }
        counted
    }
}

impl fmt::Display for SeenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delivered to {} of {}", self.delivered.len(), self.of)?;
        for (place, peer) in self.read.iter().enumerate() {
            write!(f, "{}{peer}", if place == 0 { ", read by " } else { ", " })?;
        }
        Ok(())
    }
}
