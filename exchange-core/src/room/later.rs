//! What was changed of messages, as somebody was told: for messages that are told again, and not held.

use alloc::collections::VecDeque;

use crate::{event::Event, ids::Seq};

/// The newest changes in one log that somebody was told of.
#[derive(Debug)]
pub(crate) struct Later {
    /// In the order of the log.
    held: VecDeque<(Seq, Event)>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Later {
    /// At most so many changes and about so many bytes.
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { held: VecDeque::new(), bytes: 0, most, most_bytes }
    }

    /// The changes after that place, oldest first.
    pub(crate) fn after(&self, seq: Seq) -> impl Iterator<Item = &Event> {
        let first = self.held.partition_point(|(at, _)| *at <= seq);
        self.held.range(first..).map(|(_, event)| event)
    }

    /// The log is another.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
        self.bytes = 0;
    }

    /// Takes in what the application is told.
    pub(crate) fn take(&mut self, event: &Event) {
        let (Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. }) = event else {
            return;
        };
        self.bytes += bytes(event);
        self.held.push_back((change.seq, event.clone()));
        while self.held.len() > self.most || self.bytes > self.most_bytes {
            let Some((_, gone)) = self.held.pop_front() else { break };
            self.bytes -= bytes(&gone);
        }
    }
}

/// What a change holds that is of no fixed size.
fn bytes(change: &Event) -> usize {
    match change {
        Event::Edited { text, .. } => text.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Fields, MessageId, Peer},
        ids::{Cmid, PeerId, ProducerId},
        message::{Body, Delete, Edit, Mentions},
        name::RoomName,
        time::Timestamp,
    };

    fn said(seq: u64, body: Body) -> Event {
        let sender = Peer { id: PeerId::from_bytes([1; 16]), nick: "bo".parse().unwrap() };
        let id = MessageId { room: RoomName::lobby(), producer: ProducerId::from_bytes([1; 8]), cmid: Cmid(seq) };
        Event::said(Fields {
            id,
            seq: Seq(seq),
            sender,
            at: Timestamp::default(),
            body,
            mine: false,
            replayed: false,
            proven: false,
        })
    }

    fn edit(seq: u64, text: &str) -> Event {
        said(seq, Body::Edit(Edit { of: Seq(1), mentions: Mentions::default(), text: text.into() }))
    }

    fn delete(seq: u64) -> Event {
        said(seq, Body::Delete(Delete { of: Seq(1) }))
    }

    #[test]
    fn only_changes_are_held_and_given_from_any_place_on() {
        let mut later = Later::new(10, 100);
        let told = [said(1, Body::text("hi")), edit(2, "ho"), said(3, Body::text("hi")), delete(5)];
        for event in &told {
            later.take(event);
        }
        assert!(later.after(Seq::ZERO).eq([&told[1], &told[3]]));
        assert!(later.after(Seq(2)).eq([&told[3]]));
        assert!(later.after(Seq(5)).next().is_none());
        later.clear();
        assert!(later.after(Seq::ZERO).next().is_none());
    }

    #[test]
    fn only_so_many_changes_are_held_and_so_many_bytes_of_them() {
        let mut later = Later::new(3, 10);
        (1..=5).for_each(|seq| later.take(&delete(seq)));
        assert_eq!(later.after(Seq::ZERO).count(), 3);
        later.take(&edit(6, "123456"));
        later.take(&edit(7, "12345"));
        assert!(later.after(Seq::ZERO).eq([&edit(7, "12345")]), "both edits are too long together");
        later.take(&edit(8, "12345678901"));
        assert!(later.after(Seq::ZERO).next().is_none(), "even the newest has to go");
    }
}
