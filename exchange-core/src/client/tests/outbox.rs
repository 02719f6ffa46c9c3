//! What waits to be said: bounded, sent in order, and never without an outcome.

use alloc::{vec, vec::Vec};

use bytes::Bytes;

use super::{ANA, Bench, LOBBY, ME, config, den, entry, joined, secs, sent, welcome};
use crate::{
    client::ClientConfig,
    event::Event,
    ids::{Cmid, Seq},
    message::{Body, JoinFrom, Joined, LeaveReason, ToClient, ToHost, Welcome},
    name::RoomName,
    reason::{CloseReason, Durability, Outcome, Refusal},
    seam::LinkLoss,
};

fn lobby() -> RoomName {
    RoomName::lobby()
}

fn logged(seq: u64) -> Outcome {
    Outcome::Logged { seq: Some(Seq(seq)), durability: Durability::Memory }
}

fn post(bench: &mut Bench, count: usize) -> Vec<Cmid> {
    (0..count).map(|_| bench.post(&lobby(), "text").unwrap().cmid).collect()
}

#[test]
fn what_is_posted_before_the_link_is_there_is_sent_when_it_is() {
    let mut bench = Bench::new();
    post(&mut bench, 2);
    assert_eq!(bench.client.pending(), 2);
    bench.arrive();
    assert!(sent(&bench.said).is_empty());
    bench.enter();
    assert_eq!(sent(&bench.said), [1, 2]);
    bench.hear_all(&[entry(1, ME, 1, "text"), entry(2, ME, 2, "text")]);
    assert_eq!(bench.outcomes(), [(Cmid(1), logged(1)), (Cmid(2), logged(2))]);
    assert_eq!(bench.client.pending(), 0);
}

#[test]
fn at_most_thirty_two_messages_of_a_room_are_on_the_wire_without_an_outcome() {
    let mut bench = Bench::in_lobby();
    post(&mut bench, 100);
    assert_eq!(sent(&bench.said()), (1..=32).collect::<Vec<_>>());
    bench.hear_all(&[entry(1, ME, 1, "text"), entry(2, ANA, 9, "other"), entry(3, ME, 2, "text")]);
    assert_eq!(sent(&bench.said()), [33, 34]);
    let room = LOBBY;
    bench.hear(&ToClient::Ack { room, cmid: Cmid(3), seq: None });
    bench.hear(&ToClient::Reject { room, cmid: Cmid(4), refusal: Refusal::Kind });
    assert_eq!(sent(&bench.said()), [35, 36]);
    let (unknown, refused) =
        (Outcome::Logged { seq: None, durability: Durability::Memory }, Outcome::Refused(Refusal::Kind));
    assert_eq!(bench.outcomes()[2..], [(Cmid(3), unknown), (Cmid(4), refused)]);
}

#[test]
fn outcomes_that_come_out_of_order_are_told_once_each() {
    let mut bench = Bench::in_lobby();
    post(&mut bench, 3);
    let ack = |cmid| {
        let (room, seq) = (LOBBY, Some(Seq(cmid)));
        ToClient::Ack { room, cmid: Cmid(cmid), seq }
    };
    bench.hear_all(&[ack(3), ack(2), ack(2), ack(1), ack(3), entry(1, ME, 1, "text"), ack(77)]);
    let outcomes: Vec<u64> = bench.outcomes().into_iter().map(|(cmid, _)| cmid.0).collect();
    assert_eq!(outcomes, [3, 2, 1]);
    assert_eq!(bench.client.pending(), 0);
}

#[test]
fn a_host_that_does_not_read_is_sent_no_more_than_its_transport_takes_and_one_message() {
    let mut bench = Bench::new();
    bench.window = 1000;
    bench.arrive();
    bench.enter();
    bench.reads = false;
    let long = "x".repeat(90);
    for _ in 0..32 {
        bench.post(&lobby(), &long).unwrap();
    }
    assert!((1000..1100).contains(&bench.unread), "{} bytes", bench.unread);
    bench.reads = true;
    bench.read();
    assert_eq!(sent(&bench.said()), (1..=32).collect::<Vec<_>>());
}

#[test]
fn a_message_is_not_sent_when_those_before_it_are_all_that_the_transport_takes() {
    let waits = |window| {
        let mut bench = Bench::new();
        bench.window = window;
        bench.arrive();
        bench.enter();
        bench.reads = false;
        post(&mut bench, 5);
        bench
    };
    let length = waits(10_000).unread / 5;
    assert_eq!(sent(&waits(3 * length).said), [1, 2, 3]);
    assert_eq!(sent(&waits(3 * length + 1).said), [1, 2, 3, 4], "and one beyond");
}

#[test]
fn an_outbox_is_full_at_so_many_messages_or_so_many_bytes_and_has_room_when_one_has_its_outcome() {
    for config in [ClientConfig { pending: 3, ..config() }, ClientConfig { pending_bytes: 12, ..config() }] {
        let mut bench = Bench::with(config, 1);
        bench.arrive();
        bench.enter();
        post(&mut bench, 3);
        assert_eq!(bench.post(&lobby(), "text"), Err(Refusal::OutboxFull));
        bench.hear(&entry(1, ME, 1, "text"));
        post(&mut bench, 1);
        assert_eq!(bench.post(&lobby(), "text"), Err(Refusal::OutboxFull));
    }
}

#[test]
fn what_cannot_be_said_is_refused_at_once_and_takes_no_number() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(Welcome { max_text: 10, ..welcome() }));
    assert_eq!(bench.post(&lobby(), ""), Err(Refusal::Empty));
    assert_eq!(bench.post(&lobby(), " \t\n"), Err(Refusal::Empty));
    assert_eq!(bench.post(&lobby(), "eleven char"), Err(Refusal::TooLong { limit: 10 }));
    assert_eq!(bench.post(&den(), "hi"), Err(Refusal::NotMember));
    let bodies =
        [Body::Leave { reason: LeaveReason::Left }, Body::Opaque { kind: 7, payload: Bytes::from_static(b"7") }];
    for body in bodies {
        assert_eq!(bench.round(|round| round.post(&lobby(), body)), Err(Refusal::Kind));
    }
    assert_eq!(bench.post(&lobby(), "ten  chars").map(|id| id.cmid), Ok(Cmid(1)));
    assert_eq!(bench.client.pending(), 1);
}

#[test]
fn a_client_that_has_not_met_its_host_yet_knows_the_longest_text_there_can_be() {
    let mut bench = Bench::new();
    let limit = crate::Limits::MAX_TEXT;
    assert!(bench.post(&lobby(), &"x".repeat(limit as usize)).is_ok());
    assert_eq!(bench.post(&lobby(), &"x".repeat(limit as usize + 1)), Err(Refusal::TooLong { limit }));
}

#[test]
fn after_a_reconnect_what_has_no_outcome_is_sent_again_in_order() {
    let mut bench = Bench::in_lobby();
    post(&mut bench, 5);
    bench.hear_all(&[entry(1, ME, 1, "text"), ToClient::Reject { room: LOBBY, cmid: Cmid(3), refusal: Refusal::Kind }]);
    bench.reconnect();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    let asked = bench.said().pop().unwrap();
    let ToHost::Join { from: JoinFrom::After { seq: Seq(1), .. }, settled, sent: most, .. } = asked else {
        panic!("not taken up but {asked:?}")
    };
    assert_eq!((settled, most), (Cmid(1), Cmid(5)));
    bench.hear(&ToClient::Joined(joined(&lobby(), 9, 1)));
    assert_eq!(sent(&bench.said()), [2, 3, 4, 5]);
}

#[test]
fn a_host_that_has_forgotten_the_client_leaves_it_in_doubt_about_what_it_had_sent_and_takes_the_rest() {
    let mut bench = Bench::in_lobby();
    post(&mut bench, 40);
    bench.told();
    bench.reconnect();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    bench.said();
    bench.hear(&ToClient::Joined(Joined { known: false, ..joined(&lobby(), 1, 0) }));
    let expected: Vec<_> = (1..=32).map(|cmid| (Cmid(cmid), Outcome::Unknown)).collect();
    assert_eq!(bench.outcomes(), expected);
    assert_eq!(sent(&bench.said()), (33..=40).collect::<Vec<_>>());
}

#[test]
fn closing_tells_what_is_known_of_each_message_that_waits() {
    let mut bench = Bench::in_lobby();
    post(&mut bench, 33);
    bench.told();
    bench.round(|round| {
        round.close();
    });
    let outcomes = bench.outcomes();
    assert_eq!(outcomes[31], (Cmid(32), Outcome::Unknown), "it was sent");
    assert_eq!(outcomes[32], (Cmid(33), Outcome::Refused(Refusal::Closed)), "it never was");
    assert_eq!(bench.client.pending(), 0);
    assert_eq!(bench.post(&lobby(), "hi"), Err(Refusal::Closed));
}

#[test]
fn being_turned_away_for_good_gives_every_message_its_outcome_before_the_end() {
    let mut bench = Bench::new();
    post(&mut bench, 2);
    bench.arrive();
    bench.hear(&ToClient::Bye { reason: CloseReason::Replaced });
    let told = bench.told();
    assert!(matches!(told[..], [Event::Receipt { .. }, Event::Receipt { .. }, Event::Closed { .. }]), "{told:?}");
}

#[test]
fn leaving_a_room_refuses_what_was_not_sent_and_leaves_in_doubt_what_was() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 0)));
    for _ in 0..33 {
        bench.post(&den(), "text").unwrap();
    }
    bench.told();
    bench.round(|round| round.leave(&den())).unwrap();
    let outcomes = bench.outcomes();
    assert_eq!(outcomes[31..], [(Cmid(32), Outcome::Unknown), (Cmid(33), Outcome::Refused(Refusal::NotMember))]);
    assert_eq!(bench.client.pending(), 0);
}

#[test]
fn leaving_a_room_makes_room_for_as_many_bytes_as_waited_in_it() {
    let mut bench = Bench::with(ClientConfig { pending_bytes: 12, ..config() }, 1);
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    for room in [lobby(), den(), den()] {
        bench.post(&room, "text").unwrap();
    }
    bench.round(|round| round.leave(&den())).unwrap();
    post(&mut bench, 2);
    assert_eq!(bench.post(&lobby(), "text"), Err(Refusal::OutboxFull));
}

#[test]
fn a_message_that_was_sent_stays_in_doubt_when_its_room_will_not_have_the_client_back() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 0)));
    bench.post(&den(), "logged or not?").unwrap();
    bench.reconnect();
    bench.enter();
    bench.post(&den(), "never sent").unwrap();
    bench.told();
    bench.hear(&ToClient::JoinRefused { room: den(), refusal: Refusal::RoomFull });
    let refused = Outcome::Refused(Refusal::RoomFull);
    assert_eq!(bench.outcomes(), vec![(Cmid(1), Outcome::Unknown), (Cmid(2), refused)]);
}

#[test]
fn all_rooms_together_have_at_most_four_windows_on_the_wire() {
    for at_once in [false, true] {
        let mut bench = Bench::with(ClientConfig { window: 2, ..config() }, 1);
        bench.arrive();
        bench.enter();
        let mut posts = Vec::new();
        for number in 2..10 {
            let room = RoomName::new(&alloc::format!("room {number}")).unwrap();
            bench.round(|round| round.join(&room, JoinFrom::Head)).unwrap();
            bench.hear(&ToClient::Joined(joined(&room, number, 0)));
            posts.extend(vec![room; 5]);
        }
        for posts in posts.chunks(if at_once { 40 } else { 1 }) {
            bench.round(|round| posts.iter().for_each(|room| drop(round.post(room, Body::text("text")).unwrap())));
        }
        assert_eq!(sent(&bench.said()).len(), 8, "at once: {at_once}");
        bench.pass(secs(1));
        bench.down(LinkLoss::Broken);
        assert_eq!(bench.client.pending(), 40);
    }
}
