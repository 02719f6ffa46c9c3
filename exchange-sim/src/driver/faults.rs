//! What can be done to a simulation while it runs.

use std::{future::Future, sync::Arc, task::Waker, time::Duration};

use exchange_core::{Nick, SessionId, SessionName, Time, discovery::PeerRecord};

use super::{
    Started,
    kernel::{Kernel, Order, Shared},
    multicast::{Air, Packet, Service},
    runtime::SimRuntime,
    started,
    timer::{SimTimer, Sleep},
};
use crate::{
    net::{ConnId, Door, Pace, Side, Socket, Weather},
    random::Random,
};

/// A hold on the world of a simulation: its time, and everything that can go wrong in it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Faults {
    pub(super) shared: Shared,
}

impl Faults {
    /// What time it is in the world; machines' clocks may be off.
    pub fn now(&self) -> Time {
        self.shared.lock().now
    }

    /// Waits by the world's time.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// Waits until the world's time is this.
    pub fn sleep_until(&self, at: Time) -> Sleep {
        Sleep::new(SimTimer::new(self.shared.clone(), None), at)
    }

    /// Runs something on no machine: nothing befalls it.
    pub fn start<F>(&self, name: &str, future: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (run, started) = started::pair(future);
        let order = Order::Spawn { node: None, name: name.into(), future: Box::pin(run) };
        self.shared.lock().orders.push(order);
        started
    }

    /// What the network is like from now on.
    pub fn weather(&self, weather: Weather) {
        self.with(|kernel, _| kernel.net.set_weather(weather));
    }

    /// How multicast packets fare from now on.
    pub fn air(&self, air: Air) {
        self.with(|kernel, _| kernel.domain.air = air);
    }

    /// Nothing gets from one machine to the other or back, until it is [healed](Self::heal) as many times. Nobody is
    /// told, and what was on its way goes on then.
    pub fn partition(&self, one: &SimRuntime, other: &SimRuntime) {
        self.block(one, other);
        self.block(other, one);
    }

    /// Undoes one [`partition`](Self::partition).
    pub fn heal(&self, one: &SimRuntime, other: &SimRuntime) {
        self.unblock(one, other);
        self.unblock(other, one);
    }

    /// Nothing gets from one machine to another.
    pub fn block(&self, from: &SimRuntime, to: &SimRuntime) {
        self.with(|kernel, _| kernel.net.block(from.node, to.node));
    }

    /// Undoes one [`block`](Self::block).
    pub fn unblock(&self, from: &SimRuntime, to: &SimRuntime) {
        self.with(|kernel, _| {
            let now = kernel.now;
            kernel.net.unblock(now, from.node, to.node);
        });
    }

    /// The connections between two machines break, and each learns of it after so long, or never.
    pub fn reset(&self, one: (&SimRuntime, Option<Duration>), other: (&SimRuntime, Option<Duration>)) {
        self.with(|kernel, _| {
            let (now, conns) = (kernel.now, kernel.net.between(one.0.node, other.0.node).collect::<Vec<_>>());
            for conn in conns {
                let is_one = |side| kernel.net.node(Socket { conn, side }) == Some(one.0.node);
                let (dialer, acceptor) = if is_one(Side::Dialer) { (one.1, other.1) } else { (other.1, one.1) };
                kernel.net.break_conn(now, conn, dialer, acceptor);
            }
        });
    }

    /// From now on nothing on the present connections gets from one machine to another, and nobody is told.
    pub fn hole(&self, from: &SimRuntime, to: &SimRuntime) {
        self.each(from, to, |kernel, conn, side| kernel.net.hole(conn, side.other()));
    }

    /// One machine's direction of its present connections to another ends, as if it had said so itself.
    pub fn half_close(&self, from: &SimRuntime, to: &SimRuntime) {
        self.each(from, to, |kernel, conn, side| {
            let now = kernel.now;
            kernel.net.half_close(now, conn, side);
        });
    }

    fn each(&self, from: &SimRuntime, to: &SimRuntime, mut act: impl FnMut(&mut Kernel, ConnId, Side)) {
        self.with(|kernel, _| {
            for conn in kernel.net.between(from.node, to.node).collect::<Vec<_>>() {
                let is_dialer = kernel.net.node(Socket { conn, side: Side::Dialer }) == Some(from.node);
                act(kernel, conn, if is_dialer { Side::Dialer } else { Side::Acceptor });
            }
        });
    }

    /// How fast a machine reads what another writes.
    pub fn pace(&self, reader: &SimRuntime, writer: &SimRuntime, pace: Option<Pace>) {
        self.with(|kernel, _| kernel.net.set_pace(reader.node, writer.node, pace));
    }

    /// What becomes of those who want to connect to a machine; `None` is as whoever listens there has it.
    pub fn door(&self, node: &SimRuntime, door: Option<Door>) {
        self.with(|kernel, _| kernel.net.set_door(node.node, door));
    }

    /// All that runs on a machine dies at once, and others are told by its operating system. It can be used again at once.
    pub fn crash(&self, node: &SimRuntime) {
        self.with(|kernel, wakers| kernel.crash(node.node, false, wakers));
    }

    /// A machine loses its power: all that runs on it is gone and nobody is told.
    pub fn power_off(&self, node: &SimRuntime) {
        self.with(|kernel, wakers| kernel.crash(node.node, true, wakers));
    }

    /// A machine has power again; it tells others that it knows nothing of their connections.
    pub fn power_on(&self, node: &SimRuntime) {
        self.with(|kernel, _| {
            let now = kernel.now;
            kernel.machine(node.node).is_off = false;
            kernel.net.power_on(now, node.node);
        });
    }

    /// A machine sleeps for so long: nothing on it runs. Its monotonic clock may sleep too.
    pub fn pause(&self, node: &SimRuntime, duration: Duration, freezes_clock: bool) {
        self.with(|kernel, _| kernel.pause(node.node, kernel.now + duration, freezes_clock));
    }

    /// The clock on a machine's wall is set.
    pub fn step_clock(&self, node: &SimRuntime, by_ms: i64) {
        self.with(|kernel, _| kernel.machine(node.node).clock.step_wall(by_ms));
    }

    /// Somebody on that machine announces a session that is somebody else's, at an address of its own, for so long.
    pub fn spoof(&self, node: &SimRuntime, record: &PeerRecord, ttl: Duration) {
        let service = Service {
            session: record.session,
            txt: record.to_txt(),
            port: record.port,
            addresses: record.addresses.clone(),
            ttl,
        };
        self.with(|kernel, _| kernel.multicast(node.node, &Packet::Announce(Arc::new(service))));
    }

    /// Somebody on that machine takes back the announcement of a session that is somebody else's.
    pub fn false_goodbye(&self, node: &SimRuntime, session: SessionId) {
        self.with(|kernel, _| kernel.multicast(node.node, &Packet::Goodbye(session)));
    }

    /// Somebody on that machine announces so many sessions that do not exist, for so long each.
    pub fn flood(&self, node: &SimRuntime, sessions: u32, ttl: Duration) {
        let (Ok(name), Ok(host)) = (SessionName::new("flood"), Nick::new("nobody")) else { return };
        for n in 0..sessions {
            let mut id = [0; 16];
            Random::new(n.into(), "flood", 0).fill(&mut id);
            let mut record = PeerRecord::new(SessionId::from_bytes(id), name.clone(), host.clone(), 9);
            record.addresses.push((node.ip(), 9).into());
            self.spoof(node, &record, ttl);
        }
    }

    /// What the ends of connections are, for whoever wants to see whether two machines are connected.
    pub fn connections(&self, one: &SimRuntime, other: &SimRuntime) -> usize {
        self.shared.lock().net.between(one.node, other.node).count()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kernel, &mut Vec<Waker>) -> T) -> T {
        let mut wakers = Vec::new();
        let result = act(&mut self.shared.lock(), &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}
