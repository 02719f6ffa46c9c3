//! What is being typed in a room: several lines, what was said before, and words that are completed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};
use ratatui_textarea::{CursorMove, DataCursor, TextArea, WrapMode};

use super::wrap::wrap;

/// As much is kept of what was said in a room.
const KEPT: usize = 200;

/// The most rows that it takes.
pub(crate) const ROWS: usize = 5;

/// The line that is typed.
#[derive(Debug)]
pub(crate) struct Compose {
    area: TextArea<'static>,
    /// What was said, the oldest first.
    said: Vec<String>,
    /// Which of it is shown, and what was typed before it was.
    recalled: Option<(usize, String)>,
    completing: Option<Completing>,
}

/// A word that is being completed.
#[derive(Debug)]
struct Completing {
    /// The row, and the characters before the word.
    row: usize,
    before: String,
    /// What follows it.
    after: String,
    candidates: Vec<String>,
    place: usize,
}

/// What is to be completed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) typed: &'a str,
    /// Whether nothing is before it.
    pub(crate) is_first: bool,
    /// The command that it belongs to, if there is one.
    pub(crate) command: Option<&'a str>,
}

impl Default for Compose {
    fn default() -> Self {
        Self { area: area(""), said: Vec::new(), recalled: None, completing: None }
    }
}

impl Compose {
    pub(crate) fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Takes what was typed, to be said.
    pub(crate) fn take(&mut self) -> String {
        let text = self.text();
        if !text.trim().is_empty() && self.said.last() != Some(&text) {
            self.said.push(text.clone());
            if self.said.len() > KEPT {
                self.said.remove(0);
            }
        }
        self.set("");
        self.recalled = None;
        text
    }

    pub(crate) fn set(&mut self, text: &str) {
        self.completing = None;
        self.area = area(text);
    }

    /// Edits what is typed.
    pub(crate) fn edit<T>(&mut self, edit: impl FnOnce(&mut TextArea<'static>) -> T) {
        self.completing = None;
        edit(&mut self.area);
    }

    /// Edits it as a key says, in a shell's way.
    pub(crate) fn input(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => {
                self.edit(TextArea::delete_line_by_head);
            }
            KeyCode::Char('e') if control => self.edit(|area| area.move_cursor(CursorMove::End)),
            _ => {
                self.edit(|area| area.input(key));
            }
        }
    }

    /// Goes up a row; from the first, to what was said before.
    pub(crate) fn up(&mut self) {
        if self.area.cursor().0 > 0 {
            return self.edit(|area| area.move_cursor(CursorMove::Up));
        }
        let (place, typed) = match self.recalled.take() {
            Some((place, typed)) => (place.checked_sub(1), typed),
            None => (self.said.len().checked_sub(1), self.text()),
        };
        let place = place.unwrap_or(0);
        if let Some(said) = self.said.get(place).cloned() {
            self.set(&said);
            self.recalled = Some((place, typed));
        }
    }

    /// Goes down a row; from the last, to what was said later, and to what was being typed.
    pub(crate) fn down(&mut self) {
        if self.area.cursor().0 + 1 < self.area.lines().len() {
            return self.edit(|area| area.move_cursor(CursorMove::Down));
        }
        let Some((place, typed)) = self.recalled.take() else { return };
        match self.said.get(place + 1).cloned() {
            Some(said) => {
                self.set(&said);
                self.recalled = Some((place + 1, typed));
            }
            None => self.set(&typed),
        }
    }

    /// Completes the word before the cursor, or completes it otherwise than before. `candidates` are what it may become.
    pub(crate) fn complete(&mut self, candidates: impl FnOnce(&Word<'_>) -> Vec<String>, backwards: bool) {
        let mut completing = match self.completing.take() {
            Some(again) => {
                let count = again.candidates.len();
                let step = if backwards { count - 1 } else { 1 };
                Completing { place: (again.place + step) % count, ..again }
            }
            None => match self.begin(candidates) {
                Some(begun) => begun,
                None => return,
            },
        };
        let Some(chosen) = completing.candidates.get(completing.place) else { return };
        let column = completing.before.chars().count() + chosen.chars().count();
        let mut lines = self.area.lines().to_vec();
        if let Some(line) = lines.get_mut(completing.row) {
            *line = [&*completing.before, chosen, &completing.after].concat();
        }
        self.area = area(&lines.join("\n"));
        let [row, column] = [completing.row, column].map(|place| u16::try_from(place).unwrap_or(u16::MAX));
        self.area.move_cursor(CursorMove::Jump(row, column));
        if completing.candidates.len() == 1 {
            completing.candidates.clear();
        }
        self.completing = Some(completing).filter(|completing| !completing.candidates.is_empty());
    }

    fn begin(&self, candidates: impl FnOnce(&Word<'_>) -> Vec<String>) -> Option<Completing> {
        let DataCursor(row, column) = self.area.cursor();
        let line = self.area.lines().get(row)?;
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let (left, after) = line.split_at(at);
        let start = left
            .rfind(char::is_whitespace)
            .map_or(0, |blank| blank + left[blank..].chars().next().map_or(0, char::len_utf8));
        let (before, word) = left.split_at(start);
        let is_first = row == 0 && before.trim().is_empty();
        let command = before.split_whitespace().next().filter(|first| row == 0 && first.starts_with('/'));
        let candidates = candidates(&Word { typed: word, is_first, command });
        let (before, after) = (before.to_owned(), after.to_owned());
        (!candidates.is_empty()).then_some(Completing { row, before, after, candidates, place: 0 })
    }

    /// How many rows it takes in that width.
    pub(crate) fn rows(&self, width: u16) -> u16 {
        let rows = |line: &String| wrap(&[Span::raw(line)], width.into(), 0).len();
        let rows = self.area.lines().iter().map(rows).sum::<usize>();
        u16::try_from(rows.clamp(1, ROWS)).unwrap_or(1)
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        frame.render_widget(&self.area, area);
        let (cursor, (top, left)) = (self.area.screen_cursor(), self.area.scroll_offset());
        let place = |at: usize, first: u16| u16::try_from(at).unwrap_or(u16::MAX).saturating_sub(first);
        let position = Position {
            x: area.x.saturating_add(place(cursor.col, left)).min(area.right().saturating_sub(1)),
            y: area.y.saturating_add(place(cursor.row, top)).min(area.bottom().saturating_sub(1)),
        };
        frame.set_cursor_position(position);
    }
}

fn area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::from(text.split('\n'));
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    // The terminal shows where the cursor is: programs that read the screen aloud know only that one.
    area.set_cursor_style(Style::new());
    area.set_cursor_line_style(Style::new());
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Compose {
        let mut compose = Compose::default();
        compose.set(text);
        compose
    }

    #[test]
    fn what_was_said_comes_back_and_what_was_typed_is_not_lost() {
        let mut compose = typed("one");
        assert_eq!(compose.take(), "one");
        compose.set("two\nrows");
        compose.take();
        compose.set("draft");
        compose.up();
        assert_eq!(compose.text(), "two\nrows");
        compose.up();
        assert_eq!(compose.text(), "two\nrows", "that went to its first row");
        compose.up();
        assert_eq!(compose.text(), "one");
        compose.up();
        assert_eq!(compose.text(), "one", "there is nothing before it");
        for expected in ["two\nrows", "draft", "draft"] {
            compose.down();
            assert_eq!(compose.text(), expected);
        }
    }

    #[test]
    fn a_word_becomes_one_candidate_after_the_other() {
        let mut compose = typed("hi a");
        let candidates = |word: &Word<'_>| {
            assert_eq!(*word, Word { typed: "a", is_first: false, command: None });
            vec!["ana ".to_owned(), "aaron ".to_owned()]
        };
        let mut shown = Vec::new();
        for backwards in [false, false, false, true] {
            compose.complete(candidates, backwards);
            shown.push(compose.text());
        }
        assert_eq!(shown, ["hi ana ", "hi aaron ", "hi ana ", "hi aaron "]);
        compose.edit(|area| area.insert_char('x'));
        assert_eq!(compose.text(), "hi aaron x", "the cursor is behind it");
    }

    #[test]
    fn a_word_of_a_command_is_completed_as_such_and_what_follows_stays() {
        let mut compose = typed("/kick b");
        compose.complete(
            |word| {
                assert_eq!(*word, Word { typed: "b", is_first: false, command: Some("/kick") });
                vec!["bo ".into()]
            },
            false,
        );
        assert_eq!(compose.text(), "/kick bo ");
        let mut compose = typed("/jo x");
        compose.edit(|area| area.move_cursor(CursorMove::Jump(0, 3)));
        compose.complete(|word| vec![if word.is_first { "/join" } else { "no" }.into()], false);
        assert_eq!(compose.text(), "/join x");
        compose.complete(|_| Vec::new(), false);
        assert_eq!(compose.text(), "/join x");
    }

    #[test]
    fn it_takes_as_many_rows_as_it_needs_and_no_more_than_five() {
        let rows = |text: &str| typed(text).rows(10);
        assert_eq!([rows(""), rows("a\nb"), rows("aaaa bbbb cccc"), rows(&"a\n".repeat(20))], [1, 2, 2, 5]);
    }
}
