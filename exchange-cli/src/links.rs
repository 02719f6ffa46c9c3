//! Links in what people say, and the hosts that they really lead to.
//!
//! What stands before an `@` looks like a host and is none, letters of other scripts look like those of a known name, and
//! numbers, backslashes and missing slashes are read in more than one way. Whoever wants to mislead picks what a program
//! that looks for links does not take for one. So everything is looked at that a browser might follow, from its scheme up to
//! the next blank, and read as browsers read it.

use std::{fmt::Write as _, ops::Range};

use url::Url;

/// A link in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) place: Range<usize>,
    /// Where its host is, as it is written.
    pub(crate) host: Range<usize>,
    /// Where it leads, if that is not plainly what is written.
    pub(crate) real: Option<String>,
}

/// Schemes that need no `//` behind them to be followed.
const SPECIAL: [&str; 5] = ["https", "http", "ftp", "wss", "ws"];

/// As much of a host is shown that is not plain, from its end on: there is who it belongs to.
const HOST: usize = 60;

/// So long a host is not taken in at a glance.
const LONG: usize = 40;

/// So often at most a word is read to no purpose, however it is made.
const VAIN: usize = 8;

/// The links in a text, in the order in which they are there.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    // Where the last word ends in which there could be one, and how many of it there could be that are none.
    let (mut end, mut vain) = (0, 0);
    for (colon, _) in text.match_indices(':') {
        if colon < end && vain >= VAIN {
            continue;
        }
        let Some((start, is_special)) = scheme(text, colon) else { continue };
        if links.last().is_some_and(|last| start < last.place.end) {
            continue;
        }
        if colon >= end {
            let rest = text.get(start..).unwrap_or_default();
            (end, vain) = (start + rest.find(char::is_whitespace).unwrap_or(rest.len()), 0);
        }
        match link(text, start..end, colon, is_special) {
            Some(link) => links.push(link),
            None => vain += 1,
        }
    }
    links
}

/// A text, cut behind every link that does not lead where it seems to, and there where it does.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut from = 0;
    let mut pieces = Vec::new();
    for link in links(text) {
        pieces.push(Piece::Text(text.get(from..link.place.end).unwrap_or_default()));
        pieces.extend(link.real.map(|real| Piece::Real(format!(" [{real}]"))));
        from = link.place.end;
    }
    pieces.push(Piece::Text(text.get(from..).unwrap_or_default()));
    pieces.into_iter()
}

/// A part of a text with links in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    /// Where the link before it really leads.
    Real(String),
}

/// A text for where it may be cut: a link that does not lead where it seems to is only where it does.
pub(crate) fn short(text: &str) -> String {
    let (mut short, mut from) = (String::with_capacity(text.len()), 0);
    for Link { place, real, .. } in links(text) {
        let Some(real) = real else { continue };
        short.push_str(text.get(from..place.start).unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = write!(short, "[{real}]");
        from = place.end;
    }
    short.push_str(text.get(from..).unwrap_or_default());
    short
}

/// Where the scheme begins that ends with that colon, and whether it needs no `//`; none, if no link is begun so.
fn scheme(text: &str, colon: usize) -> Option<(usize, bool)> {
    let before = text.get(..colon)?;
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let scheme = &before[before.trim_end_matches(is_of_scheme).len()..];
    let special = SPECIAL.into_iter().find(|special| {
        let rest = scheme.len().checked_sub(special.len()).and_then(|at| scheme.split_at_checked(at));
        rest.is_some_and(|(rest, end)| {
            end.eq_ignore_ascii_case(special) && !rest.ends_with(|c: char| c.is_ascii_alphanumeric())
        })
    });
    match special {
        Some(special) => Some((colon - special.len(), true)),
        None if text.get(colon..)?.starts_with("://") => {
            Some((colon - scheme.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).len(), false))
        }
        None => None,
    }
}

/// The link that begins a part of a text with a scheme up to that colon.
fn link(text: &str, place: Range<usize>, colon: usize, is_special: bool) -> Option<Link> {
    let start = place.start;
    let word = text.get(place)?;
    let whole = trimmed(word);
    // What is in quotes ends with them, unless what follows could be where it leads.
    let quoted = trimmed(word.split(['"', '<', '>', '`']).next()?);
    let is_more = whole.get(quoted.len()..).is_some_and(|more| more.contains(['@', '\\']));
    let written = if is_more { whole } else { quoted };

    let url = Url::parse(written).ok()?;
    let real = url.host_str().filter(|host| !host.is_empty())?;
    let after = colon + 1;
    let authority = written.get(after - start..)?;
    let slashes = authority.len() - authority.trim_start_matches(['/', '\\']).len();
    let (signs, authority) = authority.split_at(slashes);
    let ends: &[char] = if is_special { &['/', '\\', '?', '#'] } else { &['/', '?', '#'] };
    let authority = authority.split(ends).next()?;
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let bare = host
        .rsplit_once(':')
        .map_or(host, |(bare, port)| if port.bytes().all(|digit| digit.is_ascii_digit()) { bare } else { host });
    let at = after + slashes + user.map_or(0, |user| user.len() + 1);
    let is_plain = signs == "//"
        && user.is_none()
        && !written.contains('\\')
        && bare.eq_ignore_ascii_case(real)
        && !real.split('.').any(|label| label.starts_with("xn--"))
        && real.len() <= LONG;
    Some(Link {
        place: start..start + written.len(),
        host: at..at + bare.len(),
        real: (!is_plain).then(|| from_its_end(real)),
    })
}

/// Without what ends a sentence rather than a link.
fn trimmed(word: &str) -> &str {
    const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    // How many of each are closed and were not opened.
    let mut closed =
        BRACKETS.map(|(open, close)| word.matches(close).count().saturating_sub(word.matches(open).count()));
    word.trim_end_matches(|last: char| match BRACKETS.iter().position(|(_, close)| *close == last) {
        Some(bracket) => {
            let is_end = closed[bracket] > 0;
            closed[bracket] = closed[bracket].saturating_sub(1);
            is_end
        }
        None => ".,;:!?'\"<>`*_’”»…".contains(last),
    })
}

fn from_its_end(host: &str) -> String {
    let left_out = host.chars().count().saturating_sub(HOST);
    if left_out == 0 {
        return host.to_owned();
    }
    ['…'].into_iter().chain(host.chars().skip(left_out)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn annotated(text: &str) -> String {
        pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Real(real) => real,
            })
            .collect()
    }

    fn shown(text: &str) -> Vec<(&str, &str)> {
        links(text).into_iter().map(|link| (&text[link.place], &text[link.host])).collect()
    }

    #[test]
    fn links_are_found_as_people_write_them() {
        for (text, link, host) in [
            ("see https://example.com/x now", "https://example.com/x", "example.com"),
            ("(https://en.example/wiki/Rust_(language)).", "https://en.example/wiki/Rust_(language)", "en.example"),
            ("\"HTTP://Example.COM:80/?q=@a\"", "HTTP://Example.COM:80/?q=@a", "Example.COM"),
            ("<https://example.com>,", "https://example.com", "example.com"),
            ("[this](https://example.com/a)", "https://example.com/a", "example.com"),
            ("http://10.0.0.7:8080/", "http://10.0.0.7:8080/", "10.0.0.7"),
            ("http://[fd00::7]:8080/x", "http://[fd00::7]:8080/x", "[fd00::7]"),
            ("git+ssh://example.com/a", "git+ssh://example.com/a", "example.com"),
            ("是https://example.com。", "https://example.com。", "example.com。"),
        ] {
            assert_eq!(shown(text), [(link, host)], "{text}");
            if link.is_ascii() {
                assert_eq!(annotated(text), text);
            }
        }
        for text in
            ["12:30", "note: this", "a::b", "C:\\x", "mailto:ana@example.com", "http:", "https://", "file:///etc", ":"]
        {
            assert_eq!(shown(text), [], "{text}");
        }
        let two = "https://a.example, https://b.example!";
        assert_eq!(shown(two), [("https://a.example", "a.example"), ("https://b.example", "b.example")]);
    }

    #[test]
    fn where_a_link_does_not_lead_where_it_seems_to_it_is_said_where_it_does() {
        for (written, real) in [
            ("https://example.com@evil.test/x", "evil.test"),
            ("https://example.com:443@evil.test", "evil.test"),
            ("https://example.com%2Flogin@evil.test", "evil.test"),
            ("https://@evil.test", "evil.test"),
            ("https://a@b@evil.test/", "evil.test"),
            ("https://example.com\"@evil.test", "evil.test"),
            ("https://example.com\\@evil.test/", "example.com"),
            ("https:\\\\evil.test/a", "evil.test"),
            ("https:evil.test", "evil.test"),
            ("https:/evil.test", "evil.test"),
            ("https:////evil.test", "evil.test"),
            ("https://аpple.com/x", "xn--pple-43d.com"),
            ("https://xn--pple-43d.com/", "xn--pple-43d.com"),
            ("https://example.com。evil.test/", "example.com.evil.test"),
            ("https://ｅvil.test/", "evil.test"),
            ("https://exa\u{ad}mple.com/", "example.com"),
            ("https://例え.テスト/x", "xn--r8jz45g.xn--zckzah"),
            ("http://3627734734/", "216.58.214.206"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://%65vil.test/", "evil.test"),
            ("x.https://example.com@evil.test", "evil.test"),
            ("ssh://git@evil.test/a", "evil.test"),
        ] {
            let text = format!("look at {written} now");
            assert_eq!(annotated(&text), format!("look at {written} [{real}] now"));
            assert!(short(&text).ends_with(&format!("[{real}] now")), "{}", short(&text));
        }
        assert_eq!(short("https://example.com/x is fine"), "https://example.com/x is fine");
    }

    #[test]
    fn of_a_host_that_is_not_taken_in_at_a_glance_the_end_is_shown() {
        let long = format!("https://www.bank.example.{}.evil.test/", "login.".repeat(20).trim_end_matches('.'));
        let real = links(&long)[0].real.clone().unwrap();
        assert!(real.starts_with('…') && real.ends_with(".evil.test") && real.chars().count() == HOST + 1, "{real}");
    }

    proptest! {
        #[test]
        fn no_text_is_changed_but_by_what_is_added(text in "[a-z:/@.\\\\\"<>()\\[\\]é。 \\n%0-9-]{0,60}") {
            let mut end = 0;
            for Link { place, host, .. } in links(&text) {
                prop_assert!(end <= place.start && place.start <= host.start && host.end <= place.end);
                prop_assert!(text.get(place.clone()).is_some() && text.get(host).is_some());
                end = place.end;
            }
            let same: String = pieces(&text).filter_map(|piece| match piece {
                Piece::Text(text) => Some(text),
                Piece::Real(_) => None,
            }).collect();
            prop_assert_eq!(same, text.clone());
            short(&text);
        }

        #[test]
        fn whatever_stands_before_the_host_it_is_told(user in "[a-zA-Z0-9.:%_~!$&'()*+,;=-]{1,60}") {
            let written = format!("https://{user}@evil.test/x");
            prop_assert!(annotated(&written).ends_with(" [evil.test]"), "{written}");
        }

        #[test]
        fn a_plain_link_leads_where_it_says(host in "[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9]{1,5}){1,3}", path in "[a-z0-9/?=&@]{0,20}") {
            let written = format!("https://{host}/{path}z");
            prop_assert_eq!(links(&written).first().map(|link| (link.real.clone(), &written[link.host.clone()])), Some((None, &*host)));
        }

        #[test]
        fn what_is_added_is_of_letters_that_cannot_mislead(text in "https://[\\PC]{0,40}") {
            for piece in pieces(&text) {
                if let Piece::Real(real) = piece {
                    prop_assert!(real.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{real:?}");
                }
            }
        }
    }
}
