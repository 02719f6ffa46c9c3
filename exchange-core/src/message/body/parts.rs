//! The payloads of messages that refer to something, and of changes.

use alloc::{boxed::Box, vec::Vec};
use core::ops::Deref;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    event::Peer,
    ids::{PeerId, Seq},
    message::codec::bounded,
    name::{ContentType, Reaction},
    text::Text,
};

/// A text that refers to a message or to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The message of the same room that it answers.
    pub reply_to: Option<Seq>,
    /// Whom it means.
    pub mentions: Mentions,
    /// What it says.
    pub text: Text,
}

/// The text of a message is another now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Which message.
    pub of: Seq,
    /// Whom it means now.
    pub mentions: Mentions,
    /// What it says now.
    pub text: Text,
}

/// A message is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// Which message.
    pub of: Seq,
}

/// Somebody reacts to a message, or takes that back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct React {
    /// Which message.
    pub to: Seq,
    /// How.
    pub reaction: Reaction,
    /// Whether it is there now, or gone.
    pub add: bool,
}

/// What an application has to say, to others of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// What the payload is, such as `application/json`.
    pub content_type: ContentType,
    /// What it holds.
    #[serde(with = "payload")]
    pub payload: Bytes,
}

/// The people whom a text means: by who they are, so that what they are called later changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions(Box<[PeerId]>);

impl Mentions {
    /// How many people one text can mean.
    pub const MAX: usize = 16;

    /// Whom `text` means of these people: whoever is called what stands behind an `@`. Of two names that fit, the longer
    /// one counts.
    pub(crate) fn resolve(text: &str, people: impl Iterator<Item = Peer>) -> Self {
        if !text.contains('@') {
            return Self::default();
        }
        let people: Vec<Peer> = people.collect();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let starts = text.match_indices('@').map(|(at, _)| text.split_at(at));
        let starts = starts.filter(|(before, _)| !before.ends_with(is_word)).map(|(_, after)| &after[1..]);
        let named = starts.flat_map(|rest| {
            let fits = |nick: &str| {
                let (start, after) = rest.split_at_checked(nick.len()).unwrap_or_default();
                start.eq_ignore_ascii_case(nick) && !after.starts_with(is_word)
            };
            let fitting = people.iter().filter(|peer| fits(&peer.nick));
            let longest = fitting.clone().map(|peer| peer.nick.len()).max();
            fitting.filter(move |peer| Some(peer.nick.len()) == longest).map(|peer| peer.id).collect::<Vec<_>>()
        });
        named.collect()
    }
}

impl FromIterator<PeerId> for Mentions {
    /// The first [`Mentions::MAX`] of them, each once.
    fn from_iter<I: IntoIterator<Item = PeerId>>(people: I) -> Self {
        let mut mentions = Vec::new();
        for peer in people {
            if mentions.len() < Self::MAX && !mentions.contains(&peer) {
                mentions.push(peer);
            }
        }
        Self(mentions.into())
    }
}

impl Deref for Mentions {
    type Target = [PeerId];

    fn deref(&self) -> &[PeerId] {
        &self.0
    }
}

impl Serialize for Mentions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mentions: Vec<PeerId> = bounded(deserializer)?;
        if mentions.len() > Self::MAX { Err(de::Error::custom("too many mentions")) } else { Ok(Self(mentions.into())) }
    }
}

/// Bytes: as they are, or in base64 where people read.
mod payload {
    use core::fmt;

    use serde::de::Visitor;

    use super::{BASE64, Bytes, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&BASE64.encode_display(payload))
        } else {
            serializer.serialize_bytes(payload)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Payload)
        } else {
            deserializer.deserialize_bytes(Payload)
        }
    }

    struct Payload;

    impl Visitor<'_> for Payload {
        type Value = Bytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes, or their base64")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
            Ok(Bytes::copy_from_slice(bytes))
        }

        fn visit_str<E: de::Error>(self, base64: &str) -> Result<Bytes, E> {
            BASE64.decode(base64.as_bytes()).map(Bytes::from).map_err(de::Error::custom)
        }
    }
}
