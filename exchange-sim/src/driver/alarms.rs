//! Alarms, and machines that sleep.
//!
//! An alarm is set by a machine's clock or by the world's. Setting it to a later time costs nothing: it is found to be not
//! due yet when its old time has come.

use std::task::Waker;

use exchange_core::Time;

use super::kernel::{Due, Kernel, Order, keep};
use crate::net::NodeId;

/// All alarms, by number; those of the free numbers are used again.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    all: Vec<Option<Alarm>>,
    free: Vec<usize>,
}

/// Somebody who waits for a time, by the clock of a machine or by the world's.
#[derive(Debug)]
pub(super) struct Alarm {
    node: Option<NodeId>,
    at: Option<Time>,
    /// The earliest moment of the world for which it is on the agenda.
    scheduled: Option<Time>,
    waker: Option<Waker>,
}

impl Kernel {
    pub(super) fn add_alarm(&mut self, node: Option<NodeId>) -> usize {
        let alarm = Alarm { node, at: None, scheduled: None, waker: None };
        if let Some(place) = self.alarms.free.pop() {
            self.alarms.all[place] = Some(alarm);
            return place;
        }
        self.alarms.all.push(Some(alarm));
        self.alarms.all.len() - 1
    }

    pub(super) fn drop_alarm(&mut self, place: usize) -> Option<Alarm> {
        self.alarms.free.push(place);
        self.alarms.all[place].take()
    }

    pub(super) fn set_alarm(&mut self, place: usize, at: Time) {
        if let Some(Some(alarm)) = self.alarms.all.get_mut(place) {
            alarm.at = Some(at);
        }
        self.schedule(place);
    }

    /// Whether it rings; if not, whoever waits for it is woken when it does. Gives back the waker that was there before.
    pub(super) fn poll_alarm(&mut self, place: usize, waker: &Waker) -> (bool, Option<Waker>) {
        let Some(Some(alarm)) = self.alarms.all.get(place) else { return (false, None) };
        let now = self.clock(alarm.node);
        let Some(Some(alarm)) = self.alarms.all.get_mut(place) else { return (false, None) };
        if alarm.at.is_some_and(|at| at <= now) {
            return (true, alarm.waker.take());
        }
        (false, keep(&mut alarm.waker, waker))
    }

    /// Puts an alarm on the agenda, unless it is there early enough.
    fn schedule(&mut self, place: usize) {
        let Self { machines, alarms, agenda, now, .. } = self;
        let Some(Some(alarm)) = alarms.all.get_mut(place) else { return };
        let Some(at) = alarm.at else { return };
        let at = alarm.node.map_or(at, |node| machines[node.0].clock.world(at)).max(*now);
        if alarm.scheduled.is_none_or(|scheduled| scheduled > at) {
            alarm.scheduled = Some(at);
            agenda.put(at, Due::Alarm(place));
        }
    }

    pub(super) fn ring(&mut self, place: usize, wakers: &mut Vec<Waker>) {
        let now = self.now;
        let Some(Some(alarm)) = self.alarms.all.get(place) else { return };
        if alarm.scheduled.is_none_or(|scheduled| scheduled > now) {
            return;
        }
        let (node, is_due) = (alarm.node, alarm.at.is_some_and(|at| at <= self.clock(alarm.node)));
        if let Some(Some(alarm)) = self.alarms.all.get_mut(place) {
            alarm.scheduled = None;
            if is_due {
                wakers.extend(alarm.waker.take());
                return;
            }
        }
        // It was set to a later time since; or its clock sleeps, and when it goes on is when to look again.
        if node.is_none_or(|node| !self.sleeps(node)) {
            self.schedule(place);
        }
    }

    pub(super) fn pause(&mut self, node: NodeId, until: Time, freezes_clock: bool) {
        let now = self.now;
        let machine = self.machine(node);
        if machine.sleeps_until.is_none_or(|before| before < until) && until > now {
            if freezes_clock && machine.sleeps_until.is_none() {
                machine.clock.stop(now);
            }
            machine.sleeps_until = Some(until);
            self.agenda.put(until, Due::GoOn(node));
        }
    }

    pub(super) fn go_on(&mut self, node: NodeId, wakers: &mut Vec<Waker>) {
        let now = self.now;
        let machine = self.machine(node);
        if machine.sleeps_until.take_if(|until| *until <= now).is_none() {
            return;
        }
        machine.clock.go_on(now);
        self.orders.push(Order::GoOn);
        for place in 0..self.alarms.all.len() {
            if let Some(Some(alarm)) = self.alarms.all.get_mut(place)
                && alarm.node == Some(node)
            {
                alarm.scheduled = Some(now);
                self.ring(place, wakers);
            }
        }
    }
}
