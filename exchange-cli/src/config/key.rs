//! All that can be set.

use std::num::NonZeroU32;

use exchange_tokio::Target;

use super::value::{Made, Value};
use crate::{
    args::{Settings, age, seconds},
    invitation::Invitation,
};

/// Something that can be set.
#[derive(Debug)]
pub(crate) struct Key {
    /// With its table, such as `host.port`.
    pub(crate) name: &'static str,
    /// A value of it, as it is written.
    pub(crate) example: &'static str,
    pub(crate) about: &'static str,
    /// What it is where it is not set.
    pub(crate) without: &'static str,
    pub(super) set: fn(&mut Settings, Value<'_>) -> Made<()>,
}

/// The tables of them, before that of the profiles.
pub(crate) const TABLES: [&str; 2] = ["host", "join"];

/// Those without a table come first.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "nick",
        example: "\"ana\"",
        about: "What you are called.",
        without: "your user name",
        set: |all, value| set(&mut all.nick, value.parsed()),
    },
    Key {
        name: "plain",
        example: "false",
        about: "Lines without colours and times, also on a terminal.",
        without: "false",
        set: |all, value| set(&mut all.plain, value.flag()),
    },
    Key {
        name: "interface",
        example: "[\"eth0\", \"wlan0\"]",
        about: "Find and announce sessions on these network interfaces only.",
        without: "those of a local network",
        set: |all, value| set(&mut all.interface, value.names()),
    },
    Key {
        name: "no_discovery",
        example: "false",
        about: "Neither announce nor look for sessions: they are joined by address.",
        without: "false",
        set: |all, value| set(&mut all.no_discovery, value.flag()),
    },
    Key {
        name: "read_receipts",
        example: "false",
        about: "Let others see how far you have read.",
        without: "false",
        set: |all, value| set(&mut all.read_receipts, value.flag()),
    },
    Key {
        name: "host.name",
        example: "\"Lab 3\"",
        about: "What a session is called that you host.",
        without: "a name that tells whose it is",
        set: |all, value| set(&mut all.host.name, value.parsed()),
    },
    Key {
        name: "host.room",
        example: "\"den\"",
        about: "Join this room as well, and talk there.",
        without: "the lobby",
        set: |all, value| set(&mut all.host.room, value.parsed()),
    },
    Key {
        name: "host.port",
        example: "27027",
        about: "Listen at this TCP port.",
        without: "27027 or, if that is taken, any that is free",
        set: |all, value| set(&mut all.host.port, value.whole("a number from 0 to 65535 is needed")),
    },
    Key {
        name: "host.rate",
        example: "20",
        about: "Messages that one person may send in a second.",
        without: "20; where it is strict, 2",
        set: |all, value| set(&mut all.host.rate, rate(value)),
    },
    Key {
        name: "host.strict",
        example: "false",
        about: "Allow everybody less of everything, as is wise where people do not know each other.",
        without: "false",
        set: |all, value| set(&mut all.host.strict, value.flag()),
    },
    Key {
        name: "host.ask",
        example: "false",
        about: "Let only those in of whom you approve.",
        without: "false",
        set: |all, value| set(&mut all.host.ask, value.flag()),
    },
    Key {
        name: "host.qr",
        example: "false",
        about: "Show a QR code of a link by which others join.",
        without: "false",
        set: |all, value| set(&mut all.host.qr, value.flag()),
    },
    Key {
        name: "host.store",
        example: "\"~/lab3.exchange\"",
        about: "Keep what happens in this file, and go on with what is in it.",
        without: "nothing is kept",
        set: |all, value| set(&mut all.host.store, value.path()),
    },
    Key {
        name: "host.keep_for",
        example: "\"30d\"",
        about: "Forget what was said so long ago.",
        without: "as much is kept as there is room for",
        set: |all, value| set(&mut all.host.keep_for, value.parsed_by(age)),
    },
    Key {
        name: "join.session",
        example: "\"Lab 3\"",
        about: "The name of the session to join, or the address of its host.",
        without: "the only session there is",
        set: |all, value| set(&mut all.join.session, value.parsed_by(target)),
    },
    Key {
        name: "join.room",
        example: "\"den\"",
        about: "Join this room as well, and talk there.",
        without: "the lobby",
        set: |all, value| set(&mut all.join.room, value.parsed()),
    },
    Key {
        name: "join.wait",
        example: "false",
        about: "Wait for a session that is not there yet, and for a host that has closed to come back.",
        without: "false",
        set: |all, value| set(&mut all.join.wait, value.flag()),
    },
    Key {
        name: "join.timeout",
        example: "5",
        about: "How long to look for the session, in seconds.",
        without: "5",
        set: |all, value| set(&mut all.join.timeout, value.number_by(seconds)),
    },
    Key {
        name: "join.store",
        example: "\"~/me.exchange\"",
        about: "Keep who you are in this file, and what you say until it has arrived. A file is for one session.",
        without: "nothing is kept",
        set: |all, value| set(&mut all.join.store, value.path()),
    },
];

impl Key {
    /// Its table, if it has one, and its name in it.
    pub(crate) fn parts(&self) -> (Option<&'static str>, &'static str) {
        self.name.split_once('.').map_or((None, self.name), |(table, name)| (Some(table), name))
    }
}

fn set<T>(to: &mut Option<T>, made: Made<T>) -> Made<()> {
    *to = Some(made?);
    Ok(())
}

fn rate(value: Value<'_>) -> Made<NonZeroU32> {
    let needed = "a number of at least 1 is needed";
    value.whole(needed).and_then(|rate| NonZeroU32::new(rate).ok_or_else(|| needed.into()))
}

/// Not a link, which may have a code in it: that is a secret.
fn target(text: &str) -> Made<Target> {
    if Invitation::is_meant(text) {
        return Err("a name or an address is needed; a link is nothing to be written down".into());
    }
    text.parse().map_err(|error: exchange_tokio::core::NameError| error.to_string())
}
