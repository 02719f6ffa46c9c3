//! What a client says to its host.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use super::{Body, Commitment, Presence};
use crate::{
    ids::{Cmid, Epoch, PeerId, ProducerId, RoomId, Seq, Token},
    reason::CloseReason,
    text::Text,
};

/// A message from a client to its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToHost {
    /// Who is there. The first message of a link, and only the first.
    Hello(Hello),
    /// Be a member of a room and hear it from some place on; also how a room is taken up again.
    Join {
        /// The name of the room; it is opened if there is none of that name.
        room: Text,
        /// Where in its log to begin.
        from: JoinFrom,
        /// The sender's last message in this room whose outcome it knows.
        settled: Cmid,
        /// The sender's last message in this room that was ever put on a link.
        sent: Cmid,
    },
    /// Stop being a member of a room.
    Leave {
        /// Which room.
        room: RoomId,
    },
    /// Add an entry to a room's log.
    Send {
        /// Which room.
        room: RoomId,
        /// The sender's number for it: one more than the last in this room.
        cmid: Cmid,
        /// What it says.
        body: Body,
        /// What its author has signed of it and of those that follow it. One that was sent before is good for as many
        /// messages as it is of, until there is another.
        commitment: Option<Box<Commitment>>,
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
    /// The sender is about to close the link.
    Bye {
        /// Why.
        reason: CloseReason,
    },
    /// How the sender is from now on.
    Presence(Presence),
    /// What the sender wants to be called from now on.
    Rename {
        /// The new nick.
        nick: Text,
    },
    /// Open a private room and be its first member, or take up again one that was opened so.
    Open {
        /// The name of the room, of which there must be none.
        room: Text,
        /// As in [`ToHost::Join`].
        settled: Cmid,
        /// As in [`ToHost::Join`].
        sent: Cmid,
    },
    /// Which rooms are there?
    List {
        /// Those whose names follow this one; from the first, if it is not said.
        after: Option<Text>,
    },
    /// How far the sender is in a room.
    Seen {
        /// Which room.
        room: RoomId,
        /// It has every entry after this place
        after: Seq,
        /// up to this one.
        delivered: Seq,
        /// Whoever it speaks for has read those up to this one; `None` if they do not say.
        read: Option<Seq>,
    },
    /// The sender is typing, or not any more.
    Typing {
        /// In which room.
        room: RoomId,
        /// Whether it is.
        typing: bool,
    },
    /// Tell some of a room's log, beside what the cursor in it gets.
    Fetch {
        /// Which room.
        room: RoomId,
        /// Where in its log.
        from: PageFrom,
        /// How many entries at most.
        count: u32,
    },
}

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Whose client it is.
    pub peer: PeerId,
    /// Which run of it.
    pub producer: ProducerId,
    /// The token of the last [`Welcome`](super::Welcome) it received, if any.
    pub token: Option<Token>,
    /// How many links this producer has opened before: a newer one replaces an older one, never the other way.
    pub attempt: u32,
    /// What it wants to be called.
    pub nick: Text,
    /// How it is.
    pub presence: Presence,
}

/// Which part of a room's log is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageFrom {
    /// The last entries before that place; before `Seq(u64::MAX)`, the newest there are.
    Before(Seq),
    /// The first entries after that place.
    After(Seq),
}

/// Where in a room's log a client wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinFrom {
    /// With what happens from now on.
    Head,
    /// With the last so many entries.
    Last(u32),
    /// With the oldest entry there is.
    Start,
    /// After an entry it already has.
    After {
        /// The log that `seq` is a place in.
        epoch: Epoch,
        /// The last entry it has.
        seq: Seq,
    },
}
