//! Text from others, and the one gate through which it may reach a screen.

use alloc::sync::Arc;
use core::{
    fmt::{self, Write as _},
    ops::Deref,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What somebody wrote, exactly as they wrote it. Cloning is cheap.
///
/// It may hold anything that is UTF-8, escape sequences included: hand it to a terminal through [`Text::display`] only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as it may be shown; see [`display_safe`].
    pub fn display(&self) -> DisplaySafe<'_> {
        display_safe(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<alloc::string::String> for Text {
    fn from(text: alloc::string::String) -> Self {
        Self(text.into())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Ok(Self(text.as_ref().into()))
    }
}

/// Any text that came from outside, in a form that can do nothing to the terminal or the page that shows it.
///
/// Control characters are shown as their Unicode pictures (`␛`), a line feed stays one, a tab becomes a space, and
/// what would reverse, hide or break the line is shown as `�`.
///
/// ```
/// use exchange_core::text::display_safe;
/// assert_eq!(display_safe("\u{1b}[2Jboo").to_string(), "␛[2Jboo");
/// assert_eq!(display_safe("exe\u{202e}txt.").to_string(), "exe�txt.");
/// ```
pub fn display_safe(text: &str) -> DisplaySafe<'_> {
    DisplaySafe(text)
}

/// Displays text through the gate of [`display_safe`].
#[derive(Clone, Copy, Debug)]
pub struct DisplaySafe<'a>(&'a str);

impl fmt::Display for DisplaySafe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            f.write_char(match c {
                '\n' => '\n',
                '\t' => ' ',
                '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
                '\u{7f}' => '␡',
                c if is_unsafe_to_show(c) => '\u{fffd}',
                c => c,
            })
        })
    }
}

/// Whether showing this character could change how its surroundings are shown.
pub(crate) fn is_unsafe_to_show(c: char) -> bool {
    // Joiners hold many scripts and most emoji families together.
    let joiner = matches!(c, '\u{200c}' | '\u{200d}');
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (is_formatting(c) && !joiner)
}

/// Whether a name made of only such characters would look like no name at all.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || is_formatting(c)
        || matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Unicode's format characters that have no picture of their own.
fn is_formatting(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{1d173}'..='\u{1d17a}'
    )
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn emoji_families_and_joined_scripts_are_left_whole() {
        for text in ["👩‍👩‍👧", "نامه‌ای", "👍🏽", "e\u{301}"] {
            assert_eq!(display_safe(text).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_gets_through(text in any::<alloc::string::String>()) {
            let shown = display_safe(&text).to_string();
            prop_assert!(shown.chars().all(|c| c == '\n' || !is_unsafe_to_show(c)));
        }
    }
}
