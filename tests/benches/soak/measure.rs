//! How much of the machine a process holds.

use std::{fmt, time::Duration};

/// How it stands at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    /// In bytes.
    pub(crate) resident: u64,
}

/// The most memory that was resident in the second quarter of the time, when everything has been filled, and in the last.
#[derive(Debug)]
pub(crate) struct Growth {
    warm: u64,
    end: u64,
}

impl fmt::Display for Growth {
    #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let ratio = self.end as f64 / self.warm as f64;
        write!(
            f,
            "{:.1} MiB at most once warm, {:.1} MiB at most at the end: {ratio:.3}",
            mib(self.warm),
            mib(self.end)
        )
    }
}

impl Growth {
    pub(crate) fn of(samples: &[Sample]) -> Self {
        let quarter = samples.len() / 4;
        let resident = |sample: &Sample| sample.resident;
        Self { warm: most(&samples[quarter..2 * quarter], resident), end: most(&samples[3 * quarter..], resident) }
    }

    /// # Panics
    ///
    /// If it is more than a twentieth.
    pub(crate) fn check(&self) {
        assert!(self.end <= self.warm + self.warm / 20, "memory has grown: {self}");
    }
}

fn most(samples: &[Sample], of: impl Fn(&Sample) -> u64) -> u64 {
    samples.iter().map(of).max().unwrap_or_default()
}
