//! Names that people give: parsed once, valid from then on.

use alloc::sync::Arc;
use core::{borrow::Borrow, convert::Infallible, fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::{is_invisible, is_unsafe_to_show};

/// Why a string is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameError {
    /// Nothing that can be seen.
    #[error("a name needs at least one visible character")]
    Empty,
    /// More bytes of UTF-8 than names of this kind may have.
    #[error("a name may have at most {limit} bytes")]
    TooLong {
        /// How many bytes are allowed.
        limit: u16,
    },
    /// Control characters, line breaks, text direction overrides or invisible characters.
    #[error("a name may not contain control or invisible characters")]
    Unshowable,
    /// A name that would make people take its bearer for more than a member.
    #[error("that name is reserved")]
    Reserved,
    /// Letters of scripts that no language writes together.
    #[error("a name may not mix scripts that look alike")]
    MixedScripts,
    /// It can be taken for the nick of somebody else who is there.
    #[error("somebody has a name that looks like it")]
    Confusable,
}

impl From<Infallible> for NameError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What every kind of name can do, given `new` and `as_str`.
macro_rules! name_traits {
    ($name:ident) => {
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<&Self> for $name {
            fn from(name: &Self) -> Self {
                name.clone()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NameError;

            fn try_from(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = alloc::borrow::Cow::<'_, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }
    };
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        ///
        /// Surrounding white space is dropped when it is parsed. Cloning is cheap.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest name in bytes of UTF-8.
            pub const MAX_BYTES: u16 = $max;

            /// Takes `text` as a name.
            ///
            /// # Errors
            ///
            /// [`NameError`] says what is wrong with it.
            pub fn new(text: &str) -> Result<Self, NameError> {
                parse(text, Self::MAX_BYTES).map(|name| Self(name.into()))
            }

            /// The name as a string.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        name_traits! { $name }
    };
}

mod room;
#[cfg(test)]
pub(crate) use self::room::COMPARISONS;
pub use self::room::RoomName;

name! {
    /// What a person wants to be called. A label, not an identity: see [`PeerId`](crate::PeerId).
    Nick, 32
}
name! {
    /// A word on how somebody is.
    Note, 128
}
name! {
    /// The name of a session.
    SessionName, 64
}
name! {
    /// A line of text that is shown beside something: what a room is about, why somebody was removed.
    Remark, 256
}

name! {
    /// How somebody reacts to a message: an emoji, as a rule, or a word.
    Reaction, 32
}
name! {
    /// What an application's payload is, such as `application/json`.
    ContentType, 64
}

fn parse(text: &str, limit: u16) -> Result<&str, NameError> {
    let text = text.trim();
    if text.len() > usize::from(limit) {
        return Err(NameError::TooLong { limit });
    }
    if text.chars().all(is_invisible) {
        return Err(NameError::Empty);
    }
    if text.chars().any(is_unsafe_to_show) {
        return Err(NameError::Unshowable);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed() {
        assert_eq!(Nick::new("  ana\n").unwrap().as_str(), "ana");
    }

    #[test]
    fn an_empty_or_invisible_name_is_refused() {
        for text in ["", "   ", "\u{200b}\u{200b}", "\u{3164}", "\u{ad}"] {
            assert_eq!(Nick::new(text), Err(NameError::Empty), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_measured_in_bytes() {
        let longest = "é".repeat(16);
        assert!(Nick::new(&longest).is_ok());
        assert_eq!(Nick::new(&(longest + "x")), Err(NameError::TooLong { limit: 32 }));
    }

    #[test]
    fn control_characters_and_direction_overrides_are_refused() {
        for text in ["a\u{1b}[31m", "a\nb", "a\u{202e}b", "a\u{9b}b", "a\u{0}", "a\u{200b}b", "a\u{2028}b"] {
            assert_eq!(RoomName::new(text), Err(NameError::Unshowable), "{text:?}");
        }
    }

    #[test]
    fn a_name_from_the_wire_is_parsed_too() {
        assert!(serde_json::from_str::<Nick>("\"a\\u001b[2J\"").is_err());
        assert!(postcard::from_bytes::<Nick>(&[1, 0x1b]).is_err());
    }
}
