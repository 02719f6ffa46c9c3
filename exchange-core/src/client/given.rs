//! Which messages of whom a client has given to its application, so that it gives a copy in a new log only if the original
//! in the old one was not given.

use alloc::collections::BTreeMap;

use crate::ids::{Cmid, PeerId, ProducerId, Seq};

/// Producers that are remembered.
const PRODUCERS: usize = 4096;

/// The newest messages of each author: of a peer's client, since anybody may say that theirs has the same number.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<(PeerId, ProducerId), Recent>);

/// The last message that was given, and which of the 128 before it were. Whoever sends again has at most so many without
/// an outcome. Not all of them have to be: what is refused in one log may be in the next.
#[derive(Debug)]
struct Recent {
    last: Cmid,
    /// The lowest bit is the message right before the last.
    before: u128,
    /// Where the last was given.
    seq: Seq,
}

impl Given {
    /// Whether a message was not given before, be it from another log. It is from now on.
    pub(super) fn is_first(&mut self, author: (PeerId, ProducerId), cmid: Cmid, seq: Seq) -> bool {
        if let Some(recent) = self.0.get_mut(&author) {
            return recent.is_first(cmid, seq);
        }
        self.0.insert(author, Recent { last: cmid, before: 0, seq });
        if self.0.len() > PRODUCERS
            && let Some(oldest) = self.0.iter().min_by_key(|(_, recent)| recent.seq).map(|(author, _)| *author)
        {
            self.0.remove(&oldest);
        }
        true
    }
}

impl Recent {
    fn is_first(&mut self, cmid: Cmid, seq: Seq) -> bool {
        if let Some(ahead) = cmid.0.checked_sub(self.last.0).filter(|ahead| *ahead > 0) {
            // The last moves up, and is one of those before.
            let moved = u32::try_from(ahead).ok().and_then(|ahead| self.before.checked_shl(ahead)).unwrap_or(0);
            let last = u32::try_from(ahead - 1).ok().and_then(|place| 1_u128.checked_shl(place)).unwrap_or(0);
            *self = Self { last: cmid, before: moved | last, seq };
            return true;
        }
        // What is further back had its outcome long ago.
        let place = (self.last.0 - cmid.0).checked_sub(1).and_then(|place| u32::try_from(place).ok());
        let Some(bit) = place.and_then(|place| 1_u128.checked_shl(place)) else { return false };
        let is_first = self.before & bit == 0;
        self.before |= bit;
        is_first
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const ANA: (PeerId, ProducerId) = (PeerId::from_bytes([1; 16]), ProducerId::from_bytes([1; 8]));

    #[test]
    fn what_was_refused_in_one_log_is_given_when_it_is_in_the_next_and_what_was_given_is_not() {
        let mut given = Given::default();
        assert!([1, 3].iter().all(|cmid| given.is_first(ANA, Cmid(*cmid), Seq(*cmid))));
        let again = (1..=4).filter(|cmid| given.is_first(ANA, Cmid(*cmid), Seq(*cmid)));
        assert!(again.eq([2, 4]));
    }

    #[test]
    fn what_is_further_back_than_anybody_sends_again_counts_as_given() {
        let mut given = Given::default();
        assert!(given.is_first(ANA, Cmid(1000), Seq(1)));
        assert!(given.is_first(ANA, Cmid(872), Seq(2)) && !given.is_first(ANA, Cmid(872), Seq(2)));
        assert!(!given.is_first(ANA, Cmid(871), Seq(3)));
        assert!(given.is_first(ANA, Cmid(u64::MAX), Seq(4)) && !given.is_first(ANA, Cmid(1000), Seq(5)));
    }

    proptest! {
        #[test]
        fn each_is_given_once_in_whatever_order_they_come(order in prop::collection::vec(1_u64..120, 0..300)) {
            let (mut given, mut seen) = (Given::default(), BTreeSet::new());
            for cmid in order {
                prop_assert_eq!(given.is_first(ANA, Cmid(cmid), Seq(1)), seen.insert(cmid));
            }
        }
    }
}
