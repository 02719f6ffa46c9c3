//! What a simulation promises whoever runs a program in it.

use std::{
    future::{pending, poll_fn},
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use exchange_core::{
    Event, Seed, SessionName,
    discovery::{PeerRecord, SessionEvent},
};
use exchange_driver::{ByteStream, Listener, NetworkError, Runtime};
use futures_util::StreamExt as _;

use super::{Air, Budget, Sim, SimStream, Stuck};
use crate::net::{Door, Weather};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_deadlock_is_reported_with_the_names_of_those_who_wait() {
    let mut sim = Sim::new(1);
    let ana = sim.node("ana");
    let waits = ana.start("waits for Godot", pending::<()>());
    let stuck = sim.run(waits).unwrap_err();
    let Stuck::Deadlock { waiting, .. } = &stuck else { panic!("{stuck}") };
    assert_eq!(waiting, &["ana: waits for Godot"]);
}

#[test]
fn whoever_is_never_woken_is_noticed() {
    let mut sim = Sim::new(1);
    let ana = sim.node("ana");
    let mut polled = false;
    let forgetful =
        poll_fn(move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending });
    ana.spawn(forgetful);
    let stuck = sim.finish(60 * SECOND).unwrap_err();
    assert!(stuck.to_string().contains("deadlock at 0.000 s"), "{stuck}");
}

#[test]
fn whoever_wakes_itself_for_ever_is_noticed() {
    let mut sim = Sim::new(1);
    sim.set_budget(Budget { polls_at_once: 1000, ..Budget::default() });
    let stuck = sim.run(poll_fn::<(), _>(|cx| {
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    assert!(matches!(stuck, Err(Stuck::Busy { .. })), "{stuck:?}");
}

#[test]
fn time_jumps_over_what_nobody_needs() {
    let mut sim = Sim::new(1);
    let faults = sim.faults();
    sim.run(faults.sleep(3600 * SECOND)).unwrap();
    assert_eq!(faults.now().as_nanos(), 3_600_000_000_000);
    assert!(sim.polls() < 5);
}

#[test]
fn a_clock_that_runs_fast_ends_a_sleep_early() {
    let mut sim = Sim::new(1);
    let (fast, faults) = (sim.node_with_clock("fast", 1000, 0), sim.faults());
    sim.run(fast.sleep(1000 * SECOND)).unwrap();
    assert_eq!(faults.now().as_nanos() / 1_000_000, 999_000);
}

/// What two programs that exchange some bytes come to.
fn chat(seed: u64) -> (u64, u64) {
    let mut sim = Sim::new(seed);
    let (ana, bo, cy) = (sim.node("ana"), sim.node("bo"), sim.node("cy"));
    sim.faults().weather(Weather { cut_writes: 300, cut_reads: 300, ..Weather::calm() });
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let bo = bo.client().nick("bo").join("Lab 3").await.unwrap();
        let cy = cy.client().nick("cy").join("Lab 3").await.unwrap();
        for n in 0..20 {
            bo.room("lobby").send(n.to_string()).await.unwrap();
            cy.room("lobby").send(n.to_string()).await.unwrap().delivered().await.unwrap();
        }
        host.shutdown(SECOND).await;
    })
    .unwrap();
    sim.finish(60 * SECOND).unwrap();
    (sim.digest(), sim.polls())
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    assert_eq!(chat(7), chat(7));
    assert_ne!(chat(7), chat(8));
}

#[test]
fn a_message_that_was_sent_into_a_partition_arrives_after_it() {
    let mut sim = Sim::new(3);
    let (ana, bo, faults) = (sim.node("ana"), sim.node("bo"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let client = bo.client().join("Lab 3").await.unwrap();
        faults.partition(&ana, &bo);
        let receipt = client.room("lobby").send("hello?").await.unwrap();
        faults.sleep(40 * SECOND).await;
        let mut events = host.events();
        while let Some(event) = events.try_event() {
            assert!(!matches!(event, Event::Message(_)));
        }
        faults.heal(&ana, &bo);
        receipt.delivered().await.unwrap();
    })
    .unwrap();
}

#[test]
fn a_session_is_found_and_a_goodbye_takes_it_away() {
    let mut sim = Sim::new(5);
    let (ana, bo, faults) = (sim.node("ana"), sim.node("bo"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let mut browse = bo.discovery().browse().unwrap();
        let Some(SessionEvent::Appeared(record)) = browse.next().await else { panic!() };
        assert_eq!((&record.name, &*record.addresses), (&host.session().name, &[(ana.ip(), 27027).into()][..]));
        let before = faults.now();
        host.shutdown(SECOND).await;
        assert_eq!(browse.next().await, Some(SessionEvent::Disappeared(record.session)));
        assert!(faults.now().since(before) < SECOND);
    })
    .unwrap();
}

#[test]
fn a_session_whose_host_crashed_is_forgotten_in_seconds_by_those_who_doubt_and_in_minutes_by_all() {
    let mut sim = Sim::new(5);
    let (ana, bo, cy, faults) = (sim.node("ana"), sim.node("bo"), sim.node("cy"), sim.faults());
    sim.run(async move {
        let _host = ana.host("Lab 3").start().await.unwrap();
        let (mut one, mut other) = (bo.discovery().browse().unwrap(), cy.discovery().browse().unwrap());
        let Some(SessionEvent::Appeared(record)) = one.next().await else { panic!() };
        other.next().await.unwrap();
        faults.sleep(2 * SECOND).await;
        faults.crash(&ana);
        let crashed = faults.now();
        one.suspect(record.session);
        assert_eq!(one.next().await, Some(SessionEvent::Disappeared(record.session)));
        assert!(faults.now().since(crashed) < 5 * SECOND);
        assert_eq!(other.next().await, Some(SessionEvent::Disappeared(record.session)));
        assert!(faults.now().since(crashed) > 60 * SECOND);
    })
    .unwrap();
}

#[test]
fn somebody_who_announces_too_much_does_not_keep_a_known_session_from_being_found() {
    let mut sim = Sim::new(5);
    let (ana, bo, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let _host = ana.host("Lab 3").start().await.unwrap();
        faults.sleep(SECOND).await;
        faults.flood(&eve, 1000, 60 * SECOND);
        faults.sleep(SECOND).await;
        bo.client().join("Lab 3").await.unwrap();
    })
    .unwrap();
}

#[test]
fn a_spoofed_address_is_a_detour_and_no_more() {
    let mut sim = Sim::new(5);
    let (ana, bo, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        faults.sleep(2 * SECOND).await;
        let name = SessionName::new("Lab 3").unwrap();
        let mut record = PeerRecord::new(host.session().id, name, host.me().nick.clone(), 9);
        record.addresses.push((eve.ip(), 9).into());
        faults.spoof(&eve, &record, 60 * SECOND);
        faults.sleep(SECOND / 10).await;
        while bo.client().join("Lab 3").await.is_err() {}
    })
    .unwrap();
}

/// A connection from one machine to a listener on another.
async fn pair(sim: (&super::SimRuntime, &super::SimRuntime)) -> (SimStream, SimStream) {
    let mut listener = sim.1.bind((sim.1.ip(), 0).into()).await.unwrap();
    let there = listener.local_addr().unwrap();
    let near = sim.0.connect(there).await.unwrap();
    let (far, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    (near, far)
}

#[test]
fn errors_are_of_the_kinds_that_sockets_have() {
    use std::io::ErrorKind;
    let mut sim = Sim::new(5);
    let (ana, bo, faults) = (sim.node("ana"), sim.node("bo"), sim.faults());
    sim.run(async move {
        let kind = async |address: SocketAddr| bo.connect(address).await.map(drop).unwrap_err().kind();
        assert_eq!(kind((ana.ip(), 9).into()).await, ErrorKind::ConnectionRefused);
        let listener = ana.bind((ana.ip(), 7).into()).await.unwrap();
        assert_eq!(kind((ana.ip(), 9).into()).await, ErrorKind::ConnectionRefused);
        assert_eq!(ana.bind(([0, 0, 0, 0], 7).into()).await.unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(kind("10.9.9.9:7".parse().unwrap()).await, ErrorKind::HostUnreachable);
        faults.door(&ana, Some(Door::Dead));
        assert_eq!(kind((ana.ip(), 7).into()).await, ErrorKind::TimedOut);
        faults.door(&ana, None);
        drop(listener);
        let (mut near, mut far) = pair((&ana, &bo)).await;
        let mut buffer = [0; 8];
        poll_fn(|cx| near.poll_close(cx)).await.unwrap();
        assert_eq!(poll_fn(|cx| far.poll_read(cx, &mut buffer)).await.unwrap(), 0);
        let hello = std::io::IoSlice::new(b"hello");
        assert_eq!(poll_fn(|cx| far.poll_write(cx, &[hello, hello])).await.unwrap(), 10);
        assert_eq!(poll_fn(|cx| near.poll_read(cx, &mut buffer)).await.unwrap(), 8);
        faults.reset((&ana, Some(SECOND)), (&bo, None));
        assert_eq!(poll_fn(|cx| near.poll_read(cx, &mut buffer)).await.unwrap(), 2);
        let error = poll_fn(|cx| near.poll_read(cx, &mut buffer)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    })
    .unwrap();
}

#[test]
fn a_crash_ends_all_that_runs_on_a_machine_and_the_others_see_it() {
    let mut sim = Sim::new(5);
    let (ana, bo, faults) = (sim.node("ana"), sim.node("bo"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let client = bo.client().join(SocketAddr::from((ana.ip(), 27027))).await.unwrap();
        faults.crash(&ana);
        assert!(host.people().await.is_err());
        let mut events = client.events();
        loop {
            let e = events.next().await;
            eprintln!("{:?} {e:?}", faults.now());
            if matches!(e, Some(Event::Disconnected { .. })) {
                break;
            }
        }
        let again = ana.host("Lab 4").start().await.unwrap();
        loop {
            let e = events.next().await;
            eprintln!("{:?} {e:?}", faults.now());
            if matches!(e, Some(Event::Connected { .. })) {
                break;
            }
        }
        assert_eq!(client.session().await.unwrap().unwrap().id, again.session().id);
    })
    .unwrap();
}

#[test]
fn a_machine_that_sleeps_does_nothing_and_goes_on_afterwards() {
    let mut sim = Sim::new(5);
    let (ana, faults) = (sim.node("ana"), sim.faults());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    sim.run(async move {
        let world = faults.clone();
        let node = ana.clone();
        let counting = ana.start("counts", async move {
            for _ in 0..4 {
                node.sleep(SECOND).await;
                log.lock().unwrap().push(world.now().as_nanos() / 1_000_000_000);
            }
        });
        faults.sleep(SECOND * 3 / 2).await;
        faults.pause(&ana, 10 * SECOND, true);
        counting.await.unwrap();
    })
    .unwrap();
    assert_eq!(*seen.lock().unwrap(), [1, 12, 13, 14]);
}

#[test]
fn nobody_is_found_who_is_not_there() {
    let mut sim = Sim::new(5);
    let bo = sim.node("bo");
    let joined = sim.run(async move { bo.client().join("Lab 3").await }).unwrap();
    assert!(matches!(joined, Err(NetworkError::NotFound { .. })));
}

#[test]
fn machines_draw_seeds_of_their_own() {
    let seeds = |seed| {
        let mut sim = Sim::new(seed);
        let (ana, bo) = (sim.node("ana"), sim.node("bo"));
        [ana.seed().unwrap(), bo.seed().unwrap()]
    };
    let [ana, bo]: [Seed; 2] = seeds(1);
    assert!(ana != bo && [ana, bo] == seeds(1));
}

#[test]
fn thirty_sessions_with_trouble_are_as_they_have_to_be() {
    for seed in 0..30 {
        if let Err(failure) = super::run(seed) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_plan_is_data_that_reads_back_and_runs_the_same() {
    let plan = super::run::plan(3);
    let text = serde_json::to_string(&plan).unwrap();
    let read: super::run::Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(read, plan);
    assert_eq!(super::run::run_plan(&read).unwrap(), super::run(3).unwrap());
}

#[test]
fn whoever_joined_by_name_comes_back_to_where_it_was_though_nobody_answers_multicast_any_more() {
    let mut sim = Sim::new(5);
    sim.set_budget(Budget { time: 300 * SECOND, ..Budget::default() });
    let (ana, bo, faults) = (sim.node("ana"), sim.node("bo"), sim.faults());
    sim.run(async move {
        let _host = ana.host("Lab 3").start().await.unwrap();
        let client = bo.client().join("Lab 3").await.unwrap();
        faults.air(Air { lost: 1000, ..Air::calm() });
        // Long enough for an attempt to connect to be given up half-way.
        faults.partition(&ana, &bo);
        faults.sleep(200 * SECOND).await;
        faults.heal(&ana, &bo);
        client.room("lobby").send("back").await.unwrap().delivered().await.unwrap();
    })
    .unwrap();
}
