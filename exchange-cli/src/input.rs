//! Lines that are typed or piped in: messages, and commands.

use std::{
    io::{self, BufRead, Read as _},
    thread,
};

use exchange_tokio::core::{Availability, RoomName};
use tokio::sync::mpsc::{self, Receiver};

/// What `/help` shows.
pub(crate) const HELP: [(&str, &str); 14] = [
    ("/join ROOM", "join a room and talk there"),
    ("/room ROOM", "talk in a room you are in"),
    ("/part [ROOM]", "leave a room"),
    ("/rooms", "the rooms you are in"),
    ("/who", "the people in this room"),
    ("/whois WHO", "who somebody is: a nick, nick~tag or id"),
    ("/nick NICK", "be called otherwise"),
    ("/away [NOTE]", "say that you are away"),
    ("/busy [NOTE]", "say that you are busy"),
    ("/back", "say that you are neither"),
    ("/ignore [WHO]", "show nothing that somebody says, or again"),
    ("/quit", "leave"),
    ("//text", "say \"/text\""),
    ("/help", "this"),
];

/// Lines waiting to be handled; whoever pipes in more has to wait.
const WAITING: usize = 16;

/// What is read of one line. No message may be as long: the rest would only take up memory.
const LONGEST_LINE: u64 = 64 * 1024;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Say(String),
    Join(RoomName),
    Part(Option<RoomName>),
    Room(RoomName),
    Rooms,
    Who,
    Whois(String),
    Ignore(Option<String>),
    Nick(String),
    Be(Availability, String),
    Help,
    Quit,
    /// There is nothing in it.
    Blank,
}

/// Why a line is neither a message nor a command. It is never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// There is no such command.
    Unknown(String),
    /// The command is there, but what follows it does not fit.
    Usage(&'static str),
}

/// Reads a line. Whatever begins with a slash, blanks before it or not, is never a message: a command that was mistyped
/// may hold what is not for everybody.
pub(crate) fn parse(line: &str) -> Result<Entry, Mistake> {
    let Some(command) = line.trim_start().strip_prefix('/') else {
        return Ok(if line.trim().is_empty() { Entry::Blank } else { Entry::Say(line.into()) });
    };
    if command.starts_with('/') {
        return Ok(Entry::Say(command.into()));
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let room = |usage| rest.trim_start_matches('#').parse().map_err(|_| Mistake::Usage(usage));
    let some = |usage| if rest.is_empty() { Err(Mistake::Usage(usage)) } else { Ok(rest.into()) };
    let alone = |entry, usage| if rest.is_empty() { Ok(entry) } else { Err(Mistake::Usage(usage)) };
    match name {
        "join" | "j" => room("/join ROOM").map(Entry::Join),
        "room" | "switch" => room("/room ROOM").map(Entry::Room),
        "part" | "leave" if rest.is_empty() => Ok(Entry::Part(None)),
        "part" | "leave" => room("/part [ROOM]").map(|room| Entry::Part(Some(room))),
        "rooms" => alone(Entry::Rooms, "/rooms"),
        "who" | "names" => alone(Entry::Who, "/who"),
        "whois" => some("/whois WHO").map(Entry::Whois),
        "ignore" => Ok(Entry::Ignore((!rest.is_empty()).then(|| rest.into()))),
        "nick" => some("/nick NICK").map(Entry::Nick),
        "away" => Ok(Entry::Be(Availability::Away, rest.into())),
        "busy" => Ok(Entry::Be(Availability::Busy, rest.into())),
        "back" => alone(Entry::Be(Availability::Online, String::new()), "/back"),
        "help" => Ok(Entry::Help),
        "quit" | "exit" => alone(Entry::Quit, "/quit"),
        _ => Err(Mistake::Unknown(name.into())),
    }
}

/// The lines of standard input, until it ends.
///
/// They are read by a thread of their own that nobody waits for: a read from a terminal cannot be cancelled.
pub(crate) fn lines() -> io::Result<Receiver<String>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Ok(Some(line)) = read_line(&mut stdin) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// The next line without its end, or as much of it as is allowed; `None` when there is none.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if line.len() as u64 == LONGEST_LINE {
        input.skip_until(b'\n')?;
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> RoomName {
        RoomName::new(name).unwrap()
    }

    #[test]
    fn a_line_is_said_as_it_is() {
        assert_eq!(parse("  hello / there "), Ok(Entry::Say("  hello / there ".into())));
        assert_eq!(parse(" \t"), Ok(Entry::Blank));
    }

    #[test]
    fn two_slashes_say_one() {
        assert_eq!(parse("//who was that"), Ok(Entry::Say("/who was that".into())));
        assert_eq!(parse("///"), Ok(Entry::Say("//".into())));
    }

    #[test]
    fn commands_are_read_with_their_rooms() {
        assert_eq!(parse("/join #ops"), Ok(Entry::Join(room("ops"))));
        assert_eq!(parse("/join two words"), Ok(Entry::Join(room("two words"))));
        assert_eq!(parse("/part"), Ok(Entry::Part(None)));
        assert_eq!(parse("/part ops "), Ok(Entry::Part(Some(room("ops")))));
        assert_eq!(parse("/switch lobby"), Ok(Entry::Room(RoomName::lobby())));
        assert_eq!(parse("/quit"), Ok(Entry::Quit));
    }

    #[test]
    fn commands_about_people_are_read_with_what_they_need() {
        assert_eq!(parse("/nick  ana maria "), Ok(Entry::Nick("ana maria".into())));
        assert_eq!(parse("/away"), Ok(Entry::Be(Availability::Away, String::new())));
        assert_eq!(parse("/busy with a class"), Ok(Entry::Be(Availability::Busy, "with a class".into())));
        assert_eq!(parse("/back"), Ok(Entry::Be(Availability::Online, String::new())));
        assert_eq!(parse("/whois ana~a1b2"), Ok(Entry::Whois("ana~a1b2".into())));
        assert_eq!(parse("/ignore bo"), Ok(Entry::Ignore(Some("bo".into()))));
        assert_eq!(parse("/ignore"), Ok(Entry::Ignore(None)));
        assert_eq!(parse("/nick"), Err(Mistake::Usage("/nick NICK")));
        assert_eq!(parse("/whois"), Err(Mistake::Usage("/whois WHO")));
        assert_eq!(parse("/back soon"), Err(Mistake::Usage("/back")));
    }

    #[test]
    fn whatever_else_begins_with_a_slash_is_no_message() {
        for line in ["/msg bo secret", "  /msg bo secret", "/", "/ hello", "/JOIN x", "/etc/passwd", "\t/x"] {
            assert!(matches!(parse(line), Err(Mistake::Unknown(_))), "{line:?}");
        }
        assert_eq!(parse("/join"), Err(Mistake::Usage("/join ROOM")));
        assert_eq!(parse("/quit now"), Err(Mistake::Usage("/quit")));
        assert_eq!(parse("/room \u{1b}[2J"), Err(Mistake::Usage("/room ROOM")));
    }

    #[test]
    fn lines_end_in_any_way_and_the_rest_of_an_endless_one_is_dropped() {
        let long = "x".repeat(200_000);
        let text = format!("one\r\ntwo\n\n{long}\nthree");
        let mut input = io::Cursor::new(text);
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input).unwrap() {
            lines.push(line);
        }
        assert_eq!(lines[..3], ["one", "two", ""]);
        assert_eq!(lines[3].len() as u64, LONGEST_LINE);
        assert_eq!(lines[4..], ["three"]);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        assert_eq!(read_line(&mut &b"a\xffb\n"[..]).unwrap().unwrap(), "a\u{fffd}b");
    }
}
