//! What it costs to have many links, most of which are idle.

use std::io;

use indicatif::ProgressBar;

use super::{
    Plan,
    figures::Links,
    generator::{Generator, Load},
    server::{HEARTBEAT, Server},
    system::System,
};

pub(super) const NAME: &str = "links";

const LINKS: u16 = 2000;
const IN_A_ROOM: u16 = 50;

/// How much is said in each room so that every link of it is used.
const WORDS: usize = 64;

pub(super) fn measure(plan: &Plan, repetition: usize, progress: &ProgressBar) -> io::Result<Vec<Links>> {
    let mut all = Vec::new();
    for system in plan.turn(repetition) {
        let links = if plan.is_quick { 2 * IN_A_ROOM } else { LINKS };
        let server = plan.as_server(|| Server::start(system, links.into(), HEARTBEAT));
        let figures = server.and_then(|server| of(system, &server, links));
        all.push(figures.map_err(|error| io::Error::other(format!("{system}: {error}")))?);
        progress.inc(1);
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn of(system: System, server: &Server, links: u16) -> io::Result<Links> {
    let receivers = if system.has_rooms() { IN_A_ROOM } else { links };
    let load = Load { first: 0, receivers, talkers: 1, outstanding: 1, length: 64 };
    let (before, cpu) = (server.resident(), server.cpu()?);
    let mut rooms = Vec::new();
    for room in 1..=links / receivers {
        rooms.push(Generator::connect(system, server.address, room, load)?);
        // Whoever comes is made known to those who are there.
        rooms.iter_mut().try_for_each(Generator::settle)?;
    }
    let each = |figure: f64| figure / f64::from(links);
    let connect_us = each(server.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6);
    let idle = each(server.resident().saturating_sub(before) as f64);
    for room in &mut rooms {
        room.run(WORDS)?;
    }
    let used = each(server.resident().saturating_sub(before) as f64);
    Ok(Links { system, idle, used, connect_us })
}
