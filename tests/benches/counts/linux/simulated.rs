//! A whole session in the simulator: eight clients and their host, a quiet network, everybody talks.

use exchange_sim::{
    Report, Scenario,
    net::Weather,
    run, run_unwatched,
    scenario::{Act, ClientSetup, HostSetup, Step},
};
use gungraun::{library_benchmark, library_benchmark_group};

const CLIENTS: usize = 8;

/// Messages of each.
const MESSAGES: u16 = 32;

fn party() -> Scenario {
    let act = Act::Post { room: 0, count: MESSAGES, bytes: 64 };
    Scenario {
        secured: false,
        locked: false,
        seed: 1,
        weather: Weather::calm(),
        host: HostSetup::usual(),
        clients: vec![ClientSetup { window: 16, pending: MESSAGES.into(), ..ClientSetup::usual() }; CLIENTS],
        intruders: Vec::new(),
        steps: (1..=CLIENTS).map(|who| Step { at_ms: 1000, who, act }).collect(),
        faults: Vec::new(),
        trouble_ms: 5000,
        calm_ms: 5000,
        core: (1..=CLIENTS).collect(),
    }
}

#[library_benchmark]
#[bench::as_it_is(party())]
fn simulate_2048_deliveries(party: Scenario) -> Report {
    run_unwatched(&party)
}

#[library_benchmark]
#[bench::and_watched(party())]
fn watch_2048_deliveries(party: Scenario) -> Report {
    run(&party)
}

library_benchmark_group!(name = simulating; benchmarks = simulate_2048_deliveries, watch_2048_deliveries);
