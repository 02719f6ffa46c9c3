//! Sessions under faults: scenarios that once failed, fresh ones, and what must not make a difference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use std::{fs, path::Path};

use exchange_sim::{
    Mark, Marks, Mode, Scenario, generate,
    net::Meddling,
    run, run_traced,
    scenario::{Fault, Intruder, Intrusion, Trouble},
    trace::{Trace, What},
};

/// Seeds enough to see that nothing is broken; the gate runs two thousand.
const SEEDS: u64 = 60;

fn passes(scenario: &Scenario) -> exchange_sim::Report {
    let report = run(scenario);
    assert_eq!(report.violation.as_ref().map(ToString::to_string), None, "{scenario:#?}");
    report
}

#[test]
fn scenarios_that_once_failed_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let scenario: Scenario = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        passes(&scenario);
        count += 1;
    }
    assert!(count >= 4);
}

#[test]
fn sessions_come_together_whatever_happens_to_them() {
    let mut marks = Marks::default();
    for seed in 0..SEEDS {
        marks.add(&passes(&generate(seed, Mode::of(seed))).marks);
    }
    let missing = marks.missing().count();
    assert!(missing < 20, "in {SEEDS} sessions, {missing} situations never came up");
}

#[test]
fn the_same_scenario_comes_to_the_same_end_and_another_to_another() {
    for seed in 0..20 {
        let scenario = generate(seed, Mode::of(seed));
        assert_eq!(run(&scenario).digest, run(&scenario).digest, "seed {seed}");
        assert_ne!(run(&scenario).digest, run(&generate(seed + 1, Mode::of(seed))).digest);
    }
}

#[test]
fn what_is_sealed_is_the_same_each_time_too() {
    for seed in 0..6 {
        let scenario = Scenario { secured: true, ..generate(seed, Mode::of(seed)) };
        let digest = passes(&scenario).digest;
        assert_eq!(run(&scenario).digest, digest, "seed {seed}");
        assert_ne!(run(&Scenario { secured: false, ..scenario }).digest, digest);
    }
}

#[test]
fn whoever_is_in_between_and_changes_what_passes_costs_a_link_and_nothing_else() {
    for how in [Meddling::Flip, Meddling::Drop, Meddling::Repeat, Meddling::Insert, Meddling::Splice] {
        for to_host in [false, true] {
            let seed = 10 + u64::from(to_host);
            let scenario = generate(seed, Mode::of(seed));
            let meddle = |at_ms| Fault { at_ms, for_ms: 0, trouble: Trouble::Meddle { client: 1, to_host, how } };
            let faults = (1..40).map(|turn| meddle(turn * 1000)).collect();
            let report = passes(&Scenario { secured: true, faults, ..scenario });
            assert!(report.marks.count(Mark::ForgeryFound) > 0, "{how:?}, to the host: {to_host}");
        }
    }
}

#[test]
fn whoever_does_not_know_the_code_of_a_session_stays_outside_whatever_else_goes_wrong() {
    for seed in 0..8 {
        let scenario = generate(seed, Mode::of(seed));
        let outsider = |(guesses, at_ms)| Intruder { at_ms, how: Intrusion::Outsider { guesses } };
        let intruders = [(false, 0), (true, 2000), (true, 20_000)].map(outsider).into();
        let report = passes(&Scenario { secured: true, locked: true, intruders, ..scenario });
        assert!(report.marks.count(Mark::WrongCode) > 0 && report.marks.count(Mark::NoCode) > 0, "seed {seed}");
    }
}

/// S38: with a host that lies to one of its clients.
#[test]
fn whoever_a_host_lies_to_finds_out_and_nobody_accuses_one_that_tells_the_truth() {
    let (mut forgeries, mut forks) = (0, 0);
    for seed in 0..SEEDS {
        let scenario = generate(seed, Mode::of(seed));
        let mut scenario = Scenario { secured: true, locked: false, intruders: Vec::new(), ..scenario };
        if let [.., last] = &mut scenario.clients[..] {
            last.is_lied_to = true;
            last.twin_of = None;
        }
        let marks = passes(&scenario).marks;
        forgeries += marks.count(Mark::LieFound);
        forks += marks.count(Mark::ForkFound);
    }
    assert!(forgeries > 10 && forks > 10, "{forgeries} forgeries and {forks} forks were found");
}

#[test]
fn a_scenario_reads_back_what_it_prints() {
    for seed in 0..SEEDS {
        let scenario = generate(seed, Mode::of(seed));
        let printed = serde_json::to_string_pretty(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&printed).unwrap(), scenario);
    }
}

/// What happens, but for the times of day in it, and the hashes of them.
fn but_for_times_of_day(trace: &Trace) -> Vec<String> {
    let without = |text: &str, what: &str| {
        let mut parts = text.split(what);
        let mut left = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            left.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
        }
        left
    };
    let cut = |text: &str| {
        let times = ["Timestamp(", "ShortDigest(", "Digest(", "Signature("];
        times.iter().fold(text.to_owned(), |text, what| without(&text, what))
    };
    let line = |what: &What| match what {
        What::Sent { text, .. }
        | What::Heard { text, .. }
        | What::Did(text)
        | What::Told(text)
        | What::Link(text)
        | What::Disk(text) => cut(text),
    };
    trace.records.iter().map(|record| format!("{:?} {} {}", record.at, record.node, line(&record.what))).collect()
}

/// S18, a second time: whatever the clocks on the walls show, the same happens. A host that is made again of what it has
/// kept is told by nothing else when a ban ends, so none of these keeps.
#[test]
fn nothing_depends_on_what_clocks_on_walls_show() {
    for seed in 0..30 {
        let mut scenario = Scenario { intruders: Vec::new(), ..generate(seed, Mode::of(seed)) };
        scenario.host.keeps = None;
        let mut wrong = scenario.clone();
        wrong.host.machine.wall_offset_ms += 3_600_000;
        wrong.clients.iter_mut().for_each(|client| client.machine.wall_offset_ms -= 40_000);
        let trouble = Trouble::WallClock { node: 0, by_ms: -7_200_000 };
        wrong.faults.push(Fault { at_ms: 30_000, for_ms: 0, trouble });
        let (right, wrong) = (run_traced(&scenario), run_traced(&wrong));
        assert_eq!(wrong.violation, None);
        let (right, wrong) = (but_for_times_of_day(&right.trace.unwrap()), but_for_times_of_day(&wrong.trace.unwrap()));
        let other = right.iter().zip(&wrong).find(|(right, wrong)| right != wrong);
        assert_eq!((other, right.len()), (None, wrong.len()), "seed {seed}");
    }
}

#[test]
fn taking_a_step_away_changes_nothing_before_it() {
    for seed in 0..20 {
        let scenario = Scenario { intruders: Vec::new(), ..generate(seed, Mode::Uniform) };
        let Some(last) = scenario.steps.last().cloned() else { continue };
        let mut shorter = scenario.clone();
        shorter.steps.pop();
        let before = |scenario: &Scenario| -> Vec<String> {
            let mut trace = run_traced(scenario).trace.unwrap();
            trace.records.retain(|record| record.at.as_nanos() < u64::from(last.at_ms) * 1_000_000);
            but_for_times_of_day(&trace)
        };
        assert_eq!(before(&scenario), before(&shorter), "seed {seed}");
    }
}
