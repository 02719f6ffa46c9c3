//! What newcomers have to know, and what both ends make of it.

use exchange_tokio::core::{JoinCodeError, JoinSecret, JoinSecretError};
use serde_json::{Value, json};

use super::{Vector, hex};

pub(super) fn vectors() -> Vec<Vector> {
    [
        ("code", "7-orbit-kitten"),
        ("code.as_it_is_typed", " 07  Orbit-KITTEN\n"),
        ("code.last", "99-zoo-abandon"),
        ("code.number_too_large", "100-orbit-kitten"),
        ("code.number_zero", "0-orbit-kitten"),
        ("code.no_such_word", "7-orbit-kitteh"),
        ("passphrase", "correct horse battery staple"),
        ("passphrase.with_blanks_around_it", "\tcorrect horse battery staple "),
        ("passphrase.in_other_letters", "Correct horse battery staple"),
        ("passphrase.beyond_ascii", "caf\u{e9} au lait"),
        ("passphrase.decomposed", "cafe\u{301} au lait"),
        ("passphrase.two_words", "orbit-kitten"),
        ("passphrase.four_words", "7-orbit-kitten-zoo"),
        ("passphrase.too_short", "too short"),
    ]
    .map(|(name, text)| {
        let vector = Vector::new(name).bytes("bytes", text.as_bytes());
        match secret_meaning(text) {
            Ok(meaning) => vector.with("meaning", &meaning),
            Err(error) => vector.with("error", error),
        }
    })
    .into()
}

/// What a secret is, as vectors have it.
///
/// # Errors
///
/// What is wrong with it, as they have it.
pub fn secret_meaning(text: &str) -> Result<Value, &'static str> {
    match text.parse::<JoinSecret>() {
        Ok(secret) => Ok(json!({
            "code": secret.code().map(|code| code.to_string()),
            "password": hex(secret.password()),
        })),
        Err(JoinSecretError::TooShort) => Err("too_short"),
        Err(JoinSecretError::Code(JoinCodeError::Number)) => Err("number"),
        Err(JoinSecretError::Code(_)) => Err("word"),
    }
}
