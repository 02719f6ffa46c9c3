//! What an entry says: its kind and its payload.
//!
//! A kind is a number and a payload is bytes with a length of their own, so that a reader that does not know a kind
//! can still step over it, count it and hand it on. In JSON a known kind is a word and its payload is readable.
//!
//! Kinds are of four sorts: *messages*, which people say; *changes*, which say of a message that it is another now;
//! *acts*, which are done to the room or to somebody; and what the host notes of who comes and goes.

mod acts;
mod coding;
mod parts;
#[cfg(test)]
mod tests;

use core::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::parts::{Data, Delete, Edit, Mentions, Post, React};
use super::Act;
use crate::{
    ids::{PeerId, ProducerId, Seq},
    name::Nick,
    reason::Refusal,
    text::Text,
};

/// Kinds from here on mean nothing to Exchange and are applications' own.
pub const FIRST_APPLICATION_KIND: u16 = 0x8000;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Somebody said something. Without any text, it is a message that was deleted, whatever it had been.
    Text(Text),
    /// The author became a member of the room.
    Join {
        /// Who the author is.
        peer: PeerId,
        /// Which run of that peer's client.
        producer: ProducerId,
        /// What it was called then.
        nick: Nick,
    },
    /// The author stopped being a member of the room.
    Leave {
        /// Why.
        reason: LeaveReason,
    },
    /// Somebody said something that refers to a message or to people.
    Post(Post),
    /// The text of a message is another now.
    Edit(Edit),
    /// A message is no more.
    Delete(Delete),
    /// Somebody reacted to a message, or took that back.
    React(React),
    /// What an application has to say.
    Data(Data),
    /// The author is called something else from now on.
    Rename {
        /// What it was called before.
        before: Nick,
        /// What it is called.
        nick: Nick,
    },
    /// The author did something in the room, to it or to somebody.
    Act(Act),
    /// A kind that this version does not know, or an application's own.
    Opaque {
        /// Its number.
        kind: u16,
        /// What it holds.
        payload: Bytes,
    },
}

/// Why somebody is not a member of a room any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeaveReason {
    /// Of its own accord.
    Left,
    /// Its link broke and it did not come back in time.
    TimedOut,
    /// It was removed from the session.
    Removed,
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::TimedOut => "timed out",
            Self::Removed => "removed",
        })
    }
}

impl Body {
    /// A message of this text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Whether it is a message: something that was said, and that a change may be of.
    pub fn is_message(&self) -> bool {
        self.is_written() || matches!(self, Self::Data(_) | Self::Opaque { kind: FIRST_APPLICATION_KIND.., .. })
    }

    /// Whether it is a message whose text its author may edit.
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Post(_))
    }

    /// The message that it is a change of.
    pub fn changes(&self) -> Option<Seq> {
        match self {
            Self::Edit(edit) => Some(edit.of),
            Self::Delete(delete) => Some(delete.of),
            Self::React(react) => Some(react.to),
            _ => None,
        }
    }

    /// What is done, if something is.
    pub fn act(&self) -> Option<&Act> {
        match self {
            Self::Act(act) => Some(act),
            _ => None,
        }
    }

    /// What is left of it when the message is deleted that it is, or is an edit of. The place stays, and says nothing.
    pub(crate) fn blank(&self) -> Self {
        match self {
            Self::Edit(edit) => Self::Edit(Edit { of: edit.of, mentions: Mentions::default(), text: "".into() }),
            _ => Self::text(""),
        }
    }

    /// The same with a text's mentions, unless it names some already.
    pub(crate) fn with_mentions(self, resolve: impl FnOnce(&str) -> Mentions) -> Self {
        match self {
            Self::Text(text) => {
                let mentions = resolve(&text);
                if mentions.is_empty() { Self::Text(text) } else { Self::Post(Post { reply_to: None, mentions, text }) }
            }
            Self::Post(post) if post.mentions.is_empty() => Self::Post(Post { mentions: resolve(&post.text), ..post }),
            Self::Edit(edit) if edit.mentions.is_empty() => Self::Edit(Edit { mentions: resolve(&edit.text), ..edit }),
            other => other,
        }
    }

    /// The same where the log is lost that it refers to. A reply is still worth saying; a change is one of nothing.
    pub(crate) fn unreferred(self) -> Self {
        match self {
            Self::Post(post) => Self::Post(Post { reply_to: None, ..post }),
            Self::Edit(edit) => Self::Edit(Edit { of: Seq::ZERO, ..edit }),
            Self::Delete(_) => Self::Delete(Delete { of: Seq::ZERO }),
            Self::React(react) => Self::React(React { to: Seq::ZERO, ..react }),
            other => other,
        }
    }

    /// Whether anybody may send this where a payload may have `limit` bytes.
    pub(crate) fn check(&self, limit: u32) -> Result<(), Refusal> {
        match self {
            Self::Join { .. }
            | Self::Leave { .. }
            | Self::Rename { .. }
            // That somebody is at the door, the host says.
            | Self::Act(Act::Knock)
            | Self::Opaque { kind: ..FIRST_APPLICATION_KIND, .. } => Err(Refusal::Kind),
            Self::Text(text) | Self::Post(Post { text, .. }) | Self::Edit(Edit { text, .. })
                if text.trim().is_empty() =>
            {
                Err(Refusal::Empty)
            }
            _ if self.payload_len() > limit as usize => Err(Refusal::TooLong { limit }),
            _ => Ok(()),
        }
    }

    /// The payload's bytes as they count against limits.
    pub(crate) fn payload_len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Post(Post { text, .. }) | Self::Edit(Edit { text, .. }) => text.len(),
            Self::Data(Data { payload, .. }) | Self::Opaque { payload, .. } => payload.len(),
            // What these hold is bounded by what it is made of.
            Self::Join { .. }
            | Self::Leave { .. }
            | Self::Rename { .. }
            | Self::Delete(_)
            | Self::React(_)
            | Self::Act(_) => 0,
        }
    }
}
