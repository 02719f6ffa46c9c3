//! What applications are told.

mod message;
mod page;
mod search;
mod seen;

use alloc::{sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

pub(crate) use self::message::{Author, Fields};
pub use self::message::{Change, Message, MessageId, MessageView, Unread};
pub use self::page::{Page, PageId};
pub use self::search::Search;
pub use self::seen::SeenBy;
use crate::{
    ids::{PeerId, Seq, SessionId},
    message::{Act, GapReason, LeaveReason, Mentions, Role, RoomSummary, Status},
    name::{Nick, Note, Reaction, Remark, RoomName, SessionName},
    reason::{CloseReason, Outcome, Refusal},
    seam::LinkLoss,
    secret::JoinCode,
    text::Text,
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
    /// The text of a message is another now.
    Edited {
        /// Of which message, and by whom.
        change: Change,
        /// What it says now.
        text: Text,
        /// Whom it means now.
        mentions: Mentions,
    },
    /// A message is no more.
    Deleted {
        /// Which message, and by whom.
        change: Change,
    },
    /// Somebody reacted to a message, or took that back.
    Reacted {
        /// To which message, and who.
        change: Change,
        /// How.
        reaction: Reaction,
        /// Whether it is there now, or gone.
        added: bool,
    },
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
    /// Somebody did something in a room, to it or to somebody: a topic, a rule, an invitation, a kick.
    Acted {
        /// In which room.
        room: RoomName,
        /// Who.
        by: Peer,
        /// What.
        act: Act,
        /// The entry that says so.
        seq: Seq,
        /// Whether it happened before the room was joined.
        replayed: bool,
    },
    /// One is not a member of a room any more, and not of one's own accord.
    Removed {
        /// Which room.
        room: RoomName,
        /// Why: [`Refusal::Kicked`], [`Refusal::Banned`] or [`Refusal::RoomClosed`].
        why: Refusal,
        /// What whoever did it has to say.
        reason: Option<Remark>,
    },
    /// Somebody has invited one to a room, which [`Round::join`](crate::client::Round::join) joins. For a room of
    /// [two](RoomName::direct), it says that the other is there.
    Invited {
        /// Which room.
        room: RoomName,
        /// Who.
        by: Peer,
    },
    /// The rooms there are, which were asked for; private ones only if one may join them.
    Rooms {
        /// In the order of their names.
        rooms: Vec<RoomSummary>,
    },
    /// What was [fetched](crate::client::Round::fetch) of a room, or why it cannot be had.
    Page {
        /// Which page.
        id: PageId,
        /// What it holds.
        page: Result<Page, Refusal>,
    },
    /// Somebody came or went, or is otherwise than before, in all their rooms at once.
    Presence {
        /// Who.
        peer: Peer,
        /// How they are now.
        status: Status,
        /// A word of theirs on that.
        note: Option<Note>,
    },
    /// Somebody has another nick; told in every room they are in, and of oneself too.
    Renamed {
        /// Which room.
        room: RoomName,
        /// Who, by their new nick.
        peer: Peer,
        /// What they were called before.
        before: Nick,
        /// The entry that says so.
        seq: Seq,
        /// Whether it happened before the room was joined.
        replayed: bool,
    },
    /// A nick that was asked for cannot be had; one goes by the nick one had.
    RenameRefused {
        /// The nick.
        nick: Nick,
        /// Why.
        refusal: Refusal,
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
    /// An entry that is said to be somebody's is not what they have signed. What it says is not told. Either the host has
    /// made it up or changed it, or their own program is at fault.
    Forged {
        /// In which room.
        room: RoomName,
        /// Whose it is said to be.
        peer: Peer,
        /// Its place.
        seq: Seq,
    },
    /// Somebody has signed that they were shown another log of a room than this client was: the host tells one this and
    /// another that, unless their own program is at fault. Told once of each log.
    Forked {
        /// Which room.
        room: RoomName,
        /// Who.
        peer: Peer,
        /// Up to here their log and this client's are not the same.
        seq: Seq,
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
    /// A member of a room is further than before: see [`Client::seen_by`](crate::Client::seen_by) and
    /// [`Host::seen_by`](crate::Host::seen_by).
    Seen {
        /// Which room.
        room: RoomName,
        /// Who.
        peer: Peer,
        /// Up to where that member has what was said since it came, or since the last that it missed.
        delivered: Seq,
        /// Up to where it was read; `None` if they do not say.
        read: Option<Seq>,
    },
    /// Somebody is typing in a room, or not any more.
    Typing {
        /// Which room.
        room: RoomName,
        /// Who.
        peer: Peer,
        /// Whether they are.
        typing: bool,
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
    /// Somebody wants to come into a session that is [by approval](crate::Admission::ByApproval): told once, until they have
    /// been [given an answer](crate::host::Round::admit).
    Knocked {
        /// Who, and what they want to be called.
        peer: Peer,
    },
    /// Told by the drivers of hosts: wrong guesses have spent the code by which newcomers came in, and there is another.
    CodeRenewed {
        /// The new one.
        code: JoinCode,
    },
    /// Told by drivers: a callback of the application's failed. It is called again for the next event all the same.
    CallbackFailed {
        /// What it said.
        error: Arc<str>,
    },
}

/// A session, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// What it is called.
    pub name: SessionName,
}

/// Somebody in a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// Who.
    pub id: PeerId,
    /// What they are called.
    pub nick: Nick,
}

impl Peer {
    /// Enough of their id to tell them from others of the same nick.
    pub fn tag(&self) -> Tag {
        let [first, second, ..] = *self.id.as_bytes();
        Tag([first, second])
    }

    /// Whether they may be meant by that: their nick, their nick with their tag (`ana~a1b2`), or their id.
    pub fn is_called(&self, who: &str) -> bool {
        let tagged = who.rsplit_once('~').is_some_and(|(nick, tag)| nick == &*self.nick && self.tag().is(tag));
        who == &*self.nick || tagged || PeerId::parse(who) == Some(self.id)
    }
}

/// The beginning of a [`PeerId`], by which people who share a nick are told apart: `a1b2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; 2]);

impl Tag {
    fn is(self, hex: &str) -> bool {
        HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).is_ok_and(|bytes| bytes == self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", HEXLOWER.encode_display(&self.0))
    }
}

/// Somebody in a session, what they may do in it, and how they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person {
    /// Who.
    pub peer: Peer,
    /// What they may do. Whoever opened a room moderates that one besides.
    pub role: Role,
    /// How they are.
    pub status: Status,
    /// A word of theirs on that.
    pub note: Option<Note>,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
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

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn somebody_is_called_by_their_nick_with_or_without_their_tag_or_by_their_id() {
        let ana = Peer { id: PeerId::from_bytes([0xa1; 16]), nick: "ana".parse().unwrap() };
        assert_eq!(ana.tag().to_string(), "a1a1");
        for called in ["ana", "ana~a1a1", "ana~A1A1", "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"] {
            assert!(ana.is_called(called), "{called}");
        }
        for another in ["Ana", "ana~a1", "ana~", "bo~a1a1", "~a1a1", "a1a1", ""] {
            assert!(!ana.is_called(another), "{another}");
        }
    }
}
