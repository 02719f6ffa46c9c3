//! Hosts that keep what happens, and die.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use exchange_core::Durability;
use exchange_sim::{
    Mark, Report, Scenario,
    net::{Latency, Weather},
    run, run_traced,
    scenario::{Act, ClientSetup, DiskFault, Fault, HostSetup, Keeping, Step, Trouble},
    trace::What,
};

/// Two people who talk with the host's owner for a few seconds, which keeps what they say.
fn talk() -> Scenario {
    let keeping = Keeping { durability: Durability::Fsynced, latency: Latency::Constant(20_000) };
    let says = |at_ms, who| Step { at_ms, who, act: Act::Post { room: 0, count: 2, bytes: 10 } };
    let client = ClientSetup { backoff_min_ms: 50, backoff_max_ms: 400, ..ClientSetup::usual() };
    Scenario {
        seed: 1,
        weather: Weather::calm(),
        host: HostSetup { keeps: Some(keeping), ..HostSetup::usual() },
        clients: vec![client; 2],
        intruders: Vec::new(),
        steps: vec![says(500, 1), says(700, 2), says(900, 0), says(1100, 1), says(1300, 2)],
        faults: Vec::new(),
        trouble_ms: 3000,
        calm_ms: 30_000,
        core: vec![1, 2],
    }
}

/// It comes together in the end, and nothing was wrong before.
fn passes(scenario: &Scenario) -> Report {
    let report = run(scenario);
    assert_eq!(report.violation.as_ref().map(ToString::to_string), None, "{scenario:#?}");
    assert!(report.counts.converged.is_some(), "{scenario:#?}");
    report
}

fn with(trouble: Trouble) -> Scenario {
    Scenario { faults: vec![Fault { at_ms: 1000, for_ms: 300, trouble }], ..talk() }
}

#[test]
fn only_a_host_that_keeps_is_known_again_and_loses_no_log() {
    let keeps = with(Trouble::Crash { node: 0, memory: false, power: false });
    let forgets = Scenario { host: HostSetup { keeps: None, ..keeps.host.clone() }, ..keeps.clone() };
    let marks = |scenario| {
        let marks = passes(scenario).marks;
        [Mark::HostRestored, Mark::BackAtRestoredHost, Mark::HostForgot, Mark::HistoryLost]
            .map(|mark| marks.count(mark))
    };
    assert_eq!(marks(&keeps), [1, 1, 0, 0]);
    assert_eq!(marks(&forgets), [0, 0, 1, 1]);
}

#[test]
fn a_host_whose_disk_is_full_ends_the_session_and_goes_on_when_there_is_room() {
    let marks = passes(&with(Trouble::Disk { write: 1, how: DiskFault::Full })).marks;
    let hit = [Mark::StoreFailed, Mark::DiskFull, Mark::HostRestored, Mark::BackAtRestoredHost];
    assert_eq!(hit.map(|mark| marks.count(mark)), [1; 4]);
}

#[test]
fn what_was_on_its_way_to_the_disk_may_be_there_or_not() {
    let crash = |how| passes(&with(Trouble::Disk { write: 1, how })).marks;
    let (lost, untold) = (crash(DiskFault::Lost), crash(DiskFault::Untold));
    assert_eq!((lost.count(Mark::CrashLostWrite), lost.count(Mark::CrashKeptUntold)), (1, 0));
    assert_eq!((untold.count(Mark::CrashLostWrite), untold.count(Mark::CrashKeptUntold)), (0, 1));
}

#[test]
fn it_is_told_what_is_to_be_kept_and_shown_only_what_is() {
    let trace = run_traced(&talk()).trace.unwrap();
    let at = |is_it: &dyn Fn(&What) -> bool| {
        trace.records.iter().find(|record| record.node == 0 && is_it(&record.what)).map(|record| record.at.as_nanos())
    };
    let said = |what: &What, text: &str| matches!(what, What::Disk(said) if said == text);
    let kept = at(&|what| said(what, "batch 4 is kept")).unwrap();
    let given = at(&|what| matches!(what, What::Disk(said) if said.starts_with("batch 4 is to be kept"))).unwrap();
    assert_eq!(kept - given, 20_000_000);
    let told = at(&|what| matches!(what, What::Told(said) if said.starts_with("RoomJoined"))).unwrap();
    assert_eq!((told, at(&|what| matches!(what, What::Sent { .. })) > Some(kept)), (kept, true));
}
