//! Which cores a process runs on, and for how long it has.

use std::{io, time::Duration};

use rustix::{
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
};

/// One core for whoever is measured and one for whoever measures, if there are two that this process may use.
pub fn two_cores() -> io::Result<Option<[CpuSet; 2]>> {
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).map(|core| {
        let mut alone = CpuSet::new();
        alone.set(core);
        alone
    });
    Ok(cores.next().zip(cores.next()).map(|(first, second)| [first, second]))
}

/// Keeps this thread, and the processes it starts, on these cores.
pub fn pin_to(cores: Option<&CpuSet>) -> io::Result<()> {
    cores.map_or(Ok(()), |cores| Ok(sched_setaffinity(None, cores)?))
}

/// The CPU time that all threads of this process have used, in user mode and in the kernel.
pub fn cpu() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::from_secs(used.tv_sec.unsigned_abs()) + Duration::from_nanos(used.tv_nsec.unsigned_abs())
}
