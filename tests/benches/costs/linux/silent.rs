//! What it costs the others that somebody takes nothing of what they are told.

use std::io;

use indicatif::ProgressBar;

use super::{
    Plan,
    figures::Silent,
    generator::{Generator, Load},
    server::{HEARTBEAT, Server},
    system::System,
};

pub(super) const NAME: &str = "silent";

/// How many read nothing, beside those who do.
pub(super) const SILENT: [u16; 4] = [0, 1, 10, 100];
const READERS: u16 = 100;

/// Enough that no socket takes any more for those who do not read.
const BEFORE: usize = 120_000;
const WORDS: usize = 40_000;

pub(super) fn measure(plan: &Plan, repetition: usize, progress: &ProgressBar) -> io::Result<Vec<Silent>> {
    let mut all = Vec::new();
    for system in plan.turn(repetition).filter(|system| system.is_measured_by_itself()) {
        for silent in SILENT {
            let figures = of(plan, system, silent, repetition);
            all.push(figures.map_err(|error| io::Error::other(format!("{system}, {silent} silent: {error}")))?);
        }
        progress.inc(1);
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn of(plan: &Plan, system: System, silent: u16, repetition: usize) -> io::Result<Silent> {
    let share = if plan.is_quick { 100 } else { 1 };
    let server = plan.as_server(|| Server::start(system, usize::from(READERS + silent), HEARTBEAT))?;
    let load = Load { first: 0, receivers: silent, talkers: 1, outstanding: 256, length: 64 };
    let _who_never_reads = (silent > 0).then(|| Generator::connect(system, server.address, 0, load)).transpose()?;
    let load = Load { first: silent, receivers: READERS, ..load };
    let mut readers = Generator::connect(system, server.address, 0, load)?;
    readers.run(BEFORE / share)?;
    let (memory, cpu) = (server.resident(), server.cpu()?);
    readers.run(WORDS / share)?;
    let cpu = server.cpu()?.saturating_sub(cpu);
    let deliveries = (WORDS / share * usize::from(READERS)) as f64;
    let cpu_us = cpu.as_secs_f64() * 1e6 / deliveries;
    let grown = server.resident() as f64 - memory as f64;
    Ok(Silent { system, readers_of_nothing: silent, repetition, cpu_us, grown })
}
