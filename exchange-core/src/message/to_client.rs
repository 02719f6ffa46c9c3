//! What a host says to a client.

use alloc::{boxed::Box, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{Body, Commitment, Role, Rules, Signal, Status, codec::bounded};
use crate::{
    digest::Digest,
    event::Peer,
    identity::PublicIdentity,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, SessionId, Token},
    name::{Nick, Note, Remark, RoomName, SessionName},
    reason::{CloseReason, Durability, Refusal},
    time::Timestamp,
};

/// [`ToClient::Entry`] of an entry that there is more to do with.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToldEntry<'a> {
    Entry(&'a Entry),
}

/// A message from a host to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToClient {
    /// An entry of a room's log; the same bytes for every member.
    Entry(Entry),
    /// The client is in.
    Welcome(Welcome),
    /// News of members, in the order of their last change.
    Roster {
        /// The roster's revision with these changes.
        rev: Rev,
        /// Each member's latest state.
        #[serde(deserialize_with = "bounded")]
        members: Vec<MemberRecord>,
    },
    /// The client is a member of a room, and its entries follow. Said again right before a gap in which members may
    /// have come and gone.
    Joined(Joined),
    /// A request to join was turned down.
    JoinRefused {
        /// Which room.
        room: RoomName,
        /// Why.
        refusal: Refusal,
    },
    /// The client is not a member of that room any more; none of its entries follow.
    Parted {
        /// Which room.
        room: RoomId,
    },
    /// A request to leave was turned down.
    LeaveRefused {
        /// Which room.
        room: RoomId,
        /// Why.
        refusal: Refusal,
    },
    /// The entries up to this place are gone for good.
    Gap {
        /// Which room.
        room: RoomId,
        /// The last place of the gap.
        to: Seq,
        /// What took them.
        reason: GapReason,
        /// The log's [chain](Chained) at the last of them; `None` if it is not kept any more, and a further gap follows.
        chain: Option<Digest>,
    },
    /// A message of this client is in the log. Said only when its entry does not itself follow soon.
    Ack {
        /// Which room.
        room: RoomId,
        /// Which message.
        cmid: Cmid,
        /// Where in the log, if the host still knows.
        seq: Option<Seq>,
    },
    /// A message of this client was turned down.
    Reject {
        /// Which room.
        room: RoomId,
        /// Which message.
        cmid: Cmid,
        /// Why.
        refusal: Refusal,
    },
    /// Are you there?
    Ping {
        /// To be sent back.
        nonce: u64,
    },
    /// Here I am.
    Pong {
        /// The ping's nonce.
        nonce: u64,
    },
    /// The host is about to close the link.
    Bye {
        /// Why.
        reason: CloseReason,
    },
    /// A request for another nick was turned down.
    RenameRefused {
        /// What the client wanted to be called.
        nick: Nick,
        /// What it is called.
        kept: Nick,
        /// Why.
        refusal: Refusal,
    },
    /// Rooms that there are, as far as the client may know of them, in the order of their names.
    Rooms {
        /// Some of them.
        #[serde(deserialize_with = "bounded")]
        rooms: Vec<RoomSummary>,
        /// Whether there are further ones.
        more: bool,
    },
    /// The rooms are not told.
    ListRefused {
        /// Why.
        refusal: Refusal,
    },
    /// Somebody has invited the client to a room.
    Invited {
        /// Which.
        room: RoomName,
        /// Who.
        by: Peer,
    },
    /// The client is not a member of a room any more, and not of its own accord; none of its entries follow.
    Removed {
        /// Which room.
        room: RoomId,
        /// What it would be told if it asked.
        refusal: Refusal,
        /// What whoever removed it has to say.
        reason: Option<Remark>,
    },
    /// What members of a room signal, if it is otherwise than before.
    Signals {
        /// Which room.
        room: RoomId,
        /// Each member's latest signal.
        #[serde(deserialize_with = "bounded")]
        signals: Vec<Signal>,
    },
    /// A room has no signals: it has too many members. It has some again when the next are told.
    NoSignals {
        /// Which room.
        room: RoomId,
    },
    /// Some of the entries that were fetched; they follow it directly, and are the same as when they were new.
    Page {
        /// Which room.
        room: RoomId,
        /// The place before the first of them. If it is beyond what was told of the page so far, that is gone from the log.
        after: Seq,
        /// How many follow.
        entries: u32,
        /// Whether further ones of the same page come later.
        more: bool,
        /// The place before the oldest entry that the client could be given at this moment.
        start: Seq,
        /// The place of the newest one.
        head: Seq,
        /// The log's [chain](Chained) at `after`.
        chain: Option<Digest>,
    },
    /// What was fetched is not told.
    FetchRefused {
        /// Of which room.
        room: RoomId,
        /// Why.
        refusal: Refusal,
    },
}

impl ToClient {
    /// Why a request was turned down, if that is what it says.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::JoinRefused { refusal, .. }
            | Self::LeaveRefused { refusal, .. }
            | Self::Reject { refusal, .. }
            | Self::RenameRefused { refusal, .. }
            | Self::ListRefused { refusal }
            | Self::FetchRefused { refusal, .. } => Some(*refusal),
            _ => None,
        }
    }
}

/// One entry of a room's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which room.
    pub room: RoomId,
    /// Its place in the log.
    pub seq: Seq,
    /// Whose it is.
    pub author: MemberId,
    /// The author's number for it; zero if the host made it.
    pub cmid: Cmid,
    /// What the host's wall clock showed.
    pub at: Timestamp,
    /// What it says.
    pub body: Body,
    /// What its author has signed of it and, it may be, of its next ones. With the first of them alone.
    pub commitment: Option<Box<Commitment>>,
    /// The [digest](Body::digest) of what it said, if that was taken out of it.
    pub blanked: Option<Box<Digest>>,
}

/// What a client needs to know of the session it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Which session.
    pub session: SessionId,
    /// What it is called.
    pub name: SessionName,
    /// This run of the host: numbers of rooms and members are of this life only.
    pub life: Epoch,
    /// The client's own number.
    pub you: MemberId,
    /// To be shown when the client comes back.
    pub token: Token,
    /// The roster's revision at this moment: changes up to it are how things stand, not news.
    pub roster: Rev,
    /// How long a link may be silent before it is probed, in milliseconds; after three times that it is dead.
    pub heartbeat_ms: u32,
    /// The longest text in bytes.
    pub max_text: u32,
    /// How safely an entry is kept by the time anybody is shown it.
    pub durability: Durability,
}

/// The state of a room that a client has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// What it is called.
    pub name: RoomName,
    /// Its number, for all that follows.
    pub room: RoomId,
    /// Its log.
    pub epoch: Epoch,
    /// Entries after this place follow.
    pub after: Seq,
    /// The last entry at this moment: what follows up to it is history.
    pub head: Seq,
    /// Whether the host knows what became of the messages this client has sent before.
    pub known: bool,
    /// Who is a member at this moment.
    #[serde(deserialize_with = "bounded")]
    pub members: Vec<MemberId>,
    /// Who opened it, and moderates it.
    pub founder: Option<PeerId>,
    /// What it is about at this moment.
    pub topic: Option<Remark>,
    /// What rules it has at this moment.
    pub rules: Rules,
    /// What can be proven of its log; nothing of a session in the clear.
    pub chained: Option<Box<Chained>>,
}

/// What holds the entries of a log together, so that a host cannot tell one this and another that.
///
/// The chain of a log begins as the SHA-256 of `exchange log 1` and the log's epoch. With every entry it becomes the SHA-256
/// of what it was and of that entry: its author's [`PeerId`] and [`ProducerId`], its [`Cmid`] and its [`Timestamp`], each
/// as eight bytes, big-endian, and the [digest](Body::digest) of its body. Authors [sign](Commitment) for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chained {
    /// The chain at the place after which entries follow; `None` if it is not kept any more, and a gap follows.
    pub chain: Option<Digest>,
    /// Entries up to here need not be signed by their authors: it cannot be proven any more who said them.
    pub since: Seq,
}

/// A room, as those see it who look for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// What it is called.
    pub name: RoomName,
    /// What it is about.
    pub topic: Option<Remark>,
    /// How many members it has.
    pub members: u32,
    /// Whether one has to be invited.
    pub private: bool,
}

/// What the roster says of one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Its number in this life of the session.
    pub member: MemberId,
    /// Whose it is.
    pub peer: PeerId,
    /// Which run of that peer's client.
    pub producer: ProducerId,
    /// What it is called.
    pub nick: Nick,
    /// What it may do in the session.
    pub role: Role,
    /// How it is.
    pub status: Status,
    /// A word of its own on that.
    pub note: Option<Note>,
    /// The keys that make `peer`, by which what it says is known; `None` in the clear.
    pub identity: Option<PublicIdentity>,
}

/// Why entries are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapReason {
    /// The host keeps only so much.
    Retention,
    /// They were made before the client came, and are not for those who come later.
    Policy,
}
