//! What keeps order in rooms.

use exchange_core::Rule;
use serde::{Deserialize, Serialize};

/// What people do to a room, and to each other in it. People are numbered; whom a step means is who they were at the
/// start: should they begin anew without their memory, they are somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Changes one of its rules.
    Rule(Rule),
    /// Invites somebody.
    Invite(usize),
    /// Makes somebody leave, for so many seconds or for good.
    Ban(usize, Option<u32>),
    /// Lets somebody come back.
    Unban(usize),
    /// Has somebody say nothing, for so many seconds or for good.
    Mute(usize, Option<u32>),
    /// Lets somebody speak again.
    Unmute(usize),
    /// Says whether somebody moderates the session.
    Appoint(usize, bool),
    /// Closes it.
    Close,
}

impl Measure {
    /// To whom it is done, if to somebody.
    pub(crate) fn whom(&mut self) -> Option<&mut usize> {
        match self {
            Self::Invite(whom)
            | Self::Ban(whom, _)
            | Self::Unban(whom)
            | Self::Mute(whom, _)
            | Self::Unmute(whom)
            | Self::Appoint(whom, _) => Some(whom),
            Self::Rule(_) | Self::Close => None,
        }
    }
}
