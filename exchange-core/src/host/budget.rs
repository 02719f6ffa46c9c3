//! How often a peer may do something: so many times at once, and then at a pace.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::Host;
use crate::{
    ids::{Cmid, RoomId},
    limits::Rate,
    name::RoomName,
    reason::Refusal,
    seam::LinkId,
    time::Time,
};

/// Whoever does not wait so many times in a row does not mean to.
const IGNORED: u8 = 3;

/// More than anybody asks before they can have heard of the first refusal: the first message in each of a member's rooms,
/// and a few joins.
const ASKED: usize = 160;

/// A bucket of tokens, kept as the moment at which it is full again: that is all there is to know, and it moves without
/// being looked at. The more was taken, the greater it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

/// What one link was told to ask for later.
///
/// What was on its way already may come at any time. But whoever says the very same again on the same link has heard
/// the refusal, and when it may do so.
#[derive(Debug, Default)]
pub(super) struct Postponed {
    until: BTreeMap<Asked, Time>,
    /// How often in a row it was not waited.
    ignored: u8,
}

/// Something that costs its peer a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    Message(RoomId, Cmid),
    Join(RoomName),
    List,
    Page(RoomId),
}

impl Postponed {
    /// Something was granted, so there was a token.
    pub(super) fn granted(&mut self) {
        if !self.until.is_empty() {
            *self = Self::default();
        }
    }

    /// Something has to wait; whether that was said and ignored so often that it is no use. Half of the time is enough:
    /// clocks differ.
    fn refused(&mut self, now: Time, asked: Asked, wait: Duration) -> bool {
        let before = self.until.insert(asked, now + wait / 2);
        self.ignored = match before {
            Some(until) if now < until => self.ignored.saturating_add(1),
            Some(_) => 0,
            None => self.ignored,
        };
        if self.until.len() > ASKED {
            self.until.retain(|_, until| *until > now);
        }
        self.ignored >= IGNORED || self.until.len() > ASKED
    }
}

impl Host {
    /// Takes note that something was refused on a link; whether the link goes on asking without waiting.
    pub(super) fn ignores(&mut self, now: Time, link: LinkId, asked: Asked, refusal: Refusal) -> bool {
        let (Refusal::RateLimited { .. }, Some(wait)) = (refusal, refusal.retry_after()) else { return false };
        self.links.get_mut(&link).is_some_and(|link| link.postponed.refused(now, asked, wait))
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
    fn whoever_waits_half_as_long_as_it_is_told_has_patience_and_what_is_new_was_on_its_way() {
        let wait = Duration::from_millis(100);
        let mut postponed = Postponed::default();
        let mut now = Time::ZERO;
        for _ in 0..100 {
            assert!(!postponed.refused(now, Asked::List, wait));
            now = now + wait / 2;
        }
        assert!((1..150).all(|room| !postponed.refused(now, Asked::Message(RoomId(room), Cmid(1)), wait)));
        assert!(!postponed.refused(now, Asked::Message(RoomId(1), Cmid(1)), wait), "once");
        assert!(!postponed.refused(now, Asked::Message(RoomId(2), Cmid(1)), wait), "twice");
        postponed.granted();
        assert!((0..3).all(|_| !postponed.refused(now, Asked::List, wait)), "counted anew");
        assert!(postponed.refused(now, Asked::List, wait));
    }

    #[test]
    fn whoever_asks_for_something_else_each_time_is_known_by_how_much_that_is() {
        let mut postponed = Postponed::default();
        let join = |number: usize| Asked::Join(RoomName::new(&alloc::format!("room {number}")).unwrap());
        let ask = |number| postponed.refused(Time::ZERO, join(number), Duration::from_millis(100));
        assert_eq!((0..2 * ASKED).position(ask), Some(ASKED));
        let mut long_ago = Postponed::default();
        let second = Duration::from_secs(1);
        let is_flood = (0_u32..1000).any(|n| long_ago.refused(Time::ZERO + second * n, join(n as usize), second));
        assert!(!is_flood, "what was long ago does not count");
    }

    #[test]
    fn whoever_may_do_as_it_likes_is_never_kept() {
        let mut budget = Budget::default();
        assert!((0..100_000).all(|_| budget.take(Time::ZERO, Rate::UNLIMITED).is_ok()));
    }
}
