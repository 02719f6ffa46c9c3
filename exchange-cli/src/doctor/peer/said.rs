//! What two doctors tell each other, each line of which is JSON. What the other says is read into types in which nothing
//! can stand that must not be shown or typed.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use crate::{doctor::firewall::Firewall, local::LeftOut};

/// Who one is, before anything was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Introduction {
    pub(super) token: Token,
    /// The address that one has in this conversation.
    pub(in super::super) own: IpAddr,
    /// The address that the other has, as it is seen from here.
    pub(in super::super) other: IpAddr,
    /// The interface that this conversation goes by; none if its name is not one to be typed.
    pub(in super::super) interface: Option<InterfaceName>,
    /// Why sessions are not looked for on that interface.
    pub(in super::super) left_out: Option<LeftOut>,
    /// Whether the other is on the network that this interface is on, and not behind a router.
    pub(in super::super) same_network: bool,
    /// Where a session is hosted, or would be.
    pub(in super::super) port: u16,
    /// Whether one is.
    pub(in super::super) session: bool,
    pub(in super::super) firewall: Option<Firewall>,
}

/// What came of what was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Report {
    /// Whether the other's port could be connected to; none if it was not tried.
    pub(in super::super) tcp: Option<Reach>,
    pub(in super::super) multicast: Crossing,
}

/// What came of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Reach {
    Reached,
    Refused,
    Unanswered,
    /// Somebody else answers.
    Stranger,
}

/// What multicast DNS gets across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Crossing {
    /// None where nobody listened, or one has no address of that kind.
    pub(in super::super) ipv4: Option<Hearing>,
    pub(in super::super) ipv6: Option<Hearing>,
}

/// What was heard of what both have said to everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Hearing {
    pub(in super::super) own: bool,
    pub(in super::super) other: bool,
}

/// What one is known by in one conversation. It is no secret: it only has to be another each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Token(String);

impl Token {
    pub(super) fn new() -> Self {
        // The standard library draws a new one each time.
        Self(format!("{:016x}", RandomState::new().hash_one(())))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Token {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_token = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_token { Ok(Self(text)) } else { Err("no token") }
    }
}

/// The name of an interface that means nothing else to any shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(in super::super) struct InterfaceName(String);

impl InterfaceName {
    pub(in super::super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for InterfaceName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
        let is_name = (1..=64).contains(&text.len()) && text.bytes().all(is_harmless) && !text.starts_with('-');
        if is_name { Ok(Self(text)) } else { Err("no name of an interface") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_something_to_a_shell_or_a_screen_is_no_name() {
        for name in ["eth0", "wlp3s0", "br-5f1c", "eth0.7", "veth1@if2"] {
            assert!(InterfaceName::try_from(name.to_owned()).is_ok(), "{name}");
        }
        for name in ["", "$(reboot)", "a b", "-x", "a;b", "\u{1b}[2J", "é", "`x`", &"x".repeat(65)] {
            assert!(InterfaceName::try_from(name.to_owned()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_token_is_another_each_time_and_read_strictly() {
        assert_ne!(Token::new(), Token::new());
        assert_eq!(Token::try_from(Token::new().0.clone()).unwrap().0.len(), 16);
        for token in ["", "0123456789abcde", "0123456789abcdefa", "0123456789ABCDEF", "0123456789abcde\n"] {
            assert!(Token::try_from(token.to_owned()).is_err(), "{token}");
        }
    }
}
