use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};
use core::net::SocketAddr;

use crate::{
    discovery::txt,
    ids::{PeerId, SessionId},
    name::{Nick, SessionName},
    wire::Versions,
};

/// What is known of a session before anybody has connected to it: what its host announces.
///
/// Whatever arrives in one is a claim by somebody on the network, not a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerRecord {
    /// The session.
    pub session: SessionId,
    /// What people call the session. Not unique.
    pub name: SessionName,
    /// What the person who hosts it is called.
    pub host: Nick,
    /// The TCP port that the host listens on.
    pub port: u16,
    /// Where to dial the session: each address with its port and, if it is link-local, its scope.
    ///
    /// In a record that is to be announced: the addresses the host can be reached at, or none if that is all of this
    /// machine's, which the discovery then finds out for itself and keeps up to date.
    pub addresses: Vec<SocketAddr>,
    /// The versions of the protocol that the host speaks.
    pub versions: Versions,
    /// How many people are in the session, its host included.
    pub people: u32,
    /// Who its host proves to be; `None` in the clear. Whoever joins it by this record believes nobody else.
    pub peer: Option<PeerId>,
    /// Whether newcomers are asked for a [code or a passphrase](crate::JoinSecret).
    pub is_locked: bool,
    /// What the application has to say of the session.
    pub metadata: Metadata,
}

impl PeerRecord {
    /// A record of a session with only its host in it, at any address of this machine, in the versions that this
    /// library speaks.
    pub fn new(session: SessionId, name: SessionName, host: Nick, port: u16) -> Self {
        Self {
            session,
            name,
            host,
            port,
            addresses: Vec::new(),
            versions: Versions::SUPPORTED,
            people: 1,
            peer: None,
            is_locked: false,
            metadata: Metadata::default(),
        }
    }
}

/// An application's own properties of a session, small enough to be announced with it.
///
/// Everybody on the network can read them. A value from the network may hold anything that is UTF-8: show it through
/// [`display_safe`](crate::text::display_safe) only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// What all properties together may take, in bytes. Each takes its key, its value and
    /// [four more](Self::ITEM_BYTES).
    pub const MAX_BYTES: usize = txt::METADATA_MAX_BYTES;

    /// What a property takes besides its key and its value, in bytes.
    pub const ITEM_BYTES: usize = txt::item_len(txt::METADATA_PREFIX, b"");

    /// Sets a property, in place of the one that had this key.
    ///
    /// A key is made of lower-case ASCII letters, digits, `-`, `_` and `.`, and has at least one of them.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] says why the property was not taken; all others are as they were.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), MetadataError> {
        if !is_key(key) {
            return Err(MetadataError::Key);
        }
        let others = self.iter().filter(|(other, _)| *other != key).map(|(key, value)| cost(key, value)).sum::<usize>();
        if others + cost(key, value) > Self::MAX_BYTES {
            return Err(MetadataError::TooLarge);
        }
        self.0.insert(key.to_string(), value.to_string());
        Ok(())
    }

    /// Takes a property out, and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// The value of a property.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All properties as key and value, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a property is not part of the [`Metadata`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The key is empty or has a character that keys may not have.
    #[error("a metadata key is made of lower-case ASCII letters, digits, `-`, `_` and `.`")]
    Key,
    /// All properties together would take more than can be announced.
    #[error("the metadata of a session may take at most {} bytes", Metadata::MAX_BYTES)]
    TooLarge,
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}

fn cost(key: &str, value: &str) -> usize {
    Metadata::ITEM_BYTES + key.len() + value.len()
}

#[cfg(test)]
pub(super) mod strategies {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::discovery) fn record() -> impl Strategy<Value = PeerRecord> {
        let labels = ("[a-zA-Z0-9é漢👍' -]{1,16}", "[a-zA-Zéß]{1,12}")
            .prop_filter_map("names", |(name, host)| Some((SessionName::new(&name).ok()?, Nick::new(&host).ok()?)));
        let versions = (1..=u16::MAX, 1..=u16::MAX).prop_filter_map("versions", |(a, b)| Versions::new(a, b));
        let extra = prop::collection::vec(("[a-z0-9._-]{1,9}", ".{0,40}"), 0..6);
        let proven = (prop::option::of(any::<[u8; 16]>()), any::<bool>());
        (any::<[u8; 16]>(), labels, any::<u16>(), versions, any::<u32>(), proven, extra).prop_map(
            |(session, (name, host), port, versions, people, (peer, is_locked), extra)| {
                let mut record = PeerRecord::new(SessionId::from_bytes(session), name, host, port);
                record.versions = versions;
                record.people = people;
                (record.peer, record.is_locked) = (peer.map(PeerId::from_bytes), is_locked);
                for (key, value) in extra {
                    // What does not fit stays out.
                    let _ = record.metadata.insert(&key, &value);
                }
                record
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_takes_what_fits_and_refuses_the_rest_unchanged() {
        let mut metadata = Metadata::default();
        let longest = "v".repeat(Metadata::MAX_BYTES - Metadata::ITEM_BYTES - 1);
        assert_eq!(metadata.insert("k", &longest), Ok(()));
        assert_eq!(metadata.insert("k", &(longest.clone() + "v")), Err(MetadataError::TooLarge));
        assert_eq!(metadata.insert("l", ""), Err(MetadataError::TooLarge));
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("k", longest.as_str())]);
    }

    #[test]
    fn a_property_that_replaces_another_is_not_counted_twice() {
        let mut metadata = Metadata::default();
        let half = "v".repeat(Metadata::MAX_BYTES / 2 + 1);
        assert_eq!(metadata.insert("k", &half), Ok(()));
        assert_eq!(metadata.insert("k", &half), Ok(()));
        assert_eq!(metadata.remove("k"), Some(half));
        assert!(metadata.is_empty());
    }

    #[test]
    fn a_key_that_dns_or_its_case_rules_would_change_is_refused() {
        for key in ["", "Topic", "a=b", "a b", "é", "\0"] {
            assert_eq!(Metadata::default().insert(key, "value"), Err(MetadataError::Key), "{key:?}");
        }
    }
}
