//! Hosts that keep what happens, and die.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use exchange_core::Durability;
use exchange_sim::{
    Mark, Report, Scenario,
    net::{Latency, Weather},
    run, run_traced,
    scenario::{Act, Change, ClientSetup, DiskFault, Fault, From, HostSetup, Keeping, Measure, Step, Trouble},
    trace::What,
};

/// Two people who talk with the host's owner for a few seconds, which keeps what they say.
fn talk() -> Scenario {
    let keeping = Keeping { durability: Durability::Fsynced, latency: Latency::Constant(20_000) };
    let says = |at_ms, who| Step { at_ms, who, act: Act::Post { room: 0, count: 2, bytes: 10 } };
    let client = ClientSetup { backoff_min_ms: 50, backoff_max_ms: 400, ..ClientSetup::usual() };
    Scenario {
        secured: false,
        locked: false,
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

/// People come and go, change what they said, and are kept in order; nearly all of it is written to the disk.
fn busy(seed: u64) -> Scenario {
    use Measure::{Ban, Close, Rule as Rules};
    let base = talk();
    let mut steps = base.steps.clone();
    let acts = [
        (600, 1, Act::Open { room: 4 }),
        (800, 1, Act::Post { room: 4, count: 1, bytes: 10 }),
        (1000, 2, Act::Join { room: 1, from: From::Start }),
        (1200, 1, Act::Change { room: 0, how: Change::Edit, back: 0 }),
        (1400, 1, Act::Change { room: 0, how: Change::Delete, back: 0 }),
        (1500, 0, Act::Moderate { room: 1, how: Ban(2, Some(2)) }),
        (1600, 0, Act::Moderate { room: 0, how: Rules(exchange_core::Rule::Locked(true)) }),
        (1700, 2, Act::Post { room: 0, count: 1, bytes: 10 }),
        (1800, 1, Act::Moderate { room: 4, how: Close }),
        (1900, 0, Act::Moderate { room: 0, how: Rules(exchange_core::Rule::Locked(false)) }),
        (3500, 2, Act::Post { room: 0, count: 2, bytes: 10 }),
        (3600, 2, Act::Join { room: 1, from: From::Start }),
        (4000, 1, Act::Post { room: 0, count: 2, bytes: 10 }),
    ];
    steps.extend(acts.map(|(at_ms, who, act)| Step { at_ms, who, act }));
    steps.sort_by_key(|step| step.at_ms);
    let latency = if seed == 1 { Latency::Constant(20_000) } else { Latency::Exponential(20_000) };
    let keeping = Keeping { durability: Durability::Fsynced, latency };
    let host = HostSetup { history: 12, keeps: Some(keeping), ..base.host };
    Scenario { seed, host, steps, trouble_ms: 6000, calm_ms: 20_000, ..base }
}

/// The host comes to its end at the first write of a scenario, in all ways that there are, then at the second, and so on,
/// and is started again. Other seeds are tried as well if `PROPTEST_CASES` says how many.
#[test]
fn a_host_may_die_at_any_write_and_nobody_loses_what_they_were_shown() {
    use DiskFault::{Error, Full, Lost, Torn, Untold};
    /// More would take too long.
    const MOST: u32 = 64;
    let seeds = std::env::var("PROPTEST_CASES").ok().and_then(|told| told.parse().ok()).unwrap_or(1);
    for seed in 1..=seeds {
        let ends = |write, how| {
            let fault = Fault { at_ms: 0, for_ms: 3000, trouble: Trouble::Disk { write, how } };
            let marks = passes(&Scenario { faults: vec![fault], ..busy(seed) }).marks;
            marks.count(Mark::HostRestored) > 0
        };
        let all = |write: &u32| [Lost, Untold, Full, Error, Torn].into_iter().all(|how| ends(*write, how));
        let writes = (1..=MOST).take_while(all).count();
        assert!((16..64).contains(&writes), "seed {seed}: {writes} writes");
    }
}
