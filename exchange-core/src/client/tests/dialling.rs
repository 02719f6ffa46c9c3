//! When a client dials, how long it waits, and when it stays away.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Bench, config, disconnects, secs, welcome};
use crate::{
    client::ClientConfig,
    event::{Ended, Event},
    message::{ToClient, ToHost},
    name::NameError,
    reason::{CloseReason, Violation},
    seam::{Input, LinkLoss, WakeReason},
    time::Timestamp,
    wire::Versions,
};

/// The waits after so many failures in a row.
fn waits(bench: &mut Bench, failures: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _ in 0..failures {
        let before = bench.now;
        bench.down(LinkLoss::Refused);
        let told = bench.told();
        let [Event::Disconnected { cause: Ended::Lost(LinkLoss::Refused), retry_in }] = told[..] else {
            panic!("not disconnected but {told:?}")
        };
        assert_eq!(bench.out.wake().map(|wake| (wake.at, wake.reason)), Some((before + retry_in, WakeReason::Redial)));
        bench.redial();
        assert_eq!(bench.now, before + retry_in);
        waits.push(retry_in);
    }
    waits
}

#[test]
fn a_client_waits_up_to_twice_as_long_after_every_failure_and_never_over_eight_seconds() {
    let mut longest = [Duration::ZERO; 8];
    for seed in 0..200 {
        let mut bench = Bench::with(config(), seed);
        for (longest, wait) in longest.iter_mut().zip(waits(&mut bench, 8)) {
            *longest = wait.max(*longest);
        }
    }
    for (longest, ceiling) in longest.iter().zip([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]) {
        let ceiling = Duration::from_millis(ceiling);
        assert!(*longest <= ceiling, "{longest:?} is over {ceiling:?}");
        assert!(*longest >= ceiling * 9 / 10, "{longest:?} is jitter over less than all of {ceiling:?}");
    }
}

#[test]
fn failures_are_forgotten_when_a_link_has_held_for_thirty_seconds_and_not_before() {
    for (held, forgotten) in [(29, false), (30, true)] {
        let mut bench = Bench::new();
        waits(&mut bench, 6);
        bench.arrive();
        bench.enter();
        for _ in 0..held {
            bench.pass(secs(1));
            bench.hear(&ToClient::Pong { nonce: 0 });
        }
        bench.down(LinkLoss::Broken);
        assert_eq!(bench.client.failures == 1, forgotten, "after {held} s");
    }
}

#[test]
fn two_clients_that_lose_their_host_together_do_not_come_back_together() {
    let (mut one, mut two) = (Bench::with(config(), 1), Bench::with(config(), 2));
    assert_ne!(waits(&mut one, 3), waits(&mut two, 3));
}

#[test]
fn a_dial_that_comes_to_nothing_in_ten_seconds_is_given_up_wherever_it_got_stuck() {
    type Stuck = fn(&mut Bench);
    let stages: [Stuck; 3] = [
        |_| (),
        |bench| bench.input(Input::LinkUp { link: bench.link(), credit: 1000, from: None }),
        |bench| drop(bench.arrive()),
    ];
    for stuck in stages {
        let mut bench = Bench::new();
        stuck(&mut bench);
        assert_eq!(bench.out.wake().map(|wake| wake.reason), Some(WakeReason::Handshake));
        bench.pass(secs(10));
        assert_eq!(bench.closed.len(), 1);
        assert_eq!(disconnects(&bench.told), [Ended::Here(CloseReason::HandshakeTimeout)]);
    }
}

#[test]
fn every_attempt_is_counted_and_shows_the_last_token_and_the_same_producer() {
    let mut bench = Bench::new();
    let first = bench.arrive();
    assert_eq!((first.attempt, first.token, &*first.nick), (1, None, "me"));
    let again = bench.reconnect();
    assert_eq!((again.attempt, again.token), (2, None), "it was not welcomed yet");
    bench.enter();
    let third = bench.reconnect();
    assert_eq!((third.attempt, third.token), (3, Some(welcome().token)));
    assert_eq!((third.peer, third.producer), (first.peer, first.producer));
}

#[test]
fn a_client_is_connected_from_its_welcome_until_its_link_is_lost() {
    let mut bench = Bench::new();
    bench.arrive();
    assert!(!bench.client.is_connected());
    bench.hear(&ToClient::Welcome(welcome()));
    assert!(bench.client.is_connected());
    bench.down(LinkLoss::Broken);
    assert!(!bench.client.is_connected());
}

#[test]
fn a_changed_network_makes_a_waiting_client_dial_at_once() {
    let mut bench = Bench::new();
    waits(&mut bench, 5);
    bench.down(LinkLoss::Refused);
    let dialled = bench.dialled.len();
    bench.input(Input::NetworkChanged);
    assert_eq!(bench.dialled.len(), dialled + 1);
    bench.told();
    bench.down(LinkLoss::Refused);
    let told = bench.told();
    let [Event::Disconnected { retry_in, .. }] = told[..] else { panic!("not disconnected but {told:?}") };
    assert!(retry_in <= Duration::from_millis(250), "earlier failures were the old network's");
}

#[test]
fn a_client_whose_machine_has_slept_probes_its_link_at_once_or_dials() {
    let wall = |bench: &mut Bench, secs: u64| {
        bench.input(Input::WallClock { at: Timestamp::from_millis(1_790_000_000_000 + secs * 1000) });
    };
    let pings = |said: &[ToHost]| said.iter().filter(|said| matches!(said, ToHost::Ping { .. })).count();
    let mut bench = Bench::in_lobby();
    wall(&mut bench, 0);
    bench.said();
    // A clock that is set right by a little, or back, is no sign of anything.
    for shows in [1, 5, 0] {
        wall(&mut bench, shows);
        assert_eq!(pings(&bench.said()), 0, "{shows} s");
    }
    wall(&mut bench, 600);
    assert_eq!(pings(&bench.said()), 1);
    bench.told();
    bench.pass(secs(2));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(CloseReason::Silent)], "not after three missed beats");
    let dialled = bench.dialled.len();
    wall(&mut bench, 1200);
    assert_eq!(bench.dialled.len(), dialled + 1);
}

#[test]
fn a_changed_network_does_not_disturb_a_client_that_is_just_dialling() {
    let mut bench = Bench::new();
    bench.input(Input::NetworkChanged);
    bench.arrive();
    bench.input(Input::NetworkChanged);
    assert_eq!((bench.dialled.len(), bench.closed.len()), (1, 0));
}

#[test]
fn a_client_that_has_no_version_in_common_with_its_host_stays_away() {
    let mut bench = Bench::new();
    let loss = LinkLoss::Versions { ours: Versions::SUPPORTED, theirs: Versions::new(7, 9).unwrap() };
    bench.down(loss);
    assert_eq!(bench.told(), [Event::Closed { cause: Ended::Lost(loss) }]);
    assert!(bench.client.is_closed());
    assert_eq!(bench.out.wake(), None);
}

#[test]
fn a_client_that_is_told_for_good_stays_away_and_one_that_is_told_for_now_comes_back() {
    let (final_, temporary) = (
        [CloseReason::Replaced, CloseReason::WrongToken, CloseReason::Name(NameError::Empty)],
        [CloseReason::Full, CloseReason::HostClosed, CloseReason::Silent, Violation::Malformed.into()],
    );
    for welcomed in [false, true] {
        for reason in final_.into_iter().chain(temporary) {
            let mut bench = Bench::new();
            bench.arrive();
            if welcomed {
                bench.enter();
            }
            bench.told();
            bench.hear(&ToClient::Bye { reason });
            assert_eq!(bench.closed.len(), 1, "{reason:?}");
            if final_.contains(&reason) {
                assert_eq!(bench.told(), [Event::Closed { cause: Ended::Told(reason) }]);
                assert_eq!(bench.out.wake(), None);
            } else {
                assert_eq!(disconnects(&bench.told()), [Ended::Told(reason)]);
                bench.redial();
            }
        }
    }
}

#[test]
fn closing_says_goodbye_once_and_nothing_follows() {
    let mut bench = Bench::in_lobby();
    bench.told();
    bench.said();
    bench.round(|round| {
        round.close();
    });
    assert_eq!(bench.said(), [ToHost::Bye { reason: CloseReason::Left }]);
    assert_eq!(bench.closed, [(bench.link(), CloseReason::Left)]);
    assert_eq!(bench.told(), [Event::Closed { cause: Ended::Here(CloseReason::Left) }]);
    bench.round(|round| {
        round.close();
        round.connect();
        round.handle(Input::NetworkChanged);
        round.handle(Input::Tick);
    });
    assert_eq!((bench.told(), bench.said(), bench.dialled.len()), (Vec::new(), Vec::new(), 1));
    assert_eq!(bench.out.wake(), None);
}

#[test]
fn a_client_that_was_never_connected_can_be_closed() {
    let mut client = crate::Client::new(ClientConfig::new("me".parse().unwrap()), &crate::Seed::from_number(1));
    let mut out = crate::Outbox::new();
    client.round(crate::Time::ZERO, &mut out).close();
    let effects: Vec<_> = out.drain().collect();
    assert_eq!(effects, [crate::Effect::Event(Event::Closed { cause: Ended::Here(CloseReason::Left) })]);
}
