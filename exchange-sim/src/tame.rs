//! Text that peers wrote, before it meets a terminal or a page: a peer may write anything.

use exchange_core::Time;

/// The text on one line, without anything that a terminal or a page would obey instead of show.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(|c| if is_wild(c) { '·' } else { c }).collect()
}

/// The first so many characters of it, the last of them an ellipsis if there was more.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(width) else { return text.to_owned() };
    let mut short: String = text[..end].chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Without the name of a variant around a value that has the same: `Hello { … }` for `Hello(Hello { … })`.
pub(crate) fn brief(text: &str) -> &str {
    let inner = text.split_once('(').filter(|(name, rest)| !name.is_empty() && rest.starts_with(name));
    inner.map_or(text, |(_, rest)| rest.strip_suffix(')').unwrap_or(rest))
}

/// A time as seconds and thousandths.
pub(crate) fn seconds(at: Time) -> String {
    let millis = at.as_nanos() / 1_000_000;
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// A stretch of nanoseconds as people say it.
pub(crate) fn stretch(nanos: u64) -> String {
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} µs", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{} ms", nanos / 1_000_000, nanos / 100_000 % 10),
        _ => format!("{}.{} s", nanos / 1_000_000_000, nanos / 100_000_000 % 10),
    }
}

/// Control characters, and those that are not seen but change what is: directions, joiners, marks of order.
fn is_wild(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    c.is_control() || is_unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_only_shown() {
        assert_eq!(tame("a\u{1b}[2Jb\n\u{202e}c"), "a·[2Jb··c");
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_and_is_as_long_as_allowed() {
        assert_eq!(cut("grüße", 5), "grüße");
        assert_eq!(cut("grüße", 4), "grü…");
        assert_eq!(cut("grüße", 0), "…");
    }

    #[test]
    fn what_is_said_twice_is_said_once() {
        let brief = ["Hello(Hello { id: 1 })", "Ping { nonce: 1 }", "Send(1)", "(x)"].map(brief);
        assert_eq!(brief, ["Hello { id: 1 }", "Ping { nonce: 1 }", "Send(1)", "(x)"]);
    }

    #[test]
    fn a_stretch_of_time_has_the_unit_that_fits_it() {
        let said = [7, 1_999, 2_340_000, 61_000_000_000].map(stretch);
        assert_eq!(said, ["7 ns", "1 µs", "2.3 ms", "61.0 s"]);
    }
}
