//! A host that keeps to the protocol and means harm: what it says of itself, of logs and of numbers is bounded here.

use alloc::{format, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, ana, den, disconnects, entry, joined, life, secs, welcome};
use crate::{
    event::{Ended, Event},
    ids::{Cmid, MemberId, Rev, RoomId, Seq},
    limits::Limits,
    message::{
        Body, Entry, GapReason, JoinFrom, Joined, PageFrom, Signal, Status, ToClient, Welcome,
        samples::{self, to_client_kind},
    },
    name::RoomName,
    reason::{Outcome, Refusal, Violation},
    time::Timestamp,
};

/// The largest number that a log or a client can count to.
const LAST: u64 = (1 << 53) - 1;

#[test]
fn a_welcome_that_allows_more_than_any_host_may_allows_no_more_than_that() {
    let mut bench = Bench::new();
    bench.arrive();
    let (max_text, heartbeat_ms) = (u32::MAX, u32::MAX);
    bench.hear(&ToClient::Welcome(Welcome { max_text, heartbeat_ms, you: MemberId(u32::MAX), ..welcome() }));
    let longest = "x".repeat(usize::try_from(Limits::MAX_TEXT).unwrap());
    assert!(bench.post(&RoomName::lobby(), &longest).is_ok());
    let refused = Refusal::TooLong { limit: Limits::MAX_TEXT };
    assert_eq!(bench.post(&RoomName::lobby(), &format!("{longest}x")), Err(refused));
    bench.pass(secs(3600));
    assert!(bench.client.is_connected());
}

/// Goes back to an earlier life and log, and to the other, and back: each time it is a loss, and never a second telling.
#[test]
fn a_host_that_goes_back_to_logs_it_had_lost_shows_nothing_twice() {
    let mut bench = Bench::in_lobby();
    bench.hear_all(&[entry(1, ANA, 1, "one"), entry(2, ANA, 2, "two")]);
    for turn in 0..100_u8 {
        bench.reconnect();
        bench.told();
        bench.hear(&ToClient::Welcome(Welcome { life: life(turn % 2), ..welcome() }));
        bench.roster();
        let epoch = life(10 + turn % 2);
        bench.hear(&ToClient::Joined(Joined { epoch, members: [ME, ANA].into(), ..joined(&RoomName::lobby(), 1, 0) }));
        bench.hear_all(&[entry(1, ANA, 1, "one"), entry(2, ANA, 2, "two")]);
        let told = bench.told();
        assert!(told.contains(&Event::HistoryLost { room: RoomName::lobby() }), "{turn}");
        assert!(!told.iter().any(|event| matches!(event, Event::Message(_))), "{turn}");
        assert_eq!(disconnects(&told), []);
    }
}

#[test]
fn gaps_without_end_are_told_one_by_one_until_there_is_no_place_left() {
    let mut bench = Bench::in_lobby();
    bench.told();
    let gap = |to| ToClient::Gap { room: LOBBY, to: Seq(to), reason: GapReason::Retention, chain: None };
    for to in 1..=10_000 {
        bench.hear(&gap(to));
        let told = bench.told();
        assert!(matches!(told[..], [Event::Gap { from, to: told, .. }] if from == told && told == Seq(to)), "{told:?}");
    }
    bench.hear(&entry(10_001, ANA, 1, "in between"));
    assert_eq!(bench.told().len(), 1);
    for to in [LAST - 1, LAST, u64::MAX] {
        bench.hear(&gap(to));
        assert_eq!(bench.told().len(), 1);
    }
    bench.hear(&gap(u64::MAX));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::OutOfOrder.into())]);
}

#[test]
fn a_room_with_the_number_of_another_ends_the_link() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.told();
    bench.hear(&ToClient::Joined(joined(&den(), LOBBY.0, 0)));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Unexpected.into())]);
}

/// Everything that has a number, with the largest there is of each.
fn largest() -> Vec<ToClient> {
    let (room, most, member) = (LOBBY, Seq(u64::MAX), ANA);
    let at = Timestamp::from_millis(u64::MAX);
    let body = Body::text("most");
    let signal = Signal { member, after: most, delivered: most, read: Some(most), typing_ms: u16::MAX };
    let (after, start, head) = (most, most, most);
    [
        ToClient::Entry(Entry {
            room,
            seq: most,
            author: member,
            cmid: Cmid(u64::MAX),
            at,
            body,
            commitment: None,
            blanked: None,
        }),
        ToClient::Roster { rev: Rev(u64::MAX), members: [ana(Status::Busy)].into() },
        ToClient::Joined(Joined { after, head, ..joined(&den(), u32::MAX, 0) }),
        ToClient::Gap { room, to: most, reason: GapReason::Policy, chain: None },
        ToClient::Ack { room, cmid: Cmid(u64::MAX), seq: Some(most) },
        ToClient::Ack { room, cmid: Cmid(1), seq: Some(most) },
        ToClient::Reject { room, cmid: Cmid(u64::MAX), refusal: Refusal::RateLimited { retry_after_ms: u64::MAX } },
        ToClient::Pong { nonce: u64::MAX },
        ToClient::Ping { nonce: u64::MAX },
        ToClient::Signals { room, signals: [signal].into() },
        ToClient::Page { room, after, entries: u32::MAX, more: true, start, head, chain: None },
        ToClient::FetchRefused { room, refusal: Refusal::RateLimited { retry_after_ms: u64::MAX } },
    ]
    .into()
}

#[test]
fn the_largest_numbers_that_a_host_can_say_are_taken_or_end_the_link_and_none_begins_again() {
    for first in largest() {
        for then in largest().into_iter().chain(samples::to_client(LOBBY, &RoomName::lobby(), ANA)) {
            let mut bench = Bench::in_lobby();
            bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
            bench.round(|round| round.fetch(&RoomName::lobby(), PageFrom::Before(Seq(u64::MAX)), u32::MAX)).unwrap();
            bench.post(&RoomName::lobby(), "one").unwrap();
            bench.hear(&first);
            bench.hear(&then);
            bench.round(|round| round.read(&RoomName::lobby(), Seq(u64::MAX)));
            bench.pass(secs(60));
            let told = bench.told();
            let seqs = told.iter().filter_map(|event| match event {
                Event::Message(message) if *message.room() == RoomName::lobby() => Some(message.seq()),
                Event::Gap { room, to, .. } if *room == RoomName::lobby() => Some(*to),
                _ => None,
            });
            assert!(seqs.is_sorted_by(|a, b| a < b), "{} then {}", to_client_kind(&first), to_client_kind(&then));
        }
    }
}

#[test]
fn a_client_that_has_no_number_left_says_so_and_uses_none_twice() {
    let mut bench = Bench::new();
    bench.client.numbered.insert(den(), Cmid(LAST - 1));
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    assert_eq!(bench.post(&den(), "the last").map(|id| id.cmid), Ok(Cmid(LAST)));
    assert_eq!(bench.post(&den(), "?"), Err(Refusal::LogExhausted));
    assert!(bench.post(&RoomName::lobby(), "elsewhere").is_ok());
    bench.arrive();
    bench.enter();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 0)));
    bench.told();
    bench.hear(&ToClient::Ack { room: RoomId(2), cmid: Cmid(LAST), seq: Some(Seq(1)) });
    let [(Cmid(LAST), Outcome::Logged { .. })] = bench.outcomes()[..] else { panic!("it has its outcome") };
    assert_eq!(bench.post(&den(), "?"), Err(Refusal::LogExhausted));
}
