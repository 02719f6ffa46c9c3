//! What somebody has read of a room, and what not: its messages that were told since, but not one's own, and not what
//! was said before one came.

use alloc::collections::VecDeque;

use core::mem;

use crate::{
    event::{Event, Unread},
    ids::{PeerId, Seq},
};

/// So many messages are counted; of more, the oldest count as read.
const COUNTED: usize = Unread::MOST;

/// How far one log was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The messages that were not, in their order, and whether they mean whoever reads.
    unread: VecDeque<(Seq, bool)>,
    mentions: usize,
}

impl Reading {
    pub(crate) fn unread(&self) -> Unread {
        Unread { messages: self.unread.len(), mentions: self.mentions }
    }

    /// Everything up to there was read.
    pub(crate) fn read(&mut self, up_to: Seq) {
        while self.unread.front().is_some_and(|(seq, _)| *seq <= up_to) {
            self.forget_oldest();
        }
    }

    /// The log is another.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget_oldest(&mut self) {
        let means_me = self.unread.pop_front().is_some_and(|(_, means_me)| means_me);
        self.mentions -= usize::from(means_me);
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        self.unread.binary_search_by_key(&seq, |(seq, _)| *seq).ok()
    }

    /// Takes in what the application of `me` is told.
    pub(crate) fn take(&mut self, event: &Event, me: PeerId) {
        match event {
            Event::Message(message) if message.is_mine() && !cfg!(exchange_bug = "unread-counts-own") => {}
            Event::Message(message) if !message.is_replayed() && !message.is_deleted() => {
                let means_me = message.mentions().contains(&me);
                self.unread.push_back((message.seq(), means_me));
                self.mentions += usize::from(means_me);
                if self.unread.len() > COUNTED {
                    self.forget_oldest();
                }
            }
            // An edit may mean somebody whom the text before did not.
            Event::Edited { change, mentions, .. } => {
                if let Some((_, means_me)) = self.place(change.of).and_then(|place| self.unread.get_mut(place)) {
                    let before = mem::replace(means_me, mentions.contains(&me));
                    self.mentions = self.mentions + usize::from(*means_me) - usize::from(before);
                }
            }
            Event::Deleted { change } => {
                let gone = self.place(change.of).and_then(|place| self.unread.remove(place));
                self.mentions -= usize::from(gone.is_some_and(|(_, means_me)| means_me));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Fields, MessageId, Peer},
        ids::{Cmid, ProducerId},
        message::Body,
        name::RoomName,
        time::Timestamp,
    };

    #[test]
    fn only_so_many_messages_are_counted() {
        let peer = Peer { id: PeerId::from_bytes([1; 16]), nick: "bo".parse().unwrap() };
        let said = |seq| {
            let id = MessageId { room: RoomName::lobby(), producer: ProducerId::from_bytes([1; 8]), cmid: Cmid(seq) };
            let (body, at) = (Body::text("hi"), Timestamp::default());
            Event::said(Fields {
                id,
                seq: Seq(seq),
                sender: peer.clone(),
                at,
                body,
                mine: false,
                replayed: false,
                proven: false,
            })
        };
        let mut reading = Reading::default();
        for seq in 1..=COUNTED as u64 + 5 {
            reading.take(&said(seq), peer.id);
        }
        assert_eq!(reading.unread(), Unread { messages: COUNTED, mentions: 0 });
        reading.read(Seq(5));
        assert_eq!(reading.unread().messages, COUNTED, "the oldest went first");
        reading.read(Seq(7));
        assert_eq!(reading.unread.front(), Some(&(Seq(8), false)));
    }
}
