//! Names of rooms, which are the same when nobody could tell them apart by ear.

use alloc::{string::String, sync::Arc};
use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;

use super::{NameError, parse};
use crate::text::is_invisible;

/// The name of a room.
///
/// Surrounding white space is dropped when it is parsed. Names are equal when they are the same without regard to case,
/// to how accents are encoded, and to what cannot be seen: `Den` is `den`. What is shown is what was given. Cloning is
/// cheap.
#[derive(Clone)]
pub struct RoomName {
    shown: Arc<str>,
    /// Where that is not what is shown.
    canonical: Option<Arc<str>>,
}

impl RoomName {
    /// The longest name in bytes of UTF-8.
    pub const MAX_BYTES: u16 = 64;

    /// Takes `text` as a name.
    ///
    /// # Errors
    ///
    /// [`NameError`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let shown = parse(text, Self::MAX_BYTES)?;
        let canonical = canonical(shown);
        let canonical = (canonical != shown).then(|| canonical.into());
        Ok(Self { shown: shown.into(), canonical })
    }

    /// The room that everyone in a session is in.
    pub fn lobby() -> Self {
        Self { shown: LOBBY.into(), canonical: None }
    }

    /// Whether this is the room that everyone is in.
    pub fn is_lobby(&self) -> bool {
        self.canonical() == LOBBY
    }

    /// The name as a string, as it was given.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The form in which names are compared: in Unicode's full case folding and normalization form C, without what
    /// cannot be seen.
    pub fn canonical(&self) -> &str {
        self.canonical.as_ref().unwrap_or(&self.shown)
    }
}

const LOBBY: &str = "lobby";

/// Folded as Unicode's canonical caseless matching does it (definition D145): decomposed before, since folding alone
/// does not see through accents.
fn canonical(name: &str) -> String {
    let visible = |c: &char| c.is_whitespace() || !is_invisible(*c);
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let decomposed: String = name.chars().filter(visible).nfd().collect();
    UniCase::unicode(decomposed).to_folded_case().nfc().collect()
}

impl PartialEq for RoomName {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for RoomName {}

impl PartialOrd for RoomName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RoomName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical().cmp(other.canonical())
    }
}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

name_traits! { RoomName }

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> RoomName {
        RoomName::new(text).unwrap()
    }

    #[test]
    fn names_that_sound_the_same_are_the_same_and_shown_as_given() {
        for (given, same) in [
            ("Den", "den"),
            ("LOBBY", "lobby"),
            ("Straße", "STRASSE"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("\u{212b}ngstr\u{f6}m", "\u{e5}ngstro\u{308}m"),
            ("ΌΔΟΣ", "όδος"),
            ("\u{1fc3}", "\u{3b7}\u{3b9}"),
            ("den\u{200d}", "den"),
            ("d\u{34f}en", "den"),
            ("❤\u{fe0f}", "❤"),
            ("ﬁne", "FINE"),
        ] {
            assert_eq!(name(given), name(same), "{given:?} {same:?}");
            assert_eq!(name(given).cmp(&name(same)), Ordering::Equal);
            assert_eq!(name(given).as_str(), given);
        }
        assert!(name("LobbY").is_lobby());
    }

    #[test]
    fn names_that_differ_in_what_is_seen_are_apart() {
        for (one, other) in [("den", "den 2"), ("a b", "ab"), ("cafe", "café"), ("1", "١"), ("o", "0")] {
            assert_ne!(name(one), name(other));
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_of_a_name_is_its_own(text in "\\PC{1,12}") {
            if let Ok(name) = RoomName::new(&text) {
                prop_assert_eq!(canonical(name.canonical()), name.canonical());
            }
        }

        #[test]
        fn how_accents_and_plain_letters_are_written_changes_no_name(text in "\\PC{1,6}") {
            if let Ok(name) = RoomName::new(&text) {
                let decomposed: String = name.nfd().collect();
                prop_assert_eq!(canonical(&decomposed), name.canonical());
                prop_assert_eq!(canonical(&name.to_ascii_uppercase()), name.canonical());
            }
        }
    }
}
