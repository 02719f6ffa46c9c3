//! A room's log as the host's own program may read it: what is kept, from any place on.

use super::Host;
use crate::{
    event::{MessageView, Unread},
    ids::{Epoch, Seq},
    message::Entry,
    name::RoomName,
    room::{Log, Transcript},
};

/// What a host keeps of one room's log.
#[derive(Clone, Copy, Debug)]
pub struct History<'a>(&'a Log);

impl Host {
    /// What is kept of a room's log; `None` if there is no such room.
    pub fn history(&self, room: &RoomName) -> Option<History<'_>> {
        self.room(room).map(|room| History(&room.log))
    }

    /// What the host itself was told of a room that it is in and has not [read](super::Round::read) yet.
    pub fn unread(&self, room: &RoomName) -> Unread {
        self.room(room).map(|room| room.reading.unread()).unwrap_or_default()
    }

    /// All messages of a room that are kept, as they stand, oldest first. They are read from its log, which takes a while
    /// where much is kept.
    pub fn messages(&self, room: &RoomName) -> impl DoubleEndedIterator<Item = MessageView> {
        let mut transcript = Transcript::new(usize::MAX, usize::MAX);
        for entry in self.history(room).into_iter().flat_map(|history| history.after(Seq::ZERO)) {
            if let Some(event) = self.told_of(room.clone(), entry, false) {
                transcript.take(&event);
            }
        }
        transcript.into_messages()
    }

    /// What is kept of the log of every room there is.
    pub fn histories(&self) -> impl Iterator<Item = (&RoomName, History<'_>)> {
        self.rooms.values().map(|room| (&room.name, History(&room.log)))
    }
}

impl<'a> History<'a> {
    /// Which life of the log it is.
    pub fn epoch(self) -> Epoch {
        self.0.epoch()
    }

    /// The place before the oldest entry that is kept.
    pub fn tail(self) -> Seq {
        self.0.tail()
    }

    /// The place of the newest entry.
    pub fn head(self) -> Seq {
        self.0.head()
    }

    /// The entries that are kept after that place, oldest first; those of a round that has not ended are not among them.
    pub fn after(self, seq: Seq) -> impl Iterator<Item = Entry> + use<'a> {
        self.0.entries(seq.max(self.0.tail()).next())
    }
}
