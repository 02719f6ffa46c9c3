//! Strangers wait here until it is their turn: a handshake is the most that they can make a host do, and those who are in
//! the session must not wait for it.

use std::{collections::VecDeque, time::Duration};

use exchange_core::Time;

/// Between two steps of handshakes, of which a step takes a fifth of that at most.
const PAUSE: Duration = Duration::from_millis(1);

/// Links that want to go on with their handshake, first come, first served.
#[derive(Debug, Default)]
pub(super) struct Door {
    waiting: VecDeque<usize>,
    opens_at: Time,
    /// Whose turn it is in this round.
    turn: Option<usize>,
}

impl Door {
    /// Begins a round; gives the link whose turn it is, if somebody has waited.
    pub(super) fn open(&mut self, now: Time) -> Option<usize> {
        self.turn = if self.opens_at <= now { self.waiting.pop_front() } else { None };
        self.turn
    }

    /// Whether that link goes on now; if not, it waits for its turn.
    pub(super) fn lets(&mut self, place: usize, now: Time) -> bool {
        let is_its_turn = match self.turn {
            Some(turn) => turn == place,
            None => self.opens_at <= now && self.waiting.is_empty(),
        };
        if is_its_turn {
            self.turn = None;
            self.opens_at = now + PAUSE;
        } else if !self.waiting.contains(&place) {
            self.waiting.push_back(place);
        }
        is_its_turn
    }

    /// When the next one has its turn, if somebody waits.
    pub(super) fn wake(&self) -> Option<Time> {
        (!self.waiting.is_empty()).then_some(self.opens_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_have_their_turn_one_after_the_other_and_with_a_pause() {
        let (mut door, begin) = (Door::default(), Time::ZERO + PAUSE);
        assert_eq!(door.open(begin), None);
        assert!(door.lets(1, begin), "nobody waits");
        assert!(!door.lets(2, begin) && !door.lets(3, begin) && !door.lets(2, begin));
        assert_eq!(door.wake(), Some(begin + PAUSE));
        assert_eq!(door.open(begin), None);
        assert!(!door.lets(1, begin), "whoever has had a turn waits behind the others");

        for (turn, place) in (1..).zip([2, 3, 1]) {
            let now = begin + PAUSE * turn;
            assert_eq!(door.open(now), Some(place));
            assert!(!door.lets(4, now) && door.lets(place, now) && !door.lets(5, now));
        }
        assert_eq!(door.open(begin + PAUSE * 4), Some(4));
    }

    #[test]
    fn a_turn_that_is_not_taken_is_the_next_ones_in_the_next_round() {
        let (mut door, begin) = (Door::default(), Time::ZERO + PAUSE);
        door.open(begin);
        assert!(door.lets(1, begin) && !door.lets(2, begin) && !door.lets(3, begin));
        let now = begin + PAUSE;
        assert_eq!(door.open(now), Some(2));
        assert_eq!(door.open(now), Some(3), "the second is gone");
        assert!(door.lets(3, now));
        assert_eq!(door.wake(), None);
    }
}
