//! Links that break, members that come back or do not, and members that leave.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Bench, LOBBY, config, den, entries, hello, secs, text};
use crate::{
    event::Event,
    host::{HostConfig, RoomName},
    ids::MemberId,
    limits::Limits,
    message::{Body, JoinFrom, LeaveReason, Status, ToClient, ToHost},
    reason::CloseReason,
};

/// Who a link was told is there or not, in order.
fn statuses(said: &[ToClient]) -> Vec<(MemberId, Status)> {
    let roster = |said: &ToClient| match said {
        ToClient::Roster { members, .. } => members.clone(),
        _ => Vec::new(),
    };
    said.iter().flat_map(roster).map(|record| (record.member, record.status)).collect()
}

fn leaves(said: &[ToClient]) -> Vec<(MemberId, LeaveReason)> {
    let leave = |entry: &super::Entry| match entry.body {
        Body::Leave { reason } => Some((entry.author, reason)),
        _ => None,
    };
    entries(said).filter_map(leave).collect()
}

#[test]
fn a_peer_that_is_back_within_a_second_and_a_half_was_never_gone() {
    let mut bench = Bench::new();
    let other = bench.member(9);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let welcome = welcome.unwrap();
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.heard(other);
    let told = bench.told.len();
    bench.down(link);
    bench.pass(Duration::from_millis(1499));
    let (_, again) = bench.greet(2, &hello(1, 2, Some(welcome.token)));
    assert_eq!(again.unwrap().you, welcome.you);
    bench.pass_alive(secs(10), &[other]);
    assert_eq!(bench.heard(other), []);
    assert!(!bench.told[told..].iter().any(|event| matches!(event, Event::Presence { .. } | Event::PeerLeft { .. })));
}

#[test]
fn a_peer_whose_link_broke_is_unreachable_then_offline_and_online_when_it_is_back() {
    let mut bench = Bench::new();
    let other = bench.member(9);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let welcome = welcome.unwrap();
    bench.heard(other);
    bench.down(link);
    bench.pass_alive(secs(1), &[other]);
    assert_eq!(bench.heard(other), []);
    bench.pass_alive(secs(3), &[other]);
    assert_eq!(statuses(&bench.heard(other)), [(welcome.you, Status::Unreachable)]);
    assert_eq!(bench.host.people().count(), 3);
    bench.pass_alive(secs(1), &[other]);
    assert_eq!(statuses(&bench.heard(other)), [(welcome.you, Status::Offline)]);
    assert_eq!(bench.host.people().count(), 2);
    bench.greet(2, &hello(1, 2, Some(welcome.token))).1.unwrap();
    assert_eq!(statuses(&bench.heard(other)), [(welcome.you, Status::Online)]);
    let told = bench.told.iter().filter_map(|event| match event {
        Event::Presence { peer, status, .. } if &*peer.nick == "client 1" => Some(*status),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [Status::Online, Status::Unreachable, Status::Offline, Status::Online]);
}

#[test]
fn a_member_keeps_its_rooms_for_two_minutes_and_then_has_left_them() {
    let mut bench = Bench::new();
    let other = bench.member(9);
    bench.join(other, &den(), JoinFrom::Head);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let welcome = welcome.unwrap();
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    let joined = bench.join(link, &den(), JoinFrom::Head);
    bench.heard(other);
    bench.down(link);
    bench.pass_alive(secs(119), &[other]);
    assert_eq!(leaves(&bench.heard(other)), []);
    assert_eq!(bench.host.members(&den()).count(), 2);
    bench.pass_alive(secs(1), &[other]);
    let expired = (welcome.you, LeaveReason::TimedOut);
    assert_eq!(leaves(&bench.heard(other)), [expired, expired], "from both of its rooms");
    assert_eq!(bench.host.members(&den()).count(), 1);

    // It comes back as who it was, takes up where it was, and joins anew.
    let (link, again) = bench.greet(2, &hello(1, 2, Some(welcome.token)));
    assert_eq!(again.unwrap().you, welcome.you);
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    let from = JoinFrom::After { epoch: joined.epoch, seq: joined.head };
    assert_eq!(bench.join(link, &den(), from).after, joined.head);
    assert_eq!(bench.host.members(&den()).count(), 2);
}

#[test]
fn a_member_that_says_goodbye_has_left_at_once() {
    let mut bench = Bench::new();
    let (other, leaver) = (bench.member(9), bench.member(1));
    bench.heard(other);
    bench.say(leaver, &ToHost::Bye { reason: CloseReason::Left });
    let heard = bench.heard(other);
    assert_eq!(leaves(&heard), [(MemberId(2), LeaveReason::Left)]);
    assert_eq!(statuses(&heard), [(MemberId(2), Status::Offline)]);
    assert_eq!(bench.closed(leaver), Some(CloseReason::Left));
    assert_eq!(bench.host.people().count(), 2);
    assert!(bench.told.iter().any(|event| matches!(
        event,
        Event::PeerLeft { peer, reason: LeaveReason::Left, .. } if &*peer.nick == "client 1"
    )));
}

#[test]
fn a_member_that_gives_up_a_link_for_another_reason_will_be_back_and_has_left_nothing() {
    let mut bench = Bench::new();
    let (other, unlucky) = (bench.member(9), bench.member(1));
    bench.heard(other);
    bench.say(unlucky, &ToHost::Bye { reason: CloseReason::Silent });
    assert_eq!(bench.closed(unlucky), Some(CloseReason::Silent));
    assert_eq!(bench.heard(other), []);
    bench.pass_alive(secs(5), &[other]);
    let gone = [Status::Unreachable, Status::Offline].map(|status| (MemberId(2), status));
    assert_eq!(statuses(&bench.heard(other)), gone);
    assert_eq!(bench.host.members(&RoomName::lobby()).count(), 3);
}

fn forgetful(remembered: usize) -> Bench {
    let limits = Limits { remembered, history_entries: 4, ..Limits::default() };
    Bench::with(HostConfig { limits, ..config() })
}

/// A client comes to the lobby and leaves for good; gives its token.
fn visit(bench: &mut Bench, number: u8, link: u64, token: Option<crate::Token>) -> crate::Token {
    let (link, welcome) = bench.greet(link, &hello(number, u32::try_from(link).unwrap(), token));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.say(link, &ToHost::Bye { reason: CloseReason::Left });
    welcome.unwrap().token
}

/// Pushes everybody else's entries out of the lobby's log.
fn chatter(bench: &mut Bench) {
    (0..4).for_each(|_| {
        bench.post(&RoomName::lobby(), "chatter").unwrap();
    });
}

#[test]
fn only_so_many_of_those_that_left_are_remembered() {
    let mut bench = forgetful(3);
    for number in 1..=50 {
        visit(&mut bench, number, number.into(), None);
        chatter(&mut bench);
    }
    assert!(bench.host.members.len() <= 3 + 1 + 1, "the host itself, three that left, and whose entries are kept");
    assert!(bench.host.gone.len() <= 3 + 1);
}

#[test]
fn nobody_is_forgotten_before_the_others_know_that_they_left() {
    let mut bench = forgetful(0);
    let other = bench.member(9);
    bench.heard(other);
    visit(&mut bench, 1, 1, None);
    chatter(&mut bench);
    visit(&mut bench, 2, 2, None);
    chatter(&mut bench);
    let told = statuses(&bench.heard(other));
    for member in [MemberId(2), MemberId(3)] {
        let last = told.iter().rev().find(|(told, _)| *told == member);
        assert_eq!(last, Some(&(member, Status::Offline)));
    }
}

#[test]
fn whoever_is_back_and_away_again_is_shown_as_offline_before_it_is_forgotten() {
    let mut bench = forgetful(0);
    let other = bench.member(9);
    let token = visit(&mut bench, 1, 1, None);
    let (link, _) = bench.greet(2, &hello(1, 2, Some(token)));
    bench.down(link);
    // Nothing of it is kept any more, it is in no room, and somebody else's leaving makes the host forget whom it may.
    chatter(&mut bench);
    visit(&mut bench, 3, 3, None);
    bench.heard(other);
    bench.pass_alive(secs(5), &[other]);
    let gone = [Status::Unreachable, Status::Offline].map(|status| (MemberId(2), status));
    assert_eq!(statuses(&bench.heard(other)), gone);
}

#[test]
fn whoever_does_not_hear_that_others_left_is_told_before_they_are_forgotten_or_has_to_come_back() {
    const LINKS: u8 = 5;
    let limits = Limits { remembered: 0, history_entries: 4, links: LINKS.into(), ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let deaf = bench.member(200);
    bench.seen(deaf).reads = false;
    bench.post(&RoomName::lobby(), &"x".repeat(8000)).unwrap();
    // So much is on its way to it that nothing of those who come and go is.
    (0..8).for_each(|_| drop(bench.post(&RoomName::lobby(), &"x".repeat(8000))));
    for number in 1..=LINKS {
        visit(&mut bench, number, number.into(), None);
        chatter(&mut bench);
    }
    assert_eq!(bench.closed(deaf), None);
    assert!(bench.host.members.len() >= usize::from(LINKS));
    for number in LINKS + 1..=LINKS + 3 {
        visit(&mut bench, number, number.into(), None);
        chatter(&mut bench);
    }
    assert_eq!(bench.closed(deaf), Some(CloseReason::Overrun));
    bench.pass(secs(1));
    assert!(bench.host.members.len() <= 3, "not {}", bench.host.members.len());
}

#[test]
fn whoever_comes_and_goes_often_pushes_nobody_else_out_of_memory() {
    let mut bench = forgetful(3);
    let quiet = visit(&mut bench, 1, 1, None);
    let mut token = None;
    for link in 10..30 {
        token = Some(visit(&mut bench, 2, link, token));
        chatter(&mut bench);
    }
    let (_, welcome) = bench.greet(40, &hello(1, 40, Some(quiet)));
    assert_eq!(welcome.unwrap().you, MemberId(1), "it is still known");
}

#[test]
fn whose_entries_are_kept_is_not_forgotten() {
    let mut bench = forgetful(0);
    let (link, _) = bench.greet(1, &hello(1, 1, None));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.say(link, &text(LOBBY, 1, "remember me"));
    bench.say(link, &ToHost::Bye { reason: CloseReason::Left });
    let (late, _) = bench.greet(2, &hello(2, 1, None));
    bench.say(late, &super::join(&RoomName::lobby(), JoinFrom::Start));
    let heard = bench.heard(late);
    assert!(statuses(&heard).contains(&(MemberId(1), Status::Offline)));
    assert!(entries(&heard).any(|entry| entry.author == MemberId(1)));
}

#[test]
fn whoever_is_back_is_not_forgotten_be_it_in_no_room_yet_or_away_again() {
    for away in [false, true] {
        let mut bench = forgetful(1);
        let token = visit(&mut bench, 1, 1, None);
        chatter(&mut bench);
        let (link, welcome) = bench.greet(2, &hello(1, 2, Some(token)));
        let welcome = welcome.unwrap();
        if away {
            bench.join(link, &RoomName::lobby(), JoinFrom::Head);
            bench.down(link);
            chatter(&mut bench);
        }
        visit(&mut bench, 2, 3, None);
        let (link, again) = bench.greet(4, &hello(1, 4, Some(welcome.token)));
        assert_eq!(again.unwrap().you, welcome.you, "away: {away}");
        assert!(bench.join(link, &RoomName::lobby(), JoinFrom::Head).members.contains(&welcome.you));
    }
}

#[test]
fn as_many_may_be_away_as_may_be_there_and_then_whoever_is_away_longest_has_left() {
    let limits = Limits { links: 3, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let other = bench.member(99);
    for number in 1..=5 {
        let link = bench.member(number);
        bench.down(link);
    }
    let timed_out = |(_, reason): &(MemberId, LeaveReason)| *reason == LeaveReason::TimedOut;
    assert_eq!(leaves(&bench.heard(other)).iter().filter(|leave| timed_out(leave)).count(), 2);
    assert_eq!(bench.host.members(&RoomName::lobby()).count(), 5, "the host, the other, and three who may come back");
}
