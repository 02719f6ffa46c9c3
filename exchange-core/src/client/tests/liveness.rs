//! Whether the host is still there, and how far away.

use core::time::Duration;

use super::{Bench, disconnects, secs};
use crate::{
    event::Ended,
    message::{ToClient, ToHost},
    reason::CloseReason,
    seam::Input,
};

/// The nonces of the pings that were said since the client was last asked.
fn pings(bench: &mut Bench) -> alloc::vec::Vec<u64> {
    let ping = |said| if let ToHost::Ping { nonce } = said { Some(nonce) } else { None };
    bench.said().into_iter().filter_map(ping).collect()
}

const NANO: Duration = Duration::from_nanos(1);

fn just_before(seconds: u64) -> Duration {
    Duration::new(seconds - 1, 999_999_999)
}

#[test]
fn a_silent_host_is_given_up_after_three_missed_beats() {
    for heard_after in [0, 1, 4] {
        let mut bench = Bench::in_lobby();
        bench.pass(secs(heard_after));
        bench.hear(&ToClient::Pong { nonce: 0 });
        bench.pass(just_before(15));
        assert_eq!(disconnects(&bench.told), []);
        bench.pass(NANO);
        assert_eq!(disconnects(&bench.told), [Ended::Here(CloseReason::Silent)], "heard after {heard_after} s");
        assert_eq!(bench.said().last(), Some(&ToHost::Bye { reason: CloseReason::Silent }));
    }
}

#[test]
fn a_host_that_answers_is_never_given_up() {
    let mut bench = Bench::in_lobby();
    for _ in 0..20 {
        for nonce in pings(&mut bench) {
            bench.hear(&ToClient::Pong { nonce });
        }
        bench.pass(secs(5));
    }
    assert_eq!(disconnects(&bench.told), []);
}

#[test]
fn a_host_whose_frame_is_slow_in_coming_is_not_given_up() {
    let mut bench = Bench::in_lobby();
    for _ in 0..30 {
        bench.pass(secs(4));
        bench.input(Input::Bytes { link: bench.link() });
    }
    assert_eq!(disconnects(&bench.told), []);
    bench.pass(secs(15));
    assert_eq!(disconnects(&bench.told), [Ended::Here(CloseReason::Silent)]);
}

#[test]
fn the_host_hears_something_at_every_beat_and_says_how_long_a_beat_is() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(crate::message::Welcome { heartbeat_ms: 700, ..super::welcome() }));
    pings(&mut bench);
    for _ in 0..5 {
        bench.pass(Duration::from_millis(700));
        assert_eq!(pings(&mut bench).len(), 1);
        bench.hear(&ToClient::Pong { nonce: 0 });
    }
}

#[test]
fn a_host_that_wants_no_time_between_beats_is_not_obeyed() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(crate::message::Welcome { heartbeat_ms: 0, ..super::welcome() }));
    assert_eq!(bench.out.wake().unwrap().at.since(bench.now), Duration::from_millis(100));
}

#[test]
fn a_probe_is_answered() {
    let mut bench = Bench::in_lobby();
    bench.said();
    bench.hear(&ToClient::Ping { nonce: 42 });
    assert_eq!(bench.said(), [ToHost::Pong { nonce: 42 }]);
}

#[test]
fn the_round_trip_is_measured_from_the_first_moment() {
    let mut bench = Bench::in_lobby();
    assert_eq!(bench.client.round_trip(), None);
    let first = pings(&mut bench);
    bench.now = bench.now + Duration::from_millis(30);
    bench.hear(&ToClient::Pong { nonce: first[0] + 1 });
    assert_eq!(bench.client.round_trip(), None, "that was no answer");
    bench.hear(&ToClient::Pong { nonce: first[0] });
    assert_eq!(bench.client.round_trip(), Some(Duration::from_millis(30)));
    bench.now = bench.now + secs(1);
    bench.hear(&ToClient::Pong { nonce: first[0] });
    assert_eq!(bench.client.round_trip(), Some(Duration::from_millis(30)), "an answer counts once");
}

#[test]
fn after_a_change_of_the_network_a_link_has_two_seconds_to_prove_that_it_is_there() {
    let mut bench = Bench::in_lobby();
    bench.pass(secs(1));
    bench.said();
    bench.input(Input::NetworkChanged);
    assert_eq!(pings(&mut bench).len(), 1);
    bench.pass(just_before(2));
    assert_eq!(disconnects(&bench.told), []);
    bench.pass(NANO);
    assert_eq!(disconnects(&bench.told), [Ended::Here(CloseReason::Silent)]);
}

#[test]
fn a_link_that_proves_itself_after_a_change_of_the_network_stays() {
    let mut bench = Bench::in_lobby();
    bench.input(Input::NetworkChanged);
    bench.pass(secs(1));
    bench.hear(&ToClient::Pong { nonce: 0 });
    bench.pass(secs(4));
    assert_eq!(disconnects(&bench.told), []);
}

#[test]
fn a_network_that_changes_all_the_time_keeps_no_dead_link_alive() {
    let mut bench = Bench::in_lobby();
    for _ in 0..4 {
        bench.input(Input::NetworkChanged);
        bench.pass(secs(1));
    }
    assert_eq!(disconnects(&bench.told)[0], Ended::Here(CloseReason::Silent));
}
