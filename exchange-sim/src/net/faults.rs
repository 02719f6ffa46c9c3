//! What can befall a network.

use std::time::Duration;

use exchange_core::Time;

use super::{ConnId, Door, Due, Life, Lost, Meddling, Net, NodeId, Notice, Pace, Side, Socket, pipe::What};

impl Net {
    /// Nothing gets from one machine to another, until it is [open](Self::unblock) again as many times; then what was
    /// on its way goes on.
    pub fn block(&mut self, from: NodeId, to: NodeId) {
        *self.blocked.entry((from, to)).or_default() += 1;
    }

    /// Undoes one [`block`](Self::block).
    pub fn unblock(&mut self, now: Time, from: NodeId, to: NodeId) {
        let Some(count) = self.blocked.get_mut(&(from, to)) else { return };
        *count -= 1;
        if *count == 0 {
            self.blocked.remove(&(from, to));
            self.restart(now, |path| path == (from, to));
        }
    }

    /// Whether anything gets from one machine to another.
    pub fn is_blocked(&self, from: NodeId, to: NodeId) -> bool {
        self.blocked.contains_key(&(from, to))
    }

    /// Nobody gets to a machine, though it may listen; `None` is as it should be.
    pub fn set_door(&mut self, node: NodeId, door: Option<Door>) {
        self.sites[node.0].door = door;
    }

    /// The power of a machine fails: what it held is gone, and nobody is told.
    pub fn power_off(&mut self, node: NodeId) {
        let site = &mut self.sites[node.0];
        (site.is_off, site.listens) = (true, false);
        for conn in self.conns.iter_mut().flatten() {
            for side in [Side::Dialer, Side::Acceptor] {
                if conn.node(side) == node {
                    *conn.life(side) = Life::Gone;
                    conn.incoming(side).break_off(Lost::Broken);
                }
            }
        }
    }

    /// It has power again; whoever still sends to what it held is told that it is gone.
    pub fn power_on(&mut self, now: Time, node: NodeId) {
        if std::mem::take(&mut self.sites[node.0].is_off) {
            self.restart(now, |(_, to)| to == node);
        }
    }

    /// The process on a machine dies: its operating system resets what it held.
    pub fn reset_all(&mut self, now: Time, node: NodeId) {
        self.sites[node.0].listens = false;
        let mut held = Vec::new();
        for (id, conn) in self.conns.iter_mut().enumerate() {
            let Some(conn) = conn else { continue };
            for side in [Side::Dialer, Side::Acceptor] {
                if conn.node(side) == node && *conn.life(side) != Life::Gone {
                    *conn.life(side) = Life::Gone;
                    held.push(Socket { conn: ConnId(id), side });
                }
            }
        }
        for socket in held {
            self.push(now, socket, What::Reset);
        }
    }

    /// A connection breaks; each side learns of it after so long, or never.
    pub fn break_conn(&mut self, now: Time, conn: ConnId, dialer: Option<Duration>, acceptor: Option<Duration>) {
        self.hole(conn, Side::Dialer);
        self.hole(conn, Side::Acceptor);
        for (side, after) in [(Side::Dialer, dialer), (Side::Acceptor, acceptor)] {
            if let Some(after) = after {
                self.agenda.put(now + after, Due::Break(Socket { conn, side }));
            }
        }
    }

    /// From now on nothing on a connection arrives at that side, and nobody is told.
    pub fn hole(&mut self, conn: ConnId, side: Side) {
        if let Some(conn) = self.conn(conn) {
            conn.incoming(side).is_hole = true;
        }
    }

    /// Somebody in between gets at the next bytes that go to that side.
    pub fn meddle(&mut self, conn: ConnId, side: Side, how: Meddling) {
        if let Some(pipe) = self.conn(conn).map(|conn| conn.incoming(side)) {
            pipe.meddling = Some(how);
            self.meddled.insert(conn);
        }
    }

    /// Finds what is on its way on another connection, in the same direction, where it is to be put on this one.
    pub(super) fn splice(&mut self, from: Socket) {
        let Some(conn) = self.conn(from.conn) else { return };
        if !conn.outgoing(from.side).splices() {
            return;
        }
        let others = self.conns.iter_mut().enumerate().filter(|(id, _)| *id != from.conn.0);
        let mut others = others.filter_map(|(_, other)| other.as_mut()?.outgoing(from.side).last_under_way());
        let found = others.next();
        if let (Some(conn), Some(found)) = (self.conn(from.conn), found) {
            conn.outgoing(from.side).spliced = found;
        }
    }

    /// Whether somebody in between got at a connection.
    pub fn is_meddled_with(&self, conn: ConnId) -> bool {
        self.meddled.contains(&conn)
    }

    /// That side's direction of a connection ends, as if it had said so itself.
    pub fn half_close(&mut self, now: Time, conn: ConnId, side: Side) {
        self.push(now, Socket { conn, side }, What::End);
    }

    /// Whether a machine reads what another writes other than as it comes.
    pub fn is_paced(&self, reader: NodeId, writer: NodeId) -> bool {
        self.paces.contains_key(&(reader, writer))
    }

    /// Changes how fast a machine reads what another writes; `None` is as fast as it comes.
    pub fn set_pace(&mut self, reader: NodeId, writer: NodeId, pace: Option<Pace>) {
        match pace {
            Some(pace) => drop(self.paces.insert((reader, writer), pace)),
            None => drop(self.paces.remove(&(reader, writer))),
        }
        for (id, conn) in self.conns.iter_mut().enumerate() {
            let Some(conn) = conn else { continue };
            for side in [Side::Dialer, Side::Acceptor] {
                if (conn.node(side), conn.node(side.other())) == (reader, writer) && *conn.life(side) == Life::Open {
                    conn.incoming(side).rests_until = Time::ZERO;
                    let socket = Socket { conn: ConnId(id), side };
                    self.notices.push_back(Notice::Readable { socket });
                }
            }
        }
    }

    /// What stood still on the paths that `open` says are open goes on.
    fn restart(&mut self, now: Time, open: impl Fn((NodeId, NodeId)) -> bool) {
        let Self { conns, weather, agenda, .. } = self;
        for (id, conn) in conns.iter_mut().enumerate() {
            let Some(conn) = conn else { continue };
            for side in [Side::Dialer, Side::Acceptor] {
                let path = (conn.node(side.other()), conn.node(side));
                let pipe = conn.incoming(side);
                if pipe.is_stalled
                    && !pipe.is_hole
                    && open(path)
                    && let Some(at) = pipe.retransmit(now, weather)
                {
                    agenda.put(at, Due::Arrival(Socket { conn: ConnId(id), side }));
                }
            }
        }
    }
}
