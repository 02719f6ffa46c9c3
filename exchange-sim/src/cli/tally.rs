//! What came of many runs together.

use std::{fmt, time::Duration};

use exchange_sim::{Counts, Marks, Report};
use serde_json::json;

/// What came of one run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    pub(crate) digest: u64,
    /// The situations that came up, where they are looked for.
    pub(crate) marks: Option<Marks>,
    pub(crate) violation: Option<String>,
    /// The line that runs it again.
    pub(crate) again: String,
}

/// A seed that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bad {
    seed: u64,
    violation: String,
    again: String,
}

/// What came of many runs.
#[derive(Debug)]
pub(crate) struct Tally {
    layer: &'static str,
    jobs: usize,
    seeds: u64,
    pub(crate) failed: u64,
    counts: Counts,
    slowest: Option<(Duration, u64)>,
    marks: Option<Marks>,
    /// The same for the same seeds, in whatever order they were run.
    digest: u64,
    /// Those with the lowest seeds.
    bad: Vec<Bad>,
    took: Duration,
}

/// Failures that are kept to be told.
const KEPT: usize = 10;

/// Marks that are told of.
const RAREST: usize = 10;

impl Outcome {
    pub(crate) fn of_core(report: Report, again: String) -> Self {
        let Report { violation, marks, digest, counts, .. } = report;
        let violation = violation.map(|violation| violation.to_string());
        Self { counts, digest, marks: Some(marks), violation, again }
    }

    /// A run that failed, and counted nothing.
    pub(crate) fn bad(violation: String, again: String) -> Self {
        Self { counts: Counts::default(), digest: 0, marks: None, violation: Some(violation), again }
    }
}

impl Tally {
    pub(crate) fn new(layer: &'static str, jobs: usize) -> Self {
        Self {
            layer,
            jobs,
            seeds: 0,
            failed: 0,
            counts: Counts::default(),
            slowest: None,
            marks: None,
            digest: 0,
            bad: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn add(&mut self, seed: u64, outcome: Outcome) {
        let Outcome { counts, digest, marks, violation, again } = outcome;
        self.seeds += 1;
        self.counts.events += counts.events;
        self.counts.frames += counts.frames;
        self.counts.posted += counts.posted;
        self.counts.delivered += counts.delivered;
        self.slowest = self.slowest.max(counts.converged.map(|converged| (converged, seed)));
        // An addition forgets the order; without the seed, two runs that swap their ends would not be seen.
        self.digest = self.digest.wrapping_add(digest.rotate_left(17) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if let Some(marks) = marks {
            self.marks.get_or_insert_default().add(&marks);
        }
        if let Some(violation) = violation {
            self.failed += 1;
            let bad = Bad { seed, violation, again };
            let place = self.bad.partition_point(|other| *other < bad);
            self.bad.insert(place, bad);
            self.bad.truncate(KEPT);
        }
    }

    pub(crate) fn took(&mut self, took: Duration) {
        self.took = took;
    }

    /// The situations that never came up.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.marks.iter().flat_map(Marks::missing).map(|mark| mark.to_string()).collect()
    }

    fn rarest(&self) -> Vec<(String, u64)> {
        let rarest = self.marks.as_ref().map(|marks| marks.rarest(RAREST)).unwrap_or_default();
        rarest.into_iter().map(|(mark, count)| (mark.to_string(), count)).collect()
    }

    fn per_second(&self, count: u64) -> u64 {
        let micros = self.took.as_micros().max(1);
        u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let Counts { events, delivered, posted, frames, .. } = self.counts;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let bad = self
            .bad
            .iter()
            .map(|Bad { seed, violation, again }| json!({ "seed": seed, "violation": violation, "again": again }));
        let rarest = self.rarest().into_iter().map(|(mark, runs)| json!({ "mark": mark, "runs": runs }));
        json!({
            "layer": self.layer,
            "jobs": self.jobs,
            "seeds": self.seeds,
            "failed": self.failed,
            "took_ms": millis(self.took),
            "seeds_per_second": self.per_second(self.seeds),
            "events": events,
            "frames": frames,
            "posted": posted,
            "delivered": delivered,
            "slowest": self.slowest.map(|(time, seed)| json!({ "seed": seed, "converged_ms": millis(time) })),
            "never": self.missing(),
            "rarest": rarest.collect::<Vec<_>>(),
            "failures": bad.collect::<Vec<_>>(),
            "digest": format!("{:016x}", self.digest),
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { events, delivered, posted, frames, .. } = self.counts;
        for Bad { seed, violation, again } in &self.bad {
            writeln!(f, "VIOLATION with seed {seed}: {violation}\n    {again}")?;
        }
        let more = self.failed.saturating_sub(self.bad.len() as u64);
        if more > 0 {
            writeln!(f, "and {} more", Grouped(more))?;
        }
        let row = |f: &mut fmt::Formatter<'_>, count: u64, what: &str| {
            let rate = Grouped(self.per_second(count)).to_string();
            writeln!(f, "{:>15}  {what:<20} {rate:>12} per second", Grouped(count).to_string())
        };
        let Self { layer, jobs, took, .. } = self;
        writeln!(f, "The {layer}, for {:.1} s, {jobs} at once:", took.as_secs_f64())?;
        row(f, self.seeds, "seeds")?;
        row(f, events, if *layer == "driver" { "polls" } else { "events" })?;
        if frames > 0 {
            row(f, frames, "frames")?;
        }
        row(f, posted, "messages posted")?;
        row(f, delivered, "messages delivered")?;
        writeln!(f, "{:>15}  failed", Grouped(self.failed).to_string())?;
        if let Some((time, seed)) = self.slowest {
            let time = format!("{:.1} s", time.as_secs_f64());
            writeln!(f, "{time:>15}  until together again, at the longest (seed {seed})")?;
        }
        writeln!(f, "{:016x} digest of all", self.digest)?;
        let missing = self.missing();
        if self.marks.is_some() {
            writeln!(f, "What came up in the fewest runs:")?;
            for (mark, count) in self.rarest() {
                writeln!(f, "{:>15}  {mark}", Grouped(count).to_string())?;
            }
        }
        if !missing.is_empty() {
            writeln!(f, "Never came up: {}.", missing.join("; "))?;
        }
        Ok(())
    }
}

/// A number that is easy to read.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                write!(f, ",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(digest: u64, violation: Option<&str>) -> Outcome {
        let counts = Counts { events: 1000, ..Counts::default() };
        Outcome { counts, digest, marks: None, violation: violation.map(Into::into), again: "again".into() }
    }

    #[test]
    fn the_order_in_which_runs_end_does_not_matter() {
        let tally = |seeds: &[u64]| {
            let mut tally = Tally::new("core", 1);
            for seed in seeds {
                tally.add(*seed, outcome(seed * 7, Some("S5")));
            }
            tally
        };
        let (one, other) = (tally(&[1, 2, 3]), tally(&[3, 1, 2]));
        assert_eq!((one.digest, one.json()), (other.digest, other.json()));
        assert_ne!(one.digest, tally(&[1, 2, 4]).digest);
    }

    #[test]
    fn the_first_failures_are_told_with_the_line_that_runs_them_again_and_the_others_counted() {
        let mut tally = Tally::new("core", 1);
        for seed in (0..30).rev() {
            tally.add(seed, outcome(seed, Some("S5")));
        }
        let told = tally.to_string();
        assert!(told.starts_with("VIOLATION with seed 0: S5\n    again\n"), "{told}");
        assert!(told.contains("seed 9:") && !told.contains("seed 10:") && told.contains("and 20 more"), "{told}");
        assert!(told.contains("30,000  events"), "{told}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(|n| Grouped(n).to_string()), ["0", "999", "1,000", "1,234,567"]);
    }
}
