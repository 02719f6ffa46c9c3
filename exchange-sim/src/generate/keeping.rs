//! Who keeps what happens or what waits to be sent, and what befalls them and their disks.

use std::collections::BTreeSet;

use exchange_core::Durability;

use super::{TROUBLE_MS, duration, pick};
use crate::{
    net::Latency,
    random::Random,
    scenario::{Act, ClientSetup, DiskFault, Fault, Keeping, Step, Trouble},
};

/// One host of four keeps what happens, on a disk that is fast, or slow, or slow at times.
pub(super) fn setup(random: &mut Random) -> Option<Keeping> {
    let durability = pick(random, &[Durability::Fsynced, Durability::Fsynced, Durability::OsBuffered]);
    let latency = latency(random);
    random.chance(250).then_some(Keeping { durability, latency })
}

fn latency(random: &mut Random) -> Latency {
    pick(
        random,
        &[
            Latency::Constant(100),
            Latency::Uniform(1000, 20_000),
            Latency::Exponential(5000),
            Latency::Exponential(80_000),
            Latency::Bimodal(2000, 900_000),
        ],
    )
}

/// One client of five keeps what waits, and dies now and then, mostly when it has just said something. Two programs never
/// keep it in the same place.
pub(super) fn outboxes(random: &mut Random, clients: &mut [ClientSetup], steps: &[Step], wild: bool) -> Vec<Fault> {
    let twins: BTreeSet<usize> = clients
        .iter()
        .enumerate()
        .filter_map(|(index, client)| client.twin_of.map(|other| [index + 1, other]))
        .flatten()
        .collect();
    let mut faults = Vec::new();
    for (index, client) in clients.iter_mut().enumerate() {
        let (keeps, latency, deaths) = (random.chance(200), latency(random), random.between(1, 3));
        if !keeps || twins.contains(&(index + 1)) {
            continue;
        }
        client.keeps = Some(latency);
        let posts = steps.iter().filter(|step| step.who == index + 1 && matches!(step.act, Act::Post { .. }));
        let posts: Vec<u32> = posts.map(|step| step.at_ms).collect();
        for _ in 0..deaths {
            let some_time = u32::try_from(random.between(500, TROUBLE_MS.into())).unwrap_or(0);
            let (soon, is_soon) = (u32::try_from(random.up_to(12)).unwrap_or(0), random.chance(700));
            let at_ms = if is_soon && !posts.is_empty() { pick(random, &posts) + soon } else { some_time };
            let trouble = Trouble::Crash { node: index + 1, memory: false, power: random.chance(300) };
            faults.push(Fault { at_ms, for_ms: duration(random, wild), trouble });
        }
    }
    faults
}

/// Hosts that keep die more often than others, mostly by their disks.
pub(super) fn faults(random: &mut Random, wild: bool) -> Vec<Fault> {
    use DiskFault::{Error, Full, Lost, Torn, Untold};
    let one = |random: &mut Random| {
        let at_ms = u32::try_from(random.between(500, TROUBLE_MS.into())).unwrap_or(0);
        let for_ms = duration(random, wild);
        let furthest = pick(random, &[1, 6, 30]);
        let write = u32::try_from(random.between(1, furthest)).unwrap_or(1);
        let trouble = match random.up_to(9) {
            0..=2 => Trouble::Crash { node: 0, memory: false, power: random.chance(400) },
            _ => Trouble::Disk { write, how: pick(random, &[Full, Error, Torn, Lost, Lost, Untold, Untold]) },
        };
        Fault { at_ms, for_ms, trouble }
    };
    (0..random.up_to(4)).map(|_| one(random)).collect()
}
