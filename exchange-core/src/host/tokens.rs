//! The tokens with which a member may come back. A host knows them when it sees them, and has none of them: whoever gets
//! hold of what it keeps can be nobody by it.

use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::Token;

/// What a member has to show.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Tokens {
    current: Option<Print>,
    before: Before,
}

/// What else it may show instead of the current token, because the message with that may never have reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Before {
    Nothing,
    NoToken,
    Token(Print),
}

/// What is made of a token, and of no other that anybody could find.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Print([u8; 16]);

impl Tokens {
    /// Those of somebody who has none, and may come without.
    pub(super) const NEW: Self = Self { current: None, before: Before::NoToken };

    /// Those of the host itself, which comes from nowhere.
    pub(super) const OWNER: Self = Self { current: None, before: Before::Nothing };

    pub(super) fn admit(&self, shown: Option<Token>) -> bool {
        let shown = shown.map(Print::of);
        match self.before {
            Before::NoToken if shown.is_none() => return true,
            Before::Token(before) if shown == Some(before) => return true,
            _ => {}
        }
        shown.is_some() && (shown == self.current || cfg!(exchange_bug = "any-token-will-do"))
    }

    pub(super) fn rotate(&mut self, shown: Option<Token>, fresh: Token) {
        self.before = shown.map_or(Before::NoToken, |shown| Before::Token(Print::of(shown)));
        if cfg!(exchange_bug = "lost-welcome-locks-out") {
            self.before = Before::Nothing;
        }
        self.current = Some(Print::of(fresh));
    }

    /// The current one was received: the one before is spent. Whether it was not before.
    pub(super) fn received(&mut self) -> bool {
        core::mem::replace(&mut self.before, Before::Nothing) != Before::Nothing
    }

    /// The same, where what was kept are the tokens themselves, as it was until the third form of rows.
    pub(super) fn of_plain(self) -> Self {
        let print = |Print(token)| Print::of(Token::from_bytes(token));
        let before = match self.before {
            Before::Token(token) => Before::Token(print(token)),
            before => before,
        };
        Self { current: self.current.map(print), before }
    }
}

impl Print {
    fn of(token: Token) -> Self {
        let hash = Sha256::new().chain_update(b"exchange token 1").chain_update(token.as_bytes()).finalize();
        let mut print = [0; 16];
        print.copy_from_slice(&hash[..16]);
        Self(print)
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Print(..)")
    }
}
