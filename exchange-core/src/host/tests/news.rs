//! Who comes and goes where there are many to be told of it.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Bench, config, entries};
use crate::{
    host::{HostConfig, RoomName},
    limits::Timing,
    message::{Body, ToClient},
    seam::LinkId,
};

/// For each of those who are there.
const EACH: Duration = Duration::from_millis(10);

/// A host, and somebody who has been there for a while and to whom nothing is new.
fn bench(news: Duration) -> (Bench, LinkId) {
    let mut bench = Bench::with(HostConfig { timing: Timing { news, ..Timing::default() }, ..config() });
    let first = bench.member(1);
    bench.pass(EACH * 10);
    bench.heard(first);
    (bench, first)
}

/// How many a link was told of that they have come or gone.
fn news(bench: &mut Bench, link: LinkId) -> usize {
    let said = bench.heard(link);
    let is_news = |body: &Body| matches!(body, Body::Join { .. } | Body::Leave { .. });
    entries(&said).filter(|entry| is_news(&entry.body)).count()
}

#[test]
fn who_comes_is_told_with_those_who_come_soon_after() {
    let (mut bench, first) = bench(EACH);
    // That there is somebody is told at once, since nobody has come for a while; then that they are in the lobby waits.
    bench.member(2);
    assert_eq!(news(&mut bench, first), 0);
    let (third, _) = (bench.member(3), bench.member(4));
    let alarm = bench.out.wake().map(|wake| wake.at);
    assert_eq!(alarm, Some(bench.now + EACH * 2), "for each of the two that were there");
    bench.pass(EACH);
    assert_eq!(news(&mut bench, first), 0);
    bench.pass(EACH);
    assert_eq!((news(&mut bench, first), news(&mut bench, third)), (3, 1));
    assert_eq!(bench.host.lagging(), 0);
}

#[test]
fn what_is_said_does_not_wait_and_takes_the_news_along() {
    let (mut bench, first) = bench(EACH);
    bench.member(2);
    bench.member(3);
    assert_eq!(news(&mut bench, first), 0);
    bench.post(&RoomName::lobby(), "hi").unwrap();
    let said = bench.heard(first);
    let bodies: Vec<&Body> = entries(&said).map(|entry| &entry.body).collect();
    assert!(matches!(bodies[..], [Body::Join { .. }, Body::Join { .. }, Body::Text(_)]), "{bodies:?}");
    assert!(matches!(said[0], ToClient::Roster { .. }), "who it is, before what they do: {said:?}");
}

#[test]
fn few_are_told_at_once() {
    let (mut bench, first) = bench(Timing::default().news);
    for number in 2..6 {
        bench.member(number);
        assert_eq!(news(&mut bench, first), 1);
    }
}
