//! How often a peer may do something: so many times at once, and then at a pace.

use core::time::Duration;

use crate::{limits::Rate, time::Time};

/// A bucket of tokens, kept as the moment at which it is full again: that is all there is to know, and it moves without
/// being looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Budget {
    full_at: Time,
}

impl Budget {
    /// Takes one token.
    ///
    /// # Errors
    ///
    /// How long it takes until there is one, if there is none; nothing is taken then.
    pub(super) fn take(&mut self, now: Time, rate: Rate) -> Result<(), Duration> {
        let token = Duration::from_secs(1) / rate.per_second.max(1);
        let full_at = self.full_at.max(now) + token;
        let ahead = full_at.since(now).saturating_sub(token.saturating_mul(rate.burst.max(1)));
        if !ahead.is_zero() {
            return Err(ahead);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// What is left for somebody who has spent as much as either.
    pub(super) fn or_less(self, other: Self) -> Self {
        Self { full_at: self.full_at.max(other.full_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_a_pace() {
        let rate = Rate { per_second: 20, burst: 40 };
        let mut budget = Budget::default();
        assert_eq!((0..50).filter(|_| budget.take(Time::ZERO, rate).is_ok()).count(), 40);
        assert_eq!(budget.take(Time::ZERO, rate), Err(Duration::from_millis(50)));
        let later = Time::ZERO + Duration::from_millis(50);
        assert_eq!(budget.take(later, rate), Ok(()));
        assert_eq!(budget.take(later, rate), Err(Duration::from_millis(50)));
        let much_later = Time::ZERO + Duration::from_secs(3600);
        assert_eq!(
            (0..50).filter(|_| budget.take(much_later, rate).is_ok()).count(),
            40,
            "no more than a burst is saved"
        );
    }

    #[test]
    fn whoever_may_do_as_it_likes_is_never_kept() {
        let mut budget = Budget::default();
        assert!((0..100_000).all(|_| budget.take(Time::ZERO, Rate::UNLIMITED).is_ok()));
    }
}
