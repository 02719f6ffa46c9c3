//! One thing that is shown in a room: what somebody said, as it stands now, or something that happened.

use std::collections::{BTreeMap, BTreeSet};

use exchange_tokio::core::{Body, Message, PeerId, Seq, Timestamp, text::display_safe};
use jiff::{civil::DateTime, tz::TimeZone};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    search::highlights,
    spans::{linked, spans},
    theme::{STRONG, Theme},
    wrap::{columns, cut, wrap},
};
use crate::{line, links::short};

/// What is shown in a room.
#[derive(Debug)]
pub(crate) enum Item {
    Said(Box<Said>),
    Told {
        line: line::Line,
        at: Timestamp,
    },
    /// Some have come and gone, and nothing else has happened in between.
    Crowd {
        came: Vec<String>,
        went: Vec<String>,
        at: Timestamp,
    },
}

/// A message, with what has become of it.
#[expect(clippy::struct_excessive_bools, reason = "each may be with any other")]
#[derive(Debug)]
pub(crate) struct Said {
    /// Its place in the log, as long as that is the log.
    pub(crate) seq: Option<Seq>,
    pub(crate) sender: PeerId,
    /// What its sender was called then.
    label: String,
    at: Timestamp,
    text: String,
    pub(crate) mine: bool,
    means_me: bool,
    /// Where people sign what they say, this was not signed, or it cannot be told.
    is_doubtful: bool,
    reply_to: Option<Seq>,
    edited: bool,
    deleted: bool,
    reactions: BTreeMap<String, BTreeSet<PeerId>>,
}

/// What is shown with an item that is not its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// Of an answer, what it answers.
    pub(crate) answered: Option<&'a Said>,
    /// What has become of it.
    pub(crate) receipt: Option<&'a str>,
    /// The words that it was found by.
    pub(crate) found: Option<&'a [String]>,
}

/// How items are shown.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) zone: TimeZone,
    pub(crate) width: usize,
}

/// So wide that there is room for times and a column of names.
const WIDE: usize = 50;

/// The columns of names, and those of times with the blank behind them.
const NAMES: usize = 12;
const TIMES: usize = 6;

/// How far the text of a narrow stream is indented.
const INDENT: usize = 2;

/// As much of what is answered is shown with the answer.
const QUOTED: usize = 60;

impl Said {
    pub(crate) fn new(message: &Message, label: &str, me: PeerId, proves: bool) -> Self {
        let text = match message.body() {
            Body::Text(_) | Body::Post(_) => shown(message.text()),
            other => format!("(what this program cannot show: kind {})", other.kind()),
        };
        Self {
            seq: Some(message.seq()),
            sender: message.sender().id,
            label: shown(label),
            at: message.timestamp(),
            text,
            mine: message.is_mine(),
            means_me: message.mentions().contains(&me),
            is_doubtful: proves && !message.is_proven(),
            reply_to: message.reply_to(),
            edited: false,
            deleted: message.is_deleted(),
            reactions: BTreeMap::new(),
        }
    }

    /// What somebody said who is called that, for tests.
    #[cfg(test)]
    pub(crate) fn sample(seq: u64, sender: PeerId, label: &str, at: Timestamp, text: &str) -> Self {
        Self {
            seq: Some(Seq(seq)),
            sender,
            label: shown(label),
            at,
            text: shown(text),
            mine: false,
            means_me: false,
            is_doubtful: false,
            reply_to: None,
            edited: false,
            deleted: false,
            reactions: BTreeMap::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn answering(self, seq: u64) -> Self {
        Self { reply_to: Some(Seq(seq)), ..self }
    }

    pub(crate) fn edit(&mut self, text: &str, me_is_meant: bool) {
        (self.text, self.edited, self.means_me) = (shown(text), true, me_is_meant);
    }

    pub(crate) fn delete(&mut self) {
        (self.text, self.deleted) = (String::new(), true);
        self.reactions.clear();
    }

    pub(crate) fn react(&mut self, reaction: &str, peer: PeerId, added: bool) {
        let people = self.reactions.entry(shown(reaction)).or_default();
        if added {
            people.insert(peer);
        } else {
            people.remove(&peer);
        }
        self.reactions.retain(|_, people| !people.is_empty());
    }

    /// What is said, for whoever copies or answers it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    pub(crate) fn reply_to(&self) -> Option<Seq> {
        self.reply_to
    }

    pub(crate) fn means_me(&self) -> bool {
        self.means_me && !self.mine
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    fn rows(&self, look: &Look, Beside { answered, receipt, found }: Beside<'_>) -> Vec<Line<'static>> {
        let Look { theme, width, .. } = look;
        let name = if self.means_me { theme.mention() } else { theme.person(self.sender) };
        let name = if found.is_some() { name.patch(theme.bar()) } else { name };
        let mut rows = Vec::new();
        if let Some(seq) = self.reply_to {
            let quoted = match answered {
                Some(answered) => format!("↳ {}: {}", answered.label, short(&answered.text).replace('\n', " ")),
                None => format!("↳ #{seq}"),
            };
            let quoted = cut(&quoted, QUOTED.min(width.saturating_sub(look.indent())));
            rows.push(Line::from(vec![Span::raw(" ".repeat(look.indent())), Span::styled(quoted, theme.faint())]));
        }
        let mut words = look.begin(self.at, &self.label, name);
        if self.deleted {
            words.push(Span::styled("(deleted)", theme.faint()));
        } else {
            let style = if self.means_me { STRONG } else { Style::new() };
            words.extend(linked(&self.text, style, &highlights(&self.text, found.unwrap_or_default(), *theme), *theme));
        }
        if self.edited && !self.deleted {
            words.push(Span::styled(" (edited)", theme.faint()));
        }
        if self.is_doubtful {
            words.push(Span::styled(" (unproven)", theme.warning()));
        }
        if let Some(receipt) = receipt {
            words.push(Span::styled(format!(" ✓ {receipt}"), theme.faint()));
        }
        rows.extend(wrap(&words, *width, look.indent()));
        if !self.reactions.is_empty() {
            let counted = self.reactions.iter().map(|(reaction, people)| format!("{reaction} {}", people.len()));
            let counted = counted.collect::<Vec<_>>().join("  ");
            let indent = Span::raw(" ".repeat(look.indent()));
            rows.extend(wrap(&[indent, Span::styled(counted, theme.faint())], *width, look.indent()));
        }
        rows
    }
}

impl Item {
    pub(crate) fn said(&self) -> Option<&Said> {
        match self {
            Self::Said(said) => Some(said),
            Self::Told { .. } | Self::Crowd { .. } => None,
        }
    }

    pub(crate) fn said_mut(&mut self) -> Option<&mut Said> {
        match self {
            Self::Said(said) => Some(said),
            Self::Told { .. } | Self::Crowd { .. } => None,
        }
    }

    /// When it was, for whoever is there.
    pub(crate) fn moment(&self, zone: &TimeZone) -> Option<DateTime> {
        let at = match self {
            Self::Said(said) => said.at,
            Self::Told { at, .. } | Self::Crowd { at, .. } => *at,
        };
        moment(at, zone)
    }

    /// As rows of the terminal.
    pub(crate) fn rows(&self, look: &Look, beside: Beside<'_>) -> Vec<Line<'static>> {
        match self {
            Self::Said(said) => said.rows(look, beside),
            Self::Told { line, at } => {
                let theme = look.theme;
                // What stands before a line in a stream of lines has a column here.
                let text = line.as_str();
                let sign = ["* ", "-- "].into_iter().find(|sign| text.starts_with(sign)).unwrap_or("");
                let mut words = look.begin(*at, sign.trim_end(), theme.faint());
                words.extend(spans(line, sign.len(), look.theme));
                wrap(&words, look.width, look.indent())
            }
            Self::Crowd { came, went, at } => {
                let mut words = look.begin(*at, "*", look.theme.faint());
                let parts = [(came, "joined"), (went, "left")];
                let parts = parts.iter().filter(|(people, _)| !people.is_empty());
                let parts: Vec<String> = parts.map(|(people, did)| format!("{} {did}", several(people))).collect();
                words.push(Span::raw(parts.join("; ")));
                wrap(&words, look.width, look.indent())
            }
        }
    }
}

/// As many of them by name as say something.
fn several(people: &[String]) -> String {
    match people {
        [one] => one.clone(),
        [some @ .., last] if people.len() <= 4 => format!("{} and {last}", some.join(", ")),
        [one, other, third, rest @ ..] => format!("{one}, {other}, {third} and {} more", rest.len()),
        _ => people.join(", "),
    }
}

impl Look {
    fn is_wide(&self) -> bool {
        self.width >= WIDE
    }

    fn indent(&self) -> usize {
        if self.is_wide() { TIMES + NAMES + 1 } else { INDENT }
    }

    fn begin(&self, at: Timestamp, name: &str, style: Style) -> Vec<Span<'static>> {
        let mut words = Vec::new();
        if self.is_wide() {
            let time = moment(at, &self.zone).map_or_else(|| "--:--".into(), |at| at.strftime("%H:%M").to_string());
            words.push(Span::styled(format!("{time} "), self.theme.faint()));
            let name = cut(name, NAMES);
            words.push(Span::raw(" ".repeat(NAMES - columns(&name))));
            words.push(Span::styled(name, style));
            words.push(Span::raw(" "));
        } else if !name.is_empty() {
            words.push(Span::styled(cut(name, NAMES), style));
            words.push(Span::raw(" "));
        }
        words
    }
}

/// The host's clock may show anything.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> Option<DateTime> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.as_millis()).ok()?).ok()?;
    Some(zone.to_datetime(at))
}

/// The gate: nothing of it is obeyed by a terminal.
fn shown(text: &str) -> String {
    display_safe(text.trim_end_matches('\n')).to_string()
}
