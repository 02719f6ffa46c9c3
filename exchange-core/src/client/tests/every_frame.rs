//! Every message in every state of a link: what it does is written down here, or it ends the link.

use alloc::{format, string::String, vec::Vec};

use bytes::BytesMut;

use super::{ANA, Bench, ME, den, joined, welcome};
use crate::{
    event::Event,
    ids::{RoomId, Seq},
    message::{
        Encoding, FRAME_HEADER, JoinFrom, Joined, PageFrom, ToClient, ToHost,
        samples::{self, to_host_kind},
    },
    reason::CloseReason,
    seam::Input,
};

const DEN: RoomId = RoomId(2);

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Stage {
    Dialling,
    /// The preamble is not through.
    Up,
    Greeting,
    /// Let in, and in no room yet.
    Welcomed,
    Lobby,
    /// It has asked to be in the den,
    Asking,
    /// and is,
    Den,
    /// has asked for a page of it, and which rooms there are,
    Fetching,
    /// is being told the page,
    Page,
    /// or is leaving it.
    Leaving,
}

const STAGES: [Stage; 10] = [
    Stage::Dialling,
    Stage::Up,
    Stage::Greeting,
    Stage::Welcomed,
    Stage::Lobby,
    Stage::Asking,
    Stage::Den,
    Stage::Fetching,
    Stage::Page,
    Stage::Leaving,
];

/// What comes of being told that, about the den, as far as the client has come: the events, and what it says. `!` is the end
/// of the link for what is wrong with it, `.` the end that it was told of.
#[rustfmt::skip]
const DOES: [(&str, [&str; 10]); 22] = [
    // message         dialling up   greeting               welcomed         lobby            asking           den              fetching         page    leaving
    ("Entry",          ["!",     "!", "!",                   "!",             "!",             "!",             "Message",       "Message",       "Page", ""]),
    ("Welcome",        ["!",     "!", "Connected Ping Join", "!",             "!",             "!",             "!",             "!",             "!",    "!"]),
    ("Roster",         ["!",     "!", "!",                   "",              "",              "",              "",              "",              "!",    ""]),
    ("Joined",         ["!",     "!", "!",                   "!",             "!",             "RoomJoined",    "!",             "!",             "!",    ""]),
    ("JoinRefused",    ["!",     "!", "!",                   "!",             "!",             "RoomRefused",   "!",             "!",             "!",    "!"]),
    ("Parted",         ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "!",             "!",    "RoomLeft"]),
    ("LeaveRefused",   ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "!",             "!",    "RoomRefused"]),
    ("Gap",            ["!",     "!", "!",                   "!",             "!",             "!",             "Gap",           "Gap",           "!",    ""]),
    ("Ack",            ["!",     "!", "!",                   "!",             "!",             "!",             "",              "",              "!",    ""]),
    ("Reject",         ["!",     "!", "!",                   "!",             "!",             "!",             "",              "",              "!",    ""]),
    ("Ping",           ["!",     "!", "!",                   "Pong",          "Pong",          "Pong",          "Pong",          "Pong",          "!",    "Pong"]),
    ("Pong",           ["!",     "!", "!",                   "",              "",              "",              "",              "",              "!",    ""]),
    ("Bye",            ["!",     "!", ".",                   ".",             ".",             ".",             ".",             ".",             ".",    "."]),
    ("RenameRefused",  ["!",     "!", "!",                   "RenameRefused", "RenameRefused", "RenameRefused", "RenameRefused", "RenameRefused", "!",    "RenameRefused"]),
    ("Rooms",          ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "Rooms",         "!",    "!"]),
    ("ListRefused",    ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "!",             "!",    "!"]),
    ("Invited",        ["!",     "!", "!",                   "Invited",       "Invited",       "Invited",       "Invited",       "Invited",       "!",    "Invited"]),
    ("Removed",        ["!",     "!", "!",                   "!",             "!",             "!",             "Removed",       "Page Removed",  "!",    ""]),
    ("Signals",        ["!",     "!", "!",                   "!",             "!",             "!",             "Typing",        "Typing",        "!",    ""]),
    ("NoSignals",      ["!",     "!", "!",                   "!",             "!",             "!",             "",              "",              "!",    ""]),
    ("Page",           ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "Page",          "!",    ""]),
    ("FetchRefused",   ["!",     "!", "!",                   "!",             "!",             "!",             "!",             "Page",          "!",    ""]),
];

/// A client that has come so far.
fn bench(stage: Stage) -> Bench {
    let mut bench = Bench::new();
    let link = bench.link();
    if stage >= Stage::Up {
        bench.input(Input::LinkUp { link, credit: 64 * 1024, from: None });
    }
    if stage >= Stage::Greeting {
        bench.input(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
    }
    if stage == Stage::Welcomed {
        bench.hear(&ToClient::Welcome(welcome()));
        bench.roster();
    } else if stage > Stage::Welcomed {
        bench.enter();
    }
    if stage >= Stage::Asking {
        bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    }
    if stage >= Stage::Den {
        bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), ..joined(&den(), DEN.0, 0) }));
    }
    if matches!(stage, Stage::Fetching | Stage::Page) {
        bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(0)), 1)).unwrap();
        bench.round(|round| round.list_rooms().unwrap());
    }
    if stage == Stage::Page {
        bench.hear(&ToClient::Page {
            room: DEN,
            after: Seq(0),
            entries: 1,
            more: false,
            start: Seq(0),
            head: Seq(1),
            chain: None,
        });
    }
    if stage == Stage::Leaving {
        bench.round(|round| round.leave(&den())).unwrap();
    }
    bench.told();
    bench.said();
    bench
}

/// What an event is called.
fn event_kind(event: &Event) -> String {
    format!("{event:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn whatever_is_told_at_whatever_stage_does_what_it_should_or_ends_the_link() {
    assert_eq!(DOES.map(|(kind, _)| kind), samples::TO_CLIENT_KINDS);
    for (message, (kind, does)) in samples::to_client(DEN, &den(), ANA).iter().zip(DOES) {
        for (stage, does) in STAGES.into_iter().zip(does) {
            let mut bench = bench(stage);
            bench.hear(message);
            let events = bench.told().iter().map(event_kind).filter(|kind| kind != "Disconnected").collect();
            let said = bench.said();
            let said = said.iter().filter(|said| !matches!(said, ToHost::Bye { .. })).map(to_host_kind);
            let done: Vec<String> = [events, said.map(String::from).collect::<Vec<_>>()].concat();
            let end = match bench.closed[..] {
                [] => "",
                [(_, CloseReason::Violation(_))] => "!",
                _ => ".",
            };
            assert_eq!(done.join(" ") + end, does, "{kind} at {stage:?}");
        }
    }
}

/// In JSON by its name; in postcard it has none, and may be taken for something that a host does say.
#[test]
fn what_only_a_client_says_ends_the_link_or_is_taken_for_something_else() {
    for message in samples::to_host(DEN, &den()) {
        let is_said_by_both = matches!(message, ToHost::Ping { .. } | ToHost::Pong { .. } | ToHost::Bye { .. });
        let read = |encoding: Encoding| {
            let mut frame = BytesMut::new();
            encoding.encode(&message, &mut frame);
            encoding.decode::<ToClient>(&frame[FRAME_HEADER..])
        };
        assert_eq!(read(Encoding::Json).is_err(), !is_said_by_both, "{message:?}");
        if let Ok(taken_for) = read(Encoding::Postcard) {
            for stage in STAGES {
                bench(stage).hear(&taken_for);
            }
        }
    }
}
