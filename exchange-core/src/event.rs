//! What applications are told.

use alloc::{sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use crate::{
    ids::{Cmid, PeerId, ProducerId, Seq, SessionId},
    message::{Body, GapReason, LeaveReason, Status},
    name::{Nick, RoomName, SessionName},
    reason::{CloseReason, Outcome, Refusal},
    seam::LinkLoss,
    time::Timestamp,
};

/// Something an application may want to know. Hosts and clients tell the same events; cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client is in the session, for the first time or again.
    Connected {
        /// Which session.
        session: Session,
        /// Whether the host still knew this client.
        resumed: bool,
    },
    /// The link is gone; the client is going to try again by itself.
    Disconnected {
        /// What ended it.
        cause: Ended,
        /// How long it waits before the next try.
        retry_in: Duration,
    },
    /// It is over: no event follows, and nothing is retried.
    Closed {
        /// What ended it.
        cause: Ended,
    },
    /// A room was joined, for the first time or again after a reconnect.
    RoomJoined {
        /// Which room.
        room: RoomName,
        /// Who is in it now.
        members: Vec<Peer>,
        /// Whether it was joined before and is taken up where it was left.
        resumed: bool,
    },
    /// A room could not be joined or left.
    RoomRefused {
        /// Which room.
        room: RoomName,
        /// Why.
        refusal: Refusal,
    },
    /// A room was left.
    RoomLeft {
        /// Which room.
        room: RoomName,
    },
    /// Somebody said something; one's own messages come back like everybody's.
    Message(Message),
    /// Somebody became a member of a room.
    PeerJoined {
        /// Which room.
        room: RoomName,
        /// Who.
        peer: Peer,
        /// The entry that says so.
        seq: Seq,
        /// Whether it happened before the room was joined.
        replayed: bool,
    },
    /// Somebody stopped being a member of a room.
    PeerLeft {
        /// Which room.
        room: RoomName,
        /// Who.
        peer: Peer,
        /// Why.
        reason: LeaveReason,
        /// The entry that says so.
        seq: Seq,
        /// Whether it happened before the room was joined.
        replayed: bool,
    },
    /// Somebody came or went, in all their rooms at once.
    Presence {
        /// Who.
        peer: Peer,
        /// How they are now.
        status: Status,
    },
    /// Entries that this client has not seen are gone for good. Members may have come and gone in them: who is there
    /// now is what [`Client::members`](crate::Client::members) says.
    Gap {
        /// In which room.
        room: RoomName,
        /// The first that is missing.
        from: Seq,
        /// The last that is missing.
        to: Seq,
        /// What took them.
        reason: GapReason,
    },
    /// The host has lost the room's log and begun a new one: places in the old one mean nothing any more.
    HistoryLost {
        /// Which room.
        room: RoomName,
    },
    /// What became of a message of one's own.
    Receipt {
        /// Which message.
        id: MessageId,
        /// What became of it.
        outcome: Outcome,
    },
    /// The host has ended a link.
    LinkClosed {
        /// Whose it was, if it had said so.
        peer: Option<Peer>,
        /// What ended it.
        cause: Ended,
    },
    /// Told by drivers: whoever reads these events was so slow that some are lost to it. What rooms hold is not.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// Told by drivers: a callback of the application's failed. It is called again for the next event all the same.
    CallbackFailed {
        /// What it said.
        error: Arc<str>,
    },
}

/// A session, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// What it is called.
    pub name: SessionName,
}

/// Somebody in a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// Who.
    pub id: PeerId,
    /// What they are called.
    pub nick: Nick,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nick.fmt(f)
    }
}

/// What ended a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The other side said why.
    #[error("{0}")]
    Told(CloseReason),
    /// This side ended it.
    #[error("{0}")]
    Here(CloseReason),
    /// It was lost, or never had.
    #[error("{0}")]
    Lost(LinkLoss),
}

/// One message, everywhere and always: the same in every log, epoch and encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// In which room it was said.
    pub room: RoomName,
    /// Which run of its author's client said it.
    pub producer: ProducerId,
    /// That client's number for it.
    pub cmid: Cmid,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.producer, self.cmid)
    }
}

/// A message in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Arc<Fields>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) id: MessageId,
    pub(crate) seq: Seq,
    pub(crate) sender: Peer,
    pub(crate) at: Timestamp,
    pub(crate) body: Body,
    pub(crate) mine: bool,
    pub(crate) replayed: bool,
}

impl Message {
    pub(crate) fn new(fields: Fields) -> Self {
        Self(Arc::new(fields))
    }

    /// Which message, everywhere and always.
    pub fn id(&self) -> &MessageId {
        &self.0.id
    }

    /// In which room it was said.
    pub fn room(&self) -> &RoomName {
        &self.0.id.room
    }

    /// Its place in the room's log.
    pub fn seq(&self) -> Seq {
        self.0.seq
    }

    /// Who said it.
    pub fn sender(&self) -> &Peer {
        &self.0.sender
    }

    /// What the host's wall clock showed. For display; [`seq`](Self::seq) tells the order.
    pub fn timestamp(&self) -> Timestamp {
        self.0.at
    }

    /// Its kind and payload.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// Its text; empty for other kinds.
    ///
    /// It may hold anything: show it through [`display_safe`](crate::text::display_safe).
    pub fn text(&self) -> &str {
        match &self.0.body {
            Body::Text(text) => text,
            _ => "",
        }
    }

    /// Whether it is one's own.
    pub fn is_mine(&self) -> bool {
        self.0.mine
    }

    /// Whether it was said before the room was joined.
    pub fn is_replayed(&self) -> bool {
        self.0.replayed
    }
}
