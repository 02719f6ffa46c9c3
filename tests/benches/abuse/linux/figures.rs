//! What was measured of one kind of abuse.

use std::{fmt, slice, time::Duration};

use serde::Serialize;

use super::abuser::Abuse;

/// What the links that there may be hold unread at most, 64 KiB of what happens and as much of answers each, and the
/// history of one room, whose bytes may be there twice while they are let go of.
const BUDGET: u64 = 256 * 128 * 1024 + 2 * 4 * 1024 * 1024;

/// Times the quiet figure that a message may take at most.
const GATE: f64 = 2.0;

/// Some seconds in which one thing went on.
#[derive(Debug)]
pub(super) struct Slice {
    /// How long each message took until everybody had it.
    pub(super) latencies: Vec<Duration>,
    /// The host's share of a core.
    pub(super) cpu: f64,
    /// Bytes that the host held at the end.
    pub(super) resident: u64,
}

/// Quiet, abuse, quiet, and so on.
#[derive(Debug)]
pub(super) struct Row {
    abuse: Abuse,
    pub(super) quiet: Vec<Slice>,
    pub(super) abused: Vec<Slice>,
    /// How much of it was done in a second.
    pub(super) deeds: Vec<f64>,
}

/// What a row comes to.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) abuse: &'static str,
    #[serde(skip)]
    pub(super) story: &'static str,
    pub(super) unit: &'static str,
    pub(super) deeds_per_second: f64,
    pub(super) messages: usize,
    pub(super) quiet_p50_us: f64,
    pub(super) quiet_p99_us: f64,
    pub(super) abused_p50_us: f64,
    pub(super) abused_p99_us: f64,
    /// The 99th percentile amid abuse as times the quiet one: of everything, and of each repetition and the quiet around
    /// it the least and the greatest.
    pub(super) ratio: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
    pub(super) resident_before: u64,
    pub(super) resident_most: u64,
    pub(super) quiet_cpu: f64,
    pub(super) abused_cpu: f64,
    pub(super) is_over: bool,
}

impl Row {
    pub(super) fn new(abuse: Abuse) -> Self {
        Self { abuse, quiet: Vec::new(), abused: Vec::new(), deeds: Vec::new() }
    }

    pub(super) fn figures(&self) -> Figures {
        let ratios: Vec<f64> = (self.quiet.windows(2).zip(&self.abused))
            .map(|(around, abused)| percentile(slice::from_ref(abused), 99) / percentile(around, 99))
            .collect();
        let ratio = percentile(&self.abused, 99) / percentile(&self.quiet, 99);
        let resident = |slices: &[Slice]| slices.iter().map(|slice| slice.resident).max().unwrap_or_default();
        let cpu = |slices: &[Slice]| mean(slices.iter().map(|slice| slice.cpu));
        let (before, most) = (resident(&self.quiet[..1]), resident(&self.abused));
        // A single repetition shows that it works, not how well.
        let is_over = self.abused.len() > 1 && ratio > GATE || most > before + BUDGET;
        Figures {
            abuse: self.abuse.name(),
            story: self.abuse.story(),
            unit: self.abuse.unit(),
            deeds_per_second: mean(self.deeds.iter().copied()),
            messages: self.abused.iter().map(|slice| slice.latencies.len()).sum(),
            quiet_p50_us: percentile(&self.quiet, 50),
            quiet_p99_us: percentile(&self.quiet, 99),
            abused_p50_us: percentile(&self.abused, 50),
            abused_p99_us: percentile(&self.abused, 99),
            ratio,
            least: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            greatest: ratios.iter().copied().fold(0.0, f64::max),
            resident_before: before,
            resident_most: most,
            quiet_cpu: cpu(&self.quiet),
            abused_cpu: cpu(&self.abused),
            is_over,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p99 = |slices: &[Slice]| -> Vec<f64> {
            slices.iter().map(|slice| percentile(slice::from_ref(slice), 99).round()).collect()
        };
        write!(f, "{}: p99 in µs quiet {:?}, abused {:?}", self.abuse, p99(&self.quiet), p99(&self.abused))
    }
}

/// In microseconds, of all messages of these slices: so many percent took no longer.
fn percentile(slices: &[Slice], percent: usize) -> f64 {
    let mut all: Vec<Duration> = slices.iter().flat_map(|slice| slice.latencies.iter().copied()).collect();
    all.sort_unstable();
    let place = (all.len() * percent).div_ceil(100).saturating_sub(1);
    all.get(place).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e6)
}

fn mean(figures: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = u32::try_from(figures.len()).unwrap_or(u32::MAX);
    figures.sum::<f64>() / f64::from(count)
}
