//! What a station did, or what was done to it, as an observer sees it.

use bytes::Bytes;
use exchange_core::{
    Body, CloseReason, Event, LinkId, LinkLoss, MessageId, Nick, PageFrom, PageId, Presence, Refusal, RoomName,
    wire::Choice,
};

use super::liar::Lie;
use crate::net::Socket;

/// What was seen of a station, where somebody looks.
#[derive(Debug, Default)]
pub(crate) struct Sight(pub(super) Option<Vec<Seen>>);

impl Sight {
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn extend(&mut self, seen: impl IntoIterator<Item = Seen>) {
        if let Some(all) = &mut self.0 {
            all.extend(seen);
        }
    }

    /// Gives what was seen since the last time in exchange for an empty list.
    pub(crate) fn swap(&mut self, with: &mut Vec<Seen>) {
        if let Some(all) = &mut self.0 {
            std::mem::swap(all, with);
        }
    }
}

/// What a station did, or what was done to it, as an observer sees it.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Its application posted a message.
    Posted { id: MessageId, body: Body },
    /// Its application wanted to post something and was turned down.
    TurnedDown(Refusal),
    /// Its application has read all that it was told of a room.
    Read { room: RoomName },
    /// Its application has fetched a part of a room's log.
    Fetched(Fetched),
    /// It was told that the network may have changed.
    NetworkChanged,
    /// Its application said how whoever it speaks for is,
    Be(Presence),
    /// or what they want to be called,
    Rename(Nick),
    /// or that they are at the keyboard.
    Active,
    /// Its application, which is the host's own, joined a room, or opened a private one.
    Enters { room: RoomName, is_private: bool },
    /// It told its application something.
    Told(Event),
    /// It sent frames: one or more, each led by its length.
    ///
    /// `backlog` is how many bytes of that link were waiting before.
    Sent { socket: Socket, frames: Bytes, backlog: usize },
    /// It said something else than that instead, to somebody.
    Lied(Lie),
    /// It took in a frame.
    Heard { socket: Socket, body: Bytes },
    /// A link came up, on a socket.
    Up { link: LinkId, socket: Socket },
    /// Its preamble is through.
    Opened { socket: Socket, choice: Choice },
    /// It ended a link.
    Closed { link: LinkId, socket: Option<Socket>, reason: CloseReason },
    /// It was told that a link is gone.
    Lost { socket: Socket, loss: LinkLoss },
    /// It began to dial.
    Dialled { link: LinkId },
    /// A read did not give just one frame.
    Cut(Cut),
    /// It gave out what it wants to be kept, up to that batch; so many rows change.
    Stores { batch: u64, rows: usize },
    /// It was told that all up to that batch is kept,
    Stored { batch: u64 },
    /// or that nothing is any more.
    StoreFailed,
    /// What was seen when it was brought about is done now: whoever keeps holds it back for a while.
    Done(Box<Self>),
}

impl Seen {
    /// It, if it is done now: of whoever keeps, what is brought about is seen before.
    pub(crate) fn done(&self, keeps: bool) -> Option<&Self> {
        match self {
            Self::Done(done) => Some(done),
            Self::Sent { .. } | Self::Told(_) | Self::Closed { .. } if keeps => None,
            seen => Some(seen),
        }
    }
}

/// A page that an application waits for.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) id: PageId,
    pub(crate) room: RoomName,
    pub(crate) from: PageFrom,
    pub(crate) count: u32,
}

/// What else a read may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It ended inside the length of a frame,
    Length,
    /// or inside a frame.
    Body,
    /// There were several frames in it.
    Several,
}
