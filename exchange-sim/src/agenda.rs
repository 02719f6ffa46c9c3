//! What is going to happen, by time; what falls on the same moment happens in the order in which it was put down.

use std::{cmp::Reverse, collections::BinaryHeap};

use exchange_core::Time;

#[derive(Debug)]
pub(crate) struct Agenda<E> {
    heap: BinaryHeap<Reverse<Item<E>>>,
    next: u64,
}

#[derive(Debug)]
struct Item<E> {
    at: Time,
    number: u64,
    event: E,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next: 0 }
    }
}

impl<E> Agenda<E> {
    pub(crate) fn put(&mut self, at: Time, event: E) {
        self.heap.push(Reverse(Item { at, number: self.next, event }));
        self.next += 1;
    }

    /// When the next thing is due.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(item)| item.at)
    }

    /// Takes out the next thing, if it is due by then.
    pub(crate) fn pop(&mut self, by: Time) -> Option<(Time, E)> {
        (self.next_at()? <= by).then(|| self.heap.pop())?.map(|Reverse(item)| (item.at, item.event))
    }
}

/// The first of two moments, where there may be none.
pub(crate) fn earliest(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, None) => one,
        (None, other) => other,
    }
}

impl<E> PartialEq for Item<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<E> Eq for Item<E> {}

impl<E> PartialOrd for Item<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Item<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_happen_by_time_and_then_in_the_order_they_were_put_down() {
        let mut agenda = Agenda::default();
        for (at, what) in [(2, 'c'), (1, 'a'), (2, 'd'), (1, 'b')] {
            agenda.put(Time::from_nanos(at), what);
        }
        assert_eq!(agenda.pop(Time::ZERO), None);
        let order: String = std::iter::from_fn(|| agenda.pop(Time::from_nanos(9))).map(|(_, what)| what).collect();
        assert_eq!(order, "abcd");
    }
}
