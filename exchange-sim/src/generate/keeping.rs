//! Which hosts keep what happens, and what befalls them and their disks.

use exchange_core::Durability;

use super::{TROUBLE_MS, duration, pick};
use crate::{
    net::Latency,
    random::Random,
    scenario::{DiskFault, Fault, Keeping, Trouble},
};

/// One host of four keeps what happens, on a disk that is fast, or slow, or slow at times.
pub(super) fn setup(random: &mut Random) -> Option<Keeping> {
    let durability = pick(random, &[Durability::Fsynced, Durability::Fsynced, Durability::OsBuffered]);
    let latency = pick(
        random,
        &[
            Latency::Constant(100),
            Latency::Uniform(1000, 20_000),
            Latency::Exponential(5000),
            Latency::Exponential(80_000),
            Latency::Bimodal(2000, 900_000),
        ],
    );
    random.chance(250).then_some(Keeping { durability, latency })
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
