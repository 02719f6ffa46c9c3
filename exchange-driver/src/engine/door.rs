//! Strangers wait here until it is their turn: a handshake is the most that they can make a host do, and those who are in
//! the session must not wait for it.

use std::{collections::VecDeque, time::Duration};

use exchange_core::Time;

/// Of a host's time strangers may have one part in so many.
const SHARE: u32 = 5;

/// For how long they may have used up their share ahead of time: nobody waits for a step that takes little, and after one
/// that takes long, which is a fifth of this, everybody does.
const AHEAD: Duration = Duration::from_millis(1);

/// Those who have waited and have their turn in one round, at most: what they say is passed on to all others together.
const TURNS: usize = 64;

/// Links that want to go on with their handshake, first come, first served.
#[derive(Debug, Default)]
pub(super) struct Door {
    waiting: VecDeque<usize>,
    /// Up to when strangers have used up their share.
    used_until: Time,
    /// Whose turn it is in this round, one after the other, if there is time for them.
    turns: VecDeque<usize>,
}

impl Door {
    /// Begins a round; adds the links whose turn it is, of those that have waited.
    pub(super) fn open(&mut self, now: Time, ready: &mut Vec<usize>) {
        while let Some(place) = self.turns.pop_back() {
            self.waiting.push_front(place);
        }
        if self.is_open(now) {
            self.turns.extend(self.waiting.drain(..self.waiting.len().min(TURNS)));
            ready.extend(&self.turns);
        }
    }

    /// Whether that link goes on now; if not, it waits for its turn.
    pub(super) fn lets(&mut self, place: usize, now: Time) -> bool {
        let is_its_turn =
            self.is_open(now) && self.turns.front().map_or(self.waiting.is_empty(), |turn| *turn == place);
        if is_its_turn {
            self.turns.pop_front();
        } else if !self.turns.contains(&place) && !self.waiting.contains(&place) {
            self.waiting.push_back(place);
        }
        is_its_turn
    }

    /// That link does not want to go on any more.
    pub(super) fn leave(&mut self, place: usize) {
        self.turns.retain(|turn| *turn != place);
        self.waiting.retain(|waiting| *waiting != place);
    }

    /// Takes a step of somebody's who was let on.
    pub(super) fn counts<T>(&mut self, clock: impl Fn() -> Time, step: impl FnOnce() -> T) -> T {
        let from = clock();
        let taken = step();
        self.used_until = self.used_until.max(from) + clock().since(from) * SHARE;
        taken
    }

    /// When the next one has its turn, if somebody waits.
    pub(super) fn wake(&self) -> Option<Time> {
        let is_awaited = !self.waiting.is_empty() || !self.turns.is_empty();
        is_awaited.then(|| Time::ZERO + self.used_until.since(Time::ZERO + AHEAD))
    }

    fn is_open(&self, now: Time) -> bool {
        self.used_until <= now + AHEAD
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const LONG: Duration = Duration::from_micros(300);

    /// Passes if it is let, and takes that long.
    fn passes(door: &mut Door, place: usize, now: Time, takes: Duration) -> bool {
        let passes = door.lets(place, now);
        if passes {
            let clock = Cell::new(now);
            door.counts(|| clock.get(), || clock.set(now + takes));
        }
        passes
    }

    fn opened(door: &mut Door, now: Time) -> Vec<usize> {
        let mut ready = Vec::new();
        door.open(now, &mut ready);
        ready
    }

    #[test]
    fn strangers_who_take_long_have_their_turn_one_after_the_other_and_with_a_pause() {
        let (mut door, mut now) = (Door::default(), Time::ZERO + AHEAD);
        assert!(opened(&mut door, now).is_empty());
        assert!(passes(&mut door, 1, now, LONG), "nobody waits");
        assert!(!door.lets(2, now) && !door.lets(3, now) && !door.lets(2, now));
        assert_eq!(door.wake().map(|at| at + AHEAD), Some(now + LONG * SHARE));
        assert!(opened(&mut door, now).is_empty());
        assert!(!door.lets(1, now), "whoever has had a turn waits behind the others");

        for place in [2, 3, 1] {
            now = door.wake().unwrap();
            assert_eq!(opened(&mut door, now).first(), Some(&place));
            assert!(!door.lets(4, now), "others have waited for longer");
            assert!(passes(&mut door, place, now, LONG) && !door.lets(5, now));
        }
        let now = door.wake().unwrap();
        assert_eq!(opened(&mut door, now), [4, 5]);
    }

    #[test]
    fn strangers_who_take_little_do_not_wait() {
        let (mut door, now) = (Door::default(), Time::ZERO + AHEAD);
        let little = Duration::from_micros(2);
        let through = (0..1000).filter(|place| passes(&mut door, *place, now, little)).count();
        assert_eq!(through, 101, "then they have had what is theirs of a millisecond");
        let later = now + AHEAD;
        let turns = opened(&mut door, later);
        assert_eq!((turns.len(), turns[0]), (TURNS, 101));
        assert!(turns.into_iter().all(|place| passes(&mut door, place, later, little)));
    }

    #[test]
    fn a_turn_that_nobody_takes_is_the_next_ones() {
        let (mut door, now) = (Door::default(), Time::ZERO + AHEAD);
        assert!(passes(&mut door, 1, now, LONG) && !door.lets(2, now) && !door.lets(3, now));
        let now = door.wake().unwrap();
        assert_eq!(opened(&mut door, now), [2, 3]);
        assert!(!door.lets(3, now), "the second is first");
        door.leave(2);
        assert!(door.lets(3, now));
        assert!(opened(&mut door, now).is_empty());
        assert_eq!(door.wake(), None);
    }
}
