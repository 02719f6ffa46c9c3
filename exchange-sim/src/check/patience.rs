//! How long a client waits before it dials again.

use std::{collections::VecDeque, time::Duration};

use super::{Check, Invariant};

/// The last waits, as long as nothing came of it, and how many there were.
#[derive(Debug)]
pub(super) struct Patience {
    waits: VecDeque<Duration>,
    failures: usize,
    longest: Duration,
}

impl Patience {
    pub(super) fn new(longest: Duration) -> Self {
        Self { waits: VecDeque::new(), failures: 0, longest }
    }

    pub(super) fn begins_anew(&mut self) {
        self.failures = 0;
        self.waits.clear();
    }

    /// Whoever fails again and again tries less and less, and not in step with others.
    pub(super) fn waits(&mut self, wait: Duration) -> Check {
        /// So many waits are long enough together, if they are drawn from the longest range: that they are not by
        /// chance comes up once in a hundred million.
        const WAITS: usize = 5;
        /// By then the range of waits has grown as far as it does.
        const GROWN: usize = 12;
        self.failures += 1;
        self.waits.push_back(wait);
        if self.waits.len() > WAITS {
            self.waits.pop_front();
        }
        let together: Duration = self.waits.iter().sum();
        let in_step = self.waits.len() == WAITS && self.waits.iter().all(|other| *other == wait);
        if wait > self.longest || in_step || (self.failures >= GROWN && together * 20 < self.longest) {
            let what = format!("after {} failures it waits {:?} before it dials again", self.failures, self.waits);
            return Err((Invariant::L6, what));
        }
        Ok(())
    }
}
