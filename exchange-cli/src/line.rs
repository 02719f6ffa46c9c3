//! The gate before the terminal: what is shown is a [`Line`].
//!
//! A line is made of words of this program's own, which are `'static`, and of words from elsewhere, which pass
//! [`display_safe`]. So no text of anybody's reaches the terminal as it is.

use std::{
    fmt::{Display, Write as _},
    ops::Range,
};

use exchange_tokio::core::text::display_safe;
use serde::Serialize;

use crate::links::{self, Piece};

/// What follows the first line of a message begins like this, so that it cannot pass for a line of its own.
const CONTINUATION: &str = "\n    ";

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// How words stand out, as the parameters of the terminal's escape sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Dim,
    Bold,
    /// One of a few colours that can be told apart on light and dark.
    Hue(u8),
    /// As if the other way round: what is meant for oneself.
    Mention,
    Warning,
}

impl Style {
    const HUES: [&str; 10] = ["31", "32", "33", "34", "35", "36", "91", "94", "95", "96"];

    fn parameters(self) -> &'static str {
        match self {
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Hue(hue) => Self::HUES[usize::from(hue) % Self::HUES.len()],
            Self::Mention => "1;7",
            Self::Warning => "33",
        }
    }
}

/// One line to be shown; of a message, it may be several.
#[derive(Debug)]
pub(crate) struct Line {
    stream: Stream,
    coloured: bool,
    text: String,
    /// Which of its words stand out; some may be among others that do.
    styles: Vec<(Range<usize>, Style)>,
}

impl Line {
    /// A line of events, for standard output.
    pub(crate) fn out(coloured: bool) -> Self {
        Self::on(Stream::Out, coloured, String::new())
    }

    /// A line about the program itself, for standard error.
    pub(crate) fn err(coloured: bool) -> Self {
        Self::on(Stream::Err, coloured, String::new())
    }

    /// One event for programs: JSON in which everything that a terminal might obey is escaped.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        // What is shown this way is plain data of this crate's: there is nothing in it that has no JSON.
        let text = serde_json::to_string(value).unwrap_or_default();
        Self::on(Stream::Out, false, escaped(text))
    }

    fn on(stream: Stream, coloured: bool, text: String) -> Self {
        Self { stream, coloured, text, styles: Vec::new() }
    }

    /// Words of this program's own.
    pub(crate) fn ours(mut self, words: &'static str) -> Self {
        self.text.push_str(words);
        self
    }

    /// Words from elsewhere; line breaks in them are shown, not made.
    pub(crate) fn theirs(mut self, words: impl Display) -> Self {
        let shown = display_safe(&words.to_string()).to_string();
        self.text.push_str(&shown.replace('\n', "␊"));
        self
    }

    /// A name that stands between `#`, `<` and `>`: it cannot pretend to end there.
    pub(crate) fn name(self, name: &str) -> Self {
        self.theirs(name.replace('<', "‹").replace('>', "›"))
    }

    /// What somebody said; further lines of it are indented, and links tell where they really lead.
    pub(crate) fn said(mut self, text: &str) -> Self {
        let shown = display_safe(text.trim_end_matches('\n')).to_string();
        for piece in links::pieces(&shown) {
            match piece {
                Piece::Text(text) => self.text.push_str(&text.replace('\n', CONTINUATION)),
                Piece::Real(real) => self = self.styled(Style::Warning, |line| line.theirs(real)),
            }
        }
        self
    }

    /// Words that stand out, where there are colours.
    pub(crate) fn styled(self, style: Style, words: impl FnOnce(Self) -> Self) -> Self {
        let (place, start) = (self.styles.len(), self.text.len());
        let mut styled = words(self);
        styled.styles.insert(place, (start..styled.text.len(), style));
        styled
    }

    /// Where it goes.
    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    /// Its words, which may be written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Which of its words stand out, and how: those that are among others come after them.
    pub(crate) fn styles(&self) -> &[(Range<usize>, Style)] {
        &self.styles
    }

    /// The line as a terminal takes it.
    pub(crate) fn written(&self) -> String {
        if !self.coloured || self.styles.is_empty() {
            return self.text.clone();
        }
        let mut places: Vec<usize> = self.styles.iter().flat_map(|(words, _)| [words.start, words.end]).collect();
        places.extend([0, self.text.len()]);
        places.sort_unstable();
        places.dedup();
        let mut written = String::with_capacity(self.text.len() + 16 * self.styles.len());
        for (start, end) in places.iter().zip(&places[1..]) {
            let around = self.styles.iter().filter(|(words, _)| words.start <= *start && *end <= words.end);
            let parameters: Vec<&str> = around.map(|(_, style)| style.parameters()).collect();
            let words = &self.text[*start..*end];
            if parameters.is_empty() {
                written.push_str(words);
            } else {
                // Writing to a string cannot fail.
                let _ = write!(written, "\u{1b}[{}m{words}\u{1b}[0m", parameters.join(";"));
            }
        }
        written
    }
}

/// Escapes what JSON may hold as it is and a terminal would obey. Outside of its strings, JSON has no such characters.
fn escaped(json: String) -> String {
    let is_safe = |c: char| !(c == '\u{7f}' || !c.is_ascii() && shows_differently(c));
    if json.chars().all(is_safe) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_safe(c) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

fn shows_differently(c: char) -> bool {
    let mut buffer = [0; 4];
    let text = c.encode_utf8(&mut buffer);
    display_safe(text).to_string() != *text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 7] = [
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{9b}31m\u{85}",
        "exe\u{202e}txt.\u{2066}",
        "a\r\n<ana> forged",
        "\u{7f}\u{8}\u{0}",
        "\u{2028}\u{2029}\u{e0041}\u{feff}",
        "\n\n* ana joined",
    ];

    fn obeyed(c: char) -> bool {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    }

    #[test]
    fn nothing_from_elsewhere_that_a_terminal_obeys_gets_through() {
        for text in HOSTILE {
            let line = Line::out(false).name(text).theirs(text).said(text);
            assert!(!line.as_str().contains(obeyed), "{line:?}");
        }
    }

    #[test]
    fn only_what_was_said_has_further_lines_and_they_are_indented() {
        for text in HOSTILE {
            assert!(!Line::out(false).name(text).theirs(text).as_str().contains('\n'));
            let line = Line::out(false).said(text);
            assert!(line.as_str().split('\n').skip(1).all(|line| line.starts_with("    ")), "{line:?}");
        }
    }

    #[test]
    fn a_link_that_misleads_is_followed_by_where_it_leads() {
        let line = Line::out(true).said("look:\nhttps://example.com@evil.test/x\nnow");
        assert_eq!(line.as_str(), "look:\n    https://example.com@evil.test/x [evil.test]\n    now");
        assert!(line.written().contains("\u{1b}[33m [evil.test]\u{1b}[0m"), "{:?}", line.written());
    }

    #[test]
    fn a_name_cannot_pretend_to_end() {
        assert_eq!(Line::out(false).ours("<").name("ana> hi <bo").ours("> ho").as_str(), "<ana› hi ‹bo> ho");
    }

    #[test]
    fn json_says_the_same_and_nothing_in_it_is_obeyed() {
        for text in HOSTILE.into_iter().chain(["👩‍👩‍👧", "نامه‌ای", "\u{e0041}"]) {
            let line = Line::json(&[text]);
            assert!(!line.as_str().contains(|c| obeyed(c) || c == '\n'), "{line:?}");
            assert_eq!(serde_json::from_str::<[String; 1]>(line.as_str()).unwrap(), [text]);
        }
    }

    #[test]
    fn words_stand_out_only_where_there_are_colours() {
        let line = |coloured| Line::out(coloured).styled(Style::Bold, |line| line.ours("x"));
        assert_eq!((&*line(true).written(), &*line(false).written()), ("\u{1b}[1mx\u{1b}[0m", "x"));
        let within = |line: Line| line.ours("a").styled(Style::Bold, |line| line.ours("b")).ours("c");
        let written = Line::out(true).styled(Style::Dim, within).ours("d").written();
        assert_eq!(written, "\u{1b}[2ma\u{1b}[0m\u{1b}[2;1mb\u{1b}[0m\u{1b}[2mc\u{1b}[0md");
    }
}
