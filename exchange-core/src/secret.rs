//! What only those know who may come in: a code that is read to somebody, or a passphrase that a group keeps.

use alloc::{
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Params, Version};
use bip39::Language;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::seed::{Random, Seed};

/// A short code by which people who meet let each other into a session, such as `7-orbit-kitten`.
///
/// It is one of 400 million. Whoever guesses gets one answer for each attempt, and twenty for a code.
///
/// ```
/// use exchange_core::{JoinCode, Seed};
///
/// let code = JoinCode::draw(&Seed::from_number(1));
/// let typed = code.to_string().to_uppercase().replace('-', " ");
/// assert_eq!(typed.parse(), Ok(code));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JoinCode {
    number: u8,
    words: [u16; 2],
}

/// Why a text is no [`JoinCode`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinCodeError {
    /// It is not a number and two words.
    #[error("a code is a number and two words, such as 7-orbit-kitten")]
    Shape,
    /// No code begins with that number.
    #[error("a code begins with a number from 1 to 99")]
    Number,
    /// No code has that word in it.
    #[error("no code has the word {word:?}")]
    Word {
        /// Which.
        word: String,
    },
}

const NUMBERS: u8 = 99;

impl JoinCode {
    /// The code that this seed makes, which should be known to nobody else.
    pub fn draw(seed: &Seed) -> Self {
        Self::draw_from(&mut seed.fork("join code"))
    }

    pub(crate) fn draw_from(random: &mut Random) -> Self {
        let mut draw = |numbers: u16| u16::try_from(random.up_to(u64::from(numbers) - 1)).unwrap_or_default();
        let number = u8::try_from(draw(NUMBERS.into()) + 1).unwrap_or(1);
        Self { number, words: [draw(2048), draw(2048)] }
    }
}

impl FromStr for JoinCode {
    type Err = JoinCodeError;

    /// Reads a code as people write one: capitals do not matter, and blanks are as good as hyphens.
    fn from_str(text: &str) -> Result<Self, JoinCodeError> {
        let text = Zeroizing::new(text.to_lowercase());
        let mut parts = text.split(|c: char| c.is_whitespace() || c == '-').filter(|part| !part.is_empty());
        let (Some(number), Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JoinCodeError::Shape);
        };
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(JoinCodeError::Shape);
        }
        let number = number.parse().ok().filter(|number| (1..=NUMBERS).contains(number));
        let word = |word| Language::English.find_word(word).ok_or_else(|| JoinCodeError::Word { word: word.into() });
        Ok(Self { number: number.ok_or(JoinCodeError::Number)?, words: [word(first)?, word(second)?] })
    }
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.words.map(|word| Language::English.word_list()[usize::from(word) % 2048]);
        write!(f, "{}-{first}-{second}", self.number)
    }
}

/// Keeps it to itself: a code is shown to people, and not in logs.
impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinCode(..)")
    }
}

/// What a newcomer has to know to be let in, and the host to be believed: a [code](JoinCode) or a passphrase.
///
/// Whoever watches the two, or plays one of them to the other, learns of it no more than whether one guess is right.
#[derive(Clone)]
pub struct JoinSecret {
    code: Option<JoinCode>,
    password: Zeroizing<Vec<u8>>,
}

/// Why a text is neither a code nor a passphrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinSecretError {
    /// It begins as a code does.
    #[error(transparent)]
    Code(JoinCodeError),
    /// A passphrase as short as that is guessed.
    #[error("a passphrase has at least {} characters", JoinSecret::SHORTEST)]
    TooShort,
}

/// What Argon2id is to make a passphrase cost: 19 MiB, passed over twice. It is what OWASP asks of servers at the least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// The same for all sessions: a newcomer knows nothing else of the one that it comes to.
const SALT: &[u8] = b"exchange passphrase 1";

impl JoinSecret {
    /// The fewest characters that a passphrase has.
    pub const SHORTEST: usize = 10;

    /// The code that it is, unless it is a passphrase.
    pub fn code(&self) -> Option<JoinCode> {
        self.code
    }

    /// What the two ends put into SPAKE2.
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    fn passphrase(text: &str) -> Result<Self, JoinSecretError> {
        let text = Zeroizing::new(text.nfc().collect::<String>());
        if text.chars().count() < Self::SHORTEST {
            return Err(JoinSecretError::TooShort);
        }
        let mut password = Zeroizing::new(vec![0; 32]);
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
        // It fails where lengths are out of bounds: the passphrase is neither empty nor 4 GiB long.
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(text.as_bytes(), SALT, &mut password)
            .map_err(|_| JoinSecretError::TooShort)?;
        Ok(Self { code: None, password })
    }
}

impl From<JoinCode> for JoinSecret {
    fn from(code: JoinCode) -> Self {
        Self { code: Some(code), password: Zeroizing::new(code.to_string().into_bytes()) }
    }
}

impl FromStr for JoinSecret {
    type Err = JoinSecretError;

    /// A code where it can be one, else a passphrase, of which every character matters; white space around it does not.
    ///
    /// For a passphrase it takes 20 MB and some ten milliseconds for a moment, on purpose.
    fn from_str(text: &str) -> Result<Self, JoinSecretError> {
        let text = text.trim();
        match text.parse::<JoinCode>() {
            Ok(code) => Ok(code.into()),
            Err(JoinCodeError::Shape) => Self::passphrase(text),
            Err(error) => Err(JoinSecretError::Code(error)),
        }
    }
}

impl fmt::Debug for JoinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, format};

    use super::*;

    #[test]
    fn codes_are_read_as_they_are_shown_and_as_people_type_them() {
        for number in 0..500 {
            let code = JoinCode::draw(&Seed::from_number(number));
            let shown = code.to_string();
            assert_eq!(shown.parse(), Ok(code));
            assert_eq!(format!("  {}\n", shown.to_uppercase().replace('-', " - ")).parse(), Ok(code));
        }
    }

    #[test]
    fn every_number_and_every_word_is_drawn() {
        let mut random = Seed::from_number(1).fork("codes");
        let codes: Vec<JoinCode> = (0..30_000).map(|_| JoinCode::draw_from(&mut random)).collect();
        assert_eq!(codes.iter().map(|code| code.number).collect::<BTreeSet<_>>(), (1..=99).collect());
        for place in 0..2 {
            assert_eq!(codes.iter().map(|code| code.words[place]).collect::<BTreeSet<_>>(), (0..2048).collect());
        }
    }

    #[test]
    fn what_is_no_code_is_told_what_is_wrong_with_it() {
        let error = |text: &str| text.parse::<JoinCode>().unwrap_err();
        for text in ["", "7", "7-orbit", "7-orbit-kitten-kitten", "orbit-7-kitten", "+7-orbit-kitten"] {
            assert_eq!(error(text), JoinCodeError::Shape, "{text}");
        }
        for text in ["0-orbit-kitten", "100-orbit-kitten", "99999999999-orbit-kitten"] {
            assert_eq!(error(text), JoinCodeError::Number, "{text}");
        }
        assert_eq!(error("7-orbit-kitteh"), JoinCodeError::Word { word: "kitteh".into() });
    }

    #[test]
    fn a_secret_is_a_code_or_a_passphrase_that_is_not_too_short() {
        let secret = |text: &str| text.parse::<JoinSecret>();
        let code = secret(" 7 Orbit Kitten ").unwrap();
        assert_eq!((code.code(), code.password()), ("7-orbit-kitten".parse().ok(), &b"7-orbit-kitten"[..]));

        let phrase = secret("correct horse battery").unwrap();
        assert_eq!((phrase.code(), phrase.password().len()), (None, 32));
        assert_eq!(secret("\tcorrect horse battery\n").unwrap().password(), phrase.password());
        assert_ne!(secret("correct horse batterY").unwrap().password(), phrase.password());
        assert_eq!(secret("caf\u{e9} au lait").unwrap().password(), secret("cafe\u{301} au lait").unwrap().password());

        assert_eq!(secret("too short").unwrap_err(), JoinSecretError::TooShort);
        let word = JoinCodeError::Word { word: "kitteh".into() };
        assert_eq!(secret("7-orbit-kitteh").unwrap_err(), JoinSecretError::Code(word));
    }

    #[test]
    fn neither_is_shown_where_it_is_not_meant_to_be() {
        let code: JoinCode = "7-orbit-kitten".parse().unwrap();
        assert_eq!(format!("{code:?} {:?}", JoinSecret::from(code)), "JoinCode(..) JoinSecret(..)");
    }
}
