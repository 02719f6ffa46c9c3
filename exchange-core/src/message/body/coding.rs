//! Bodies to bytes and back.

use core::fmt;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser::SerializeStruct as _,
};

use super::{
    super::Act,
    Body, LeaveReason,
    acts::{self, Held},
};
use crate::{
    ids::{PeerId, ProducerId},
    name::Nick,
};

const TEXT: u16 = 0;
const JOIN: u16 = 1;
const LEAVE: u16 = 2;
const POST: u16 = 3;
const EDIT: u16 = 4;
const DELETE: u16 = 5;
const REACT: u16 = 6;
const DATA: u16 = 7;
const RENAME: u16 = 20;

/// What kinds that have a meaning are called in JSON.
const NAMES: [(u16, &str); 9] = [
    (TEXT, "text"),
    (JOIN, "join"),
    (LEAVE, "leave"),
    (POST, "post"),
    (EDIT, "edit"),
    (DELETE, "delete"),
    (REACT, "react"),
    (DATA, "data"),
    (RENAME, "rename"),
];

fn names() -> impl Iterator<Item = &'static (u16, &'static str)> {
    NAMES.iter().chain(&acts::NAMES)
}

/// The payload of [`Body::Join`], as it is encoded.
#[derive(Serialize, Deserialize)]
struct JoinPayload {
    peer: PeerId,
    producer: ProducerId,
    nick: Nick,
}

/// The payload of [`Body::Leave`], as it is encoded.
#[derive(Serialize, Deserialize)]
struct LeavePayload {
    reason: LeaveReason,
}

/// The payload of [`Body::Rename`], as it is encoded.
#[derive(Serialize, Deserialize)]
struct RenamePayload {
    before: Nick,
    nick: Nick,
}

/// A payload, as it came.
pub(super) enum Payload<'a> {
    Compact(&'a [u8]),
    Readable(serde_json::Value),
}

impl Payload<'_> {
    pub(super) fn parse<T: DeserializeOwned>(self) -> Option<T> {
        match self {
            Self::Compact(bytes) => match postcard::take_from_bytes(bytes) {
                Ok((value, [])) => Some(value),
                _ => None,
            },
            Self::Readable(value) => serde_json::from_value(value).ok(),
        }
    }

    fn body(self, kind: u16) -> Option<Body> {
        Some(match (kind, self) {
            (TEXT, Self::Compact(bytes)) => Body::Text(core::str::from_utf8(bytes).ok()?.into()),
            (TEXT, Self::Readable(value)) => Body::Text(value.as_str()?.into()),
            (JOIN, payload) => {
                let JoinPayload { peer, producer, nick } = payload.parse()?;
                Body::Join { peer, producer, nick }
            }
            (LEAVE, payload) => {
                let LeavePayload { reason } = payload.parse()?;
                Body::Leave { reason }
            }
            (POST, payload) => Body::Post(payload.parse()?),
            (EDIT, payload) => Body::Edit(payload.parse()?),
            (DELETE, payload) => Body::Delete(payload.parse()?),
            (REACT, payload) => Body::React(payload.parse()?),
            (DATA, payload) => Body::Data(payload.parse()?),
            (RENAME, payload) => {
                let RenamePayload { before, nick } = payload.parse()?;
                Body::Rename { before, nick }
            }
            (kind, payload) if acts::NAMES.iter().any(|(act, _)| *act == kind) => Body::Act(Act::parse(kind, payload)?),
            (kind, Self::Compact(bytes)) => Body::Opaque { kind, payload: Bytes::copy_from_slice(bytes) },
            (kind, Self::Readable(value)) => {
                Body::Opaque { kind, payload: BASE64.decode(value.as_str()?.as_bytes()).ok()?.into() }
            }
        })
    }
}

impl Body {
    /// The number of its kind.
    pub fn kind(&self) -> u16 {
        match self {
            Self::Text(_) => TEXT,
            Self::Join { .. } => JOIN,
            Self::Leave { .. } => LEAVE,
            Self::Post(_) => POST,
            Self::Edit(_) => EDIT,
            Self::Delete(_) => DELETE,
            Self::React(_) => REACT,
            Self::Data(_) => DATA,
            Self::Rename { .. } => RENAME,
            Self::Act(act) => act.kind(),
            Self::Opaque { kind, .. } => *kind,
        }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // A string and the bytes of its UTF-8 are the same in postcard.
            Self::Text(text) => serialize(serializer, TEXT, text.as_str()),
            Self::Join { peer, producer, nick } => {
                let payload = JoinPayload { peer: *peer, producer: *producer, nick: nick.clone() };
                serialize_structured(serializer, JOIN, &payload)
            }
            Self::Leave { reason } => serialize_structured(serializer, LEAVE, &LeavePayload { reason: *reason }),
            Self::Post(post) => serialize_structured(serializer, POST, post),
            Self::Edit(edit) => serialize_structured(serializer, EDIT, edit),
            Self::Delete(delete) => serialize_structured(serializer, DELETE, delete),
            Self::React(react) => serialize_structured(serializer, REACT, react),
            Self::Data(data) => serialize_structured(serializer, DATA, data),
            Self::Rename { before, nick } => {
                let payload = RenamePayload { before: before.clone(), nick: nick.clone() };
                serialize_structured(serializer, RENAME, &payload)
            }
            Self::Act(act) => serialize_structured(serializer, act.kind(), &Held(act)),
            Self::Opaque { kind, payload } if serializer.is_human_readable() => {
                serialize(serializer, *kind, &BASE64.encode(payload))
            }
            Self::Opaque { kind, payload } => serialize(serializer, *kind, &RawBytes(payload)),
        }
    }
}

/// Where it is readable, the payload is what it means; where it is not, its bytes.
fn serialize_structured<S: Serializer>(serializer: S, kind: u16, payload: &impl Serialize) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serialize(serializer, kind, payload)
    } else {
        let bytes = postcard::to_allocvec(payload).map_err(serde::ser::Error::custom)?;
        serialize(serializer, kind, &RawBytes(&bytes))
    }
}

fn serialize<S: Serializer>(serializer: S, kind: u16, payload: &(impl Serialize + ?Sized)) -> Result<S::Ok, S::Error> {
    let name = names().find(|(number, _)| serializer.is_human_readable() && *number == kind);
    let mut fields = serializer.serialize_struct("Body", 2)?;
    match name {
        Some((_, name)) => fields.serialize_field("kind", name)?,
        None => fields.serialize_field("kind", &kind)?,
    }
    fields.serialize_field("payload", payload)?;
    fields.end()
}

struct RawBytes<'a>(&'a [u8]);

impl Serialize for RawBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Compact<'a> {
            kind: u16,
            payload: &'a [u8],
        }

        #[derive(Deserialize)]
        struct Readable {
            kind: Kind,
            payload: serde_json::Value,
        }

        let body = if deserializer.is_human_readable() {
            let Readable { kind, payload } = Readable::deserialize(deserializer)?;
            Payload::Readable(payload).body(kind.0)
        } else {
            let Compact { kind, payload } = Compact::deserialize(deserializer)?;
            Payload::Compact(payload).body(kind)
        };
        body.ok_or_else(|| de::Error::custom("payload does not fit its kind"))
    }
}

/// A kind in JSON: its name, or its number if it has none.
struct Kind(u16);

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNumber;

        impl de::Visitor<'_> for NameOrNumber {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kind of entry")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Kind, E> {
                let known = names().find(|(_, known)| *known == name);
                known.map(|(number, _)| Kind(*number)).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Kind, E> {
                number.try_into().map(Kind).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
        }

        deserializer.deserialize_any(NameOrNumber)
    }
}
