//! Ten thousand connections of one host: until all are there, while nobody says anything, and when all rooms talk.

use std::{
    io,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;

use super::{
    Plan,
    figures::Crowd,
    generator::{Generator, Load},
    server::Server,
    system::System,
};

pub(super) const NAME: &str = "crowd";

pub(super) const LINKS: u16 = 10_000;
const IN_A_ROOM: u16 = 50;

/// How often every client shows that it is there, as clients do.
const HEARTBEAT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(20);

/// How much is said in each room.
const WORDS: usize = 256;

pub(super) fn measure(plan: &Plan, progress: &ProgressBar) -> io::Result<Vec<Crowd>> {
    let mut all = Vec::new();
    for system in plan.turn(0).filter(|system| system.is_measured_by_itself()) {
        let (links, idle) = if plan.is_quick { (100, HEARTBEAT / 10) } else { (LINKS, IDLE) };
        let server = plan.as_server(|| Server::start(system, links.into(), HEARTBEAT))?;
        let figures = of(system, &server, links, idle);
        all.push(figures.map_err(|error| io::Error::other(format!("{system}, {links} links: {error}")))?);
        progress.inc(1);
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn of(system: System, server: &Server, links: u16, idle: Duration) -> io::Result<Crowd> {
    let load = Load { first: 0, receivers: IN_A_ROOM, talkers: 1, outstanding: 16, length: 64 };
    let (memory, cpu, begun) = (server.resident(), server.cpu()?, Instant::now());
    let mut rooms = Vec::new();
    for room in 1..=links / IN_A_ROOM {
        rooms.push(Generator::connect(system, server.address, room, load)?);
        rooms.iter_mut().try_for_each(Generator::settle)?;
    }
    let connect_s = begun.elapsed().as_secs_f64();
    let connect_cpu_s = server.cpu()?.saturating_sub(cpu).as_secs_f64();
    let bytes = server.resident().saturating_sub(memory) as f64 / f64::from(links);
    // From now on nobody has to be asked.
    show(&mut rooms)?;
    let cpu = server.cpu()?;
    stay(&mut rooms, idle)?;
    let idle_cpu_s = server.cpu()?.saturating_sub(cpu).as_secs_f64() * 60.0 / idle.as_secs_f64();
    let (cpu, begun) = (server.cpu()?, Instant::now());
    let mut shown = begun;
    for room in 0..rooms.len() {
        rooms[room].run(WORDS)?;
        // Those who have nothing to say are still there.
        if shown.elapsed() > HEARTBEAT / 2 {
            show(&mut rooms)?;
            shown = Instant::now();
        }
    }
    let deliveries = (WORDS * usize::from(links)) as f64;
    let talk_us = server.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6 / deliveries;
    let rate = deliveries / begun.elapsed().as_secs_f64();
    Ok(Crowd { system, links, connect_s, connect_cpu_s, bytes, idle_cpu_s, talk_us, rate })
}

/// Everybody shows that they are there.
fn show(rooms: &mut [Generator]) -> io::Result<()> {
    rooms.iter_mut().try_for_each(|room| room.beat().and_then(|()| room.settle()))
}

/// Everybody shows that they are there, one room after the other, and nothing else happens.
fn stay(rooms: &mut [Generator], idle: Duration) -> io::Result<()> {
    let (begun, count) = (Instant::now(), u32::try_from(rooms.len()).map_err(io::Error::other)?);
    let apart = HEARTBEAT / count;
    for (turn, room) in (0..).zip((0..rooms.len()).cycle()) {
        let due = begun + apart * turn;
        if apart * turn >= idle {
            break;
        }
        // What comes back is taken until others have their turn.
        let before = room.checked_sub(1).unwrap_or(rooms.len() - 1);
        rooms[before].rest(due)?;
        rooms[room].beat()?;
    }
    rooms.iter_mut().try_for_each(Generator::settle)
}
