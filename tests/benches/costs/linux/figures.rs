//! What was measured.

use serde::Serialize;

use super::system::System;

/// Of each repetition, and of each system in it.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) passing: Vec<Passing>,
    pub(super) links: Vec<Links>,
    pub(super) silent: Vec<Silent>,
    pub(super) crowd: Vec<Crowd>,
    pub(super) clients: Vec<Listening>,
}

/// What it costs to pass messages on while some read nothing.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Silent {
    pub(super) system: System,
    /// How many those are, beside a hundred who read.
    pub(super) readers_of_nothing: u16,
    pub(super) repetition: usize,
    /// Microseconds of CPU for a delivery to one who reads.
    pub(super) cpu_us: f64,
    /// Bytes that the process takes more at the end.
    pub(super) grown: f64,
}

/// Very many links of one host.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Crowd {
    pub(super) system: System,
    pub(super) links: u16,
    /// Seconds until all of them are in their rooms, and of CPU for that.
    pub(super) connect_s: f64,
    pub(super) connect_cpu_s: f64,
    /// Bytes for each.
    pub(super) bytes: f64,
    /// Seconds of CPU in a minute in which nobody says anything.
    pub(super) idle_cpu_s: f64,
    /// Microseconds of CPU for a delivery, and deliveries in a second, when one room after the other talks.
    pub(super) talk_us: f64,
    pub(super) rate: f64,
}

/// What it costs a client to hear a message.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Listening {
    pub(super) system: System,
    /// How its application hears it.
    pub(super) way: &'static str,
    /// Microseconds of CPU for a message.
    pub(super) cpu_us: f64,
    /// Bytes of the process in memory at the end.
    pub(super) resident: f64,
}

/// What it costs to pass messages on.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    pub(super) workload: &'static str,
    pub(super) repetition: usize,
    pub(super) system: System,
    /// Microseconds of CPU for one delivery.
    pub(super) cpu_us: f64,
    /// Deliveries in a second.
    pub(super) rate: f64,
    /// Bytes for one delivery that are no text.
    pub(super) overhead: f64,
    /// Where it is asked for when it is heard, in microseconds from when it was to be said.
    pub(super) p50_us: Option<f64>,
    pub(super) p99_us: Option<f64>,
    /// System calls of the server for one delivery, where they can be counted.
    pub(super) calls: Option<f64>,
}

/// What it costs to have many links.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) system: System,
    /// Bytes for one that is idle.
    pub(super) idle: f64,
    /// Bytes for one over which something has gone.
    pub(super) used: f64,
    /// Microseconds of CPU until one is in its room.
    pub(super) connect_us: f64,
}

/// The least, the median and the greatest.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) greatest: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let median = match figures.len() % 2 {
            0 => f64::midpoint(*figures.get(middle.checked_sub(1)?)?, figures[middle]),
            _ => figures[middle],
        };
        Some(Self { least: *figures.first()?, median, greatest: *figures.last()? })
    }
}

impl Figures {
    /// The figures of a system at that work, one of each repetition.
    pub(super) fn of<'a>(&'a self, workload: &'a str, system: System) -> impl Iterator<Item = &'a Passing> {
        self.passing.iter().filter(move |passing| passing.workload == workload && passing.system == system)
    }

    pub(super) fn spread(&self, workload: &str, system: System, figure: impl Fn(&Passing) -> f64) -> Option<Spread> {
        Spread::of(self.of(workload, system).map(figure))
    }

    /// One system's figure as times another's, within each repetition.
    pub(super) fn ratio(
        &self,
        workload: &str,
        [of, to]: [System; 2],
        figure: impl Fn(&Passing) -> Option<f64>,
    ) -> Option<Spread> {
        let others = |repetition| self.of(workload, to).find(|other| other.repetition == repetition);
        let ratios = self.of(workload, of).filter_map(|one| Some(figure(one)? / figure(others(one.repetition)?)?));
        Spread::of(ratios)
    }

    /// Who needs the least time for that work of those who did not come from here, and seal or do not.
    pub(super) fn best_peer(&self, workload: &str, is_sealed: bool) -> Option<System> {
        let median = |system| self.spread(workload, system, |passing| passing.cpu_us).map(|cpu| (system, cpu.median));
        let peers =
            System::ALL.into_iter().filter(|system| system.program().is_some() && system.is_sealed() == is_sealed);
        let peers = peers.filter_map(median);
        peers.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(system, _)| system)
    }

    /// What a delivery costs with so many who read nothing, as times what it costs without.
    pub(super) fn of_silent(&self, system: System, silent: u16) -> Option<Spread> {
        let of = |silent, repetition| {
            let is_meant =
                |one: &&Silent| (one.system, one.readers_of_nothing, one.repetition) == (system, silent, repetition);
            self.silent.iter().find(is_meant).map(|one| one.cpu_us)
        };
        let repetitions = self.silent.iter().filter(|one| (one.system, one.readers_of_nothing) == (system, silent));
        Spread::of(repetitions.filter_map(|one| Some(one.cpu_us / of(0, one.repetition)?)))
    }

    pub(super) fn of_clients(&self, system: System, way: &str, figure: impl Fn(&Listening) -> f64) -> Option<Spread> {
        Spread::of(self.clients.iter().filter(|one| one.system == system && one.way == way).map(figure))
    }

    pub(super) fn of_links(&self, system: System, figure: impl Fn(&Links) -> f64) -> Option<Spread> {
        Spread::of(self.links.iter().filter(|links| links.system == system).map(figure))
    }
}
