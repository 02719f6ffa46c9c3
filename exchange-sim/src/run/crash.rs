//! How machines die, what is left of them, and how they are started again.

use exchange_core::{Client, ClientConfig, Host, Identity};

use super::{Attention, Result, Run};
use crate::{
    chat::{ChatNode, Disk},
    check::{HOST, Invariant},
    marks::Mark,
    net::NodeId,
    report::Violation,
    scenario::DiskFault,
    world::Step,
};

/// What is left on a machine that is down.
#[derive(Debug)]
pub(super) enum Left {
    Nothing,
    /// What its program will remember.
    Program(Box<ChatNode>),
    /// What its program has kept.
    Disk(Box<Disk>),
}

impl Run<'_> {
    pub(super) fn crash(&mut self, node: NodeId, memory: bool, power: bool) {
        if self.down.contains_key(&node) || node.0 > self.scenario.clients.len() {
            return;
        }
        let now = self.world.now();
        let left = self.world.crash(node);
        let net = self.world.net_mut();
        if power {
            net.power_off(node);
        } else {
            net.reset_all(now, node);
        }
        if power {
            self.hit(Mark::PowerFailed);
        }
        let keeps = left.as_ref().is_some_and(|program| program.disk().is_some());
        self.hit(match (node == HOST, memory) {
            (true, true) => Mark::HostRemembered,
            (true, false) if keeps => Mark::HostRestored,
            (true, false) => Mark::HostForgot,
            (false, true) => Mark::ClientRemembered,
            (false, false) if keeps => Mark::ClientRestored,
            (false, false) => Mark::ClientForgot,
        });
        self.disturb(node);
        let left = match left {
            // Who could keep nothing any more has ended, and remembering that is no use.
            Some(program) if memory && !program.disk().is_some_and(Disk::has_failed) => {
                Left::Program(Box::new(program))
            }
            Some(program) => program.into_disk().map_or(Left::Nothing, |disk| self.leaves(node, disk)),
            None => Left::Nothing,
        };
        self.down.insert(node, left);
    }

    /// A machine has died, and leaves its disk.
    fn leaves(&mut self, node: NodeId, mut disk: Disk) -> Left {
        let now = self.world.now();
        let remains = disk.crash(self.world.clock(node).local(now));
        if self.attention != Attention::End {
            let lost = if node == HOST { self.oracle.lost(remains) } else { self.oracle.client_lost(node, remains) };
            self.note(node, lost);
        }
        Left::Disk(Box::new(disk))
    }

    fn note(&mut self, node: NodeId, check: std::result::Result<(), (Invariant, String)>) {
        if let Err((invariant, what)) = check {
            let at = self.world.now();
            let who = if node == HOST { "the host".into() } else { format!("client {node}") };
            self.wrong.get_or_insert_with(|| Violation { invariant, at, what: format!("{who}: {what}") });
        }
    }

    pub(super) fn restart(&mut self, node: NodeId) {
        let Some(left) = self.down.remove(&node) else { return };
        let now = self.world.now();
        self.world.net_mut().power_on(now, node);
        let incarnation = self.disturbed.get(&node).copied().unwrap_or_default();
        let program = match left {
            Left::Program(program) => *program,
            Left::Disk(disk) if node == HOST => self.restored(*disk, incarnation),
            Left::Disk(disk) => self.restored_client(node, *disk, incarnation),
            Left::Nothing => {
                self.oracle.forgot(node);
                match node {
                    HOST => self.host(incarnation, self.world.clock(HOST).local(now)),
                    client => self.client(client.0, incarnation),
                }
            }
        };
        self.world.restart(node, program);
        if node == HOST {
            self.is_down_by_disk = false;
            self.join_everywhere(incarnation);
            self.look_at_start();
        }
    }

    /// The host, made again of what it has kept, if it has kept anything.
    fn restored(&mut self, disk: Disk, incarnation: u64) -> ChatNode {
        let clock = self.world.clock(HOST);
        let (now, wall, wall_ms) = (self.world.now(), clock.wall(self.world.now()), clock.wall_offset_ms());
        let (local, config, seed) = (clock.local(now), self.host_config(), self.seed(0, incarnation));
        if disk.rows().is_empty() {
            self.oracle.forgot(HOST);
            return self.host_node(Host::new(config, &seed, local), Some(disk));
        }
        match Host::restore(config.clone(), &seed, local, wall, disk.rows().clone()) {
            Ok(host) => {
                if self.attention != Attention::End {
                    let restored = self.oracle.restored(&host, wall_ms);
                    self.note(HOST, restored);
                }
                self.host_node(host, Some(disk))
            }
            Err(damage) => {
                self.note(
                    HOST,
                    Err((Invariant::S35, format!("it cannot be made again of what it has kept: {damage}"))),
                );
                self.host_node(Host::new(config, &seed, local), None)
            }
        }
    }

    /// A client, made again of what it has kept, if it has kept anything.
    fn restored_client(&mut self, node: NodeId, disk: Disk, incarnation: u64) -> ChatNode {
        let seed = self.client_seed(node.0, incarnation);
        // Who it is, unless it has kept that.
        let identity = self.scenario.secured.then(|| Identity::anybody(&seed));
        let config = self.client_config(&self.scenario.clients[node.0 - 1], node.0);
        let config = ClientConfig { identity, ..config };
        if disk.rows().is_empty() {
            self.oracle.forgot(node);
            return self.client_node(node.0, Client::new(config, &seed), Some(disk));
        }
        match Client::restore(config.clone(), &seed, disk.rows().clone()) {
            Ok(client) => {
                if self.attention != Attention::End {
                    let restored = self.oracle.client_restored(node, &client);
                    self.note(node, restored);
                }
                self.client_node(node.0, client, Some(disk))
            }
            Err(damage) => {
                self.note(
                    node,
                    Err((Invariant::S36, format!("it cannot be made again of what it has kept: {damage}"))),
                );
                self.client_node(node.0, Client::new(config, &seed), None)
            }
        }
    }

    /// What a host that keeps does first is seen before it can die again.
    fn look_at_start(&mut self) {
        if self.scenario.host.keeps.is_none() || self.attention == Attention::End {
            return;
        }
        if let Some(node) = self.world.node_mut(HOST) {
            node.take_seen(&mut self.seen);
            // A machine that sleeps has not started anything yet.
            if self.seen.is_empty() {
                return;
            }
            let looked = self.look(Step { at: self.world.now(), node: HOST });
            self.wrong = self.wrong.take().or_else(|| looked.err());
        }
    }

    fn disk_mut(&mut self) -> Option<&mut Disk> {
        match self.down.get_mut(&HOST) {
            Some(Left::Disk(disk)) => Some(disk),
            Some(Left::Program(program)) => program.disk_mut(),
            Some(Left::Nothing) => None,
            None => self.world.node_mut(HOST)?.disk_mut(),
        }
    }

    pub(super) fn arm_disk(&mut self, write: u32, how: DiskFault) {
        if let Some(disk) = self.disk_mut() {
            disk.arm(write.max(1), how);
        }
        let looked = self.look_at_disk();
        self.wrong = self.wrong.take().or_else(|| looked.err());
    }

    /// Nothing happens to writes any more, and a host that came to its end by one is started again.
    pub(super) fn mend_disk(&mut self) {
        if let Some(disk) = self.disk_mut() {
            disk.disarm();
        }
        if self.world.node(HOST).and_then(ChatNode::disk).is_some_and(Disk::has_failed) {
            self.crash(HOST, false, false);
            self.is_down_by_disk = true;
        }
        if self.is_down_by_disk {
            self.restart(HOST);
        }
    }

    /// A host that its disk has killed is dead.
    pub(super) fn look_at_disk(&mut self) -> Result {
        let killed = self.world.node(HOST).and_then(ChatNode::disk).and_then(Disk::has_killed);
        if let Some(power) = killed {
            if power {
                self.hit(Mark::TornWrite);
            }
            self.crash(HOST, false, power);
            self.is_down_by_disk = true;
        }
        self.wrong.take().map_or(Ok(()), Err)
    }
}
