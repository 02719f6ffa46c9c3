//! What a client says of how far it is and of typing, and what it makes of what it is told.

use alloc::vec::Vec;
use core::time::Duration;

use super::{ANA, Bench, LOBBY, ME, config, entry, joined, secs, went};
use crate::{
    client::{Client, ClientConfig},
    event::Event,
    ids::{MemberId, Seq},
    message::{GapReason, Joined, Signal, ToClient, ToHost},
    name::RoomName,
    seam::LinkLoss,
};

const WAIT: Duration = Client::SEEN_AFTER;

fn signals(member: MemberId, delivered: u64, read: Option<u64>, typing_ms: u16) -> ToClient {
    let signal = Signal { member, after: Seq(0), delivered: Seq(delivered), read: read.map(Seq), typing_ms };
    ToClient::Signals { room: LOBBY, signals: [signal].into() }
}

/// What it has said of how far it is: from where, up to where, and how far was read.
fn seen(said: &[ToHost]) -> Vec<(u64, u64, Option<u64>)> {
    let seen = said.iter().filter_map(|said| match said {
        ToHost::Seen { after, delivered, read, .. } => Some((after.0, delivered.0, read.map(|read| read.0))),
        _ => None,
    });
    seen.collect()
}

fn typed(said: &[ToHost]) -> Vec<bool> {
    said.iter().filter_map(|said| if let ToHost::Typing { typing, .. } = said { Some(*typing) } else { None }).collect()
}

/// What the application was told of ana's typing.
fn typing(told: &[Event]) -> Vec<bool> {
    told.iter().filter_map(|told| if let Event::Typing { typing, .. } = told { Some(*typing) } else { None }).collect()
}

fn with_receipts() -> Bench {
    let mut bench = Bench::with(ClientConfig { read_receipts: true, ..config() }, 1);
    bench.arrive();
    bench.enter();
    bench
}

#[test]
fn what_comes_within_a_quarter_of_a_second_is_told_of_once() {
    let mut bench = Bench::in_lobby();
    bench.said();
    for seq in 1..=3 {
        bench.hear(&entry(seq, ANA, seq, "hi"));
    }
    assert_eq!(seen(&bench.said()), []);
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 3, None)]);
    bench.pass(secs(4));
    assert_eq!(seen(&bench.said()), [], "it is told once");
}

#[test]
fn of_ones_own_messages_nobody_is_told_that_one_has_them() {
    let mut bench = Bench::in_lobby();
    bench.post(&RoomName::lobby(), "hi").unwrap();
    bench.hear(&entry(1, ME, 1, "hi"));
    bench.pass(secs(1));
    assert_eq!(seen(&bench.said()), []);
    bench.hear(&entry(2, ANA, 1, "ho"));
    bench.pass(secs(1));
    assert_eq!(seen(&bench.said()), [(0, 2, None)]);
}

#[test]
fn how_far_was_read_is_told_only_if_whoever_reads_wants_it() {
    for mut bench in [Bench::in_lobby(), with_receipts()] {
        let wanted = bench.client.own.tells_read();
        bench.said();
        bench.hear(&entry(1, ANA, 1, "hi"));
        bench.pass(WAIT);
        assert_eq!(seen(&bench.said()), [(0, 1, wanted.then_some(0))]);
        bench.round(|round| round.read(&RoomName::lobby(), Seq(99)));
        bench.pass(WAIT);
        let expected = wanted.then_some((0, 1, Some(1)));
        assert_eq!(seen(&bench.said()), expected.into_iter().collect::<Vec<_>>(), "no more than what came");
    }
}

#[test]
fn what_a_gap_took_it_does_not_have() {
    let mut bench = Bench::in_lobby();
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(5), reason: GapReason::Retention, chain: None });
    bench.hear(&entry(6, ANA, 6, "ho"));
    bench.said();
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(5, 6, None)]);
}

#[test]
fn a_gap_behind_what_it_has_said_is_told_though_nobody_says_anything_more() {
    let mut bench = Bench::in_lobby();
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, None)]);
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(5), reason: GapReason::Policy, chain: None });
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(5, 5, None)]);
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), []);
}

#[test]
fn on_a_new_link_it_says_again_how_far_it_is() {
    let mut bench = Bench::in_lobby();
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, None)]);
    bench.reconnect();
    bench.hear(&ToClient::Welcome(super::welcome()));
    bench.roster();
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), ..joined(&RoomName::lobby(), LOBBY.0, 1) }));
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, None)]);
}

#[test]
fn what_is_read_without_a_link_is_told_on_the_next() {
    let mut bench = with_receipts();
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.pass(WAIT);
    bench.down(LinkLoss::Broken);
    bench.round(|round| round.read(&RoomName::lobby(), Seq(1)));
    bench.redial();
    bench.pass(WAIT);
    bench.arrive();
    bench.hear(&ToClient::Welcome(super::welcome()));
    bench.roster();
    bench.said();
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), ..joined(&RoomName::lobby(), LOBBY.0, 1) }));
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, Some(1))]);
}

#[test]
fn a_link_that_takes_nothing_is_told_when_it_does() {
    let mut bench = Bench::in_lobby();
    bench.pass(secs(1));
    bench.reads = false;
    while bench.unread < bench.window {
        bench.hear(&ToClient::Ping { nonce: 1 << 50 });
    }
    bench.said();
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.round(|round| round.typing(&RoomName::lobby(), true));
    bench.pass(WAIT * 2);
    assert_eq!((seen(&bench.said()), typed(&bench.said())), (Vec::new(), Vec::new()));
    bench.reads = true;
    bench.read();
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, None)]);
}

#[test]
fn who_has_a_message_is_who_is_there_now_but_its_author() {
    let mut bench = Bench::in_lobby();
    let lobby = RoomName::lobby();
    bench.post(&lobby, "hi").unwrap();
    bench.hear(&entry(1, ME, 1, "hi"));
    let by = bench.client.seen_by(&lobby, Seq(1)).unwrap();
    assert_eq!((by.delivered.len(), by.read.len(), by.of), (0, 0, 1));
    bench.told();
    bench.hear(&signals(ANA, 1, Some(1), 0));
    let by = bench.client.seen_by(&lobby, Seq(1)).unwrap();
    assert_eq!((by.delivered.len(), by.read.len(), by.of), (1, 1, 1));
    assert_eq!(alloc::format!("{by}"), "delivered to 1 of 1, read by ana");
    let (room, peer, delivered, read) = (lobby.clone(), by.read[0].clone(), Seq(1), Some(Seq(1)));
    assert_eq!(bench.told(), [Event::Seen { room, peer, delivered, read }]);
    assert_eq!(bench.client.seen_by(&lobby, Seq(2)), None);
    bench.hear(&went(2, ANA));
    let by = bench.client.seen_by(&lobby, Seq(1)).unwrap();
    assert_eq!((by.delivered.len(), by.of), (0, 0));
}

#[test]
fn at_every_key_it_says_at_most_every_three_seconds_that_somebody_types() {
    let mut bench = Bench::in_lobby();
    bench.said();
    let key = |bench: &mut Bench, typing| bench.round(|round| round.typing(&RoomName::lobby(), typing));
    for _ in 0..40 {
        key(&mut bench, true);
        bench.pass(Duration::from_millis(100));
    }
    assert_eq!(typed(&bench.said()), [true, true]);
    key(&mut bench, false);
    key(&mut bench, false);
    assert_eq!(typed(&bench.said()), [false]);
    key(&mut bench, true);
    bench.post(&RoomName::lobby(), "hi").unwrap();
    key(&mut bench, true);
    assert_eq!(typed(&bench.said()), [true, true], "what was posted is over");
}

#[test]
fn somebody_types_until_the_time_is_over_they_speak_or_leave_or_the_link_is_lost() {
    let leave = went(1, ANA);
    let ends: [fn(&mut Bench, ToClient); 6] = [
        |bench, _| bench.pass(secs(6)),
        |bench, _| bench.hear(&entry(1, ANA, 1, "hi")),
        |bench, leave| bench.hear(&leave),
        |bench, _| bench.down(LinkLoss::Broken),
        |bench, _| bench.hear(&signals(ANA, 0, None, 0)),
        |bench, _| bench.hear(&ToClient::NoSignals { room: LOBBY }),
    ];
    for end in ends {
        let mut bench = Bench::in_lobby();
        bench.hear(&signals(ANA, 0, None, 6000));
        bench.pass(secs(3));
        assert_eq!(
            bench.client.typing(&RoomName::lobby()).map(|peer| peer.nick).collect::<Vec<_>>(),
            ["ana".parse().unwrap()]
        );
        end(&mut bench, leave.clone());
        assert_eq!(bench.client.typing(&RoomName::lobby()).count(), 0);
        assert_eq!(typing(&bench.told()), [true, false]);
    }
}

#[test]
fn in_a_room_without_signals_it_says_nothing_until_there_are_some_again() {
    let mut bench = Bench::in_lobby();
    bench.hear(&ToClient::NoSignals { room: LOBBY });
    bench.hear(&entry(1, ANA, 1, "hi"));
    bench.said();
    bench.round(|round| round.typing(&RoomName::lobby(), true));
    bench.pass(secs(1));
    assert_eq!((seen(&bench.said()), typed(&bench.said())), (Vec::new(), Vec::new()));
    assert_eq!(bench.client.seen_by(&RoomName::lobby(), Seq(1)), None);
    bench.hear(&ToClient::Signals { room: LOBBY, signals: Vec::new() });
    bench.pass(WAIT);
    assert_eq!(seen(&bench.said()), [(0, 1, None)]);
    assert!(bench.client.seen_by(&RoomName::lobby(), Seq(1)).is_some());
}
