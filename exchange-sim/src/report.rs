//! What came of a run.

use std::{fmt, time::Duration};

use exchange_core::Time;

use crate::{check::Invariant, marks::Marks, trace::Trace};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The first thing that was not as it has to be, if anything was not.
    pub violation: Option<Violation>,
    /// Which situations came up.
    pub marks: Marks,
    /// A number that stands for all that happened.
    pub digest: u64,
    /// What was counted.
    pub counts: Counts,
    /// What happened, if it was kept.
    pub trace: Option<Trace>,
}

/// What was counted in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events of the simulation.
    pub events: u64,
    /// Messages that were delivered to a client's application.
    pub delivered: u64,
    /// Messages that were posted.
    pub posted: u64,
    /// Frames that were taken in.
    pub frames: u64,
    /// How long the core took to come together again.
    pub converged: Option<Duration>,
}

/// Something that was not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant does not hold.
    pub invariant: Invariant,
    /// When that was seen.
    pub at: Time,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at, what } = self;
        let millis = at.as_nanos() / 1_000_000;
        write!(f, "{invariant} ({}), at {}.{:03} s: {what}", invariant.says(), millis / 1000, millis % 1000)
    }
}
