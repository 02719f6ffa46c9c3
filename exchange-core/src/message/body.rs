//! What an entry says: its kind and its payload.
//!
//! A kind is a number and a payload is bytes with a length of their own, so that a reader that does not know a kind
//! can still step over it, count it and hand it on. In JSON a known kind is a word and its payload is readable.

use alloc::string::String;
use core::fmt;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct as _};

use crate::{
    ids::{PeerId, ProducerId},
    name::Nick,
    reason::Refusal,
    text::Text,
};

/// Kinds from here on mean nothing to Exchange and are applications' own.
pub const FIRST_APPLICATION_KIND: u16 = 0x8000;

const TEXT: u16 = 0;
const JOIN: u16 = 1;
const LEAVE: u16 = 2;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Somebody said something.
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
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::TimedOut => "timed out",
        })
    }
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

impl Body {
    /// A message of this text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// The number of its kind.
    pub fn kind(&self) -> u16 {
        match self {
            Self::Text(_) => TEXT,
            Self::Join { .. } => JOIN,
            Self::Leave { .. } => LEAVE,
            Self::Opaque { kind, .. } => *kind,
        }
    }

    fn from_payload(kind: u16, payload: &[u8]) -> Option<Self> {
        fn parse<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Option<T> {
            postcard::take_from_bytes(payload).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
        }
        Some(match kind {
            TEXT => Self::Text(core::str::from_utf8(payload).ok()?.into()),
            JOIN => parse::<JoinPayload>(payload)?.into(),
            LEAVE => parse::<LeavePayload>(payload)?.into(),
            kind => Self::Opaque { kind, payload: Bytes::copy_from_slice(payload) },
        })
    }

    fn from_json(kind: u16, payload: serde_json::Value) -> Option<Self> {
        Some(match kind {
            TEXT => Self::Text(payload.as_str()?.into()),
            JOIN => serde_json::from_value::<JoinPayload>(payload).ok()?.into(),
            LEAVE => serde_json::from_value::<LeavePayload>(payload).ok()?.into(),
            kind => Self::Opaque { kind, payload: BASE64.decode(payload.as_str()?.as_bytes()).ok()?.into() },
        })
    }
}

impl From<JoinPayload> for Body {
    fn from(JoinPayload { peer, producer, nick }: JoinPayload) -> Self {
        Self::Join { peer, producer, nick }
    }
}

impl From<LeavePayload> for Body {
    fn from(LeavePayload { reason }: LeavePayload) -> Self {
        Self::Leave { reason }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let readable = serializer.is_human_readable();
        let mut fields = serializer.serialize_struct("Body", 2)?;
        match self {
            Self::Text(text) => {
                if readable {
                    fields.serialize_field("kind", "text")?;
                } else {
                    fields.serialize_field("kind", &TEXT)?;
                }
                // A string and the bytes of its UTF-8 are the same in postcard.
                fields.serialize_field("payload", text.as_str())?;
            }
            Self::Join { peer, producer, nick } => {
                let payload = JoinPayload { peer: *peer, producer: *producer, nick: nick.clone() };
                serialize_structured::<S>(&mut fields, readable, ("join", JOIN), &payload)?;
            }
            Self::Leave { reason } => {
                let payload = LeavePayload { reason: *reason };
                serialize_structured::<S>(&mut fields, readable, ("leave", LEAVE), &payload)?;
            }
            Self::Opaque { kind, payload } => {
                fields.serialize_field("kind", kind)?;
                if readable {
                    fields.serialize_field("payload", &BASE64.encode(payload))?;
                } else {
                    fields.serialize_field("payload", &RawBytes(payload))?;
                }
            }
        }
        fields.end()
    }
}

fn serialize_structured<S: Serializer>(
    fields: &mut S::SerializeStruct,
    readable: bool,
    (word, number): (&str, u16),
    payload: &impl Serialize,
) -> Result<(), S::Error> {
    if readable {
        fields.serialize_field("kind", word)?;
        fields.serialize_field("payload", payload)
    } else {
        let bytes = postcard::to_allocvec(payload).map_err(serde::ser::Error::custom)?;
        fields.serialize_field("kind", &number)?;
        fields.serialize_field("payload", &RawBytes(&bytes))
    }
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

        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Kind {
            Number(u16),
            Word(String),
        }

        let body = if deserializer.is_human_readable() {
            let Readable { kind, payload } = Readable::deserialize(deserializer)?;
            let kind = match kind {
                Kind::Number(number) => Some(number),
                Kind::Word(word) => {
                    ["text", "join", "leave"].iter().zip(0..).find(|(w, _)| **w == word).map(|(_, n)| n)
                }
            };
            kind.and_then(|kind| Self::from_json(kind, payload))
        } else {
            let Compact { kind, payload } = Compact::deserialize(deserializer)?;
            Self::from_payload(kind, payload)
        };
        body.ok_or_else(|| de::Error::custom("payload does not fit its kind"))
    }
}

impl Body {
    /// Whether anybody may send this where a payload may have `limit` bytes.
    pub(crate) fn check(&self, limit: u32) -> Result<(), Refusal> {
        match self {
            Self::Text(text) if text.trim().is_empty() => Err(Refusal::Empty),
            Self::Text(_) | Self::Opaque { kind: FIRST_APPLICATION_KIND.., .. } => {
                if self.payload_len() > limit as usize { Err(Refusal::TooLong { limit }) } else { Ok(()) }
            }
            _ => Err(Refusal::Kind),
        }
    }

    /// The payload's bytes as they count against limits.
    pub(crate) fn payload_len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Opaque { payload, .. } => payload.len(),
            Self::Join { .. } | Self::Leave { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn postcard_of(body: &Body) -> Vec<u8> {
        postcard::to_allocvec(body).unwrap()
    }

    #[test]
    fn a_text_costs_its_bytes_and_two() {
        assert_eq!(postcard_of(&Body::text("hi")), [0, 2, b'h', b'i']);
    }

    #[test]
    fn a_text_is_readable_in_json() {
        assert_eq!(serde_json::to_string(&Body::text("hi")).unwrap(), r#"{"kind":"text","payload":"hi"}"#);
    }

    #[test]
    fn an_unknown_kind_is_kept_whole_in_both_encodings() {
        let body = Body::Opaque { kind: 700, payload: Bytes::from_static(&[0, 255, 7]) };
        assert_eq!(postcard::from_bytes::<Body>(&postcard_of(&body)).unwrap(), body);
        let json = serde_json::to_string(&body).unwrap();
        assert_eq!(json, r#"{"kind":700,"payload":"AP8H"}"#);
        assert_eq!(serde_json::from_str::<Body>(&json).unwrap(), body);
    }

    #[test]
    fn a_payload_that_does_not_fit_its_kind_is_an_error() {
        assert!(postcard::from_bytes::<Body>(&[0, 1, 0xff]).is_err(), "text that is not UTF-8");
        assert!(postcard::from_bytes::<Body>(&[2, 2, 0, 0]).is_err(), "bytes left over");
        assert!(serde_json::from_str::<Body>(r#"{"kind":"text","payload":7}"#).is_err());
        assert!(serde_json::from_str::<Body>(r#"{"kind":"nonsense","payload":""}"#).is_err());
    }
}
