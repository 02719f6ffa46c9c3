//! Text cut into rows of a terminal: at blanks where that is possible, and never within what is one character to people.

use std::mem;

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Cuts these words into rows of at most `width` columns. What does not begin them is indented by `indent` columns.
pub(crate) fn wrap(words: &[Span<'_>], width: usize, indent: usize) -> Vec<Line<'static>> {
    let width = width.max(2);
    // What is left for text is worth more than that it is indented.
    let indent = if width < 4 {
        0
    } else if indent * 2 > width {
        1
    } else {
        indent
    };
    let mut rows = Rows { width, indent, all: Vec::new(), row: Row::default(), word: Row::default() };
    for span in words {
        for piece in span.content.graphemes(true) {
            rows.push(piece, span.style);
        }
    }
    rows.finish()
}

/// How many columns it takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// As much of it as fits, with a sign that it was more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut left = most.saturating_sub(1);
    for piece in text.graphemes(true) {
        let Some(rest) = left.checked_sub(piece.width()) else { break };
        left = rest;
        short.push_str(piece);
    }
    if most > 0 {
        short.push('…');
    }
    short
}

#[derive(Default)]
struct Row {
    pieces: Vec<(String, Style)>,
    width: usize,
}

impl Row {
    fn push(&mut self, piece: &str, style: Style) {
        self.width += piece.width();
        match self.pieces.last_mut() {
            Some((text, last)) if *last == style => text.push_str(piece),
            _ => self.pieces.push((piece.to_owned(), style)),
        }
    }

    fn append(&mut self, other: Self) {
        for (text, style) in other.pieces {
            self.push(&text, style);
        }
    }
}

struct Rows {
    width: usize,
    indent: usize,
    all: Vec<Line<'static>>,
    row: Row,
    /// What comes after the last blank, and has to stay together if it can.
    word: Row,
}

impl Rows {
    fn push(&mut self, piece: &str, style: Style) {
        if piece.contains('\n') {
            self.end_word();
            return self.end_row();
        }
        let width = piece.width();
        if piece.chars().all(char::is_whitespace) {
            self.end_word();
            // A blank at the end of a row is where it was cut.
            if self.row.width + width <= self.width {
                self.row.push(piece, style);
            } else {
                self.end_row();
            }
        } else if width > 1 {
            // Where characters are that wide, there are no blanks between words.
            self.end_word();
            self.word.push(piece, style);
            self.end_word();
        } else {
            self.word.push(piece, style);
        }
    }

    fn end_word(&mut self) {
        let word = mem::take(&mut self.word);
        if self.row.width + word.width <= self.width {
            return self.row.append(word);
        }
        if word.width <= self.width - self.indent {
            self.end_row();
            return self.row.append(word);
        }
        // It is longer than any row, and is cut where they end.
        for (text, style) in word.pieces {
            for piece in text.graphemes(true) {
                if self.row.width + piece.width() > self.width {
                    self.end_row();
                }
                self.row.push(piece, style);
            }
        }
    }

    fn end_row(&mut self) {
        self.all.push(line(mem::take(&mut self.row)));
        self.row.push(&" ".repeat(self.indent), Style::new());
    }

    fn finish(mut self) -> Vec<Line<'static>> {
        self.end_word();
        if self.all.is_empty() || self.row.width > self.indent {
            self.all.push(line(self.row));
        }
        self.all
    }
}

fn line(row: Row) -> Line<'static> {
    row.pieces.into_iter().map(|(text, style)| Span::styled(text, style)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
        wrap(&[Span::raw(text)], width, indent).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_stay_together_where_they_can() {
        assert_eq!(wrapped("one two three", 8, 0), ["one two ", "three"]);
        assert_eq!(wrapped("one two three", 9, 2), ["one two ", "  three"]);
        assert_eq!(wrapped("a b", 80, 4), ["a b"]);
        assert_eq!(wrapped("", 80, 4), [""]);
    }

    #[test]
    fn a_word_that_is_longer_than_a_row_is_cut() {
        assert_eq!(wrapped("abcdefghij", 4, 0), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("abcdefghij", 6, 2), ["abcdef", "  ghij"]);
        assert_eq!(wrapped("to abcdefghij", 6, 2), ["to abc", "  defg", "  hij"], "there is room for the beginning");
    }

    #[test]
    fn lines_of_a_text_begin_rows() {
        assert_eq!(wrapped("one\ntwo\n\nthree", 20, 2), ["one", "  two", "  ", "  three"]);
    }

    #[test]
    fn what_is_one_character_to_people_is_never_cut() {
        let family = "👩‍👩‍👧";
        assert_eq!(wrapped(&family.repeat(3), 5, 0), [family.repeat(2), family.into()]);
        assert_eq!(wrapped("a 日本語テキスト", 6, 0), ["a 日本", "語テキ", "スト"]);
        assert_eq!(wrapped("e\u{301}e\u{301}e\u{301}", 2, 0), ["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn no_row_is_wider_than_it_may_be() {
        let text = "こんにちは world, ma\u{308}n 👩‍👩‍👧 נקודה averyverylongwordwithoutanyblank x";
        for width in 2..40 {
            for indent in 0..20 {
                for row in wrapped(text, width, indent) {
                    assert!(columns(&row) <= width, "{row:?} in {width} with {indent}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_sign() {
        assert_eq!((cut("hello", 5), cut("hello", 4), cut("日本", 3)), ("hello".into(), "hel…".into(), "日…".into()));
        assert_eq!((cut("hello", 1), cut("hello", 0)), ("…".into(), String::new()));
    }
}
