//! Alarms by key: set, moved, cancelled, rung in order.

use alloc::collections::{BTreeMap, BinaryHeap};
use core::cmp::Reverse;

use crate::time::Time;

/// Whoever moves an alarm leaves the old one in the heap, where it is passed over when its time has come.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    due: BinaryHeap<Reverse<(Time, K)>>,
    by_key: BTreeMap<K, Time>,
}

/// How many more there may be in the heap than twice those that are set.
const SPARE: usize = 64;

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { due: BinaryHeap::new(), by_key: BTreeMap::new() }
    }

    /// Sets the alarm of `key`, instead of any it had.
    pub(crate) fn set(&mut self, key: K, at: Time) {
        let before = self.by_key.insert(key, at);
        if before != Some(at) {
            self.due.push(Reverse((at, key)));
        }
        if before.is_some() {
            self.pass_over();
        }
    }

    pub(crate) fn cancel(&mut self, key: K) {
        if self.by_key.remove(&key).is_some() {
            self.pass_over();
        }
    }

    pub(crate) fn next(&self) -> Option<(Time, K)> {
        self.due.peek().map(|Reverse(next)| *next)
    }

    /// Takes out the earliest alarm, if it is due by `now`.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<K> {
        let (_, key) = self.next().filter(|(at, _)| *at <= now)?;
        self.due.pop();
        self.by_key.remove(&key);
        self.pass_over();
        Some(key)
    }

    pub(crate) fn clear(&mut self) {
        self.due.clear();
        self.by_key.clear();
    }

    /// The first in the heap is always one that is set, and no more are in it than a few times as many as are set.
    fn pass_over(&mut self) {
        while self.due.len() > self.by_key.len()
            && let Some(Reverse((at, key))) = self.due.peek()
            && self.by_key.get(key) != Some(at)
        {
            self.due.pop();
        }
        if self.due.len() > 2 * self.by_key.len() + SPARE {
            self.due = self.by_key.iter().map(|(key, at)| Reverse((*at, *key))).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn alarms_ring_in_order_and_only_when_due() {
        let mut timers = Timers::new();
        timers.set('b', at(20));
        timers.set('a', at(10));
        assert_eq!(timers.next(), Some((at(10), 'a')));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(30)), Some('a'));
        assert_eq!(timers.pop_due(at(30)), Some('b'));
        assert_eq!(timers.pop_due(at(30)), None);
    }

    #[test]
    fn a_moved_alarm_rings_once_and_a_cancelled_one_never() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.set('a', at(30));
        timers.set('b', at(20));
        timers.cancel('b');
        assert_eq!(timers.pop_due(at(20)), None);
        assert_eq!(timers.pop_due(at(30)), Some('a'));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn an_alarm_that_is_moved_there_and_back_rings_once() {
        let mut timers = Timers::new();
        for time in [10, 30, 10] {
            timers.set('a', at(time));
        }
        assert_eq!(timers.pop_due(at(30)), Some('a'));
        assert_eq!(timers.pop_due(at(30)), None);
    }

    #[test]
    fn alarms_that_come_and_go_leave_nothing_behind() {
        let mut timers = Timers::new();
        for time in 0..10_000 {
            timers.set(u64::MAX, at(5));
            timers.set(time, at(1000 + time));
            timers.cancel(time);
        }
        assert!(timers.due.len() <= 3 + SPARE, "{}", timers.due.len());
        assert_eq!(timers.pop_due(at(5)), Some(u64::MAX));
        assert_eq!(timers.next(), None);
    }
}
