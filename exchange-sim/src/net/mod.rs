//! The network: connections as byte streams with windows, latency and everything that can befall them.
//!
//! It is plain data that is told the time and keeps no clock: both layers of the simulator stand on this one model, the
//! machines' and the drivers'. A [`Socket`] is one end of a connection. What happens at one is told by a [`Notice`]; the
//! bytes are fetched with [`Net::read`], which may give fewer than there are, as sockets do.

mod faults;
mod pipe;
mod socket;
mod weather;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use exchange_core::Time;

use self::pipe::{Pipe, What};
pub use self::{
    pipe::Meddling,
    socket::{ConnId, Door, Lost, NodeId, Notice, Pace, Read, Side, Socket},
    weather::{Latency, Weather},
};
use crate::{agenda::Agenda, random::Random};

/// A network of machines.
#[derive(Debug)]
pub struct Net {
    seed: u64,
    weather: Weather,
    sites: Vec<Site>,
    /// One that is forgotten leaves no more than its place.
    conns: Vec<Option<Box<Conn>>>,
    /// Directions in which nothing gets through, by how many faults block each.
    blocked: BTreeMap<(NodeId, NodeId), u32>,
    /// How fast the first reads what the second writes.
    paces: BTreeMap<(NodeId, NodeId), Pace>,
    /// Connections that somebody in between got at.
    meddled: BTreeSet<ConnId>,
    agenda: Agenda<Due>,
    notices: VecDeque<Notice>,
}

#[derive(Debug, Default)]
struct Site {
    /// Without power, a machine answers nothing.
    is_off: bool,
    /// Whether somebody listens there, and what befalls those who knock all the same.
    listens: bool,
    door: Option<Door>,
    dialled: u64,
}

#[derive(Debug)]
struct Conn {
    nodes: [NodeId; 2],
    lives: [Life; 2],
    /// What each side reads.
    pipes: [Pipe; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Opening,
    Open,
    /// Whoever had it has let go of it.
    Gone,
}

#[derive(Debug)]
enum Due {
    Arrival(Socket),
    Resume(Socket),
    Break(Socket),
}

const fn index(side: Side) -> usize {
    match side {
        Side::Dialer => 0,
        Side::Acceptor => 1,
    }
}

impl Conn {
    fn incoming(&mut self, side: Side) -> &mut Pipe {
        &mut self.pipes[index(side)]
    }

    fn outgoing(&mut self, side: Side) -> &mut Pipe {
        &mut self.pipes[index(side.other())]
    }

    fn life(&mut self, side: Side) -> &mut Life {
        &mut self.lives[index(side)]
    }

    fn node(&self, side: Side) -> NodeId {
        self.nodes[index(side)]
    }
}

impl Net {
    /// A network without machines.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            seed,
            weather,
            sites: Vec::new(),
            conns: Vec::new(),
            blocked: BTreeMap::new(),
            paces: BTreeMap::new(),
            meddled: BTreeSet::new(),
            agenda: Agenda::default(),
            notices: VecDeque::new(),
        }
    }

    /// Adds a machine. Nobody can connect to it before it [listens](Self::listen).
    pub fn add(&mut self) -> NodeId {
        self.sites.push(Site::default());
        NodeId(self.sites.len() - 1)
    }

    /// What it is like.
    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// Changes what it is like from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// A machine begins to listen, or stops.
    pub fn listen(&mut self, node: NodeId, listens: bool) {
        self.sites[node.0].listens = listens;
    }

    /// Begins to connect; [`Notice::Connected`] or [`Notice::Refused`] tells what comes of it, if anything does.
    pub fn connect(&mut self, now: Time, from: NodeId, to: NodeId) -> Socket {
        let site = &mut self.sites[from.0];
        site.dialled += 1;
        // A connection draws from streams of its own, whatever others there are.
        let key = ((from.0 as u64) << 40) | ((to.0 as u64) << 32) | site.dialled;
        let pipe = |net: &Self, name, (a, b): (NodeId, NodeId)| {
            let pair = ((a.0 as u64) << 32) | b.0 as u64;
            let spread = Duration::from_micros(net.weather.spread_us.into());
            Pipe::new(Random::new(net.seed, name, key), Random::new(net.seed, "distance", pair).duration(spread))
        };
        let pipes = [pipe(self, "down", (to, from)), pipe(self, "up", (from, to))];
        let conn = ConnId(self.conns.len());
        self.conns.push(Some(Box::new(Conn { nodes: [from, to], lives: [Life::Opening; 2], pipes })));
        let socket = Socket { conn, side: Side::Dialer };
        self.push(now, socket, What::Open);
        socket
    }

    /// Writes from the front of `data`, as much as there is room for; a [`Notice::Writable`] follows if some is left.
    ///
    /// # Errors
    ///
    /// [`Lost`] if there is nobody to write to any more.
    pub fn write(&mut self, now: Time, socket: Socket, data: &mut Bytes) -> Result<usize, Lost> {
        if self.is_meddled_with(socket.conn) {
            self.splice(socket);
        }
        let Self { conns, weather, agenda, .. } = self;
        let Some(conn) = conns.get_mut(socket.conn.0).and_then(Option::as_mut) else { return Err(Lost::Broken) };
        if conn.incoming(socket.side).end == Some(Lost::Broken) || *conn.life(socket.side) != Life::Open {
            return Err(Lost::Broken);
        }
        let (taken, at) = conn.outgoing(socket.side).write(now, weather, data);
        if let Some(at) = at {
            agenda.put(at, Due::Arrival(socket.other()));
        }
        Ok(taken)
    }

    /// Reads the next bytes, at most `max` of them.
    pub fn read(&mut self, now: Time, socket: Socket, max: usize) -> Read {
        let Some(conn) = self.conns.get_mut(socket.conn.0).and_then(Option::as_mut) else {
            return Read::Over(Lost::Broken);
        };
        let pace = if self.paces.is_empty() {
            None
        } else {
            self.paces.get(&(conn.node(socket.side), conn.node(socket.side.other())))
        };
        let pipe = conn.incoming(socket.side);
        let max = match pace {
            _ if pipe.end == Some(Lost::Broken) => max,
            Some(Pace::Paused) => return Read::Dry,
            Some(Pace::Slow(..)) if pipe.rests_until > now => return Read::Dry,
            Some(Pace::Slow(bytes, _)) => max.min(*bytes as usize),
            None => max,
        };
        let Some(bytes) = pipe.read(&self.weather, max) else {
            return pipe.end.map_or(Read::Dry, Read::Over);
        };
        if let Some(Pace::Slow(_, millis)) = pace {
            pipe.rests_until = now + Duration::from_millis((*millis).into());
            self.agenda.put(pipe.rests_until, Due::Resume(socket));
        }
        if std::mem::take(&mut pipe.wants_room) {
            self.notices.push_back(Notice::Writable { socket: socket.other() });
        }
        Read::Data(bytes)
    }

    /// Asks for another [`Notice::Readable`], for whoever does not read all there is in one go.
    pub fn again(&mut self, socket: Socket) {
        self.notices.push_back(Notice::Readable { socket });
    }

    /// Ends this side's direction, after everything written.
    pub fn finish(&mut self, now: Time, socket: Socket) {
        self.push(now, socket, What::End);
    }

    /// Lets go of an end. What the other side still sends is answered with a reset, and so is what was not read.
    pub fn release(&mut self, now: Time, socket: Socket) {
        let Some(conn) = self.conn(socket.conn) else { return };
        if *conn.life(socket.side) == Life::Gone {
            return;
        }
        *conn.life(socket.side) = Life::Gone;
        let pipe = conn.incoming(socket.side);
        let what = if pipe.has_unread() { What::Reset } else { What::End };
        if pipe.end != Some(Lost::Broken) {
            self.push(now, socket, what);
        }
        self.tidy(socket.conn);
    }

    /// What is to be looked at by now, one after the other.
    pub fn next(&mut self, now: Time) -> Option<Notice> {
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return Some(notice);
            }
            match self.agenda.pop(now)? {
                (at, Due::Arrival(socket)) => self.arrival(at, socket),
                (_, Due::Resume(socket)) => self.wake_reader(socket),
                (_, Due::Break(socket)) => self.broken(socket),
            }
        }
    }

    /// When there is something to look at next.
    pub fn next_at(&self) -> Option<Time> {
        if self.notices.is_empty() { self.agenda.next_at() } else { Some(Time::ZERO) }
    }

    /// Whose end that is, if there still is such a connection.
    pub fn node(&self, socket: Socket) -> Option<NodeId> {
        self.conns.get(socket.conn.0)?.as_ref().map(|conn| conn.node(socket.side))
    }

    /// The connections between two machines that stand, oldest first.
    pub fn between(&self, one: NodeId, other: NodeId) -> impl Iterator<Item = ConnId> + '_ {
        self.standing()
            .filter(move |(_, conn)| conn.nodes == [one, other] || conn.nodes == [other, one])
            .map(|(id, _)| id)
    }

    /// Whether something is on its way to an end.
    pub fn is_under_way(&self, socket: Socket) -> bool {
        let conn = self.conns.get(socket.conn.0).and_then(Option::as_ref);
        conn.is_some_and(|conn| !conn.pipes[index(socket.side)].is_empty())
    }

    fn standing(&self) -> impl Iterator<Item = (ConnId, &Conn)> {
        let conns = self.conns.iter().enumerate().filter_map(|(id, conn)| Some((ConnId(id), conn.as_deref()?)));
        conns.filter(|(_, conn)| conn.lives == [Life::Open; 2])
    }

    fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.0)?.as_deref_mut()
    }

    fn push(&mut self, now: Time, from: Socket, what: What) {
        let Self { conns, weather, agenda, .. } = self;
        let Some(conn) = conns.get_mut(from.conn.0).and_then(Option::as_mut) else { return };
        if let Some(at) = conn.outgoing(from.side).push(now, weather, what) {
            agenda.put(at, Due::Arrival(from.other()));
        }
    }

    fn arrival(&mut self, now: Time, socket: Socket) {
        let Self { conns, sites, blocked, .. } = self;
        let Some(conn) = conns.get_mut(socket.conn.0).and_then(Option::as_mut) else { return };
        let path = (conn.node(socket.side.other()), conn.node(socket.side));
        let pipe = conn.incoming(socket.side);
        pipe.is_scheduled = false;
        if pipe.is_hole || !blocked.is_empty() && blocked.contains_key(&path) || sites[path.1.0].is_off {
            pipe.is_stalled = true;
            return;
        }
        let mut news = false;
        while let Some(conn) = self.conn(socket.conn) {
            let is_open = *conn.life(socket.side) == Life::Open;
            let pipe = conn.incoming(socket.side);
            news |= is_open && pipe.takes_data(now);
            if pipe.is_empty() {
                break;
            }
            let Some(what) = pipe.arrive(now) else {
                if let Some(at) = pipe.schedule() {
                    self.agenda.put(at, Due::Arrival(socket));
                }
                break;
            };
            news |= self.takes(now, socket, what);
            self.tidy(socket.conn);
        }
        if news {
            self.notices.push_back(Notice::Readable { socket });
        }
    }

    /// Takes in one segment other than bytes for an open end; whether there is something to read.
    fn takes(&mut self, now: Time, socket: Socket, what: What) -> bool {
        let Some(conn) = self.conn(socket.conn) else { return false };
        let life = *conn.life(socket.side);
        match (what, life) {
            (What::Open, _) => self.knock(now, socket),
            (What::Opened, Life::Opening) => {
                *conn.life(socket.side) = Life::Open;
                self.notices.push_back(Notice::Connected { socket });
            }
            (What::Refused, Life::Opening) => self.notices.push_back(Notice::Refused { socket }),
            (What::End, Life::Open) => {
                let pipe = conn.incoming(socket.side);
                pipe.end = pipe.end.or(Some(Lost::Closed));
                return true;
            }
            (What::Data(data), _) => {
                conn.incoming(socket.side).swallowed(data.len());
                self.push(now, socket, What::Reset);
            }
            (What::Opened, _) => self.push(now, socket, What::Reset),
            (What::Reset, _) => self.broken(socket),
            (What::End | What::Refused, _) => {}
        }
        false
    }

    fn knock(&mut self, now: Time, socket: Socket) {
        let Some(conn) = self.conn(socket.conn) else { return };
        let (from, to) = (conn.node(socket.side.other()), conn.node(socket.side));
        let site = &self.sites[to.0];
        match if site.listens { site.door } else { site.door.or(Some(Door::Closed)) } {
            None => {
                if let Some(conn) = self.conn(socket.conn) {
                    *conn.life(socket.side) = Life::Open;
                }
                self.notices.push_back(Notice::Accepted { socket, from });
                self.push(now, socket, What::Opened);
            }
            Some(Door::Closed) => {
                if let Some(conn) = self.conn(socket.conn) {
                    *conn.life(socket.side) = Life::Gone;
                }
                self.push(now, socket, What::Refused);
            }
            Some(Door::Dead) => {}
        }
    }

    fn wake_reader(&mut self, socket: Socket) {
        if let Some(conn) = self.conn(socket.conn)
            && *conn.life(socket.side) == Life::Open
        {
            self.notices.push_back(Notice::Readable { socket });
        }
    }

    /// An end learns that its connection is broken.
    fn broken(&mut self, socket: Socket) {
        let Some(conn) = self.conn(socket.conn) else { return };
        let life = *conn.life(socket.side);
        conn.incoming(socket.side).break_off(Lost::Broken);
        let outgoing = conn.outgoing(socket.side);
        let waited = std::mem::take(&mut outgoing.wants_room);
        if life == Life::Open {
            self.notices.push_back(Notice::Readable { socket });
            if waited {
                self.notices.push_back(Notice::Writable { socket });
            }
        }
    }

    /// Forgets a connection that nobody holds and in which nothing is on its way.
    fn tidy(&mut self, id: ConnId) {
        let Some(conn) = self.conn(id) else { return };
        let quiet = |pipe: &Pipe| pipe.is_empty() || pipe.is_hole;
        if conn.lives == [Life::Gone; 2] && conn.pipes.iter().all(quiet) {
            self.conns[id.0] = None;
        }
    }
}

#[cfg(test)]
mod tests;
