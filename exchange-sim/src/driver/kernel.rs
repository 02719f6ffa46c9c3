//! What all the handles of one simulation share: the network, the machines with their clocks and ports, and everything
//! that waits for something of them.
//!
//! It is behind one lock, which nobody holds while a waker is woken or a task is dropped.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use exchange_core::Time;

use super::{
    alarms::Alarms,
    executor::Running,
    multicast::{Beat, Domain, Packet},
};
use crate::{
    agenda::Agenda,
    clock::Clock,
    digest::Digest,
    net::{ConnId, Net, NodeId, Notice, Side, Socket, Weather},
    random::Random,
};

/// As long as Linux tries to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(130);

/// The first of the ports that are given to those who do not choose.
const FREE_PORTS: u16 = 49_152;

#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Kernel>>);

#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) seed: u64,
    pub(super) now: Time,
    pub(super) net: Net,
    pub(super) machines: Vec<Machine>,
    pub(super) domain: Domain,
    pub(super) agenda: Agenda<Due>,
    /// What the executor has to do before anything else.
    pub(super) orders: Vec<Order>,
    ports: BTreeMap<ConnId, Ports>,
    pub(super) alarms: Alarms,
    digest: Digest,
}

/// What happens at a time that was foreseen, beside the network's own affairs.
#[derive(Debug)]
pub(super) enum Due {
    Alarm(usize),
    GiveUpConnecting(Socket),
    GoOn(NodeId),
    Packet(NodeId, Packet),
    Beat(NodeId, Beat),
}

pub(super) enum Order {
    Spawn { node: Option<NodeId>, name: String, future: Running },
    Kill(NodeId),
    GoOn,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Spawn { name, .. } => f.debug_tuple("Spawn").field(name).finish(),
            Self::Kill(node) => f.debug_tuple("Kill").field(node).finish(),
            Self::GoOn => f.write_str("GoOn"),
        }
    }
}

/// A machine, beside what the network knows of it.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) clock: Clock,
    /// What programs on it draw their seeds from.
    pub(super) random: Random,
    /// Who hosts what is hosted on it, also after a crash.
    pub(super) identity: [u8; 32],
    pub(super) listeners: BTreeMap<u16, Listening>,
    pub(super) sleeps_until: Option<Time>,
    pub(super) is_off: bool,
    /// How often it has crashed: what was held before must not touch what is held now.
    pub(super) crashes: u32,
    next_port: u16,
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) ip: IpAddr,
    /// Connections, each with the address that it comes from.
    pub(super) accepted: VecDeque<(Socket, IpAddr)>,
    pub(super) waker: Option<Waker>,
}

/// A connection, beside what the network knows of it.
#[derive(Debug)]
struct Ports {
    port: u16,
    is_loopback: bool,
    /// Nobody listened at that port, though somebody did at another.
    is_refused: bool,
    ends: [End; 2],
}

/// One end of a connection, as whoever holds it waits for it.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) stage: Stage,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Connecting,
    Connected,
    Refused,
    TimedOut,
    /// The machine that held it has crashed.
    Dead,
}

impl Shared {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Kernel {
            seed,
            now: Time::ZERO,
            net: Net::new(seed, Weather::calm()),
            machines: Vec::new(),
            domain: Domain::default(),
            agenda: Agenda::default(),
            orders: Vec::new(),
            ports: BTreeMap::new(),
            alarms: Alarms::default(),
            digest: Digest::default(),
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Kernel> {
        // A task that panics ends the run; what it has left is only looked at to say so.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kernel {
    pub(super) fn add(&mut self, name: &str, clock: Clock) -> NodeId {
        let node = self.net.add();
        let random = Random::new(self.seed, "machine", node.0 as u64);
        let mut identity = [0; 32];
        Random::new(self.seed, "identity", node.0 as u64).fill(&mut identity);
        self.domain.add(self.seed, node);
        self.machines.push(Machine {
            name: name.into(),
            clock,
            random,
            identity,
            listeners: BTreeMap::new(),
            sleeps_until: None,
            is_off: false,
            crashes: 0,
            next_port: FREE_PORTS,
        });
        node
    }

    pub(super) fn machine(&mut self, node: NodeId) -> &mut Machine {
        &mut self.machines[node.0]
    }

    pub(super) fn sleeps(&self, node: NodeId) -> bool {
        self.machines[node.0].sleeps_until.is_some()
    }

    /// What a clock shows: a machine's, or the world's.
    pub(super) fn clock(&self, node: Option<NodeId>) -> Time {
        node.map_or(self.now, |node| self.machines[node.0].clock.local(self.now))
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest.value()
    }

    pub(super) fn polled(&mut self, place: usize) {
        self.digest.step(self.now, NodeId(place), 1);
    }

    pub(super) fn moved(&mut self, socket: Socket, bytes: &[u8]) {
        self.digest.sent(self.now, socket, bytes);
    }

    /// When something happens next, if anything does.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.net.next_at().into_iter().chain(self.agenda.next_at()).min()
    }

    /// Does everything that is due, and puts whoever has to be woken for it into `wakers`.
    pub(super) fn deliver(&mut self, wakers: &mut Vec<Waker>) {
        loop {
            if let Some(notice) = self.net.next(self.now) {
                self.notice(notice, wakers);
            } else if let Some((_, due)) = self.agenda.pop(self.now) {
                match due {
                    Due::Alarm(alarm) => self.ring(alarm, wakers),
                    Due::GiveUpConnecting(socket) => self.settle(socket, Stage::TimedOut, wakers),
                    Due::GoOn(node) => self.go_on(node, wakers),
                    Due::Packet(node, packet) => self.packet(node, packet, wakers),
                    Due::Beat(node, beat) => self.beat(node, beat, wakers),
                }
            } else {
                return;
            }
        }
    }

    fn notice(&mut self, notice: Notice, wakers: &mut Vec<Waker>) {
        match notice {
            Notice::Accepted { socket, from } => self.accepted(socket, from, wakers),
            Notice::Connected { socket } => {
                let is_refused = self.ports(socket).is_some_and(|ports| ports.is_refused);
                self.settle(socket, if is_refused { Stage::Refused } else { Stage::Connected }, wakers);
            }
            Notice::Refused { socket } => self.settle(socket, Stage::Refused, wakers),
            Notice::Readable { socket } => wakers.extend(self.end(socket).and_then(|end| end.reader.take())),
            Notice::Writable { socket } => wakers.extend(self.end(socket).and_then(|end| end.writer.take())),
        }
    }
}

/// Connections.
impl Kernel {
    pub(super) fn connect(&mut self, from: NodeId, to: NodeId, port: u16, is_loopback: bool) -> Socket {
        let socket = self.net.connect(self.now, from, to);
        let ends = [End::default(), End { stage: Stage::Connected, ..End::default() }];
        self.ports.retain(|conn, _| self.net.node(Socket { conn: *conn, side: Side::Dialer }).is_some());
        self.ports.insert(socket.conn, Ports { port, is_loopback, is_refused: false, ends });
        self.agenda.put(self.now + CONNECT_TIMEOUT, Due::GiveUpConnecting(socket));
        socket
    }

    fn ports(&mut self, socket: Socket) -> Option<&mut Ports> {
        self.ports.get_mut(&socket.conn)
    }

    pub(super) fn end(&mut self, socket: Socket) -> Option<&mut End> {
        self.ports(socket).map(|ports| &mut ports.ends[usize::from(socket.side == Side::Acceptor)])
    }

    /// Connecting has come to something, if it had not before.
    fn settle(&mut self, socket: Socket, stage: Stage, wakers: &mut Vec<Waker>) {
        if let Some(end) = self.end(socket)
            && end.stage == Stage::Connecting
        {
            end.stage = stage;
            wakers.extend(end.reader.take());
        }
    }

    fn accepted(&mut self, socket: Socket, from: NodeId, wakers: &mut Vec<Waker>) {
        let Some((port, is_loopback)) = self.ports(socket).map(|ports| (ports.port, ports.is_loopback)) else { return };
        let Some(node) = self.net.node(socket) else { return };
        let listening = self.machines[node.0].listeners.get_mut(&port);
        if let Some(listening) = listening.filter(|listening| is_loopback || !listening.ip.is_loopback()) {
            let from = if is_loopback { Ipv4Addr::LOCALHOST.into() } else { from.address() };
            listening.accepted.push_back((socket, from));
            wakers.extend(listening.waker.take());
            return;
        }
        if let Some(ports) = self.ports(socket) {
            ports.is_refused = true;
        }
        self.net.release(self.now, socket);
    }

    /// A port that is free, or this one if it is.
    pub(super) fn take_port(&mut self, node: NodeId, ip: IpAddr, port: u16) -> Option<u16> {
        let machine = self.machine(node);
        let mut chosen = port;
        while chosen == 0 || (port == 0 && machine.listeners.contains_key(&chosen)) {
            chosen = machine.next_port;
            machine.next_port = machine.next_port.checked_add(1).unwrap_or(FREE_PORTS);
        }
        if machine.listeners.contains_key(&chosen) {
            return None;
        }
        machine.listeners.insert(chosen, Listening { ip, accepted: VecDeque::new(), waker: None });
        self.listens(node);
        Some(chosen)
    }

    /// Whoever listened there, after so many crashes of the machine, listens no more.
    pub(super) fn free_port(&mut self, node: NodeId, port: u16, crashes: u32) {
        if self.machine(node).crashes == crashes
            && let Some(listening) = self.machine(node).listeners.remove(&port)
        {
            for (socket, _) in listening.accepted {
                self.net.release(self.now, socket);
            }
        }
        self.listens(node);
    }

    fn listens(&mut self, node: NodeId) {
        self.net.listen(node, !self.machines[node.0].listeners.is_empty());
    }

    /// What ran on a machine is gone. The others are told so by its operating system, unless its power has failed too.
    pub(super) fn crash(&mut self, node: NodeId, power: bool, wakers: &mut Vec<Waker>) {
        for (conn, ports) in &mut self.ports {
            for side in [Side::Dialer, Side::Acceptor] {
                if self.net.node(Socket { conn: *conn, side }) == Some(node) {
                    let end = &mut ports.ends[usize::from(side == Side::Acceptor)];
                    end.stage = Stage::Dead;
                    wakers.extend(end.reader.take().into_iter().chain(end.writer.take()));
                }
            }
        }
        if power {
            self.net.power_off(node);
        } else {
            self.net.reset_all(self.now, node);
        }
        let machine = self.machine(node);
        machine.is_off = power;
        machine.crashes += 1;
        machine.listeners.clear();
        self.listens(node);
        self.domain.forget(node);
        self.orders.push(Order::Kill(node));
    }
}

/// Keeps a waker; gives back the one that was kept before, to be dropped where nothing is locked.
pub(super) fn keep(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match place {
        Some(kept) if kept.will_wake(waker) => None,
        place => place.replace(waker.clone()),
    }
}
