//! What is done in a room beside talking: each of these is an entry that everyone in it sees.

use serde::{Deserialize, Serialize};

use super::Rule;
use crate::{event::Peer, name::Remark};

/// Something that is done in a room, to it or to somebody.
///
/// Where it is done to somebody, the host takes the nick from what it knows of that peer. In the lobby, what is done
/// holds for the whole session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// The room has this topic from now on, or none.
    Topic(Option<Remark>),
    /// One of the room's rules is changed.
    Rule(Rule),
    /// Somebody is invited, and may come in also if the room is private.
    Invite(Peer),
    /// The author is at the door of a private room. The host makes these.
    Knock,
    /// Somebody has to leave, but may come back.
    Kick {
        /// Who.
        who: Peer,
        /// Why.
        reason: Option<Remark>,
    },
    /// Somebody has to leave and may not come back.
    Ban {
        /// Who.
        who: Peer,
        /// For how many seconds; for good, if it is not said.
        seconds: Option<u32>,
        /// Why.
        reason: Option<Remark>,
    },
    /// Somebody who was banned may come back.
    Unban(Peer),
    /// Somebody may read, but not say anything.
    Mute {
        /// Who.
        who: Peer,
        /// For how many seconds; for good, if it is not said.
        seconds: Option<u32>,
    },
    /// Somebody who was muted may speak again.
    Unmute(Peer),
    /// Somebody has this role in the session from now on. Only the host's owner does this, and in the lobby.
    Role {
        /// Who.
        who: Peer,
        /// Which.
        role: Role,
    },
    /// The room is closed: there is no such room any more, and one that is opened under its name begins anew.
    Close,
}

/// What somebody may do in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What everybody may.
    #[default]
    Member,
    /// Moderate every room there is.
    Moderator,
    /// Everything, and say who moderates: whoever hosts the session.
    Owner,
}

impl Act {
    /// To whom it is done, if to somebody.
    pub fn target(&self) -> Option<&Peer> {
        match self {
            Self::Invite(who)
            | Self::Kick { who, .. }
            | Self::Ban { who, .. }
            | Self::Unban(who)
            | Self::Mute { who, .. }
            | Self::Unmute(who)
            | Self::Role { who, .. } => Some(who),
            Self::Topic(_) | Self::Rule(_) | Self::Knock | Self::Close => None,
        }
    }

    pub(crate) fn target_mut(&mut self) -> Option<&mut Peer> {
        match self {
            Self::Invite(who)
            | Self::Kick { who, .. }
            | Self::Ban { who, .. }
            | Self::Unban(who)
            | Self::Mute { who, .. }
            | Self::Unmute(who)
            | Self::Role { who, .. } => Some(who),
            Self::Topic(_) | Self::Rule(_) | Self::Knock | Self::Close => None,
        }
    }
}
