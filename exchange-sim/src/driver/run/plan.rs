//! What is going to happen in one run of the drivers, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::deeds::{Deed, deed};
use crate::{
    driver::Air,
    net::{Latency, Pace, Weather},
    random::Random,
};

/// One run, before it happens. Times are in milliseconds from its start; people are numbered, and 0 is the host's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What everything random in the run is drawn from.
    pub seed: u64,
    /// What the network is like,
    pub weather: Weather,
    /// and how multicast fares.
    pub air: Air,
    /// How long one poll of a task takes at most, in microseconds.
    pub poll_us: u32,
    /// Silence after which the host probes a link.
    pub heartbeat_ms: u32,
    /// Entries that the host keeps of a room.
    pub history: u16,
    /// Who joins: the first is number 1.
    pub clients: Vec<Guest>,
    /// What people do, in order of time.
    pub steps: Vec<Step>,
    /// What goes wrong, in order of time.
    pub faults: Vec<Fault>,
    /// How long things go wrong.
    pub trouble_ms: u32,
}

/// Who joins, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// How many millionths its clock runs too fast.
    pub drift_ppm: i32,
    /// How it gets to the host.
    pub by: By,
    /// Whether it speaks JSON.
    pub json: bool,
    /// Whether its application also has callbacks, and how long one takes.
    pub callbacks_ms: Option<u32>,
    /// How long its application takes for each event.
    pub reads_ms: u32,
    /// How many of its attempts to join are given up half-way, in a thousand.
    pub gives_up: u16,
}

/// How somebody gets to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By the name of the session.
    Name,
    /// By its address.
    Address,
    /// By the name of its machine.
    HostName,
    /// By a stream of the application's own.
    Stream,
}

/// Something that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at_ms: u32,
    /// Who.
    pub who: usize,
    /// What.
    pub act: Act,
}

/// What people do. Room 0 is the lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Posts so many messages of so many bytes each.
    Post {
        /// In which room.
        room: u8,
        /// How many.
        count: u16,
        /// How long each.
        bytes: u16,
    },
    /// Begins to post a message, and gives that up.
    HalfPost {
        /// In which room.
        room: u8,
    },
    /// Joins a room.
    Join {
        /// Which.
        room: u8,
    },
    /// Leaves a room.
    Leave {
        /// Which.
        room: u8,
    },
    /// Does something beside talking.
    Do(Deed),
    /// Says that the network may have changed.
    NetworkChanged,
    /// Asks who is there, and does not wait for the answer.
    HalfAsk,
    /// Drops its handle, and joins anew as somebody else.
    Drop,
    /// Shuts down, waiting so long, and joins anew as somebody else.
    Shutdown {
        /// The patience.
        patience_ms: u32,
    },
    /// Begins to shut down, does not wait for it, and joins anew as somebody else.
    HalfShutdown {
        /// The patience.
        patience_ms: u32,
    },
    /// Shuts down at once while many questions wait, and joins anew as somebody else.
    BusyShutdown,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub at_ms: u32,
    /// How long it lasts, if it is of the kind that lasts.
    pub for_ms: u32,
    /// What it is.
    pub trouble: Trouble,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Nothing gets through between the host and a client, in these directions.
    Partition {
        /// Which client.
        client: usize,
        /// Nothing gets to the host,
        to_host: bool,
        /// or to the client.
        to_client: bool,
    },
    /// A client's connections break; each side learns of it after so many milliseconds, or never.
    Reset {
        /// Which client.
        client: usize,
        /// When the client learns of it,
        client_ms: Option<u32>,
        /// and the host.
        host_ms: Option<u32>,
    },
    /// A client's connections swallow everything in these directions from now on.
    Hole {
        /// Which client.
        client: usize,
        /// What goes to the host,
        to_host: bool,
        /// and to the client.
        to_client: bool,
    },
    /// One direction of a client's connections ends.
    HalfClose {
        /// Which client.
        client: usize,
        /// Whether it is the host's.
        by_host: bool,
    },
    /// Nobody is let in at the host.
    Door {
        /// Whether they hear nothing, instead of being refused.
        dead: bool,
    },
    /// A client, or the host towards it, reads slowly.
    Reader {
        /// Which client.
        client: usize,
        /// Whether it is the host that reads slowly.
        at_host: bool,
        /// How slowly.
        pace: Pace,
    },
    /// A client's machine crashes.
    Crash {
        /// Which client.
        client: usize,
        /// Whether it loses power, and is back only when this is over.
        power: bool,
    },
    /// A machine sleeps.
    Sleep {
        /// Which machine.
        node: usize,
        /// Whether its monotonic clock sleeps too.
        clock: bool,
    },
    /// The clock on a machine's wall is set.
    WallClock {
        /// Which machine.
        node: usize,
        /// By how much.
        by_ms: i64,
    },
    /// The network is like this.
    Weather(Weather),
    /// Multicast packets fare like this.
    Air(Air),
    /// Somebody announces so many sessions that do not exist.
    Flood {
        /// How many.
        sessions: u16,
    },
    /// Somebody announces the session at an address where nobody answers.
    Spoof {
        /// Whether that address refuses, instead of being silent.
        refuses: bool,
    },
    /// No multicast packet gets through any more, ever.
    Silence,
}

/// The plan of a seed.
pub fn plan(seed: u64) -> Plan {
    let mut r = Random::new(seed, "plan", 0);
    let clients: Vec<_> = (0..r.between(2, 4)).map(|_| guest(&mut r)).collect();
    let trouble_ms = 20_000;
    let count = r.between(5, 40);
    let mut steps: Vec<_> = (0..count).map(|_| step(&mut r, clients.len(), trouble_ms)).collect();
    steps.sort_by_key(|step| step.at_ms);
    // A third of all runs are about people only.
    let most = if r.chance(333) { 0 } else { r.between(1, 8) };
    let mut faults: Vec<_> = (0..most).map(|_| fault(&mut r, clients.len(), trouble_ms)).collect();
    faults.sort_by_key(|fault| fault.at_ms);
    let air = if r.chance(500) { Air::calm() } else { air(&mut r) };
    let weather = if r.chance(300) { Weather::calm() } else { weather(&mut r) };
    let heartbeat_ms = r.pick(&[500, 1000, 5000]);
    let history = r.pick(&[16, 200, 2048]);
    let poll_us = r.pick(&[0, 0, 1, 50]);
    Plan { seed, weather, air, poll_us, heartbeat_ms, history, clients, steps, faults, trouble_ms }
}

fn guest(r: &mut Random) -> Guest {
    Guest {
        drift_ppm: i32::try_from(r.up_to(1000)).unwrap_or(0) - 500,
        by: r.pick(&[By::Name, By::Name, By::Address, By::HostName, By::Stream]),
        json: r.chance(300),
        callbacks_ms: r.chance(400).then(|| r.pick(&[0, 0, 30])),
        reads_ms: r.pick(&[0, 0, 0, 5]),
        gives_up: r.pick(&[0, 0, 300]),
    }
}

fn step(r: &mut Random, clients: usize, trouble_ms: u32) -> Step {
    let who = r.index(clients + 1);
    let room = u8::from(r.chance(400));
    let patience_ms = r.pick(&[0, 100, 3000]);
    let act = if r.chance(300) { Act::Do(deed(r, clients)) } else { other(r, who, room, patience_ms) };
    Step { at_ms: time(r, trouble_ms), who, act }
}

fn other(r: &mut Random, who: usize, room: u8, patience_ms: u32) -> Act {
    match r.up_to(if who == 0 { 9 } else { 20 }) {
        0..=5 => Act::Post { room, count: r.pick(&[1, 1, 2, 5]), bytes: size(r) },
        6..=7 => Act::Post { room, count: r.pick(&[30, 100, 300]), bytes: r.pick(&[8, 100]) },
        8 => Act::HalfPost { room },
        9 => Act::HalfAsk,
        10..=12 => Act::Join { room: 1 },
        13..=14 => Act::Leave { room: 1 },
        15 => Act::NetworkChanged,
        16 => Act::Drop,
        17..=18 => Act::Shutdown { patience_ms },
        19 => Act::HalfShutdown { patience_ms },
        _ => Act::BusyShutdown,
    }
}

fn size(r: &mut Random) -> u16 {
    r.pick(&[8, 8, 64, 300, 2000, 8000])
}

fn time(r: &mut Random, trouble_ms: u32) -> u32 {
    u32::try_from(r.up_to(trouble_ms.into())).unwrap_or(0)
}

fn fault(r: &mut Random, clients: usize, trouble_ms: u32) -> Fault {
    let client = 1 + r.index(clients);
    let node = r.index(clients + 1);
    let (to_host, to_client) = r.pick(&[(true, true), (true, false), (false, true)]);
    let trouble = match r.up_to(19) {
        0..=2 => Trouble::Partition { client, to_host, to_client },
        3..=5 => Trouble::Reset { client, client_ms: delay(r), host_ms: delay(r) },
        6..=7 => Trouble::Hole { client, to_host, to_client },
        8 => Trouble::HalfClose { client, by_host: r.chance(500) },
        9 => Trouble::Door { dead: r.chance(500) },
        10..=11 => Trouble::Reader { client, at_host: r.chance(300), pace: pace(r) },
        12..=13 => Trouble::Crash { client, power: r.chance(500) },
        14 => Trouble::Sleep { node, clock: r.chance(500) },
        15 => Trouble::WallClock { node, by_ms: r.pick(&[-7_200_000, -1000, 86_400_000]) },
        16 => Trouble::Weather(weather(r)),
        17 if r.chance(500) => Trouble::Air(air(r)),
        17 => Trouble::Silence,
        18 => Trouble::Flood { sessions: r.pick(&[10, 300]) },
        _ => Trouble::Spoof { refuses: r.chance(500) },
    };
    Fault { at_ms: time(r, trouble_ms), for_ms: r.pick(&[50, 500, 3000, 8000, 15_000]), trouble }
}

fn delay(r: &mut Random) -> Option<u32> {
    r.pick(&[Some(0), Some(0), Some(20), Some(2000), None])
}

fn pace(r: &mut Random) -> Pace {
    if r.chance(300) { Pace::Paused } else { Pace::Slow(r.pick(&[1, 20, 500]), r.pick(&[1, 20])) }
}

fn air(r: &mut Random) -> Air {
    Air { lost: r.pick(&[0, 200, 700]), doubled: r.pick(&[0, 300]), late_us: r.pick(&[0, 5000, 500_000]) }
}

fn weather(r: &mut Random) -> Weather {
    Weather {
        latency: r.pick(&[
            Latency::Constant(0),
            Latency::Constant(200),
            Latency::Uniform(10, 5000),
            Latency::Exponential(2000),
            Latency::Bimodal(100, 200_000),
        ]),
        spread_us: r.pick(&[0, 3000]),
        bandwidth: r.pick(&[0, 0, 1_000_000, 100_000]),
        window: r.pick(&[256, 2048, 16 * 1024, 64 * 1024, 64 * 1024]),
        cut_writes: r.pick(&[0, 50, 500, 1000]),
        cut_reads: r.pick(&[0, 50, 500, 1000]),
        retransmission_us: r.pick(&[0, 200_000]),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, weather, air, poll_us, heartbeat_ms, history, clients, steps, faults, trouble_ms } = self;
        writeln!(
            f,
            "seed {seed}, {trouble_ms} ms of trouble, heartbeat {heartbeat_ms} ms, history {history}, polls of {poll_us} us"
        )?;
        writeln!(f, "{weather:?}\n{air:?}")?;
        for (n, guest) in clients.iter().enumerate() {
            writeln!(f, "client {}: {guest:?}", n + 1)?;
        }
        for Step { at_ms, who, act } in steps {
            writeln!(f, "{at_ms:>6} ms  {who} {act:?}")?;
        }
        for Fault { at_ms, for_ms, trouble } in faults {
            writeln!(f, "{at_ms:>6} ms  for {for_ms} ms: {trouble:?}")?;
        }
        Ok(())
    }
}
