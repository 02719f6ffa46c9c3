//! A client's alarms: one of each kind.

use crate::{seam::WakeReason, time::Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    Handshake,
    Heartbeat,
    Redial,
    Healthy,
    Idle,
    Pause,
    Seen,
    Typing,
}

impl Alarm {
    /// Those that are due at the same time ring in this order.
    const ALL: [Self; 8] = [
        Self::Handshake,
        Self::Heartbeat,
        Self::Redial,
        Self::Healthy,
        Self::Idle,
        Self::Pause,
        Self::Seen,
        Self::Typing,
    ];

    pub(super) fn reason(self) -> WakeReason {
        match self {
            Self::Handshake => WakeReason::Handshake,
            Self::Heartbeat => WakeReason::Heartbeat,
            Self::Redial => WakeReason::Redial,
            Self::Healthy => WakeReason::Healthy,
            Self::Idle => WakeReason::Idle,
            Self::Pause => WakeReason::Pause,
            Self::Seen | Self::Typing => WakeReason::Signals,
        }
    }
}

/// When each of them rings; those that are not set ring never.
#[derive(Debug)]
pub(super) struct Alarms([Time; Alarm::ALL.len()]);

const NEVER: Time = Time::from_nanos(u64::MAX);

impl Default for Alarms {
    fn default() -> Self {
        Self([NEVER; Alarm::ALL.len()])
    }
}

impl Alarms {
    /// Sets an alarm, instead of when it was to ring before.
    pub(super) fn set(&mut self, alarm: Alarm, at: Time) {
        self.0[alarm as usize] = at;
    }

    /// Sets an alarm, unless it is to ring earlier anyway.
    pub(super) fn hasten(&mut self, alarm: Alarm, at: Time) {
        self.0[alarm as usize] = self.0[alarm as usize].min(at);
    }

    pub(super) fn cancel(&mut self, alarm: Alarm) {
        self.0[alarm as usize] = NEVER;
    }

    pub(super) fn next(&self) -> Option<(Time, Alarm)> {
        let first = Alarm::ALL.into_iter().min_by_key(|alarm| self.0[*alarm as usize])?;
        let at = self.0[first as usize];
        (at != NEVER).then_some((at, first))
    }

    /// Takes out the earliest alarm, if it is due by `now`.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<Alarm> {
        let (_, alarm) = self.next().filter(|(at, _)| *at <= now)?;
        self.cancel(alarm);
        Some(alarm)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn alarms_ring_in_order_once_and_only_when_due() {
        let mut alarms = Alarms::default();
        alarms.set(Alarm::Healthy, at(10));
        alarms.set(Alarm::Redial, at(30));
        alarms.set(Alarm::Heartbeat, at(20));
        alarms.set(Alarm::Handshake, at(15));
        alarms.set(Alarm::Heartbeat, at(10));
        alarms.cancel(Alarm::Handshake);
        assert_eq!(alarms.pop_due(at(9)), None);
        assert_eq!(alarms.pop_due(at(30)), Some(Alarm::Heartbeat), "of two at once, the one declared first");
        assert_eq!(alarms.next(), Some((at(10), Alarm::Healthy)));
        assert_eq!(alarms.pop_due(at(30)), Some(Alarm::Healthy));
        assert_eq!(alarms.pop_due(at(30)), Some(Alarm::Redial));
        assert_eq!(alarms.pop_due(at(30)), None);
    }
}
