//! Every message in every state of a link: the answer that is written down here, or the end of the link.

use alloc::vec::Vec;

use super::{Bench, Seen, WINDOW, act, den, hello, peer, texts};
use crate::{
    host::RoomName,
    ids::{MemberId, RoomId},
    message::{
        Act, Encoding, FRAME_HEADER, JoinFrom, ToClient,
        samples::{self, to_client_kind},
    },
    reason::Violation,
    seam::{Input, LinkId},
};

/// The den, as the second room of the host.
const DEN: RoomId = RoomId(2);
const LINK: LinkId = LinkId(2);

/// How far a link has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The preamble is not through.
    Up,
    Greeting,
    /// Let in, and in no room yet.
    Guest,
    Lobby,
    /// In the lobby and the den, as all the others but the first are in the lobby alone.
    Den,
    /// Removed from the den.
    Kicked,
    /// The link is closed, and more comes over it.
    Closed,
}

const STAGES: [Stage; 7] =
    [Stage::Up, Stage::Greeting, Stage::Guest, Stage::Lobby, Stage::Den, Stage::Kicked, Stage::Closed];

/// What a link is told when it says that, about the den, as far as it has come: `!` is the end of the link.
#[rustfmt::skip]
const ANSWERS: [(&str, [&str; 7]); 14] = [
    // message       up    greeting          guest           lobby           den             kicked          closed
    ("Hello",      ["!",  "Welcome Roster", "Bye!",         "Bye!",         "Bye!",         "Bye!",         ""]),
    ("Join",       ["!",  "Bye!",           "Bye!",         "Joined Entry", "Joined",       "Joined Entry", ""]),
    ("Leave",      ["!",  "Bye!",           "Parted",       "Parted",       "Parted",       "Parted",       ""]),
    ("Send",       ["!",  "Bye!",           "Reject",       "Reject",       "Entry",        "Reject",       ""]),
    ("Ping",       ["!",  "Bye!",           "Pong",         "Pong",         "Pong",         "Pong",         ""]),
    ("Pong",       ["!",  "Bye!",           "",             "",             "",             "",             ""]),
    ("Bye",        ["!",  "!",              "!",            "!",            "!",            "!",            ""]),
    ("Presence",   ["!",  "Bye!",           "",             "",             "",             "",             ""]),
    ("Rename",     ["!",  "Bye!",           "",             "",             "",             "",             ""]),
    ("Open",       ["!",  "Bye!",           "Bye!",         "Joined Entry", "Joined Entry", "Joined Entry", ""]),
    ("List",       ["!",  "Bye!",           "Rooms",        "Rooms",        "Rooms",        "Rooms",        ""]),
    ("Seen",       ["!",  "Bye!",           "",             "",             "",             "",             ""]),
    ("Typing",     ["!",  "Bye!",           "",             "",             "Signals",      "",             ""]),
    ("Fetch",      ["!",  "Bye!",           "FetchRefused", "FetchRefused", "Page Entry",   "FetchRefused", ""]),
];

/// A link that has come so far, beside a member who founded the den.
fn bench(stage: Stage) -> Bench {
    let mut bench = Bench::new();
    let founder = bench.member(1);
    bench.join(founder, &den(), JoinFrom::Head);
    if let Stage::Up = stage {
        let seen = Seen { encoding: Encoding::Postcard, said: Vec::new(), unread: 0, reads: true, closed: None };
        bench.links.insert(LINK, seen);
        bench.input(Input::LinkUp { link: LINK, credit: WINDOW, from: None });
        return bench;
    }
    bench.open(LINK.0, Encoding::Postcard, WINDOW);
    if !matches!(stage, Stage::Greeting) {
        bench.say(LINK, &hello(2, 1, None));
    }
    if matches!(stage, Stage::Lobby | Stage::Den | Stage::Kicked) {
        bench.join(LINK, &RoomName::lobby(), JoinFrom::Head);
    }
    if matches!(stage, Stage::Den | Stage::Kicked) {
        bench.join(LINK, &den(), JoinFrom::Head);
    }
    if let Stage::Kicked = stage {
        bench.say(founder, &act(DEN, 1, Act::Kick { who: peer(2), reason: None }));
    }
    if let Stage::Closed = stage {
        bench.input(Input::Fault { link: LINK, violation: Violation::Oversize });
    }
    bench.heard(LINK);
    bench
}

/// The others still hear each other.
fn others_go_on(bench: &mut Bench) {
    let other = LinkId(1);
    bench.heard(other);
    bench.post(&RoomName::lobby(), "still here").unwrap();
    assert_eq!(texts(&bench.heard(other)).len(), 1);
    assert_eq!(bench.closed(other), None);
}

#[test]
fn whatever_is_said_at_whatever_stage_has_its_answer_or_ends_the_link() {
    assert_eq!(ANSWERS.map(|(kind, _)| kind), samples::TO_HOST_KINDS);
    for (message, (kind, answers)) in samples::to_host(DEN, &den()).iter().zip(ANSWERS) {
        for (stage, answer) in STAGES.into_iter().zip(answers) {
            let mut bench = bench(stage);
            let before = bench.closed(LINK);
            bench.say(LINK, message);
            let told: Vec<&str> = bench.heard(LINK).iter().map(to_client_kind).collect();
            let end = if bench.closed(LINK) == before { "" } else { "!" };
            assert_eq!(told.join(" ") + end, answer, "{kind} at {stage:?}");
            others_go_on(&mut bench);
        }
    }
}

/// In JSON by its name; in postcard it has none, and may be taken for something that a client does say.
#[test]
fn what_only_a_host_says_ends_the_link_or_is_taken_for_something_else_and_harms_nobody() {
    for encoding in [Encoding::Json, Encoding::Postcard] {
        for message in samples::to_client(DEN, &den(), MemberId(1)) {
            let is_said_by_both =
                matches!(message, ToClient::Ping { .. } | ToClient::Pong { .. } | ToClient::Bye { .. });
            for stage in [Stage::Greeting, Stage::Guest, Stage::Den] {
                let mut bench = bench(stage);
                let link = if encoding == Encoding::Json { LinkId(3) } else { LINK };
                if encoding == Encoding::Json {
                    bench.open(link.0, encoding, WINDOW);
                    if !matches!(stage, Stage::Greeting) {
                        bench.say(link, &hello(3, 1, None));
                    }
                }
                let mut frame = bytes::BytesMut::new();
                encoding.encode(&message, &mut frame);
                bench.input(Input::Frame { link, body: &frame[FRAME_HEADER..] });
                if encoding == Encoding::Json && !is_said_by_both {
                    assert_eq!(bench.closed(link), Some(Violation::Malformed.into()), "{message:?} at {stage:?}");
                }
                others_go_on(&mut bench);
            }
        }
    }
}
