//! A client's alarms: one of each kind.

use crate::{seam::WakeReason, time::Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    Handshake,
    Heartbeat,
    Redial,
    Healthy,
    Idle,
}

impl Alarm {
    /// Those that are due at the same time ring in this order.
    const ALL: [Self; 5] = [Self::Handshake, Self::Heartbeat, Self::Redial, Self::Healthy, Self::Idle];

    pub(super) fn reason(self) -> WakeReason {
        match self {
            Self::Handshake => WakeReason::Handshake,
            Self::Heartbeat => WakeReason::Heartbeat,
            Self::Redial => WakeReason::Redial,
            Self::Healthy => WakeReason::Healthy,
            Self::Idle => WakeReason::Idle,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Alarms([Option<Time>; Alarm::ALL.len()]);

impl Alarms {
    /// Sets an alarm, instead of when it was to ring before.
    pub(super) fn set(&mut self, alarm: Alarm, at: Time) {
        self.0[alarm as usize] = Some(at);
    }

    pub(super) fn cancel(&mut self, alarm: Alarm) {
        self.0[alarm as usize] = None;
    }

    pub(super) fn next(&self) -> Option<(Time, Alarm)> {
        let mut next: Option<(Time, Alarm)> = None;
        for (at, alarm) in self.0.iter().zip(Alarm::ALL) {
            if let Some(at) = *at
                && next.is_none_or(|(earliest, _)| at < earliest)
            {
                next = Some((at, alarm));
            }
        }
        next
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
