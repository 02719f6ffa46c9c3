//! What somebody has read of a room, and what not: its messages that were told since, but not one's own, and not what
//! was said before one came.

use alloc::collections::BTreeMap;

use crate::{
    event::{Event, Unread},
    ids::{PeerId, Seq},
};

/// So many messages are counted; of more, the oldest count as read.
const COUNTED: usize = 10_000;

/// How far one log was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The messages that were not, and whether they mean whoever reads.
    unread: BTreeMap<Seq, bool>,
}

impl Reading {
    pub(crate) fn unread(&self) -> Unread {
        let mentions = self.unread.values().filter(|means_me| **means_me).count();
        Unread { messages: self.unread.len(), mentions }
    }

    /// Everything up to there was read.
    pub(crate) fn read(&mut self, up_to: Seq) {
        self.unread = self.unread.split_off(&up_to.next());
    }

    /// The log is another.
    pub(crate) fn clear(&mut self) {
        self.unread.clear();
    }

    /// Takes in what the application of `me` is told.
    pub(crate) fn take(&mut self, event: &Event, me: PeerId) {
        match event {
            Event::Message(message) if message.is_mine() && !cfg!(exchange_bug = "unread-counts-own") => {}
            Event::Message(message) if !message.is_replayed() && !message.is_deleted() => {
                self.unread.insert(message.seq(), message.mentions().contains(&me));
                if self.unread.len() > COUNTED {
                    self.unread.pop_first();
                }
            }
            // An edit may mean somebody whom the text before did not.
            Event::Edited { change, mentions, .. } => {
                if let Some(means_me) = self.unread.get_mut(&change.of) {
                    *means_me = mentions.contains(&me);
                }
            }
            Event::Deleted { change } => {
                self.unread.remove(&change.of);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

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
            Event::said(Fields { id, seq: Seq(seq), sender: peer.clone(), at, body, mine: false, replayed: false })
        };
        let mut reading = Reading::default();
        for seq in 1..=COUNTED as u64 + 5 {
            reading.take(&said(seq), peer.id);
        }
        assert_eq!(reading.unread(), Unread { messages: COUNTED, mentions: 0 });
        reading.read(Seq(5));
        assert_eq!(reading.unread().messages, COUNTED, "the oldest went first");
        reading.read(Seq(7));
        let left: Vec<&Seq> = reading.unread.keys().take(1).collect();
        assert_eq!(left, [&Seq(8)]);
    }
}
