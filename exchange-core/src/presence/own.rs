//! How whoever a machine speaks for is: as they chose, unless they are not at the keyboard.

use core::{mem, time::Duration};

use crate::{
    message::{Availability, Presence},
    time::Time,
};

/// What was chosen, and whether anybody is at the keyboard. Idleness makes nobody but who is online away, and its end
/// undoes nothing but that.
#[derive(Debug)]
pub(crate) struct Own {
    chosen: Presence,
    idle_after: Option<Duration>,
    active: Time,
    is_idle: bool,
    /// Whether others are told how far they have read.
    tells_read: bool,
}

impl Own {
    /// Somebody who is online, and is shown as away when there is no sign of them for so long, if ever.
    pub(crate) fn new(idle_after: Option<Duration>, now: Time) -> Self {
        Self { chosen: Presence::default(), idle_after, active: now, is_idle: false, tells_read: false }
    }

    /// The same, who also tell how far they have read, or do not.
    pub(crate) fn with_receipts(self, tells_read: bool) -> Self {
        Self { tells_read, ..self }
    }

    pub(crate) fn tells_read(&self) -> bool {
        self.tells_read
    }

    pub(crate) fn choose(&mut self, now: Time, presence: Presence) {
        let _ = self.active(now);
        self.chosen = presence;
    }

    /// There is a sign of them; whether there was none before.
    pub(crate) fn active(&mut self, now: Time) -> bool {
        self.active = now;
        if self.is_idle && cfg!(exchange_bug = "back-undoes-a-choice") {
            self.chosen = Presence::default();
        }
        mem::replace(&mut self.is_idle, false)
    }

    /// When to look next whether there was one; `None` while there is nothing to look for.
    pub(crate) fn idle_at(&self) -> Option<Time> {
        let idle_after = self.idle_after.filter(|_| !self.is_idle)?;
        Some(self.active + idle_after)
    }

    /// Looks whether there was one.
    pub(crate) fn look(&mut self, now: Time) {
        if self.idle_at().is_some_and(|at| at <= now) {
            self.is_idle = true;
        }
    }

    /// How others are to see them.
    pub(crate) fn shown(&self) -> Presence {
        let is_online = self.chosen.availability == Availability::Online;
        let is_away = self.is_idle && (is_online || cfg!(exchange_bug = "idle-undoes-busy"));
        let availability = if is_away { Availability::Away } else { self.chosen.availability };
        Presence { availability, note: self.chosen.note.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn presence(availability: Availability) -> Presence {
        Presence { availability, note: Some("in the lab".parse().unwrap()) }
    }

    fn away_after_a_minute() -> Own {
        Own::new(Some(MINUTE), Time::ZERO)
    }

    #[test]
    fn whoever_gives_no_sign_is_away_until_they_do() {
        let mut own = away_after_a_minute();
        assert!(!own.active(Time::ZERO + MINUTE / 2));
        own.look(Time::ZERO + MINUTE);
        assert_eq!(own.shown().availability, Availability::Online);
        let at = own.idle_at().unwrap();
        own.look(at);
        assert_eq!((own.shown().availability, own.idle_at()), (Availability::Away, None));
        assert!(own.active(at + MINUTE));
        assert_eq!((own.shown().availability, own.idle_at()), (Availability::Online, Some(at + MINUTE * 2)));
    }

    #[test]
    fn idleness_and_its_end_change_nothing_that_was_chosen() {
        for chosen in [Availability::Away, Availability::Busy] {
            let mut own = away_after_a_minute();
            own.choose(Time::ZERO, presence(chosen));
            own.look(Time::ZERO + MINUTE);
            assert_eq!(own.shown(), presence(chosen));
            assert!(own.active(Time::ZERO + MINUTE * 2));
            assert_eq!(own.shown(), presence(chosen));
        }
    }

    #[test]
    fn whoever_is_away_by_idleness_keeps_their_note() {
        let mut own = away_after_a_minute();
        own.choose(Time::ZERO, presence(Availability::Online));
        own.look(Time::ZERO + MINUTE);
        assert_eq!(own.shown(), presence(Availability::Away));
    }

    #[test]
    fn to_choose_is_a_sign_of_life() {
        let mut own = away_after_a_minute();
        own.look(Time::ZERO + MINUTE);
        own.choose(Time::ZERO + MINUTE, Presence::default());
        assert_eq!(own.shown().availability, Availability::Online);
    }

    #[test]
    fn without_a_time_nobody_is_ever_away_by_idleness() {
        let mut own = Own::new(None, Time::ZERO);
        own.look(Time::ZERO + MINUTE * 1000);
        assert_eq!((own.shown().availability, own.idle_at()), (Availability::Online, None));
    }
}
