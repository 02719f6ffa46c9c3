//! What is looked for among what was said, and what was found of it.

use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use exchange_tokio::core::{MessageView, PeerId, RoomName, Seq, Timestamp};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph},
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    compose::Compose,
    item::{Look, moment},
    press::Do,
    spans::linked,
    theme::Theme,
    view::safe,
    wrap::{columns, cut, wrap},
};
use crate::{input::Found, links::short};

/// As many are shown.
const MOST: usize = 200;

/// As many rows are shown of one.
const ROWS: usize = 3;

/// What stands before what is looked for is shown so far.
const CONTEXT: usize = 20;

/// What is looked for.
#[derive(Debug, Default)]
pub(crate) struct Search {
    prompt: Compose,
    /// What was looked for last, and the words of it that are in what was found.
    asked: Option<String>,
    words: Vec<String>,
    /// The newest first.
    hits: Vec<Hit>,
    place: usize,
    /// Why there is nothing.
    told: Option<String>,
}

/// A message that was found.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) room: RoomName,
    pub(crate) seq: Seq,
    sender: PeerId,
    who: String,
    at: Timestamp,
    text: String,
}

impl Hit {
    /// A message, and what its author is called.
    pub(crate) fn new(view: &MessageView, who: &str) -> Self {
        let message = view.message();
        Self {
            room: message.room().clone(),
            seq: message.seq(),
            sender: message.sender().id,
            who: safe(who),
            at: message.timestamp(),
            text: safe(view.text()),
        }
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn sample(room: &str, seq: u64, (sender, who): (PeerId, &str), at: Timestamp, text: &str) -> Self {
        Self { room: room.parse().unwrap(), seq: Seq(seq), sender, who: safe(who), at, text: safe(text) }
    }
}

impl Search {
    /// What there is of what is looked for, the oldest first as it was said.
    pub(crate) fn found(&mut self, asked: &str, found: &Found, mut hits: Vec<Hit>) {
        hits.reverse();
        hits.truncate(MOST);
        let told = hits.is_empty().then(|| "There are no such messages.".to_owned());
        (self.words, self.hits, self.told) = (found.words.clone(), hits, told);
        self.asks(asked);
    }

    /// That is nothing that could be looked for.
    pub(crate) fn fails(&mut self, asked: &str, why: String) {
        (self.words, self.hits, self.told) = (Vec::new(), Vec::new(), Some(why));
        self.asks(asked);
    }

    fn asks(&mut self, asked: &str) {
        if self.prompt.text() != asked {
            self.prompt.set(asked);
        }
        (self.asked, self.place) = (Some(asked.to_owned()), 0);
    }

    /// The words that are in what was found.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// What a key comes to; none, if that is to come back to where one was.
    pub(crate) fn press(&mut self, key: KeyEvent, height: usize) -> Option<Do> {
        let last = self.hits.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return None,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return None,
            KeyCode::Up => self.place = self.place.saturating_sub(1),
            KeyCode::Down => self.place = (self.place + 1).min(last),
            KeyCode::PageUp => self.place = self.place.saturating_sub(height / ROWS),
            KeyCode::PageDown => self.place = (self.place + height / ROWS).min(last),
            KeyCode::Enter => {
                let text = self.prompt.text();
                return Some(match self.hits.get(self.place) {
                    Some(hit) if self.asked.as_ref() == Some(&text) => Do::Hit(hit.room.clone(), hit.seq),
                    _ if text.trim().is_empty() => Do::Nothing,
                    _ => Do::Find(text),
                });
            }
            _ => self.prompt.input(key),
        }
        Some(Do::Nothing)
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.prompt.edit(|area| area.insert_str(text.trim().replace('\n', " ")));
    }

    /// Draws it where it has all the room there is; `label` is what rooms are called.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, label: impl Fn(&RoomName) -> String) {
        const SIGN: &str = "Search: ";
        let block =
            Block::bordered().style(look.theme.base()).title("Enter looks for it, then goes there; Esc comes back");
        let inner = block.inner(area);
        frame.render_widget(Clear, area);
        frame.render_widget(block, area);
        let [prompt, hint, list] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(inner);
        let width = u16::try_from(SIGN.len()).unwrap_or(u16::MAX).min(prompt.width / 2);
        let [sign, typed] = Layout::horizontal([Constraint::Length(width), Constraint::Min(1)]).areas(prompt);
        frame.render_widget(Line::raw(SIGN), sign);
        if inner.height > 0 {
            self.prompt.draw(frame, typed);
        }
        let hints = match (&self.told, self.hits.len()) {
            (Some(told), _) => safe(told),
            (None, 0) => "words, and before them: #room @nick since 2h until 14:00".into(),
            (None, 1) => "one message".into(),
            (None, MOST..) => format!("the last {MOST} messages"),
            (None, hits) => format!("{hits} messages"),
        };
        frame.render_widget(Line::styled(cut(&hints, hint.width.into()), look.theme.faint()), hint);
        frame.render_widget(Paragraph::new(self.rows(list, look, label)), list);
    }

    fn rows(&self, area: Rect, look: &Look, label: impl Fn(&RoomName) -> String) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        for (place, hit) in self.hits.iter().enumerate() {
            // What is below it is not seen.
            if place > self.place && rows.len() >= area.height.into() {
                break;
            }
            rows.extend(self.row(hit, place == self.place, area.width.into(), look, &label(&hit.room)));
            if place == self.place {
                let above = rows.len().saturating_sub(area.height.into());
                rows.drain(..above);
            }
        }
        rows
    }

    fn row(&self, hit: &Hit, is_marked: bool, width: usize, look: &Look, label: &str) -> Vec<Line<'static>> {
        let at = moment(hit.at, &look.zone).map_or_else(String::new, |at| at.strftime("%-d %b %H:%M ").to_string());
        let name = if is_marked { look.theme.bar() } else { look.theme.person(hit.sender) };
        let mark = if is_marked { "▸ " } else { "  " };
        let mut words = vec![
            Span::raw(mark),
            Span::styled(format!("{at}{label} "), look.theme.faint()),
            Span::styled(hit.who.clone(), name),
            Span::raw(" "),
        ];
        let text = excerpt(&short(&hit.text), &self.words, ROWS.saturating_mul(width) / 2);
        words.extend(linked(&text, Style::new(), &highlights(&text, &self.words, look.theme), look.theme));
        let mut rows = wrap(&words, width, 2);
        if rows.len() > ROWS {
            rows.truncate(ROWS);
            if let Some(last) = rows.last_mut() {
                last.push_span(Span::raw("…"));
            }
        }
        rows
    }
}

/// Where words are in a text, whatever their case, and how they stand out there.
pub(crate) fn highlights(text: &str, words: &[String], theme: Theme) -> Vec<(Range<usize>, Style)> {
    occurrences(text, words).into_iter().map(|place| (place, theme.bar())).collect()
}

fn occurrences(text: &str, words: &[String]) -> Vec<Range<usize>> {
    if words.is_empty() {
        return Vec::new();
    }
    // Letters may have another length in lower case: each byte of that knows where it comes from.
    let (mut lower, mut places) = (String::new(), Vec::new());
    for (at, c) in text.char_indices() {
        for small in c.to_lowercase() {
            lower.push(small);
            places.extend(std::iter::repeat_n(at..at + c.len_utf8(), small.len_utf8()));
        }
    }
    let words = words.iter().map(|word| word.to_lowercase()).filter(|word| !word.is_empty());
    let found = words.flat_map(|word| {
        let starts: Vec<usize> = lower.match_indices(&word).map(|(at, _)| at).collect();
        starts.into_iter().map(move |start| start..start + word.len())
    });
    let place = |found: Range<usize>| Some(places.get(found.start)?.start..places.get(found.end.checked_sub(1)?)?.end);
    found.filter_map(place).collect()
}

/// A text from a little before what is looked for, if that is not near its beginning.
fn excerpt(text: &str, words: &[String], most: usize) -> String {
    let Some(first) = occurrences(text, words).into_iter().map(|place| place.start).min() else { return text.into() };
    let Some(before) = text.get(..first).filter(|before| columns(before) > most) else { return text.into() };
    let from = before.grapheme_indices(true).rev().nth(CONTEXT).map_or(first, |(at, _)| at);
    format!("…{}", text.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        occurrences(text, &words).into_iter().map(|place| text[place].to_owned()).collect()
    }

    #[test]
    fn words_are_found_whatever_their_case_and_however_long_that_is() {
        assert_eq!(found("Lunch? LUNCH at lunchtime", &["lunch"]), ["Lunch", "LUNCH", "lunch"]);
        assert_eq!(found("İstanbul İ", &["istanbul"]), Vec::<String>::new(), "it is another letter");
        assert_eq!(found("İSTANBUL x", &["x"]), ["x"], "what is before is longer in lower case");
        assert_eq!(found("ab", &["", "ab", "b"]), ["ab", "b"]);
    }

    #[test]
    fn what_is_looked_for_is_in_what_is_shown_of_a_long_text() {
        let long = format!("{} needle and so on", "hay ".repeat(200));
        let shown = excerpt(&long, &["NEEDLE".into()], 100);
        assert!(shown.starts_with('…') && shown.contains("needle") && columns(&shown) < 60, "{shown}");
        assert_eq!(excerpt("hay needle", &["needle".into()], 100), "hay needle");
        assert_eq!(excerpt(&long, &[], 100), long);
    }
}
