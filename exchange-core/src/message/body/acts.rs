//! Acts to bytes and back.

use serde::{Deserialize, Serialize, Serializer};

use super::{
    super::{Act, Role},
    coding::Payload,
};
use crate::{event::Peer, name::Remark};

const TOPIC: u16 = 8;
const RULE: u16 = 9;
const INVITE: u16 = 10;
const KNOCK: u16 = 11;
const KICK: u16 = 12;
const BAN: u16 = 13;
const UNBAN: u16 = 14;
const MUTE: u16 = 15;
const UNMUTE: u16 = 16;
const ROLE: u16 = 17;
const CLOSE: u16 = 18;

/// What acts are called in JSON.
pub(super) const NAMES: [(u16, &str); 11] = [
    (TOPIC, "topic"),
    (RULE, "rule"),
    (INVITE, "invite"),
    (KNOCK, "knock"),
    (KICK, "kick"),
    (BAN, "ban"),
    (UNBAN, "unban"),
    (MUTE, "mute"),
    (UNMUTE, "unmute"),
    (ROLE, "role"),
    (CLOSE, "close"),
];

/// The payloads of those that hold more than one thing, or nothing, as they are encoded.
#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct Kick {
    who: Peer,
    reason: Option<Remark>,
}

#[derive(Serialize, Deserialize)]
struct Ban {
    who: Peer,
    seconds: Option<u32>,
    reason: Option<Remark>,
}

#[derive(Serialize, Deserialize)]
struct Mute {
    who: Peer,
    seconds: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Appointment {
    who: Peer,
    role: Role,
}

impl Act {
    pub(super) fn kind(&self) -> u16 {
        match self {
            Self::Topic(_) => TOPIC,
            Self::Rule(_) => RULE,
            Self::Invite(_) => INVITE,
            Self::Knock => KNOCK,
            Self::Kick { .. } => KICK,
            Self::Ban { .. } => BAN,
            Self::Unban(_) => UNBAN,
            Self::Mute { .. } => MUTE,
            Self::Unmute(_) => UNMUTE,
            Self::Role { .. } => ROLE,
            Self::Close => CLOSE,
        }
    }

    /// The act of that kind; `None` if there is none, or the payload does not fit it.
    pub(super) fn parse(kind: u16, payload: Payload<'_>) -> Option<Self> {
        Some(match kind {
            TOPIC => Self::Topic(payload.parse()?),
            RULE => Self::Rule(payload.parse()?),
            INVITE => Self::Invite(payload.parse()?),
            KNOCK => payload.parse().map(|Nothing {}| Self::Knock)?,
            KICK => payload.parse().map(|Kick { who, reason }| Self::Kick { who, reason })?,
            BAN => payload.parse().map(|Ban { who, seconds, reason }| Self::Ban { who, seconds, reason })?,
            UNBAN => Self::Unban(payload.parse()?),
            MUTE => payload.parse().map(|Mute { who, seconds }| Self::Mute { who, seconds })?,
            UNMUTE => Self::Unmute(payload.parse()?),
            ROLE => payload.parse().map(|Appointment { who, role }| Self::Role { who, role })?,
            CLOSE => payload.parse().map(|Nothing {}| Self::Close)?,
            _ => return None,
        })
    }
}

/// What an act holds.
pub(super) struct Held<'a>(pub(super) &'a Act);

impl Serialize for Held<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.clone() {
            Act::Topic(topic) => topic.serialize(serializer),
            Act::Rule(rule) => rule.serialize(serializer),
            Act::Invite(who) | Act::Unban(who) | Act::Unmute(who) => who.serialize(serializer),
            Act::Kick { who, reason } => Kick { who, reason }.serialize(serializer),
            Act::Ban { who, seconds, reason } => Ban { who, seconds, reason }.serialize(serializer),
            Act::Mute { who, seconds } => Mute { who, seconds }.serialize(serializer),
            Act::Role { who, role } => Appointment { who, role }.serialize(serializer),
            Act::Knock | Act::Close => Nothing {}.serialize(serializer),
        }
    }
}
