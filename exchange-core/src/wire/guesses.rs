//! How often a secret may be guessed at: so many times in all, whoever guesses, from wherever, and however many at once.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// Wrong guesses in all, after which nobody gets another at the same secret.
pub(super) const GUESSES: u32 = 20;

/// The guesses at one secret.
#[derive(Debug)]
pub(super) struct Guesses {
    /// How many more may be under way.
    left: AtomicU32,
    wrong: AtomicU32,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { left: AtomicU32::new(GUESSES), wrong: AtomicU32::new(0) }
    }
}

impl Guesses {
    /// Begins a guess, if there is one left.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Guess> {
        let one_less = |left: u32| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).ok()?;
        Some(Guess { of: Arc::clone(self), is_wrong: false })
    }

    /// Whether none is left, nor will be.
    pub(super) fn are_spent(&self) -> bool {
        self.wrong.load(Ordering::Relaxed) >= GUESSES
    }
}

/// A guess under way. When it is over, it counts if it was wrong by then, and else is given back.
#[derive(Debug)]
pub(super) struct Guess {
    of: Arc<Guesses>,
    is_wrong: bool,
}

impl Guess {
    /// Until it is judged, it is not wrong.
    pub(super) fn judge(&mut self, is_wrong: bool) {
        self.is_wrong = is_wrong;
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        let counter = if self.is_wrong { &self.of.wrong } else { &self.of.left };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn no_more_are_under_way_than_are_left_and_only_wrong_ones_count() {
        let guesses = Arc::new(Guesses::default());
        for _ in 0..3 {
            let mut under_way: Vec<Guess> = core::iter::from_fn(|| guesses.begin()).collect();
            assert_eq!(under_way.len(), 20);
            under_way.clear();
        }
        for wrong in 0..20 {
            assert!(!guesses.are_spent(), "{wrong}");
            guesses.begin().unwrap().judge(true);
            assert_eq!(core::iter::from_fn(|| guesses.begin()).collect::<Vec<_>>().len(), 19 - wrong);
        }
        assert!(guesses.are_spent());
    }
}
