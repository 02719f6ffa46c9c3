//! Identifiers. Random ones are raw bytes in postcard and lower-case hex in JSON; counters are plain numbers in both
//! and stay below 2⁵³, so that every JSON reader keeps them exact.

use core::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A type of so many bytes, which mean nothing but that they are the same or others.
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; $size]);

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            /// The order of their bytes. Much is looked up by ids, and to compare bytes is a call where words are none.
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.words().cmp(&other.words())
            }
        }

        impl $name {
            fn words(&self) -> [u64; $size / 8] {
                let (words, _) = self.0.as_chunks();
                core::array::from_fn(|place| u64::from_be_bytes(words[place]))
            }
        }

        impl $name {
            /// The id of these bytes.
            pub const fn from_bytes(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// The bytes of this id.
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }

            /// Reads the form that the id is displayed in.
            pub fn parse(hex: &str) -> Option<Self> {
                let mut bytes = [0; $size];
                let length = HEXLOWER_PERMISSIVE.decode_len(hex.len()).ok()?;
                (length == $size).then_some(())?;
                HEXLOWER_PERMISSIVE.decode_mut(hex.as_bytes(), &mut bytes).ok()?;
                Some(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", HEXLOWER.encode_display(&self.0))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = alloc::borrow::Cow::<'_, str>::deserialize(deserializer)?;
                    Self::parse(&text).ok_or_else(|| de::Error::custom("not an id in hex"))
                } else {
                    <[u8; $size]>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}
pub(crate) use random_id;

macro_rules! plain_debug {
    ($($name:ident)*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )* };
}

random_id! {
    /// Who somebody is, however often they reconnect and whatever they call themselves.
    ///
    /// It is made of the keys of its peer, who has proven to have them; in the clear it is only claimed.
    PeerId, 16
}
random_id! {
    /// One run of one client: what numbers its messages. A client that restarts is a new producer.
    ProducerId, 8
}
random_id! {
    /// A hosted session, as discovery and reconnection know it.
    SessionId, 16
}
random_id! {
    /// One life of a log. Cursors of one epoch mean nothing in another.
    Epoch, 16
}
random_id! {
    /// What a client shows to take up its session again on a new link. Known to that client and the host only.
    Token, 16
}

plain_debug! { PeerId ProducerId SessionId Epoch }

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident($repr:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $repr);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter! {
    /// The place of an entry in its room's log: 1, 2, 3 … without holes. Zero is "before the first".
    Seq(u64)
}
counter! {
    /// A client's own number for a message: 1, 2, 3 … per producer and room. Zero marks entries that the host made.
    Cmid(u64)
}
counter! {
    /// A room, by the number the host gave it for this life of the session.
    RoomId(u32)
}
counter! {
    /// A member (one producer of one peer), by the number the host gave it for this life of the session.
    MemberId(u32)
}
counter! {
    /// How many changes the roster has seen.
    Rev(u64)
}

/// The largest counter that both encodings carry exactly.
const COUNTER_MAX: u64 = (1 << 53) - 1;

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);
    /// The last place that a log can have.
    pub(crate) const LAST: Self = Self(COUNTER_MAX);

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(if self.0 < COUNTER_MAX { self.0 + 1 } else { COUNTER_MAX })
    }

    /// The place `n` before this one, or before the first.
    #[must_use]
    pub const fn back(self, n: u64) -> Self {
        Self(self.0.saturating_sub(n))
    }

    /// Whether the log has no number left to give.
    pub(crate) const fn is_last(self) -> bool {
        self.0 >= COUNTER_MAX
    }
}

impl Cmid {
    /// Before a producer's first message; also the mark of entries that the host made.
    pub const ZERO: Self = Self(0);

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(if self.0 < COUNTER_MAX { self.0 + 1 } else { COUNTER_MAX })
    }

    /// Whether its producer has no number left to give in that room.
    pub(crate) const fn is_last(self) -> bool {
        self.0 >= COUNTER_MAX
    }
}

impl MemberId {
    /// The host itself.
    pub(crate) const OWNER: Self = Self(0);
}

impl Rev {
    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use proptest::{array::uniform16, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn ids_are_in_the_order_of_their_bytes(one in uniform16(254_u8..), other in uniform16(254_u8..)) {
            prop_assert_eq!(PeerId(one).cmp(&PeerId(other)), one.cmp(&other));
        }
    }

    #[test]
    fn an_id_reads_back_what_it_displays_and_nothing_of_another_length() {
        let id = PeerId::from_bytes([0xa5; 16]);
        assert_eq!(PeerId::parse(&id.to_string()), Some(id));
        assert_eq!(PeerId::parse("a5"), None);
        assert_eq!(PeerId::parse("zz"), None);
        assert_eq!(PeerId::parse(""), None);
    }

    #[test]
    fn an_id_costs_its_bytes_in_postcard_and_is_a_string_in_json() {
        let id = ProducerId::from_bytes([1; 8]);
        assert_eq!(postcard::to_allocvec(&id).unwrap(), [1; 8]);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0101010101010101\"");
        assert_eq!(serde_json::from_str::<ProducerId>("\"0101010101010101\"").unwrap(), id);
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", Token::from_bytes([7; 16])), "Token(..)");
    }
}
