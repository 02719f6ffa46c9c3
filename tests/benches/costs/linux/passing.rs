//! What it costs to pass messages on.

use std::{io, time::Duration};

use indicatif::ProgressBar;

use super::{
    Plan,
    figures::Passing,
    generator::{Generator, Load},
    server::{HEARTBEAT, Server},
    system::System,
};

/// Who says how much to whom.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    load: Load,
    /// How often something is said, if that is not as soon as everybody has heard what was said before.
    pace: Option<Duration>,
    /// Times the floor that it may cost at most, and that it should; and the same where it is sealed. Where there are none,
    /// it is only to be seen how costs grow.
    pub(super) gates: Option<[Gate; 2]>,
    /// Times the best of the others that it may cost at most, in the clear and where both seal.
    pub(super) of_peers: [Option<f64>; 2],
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) most: f64,
    pub(super) goal: f64,
}

const fn gate(most: f64, goal: f64) -> Gate {
    Gate { most, goal }
}

impl Workload {
    pub(super) const ALL: [Self; 11] = [
        Self::bursts("bursts-10", 10, 64, Some([gate(2.5, 1.5), gate(1.8, 1.8)]), [Some(0.5), Some(0.45)]),
        Self::bursts("bursts-100", 100, 64, Some([gate(2.0, 1.3), gate(1.5, 1.1)]), [Some(0.4), Some(0.3)]),
        Self::bursts("bursts-1000", 1000, 64, Some([gate(2.0, 1.3), gate(1.5, 1.1)]), [Some(0.4), Some(0.3)]),
        Self::bursts("bursts-5000", 5000, 64, None, [None; 2]),
        Self::bursts("bursts-100-of-1-kib", 100, 1024, Some([gate(1.4, 1.1), gate(1.3, 0.7)]), [Some(0.6), Some(0.6)]),
        Self::one_at_a_time("one-at-a-time-10", 10, None, [None; 2]),
        Self::one_at_a_time(
            "one-at-a-time-100",
            100,
            Some([gate(1.12, 1.03), gate(1.12, 1.12)]),
            [Some(0.97), Some(0.75)],
        ),
        Self::one_at_a_time(
            "one-at-a-time-1000",
            1000,
            Some([gate(1.2, 1.03), gate(1.12, 1.12)]),
            [Some(0.97), Some(0.75)],
        ),
        Self::one_at_a_time("one-at-a-time-5000", 5000, None, [None; 2]),
        Self {
            name: "everybody-talks",
            load: Load { first: 0, receivers: 50, talkers: 50, outstanding: 8, length: 64 },
            pace: None,
            gates: Some([gate(2.0, 1.2), gate(1.5, 1.5)]),
            of_peers: [Some(0.5), Some(0.35)],
        },
        Self {
            name: "paced",
            load: Load { first: 0, receivers: 100, talkers: 1, outstanding: 1, length: 64 },
            pace: Some(Duration::from_millis(5)),
            gates: Some([gate(1.15, 1.15), gate(1.25, 1.25)]),
            of_peers: [Some(1.0), Some(0.75)],
        },
    ];

    const fn bursts(
        name: &'static str,
        receivers: u16,
        length: usize,
        gates: Option<[Gate; 2]>,
        of_peers: [Option<f64>; 2],
    ) -> Self {
        let load = Load { first: 0, receivers, talkers: 1, outstanding: 256, length };
        Self { name, load, pace: None, gates, of_peers }
    }

    const fn one_at_a_time(
        name: &'static str,
        receivers: u16,
        gates: Option<[Gate; 2]>,
        of_peers: [Option<f64>; 2],
    ) -> Self {
        let load = Load { first: 0, receivers, talkers: 1, outstanding: 1, length: 64 };
        Self { name, load, pace: None, gates, of_peers }
    }

    /// How many hear it.
    pub(super) const fn receivers(&self) -> u16 {
        self.load.receivers
    }

    /// Whether a system takes part in a repetition.
    fn is_for(&self, system: System, repetition: usize) -> bool {
        self.gates.is_some() || (repetition == 0 && system.is_measured_large())
    }

    /// How many words it says at once at most.
    fn at_once(&self) -> usize {
        self.load.outstanding * usize::from(self.load.talkers)
    }
}

/// For so long each system is measured in a repetition, in so many pieces.
const MEASURED: Duration = Duration::from_secs(1);
const SLICES: u32 = 20;
/// How often something is said at a pace.
const PACED: u32 = 400;

struct Contestant {
    system: System,
    server: Server,
    generator: Generator,
    elapsed: Duration,
    /// How many words there are in a slice, and were in all.
    slice: usize,
    words: usize,
    latencies: [Option<f64>; 2],
}

/// A process of each system, measured in turn, a slice at a time: whatever else the machine does meets all alike. Where it
/// is only to be seen how costs grow, one after the other.
pub(super) fn measure(
    plan: &Plan,
    workload: &Workload,
    repetition: usize,
    progress: &ProgressBar,
) -> io::Result<Vec<Passing>> {
    let systems: Vec<_> = plan.turn(repetition).filter(|system| workload.is_for(*system, repetition)).collect();
    // Nobody may have as many files open as all would have thousands of links.
    let together = if workload.gates.is_some() { systems.len() } else { 1 };
    let of_some = |systems| measure_together(plan, (workload, repetition), systems, progress);
    Ok(systems.chunks(together.max(1)).map(of_some).collect::<io::Result<Vec<_>>>()?.concat())
}

fn measure_together(
    plan: &Plan,
    (workload, repetition): (&Workload, usize),
    systems: &[System],
    progress: &ProgressBar,
) -> io::Result<Vec<Passing>> {
    let mut all = Vec::new();
    for &system in systems {
        let begun = plan.as_server(|| Server::start(system, usize::from(workload.load.receivers) + 1, HEARTBEAT));
        let contestant = begun.and_then(|server| Contestant::begin(plan, workload, system, server));
        all.push(contestant.map_err(|error| io::Error::other(format!("{system}: {error}")))?);
        settle(&mut all)?;
        progress.inc(1);
    }
    let before =
        all.iter().map(|one| Ok((one.server.cpu()?, one.generator.heard()))).collect::<io::Result<Vec<_>>>()?;
    let slices = if plan.is_quick || workload.pace.is_some() { 1 } else { SLICES };
    for _ in 0..slices {
        for turn in 0..all.len() {
            let one = &mut all[turn];
            // Of whom a slice takes as long as that a few are enough.
            if one.elapsed >= MEASURED * 2 {
                continue;
            }
            one.go_on(plan, workload).map_err(|error| io::Error::other(format!("{}: {error}", one.system)))?;
            settle(&mut all)?;
        }
    }
    let figures = all.iter().zip(before).map(|(one, (cpu, heard))| one.figures(workload, repetition, cpu, heard));
    let mut figures = figures.collect::<io::Result<Vec<_>>>()?;
    // There are as many in every repetition.
    if repetition == 0 && workload.pace.is_none() {
        for (turn, figures) in figures.iter_mut().enumerate() {
            figures.calls = all[turn].calls(workload)?;
            settle(&mut all)?;
        }
    }
    Ok(figures)
}

/// Whoever is not measured just now has to show all the same that it is still there.
fn settle(all: &mut [Contestant]) -> io::Result<()> {
    all.iter_mut().try_for_each(|one| one.generator.settle())
}

impl Contestant {
    /// Everybody joins, and something is said, from which is seen how much can be in a slice.
    fn begin(plan: &Plan, workload: &Workload, system: System, server: Server) -> io::Result<Self> {
        let mut generator = Generator::connect(system, server.address, 0, workload.load)?;
        generator.settle()?;
        let at_once = workload.at_once();
        let (mut slice, mut elapsed) = (at_once, generator.run(at_once)?);
        let wanted = MEASURED / SLICES;
        while !plan.is_quick && elapsed < wanted / 2 {
            slice *= 2;
            elapsed = generator.run(slice)?;
        }
        let elapsed = Duration::ZERO;
        Ok(Self { system, server, generator, elapsed, slice, words: 0, latencies: [None; 2] })
    }

    fn go_on(&mut self, plan: &Plan, workload: &Workload) -> io::Result<()> {
        if let Some(pace) = workload.pace {
            let times = if plan.is_quick { 10 } else { PACED };
            let latencies = self.generator.pace(pace, times)?;
            self.latencies = [50.0, 99.0]
                .map(|percentile| u32::try_from(latencies.value_at_percentile(percentile)).ok().map(f64::from));
            self.words += times as usize;
            self.elapsed += pace * times;
        } else {
            self.elapsed += self.generator.run(self.slice)?;
            self.words += self.slice;
        }
        Ok(())
    }

    /// The system calls for a delivery, of one slice more.
    #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
    fn calls(&mut self, workload: &Workload) -> io::Result<Option<f64>> {
        let Self { server, generator, slice, .. } = self;
        let calls = server.calls(|| generator.run(*slice).map(drop))?;
        let deliveries = (*slice * usize::from(workload.load.receivers)) as f64;
        Ok(calls.map(|calls| calls / deliveries))
    }

    #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
    fn figures(&self, workload: &Workload, repetition: usize, cpu: Duration, heard: u64) -> io::Result<Passing> {
        let deliveries = (self.words * usize::from(workload.load.receivers)) as f64;
        let cpu = self.server.cpu()?.saturating_sub(cpu);
        let bytes = (self.generator.heard() - heard) as f64 / deliveries;
        let [p50_us, p99_us] = self.latencies;
        Ok(Passing {
            workload: workload.name,
            repetition,
            system: self.system,
            cpu_us: cpu.as_secs_f64() * 1e6 / deliveries,
            rate: deliveries / self.elapsed.as_secs_f64(),
            overhead: bytes - workload.load.length as f64,
            p50_us,
            p99_us,
            calls: None,
        })
    }
}
