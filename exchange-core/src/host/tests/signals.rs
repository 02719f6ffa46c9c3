//! How far members are and who is typing, as a host tells the others.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Bench, LOBBY, config, den, hello, join, peer, secs, text};
use crate::{
    event::Event,
    host::{HostConfig, RoomName},
    ids::{MemberId, RoomId, Seq},
    limits::{Limits, Timing},
    message::{Act, Encoding, JoinFrom, Signal, ToClient, ToHost},
    reason::{CloseReason, Violation},
    seam::LinkId,
};

/// The member that the client of the first link is.
const ONE: MemberId = MemberId(1);

fn seen(room: RoomId, delivered: u64, read: Option<u64>) -> ToHost {
    ToHost::Seen { room, after: Seq(2), delivered: Seq(delivered), read: read.map(Seq) }
}

fn typing(typing: bool) -> ToHost {
    ToHost::Typing { room: LOBBY, typing }
}

/// What was told of a member, in order: how far it is, how far was read, for how long it types.
fn told_of(member: MemberId, said: &[ToClient]) -> Vec<(u64, Option<u64>, u16)> {
    let signals = said.iter().filter_map(|said| match said {
        ToClient::Signals { signals, .. } => Some(signals),
        _ => None,
    });
    let signals = signals.flatten().filter(|signal| signal.member == member);
    let told = |signal: &Signal| (signal.delivered.0, signal.read.map(|read| read.0), signal.typing_ms);
    signals.map(told).collect()
}

/// Two members of the lobby, to whom the host has said something: its place is 4.
fn pair(bench: &mut Bench) -> (LinkId, LinkId) {
    let (one, other) = (bench.member(1), bench.member(2));
    bench.post(&RoomName::lobby(), "hi").unwrap();
    bench.heard(one);
    bench.heard(other);
    bench.told.clear();
    (one, other)
}

#[test]
fn how_far_a_member_is_is_told_to_all_and_to_the_host_itself() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let who = bench.host.members(&RoomName::lobby()).find(|peer| &*peer.nick == "client 1").unwrap();
    bench.say(one, &seen(LOBBY, 4, Some(3)));
    assert_eq!(told_of(ONE, &bench.heard(other)), [(4, Some(3), 0)]);
    let (room, delivered, read) = (RoomName::lobby(), Seq(4), Some(Seq(3)));
    assert_eq!(bench.told, [Event::Seen { room: room.clone(), peer: who.clone(), delivered, read }]);
    let by = bench.host.seen_by(&room, Seq(4)).unwrap();
    assert_eq!((by.delivered, by.read, by.of), ([who].into(), Vec::new(), 2));
    assert_eq!(bench.host.seen_by(&room, Seq(1)), None, "nobody said that");
}

#[test]
fn what_is_behind_what_was_said_before_changes_nothing() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.say(one, &seen(LOBBY, 4, Some(4)));
    bench.heard(other);
    for (delivered, read) in [(3, Some(3)), (4, Some(2)), (4, None)] {
        bench.say(one, &seen(LOBBY, delivered, read));
        bench.pass(secs(1));
        assert_eq!(told_of(ONE, &bench.heard(other)), []);
    }
}

#[test]
fn nobody_can_have_what_was_not_sent() {
    let lies = [(2, 5, None, Violation::Unexpected), (2, 4, Some(5), Violation::Malformed)];
    for (after, delivered, read, violation) in [(5, 4, None, Violation::Malformed)].into_iter().chain(lies) {
        let mut bench = Bench::new();
        let (one, _) = pair(&mut bench);
        let (after, delivered, read) = (Seq(after), Seq(delivered), read.map(Seq));
        bench.say(one, &ToHost::Seen { room: LOBBY, after, delivered, read });
        assert_eq!(bench.closed(one), Some(CloseReason::Violation(violation)));
    }
}

#[test]
fn of_a_room_that_it_is_not_in_nobody_says_how_far_it_is() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let den = bench.join(other, &den(), JoinFrom::Head);
    bench.heard(other);
    bench.say(one, &ToHost::Seen { room: den.room, after: Seq(0), delivered: Seq(0), read: Some(Seq(0)) });
    bench.say(one, &ToHost::Typing { room: den.room, typing: true });
    bench.pass(secs(1));
    assert_eq!((bench.heard(other), bench.closed(one)), (Vec::new(), None), "it may not know yet");
}

#[test]
fn whoever_comes_is_told_how_far_everybody_is_and_whoever_leaves_is_forgotten() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let room = bench.join(one, &den(), JoinFrom::Start).room;
    bench.join(other, &den(), JoinFrom::Start);
    let at = |delivered| ToHost::Seen { room, after: Seq(0), delivered: Seq(delivered), read: None };
    bench.say(one, &at(2));
    bench.pass(secs(1));
    let third = bench.member(3);
    bench.heard(third);
    bench.say(third, &join(&den(), JoinFrom::Head));
    assert_eq!(told_of(ONE, &bench.heard(third)), [(2, None, 0)]);
    bench.say(one, &ToHost::Leave { room });
    bench.say(one, &join(&den(), JoinFrom::Head));
    let fourth = bench.member(4);
    bench.heard(fourth);
    bench.say(fourth, &join(&den(), JoinFrom::Head));
    assert_eq!(told_of(ONE, &bench.heard(fourth)), [], "it has said nothing since it came back");
}

#[test]
fn a_link_that_lags_gets_the_latest_once_and_one_that_comes_back_as_well() {
    let mut bench = Bench::new();
    let (one, welcome) = (bench.member(1), bench.greet(2, &hello(2, 1, None)));
    let (other, token) = (welcome.0, welcome.1.unwrap().token);
    bench.join(other, &RoomName::lobby(), JoinFrom::Head);
    bench.seen(other).reads = false;
    bench.post(&RoomName::lobby(), &"x".repeat(8000)).unwrap();
    while bench.host.lagging() == 0 {
        bench.post(&RoomName::lobby(), &"x".repeat(8000)).unwrap();
    }
    bench.heard(other);
    for delivered in 5..10 {
        bench.say(one, &seen(LOBBY, delivered, None));
        bench.pass(secs(1));
    }
    assert_eq!(told_of(ONE, &bench.heard(other)), []);
    bench.read(other);
    assert_eq!(told_of(ONE, &bench.heard(other)), [(9, None, 0)]);
    bench.down(other);
    let (again, welcome) = bench.greet(9, &hello(2, 2, Some(token)));
    welcome.unwrap();
    bench.heard(again);
    bench.say(again, &join(&RoomName::lobby(), JoinFrom::Head));
    assert_eq!(told_of(ONE, &bench.heard(again)), [(9, None, 0)]);
}

#[test]
fn who_is_typing_is_shown_until_they_say_something_else_or_stop() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let lobby = RoomName::lobby();
    let mut cmid = 0;
    for ends in [typing(false), text(LOBBY, 1, "there"), ToHost::Bye { reason: CloseReason::Silent }] {
        cmid += 1;
        bench.say(one, &typing(true));
        assert_eq!(told_of(ONE, &bench.heard(other)), [(0, None, 6000)], "{cmid}");
        assert_eq!(bench.host.typing(&lobby).count(), 1);
        bench.say(one, &ends);
        bench.pass(secs(1));
        let told = told_of(ONE, &bench.heard(other));
        let is_said = matches!(ends, ToHost::Send { .. });
        assert_eq!(told, if is_said { Vec::new() } else { [(0, None, 0)].into() }, "{ends:?}");
        assert_eq!(bench.host.typing(&lobby).count(), 0);
    }
    let typing = bench.told.iter().filter_map(|event| match event {
        Event::Typing { typing, .. } => Some(*typing),
        _ => None,
    });
    assert_eq!(typing.collect::<Vec<_>>(), [true, false].repeat(3));
}

#[test]
fn nobody_is_shown_as_typing_for_long_after_they_last_said_so() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.say(one, &typing(true));
    bench.pass(secs(3));
    bench.say(one, &typing(true));
    bench.pass(Duration::from_millis(5999));
    assert_eq!(bench.host.typing(&RoomName::lobby()).count(), 1);
    assert_eq!(told_of(ONE, &bench.heard(other)), [(0, None, 6000), (0, None, 6000)]);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.host.typing(&RoomName::lobby()).count(), 0);
    assert_eq!(told_of(ONE, &bench.heard(other)), [], "they know how long it lasts");
    let third = bench.member(3);
    assert_eq!(told_of(ONE, &bench.heard(third)), []);
}

#[test]
fn a_typing_storm_is_told_twice_a_second_and_costs_nobody_more() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    for number in 0..500 {
        bench.say(one, &typing(number % 2 == 0));
        bench.pass(Duration::from_millis(10));
    }
    bench.pass(secs(1));
    let heard = bench.heard(other);
    let told = told_of(ONE, &heard);
    assert!((9..=11).contains(&told.len()), "five seconds, twice a second: {}", told.len());
    assert_eq!(told.last().map(|told| told.2), Some(0));
    assert!(heard.iter().all(|said| matches!(said, ToClient::Signals { .. })), "{heard:?}");
}

#[test]
fn what_several_signal_is_told_together_at_most_twice_a_second() {
    let mut bench = Bench::new();
    let links: Vec<LinkId> = (1..=8).map(|number| bench.member(number)).collect();
    bench.post(&RoomName::lobby(), "hi").unwrap();
    for link in &links {
        bench.heard(*link);
    }
    for _ in 0..10 {
        for link in &links {
            bench.say(*link, &typing(true));
            bench.pass(Duration::from_millis(10));
        }
    }
    bench.pass(secs(1));
    let frames = bench.heard(links[0]).len();
    assert!((2..=4).contains(&frames), "{frames} frames in a second and a bit");
}

#[test]
fn nobody_is_told_that_somebody_types_who_may_not_say_anything() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let mute = Act::Mute { who: peer(1), seconds: None };
    bench.round(|round| round.post(&RoomName::lobby(), crate::message::Body::Act(mute))).unwrap();
    bench.heard(other);
    bench.say(one, &typing(true));
    bench.pass(secs(1));
    assert_eq!(told_of(ONE, &bench.heard(other)), []);
}

#[test]
fn the_host_itself_has_everything_and_tells_how_far_it_has_read_only_if_it_wants_to() {
    for read_receipts in [false, true] {
        let mut bench = Bench::with(HostConfig { read_receipts, ..config() });
        let (one, _) = pair(&mut bench);
        bench.say(one, &text(LOBBY, 1, "there"));
        let by = bench.host.seen_by(&RoomName::lobby(), Seq(5)).unwrap();
        assert_eq!((by.delivered.len(), by.read.len(), by.of), (1, 0, 2), "the author is not counted");
        bench.heard(one);
        bench.round(|round| round.read(&RoomName::lobby(), Seq(99)));
        let expected = if read_receipts { [(5, Some(5), 0)].into() } else { Vec::new() };
        assert_eq!(told_of(MemberId::OWNER, &bench.heard(one)), expected);
        let by = bench.host.seen_by(&RoomName::lobby(), Seq(5)).unwrap();
        assert_eq!(by.read.len(), usize::from(read_receipts));
    }
}

#[test]
fn the_host_itself_types_like_everybody_and_is_told_nothing_of_it() {
    let mut bench = Bench::new();
    let (one, _) = pair(&mut bench);
    bench.round(|round| round.typing(&RoomName::lobby(), true));
    assert_eq!(told_of(MemberId::OWNER, &bench.heard(one)), [(0, None, 6000)]);
    bench.post(&RoomName::lobby(), "there").unwrap();
    assert_eq!(told_of(MemberId::OWNER, &bench.heard(one)), []);
    assert!(!bench.told.iter().any(|event| matches!(event, Event::Typing { .. })));
}

#[test]
fn a_room_with_too_many_members_has_no_signals_until_some_have_left() {
    let limits = Limits { signalled: 3, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (one, other) = pair(&mut bench);
    let lobby = RoomName::lobby();
    bench.say(one, &seen(LOBBY, 4, None));
    bench.say(other, &typing(true));
    bench.pass(secs(1));
    bench.heard(one);
    let third = bench.member(3);
    let off = ToClient::NoSignals { room: LOBBY };
    assert!(bench.heard(one).contains(&off));
    assert_eq!(bench.host.seen_by(&lobby, Seq(4)), None);
    assert_eq!(bench.host.typing(&lobby).count(), 0);
    bench.say(one, &typing(true));
    bench.say(other, &seen(LOBBY, 4, None));
    bench.pass(secs(1));
    assert_eq!(bench.heard(one), [], "nobody is told");
    bench.heard(other);
    bench.say(third, &ToHost::Bye { reason: CloseReason::Left });
    assert_eq!(told_of(ONE, &bench.heard(other)), [(4, None, 0)], "what was known is told anew");
    assert_eq!(bench.host.seen_by(&lobby, Seq(4)).unwrap().delivered.len(), 1);
}

#[test]
fn as_many_signals_as_a_host_may_tell_of_fit_into_a_frame() {
    let limits = Limits { signalled: usize::MAX, links: 300, half_open: 300, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let links: Vec<LinkId> = (1..=254).map(|number| bench.member(number)).collect();
    for link in &links {
        bench.say(*link, &typing(true));
    }
    bench.pass(Timing::default().pace);
    let watcher = bench.open(1000, Encoding::Json, super::WINDOW);
    bench.say(watcher, &hello(255, 1, None));
    bench.say(watcher, &join(&RoomName::lobby(), JoinFrom::Head));
    let told = bench.heard(watcher);
    let count = told
        .iter()
        .find_map(|said| if let ToClient::Signals { signals, .. } = said { Some(signals.len()) } else { None });
    assert_eq!((count, bench.closed(watcher)), (Some(254), None));
}
