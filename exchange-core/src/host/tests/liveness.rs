//! Whether a peer is still there.

use core::time::Duration;

use super::{Bench, secs};
use crate::{
    event::{Ended, Event},
    message::{ToClient, ToHost},
    reason::CloseReason,
    seam::{Input, WakeReason},
};

const NANO: Duration = Duration::from_nanos(1);

fn just_before(seconds: u64) -> Duration {
    Duration::new(seconds - 1, 999_999_999)
}

#[test]
fn a_silent_peer_is_dropped_after_three_missed_beats() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.pass(just_before(15));
    assert_eq!(bench.closed(link), None);
    let pings = bench.heard(link).iter().filter(|said| matches!(said, ToClient::Ping { .. })).count();
    assert_eq!(pings, 1, "it was asked once its own ping was overdue");
    bench.pass(NANO);
    assert_eq!(bench.closed(link), Some(CloseReason::Silent));
    assert!(
        bench
            .told
            .iter()
            .any(|event| matches!(event, Event::LinkClosed { peer: Some(_), cause: Ended::Here(CloseReason::Silent) }))
    );
}

#[test]
fn a_peer_that_says_anything_is_not_dropped_and_is_told_something_before_it_gives_up() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let mut pings = 0;
    for _ in 0..30 {
        bench.pass(secs(4));
        // Its answers to those pings may take longer than it would wait for a sign of life.
        pings += bench.heard(link).iter().filter(|said| matches!(said, ToClient::Ping { .. })).count();
        bench.say(link, &ToHost::Pong { nonce: 7 });
    }
    assert_eq!(bench.closed(link), None);
    assert!((120 / 15..=120 / 10).contains(&pings), "{pings} pings in two minutes");
}

#[test]
fn a_peer_whose_frame_is_slow_in_coming_lives_on() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    for _ in 0..30 {
        bench.pass(secs(4));
        bench.input(Input::Bytes { link });
    }
    assert_eq!(bench.closed(link), None);
    bench.pass(secs(15));
    assert_eq!(bench.closed(link), Some(CloseReason::Silent));
}

#[test]
fn a_peer_that_answers_its_probe_lives_on() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let mut pings = 0;
    for _ in 0..100 {
        bench.pass(secs(1));
        for said in bench.heard(link) {
            let ToClient::Ping { nonce } = said else { panic!("no probe but {said:?}") };
            bench.say(link, &ToHost::Pong { nonce });
            pings += 1;
        }
    }
    assert_eq!(bench.closed(link), None);
    assert_eq!(pings, 100 * 2 / 25, "one every two and a half heartbeats");
}

#[test]
fn a_peer_that_asks_at_every_beat_is_answered_and_not_asked_back() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    for nonce in 0..30 {
        bench.pass(secs(5));
        bench.say(link, &ToHost::Ping { nonce });
        assert_eq!(bench.heard(link), [ToClient::Pong { nonce }]);
    }
    assert_eq!(bench.closed(link), None);
}

#[test]
fn the_heartbeat_is_lazy_and_frames_do_not_move_its_alarm() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let wake = bench.out.wake().unwrap();
    assert_eq!(wake.reason, WakeReason::Heartbeat);
    bench.pass(secs(3));
    bench.say(link, &ToHost::Ping { nonce: 1 });
    assert_eq!(bench.out.wake(), Some(wake));
    bench.now = wake.at;
    bench.input(Input::Tick);
    assert_eq!(bench.out.wake().unwrap().at, wake.at + secs(3), "as long after it was heard last");
}

#[test]
fn a_late_tick_drops_whom_it_should_have_probed_long_ago() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.now = bench.now + secs(1000);
    bench.input(Input::Tick);
    assert_eq!(bench.closed(link), Some(CloseReason::Silent));
}
