//! What holds a log together: a hash of each entry and of all before it.

use alloc::collections::VecDeque;

use crate::{
    digest::Digest,
    ids::{Cmid, Epoch, PeerId, ProducerId, Seq},
    message::Entry,
    time::Timestamp,
};

/// The chain of a log, at the places that are remembered.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The place before the first that is remembered, and the chain there.
    first: Seq,
    base: Digest,
    later: VecDeque<Digest>,
}

/// An entry as the chain has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainLink {
    pub(crate) peer: PeerId,
    pub(crate) producer: ProducerId,
    pub(crate) cmid: Cmid,
    pub(crate) at: Timestamp,
    pub(crate) digest: Digest,
}

impl ChainLink {
    pub(crate) fn of(entry: &Entry, digest: Digest, (peer, producer): (PeerId, ProducerId)) -> Self {
        Self { peer, producer, cmid: entry.cmid, at: entry.at, digest }
    }

    /// The chain with this entry, of what it was before it.
    pub(crate) fn after(&self, chain: &Digest) -> Digest {
        let (cmid, at) = (self.cmid.0.to_be_bytes(), self.at.as_millis().to_be_bytes());
        let Self { peer, producer, digest, .. } = self;
        Digest::of(&[chain.as_bytes(), peer.as_bytes(), producer.as_bytes(), &cmid, &at, digest.as_bytes()])
    }
}

impl Entry {
    /// The digest of what it said when it was made.
    pub(crate) fn digest(&self) -> Digest {
        self.blanked.as_deref().copied().unwrap_or_else(|| self.body.digest())
    }
}

impl Chain {
    /// That of a log in which nothing is yet.
    pub(crate) fn begin(epoch: Epoch) -> Self {
        Self::at(Seq::ZERO, Digest::of(&[b"exchange log 1", epoch.as_bytes()]))
    }

    /// The one that is that at a place.
    pub(crate) fn at(seq: Seq, chain: Digest) -> Self {
        Self { first: seq, base: chain, later: VecDeque::new() }
    }

    /// What it is now.
    pub(crate) fn head(&self) -> Digest {
        *self.later.back().unwrap_or(&self.base)
    }

    /// What it was at a place, if that is remembered.
    pub(crate) fn get(&self, seq: Seq) -> Option<Digest> {
        match usize::try_from(seq.0.checked_sub(self.first.0)?).ok()?.checked_sub(1) {
            None => Some(self.base),
            Some(later) => self.later.get(later).copied(),
        }
    }

    /// What it was at the first place that is remembered.
    pub(crate) fn base(&self) -> Digest {
        self.base
    }

    pub(crate) fn append(&mut self, link: &ChainLink) {
        self.later.push_back(link.after(&self.head()));
    }

    /// Forgets the first place that is remembered, unless it is the last.
    pub(crate) fn forget_first(&mut self) {
        if let Some(next) = self.later.pop_front() {
            self.base = next;
            self.first = self.first.next();
        }
    }

    /// Remembers no more than the last so many places before the head.
    pub(crate) fn keep(&mut self, places: usize) {
        while self.later.len() > places {
            self.forget_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(number: u8) -> ChainLink {
        let (peer, producer) = (PeerId::from_bytes([number; 16]), ProducerId::from_bytes([number; 8]));
        let (cmid, at) = (Cmid(number.into()), Timestamp::from_millis(number.into()));
        ChainLink { peer, producer, cmid, at, digest: Digest::from_bytes([number; 32]) }
    }

    #[test]
    fn it_is_known_at_every_place_that_is_not_forgotten() {
        let mut chain = Chain::begin(Epoch::from_bytes([1; 16]));
        let begun = chain.head();
        (1..=5).for_each(|number| chain.append(&link(number)));
        let all: alloc::vec::Vec<Digest> = (0..=5).map(|seq| chain.get(Seq(seq)).unwrap()).collect();
        assert_eq!((all[0], all[5], chain.get(Seq(6))), (begun, chain.head(), None));
        chain.keep(2);
        assert_eq!((chain.base(), chain.get(Seq(2)), chain.get(Seq(3))), (all[3], None, Some(all[3])));
        assert_eq!((chain.get(Seq(5)), chain.get(Seq(6))), (Some(all[5]), None));
        chain.keep(0);
        chain.forget_first();
        assert_eq!((chain.head(), chain.get(Seq(5)), chain.get(Seq(4))), (all[5], Some(all[5]), None));
    }

    #[test]
    fn every_part_of_every_entry_counts_and_so_does_their_order() {
        let before = Chain::begin(Epoch::from_bytes([1; 16])).head();
        let after = |links: &[ChainLink]| links.iter().fold(before, |chain, link| link.after(&chain));
        let one = link(1);
        let others = [
            ChainLink { peer: PeerId::from_bytes([9; 16]), ..one },
            ChainLink { producer: ProducerId::from_bytes([9; 8]), ..one },
            ChainLink { cmid: Cmid(9), ..one },
            ChainLink { at: Timestamp::from_millis(9), ..one },
            ChainLink { digest: Digest::from_bytes([9; 32]), ..one },
        ];
        assert!(others.iter().all(|other| after(&[*other]) != after(&[one])));
        assert_ne!(after(&[one, link(2)]), after(&[link(2), one]));
        assert_ne!(Chain::begin(Epoch::from_bytes([2; 16])).head(), before);
    }
}
