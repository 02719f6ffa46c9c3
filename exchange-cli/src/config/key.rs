//! All that can be set.

use std::num::NonZeroU32;

use exchange_tokio::Target;

use super::{
    nearest::nearest_of,
    value::{Made, Value},
};
use crate::{
    args::{Settings, age, seconds},
    full::{Ink, Palette, THEMES},
    invitation::Invitation,
};

/// Why something is not set.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It cannot be meant, for that reason.
    Mistake(String),
    /// There is nothing of that name; perhaps another is meant. The rest can count without it.
    Unknown(Option<&'static str>),
}

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
    pub(super) set: fn(&mut Settings, Value<'_>) -> Result<(), Wrong>,
}

/// The tables of them, before that of the profiles.
pub(crate) const TABLES: [&str; 3] = ["colours", "host", "join"];

const THEMED: &str = "that of the theme";

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
        name: "theme",
        example: "\"dark\"",
        about: "The colours of the whole screen: \"terminal\", \"dark\", \"light\" or, with more contrast, \"contrast\".",
        without: "\"terminal\", the terminal's own",
        set: |all, value| choose(&mut all.theme, (value, Palette::named), &THEMES.map(|(name, _)| name)),
    },
    Key {
        name: "colours.text",
        example: "\"#d8dee9\"",
        about: "What nothing else is said of: a name, such as \"blue\", \"bright blue\" or \"default\", or #rrggbb.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.text, value),
    },
    Key {
        name: "colours.background",
        example: "\"#16181d\"",
        about: "What is behind everything. The colours of names are such that they can be read on it.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.background, value),
    },
    Key {
        name: "colours.faint",
        example: "\"bright black\"",
        about: "What matters less: times, what was deleted, keys.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.faint, value),
    },
    Key {
        name: "colours.bar",
        example: "\"black\"",
        about: "The words of the lines above and below, and of what is chosen or was found; only with bar_background.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.bar, value),
    },
    Key {
        name: "colours.bar_background",
        example: "\"cyan\"",
        about: "What is behind those.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.bar_background, value),
    },
    Key {
        name: "colours.mention",
        example: "\"magenta\"",
        about: "What means you.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.mention, value),
    },
    Key {
        name: "colours.link",
        example: "\"cyan\"",
        about: "Links.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.link, value),
    },
    Key {
        name: "colours.good",
        example: "\"green\"",
        about: "That somebody is there, or that something is certain.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.good, value),
    },
    Key {
        name: "colours.warning",
        example: "\"yellow\"",
        about: "What went wrong or is not certain, and that somebody is away.",
        without: THEMED,
        set: |all, value| colour(&mut all.colours.warning, value),
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

fn set<T>(to: &mut Option<T>, made: Made<T>) -> Result<(), Wrong> {
    *to = Some(made.map_err(Wrong::Mistake)?);
    Ok(())
}

/// Sets what is chosen by a name.
fn choose<T>(
    to: &mut Option<T>,
    (value, read): (Value<'_>, fn(&str) -> Option<T>),
    names: &[&'static str],
) -> Result<(), Wrong> {
    let text = value.text().map_err(Wrong::Mistake)?;
    *to = Some(read(text).ok_or_else(|| Wrong::Unknown(nearest_of(text, names)))?);
    Ok(())
}

fn colour(to: &mut Option<Ink>, value: Value<'_>) -> Result<(), Wrong> {
    choose(to, (value, Ink::parse), &Ink::names().collect::<Vec<_>>())
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
