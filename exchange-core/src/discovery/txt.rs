//! A record as the TXT properties of its service.
//!
//! | key     | value                                                    |
//! |---------|----------------------------------------------------------|
//! | `v`     | the protocol's versions, `1` or `1-3`                    |
//! | `id`    | the session, in hex                                      |
//! | `n`     | the session's name                                       |
//! | `h`     | the host's nick                                          |
//! | `p`     | how many people are in it                                |
//! | `k`     | who the host will prove to be, in hex; none in the clear |
//! | `c`     | `1` if newcomers are asked for a code or passphrase      |
//! | `x-`…   | the application's own, see [`Metadata`]                  |
//!
//! Keys are compared without regard to case, the first of several equal keys counts, and keys that mean nothing here
//! are passed over: so DNS-SD demands it.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::str::{self, FromStr};

use crate::{
    discovery::record::{Metadata, PeerRecord},
    ids::{PeerId, SessionId},
    name::{Nick, SessionName},
    wire::Versions,
};

/// The most bytes that the TXT properties of a record take, each counted with its length byte. With them, one packet
/// that every network carries holds all there is to say of a session.
pub const TXT_MAX_BYTES: usize = 400;

/// The most bytes of TXT properties that are read. Longer ones are not from anybody who follows [`TXT_MAX_BYTES`].
pub const TXT_LIMIT: usize = 512;

/// What is left for metadata beside the longest that everything else can be.
pub(super) const METADATA_MAX_BYTES: usize = TXT_MAX_BYTES
    - item_len(VERSIONS, b"65535-65535")
    - item_len(SESSION, &[0; 32])
    - item_len(NAME, &[0; SessionName::MAX_BYTES as usize])
    - item_len(HOST, &[0; Nick::MAX_BYTES as usize])
    - item_len(PEOPLE, b"4294967295")
    - item_len(PEER, &[0; 32])
    - item_len(LOCKED, b"1");

pub(super) const METADATA_PREFIX: &str = "x-";

const VERSIONS: &str = "v";
const SESSION: &str = "id";
const NAME: &str = "n";
const HOST: &str = "h";
const PEOPLE: &str = "p";
const PEER: &str = "k";
const LOCKED: &str = "c";

/// Why TXT properties are not those of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TxtError {
    /// They take more than [`TXT_LIMIT`] bytes.
    #[error("TXT properties of more than {TXT_LIMIT} bytes")]
    TooLarge,
    /// A property that every session has is not there.
    #[error("the TXT property `{key}` is missing")]
    Missing {
        /// The property.
        key: &'static str,
    },
    /// A property has a value that it cannot have.
    #[error("the TXT property `{key}` is malformed")]
    Malformed {
        /// The property.
        key: &'static str,
    },
}

impl PeerRecord {
    /// The TXT properties that announce this record, as key and value. They take at most [`TXT_MAX_BYTES`].
    ///
    /// Its port and addresses are not among them: in DNS they have records of their own.
    pub fn to_txt(&self) -> Vec<(String, String)> {
        let own = [
            (VERSIONS, self.versions.to_string()),
            (SESSION, self.session.to_string()),
            (NAME, self.name.to_string()),
            (HOST, self.host.to_string()),
            (PEOPLE, self.people.to_string()),
        ];
        let peer = self.peer.map(|peer| (PEER, peer.to_string()));
        let locked = self.is_locked.then(|| (LOCKED, "1".to_string()));
        let own = own.into_iter().chain(peer).chain(locked).map(|(key, value)| (key.to_string(), value));
        let metadata = self.metadata.iter().map(|(key, value)| (format!("{METADATA_PREFIX}{key}"), value.to_string()));
        own.chain(metadata).collect()
    }

    /// Reads the record that TXT properties announce for a service at `port`; its addresses are left to be filled in.
    ///
    /// A property without a value is given as one with an empty value. Metadata that could not have been
    /// [inserted](Metadata::insert) is passed over.
    ///
    /// # Errors
    ///
    /// [`TxtError`] names the first thing that is wrong.
    pub fn from_txt<'a>(txt: impl IntoIterator<Item = (&'a str, &'a [u8])>, port: u16) -> Result<Self, TxtError> {
        let properties = Properties::sort(txt)?;
        Ok(Self {
            session: parsed(SESSION, properties.session, SessionId::parse)?,
            name: parsed(NAME, properties.name, |name| SessionName::new(name).ok())?,
            host: parsed(HOST, properties.host, |nick| Nick::new(nick).ok())?,
            port,
            addresses: Vec::new(),
            versions: parsed(VERSIONS, properties.versions, versions)?,
            people: parsed(PEOPLE, properties.people, decimal)?,
            peer: properties.peer.map(|peer| parsed(PEER, Some(peer), PeerId::parse)).transpose()?,
            is_locked: properties.locked == Some(b"1"),
            metadata: properties.metadata,
        })
    }
}

/// What a property takes: a byte of length, its key, `=` and its value.
pub(super) const fn item_len(key: &str, value: &[u8]) -> usize {
    1 + key.len() + 1 + value.len()
}

/// Properties by their keys, not yet looked into.
#[derive(Default)]
struct Properties<'a> {
    versions: Option<&'a [u8]>,
    session: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
    people: Option<&'a [u8]>,
    peer: Option<&'a [u8]>,
    locked: Option<&'a [u8]>,
    metadata: Metadata,
}

impl<'a> Properties<'a> {
    fn sort(txt: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, TxtError> {
        let mut properties = Self::default();
        let mut size = 0;
        for (key, value) in txt {
            size += item_len(key, value);
            if size > TXT_LIMIT {
                return Err(TxtError::TooLarge);
            }
            properties.take(&key.to_ascii_lowercase(), value);
        }
        Ok(properties)
    }

    fn take(&mut self, key: &str, value: &'a [u8]) {
        let property = match key {
            VERSIONS => &mut self.versions,
            SESSION => &mut self.session,
            NAME => &mut self.name,
            HOST => &mut self.host,
            PEOPLE => &mut self.people,
            PEER => &mut self.peer,
            LOCKED => &mut self.locked,
            _ => return self.take_metadata(key, value),
        };
        property.get_or_insert(value);
    }

    fn take_metadata(&mut self, key: &str, value: &[u8]) {
        if let Some(key) = key.strip_prefix(METADATA_PREFIX)
            && self.metadata.get(key).is_none()
            && let Ok(value) = str::from_utf8(value)
        {
            // Whatever it may mean to a newer version, the session can be joined without it.
            let _ = self.metadata.insert(key, value);
        }
    }
}

fn parsed<T>(key: &'static str, value: Option<&[u8]>, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, TxtError> {
    let text = str::from_utf8(value.ok_or(TxtError::Missing { key })?);
    text.ok().and_then(parse).ok_or(TxtError::Malformed { key })
}

fn versions(text: &str) -> Option<Versions> {
    let (oldest, newest) = text.split_once('-').unwrap_or((text, text));
    Versions::new(decimal(oldest)?, decimal(newest)?)
}

/// A number in digits only: `parse` alone would take a plus sign too.
fn decimal<T: FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::discovery::record::strategies;

    const ID: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
    const MINIMAL: [(&str, &str); 5] = [("v", "1"), ("id", ID), ("n", "Standup"), ("h", "ana"), ("p", "3")];

    fn read(txt: &[(&str, &str)]) -> Result<PeerRecord, TxtError> {
        PeerRecord::from_txt(txt.iter().map(|(key, value)| (*key, value.as_bytes())), 7)
    }

    fn read_with(key: &str, value: &str) -> Result<PeerRecord, TxtError> {
        let txt: Vec<_> = MINIMAL.into_iter().filter(|(k, _)| *k != key).chain([(key, value)]).collect();
        read(&txt)
    }

    #[test]
    fn the_properties_of_a_session_are_these() {
        let record = read(&MINIMAL).unwrap();
        assert_eq!(record.session, SessionId::from_bytes([0xa5; 16]));
        assert_eq!((&*record.name, &*record.host, record.people, record.port), ("Standup", "ana", 3, 7));
        assert_eq!(record.to_txt(), MINIMAL.map(|(key, value)| (key.to_string(), value.to_string())));
    }

    #[test]
    fn a_session_without_one_of_its_properties_is_refused_by_its_name() {
        for (missing, _) in MINIMAL {
            let txt: Vec<_> = MINIMAL.into_iter().filter(|(key, _)| *key != missing).collect();
            assert_eq!(read(&txt), Err(TxtError::Missing { key: missing }));
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        let long_nick = "h=a nick that is longer than nicks are";
        for property in [
            "k=",
            "k=a5",
            "v=0",
            "v=2-1",
            "v=1-",
            "v=+1",
            "v=65536",
            "id=a5",
            "p=",
            "p=-1",
            "n=a\u{1b}[2J",
            "h=",
            long_nick,
        ] {
            let (key, value) = property.split_once('=').unwrap();
            assert!(matches!(read_with(key, value), Err(TxtError::Malformed { key: of }) if of == key), "{property}");
        }
    }

    #[test]
    fn keys_have_no_case_and_the_first_of_two_counts() {
        let txt =
            [&MINIMAL[..2], &[("N", "First"), ("n", "Second"), ("X-Topic", "a"), ("x-topic", "b")], &MINIMAL[3..]];
        let record = read(&txt.concat()).unwrap();
        assert_eq!((&*record.name, record.metadata.get("topic")), ("First", Some("a")));
    }

    #[test]
    fn what_means_nothing_here_is_passed_over() {
        let txt = [&MINIMAL[..], &[("zz", "new"), ("", ""), ("x-", "no key"), ("x-a b", "no key either")]].concat();
        assert_eq!(read(&txt), read(&MINIMAL));
    }

    #[test]
    fn oversized_properties_are_refused_however_they_are_cut() {
        let long = "v".repeat(200);
        let txt = [&MINIMAL[..], &[("a", &long), ("b", &long), ("c", &long)]].concat();
        assert_eq!(read(&txt), Err(TxtError::TooLarge));
        let huge = "v".repeat(TXT_LIMIT);
        assert_eq!(read_with("zz", &huge), Err(TxtError::TooLarge));
    }

    #[test]
    fn the_largest_record_still_fits() {
        let mut record = PeerRecord::new(
            SessionId::from_bytes([0xff; 16]),
            SessionName::new(&"n".repeat(64)).unwrap(),
            Nick::new(&"h".repeat(32)).unwrap(),
            u16::MAX,
        );
        record.versions = Versions::new(10_000, u16::MAX).unwrap();
        record.people = u32::MAX;
        (record.peer, record.is_locked) = (Some(PeerId::from_bytes([0xff; 16])), true);
        let rest = Metadata::MAX_BYTES - Metadata::ITEM_BYTES - 1;
        record.metadata.insert("k", &"v".repeat(rest)).unwrap();
        assert_eq!(size(&record), TXT_MAX_BYTES);
    }

    fn size(record: &PeerRecord) -> usize {
        record.to_txt().iter().map(|(key, value)| item_len(key, value.as_bytes())).sum()
    }

    proptest! {
        #[test]
        fn a_record_reads_back_as_it_was_announced(record in strategies::record()) {
            let txt = record.to_txt();
            prop_assert!(size(&record) <= TXT_MAX_BYTES);
            prop_assert!(txt.iter().all(|(key, value)| item_len(key, value.as_bytes()) <= 256));
            let txt = txt.iter().map(|(key, value)| (key.as_str(), value.as_bytes()));
            prop_assert_eq!(PeerRecord::from_txt(txt, record.port), Ok(record));
        }

        #[test]
        fn any_properties_at_all_are_read_or_refused_and_what_is_read_can_be_announced_again(
            first in prop::collection::vec(
                (prop_oneof!["v|id|n|h|p|k|c", "x-.{0,5}", any::<String>()], prop::collection::vec(any::<u8>(), 0..80)),
                0..8,
            ),
        ) {
            // The first of a key counts, so that most of these are almost a session.
            let first = first.iter().map(|(key, value)| (key.as_str(), &value[..]));
            let txt = first.chain(MINIMAL.map(|(key, value)| (key, value.as_bytes())));
            if let Ok(record) = PeerRecord::from_txt(txt, 7) {
                prop_assert!(size(&record) <= TXT_MAX_BYTES);
            }
        }
    }
}
