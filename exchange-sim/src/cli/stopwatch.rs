//! How long things really take: the only real time that is ever read, and nothing that happens in a run depends on it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "progress and speed are of the real world, and no run sees them"
)]

use std::time::{Duration, Instant};

/// Counts from when it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
