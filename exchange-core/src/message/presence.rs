//! How somebody is: what they say of it, and what others are shown.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::name::Note;

/// How somebody says they are, with a word on it if they like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether they can be talked to.
    pub availability: Availability,
    /// A word on it.
    pub note: Option<Note>,
}

/// Whether somebody can be talked to, as they say themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Availability {
    /// There.
    #[default]
    Online,
    /// Not at the keyboard.
    Away,
    /// There, and not to be disturbed.
    Busy,
}

/// How somebody is shown: as they say, or as the host finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// There.
    Online,
    /// Not there.
    Offline,
    /// Not at the keyboard.
    Away,
    /// There, and not to be disturbed.
    Busy,
    /// Their link broke, and they may be back any moment.
    Unreachable,
}

impl Status {
    /// Whether they count among the people of a session.
    pub fn is_there(self) -> bool {
        self != Self::Offline
    }

    /// Whether a link of theirs is up, as far as the host knows.
    pub(crate) fn is_reachable(self) -> bool {
        !matches!(self, Self::Offline | Self::Unreachable)
    }
}

impl From<Availability> for Status {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::Online => Self::Online,
            Availability::Away => Self::Away,
            Availability::Busy => Self::Busy,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
        })
    }
}
