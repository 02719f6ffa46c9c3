//! Pages: parts of a room's log that were asked for.

use alloc::{sync::Arc, vec::Vec};

use super::{Event, MessageView};
use crate::{ids::Seq, name::RoomName, room::Transcript};

/// A page that was asked for, until it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(u64);

impl PageId {
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// A part of a room's log, without holes. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page(Arc<Part>);

#[derive(Debug, PartialEq, Eq)]
struct Part {
    room: RoomName,
    after: Seq,
    to: Seq,
    start: Seq,
    head: Seq,
    events: Vec<Event>,
    messages: Vec<MessageView>,
}

impl Page {
    /// What the entries after a place up to another tell, of a log that can be read after `start` up to `head`. `later` is
    /// what is known to have been changed after them.
    pub(crate) fn new<'a>(
        room: RoomName,
        (after, to): (Seq, Seq),
        (start, head): (Seq, Seq),
        events: Vec<Event>,
        later: impl Iterator<Item = &'a Event>,
    ) -> Self {
        let mut transcript = Transcript::new(usize::MAX, usize::MAX);
        for event in &events {
            transcript.take(event);
        }
        for event in later {
            transcript.take(event);
        }
        let messages = transcript.into_messages().take_while(|view| view.message().seq() <= to).collect();
        Self(Arc::new(Part { room, after, to, start, head, events, messages }))
    }

    /// Which room's.
    pub fn room(&self) -> &RoomName {
        &self.0.room
    }

    /// The place before its first entry. If that is not where it was asked to begin, what lies between is not kept any
    /// more, or not for oneself.
    pub fn after(&self) -> Seq {
        self.0.after
    }

    /// The place of its last entry; the same as [`after`](Self::after) if there is none.
    pub fn to(&self) -> Seq {
        self.0.to
    }

    /// What each of its entries tells, in their order: the same as when it was new, but that it is
    /// [replayed](super::Message::is_replayed), that people are called what they are called now, and that what was deleted
    /// since says nothing.
    pub fn events(&self) -> &[Event] {
        &self.0.events
    }

    /// Its messages as they stand, oldest first: with all changes that are in it, and with those after it that one was
    /// told of. A client holds the newest 500 changes of a room and no more than 512 KiB of them; a host has all.
    pub fn messages(&self) -> &[MessageView] {
        &self.0.messages
    }

    /// Whether there was something before it that one may read.
    pub fn has_older(&self) -> bool {
        self.0.after > self.0.start
    }

    /// Whether there was something after it.
    pub fn has_newer(&self) -> bool {
        self.0.to < self.0.head
    }

    /// The place before the oldest entry that one may read.
    pub fn start(&self) -> Seq {
        self.0.start
    }

    /// The place of the newest entry when the last of the page was told.
    pub fn head(&self) -> Seq {
        self.0.head
    }
}
