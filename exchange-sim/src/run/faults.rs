//! What goes wrong in a run, when, and how it ends.

use std::time::Duration;

use exchange_core::Time;

use super::{Run, Watch, ms};
use crate::{
    chat::ChatNode,
    check::HOST,
    marks::Mark,
    net::{ConnId, Door, NodeId, Pace, Side, Socket},
    random::Random,
    scenario::{Intrusion, Toward, Trouble},
};

/// Something that is done to the world.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// A fault begins, or ends.
    Begin(usize),
    End(usize),
    /// The path to a client is clogged, or freed.
    Clog(usize),
    Free(usize),
}

impl Run<'_> {
    /// All that is done to the world while things go wrong, in order.
    pub(super) fn plan(&self) -> Vec<(Time, Action)> {
        let mut plan = Vec::new();
        let end = ms(self.scenario.trouble_ms);
        for (number, fault) in self.scenario.faults.iter().enumerate() {
            let from = ms(fault.at_ms);
            plan.push((from, Action::Begin(number)));
            if fault.for_ms > 0 {
                plan.push((from + Duration::from_millis(fault.for_ms.into()), Action::End(number)));
            }
            if let Trouble::Swizzle { clog, free } = &fault.trouble {
                let half = Duration::from_millis(u64::from(fault.for_ms) / 2);
                for (begin, clients, act) in
                    [(from, clog, Action::Clog as fn(usize) -> Action), (from + half, free, Action::Free)]
                {
                    for (turn, client) in (0..).zip(clients) {
                        plan.push((begin + half * turn / u32::try_from(clients.len()).unwrap_or(1), act(*client)));
                    }
                }
            }
        }
        plan.retain(|(at, _)| *at < end);
        plan.sort_by_key(|(at, _)| *at);
        plan
    }

    pub(super) fn does(&mut self, action: Action) {
        match action {
            Action::Begin(number) => {
                let fault = &self.scenario.faults[number];
                let lasts = fault.for_ms > 0 || matches!(fault.trouble, Trouble::Disk { .. });
                self.active.extend(lasts.then_some(number));
                if self.active.len() > 1 {
                    self.hit(Mark::TwoFaultsAtOnce);
                }
                self.begin(number);
            }
            Action::End(number) => {
                if self.active.remove(&number) {
                    self.end(number);
                }
            }
            Action::Clog(client) => self.block(client, Toward::Both),
            Action::Free(client) => self.unblock(client, Toward::Both),
        }
    }

    fn begin(&mut self, number: usize) {
        let scenario = self.scenario;
        let fault = &scenario.faults[number];
        let now = self.world.now();
        match fault.trouble {
            Trouble::Break { client, client_ms, host_ms } => {
                if let Some(conn) = self.newest(client) {
                    let after = |millis: Option<u32>| millis.map(|millis| Duration::from_millis(millis.into()));
                    self.world.net_mut().break_conn(now, conn, after(client_ms), after(host_ms));
                    self.watch(conn, client, client_ms.is_none(), host_ms.is_none());
                }
            }
            Trouble::HalfClose { client, by_host } => {
                // Whoever has not been there yet believes what is said before the first handshake.
                let was_there = self.world.node(NodeId(client)).and_then(ChatNode::as_client);
                let was_there = was_there.is_some_and(|client| client.session().is_some());
                if let Some(conn) = self.newest(client).filter(|_| was_there) {
                    let side = if by_host { Side::Acceptor } else { Side::Dialer };
                    self.world.net_mut().half_close(now, conn, side);
                }
            }
            Trouble::Hole { client, to_host, to_client } => {
                if let Some(conn) = self.newest(client) {
                    for (side, _) in [(Side::Acceptor, to_host), (Side::Dialer, to_client)].iter().filter(|(_, on)| *on)
                    {
                        self.world.net_mut().hole(conn, *side);
                    }
                    self.watch(conn, client, to_client, to_host);
                }
            }
            Trouble::Meddle { client, to_host, how } => {
                if let Some(conn) = self.newest(client) {
                    let side = if to_host { Side::Acceptor } else { Side::Dialer };
                    self.world.net_mut().meddle(conn, side, how);
                }
            }
            Trouble::Partition { ref clients, toward } => clients.iter().for_each(|client| self.block(*client, toward)),
            Trouble::Swizzle { .. } => {}
            Trouble::Door { dead } => {
                self.closed_doors += 1;
                self.world.net_mut().set_door(HOST, Some(if dead { Door::Dead } else { Door::Closed }));
            }
            Trouble::Reader { client, at_host, pace } => {
                self.slow.extend((!at_host).then_some(client));
                self.disturb(if at_host { HOST } else { NodeId(client) });
                self.set_pace(client, at_host, Some(pace));
            }
            Trouble::Crash { node, memory, power } => self.crash(NodeId(node), memory, power),
            Trouble::Sleep { node, clock } => {
                self.hit(if clock { Mark::SleptWithClock } else { Mark::SleptWithoutClock });
                self.disturb(NodeId(node));
                let until = now + Duration::from_millis(fault.for_ms.into());
                self.world.pause(NodeId(node), until, clock);
            }
            Trouble::Slow { node, micros } => {
                self.disturb(NodeId(node));
                self.world.slow_down(NodeId(node), Duration::from_micros(micros.into()));
            }
            Trouble::WallClock { node, by_ms } => {
                if node == HOST.0 && by_ms < 0 {
                    self.hit(Mark::WallClockSetBack);
                }
                self.world.clock_mut(NodeId(node)).step_wall(by_ms);
            }
            Trouble::Disk { write, how } => self.arm_disk(write, how),
            Trouble::Weather(ref weather) => self.world.net_mut().set_weather(weather.clone()),
        }
    }

    fn end(&mut self, number: usize) {
        let scenario = self.scenario;
        match scenario.faults[number].trouble {
            Trouble::Partition { ref clients, toward } => {
                for &client in clients {
                    let survives = self.newest(client).is_some();
                    self.unblock(client, toward);
                    if survives {
                        self.hit(Mark::SurvivedPartition);
                    }
                }
            }
            Trouble::Door { .. } => {
                self.closed_doors -= 1;
                if self.closed_doors == 0 {
                    self.world.net_mut().set_door(HOST, None);
                }
            }
            Trouble::Reader { client, at_host, .. } => {
                self.disturb(if at_host { HOST } else { NodeId(client) });
                self.set_pace(client, at_host, None);
            }
            Trouble::Crash { node, .. } => self.restart(NodeId(node)),
            Trouble::Disk { .. } => self.mend_disk(),
            Trouble::Slow { node, .. } => {
                self.disturb(NodeId(node));
                self.world.slow_down(NodeId(node), Duration::ZERO);
            }
            Trouble::Weather(_) => self.world.net_mut().set_weather(scenario.weather.clone()),
            Trouble::Swizzle { ref free, .. } => free.iter().for_each(|client| self.unblock(*client, Toward::Both)),
            Trouble::Sleep { node, .. } => {
                self.disturb(NodeId(node));
                self.world.wake(NodeId(node));
            }
            Trouble::Break { .. }
            | Trouble::HalfClose { .. }
            | Trouble::Hole { .. }
            | Trouble::Meddle { .. }
            | Trouble::WallClock { .. } => {}
        }
    }

    /// For the host and the core, the faults end. Everybody else stays in trouble, or gets into it now.
    pub(super) fn heal(&mut self) {
        for number in std::mem::take(&mut self.active) {
            self.end(number);
        }
        for client in 1..=self.scenario.clients.len() {
            while self.world.net().is_blocked(HOST, NodeId(client)) {
                self.unblock(client, Toward::Clients);
            }
            while self.world.net().is_blocked(NodeId(client), HOST) {
                self.unblock(client, Toward::Host);
            }
        }
        let mut random = Random::new(self.scenario.seed, "outside the core", 0);
        for (number, intruder) in self.scenario.intruders.iter().enumerate() {
            // Some go on; but who may hold on to every place for newcomers keeps them out for as long as it likes.
            let host = &self.scenario.host;
            let may_take_all = host.half_open_each.is_none();
            let takes_all = match intruder.how {
                _ if !may_take_all => false,
                Intrusion::Slow(links) => links * 2 > host.half_open,
                Intrusion::Garbage(every) | Intrusion::Replay(_, every) => {
                    host.handshake_ms * 2 > every * host.half_open
                }
                Intrusion::Deaf(_) | Intrusion::Mangle(_) | Intrusion::Outsider { .. } => false,
            };
            // And who comes and goes all the time leaves nobody time to agree on who is there.
            let comes_and_goes = matches!(intruder.how, Intrusion::Deaf(_));
            if takes_all || comes_and_goes || random.chance(500) {
                let node = NodeId(self.scenario.clients.len() + 1 + number);
                self.world.crash(node);
                let now = self.world.now();
                self.world.net_mut().reset_all(now, node);
            }
        }
        for client in (1..=self.scenario.clients.len()).filter(|client| !self.scenario.core.contains(client)) {
            match random.up_to(3) {
                0 => self.block(client, Toward::Both),
                1 => self.block(client, Toward::Clients),
                2 => self.set_pace(client, false, Some(Pace::Paused)),
                _ => self.crash(NodeId(client), false, random.chance(500)),
            }
        }
    }

    /// A client's newest connection that stands.
    fn newest(&self, client: usize) -> Option<ConnId> {
        self.world.net().between(NodeId(client), HOST).last()
    }

    /// Whoever still holds an end of a dead connection has to find out.
    fn watch(&mut self, conn: ConnId, client: usize, at_client: bool, at_host: bool) {
        let heartbeats = Duration::from_millis(u64::from(self.scenario.host.heartbeat_ms) * 3);
        let by = self.world.now() + heartbeats.max(Duration::from_secs(10)) + super::SLACK;
        for (side, node, on) in [(Side::Dialer, NodeId(client), at_client), (Side::Acceptor, HOST, at_host)] {
            // Who reads or thinks slowly goes on hearing what came before.
            let is_slow = self.world.is_slow(node)
                || self.world.net().is_paced(node, if side == Side::Dialer { HOST } else { NodeId(client) });
            if on && !is_slow {
                let disturbed = self.disturbed.get(&node).copied().unwrap_or_default();
                self.watches.push(Watch { by, node, socket: Socket { conn, side }, disturbed });
            }
        }
    }

    pub(super) fn disturb(&mut self, node: NodeId) {
        *self.disturbed.entry(node).or_default() += 1;
    }

    fn set_pace(&mut self, client: usize, at_host: bool, pace: Option<Pace>) {
        let (reader, writer) = if at_host { (HOST, NodeId(client)) } else { (NodeId(client), HOST) };
        self.world.net_mut().set_pace(reader, writer, pace);
    }

    fn block(&mut self, client: usize, toward: Toward) {
        for (from, to) in paths(client, toward) {
            self.world.net_mut().block(from, to);
        }
    }

    fn unblock(&mut self, client: usize, toward: Toward) {
        let now = self.world.now();
        for (from, to) in paths(client, toward) {
            self.world.net_mut().unblock(now, from, to);
        }
    }
}

fn paths(client: usize, toward: Toward) -> impl Iterator<Item = (NodeId, NodeId)> {
    let up = (toward != Toward::Clients).then_some((NodeId(client), HOST));
    let down = (toward != Toward::Host).then_some((HOST, NodeId(client)));
    up.into_iter().chain(down)
}
