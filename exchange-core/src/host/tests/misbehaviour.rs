//! A peer that breaks the protocol loses its link, and nobody else notices.

use alloc::vec::Vec;

use super::{Bench, LOBBY, WINDOW, hello, join, text, texts};
use crate::{
    host::RoomName,
    ids::{Cmid, RoomId},
    message::{Encoding, JoinFrom, ToClient, ToHost},
    reason::{CloseReason, Violation},
    seam::{Input, LinkId},
};

/// Every message a client can send but a hello.
fn everything_but_hello() -> Vec<ToHost> {
    alloc::vec![
        join(&RoomName::lobby(), JoinFrom::Head),
        ToHost::Leave { room: LOBBY },
        text(LOBBY, 1, "hi"),
        ToHost::Ping { nonce: 1 },
        ToHost::Pong { nonce: 1 },
    ]
}

fn others_go_on(bench: &mut Bench, other: LinkId) {
    bench.heard(other);
    let said = bench.post(&RoomName::lobby(), "still here").unwrap();
    let heard = texts(&bench.heard(other));
    assert_eq!(heard.len(), 1, "{said}");
    assert_eq!(bench.closed(other), None);
}

#[test]
fn whatever_comes_before_a_hello_ends_the_link() {
    let mut bench = Bench::new();
    let other = bench.member(1);
    for (message, number) in everything_but_hello().iter().zip(10..) {
        let link = bench.open(number, Encoding::Postcard, WINDOW);
        bench.say(link, message);
        assert_eq!(bench.closed(link), Some(Violation::Unexpected.into()), "{message:?}");
        assert_eq!(bench.heard(link), [ToClient::Bye { reason: Violation::Unexpected.into() }]);
    }
    others_go_on(&mut bench, other);
}

#[test]
fn a_second_hello_ends_the_link() {
    let mut bench = Bench::new();
    let (other, link) = (bench.member(1), bench.member(2));
    bench.say(link, &hello(2, 2, None));
    assert_eq!(bench.closed(link), Some(Violation::Unexpected.into()));
    others_go_on(&mut bench, other);
}

#[test]
fn a_frame_before_the_preamble_is_through_ends_the_link() {
    let mut bench = Bench::new();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    let body = bench.frame(link, &hello(1, 1, None));
    let other = LinkId(2);
    bench.links.insert(
        other,
        super::Seen { encoding: Encoding::Postcard, said: Vec::new(), unread: 0, reads: true, closed: None },
    );
    bench.input(Input::LinkUp { link: other, credit: WINDOW, from: None });
    bench.input(Input::Frame { link: other, body: &body });
    assert_eq!(bench.closed(other), Some(Violation::Unexpected.into()));
    assert_eq!(bench.heard(other), [], "nobody knows how to say goodbye yet");
    bench.input(Input::Frame { link, body: &body });
    assert_eq!(bench.closed(link), None);
}

#[test]
fn what_is_no_message_ends_the_link_before_and_after_the_hello() {
    let mut bench = Bench::new();
    let other = bench.member(1);
    let mut wrong_way = bytes::BytesMut::new();
    Encoding::Postcard.encode(&ToClient::Bye { reason: CloseReason::Left }, &mut wrong_way);
    let mut too_long = bench.frame(other, &ToHost::Ping { nonce: 1 });
    too_long.push(0);
    for (body, number) in [&b"\xff\xff"[..], b"", &wrong_way[4..], &too_long].into_iter().zip((10..).step_by(2)) {
        let (stranger, member) =
            (bench.open(number, Encoding::Postcard, WINDOW), bench.member(u8::try_from(number).unwrap() + 1));
        for link in [stranger, member] {
            bench.input(Input::Frame { link, body });
            assert_eq!(bench.closed(link), Some(Violation::Malformed.into()), "{body:?}");
        }
    }
    others_go_on(&mut bench, other);
}

#[test]
fn a_join_that_settled_more_than_was_sent_ends_the_link() {
    let mut bench = Bench::new();
    let (other, link) = (bench.member(1), bench.member(2));
    let (room, from) = ("lobby".into(), JoinFrom::Head);
    bench.say(link, &ToHost::Join { room, from, settled: Cmid(2), sent: Cmid(1) });
    assert_eq!(bench.closed(link), Some(Violation::Malformed.into()));
    others_go_on(&mut bench, other);
}

#[test]
fn numbers_at_the_end_of_their_range_do_no_harm() {
    let mut bench = Bench::new();
    let (other, link) = (bench.member(1), bench.member(2));
    let (from, most) = (JoinFrom::Last(u32::MAX), Cmid(u64::MAX));
    bench.say(link, &ToHost::Join { room: "lobby".into(), from, settled: most, sent: most });
    bench.say_all(link, &[text(LOBBY, u64::MAX, "most"), text(LOBBY, 0, "least"), text(RoomId(u32::MAX), 1, "where")]);
    bench.say_all(link, &[ToHost::Leave { room: RoomId(u32::MAX) }, ToHost::Pong { nonce: u64::MAX }]);
    others_go_on(&mut bench, other);
}

#[test]
fn what_comes_after_a_close_is_ignored() {
    let mut bench = Bench::new();
    let (other, link) = (bench.member(1), bench.member(2));
    let say = |bench: &mut Bench| -> Vec<u8> { bench.frame(link, &text(LOBBY, 1, "too late")) };
    let body = say(&mut bench);
    bench.heard(other);
    bench.round(|round| {
        round.handle(Input::Frame { link, body: b"\xff" });
        round.handle(Input::Frame { link, body: &body });
        round.handle(Input::Credit { link, bytes: 10 });
        round.handle(Input::Fault { link, violation: Violation::Oversize });
        round.handle(Input::LinkDown { link, loss: crate::LinkLoss::Closed });
    });
    assert_eq!(bench.closed(link), Some(Violation::Malformed.into()));
    assert_eq!(bench.heard(other), []);
    for message in everything_but_hello() {
        let body = bench.frame(link, &message);
        bench.input(Input::Frame { link, body: &body });
    }
    assert_eq!(bench.heard(other), []);
    bench.input(Input::Frame { link: LinkId(99), body: &body });
}
