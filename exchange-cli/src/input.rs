//! Lines that are typed or piped in: messages, and commands.

mod deeds;
mod finding;

use std::{
    io::{self, BufRead, BufReader, Read},
    thread,
};

use exchange_tokio::core::{Availability, RoomName};
use tokio::sync::{
    mpsc::{self, Receiver},
    oneshot,
};

pub(crate) use self::{
    deeds::{Deed, Treatment, seconds},
    finding::{Found, Stretch, When},
};

/// What `/help` shows.
pub(crate) const HELP: [(&str, &str); 47] = [
    ("/join ROOM", "join a room and talk there"),
    ("/room [ROOM]", "talk in a room you are in; what this one is and its rules"),
    ("/part [ROOM]", "leave a room"),
    ("/rooms", "the rooms you are in"),
    ("/list", "the rooms there are"),
    ("/private ROOM", "open a room for those alone who are invited"),
    ("/topic [TEXT]", "say what this room is about, or nothing"),
    ("/invite WHO", "ask somebody into this room"),
    ("/msg WHO TEXT", "say something to one person alone"),
    ("/me TEXT", "say what you do"),
    ("/kick WHO [WHY]", "make somebody leave this room; the lobby: the session"),
    ("/ban WHO [TIME] [WHY]", "the same, and keep them out: for 90 (seconds), 5m, 2h, 7d"),
    ("/unban WHO", "let them come back"),
    ("/mute WHO [TIME]", "let somebody read only"),
    ("/unmute WHO", "let them speak again"),
    ("/lock", "let only those speak who moderate this room"),
    ("/unlock", "let everybody speak again"),
    ("/slow TIME", "let everybody wait between two messages; 0 ends it"),
    ("/rule RULE VALUE", "history all, 50 or none; private on or off; topic fixed or free"),
    ("/op WHO", "let somebody moderate all rooms"),
    ("/deop WHO", "take that back"),
    ("/close", "close this room for all"),
    ("/who [ROOM]", "the people in this room, or another you are in"),
    ("/whois WHO", "who somebody is: a nick, nick~tag or id"),
    ("/verify [WHO]", "make sure of the host, or as the host of somebody: the safety number"),
    ("/code", "as the host: the code by which others come in"),
    ("/admit WHO", "as the host: let somebody in who knocks"),
    ("/refuse WHO", "as the host: turn them away"),
    ("/nick NICK", "be called otherwise"),
    ("/away [NOTE]", "say that you are away"),
    ("/busy [NOTE]", "say that you are busy"),
    ("/back", "say that you are neither"),
    ("/ignore [WHO]", "show nothing that somebody says, or again"),
    ("/reply [#N] TEXT", "answer message N, or the last one"),
    ("/edit [#N] TEXT", "give message N, or your last one, another text"),
    ("/delete [#N]", "delete message N, or your last one"),
    ("/react [#N] EMOJI", "react to message N, or the last one"),
    ("/unreact [#N] EMOJI", "take that back"),
    ("/history [COUNT]", "the last messages here, and their numbers; /history 50 before #120"),
    ("/search [@NICK] WORDS", "the messages here with these words; /search #ops since 2h WORDS"),
    ("/seen [#N]", "who has message N, or your last one, and has read it"),
    ("/unread", "what you have not seen of your other rooms"),
    ("/copy [#N]", "on the whole screen: keep message N, or the last one, to be put in elsewhere"),
    ("/mouse on|off", "on the whole screen: scroll and choose rooms with it, or mark text as ever"),
    ("/quit", "leave"),
    ("//text", "say \"/text\""),
    ("/help", "this"),
];

/// Lines waiting to be handled; whoever pipes in more has to wait.
const WAITING: usize = 16;

/// What is read of one line. No message may be as long: the rest would only take up memory.
pub(crate) const LONGEST_LINE: u64 = 64 * 1024;

/// What is typed or piped in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Line(String),
    /// From here on, it is for that room.
    Room(RoomName),
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Say(String),
    Join(RoomName),
    Part(Option<RoomName>),
    Room(Option<RoomName>),
    Rooms,
    List,
    Private(RoomName),
    /// Something to say to one person alone.
    Msg(String, String),
    Do(Deed),
    Who(Option<RoomName>),
    Whois(String),
    Verify(Option<String>),
    Code,
    /// Whether somebody who knocks may come in.
    Answer(String, bool),
    Ignore(Option<String>),
    Nick(String),
    Be(Availability, String),
    Reply(Which, String),
    Edit(Which, String),
    Delete(Which),
    React(Which, String),
    Unreact(Which, String),
    History(Stretch),
    Search(Found),
    Seen(Which),
    Unread,
    /// For the whole screen.
    Copy(Which),
    Mouse(bool),
    Help,
    Quit,
    /// There is nothing in it.
    Blank,
}

/// Which message a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Last,
    /// The one at this place.
    Number(u64),
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
        "room" | "switch" if rest.is_empty() => Ok(Entry::Room(None)),
        "room" | "switch" => room("/room [ROOM]").map(|room| Entry::Room(Some(room))),
        "part" | "leave" if rest.is_empty() => Ok(Entry::Part(None)),
        "part" | "leave" => room("/part [ROOM]").map(|room| Entry::Part(Some(room))),
        "rooms" => alone(Entry::Rooms, "/rooms"),
        "list" => alone(Entry::List, "/list"),
        "private" => room("/private ROOM").map(Entry::Private),
        "me" => some("/me TEXT").map(|text: String| Entry::Say(format!("*{text}*"))),
        "msg" => match rest.split_once(char::is_whitespace) {
            Some((who, text)) => Ok(Entry::Msg(who.into(), text.trim_start().into())),
            None => Err(Mistake::Usage("/msg WHO TEXT")),
        },
        "who" | "names" if rest.is_empty() => Ok(Entry::Who(None)),
        "who" | "names" => room("/who [ROOM]").map(|room| Entry::Who(Some(room))),
        "whois" => some("/whois WHO").map(Entry::Whois),
        "verify" | "safety" => Ok(Entry::Verify((!rest.is_empty()).then(|| rest.into()))),
        "admit" => some("/admit WHO").map(|who| Entry::Answer(who, true)),
        "refuse" => some("/refuse WHO").map(|who| Entry::Answer(who, false)),
        "code" => alone(Entry::Code, "/code"),
        "ignore" => Ok(Entry::Ignore((!rest.is_empty()).then(|| rest.into()))),
        "nick" => some("/nick NICK").map(Entry::Nick),
        "away" => Ok(Entry::Be(Availability::Away, rest.into())),
        "busy" => Ok(Entry::Be(Availability::Busy, rest.into())),
        "back" => alone(Entry::Be(Availability::Online, String::new()), "/back"),
        "reply" | "r" => about(rest, "/reply [#N] TEXT").map(|(which, text)| Entry::Reply(which, text)),
        "edit" => about(rest, "/edit [#N] TEXT").map(|(which, text)| Entry::Edit(which, text)),
        "delete" => which(rest).map(Entry::Delete).ok_or(Mistake::Usage("/delete [#N]")),
        "react" => about(rest, "/react [#N] EMOJI").map(|(which, emoji)| Entry::React(which, emoji)),
        "unreact" => about(rest, "/unreact [#N] EMOJI").map(|(which, emoji)| Entry::Unreact(which, emoji)),
        "history" => finding::stretch(rest).map(Entry::History).ok_or(Mistake::Usage("/history [COUNT] [before #N]")),
        "search" => {
            let usage = "/search [#ROOM] [@NICK] [since TIME] [until TIME] WORDS";
            finding::search(rest).map(Entry::Search).ok_or(Mistake::Usage(usage))
        }
        "seen" => which(rest).map(Entry::Seen).ok_or(Mistake::Usage("/seen [#N]")),
        "unread" => alone(Entry::Unread, "/unread"),
        "copy" => which(rest).map(Entry::Copy).ok_or(Mistake::Usage("/copy [#N]")),
        "mouse" if rest == "on" || rest == "off" => Ok(Entry::Mouse(rest == "on")),
        "mouse" => Err(Mistake::Usage("/mouse on|off")),
        "help" => Ok(Entry::Help),
        "quit" | "exit" => alone(Entry::Quit, "/quit"),
        _ => {
            let deed = deeds::parse(name, rest).unwrap_or_else(|| Err(Mistake::Unknown(name.into())));
            deed.map(Entry::Do)
        }
    }
}

/// The message that is meant, if nothing else is said.
fn which(text: &str) -> Option<Which> {
    match text.strip_prefix('#') {
        Some(number) => number.parse().ok().map(Which::Number),
        None => text.is_empty().then_some(Which::Last),
    }
}

/// The message that is meant, and what to say of it.
fn about(text: &str, usage: &'static str) -> Result<(Which, String), Mistake> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (which, text) = match first.strip_prefix('#').and_then(|number| number.parse().ok()) {
        Some(number) => (Which::Number(number), rest.trim_start()),
        None => (Which::Last, text),
    };
    if text.is_empty() { Err(Mistake::Usage(usage)) } else { Ok((which, text.into())) }
}

/// The lines of standard input, until it ends.
pub(crate) fn lines() -> io::Result<Receiver<Typed>> {
    lines_of("stdin", io::stdin())
}

/// The lines of what is read there, until it ends.
///
/// They are read by a thread of their own that nobody waits for: a read from a terminal cannot be cancelled.
pub(crate) fn lines_of(name: &str, source: impl Read + Send + 'static) -> io::Result<Receiver<Typed>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    thread::Builder::new().name(name.into()).spawn(move || {
        let mut source = BufReader::new(source);
        while let Ok(Some(line)) = read_line(&mut source) {
            if sender.blocking_send(Typed::Line(line)).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// One line of standard input, and no more of it; `None` when there is none.
pub(crate) async fn line() -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    let reading = thread::Builder::new().name("line".into()).spawn(move || {
        // Whoever asked may have been told to end.
        let _ = sender.send(read_line(&mut io::stdin().lock()).ok().flatten());
    });
    reading.ok()?;
    receiver.await.ok()?
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
        assert_eq!(parse("/switch lobby"), Ok(Entry::Room(Some(RoomName::lobby()))));
        assert_eq!(parse("/room"), Ok(Entry::Room(None)));
        assert_eq!(parse("/quit"), Ok(Entry::Quit));
    }

    #[test]
    fn commands_about_people_are_read_with_what_they_need() {
        assert_eq!(parse("/nick  ana maria "), Ok(Entry::Nick("ana maria".into())));
        assert_eq!(parse("/away"), Ok(Entry::Be(Availability::Away, String::new())));
        assert_eq!(parse("/busy with a class"), Ok(Entry::Be(Availability::Busy, "with a class".into())));
        assert_eq!(parse("/back"), Ok(Entry::Be(Availability::Online, String::new())));
        assert_eq!(parse("/whois ana~a1b2"), Ok(Entry::Whois("ana~a1b2".into())));
        assert_eq!(parse("/verify bo"), Ok(Entry::Verify(Some("bo".into()))));
        assert_eq!(parse("/safety"), Ok(Entry::Verify(None)));
        assert_eq!(parse("/code"), Ok(Entry::Code));
        assert_eq!(parse("/admit bo"), Ok(Entry::Answer("bo".into(), true)));
        assert_eq!(parse("/refuse  bo~a1b2 "), Ok(Entry::Answer("bo~a1b2".into(), false)));
        assert_eq!(parse("/admit"), Err(Mistake::Usage("/admit WHO")));
        assert_eq!(parse("/ignore bo"), Ok(Entry::Ignore(Some("bo".into()))));
        assert_eq!(parse("/ignore"), Ok(Entry::Ignore(None)));
        assert_eq!((parse("/who"), parse("/who #ops")), (Ok(Entry::Who(None)), Ok(Entry::Who(Some(room("ops"))))));
        assert_eq!(parse("/nick"), Err(Mistake::Usage("/nick NICK")));
        assert_eq!(parse("/whois"), Err(Mistake::Usage("/whois WHO")));
        assert_eq!(parse("/back soon"), Err(Mistake::Usage("/back")));
    }

    #[test]
    fn commands_about_messages_are_read_with_the_number_of_the_message_or_mean_the_last() {
        let (last, third) = (Which::Last, Which::Number(3));
        assert_eq!(parse("/reply yes, #3"), Ok(Entry::Reply(last, "yes, #3".into())));
        assert_eq!(parse("/reply #3 yes"), Ok(Entry::Reply(third, "yes".into())));
        assert_eq!(parse("/edit #ops is down"), Ok(Entry::Edit(last, "#ops is down".into())));
        assert_eq!((parse("/delete"), parse("/delete #3")), (Ok(Entry::Delete(last)), Ok(Entry::Delete(third))));
        assert_eq!((parse("/seen"), parse("/seen #3")), (Ok(Entry::Seen(last)), Ok(Entry::Seen(third))));
        assert_eq!((parse("/copy"), parse("/copy #3")), (Ok(Entry::Copy(last)), Ok(Entry::Copy(third))));
        assert_eq!((parse("/mouse on"), parse("/mouse off")), (Ok(Entry::Mouse(true)), Ok(Entry::Mouse(false))));
        assert_eq!(parse("/react 👍"), Ok(Entry::React(last, "👍".into())));
        for line in
            ["/reply", "/reply #3", "/delete 3", "/delete all", "/react", "/history some", "/search", "/search @"]
        {
            assert!(matches!(parse(line), Err(Mistake::Usage(_))), "{line:?}");
        }
        assert_eq!(parse("/history 5"), Ok(Entry::History(Stretch { count: Some(5), before: None })));
        let found = Found { by: Some("bo".into()), words: vec!["Lunch".into(), "today".into()], ..Found::default() };
        assert_eq!(parse("/search @bo Lunch today"), Ok(Entry::Search(found)));
    }

    #[test]
    fn whatever_else_begins_with_a_slash_is_no_message() {
        for line in ["/mesg bo secret", "  /mesg bo secret", "/", "/ hello", "/JOIN x", "/etc/passwd", "\t/x"] {
            assert!(matches!(parse(line), Err(Mistake::Unknown(_))), "{line:?}");
        }
        assert_eq!(parse("/join"), Err(Mistake::Usage("/join ROOM")));
        assert_eq!(parse("/quit now"), Err(Mistake::Usage("/quit")));
        assert_eq!(parse("/room \u{1b}[2J"), Err(Mistake::Usage("/room [ROOM]")));
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
