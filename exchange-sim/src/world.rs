//! A world of nodes on one network, and its time, which jumps from one event to the next.

use std::{collections::VecDeque, time::Duration};

use exchange_core::Time;

use crate::{
    agenda::{Agenda, earliest},
    clock::Clock,
    digest::Digest,
    net::{Net, NodeId, Notice, Weather},
    node::{Happening, Io, Node},
};

/// Nodes, their clocks, the network between them, and what is going to happen.
#[derive(Debug)]
pub struct World<N: Node> {
    now: Time,
    net: Net,
    slots: Vec<Slot<N>>,
    /// When each alarm rings, as of when it was set: those that were moved since are passed over.
    alarms: Agenda<NodeId>,
    commands: Agenda<(NodeId, N::Command)>,
    digest: Option<Digest>,
    events: u64,
}

#[derive(Debug)]
struct Slot<N: Node> {
    /// What runs there; nothing while it is down.
    node: Option<N>,
    clock: Clock,
    /// When its alarm rings by its own clock, and by the world's.
    alarm: Option<Time>,
    rings_at: Option<Time>,
    pause: Option<Pause>,
    /// How long the machine needs for each event, and until when it is busy with the last one.
    slowness: Duration,
    busy_until: Time,
    /// What happened while it was asleep or busy.
    backlog: VecDeque<Happening<N::Command>>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Time,
    freezes_clock: bool,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// To which node.
    pub node: NodeId,
}

impl<N: Node> Slot<N> {
    /// Whether there is nothing that keeps it from what happens now.
    fn is_at_leisure(&self, now: Time) -> bool {
        self.node.is_some() && self.pause.is_none() && self.busy_until <= now && self.backlog.is_empty()
    }
}

impl<N: Node> World<N> {
    /// A world without nodes.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            now: Time::ZERO,
            net: Net::new(seed, weather),
            slots: Vec::new(),
            alarms: Agenda::default(),
            commands: Agenda::default(),
            digest: None,
            events: 0,
        }
    }

    /// From now on keeps a digest of all that happens.
    pub fn keep_digest(&mut self) {
        self.digest = Some(Digest::default());
    }

    /// The digest, if one is kept.
    pub fn digest(&self) -> Option<u64> {
        self.digest.as_ref().map(Digest::value)
    }

    /// How many events there have been.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Adds a machine, and starts what runs on it.
    pub fn add(&mut self, node: N, clock: Clock) -> NodeId {
        let id = self.net.add();
        self.slots.push(Slot {
            node: Some(node),
            clock,
            alarm: None,
            rings_at: None,
            pause: None,
            slowness: Duration::ZERO,
            busy_until: Time::ZERO,
            backlog: VecDeque::new(),
        });
        self.happens(id, Happening::Start);
        id
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The network, to do something to it.
    pub fn net_mut(&mut self) -> &mut Net {
        &mut self.net
    }

    /// What runs on a machine; `None` while nothing does.
    pub fn node(&self, id: NodeId) -> Option<&N> {
        self.slots.get(id.0)?.node.as_ref()
    }

    /// What runs on a machine, to look at it more closely; what it is to do, it is told by a [`command`](Self::command).
    pub fn node_mut(&mut self, id: NodeId) -> Option<&mut N> {
        self.slots.get_mut(id.0)?.node.as_mut()
    }

    /// The machines.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<N> {
        (0..self.slots.len()).map(NodeId)
    }

    /// A machine's clock.
    pub fn clock(&self, id: NodeId) -> &Clock {
        &self.slots[id.0].clock
    }

    /// A machine's clock, to set the one on its wall.
    pub fn clock_mut(&mut self, id: NodeId) -> &mut Clock {
        &mut self.slots[id.0].clock
    }

    /// Has a node do something at some time.
    pub fn command(&mut self, at: Time, node: NodeId, command: N::Command) {
        self.commands.put(at.max(self.now), (node, command));
    }

    /// Takes what runs on a machine away: it has crashed. What it leaves on the network is [`Net`]'s affair.
    pub fn crash(&mut self, id: NodeId) -> Option<N> {
        let slot = self.slots.get_mut(id.0)?;
        (slot.alarm, slot.rings_at) = (None, None);
        slot.backlog.clear();
        slot.node.take()
    }

    /// Puts something else, or the same again, on a machine, and starts it.
    pub fn restart(&mut self, id: NodeId, node: N) {
        self.slots[id.0].node = Some(node);
        self.happens(id, Happening::Start);
    }

    /// A machine sleeps until then: nothing happens to it, then everything at once. Its monotonic clock may sleep too.
    pub fn pause(&mut self, id: NodeId, until: Time, freezes_clock: bool) {
        let slot = &mut self.slots[id.0];
        if slot.pause.is_some_and(|pause| pause.until >= until) || until <= self.now {
            return;
        }
        let freezes_clock = slot.pause.map_or(freezes_clock, |pause| pause.freezes_clock);
        if freezes_clock && slot.pause.is_none() {
            slot.clock.stop(self.now);
        }
        slot.pause = Some(Pause { until, freezes_clock });
        slot.rings_at = Some(until);
        self.alarms.put(until, id);
    }

    /// A machine that sleeps is woken before its time.
    pub fn wake(&mut self, id: NodeId) {
        let now = self.now;
        let slot = &mut self.slots[id.0];
        if let Some(pause) = &mut slot.pause {
            pause.until = now;
            slot.rings_at = Some(now);
            self.alarms.put(now, id);
        }
    }

    /// Whether a machine sleeps.
    pub fn is_paused(&self, id: NodeId) -> bool {
        self.slots[id.0].pause.is_some()
    }

    /// Whether a machine needs time for each event.
    pub fn is_slow(&self, id: NodeId) -> bool {
        self.slots[id.0].slowness > Duration::ZERO
    }

    /// From now on a machine needs that long for each event.
    pub fn slow_down(&mut self, id: NodeId, per_event: Duration) {
        self.slots[id.0].slowness = per_event;
    }

    /// Does the next thing, if it is due by then, and tells what it was. Without one, it is `until` now.
    pub fn step(&mut self, until: Time) -> Option<Step> {
        loop {
            let (net, alarm, command) = (self.net.next_at(), self.alarms.next_at(), self.commands.next_at());
            let Some(at) = earliest(earliest(net, alarm), command).filter(|at| *at <= until) else {
                self.now = self.now.max(until);
                return None;
            };
            self.now = self.now.max(at);
            let (node, happening) = if net == Some(at) {
                let Some(notice) = self.net.next(self.now) else { continue };
                let Some(node) = self.net.node(notice.socket()) else { continue };
                (node, Happening::Notice(notice))
            } else if alarm == Some(at) {
                let Some((at, node)) = self.alarms.pop(self.now) else { continue };
                if self.slots[node.0].rings_at != Some(at) {
                    continue;
                }
                self.slots[node.0].rings_at = None;
                (node, Happening::Alarm)
            } else {
                let Some((_, (node, command))) = self.commands.pop(self.now) else { continue };
                (node, Happening::Command(command))
            };
            if self.happens(node, happening) {
                return Some(Step { at: self.now, node });
            }
        }
    }

    /// Does everything that is due by then.
    pub fn run_until(&mut self, until: Time) {
        while self.step(until).is_some() {}
    }

    /// Whether the node was told anything; if not, it is down, or has something else to do.
    fn happens(&mut self, id: NodeId, happening: Happening<N::Command>) -> bool {
        let next = if self.slots[id.0].is_at_leisure(self.now) {
            happening
        } else if let Some(next) = self.put_off(id, happening) {
            next
        } else {
            return false;
        };
        let slot = &self.slots[id.0];
        let is_due = || slot.alarm.is_some_and(|at| at <= slot.clock.local(self.now));
        let is_told = !matches!(next, Happening::Alarm) || is_due();
        if is_told {
            self.tell(id, next);
        }
        self.set_alarm(id);
        is_told
    }

    /// Something happens to a machine that may be down, asleep, or busy with what happened before: what is next for it,
    /// if it has time for anything.
    fn put_off(&mut self, id: NodeId, happening: Happening<N::Command>) -> Option<Happening<N::Command>> {
        let now = self.now;
        let slot = &mut self.slots[id.0];
        if slot.node.is_none() {
            // Somebody connects to a machine whose program is down but whose door was left open.
            if let Happening::Notice(Notice::Accepted { socket, .. }) = happening {
                self.net.release(now, socket);
            }
            return None;
        }
        if let Some(pause) = slot.pause {
            if now < pause.until {
                slot.backlog.push_back(happening);
                return None;
            }
            slot.pause = None;
            if pause.freezes_clock {
                slot.clock.go_on(now);
            }
        }
        if now < slot.busy_until {
            if slot.backlog.is_empty() {
                slot.rings_at = Some(slot.busy_until);
                self.alarms.put(slot.busy_until, id);
            }
            slot.backlog.push_back(happening);
            return None;
        }
        if slot.backlog.is_empty() {
            return Some(happening);
        }
        // One at a time, in order: whoever watches sees what came of each.
        if !matches!(happening, Happening::Alarm) {
            slot.backlog.push_back(happening);
        }
        slot.backlog.pop_front()
    }

    fn tell(&mut self, id: NodeId, happening: Happening<N::Command>) {
        let Self { now, net, slots, digest, events, .. } = self;
        let slot = &mut slots[id.0];
        let Some(node) = &mut slot.node else { return };
        *events += 1;
        if let Some(digest) = digest {
            digest.step(*now, id, kind(&happening));
        }
        let (clock, alarm, digest) = (&slot.clock, &mut slot.alarm, digest.as_mut());
        node.handle(happening, &mut Io { net, node: id, world: *now, clock, alarm, digest });
        if slot.slowness > Duration::ZERO {
            slot.busy_until = *now + slot.slowness;
        }
    }

    /// Puts the node's alarm, or the end of what keeps it busy, on the agenda, unless it is there.
    fn set_alarm(&mut self, id: NodeId) {
        let slot = &mut self.slots[id.0];
        let alarm = slot.alarm.map(|at| slot.clock.world(at).max(self.now));
        let rings_at = if slot.backlog.is_empty() { alarm } else { Some(slot.busy_until.max(self.now)) };
        if slot.rings_at != rings_at {
            slot.rings_at = rings_at;
            if let Some(at) = rings_at {
                self.alarms.put(at, id);
            }
        }
    }
}

fn kind<C>(happening: &Happening<C>) -> u8 {
    match happening {
        Happening::Start => 0,
        Happening::Alarm => 1,
        Happening::Command(_) => 2,
        Happening::Notice(Notice::Accepted { .. }) => 3,
        Happening::Notice(Notice::Connected { .. }) => 4,
        Happening::Notice(Notice::Refused { .. }) => 5,
        Happening::Notice(Notice::Readable { .. }) => 6,
        Happening::Notice(Notice::Writable { .. }) => 7,
    }
}
