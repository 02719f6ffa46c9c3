//! How fast the simulation is, beside the least that any could be: a bare loop over a queue of the same kind of events.
//!
//! `cargo bench -p exchange-sim` prints rates per second of processor time, each the median of several repetitions, and
//! their ratios to the bare loop of the same repetition: those say something on a machine that is busy, too.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    hint::black_box,
    time::Duration,
};

use exchange_sim::{
    Mode, Report, Scenario, generate,
    net::Weather,
    run, run_unwatched,
    scenario::{Act, ClientSetup, HostSetup, Step},
};
use rustix::time::{ClockId, clock_gettime};

const REPETITIONS: usize = 5;
const CLIENTS: u32 = 8;

/// Messages of each client in the chat.
const MESSAGES: u16 = 10_000;

/// Simulated hours of nine nodes that say nothing.
const HOURS: u32 = 300;

/// Scenarios of a minute of trouble and a minute of calm.
const SCENARIOS: u64 = 300;

fn main() {
    println!("{:<44} {:>12} {:>14}", "per second of processor time", "rate", "of bare loop");
    compare("messages delivered, 1 host, 8 clients", delivered(), || chat(run_unwatched), bare_fan_out);
    compare("the same with every invariant watched", delivered(), || chat(run), bare_fan_out);
    compare("simulated hours, 9 nodes, 15 s heartbeats", HOURS.into(), idle, bare_heartbeats);
    let events = chaos(run);
    compare(
        "scenarios of faults, every invariant watched",
        SCENARIOS,
        || assert_eq!(chaos(run), events),
        || bare_events(events),
    );
}

fn delivered() -> u64 {
    u64::from(CLIENTS) * u64::from(CLIENTS) * u64::from(MESSAGES)
}

/// A host and its clients on a quiet network; 16 messages of each may be on their way at once.
fn party(steps: Vec<Step>, heartbeat_ms: u32, trouble_ms: u32) -> Scenario {
    let client = ClientSetup { window: 16, pending: u32::from(MESSAGES), ..ClientSetup::usual() };
    Scenario {
        secured: false,
        locked: false,
        seed: 1,
        weather: Weather::calm(),
        host: HostSetup { heartbeat_ms, ..HostSetup::usual() },
        clients: vec![client; CLIENTS as usize],
        intruders: Vec::new(),
        steps,
        faults: Vec::new(),
        trouble_ms,
        calm_ms: 5000,
        core: (1..=CLIENTS as usize).collect(),
    }
}

fn chat(run: impl Fn(&Scenario) -> Report) {
    let act = Act::Post { room: 0, count: MESSAGES, bytes: 64 };
    let steps = (1..=CLIENTS as usize).map(|who| Step { at_ms: 1000, who, act }).collect();
    assert_eq!(run(&party(steps, 5000, 10_000)).violation, None);
}

fn idle() {
    assert_eq!(run_unwatched(&party(Vec::new(), 15_000, HOURS * 3_600_000)).violation, None);
}

/// Runs one scenario after the other; gives how many events there were in all.
fn chaos(run: impl Fn(&Scenario) -> Report) -> u64 {
    let events = |seed| {
        let Report { violation, counts, .. } = run(&generate(seed, Mode::of(seed)));
        assert_eq!(violation, None, "seed {seed}");
        counts.events
    };
    (0..SCENARIOS).map(events).sum()
}

/// The events of the chat and nothing else: a message goes up, and comes down to everybody, 16 of each at once.
fn bare_fan_out() {
    let mut queue = BinaryHeap::new();
    let (mut number, mut left) = (0_u64, vec![MESSAGES; CLIENTS as usize]);
    let mut inboxes: Vec<VecDeque<[u8; 68]>> = vec![VecDeque::new(); CLIENTS as usize];
    for client in 0..CLIENTS {
        for _ in 0..16 {
            queue.push(Reverse((200_u64, number, Some(client))));
            number += 1;
        }
    }
    while let Some(Reverse((at, _, from))) = queue.pop() {
        let Some(from) = from else { continue };
        for inbox in &mut inboxes {
            inbox.push_back(black_box([1; 68]));
            queue.push(Reverse((at + 200, number, None)));
            number += 1;
            black_box(inbox.pop_front());
        }
        let left = &mut left[from as usize];
        *left -= 1;
        if *left >= 16 {
            queue.push(Reverse((at + 400, number, Some(from))));
            number += 1;
        }
    }
}

/// The events of idle links and nothing else: an alarm at each end, a ping up, an answer down.
fn bare_heartbeats() {
    const BEAT: u64 = 15_000_000;
    let end = u64::from(HOURS) * 3_600_000_000;
    let mut queue: BinaryHeap<Reverse<(u64, u32, u8)>> =
        (0..CLIENTS).map(|client| Reverse((BEAT, client, 0))).collect();
    let mut heard = vec![[0_u64; 2]; CLIENTS as usize];
    while let Some(Reverse((at, client, kind))) = queue.pop() {
        let next = match kind {
            0 => [Some((at + 200, 1)), Some((at + BEAT, 0))],
            1 => [Some((at + 200, 2)), Some((at + BEAT, 3))],
            _ => [None, None],
        };
        heard[client as usize][usize::from(kind == 2)] = black_box(at);
        for (at, kind) in next.into_iter().flatten().filter(|(at, _)| *at < end) {
            queue.push(Reverse((at, client, kind)));
        }
    }
    black_box(heard);
}

/// So many events and nothing else, each of which leads to the next.
fn bare_events(events: u64) {
    let mut queue: BinaryHeap<Reverse<(u64, u64)>> =
        (0..u64::from(CLIENTS)).map(|node| Reverse((node, node))).collect();
    for number in 0..events {
        let Some(Reverse((at, node))) = black_box(queue.pop()) else { break };
        queue.push(Reverse((at + 100 + (number * 37) % 1000, node)));
    }
}

fn compare(what: &str, amount: u64, work: impl Fn(), bare: impl Fn()) {
    let mut pairs: Vec<(Duration, Duration)> = (0..REPETITIONS).map(|_| (timed(&work), timed(&bare))).collect();
    pairs.sort_by(|(a, x), (b, y)| (a.as_secs_f64() * y.as_secs_f64()).total_cmp(&(b.as_secs_f64() * x.as_secs_f64())));
    let (work, bare) = pairs[REPETITIONS / 2];
    println!("{what:<44} {:>12.0} {:>14.3}", per_second(amount, work), bare.as_secs_f64() / work.as_secs_f64());
}

#[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
fn per_second(amount: u64, time: Duration) -> f64 {
    amount as f64 / time.as_secs_f64()
}

/// The processor time that something takes.
fn timed(work: impl Fn()) -> Duration {
    let now = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    };
    let began = now();
    work();
    now().saturating_sub(began)
}
