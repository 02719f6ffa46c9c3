//! Alarms by key: set, moved, cancelled, rung in order.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::time::Time;

#[derive(Debug)]
pub(crate) struct Timers<K> {
    due: BTreeSet<(Time, K)>,
    by_key: BTreeMap<K, Time>,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { due: BTreeSet::new(), by_key: BTreeMap::new() }
    }

    /// Sets the alarm of `key`, instead of any it had.
    pub(crate) fn set(&mut self, key: K, at: Time) {
        if let Some(before) = self.by_key.insert(key, at) {
            self.due.remove(&(before, key));
        }
        self.due.insert((at, key));
    }

    pub(crate) fn cancel(&mut self, key: K) {
        if let Some(at) = self.by_key.remove(&key) {
            self.due.remove(&(at, key));
        }
    }

    pub(crate) fn next(&self) -> Option<(Time, K)> {
        self.due.first().copied()
    }

    /// Takes out the earliest alarm, if it is due by `now`.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<K> {
        let (at, _) = self.next()?;
        let (_, key) = (at <= now).then(|| self.due.pop_first())??;
        self.by_key.remove(&key);
        Some(key)
    }

    pub(crate) fn clear(&mut self) {
        self.due.clear();
        self.by_key.clear();
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
}
