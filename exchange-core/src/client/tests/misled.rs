//! A host that breaks the protocol loses the client's link, and the client dials again.

use alloc::{vec, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, ana, den, disconnects, entry, joined, secs, welcome};
use crate::{
    event::Ended,
    ids::{MemberId, Rev, RoomId, Seq},
    limits::CONTROL_ALLOWANCE,
    message::{Encoding, GapReason, JoinFrom, Joined, MemberRecord, Signal, Status, ToClient, ToHost},
    name::RoomName,
    reason::{CloseReason, Refusal, Violation},
    seam::Input,
    testing::filling_nonce,
};

/// What a client that is in the lobby may not be told, and how it breaks the protocol.
fn lies() -> Vec<(ToClient, Violation)> {
    let (nowhere, cmid, seq) = (RoomId(99), crate::Cmid(1), None);
    let (reason, refusal) = (GapReason::Retention, Refusal::NotMember);
    let lobby = RoomName::lobby();
    let ToClient::Entry(stray) = entry(1, ANA, 1, "stray") else { panic!("no entry") };
    vec![
        (ToClient::Welcome(welcome()), Violation::Unexpected),
        (entry(2, ANA, 1, "a hole"), Violation::OutOfOrder),
        (entry(0, ANA, 1, "before the first"), Violation::OutOfOrder),
        (entry(1, MemberId(99), 1, "a stranger"), Violation::UnknownMember),
        (ToClient::Entry(crate::message::Entry { room: nowhere, ..stray }), Violation::Unexpected),
        (ToClient::Gap { room: LOBBY, to: Seq(0), reason, chain: None }, Violation::OutOfOrder),
        (ToClient::Gap { room: nowhere, to: Seq(5), reason, chain: None }, Violation::Unexpected),
        (ToClient::Joined(joined(&lobby, 1, 3)), Violation::Unexpected),
        (ToClient::Joined(joined(&lobby, 2, 0)), Violation::Unexpected),
        (ToClient::Joined(joined(&den(), 2, 0)), Violation::Unexpected),
        (ToClient::JoinRefused { room: den(), refusal }, Violation::Unexpected),
        (ToClient::JoinRefused { room: lobby, refusal }, Violation::Unexpected),
        (ToClient::Parted { room: LOBBY }, Violation::Unexpected),
        (ToClient::LeaveRefused { room: LOBBY, refusal }, Violation::Unexpected),
        (ToClient::Ack { room: nowhere, cmid, seq }, Violation::Unexpected),
        (ToClient::Reject { room: nowhere, cmid, refusal }, Violation::Unexpected),
        (ToClient::NoSignals { room: nowhere }, Violation::Unexpected),
        (ToClient::Signals { room: nowhere, signals: Vec::new() }, Violation::Unexpected),
        (signal(MemberId(99), 0, 0, None), Violation::UnknownMember),
        (signal(ANA, 0, 1, None), Violation::Unexpected),
        (signal(ANA, 0, 0, Some(1)), Violation::Unexpected),
        (signal(ANA, 1, 0, None), Violation::Unexpected),
    ]
}

fn signal(member: MemberId, after: u64, delivered: u64, read: Option<u64>) -> ToClient {
    let (after, delivered, read) = (Seq(after), Seq(delivered), read.map(Seq));
    ToClient::Signals { room: LOBBY, signals: vec![Signal { member, after, delivered, read, typing_ms: 0 }] }
}

fn misled(bench: &mut Bench, violation: Violation, what: &dyn core::fmt::Debug) {
    let link = bench.link();
    assert_eq!(bench.said().last(), Some(&ToHost::Bye { reason: violation.into() }), "{what:?}");
    assert_eq!(bench.closed, [(link, CloseReason::Violation(violation))], "{what:?}");
    assert_eq!(disconnects(&bench.told()), [Ended::Here(violation.into())]);
    bench.redial();
    bench.arrive();
    bench.enter();
    assert!(bench.client.is_connected(), "it comes back");
}

#[test]
fn whatever_has_no_place_ends_the_link_and_the_client_comes_back() {
    for (lie, violation) in lies() {
        let mut bench = Bench::in_lobby();
        bench.told();
        bench.hear(&lie);
        misled(&mut bench, violation, &lie);
    }
}

#[test]
fn an_entry_that_comes_twice_ends_the_link() {
    let mut bench = Bench::in_lobby();
    bench.told();
    bench.hear_all(&[entry(1, ANA, 1, "once"), entry(1, ANA, 1, "once")]);
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::OutOfOrder.into())]);
}

#[test]
fn the_last_entry_that_a_log_can_have_may_not_come_twice_either() {
    let last = (1 << 53) - 1;
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    bench.hear(&ToClient::Joined(joined(&RoomName::lobby(), LOBBY.0, last - 1)));
    bench.hear(&entry(last, ANA, 1, "once"));
    assert_eq!(disconnects(&bench.told()), []);
    bench.hear(&entry(last, ANA, 1, "once"));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::OutOfOrder.into())]);
}

#[test]
fn nothing_but_a_welcome_or_a_goodbye_may_come_first() {
    for (lie, _) in lies().into_iter().skip(1) {
        let mut bench = Bench::new();
        bench.arrive();
        bench.hear(&lie);
        assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Unexpected.into())], "{lie:?}");
    }
}

#[test]
fn a_room_in_which_somebody_unknown_is_a_member_ends_the_link() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.told();
    bench.hear(&ToClient::Joined(Joined { members: vec![ME, MemberId(99)], ..joined(&den(), 2, 0) }));
    misled(&mut bench, Violation::UnknownMember, &"a stranger in the den");
}

#[test]
fn a_host_that_refuses_the_lobby_has_let_nobody_in() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.told();
    bench.hear(&ToClient::JoinRefused { room: RoomName::lobby(), refusal: Refusal::RoomFull });
    misled(&mut bench, Violation::Unexpected, &"no lobby");
}

#[test]
fn a_room_that_begins_after_its_end_ends_the_link() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.told();
    bench.hear(&ToClient::Joined(Joined { after: Seq(3), head: Seq(2), ..joined(&den(), 2, 0) }));
    misled(&mut bench, Violation::Unexpected, &"a room that begins after its end");
}

#[test]
fn a_room_that_goes_on_elsewhere_than_it_was_left_ends_the_link() {
    let mut bench = Bench::in_lobby();
    bench.hear(&entry(1, ANA, 1, "one"));
    bench.reconnect();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    bench.told();
    bench.hear(&ToClient::Joined(joined(&RoomName::lobby(), 1, 5)));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::OutOfOrder.into())]);
}

#[test]
fn a_frame_that_is_no_message_ends_the_link_in_every_state() {
    let mut wrong_way = bytes::BytesMut::new();
    Encoding::Postcard.encode(&ToHost::Bye { reason: CloseReason::Left }, &mut wrong_way);
    for body in [&b"\xff"[..], b"", &wrong_way[4..]] {
        for entered in [false, true] {
            let mut bench = Bench::new();
            bench.arrive();
            if entered {
                bench.enter();
            }
            bench.told();
            bench.input(Input::Frame { link: bench.link(), body });
            assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Malformed.into())], "{body:?}");
        }
    }
}

#[test]
fn a_frame_before_the_preamble_is_through_ends_the_link() {
    let mut bench = Bench::new();
    bench.input(Input::Frame { link: bench.link(), body: b"x" });
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Unexpected.into())]);
}

#[test]
fn what_comes_over_an_old_link_is_ignored() {
    let mut bench = Bench::in_lobby();
    let (old, credit) = (bench.link(), 1000);
    bench.reconnect();
    bench.enter();
    bench.told();
    bench.said();
    bench.input(Input::LinkUp { link: old, credit, from: None });
    bench.input(Input::Opened { link: old, encoding: Encoding::Json, proven: None });
    bench.input(Input::Frame { link: old, body: b"\xff" });
    bench.input(Input::Fault { link: old, violation: Violation::Oversize });
    bench.input(Input::LinkDown { link: old, loss: crate::LinkLoss::Broken });
    assert_eq!((bench.told(), bench.said()), (vec![], vec![]));
    assert!(bench.client.is_connected());
}

#[test]
fn a_host_that_asks_and_never_reads_is_given_up_before_the_answers_are_many() {
    let mut bench = Bench::in_lobby();
    bench.reads = false;
    for nonce in 0..100_000 {
        bench.hear(&ToClient::Ping { nonce: u64::MAX - nonce });
        assert!(bench.unread < 2 * 64 * 1024 + 100);
        if !bench.closed.is_empty() {
            break;
        }
    }
    assert_eq!(bench.closed[0].1, CloseReason::Overrun);
    assert_eq!(bench.said().last(), Some(&ToHost::Bye { reason: CloseReason::Overrun }));
}

#[test]
fn a_host_may_leave_answers_unread_up_to_the_allowance_and_not_a_byte_more() {
    let mut bench = Bench::new();
    bench.window = 10;
    bench.arrive();
    bench.enter();
    bench.reads = false;
    let most = 10 + CONTROL_ALLOWANCE;
    while bench.unread < most {
        bench.hear(&ToClient::Ping { nonce: filling_nonce(most - bench.unread) });
    }
    assert_eq!((bench.unread, &bench.closed[..]), (most, &[][..]));
    bench.hear(&ToClient::Ping { nonce: 0 });
    assert_eq!(bench.closed, [(bench.link(), CloseReason::Overrun)]);
}

#[test]
fn a_host_that_tells_of_more_members_than_there_can_be_is_not_believed() {
    let mut bench = Bench::in_lobby();
    bench.told();
    let mut tell = |members: core::ops::Range<u32>| {
        let rev = Rev(u64::from(members.end) + 2);
        let record = |member| MemberRecord { member: MemberId(member), ..ana(Status::Online) };
        bench.hear(&ToClient::Roster { rev, members: members.map(record).collect() });
        bench.closed.clone()
    };
    for page in 0..64 {
        assert_eq!(tell(page * 1024..(page + 1) * 1024), []);
    }
    tell(65_536..65_537);
    assert_eq!(bench.closed[0].1, Violation::TooMuch.into());
    assert!(bench.client.people().count() <= 65_537);
    // An honest host gets another chance.
    bench.redial();
    bench.arrive();
    bench.enter();
    bench.pass(secs(1));
    assert!(bench.client.is_connected());
}
