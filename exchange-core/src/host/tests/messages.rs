//! Messages into logs: each once, in order, with an outcome for every one.

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Bench, LOBBY, config, den, entries, hello, secs, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    ids::{Cmid, MemberId, Seq},
    limits::Limits,
    message::{Body, Encoding, FIRST_APPLICATION_KIND, JoinFrom, LeaveReason, ToClient, ToHost},
    reason::Refusal,
    seam::{Input, LinkId},
    time::Timestamp,
};

fn ack(cmid: u64, seq: Option<u64>) -> ToClient {
    ToClient::Ack { room: LOBBY, cmid: Cmid(cmid), seq: seq.map(Seq) }
}

fn reject(cmid: u64, refusal: Refusal) -> ToClient {
    ToClient::Reject { room: LOBBY, cmid: Cmid(cmid), refusal }
}

fn send(cmid: u64, body: Body) -> ToHost {
    ToHost::Send { room: LOBBY, cmid: Cmid(cmid), body, commitment: None }
}

/// A client comes back on a new link and takes the lobby up after its last entry; gives the link.
fn come_back(bench: &mut Bench, number: u8, link: u64, token: crate::Token, settled: u64, sent: u64) -> LinkId {
    let (link, welcome) = bench.greet(link, &hello(number, u32::try_from(link).unwrap(), Some(token)));
    welcome.unwrap();
    bench.heard(link);
    let (settled, sent) = (Cmid(settled), Cmid(sent));
    bench.say(link, &ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled, sent });
    bench.heard(link);
    link
}

#[test]
fn the_sender_gets_its_own_entry_as_its_receipt_and_nothing_else() {
    let mut bench = Bench::new();
    let (one, two) = (bench.member(1), bench.member(2));
    bench.heard(one);
    bench.heard(two);
    bench.say(one, &text(LOBBY, 1, "hi"));
    let heard = bench.heard(one);
    assert_eq!(heard.len(), 1);
    let entry = entries(&heard).next().unwrap();
    assert_eq!((entry.author, entry.cmid, &entry.body), (MemberId(1), Cmid(1), &Body::text("hi")));
    assert_eq!(bench.heard(two), heard);
}

#[test]
fn a_message_that_is_sent_again_is_logged_once_and_acknowledged_with_its_place() {
    let mut bench = Bench::new();
    let (other, (link, welcome)) = (bench.member(9), bench.greet(1, &hello(1, 1, None)));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.say(link, &text(LOBBY, 1, "was it heard?"));
    bench.down(link);
    let link = come_back(&mut bench, 1, 2, welcome.unwrap().token, 0, 1);
    bench.say_all(link, &[text(LOBBY, 1, "was it heard?"), text(LOBBY, 2, "it was")]);
    let heard = bench.heard(link);
    assert!(heard.contains(&ack(1, Some(4))));
    assert_eq!(texts(&heard), [(Seq(5), "it was".into())]);
    assert_eq!(texts(&bench.heard(other)).len(), 2);
}

#[test]
fn a_message_that_never_arrived_is_logged_when_it_is_sent_again() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.down(link);
    let link = come_back(&mut bench, 1, 2, welcome.unwrap().token, 0, 1);
    bench.say(link, &text(LOBBY, 1, "at last"));
    assert_eq!(texts(&bench.heard(link)), [(Seq(3), "at last".into())]);
}

#[test]
fn a_message_that_the_log_has_forgotten_is_acknowledged_without_its_place() {
    let limits = Limits { history_entries: 5, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    bench.say(link, &text(LOBBY, 1, "old"));
    (0..5).for_each(|_| drop(bench.post(&RoomName::lobby(), "newer").unwrap()));
    bench.heard(link);
    bench.say(link, &text(LOBBY, 1, "old"));
    assert_eq!(bench.heard(link), [ack(1, None)]);
}

#[test]
fn a_refused_message_keeps_its_outcome_over_a_reconnect_and_numbers_count_on() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.heard(link);
    bench.say_all(link, &[text(LOBBY, 1, "  "), text(LOBBY, 2, "second")]);
    let heard = bench.heard(link);
    assert_eq!(heard[0], reject(1, Refusal::Empty));
    assert_eq!(texts(&heard), [(Seq(3), "second".into())]);
    bench.down(link);
    let link = come_back(&mut bench, 1, 2, welcome.unwrap().token, 0, 2);
    bench.say_all(link, &[text(LOBBY, 1, "now with text"), text(LOBBY, 2, "second"), text(LOBBY, 3, "third")]);
    let heard = bench.heard(link);
    assert_eq!(heard[..2], [reject(1, Refusal::Empty), ack(2, Some(3))]);
    assert_eq!(texts(&heard), [(Seq(4), "third".into())]);
}

#[test]
fn a_message_that_skips_a_number_is_refused_and_the_skipped_one_is_still_welcome() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.heard(link);
    bench.say_all(link, &[text(LOBBY, 2, "two"), text(LOBBY, 1, "one")]);
    let heard = bench.heard(link);
    assert_eq!(heard[0], reject(2, Refusal::SendGap));
    assert_eq!(texts(&heard), [(Seq(3), "one".into())]);
}

#[test]
fn a_client_the_host_has_forgotten_is_told_that_nothing_is_known_of_what_it_sent() {
    let limits = Limits { remembered: 0, history_entries: 1, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    bench.say(link, &text(LOBBY, 1, "hi"));
    let epoch = bench.join(link, &RoomName::lobby(), JoinFrom::Head).epoch;
    bench.say(link, &ToHost::Bye { reason: crate::CloseReason::Left });
    let other = bench.member(2);
    bench.say(other, &ToHost::Bye { reason: crate::CloseReason::Left });

    let (link, _) = bench.greet(3, &hello(1, 2, None));
    bench.heard(link);
    let (from, settled, sent) = (JoinFrom::After { epoch, seq: Seq(3) }, Cmid::ZERO, Cmid(4));
    bench.say(link, &ToHost::Join { room: "lobby".into(), from, settled, sent });
    let heard = bench.heard(link);
    let joined = heard.iter().find_map(|said| if let ToClient::Joined(joined) = said { Some(joined) } else { None });
    assert!(!joined.unwrap().known);
    bench.say(link, &text(LOBBY, 5, "the next"));
    assert_eq!(texts(&bench.heard(link)).len(), 1);
}

#[test]
fn what_cannot_be_said_is_refused() {
    let limits = Limits { text: 10, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    let opaque = |kind, length| Body::Opaque { kind, payload: Bytes::from(alloc::vec![0; length]) };
    let refusals = [
        (Body::text(""), Refusal::Empty),
        (Body::text(" \n "), Refusal::Empty),
        (Body::text("eleven char"), Refusal::TooLong { limit: 10 }),
        (Body::text("éééééé"), Refusal::TooLong { limit: 10 }),
        (opaque(FIRST_APPLICATION_KIND, 11), Refusal::TooLong { limit: 10 }),
        (opaque(FIRST_APPLICATION_KIND - 1, 1), Refusal::Kind),
        (opaque(100, 1), Refusal::Kind),
        (Body::Leave { reason: LeaveReason::Left }, Refusal::Kind),
    ];
    for ((body, refusal), cmid) in refusals.into_iter().zip(1..) {
        bench.heard(link);
        bench.say(link, &send(cmid, body.clone()));
        assert_eq!(bench.heard(link), [reject(cmid, refusal)]);
        assert_eq!(bench.round(|round| round.post(&RoomName::lobby(), body)), Err(refusal), "to the host as well");
    }
    bench.say(link, &text(LOBBY, 9, "ten  chars"));
    assert_eq!(texts(&bench.heard(link)).len(), 1);
}

#[test]
fn an_applications_own_kinds_are_passed_on_and_count_like_any_entry() {
    let mut bench = Bench::new();
    let (one, two) = (bench.member(1), bench.member(2));
    bench.heard(two);
    let body = Body::Opaque { kind: 0x8001, payload: Bytes::from_static(&[0, 1, 255]) };
    bench.say_all(one, &[send(1, body.clone()), text(LOBBY, 2, "after")]);
    let heard = bench.heard(two);
    let bodies: Vec<(Seq, Body)> = entries(&heard).map(|entry| (entry.seq, entry.body.clone())).collect();
    assert_eq!(bodies, [(Seq(4), body), (Seq(5), Body::text("after"))]);
}

#[test]
fn json_and_postcard_clients_in_one_room_see_the_same() {
    let mut bench = Bench::new();
    let compact = bench.member(1);
    let readable = bench.open(2, Encoding::Json, super::WINDOW);
    bench.say(readable, &hello(2, 1, None));
    bench.join(readable, &RoomName::lobby(), JoinFrom::Head);
    bench.heard(compact);
    bench.heard(readable);
    let body = Body::Opaque { kind: 0x9000, payload: Bytes::from_static(&[0, 255]) };
    bench.say_all(compact, &[text(LOBBY, 1, "from postcard \u{1}\"é"), send(2, body)]);
    bench.say(readable, &text(LOBBY, 1, "from JSON"));
    bench.post(&RoomName::lobby(), "from the host").unwrap();
    let heard = bench.heard(compact);
    assert_eq!(entries(&heard).count(), 4);
    assert_eq!(bench.heard(readable), heard);
}

#[test]
fn timestamps_follow_the_wall_clock_but_never_run_backwards_in_a_room() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let den_id = bench.join(link, &den(), JoinFrom::Head).room;
    let mut stamp = |wall: Option<u64>, room| {
        if let Some(wall) = wall {
            bench.input(Input::WallClock { at: Timestamp::from_millis(wall) });
        }
        bench.pass(secs(1));
        let cmid = bench.host.rooms[&room].log.head().0 * 100;
        let (name, settled, sent) = (bench.host.rooms[&room].name.clone(), Cmid(cmid), Cmid(cmid));
        bench.say(link, &ToHost::Join { room: name.as_str().into(), from: JoinFrom::Head, settled, sent });
        bench.say(link, &text(room, cmid + 1, "now"));
        entries(&bench.heard(link)).last().unwrap().at.as_millis()
    };
    assert_eq!(stamp(Some(50_000), LOBBY), 51_000);
    assert_eq!(stamp(None, LOBBY), 52_000);
    assert_eq!(stamp(Some(10_000), LOBBY), 52_000, "set back");
    assert_eq!(stamp(None, den_id), 12_000, "in a room that had no later entry");
    assert_eq!(stamp(Some(60_000), LOBBY), 61_000);
}

#[test]
fn every_message_has_an_outcome_even_when_the_log_keeps_fewer_than_were_said_in_one_round() {
    let limits = Limits { history_entries: 5, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    bench.heard(link);
    let messages: Vec<ToHost> = (1..=20).map(|cmid| text(LOBBY, cmid, "quick")).collect();
    bench.say_all(link, &messages);
    let mut outcomes: Vec<u64> = bench
        .heard(link)
        .iter()
        .filter_map(|said| match said {
            ToClient::Entry(entry) => Some(entry.cmid.0),
            ToClient::Ack { cmid, .. } => Some(cmid.0),
            _ => None,
        })
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, (1..=20).collect::<Vec<_>>());
}
