//! Many seeds on all cores.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    num::NonZero,
    ops::ControlFlow,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::stopwatch::Stopwatch;

/// Which seeds to run, and on how many threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew {
    pub(crate) from: u64,
    /// How many, and for how long: until whichever is over first.
    pub(crate) count: Option<u64>,
    pub(crate) time: Option<Duration>,
    pub(crate) jobs: usize,
}

/// Results that may wait for whoever counts them.
const WAITING: usize = 256;

impl Crew {
    pub(crate) fn jobs(asked: Option<NonZero<usize>>) -> usize {
        asked.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
    }

    /// Does the work for every seed, each on some thread, and takes the results on this one, in the order in which they
    /// are ready. `take` can say that it is enough.
    pub(crate) fn each<T: Send>(self, work: impl Fn(u64) -> T + Sync, mut take: impl FnMut(u64, T) -> ControlFlow<()>) {
        let watch = Stopwatch::start();
        let (next, is_enough) = (AtomicU64::new(0), AtomicBool::new(false));
        let is_over = || is_enough.load(Ordering::Relaxed) || self.time.is_some_and(|time| watch.elapsed() >= time);
        let (sender, results) = mpsc::sync_channel(WAITING);
        thread::scope(|scope| {
            for _ in 0..self.jobs {
                let sender = sender.clone();
                scope.spawn(|| {
                    let sender = sender;
                    while !is_over() {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if self.count.is_some_and(|count| number >= count) {
                            break;
                        }
                        let seed = self.from.wrapping_add(number);
                        if sender.send((seed, work(seed))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for (seed, result) in results {
                if take(seed, result).is_break() {
                    is_enough.store(true, Ordering::Relaxed);
                }
            }
        });
    }

    /// A bar that shows how far it is, if anybody watches.
    pub(crate) fn bar(self) -> Bar {
        let bar = if io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let template = match (self.count, self.time) {
            (Some(_), _) => "{bar:30} {pos}/{len} seeds, {speed}, {msg}, {eta} left".to_owned(),
            (_, Some(time)) => {
                format!("{{spinner}} {{elapsed}} of {} s: {{pos}} seeds, {{speed}}, {{msg}}", time.as_secs())
            }
            (None, None) => "{spinner} {pos} seeds, {speed}, {msg}".to_owned(),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let speed = |state: &ProgressState, out: &mut dyn fmt::Write| {
                // The bar is for the eye only: what it cannot show is not shown.
                let _ = write!(out, "{:.0}/s", state.per_sec());
            };
            bar.set_style(style.with_key("speed", speed));
        }
        if let Some(count) = self.count {
            bar.set_length(count);
        }
        bar.set_message("0 failed");
        Bar(bar)
    }
}

/// Shows how far it is.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    pub(crate) fn failed(&self, failed: u64) {
        self.0.set_message(format!("{failed} failed"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_seed_is_run_once_whatever_the_number_of_threads() {
        for jobs in [1, 3] {
            let mut seen = BTreeSet::new();
            let crew = Crew { from: u64::MAX, count: Some(1000), time: None, jobs };
            crew.each(
                |seed| seed.wrapping_add(1),
                |seed, result| {
                    assert_eq!(seed.wrapping_add(1), result);
                    assert!(seen.insert(seed));
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(seen.len(), 1000);
        }
    }

    #[test]
    fn when_it_is_enough_no_more_seeds_are_begun() {
        let mut taken = 0;
        let crew = Crew { from: 0, count: None, time: None, jobs: 2 };
        crew.each(
            |_| (),
            |_, ()| {
                taken += 1;
                ControlFlow::Break(())
            },
        );
        assert!(taken >= 1);
    }
}
