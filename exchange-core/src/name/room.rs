//! Names of rooms, which are the same when nobody could tell them apart by ear.

use alloc::{boxed::Box, format, string::String, sync::Arc};
use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::FromStr,
};

use data_encoding::BASE32_DNSSEC;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;

use super::{NameError, parse};
use crate::{ids::PeerId, text::is_invisible};

/// The name of a room.
///
/// Surrounding white space is dropped when it is parsed. Names are equal when they are the same without regard to case,
/// to how accents are encoded, and to what cannot be seen: `Den` is `den`. What is shown is what was given. Cloning is
/// cheap.
#[derive(Clone)]
pub struct RoomName(Arc<Spelling>);

/// How a name is written: it is in every message and event, so all of that is behind one pointer.
struct Spelling {
    shown: Box<str>,
    /// Where that is not what is shown.
    canonical: Option<Box<str>>,
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
        Ok(Self(Arc::new(Spelling { shown: shown.into(), canonical })))
    }

    /// The room that everyone in a session is in.
    pub fn lobby() -> Self {
        Self::as_it_is(LOBBY)
    }

    /// Whether this is the room that everyone is in.
    pub fn is_lobby(&self) -> bool {
        self.canonical() == LOBBY
    }

    /// The room of these two people and nobody else, which is private and not listed.
    pub fn direct(one: PeerId, other: PeerId) -> Self {
        let (first, second) = (one.min(other), one.max(other));
        let base32 = |peer: PeerId| BASE32_DNSSEC.encode(peer.as_bytes());
        Self::as_it_is(format!("{DIRECT}{}-{}", base32(first), base32(second)))
    }

    /// Whose room it is, if it is one of [two people](Self::direct).
    pub fn direct_between(&self) -> Option<[PeerId; 2]> {
        let (first, second) = self.canonical().strip_prefix(DIRECT)?.split_once('-')?;
        let peer = |text: &str| {
            let bytes = BASE32_DNSSEC.decode(text.as_bytes()).ok()?;
            Some(PeerId::from_bytes(bytes.try_into().ok()?))
        };
        let (first, second) = (peer(first)?, peer(second)?);
        (*self == Self::direct(first, second)).then_some([first, second])
    }

    /// The name as a string, as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.shown
    }

    /// The form in which names are compared: in Unicode's full case folding and normalization form C, without what
    /// cannot be seen.
    pub fn canonical(&self) -> &str {
        self.0.canonical.as_ref().unwrap_or(&self.0.shown)
    }

    fn as_it_is(canonical: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Spelling { shown: canonical.into(), canonical: None }))
    }
}

const LOBBY: &str = "lobby";

/// What names of rooms of two begin with.
const DIRECT: &str = "~";

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
        Arc::ptr_eq(&self.0, &other.0) || self.canonical() == other.canonical()
    }
}

impl Eq for RoomName {}

#[cfg(test)]
std::thread_local! {
    /// How often names were put in order: what it costs to find a room.
    pub(crate) static COMPARISONS: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

impl PartialOrd for RoomName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RoomName {
    fn cmp(&self, other: &Self) -> Ordering {
        #[cfg(test)]
        COMPARISONS.with(|count| count.set(count.get() + 1));
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.canonical().cmp(other.canonical()) }
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

    #[test]
    fn a_room_of_two_is_the_same_for_both_and_says_whose_it_is() {
        let (one, other) = (PeerId::from_bytes([0xff; 16]), PeerId::from_bytes([3; 16]));
        let room = RoomName::direct(one, other);
        assert_eq!(room, RoomName::direct(other, one));
        assert_eq!(room.direct_between(), Some([other, one]));
        assert_eq!(name(room.as_str()), room, "it is a name as any other");
        assert_eq!(name(&room.to_ascii_uppercase()).direct_between(), Some([other, one]));
        let halves = room.as_str()[1..].split_once('-').unwrap();
        for none in ["~den", "~", &room[1..], &format!("~{}-{}", halves.1, halves.0), &format!("~{}", halves.0)] {
            assert_eq!(name(none).direct_between(), None, "{none}");
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
