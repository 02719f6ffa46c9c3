//! The workloads, and who is measured when.

mod floor;
mod generator;
mod measure;
mod order;
mod peer;
mod server;

use std::{env, io, time::Duration};

use exchange_tests::cores;
use rustix::thread::CpuSet;

use self::{
    generator::{Generator, Load},
    measure::{Measurement, Measurements, Row},
    server::{Server, System},
};

#[derive(Debug)]
struct Workload {
    name: &'static str,
    load: Load,
    messages: usize,
    /// Times the floor that it may cost at most, and that it should.
    gate: f64,
    goal: f64,
}

const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "bursts",
        load: Load { receivers: 100, talkers: 1, outstanding: 256 },
        messages: 100_000,
        gate: 2.0,
        goal: 1.3,
    },
    Workload {
        name: "one-at-a-time",
        load: Load { receivers: 100, talkers: 1, outstanding: 1 },
        messages: 2_500,
        gate: 1.12,
        goal: 1.03,
    },
    Workload {
        name: "everybody-talks",
        load: Load { receivers: 50, talkers: 50, outstanding: 8 },
        messages: 150_000,
        gate: 2.0,
        goal: 1.2,
    },
];

const REPETITIONS: usize = 6;

/// In so many pieces is each repetition measured.
const SLICES: usize = 40;

pub(crate) fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, system, receivers] = &arguments[..]
        && role == "--serve"
    {
        return system.parse::<System>()?.serve(receivers.parse().map_err(io::Error::other)?);
    }
    let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // Cargo says `--bench` when it is to measure, and nothing when it tests.
    let quick = given("--quick") || given("--test") || !given("--bench");
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |workload: &&Workload| names.is_empty() || names.iter().any(|name| workload.name.contains(*name));

    let cores = cores::two_cores()?;
    let mut rows = Vec::new();
    for workload in WORKLOADS.iter().filter(wanted) {
        let (repetitions, messages) =
            if quick { (1, workload.messages / 50) } else { (REPETITIONS, workload.messages) };
        let mut row = Row::new(workload.name, workload.gate, workload.goal);
        for repetition in 1..=repetitions {
            let all = measure(workload.load, messages, cores.as_ref(), repetition)?;
            for (system, measured) in System::ALL.iter().zip(all) {
                eprintln!("{}, repetition {repetition}, {system}: {measured}", workload.name);
            }
            row.repetitions.push(all);
        }
        rows.push(row);
    }
    if given("--json") {
        measure::print_json(&rows);
    } else {
        measure::print_table(&rows);
    }
    Ok(())
}

/// A process of each system, measured in turn, a slice at a time: whatever else the machine does meets all alike. Which
/// of them is `first` to start and in each turn is worth a few percent.
fn measure(load: Load, messages: usize, cores: Option<&[CpuSet; 2]>, first: usize) -> io::Result<Measurements> {
    let mut contestants = Vec::new();
    for system in (0..System::ALL.len()).map(|turn| (first + turn) % System::ALL.len()) {
        // A process has the cores of whoever starts it.
        cores::pin_to(cores.map(|[servers, _]| servers))?;
        let server = Server::start(System::ALL[system], load.receivers)?;
        cores::pin_to(cores.map(|[_, generators]| generators))?;
        let mut generator = Generator::connect(server.system, server.address, load)?;
        generator.run(messages / 10)?;
        contestants.push((system, server, generator, Duration::ZERO));
    }
    let before = contestants.iter_mut().map(|(_, server, ..)| server.cpu()).collect::<io::Result<Vec<_>>>()?;
    let slice = messages.div_ceil(SLICES);
    for _ in 0..SLICES {
        for (_, _, generator, elapsed) in &mut contestants {
            *elapsed += generator.run(slice)?;
        }
    }
    let mut measured = Measurements::default();
    for ((system, server, generator, elapsed), before) in contestants.iter_mut().zip(before) {
        measured[*system] =
            Measurement::new(server.cpu()?.saturating_sub(before), *elapsed, SLICES * slice * load.receivers);
        generator.expect_silence()?;
    }
    Ok(measured)
}
