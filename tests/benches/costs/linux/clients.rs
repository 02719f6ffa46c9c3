//! What it costs a client to hear what others say, as a stream of events or by a callback.

use std::{
    env,
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    process::{ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use exchange_driver::core::Event;
use exchange_tokio::Client;
use indicatif::ProgressBar;
use tokio::sync::Notify;

use super::{
    Plan,
    figures::Listening,
    generator::{Generator, Load},
    server::{HEARTBEAT, Process, Server},
    system::System,
};

pub(super) const NAME: &str = "clients";

/// The first argument of a process that listens; the address, the system, the way, and how many messages it says that it has
/// heard follow.
pub(super) const ROLE: &str = "--listen";

/// How its application hears.
pub(super) const WAYS: [&str; 2] = ["stream", "callback"];

/// How much is said until it is measured, and while it is: more than a host keeps, and a client that is too slow misses some.
const BEFORE: usize = 20_000;
const WORDS: usize = 200_000;

/// How many are said together, and how often.
const AT_ONCE: usize = 200;
const APART: Duration = Duration::from_millis(2);

pub(super) fn measure(plan: &Plan, repetition: usize, progress: &ProgressBar) -> io::Result<Vec<Listening>> {
    let mut all = Vec::new();
    for system in plan.turn(repetition).filter(|system| system.is_measured_by_itself()) {
        for way in WAYS {
            let figures = of(plan, system, way);
            all.push(figures.map_err(|error| io::Error::other(format!("a client of {system} by {way}: {error}")))?);
        }
        progress.inc(1);
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn of(plan: &Plan, system: System, way: &'static str) -> io::Result<Listening> {
    let share = if plan.is_quick { 100 } else { 1 };
    // The host is not what is measured, and shares the other core with who talks.
    let server = Server::start(system, 4, HEARTBEAT)?;
    let [first, all] = [BEFORE / share, (BEFORE + WORDS) / share];
    let (client, mut said) = plan.as_server(|| listen_to(server.address, (system, way), [first, all]))?;
    expect(&mut said, "joined")?;
    let load = Load { first: 0, receivers: 1, talkers: 1, outstanding: 256, length: 64 };
    let mut talker = Generator::connect(system, server.address, 0, load)?;
    talk(&mut talker, first)?;
    expect(&mut said, &format!("heard {first}"))?;
    let cpu = client.cpu()?;
    talk(&mut talker, all - first)?;
    expect(&mut said, &format!("heard {all}"))?;
    let cpu_us = client.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6 / (all - first) as f64;
    Ok(Listening { system, way, cpu_us, resident: client.resident() as f64 })
}

/// So many words, a hundred thousand in a second.
fn talk(talker: &mut Generator, words: usize) -> io::Result<()> {
    let mut due = Instant::now();
    for _ in 0..words / AT_ONCE {
        talker.rest(due)?;
        due += APART;
        talker.run(AT_ONCE)?;
    }
    Ok(())
}

fn listen_to(
    address: SocketAddr,
    (system, way): (System, &str),
    counts: [usize; 2],
) -> io::Result<(Process, BufReader<ChildStdout>)> {
    let [first, all] = counts.map(|count| count.to_string());
    let mut child = Command::new(env::current_exe()?)
        .args([ROLE, &address.to_string(), system.name(), way, &first, &all])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().ok_or_else(|| io::Error::other("it cannot be heard"))?;
    Ok((Process::new(child)?, BufReader::new(said)))
}

fn expect(said: &mut BufReader<ChildStdout>, wanted: &str) -> io::Result<()> {
    let mut line = String::new();
    said.read_line(&mut line)?;
    if line.trim() == wanted { Ok(()) } else { Err(io::Error::other(format!("it has not {wanted}: {line}"))) }
}

/// Is such a client, and says when it has heard as much as is asked about, until whoever has started it is gone.
pub(super) async fn listen(address: SocketAddr, (system, way): (System, &str), counts: [usize; 2]) -> io::Result<()> {
    let builder = Client::builder().nick("listener").no_discovery();
    let builder = if system.is_sealed() { builder } else { builder.insecure() };
    let heard = Arc::new(AtomicUsize::new(0));
    let hear = move || {
        let heard = heard.fetch_add(1, Ordering::Relaxed) + 1;
        if counts.contains(&heard) {
            println!("heard {heard}");
        }
    };
    if way == WAYS[0] {
        let client = builder.join(address).await.map_err(io::Error::other)?;
        let mut events = client.events();
        println!("joined");
        while let Some(event) = events.next().await {
            match event {
                Event::Message(_) => hear(),
                other => missed(&other),
            }
        }
        return Ok(());
    }
    let builder = builder.on_event(move |_, event| {
        match event {
            Event::Message(_) => hear(),
            other => missed(&other),
        }
        async { Ok(()) }
    });
    let _client = builder.join(address).await.map_err(io::Error::other)?;
    println!("joined");
    Notify::new().notified().await;
    Ok(())
}

/// Says so if messages were not heard: it is waited for all of them.
fn missed(event: &Event) {
    if matches!(event, Event::Lagged { .. } | Event::Gap { .. }) {
        println!("missed some: {event:?}");
    }
}
