//! What a machine keeps beyond its own life: rows, each under a key.
//!
//! A host that was made to [keep](crate::HostConfig::store) what happens asks for it by [`Effect::Store`], one batch after
//! the other, and lets nobody see anything that follows from a batch before [`Input::Stored`] says that it is kept: no
//! entry is shown and none acknowledged that a crash could take back. Whoever keeps the rows need not understand them. All
//! that is asked of them is that a batch is kept whole or not at all, and none without those before it.
//!
//! A client that was made [so](crate::ClientConfig::keeps) keeps who it is and what waits to be sent in the same way: a
//! message that was taken is sent, if need be by the client of another day.
//!
//! They are made of their rows again by [`Host::restore`](crate::Host::restore) and
//! [`Client::restore`](crate::Client::restore).
//!
//! [`Effect::Store`]: crate::Effect::Store
//! [`Input::Stored`]: crate::Input::Stored

use core::fmt;

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{
    ids::{Cmid, MemberId, PeerId, RoomId, Seq},
    message::{Encoding, Entry, ToClient},
    name::RoomName,
    room::RoomRow,
};

/// What a row is about. Keys sort as their [bytes](Self::to_bytes) do: all rows of one kind together, those of a room
/// together within them, entries in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The session itself, of which there is one row.
    Session,
    /// Somebody who is or was in it.
    Member(MemberId),
    /// A room.
    Room(RoomId),
    /// Somebody who is or was in a room.
    Membership(RoomId, MemberId),
    /// An entry of a room's log.
    Entry(RoomId, Seq),
    /// A client: who it is, of which there is one row.
    Client,
    /// A room that a client is or was in, by a number of the client's own.
    Place(u32),
    /// A message of a client's in such a room that has no outcome yet.
    Waiting(u32, Cmid),
    /// By which secret a host or a client proves that it is itself, of which there is one row.
    Identity,
    /// Somebody who has come into a locked session by its secret, and comes in without from then on.
    LetIn(PeerId),
}

/// What becomes of one row.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Which row.
    pub key: Key,
    /// What it says from now on; `None` if there is no such row any more.
    pub row: Option<Bytes>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.row {
            Some(row) => write!(f, "{:?}: {} bytes", self.key, row.len()),
            None => write!(f, "{:?}: gone", self.key),
        }
    }
}

/// Why a machine cannot be made of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A later version of this crate wrote them.
    #[error("kept by a later version, in form {form}")]
    Later {
        /// In which form.
        form: u16,
    },
    /// A host has kept them, and no client can be made of them.
    #[error("it was kept by a host, not by a client")]
    OfHost,
    /// A client has kept them, and no host can be made of them.
    #[error("it was kept by a client, not by a host")]
    OfClient,
    /// A row that has to be there is not.
    #[error("{0} is missing")]
    Missing(Key),
    /// A row does not say what one of its kind says.
    #[error("{0} is damaged")]
    Row(Key),
}

impl Key {
    /// The key as bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(13);
        match self {
            Self::Session => bytes.push(0),
            Self::Member(member) => {
                bytes.push(1);
                bytes.extend(member.0.to_be_bytes());
            }
            Self::Room(room) => {
                bytes.push(2);
                bytes.extend(room.0.to_be_bytes());
            }
            Self::Membership(room, member) => {
                bytes.push(3);
                bytes.extend(room.0.to_be_bytes());
                bytes.extend(member.0.to_be_bytes());
            }
            Self::Entry(room, seq) => {
                bytes.push(4);
                bytes.extend(room.0.to_be_bytes());
                bytes.extend(seq.0.to_be_bytes());
            }
            Self::Client => bytes.push(5),
            Self::Place(place) => {
                bytes.push(6);
                bytes.extend(place.to_be_bytes());
            }
            Self::Waiting(place, cmid) => {
                bytes.push(7);
                bytes.extend(place.to_be_bytes());
                bytes.extend(cmid.0.to_be_bytes());
            }
            Self::Identity => bytes.push(8),
            Self::LetIn(peer) => {
                bytes.push(9);
                bytes.extend(peer.as_bytes());
            }
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) has written; `None` if it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let number = |bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?));
        match kind {
            0 if rest.is_empty() => Some(Self::Session),
            1 => number(rest).map(MemberId).map(Self::Member),
            2 => number(rest).map(RoomId).map(Self::Room),
            3 => {
                let (room, member) = rest.split_at_checked(4)?;
                Some(Self::Membership(RoomId(number(room)?), MemberId(number(member)?)))
            }
            4 => {
                let (room, seq) = rest.split_at_checked(4)?;
                Some(Self::Entry(RoomId(number(room)?), Seq(u64::from_be_bytes(seq.try_into().ok()?))))
            }
            5 if rest.is_empty() => Some(Self::Client),
            6 => number(rest).map(Self::Place),
            7 => {
                let (place, cmid) = rest.split_at_checked(4)?;
                Some(Self::Waiting(number(place)?, Cmid(u64::from_be_bytes(cmid.try_into().ok()?))))
            }
            8 if rest.is_empty() => Some(Self::Identity),
            9 => Some(Self::LetIn(PeerId::from_bytes(rest.try_into().ok()?))),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str("the session"),
            Self::Member(member) => write!(f, "member {member}"),
            Self::Room(room) => write!(f, "room {room}"),
            Self::Membership(room, member) => write!(f, "member {member} of room {room}"),
            Self::Entry(room, seq) => write!(f, "entry {seq} of room {room}"),
            Self::Client => f.write_str("the client"),
            Self::Place(place) => write!(f, "place {place}"),
            Self::Waiting(place, cmid) => write!(f, "message {cmid} in place {place}"),
            Self::Identity => f.write_str("the identity"),
            Self::LetIn(peer) => write!(f, "that {peer} was let in"),
        }
    }
}

/// What the room of that row is called; `None` if it is none.
pub fn read_name(row: &[u8]) -> Option<RoomName> {
    RoomRow::read(Key::Room(RoomId(0)), row).ok().map(|row| row.name().clone())
}

/// What the row of an entry says, also in forms in which nothing was signed; `None` if it is none.
pub fn read_entry(row: &[u8]) -> Option<Entry> {
    let decoded = Encoding::Postcard.decode(row).or_else(|_| Encoding::Postcard.decode(&[row, &[0, 0]].concat()));
    match decoded {
        Ok(ToClient::Entry(entry)) => Some(entry),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [Key; 16] = [
        Key::Session,
        Key::Member(MemberId(0)),
        Key::Member(MemberId(256)),
        Key::Room(RoomId(1)),
        Key::Membership(RoomId(1), MemberId(2)),
        Key::Membership(RoomId(256), MemberId(1)),
        Key::Entry(RoomId(1), Seq(255)),
        Key::Entry(RoomId(1), Seq(256)),
        Key::Entry(RoomId(2), Seq(1)),
        Key::Client,
        Key::Place(1),
        Key::Waiting(1, Cmid(255)),
        Key::Waiting(1, Cmid(256)),
        Key::Identity,
        Key::LetIn(PeerId::from_bytes([1; 16])),
        Key::LetIn(PeerId::from_bytes([2; 16])),
    ];

    #[test]
    fn keys_are_read_as_they_were_written_and_sort_as_their_bytes_do() {
        for key in KEYS {
            assert_eq!(Key::from_bytes(&key.to_bytes()), Some(key));
        }
        assert!(KEYS.is_sorted() && KEYS.is_sorted_by_key(|key| key.to_bytes()));
    }

    #[test]
    fn a_key_says_what_it_is_of() {
        let said = KEYS.map(|key| alloc::format!("{key}"));
        assert_eq!((&said[3][..], &said[5][..]), ("room 1", "member 1 of room 256"));
        assert!(said.iter().enumerate().all(|(place, key)| !said[..place].contains(key)));
    }

    #[test]
    fn what_is_no_key_is_not_read() {
        for key in KEYS {
            let bytes = key.to_bytes();
            assert_eq!(Key::from_bytes(&bytes[..bytes.len() - 1]), None, "{key}");
            assert_eq!(Key::from_bytes(&[&bytes[..], &[0]].concat()), None, "{key}");
        }
        assert_eq!(Key::from_bytes(&[10, 0, 0, 0, 1]), None);
    }
}
