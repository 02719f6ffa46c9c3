//! What happened, written down for whoever has to understand it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Debug,
    time::Duration,
};

use exchange_core::{
    Encoding, Time,
    message::{ToClient, ToHost},
    wire::frames,
};

use crate::{
    chat::{
        liar::Lie,
        station::{Fetched, Seen, is_host_end},
    },
    check::HOST,
    net::{ConnId, Net, NodeId, Socket},
    scenario::{Fault, Scenario, Trouble},
    trace::{Band, Record, Trace, What},
};

/// Writes a trace.
#[derive(Debug)]
pub(super) struct Recorder {
    trace: Trace,
    encodings: BTreeMap<ConnId, Encoding>,
    /// The numbers of frames on their way to each end.
    under_way: BTreeMap<Socket, VecDeque<u64>>,
    next_frame: u64,
    /// Who keeps, and so does later what it brings about.
    keeps: BTreeSet<NodeId>,
}

impl Recorder {
    pub(super) fn new(nodes: Vec<String>, scenario: &Scenario) -> Self {
        let faults = scenario.faults.iter().map(|fault| band(fault, &nodes)).collect();
        let trace = Trace { nodes, faults, ..Trace::default() };
        let clients = scenario.clients.iter().enumerate().filter(|(_, client)| client.keeps.is_some());
        let host = scenario.host.keeps.as_ref().map(|_| HOST);
        let keeps = clients.map(|(index, _)| NodeId(index + 1)).chain(host).collect();
        Self { trace, encodings: BTreeMap::new(), under_way: BTreeMap::new(), next_frame: 1, keeps }
    }

    pub(super) fn finish(self, calm_at: Time, end: Time) -> Trace {
        Trace { calm_at, end, ..self.trace }
    }

    pub(super) fn record(&mut self, at: Time, node: NodeId, seen: &[Seen], net: &Net) {
        let keeps = self.keeps.contains(&node);
        for seen in seen.iter().filter_map(|seen| seen.done(keeps)) {
            self.one(at, node.0, seen, net);
        }
    }

    fn one(&mut self, at: Time, node: usize, seen: &Seen, net: &Net) {
        let mut put = |what| self.trace.records.push(Record { at, node, what });
        match seen {
            Seen::Posted { id, body } => put(What::Did(format!("posts {id} in {}: {body:?}", id.room.as_str()))),
            Seen::TurnedDown(refusal) => put(What::Did(format!("cannot post: {refusal}"))),
            Seen::Be(presence) => put(What::Did(format!("is {presence:?}"))),
            Seen::Rename(nick) => put(What::Did(format!("wants to be called {nick:?}"))),
            Seen::Active => put(What::Did("is at the keyboard".into())),
            Seen::Enters { room, is_private: true } => put(What::Did(format!("opens {}", room.as_str()))),
            Seen::Enters { room, .. } => put(What::Did(format!("joins {}", room.as_str()))),
            Seen::Read { room } => put(What::Did(format!("has read {}", room.as_str()))),
            Seen::Fetched(Fetched { id, room, from, count }) => {
                put(What::Did(format!("fetches {count} entries of {}, {from:?}: {id:?}", room.as_str())));
            }
            Seen::NetworkChanged => put(What::Did("the network may have changed".into())),
            Seen::Told(event) => put(What::Told(format!("{event:?}"))),
            Seen::Up { link, .. } => put(What::Link(format!("link {link} is up"))),
            Seen::Opened { socket, choice } => {
                self.encodings.insert(socket.conn, choice.encoding);
                put(What::Link(format!("opened: {choice:?}")));
            }
            Seen::Closed { link, reason, .. } => put(What::Link(format!("closes link {link}: {reason}"))),
            Seen::Lost { loss, .. } => put(What::Link(format!("link lost: {loss}"))),
            Seen::Dialled { link } => put(What::Link(format!("dials, link {link}"))),
            Seen::Sent { socket, frames: sent, .. } => {
                let encoding = self.encodings.get(&socket.conn).copied().unwrap_or(Encoding::Postcard);
                let to = net.node(socket.other()).map_or(0, |node| node.0);
                for body in frames(sent) {
                    let frame = self.next_frame;
                    self.next_frame += 1;
                    self.under_way.entry(socket.other()).or_default().push_back(frame);
                    let what = What::Sent { frame, to, text: text(encoding, is_host_end(*socket), body) };
                    self.trace.records.push(Record { at, node, what });
                }
            }
            Seen::Heard { socket, body } => {
                let encoding = self.encodings.get(&socket.conn).copied().unwrap_or(Encoding::Postcard);
                let from = net.node(socket.other()).map_or(0, |node| node.0);
                let frame = self.under_way.get_mut(socket).and_then(VecDeque::pop_front).unwrap_or_default();
                let what = What::Heard { frame, from, text: text(encoding, !is_host_end(*socket), body) };
                self.trace.records.push(Record { at, node, what });
            }
            Seen::Lied(Lie { to, seq, .. }) => put(What::Did(format!("lies to {to} about {seq}"))),
            Seen::Stores { batch, rows } => put(What::Disk(format!("batch {batch} is to be kept: {rows} rows"))),
            Seen::Stored { batch } => put(What::Disk(format!("batch {batch} is kept"))),
            Seen::StoreFailed => put(What::Disk("nothing is kept any more".into())),
            Seen::Cut(_) | Seen::Done(_) => {}
        }
    }
}

fn text(encoding: Encoding, from_host: bool, body: &[u8]) -> String {
    fn said<T: Debug, E>(message: Result<T, E>, body: &[u8]) -> String {
        message.map_or_else(|_| format!("{} bytes that say nothing", body.len()), |message| format!("{message:?}"))
    }
    if from_host { said(encoding.decode::<ToClient>(body), body) } else { said(encoding.decode::<ToHost>(body), body) }
}

fn band(fault: &Fault, names: &[String]) -> Band {
    let from = Time::ZERO + Duration::from_millis(fault.at_ms.into());
    let to = from + Duration::from_millis(fault.for_ms.into());
    let nodes = match &fault.trouble {
        Trouble::Break { client, .. }
        | Trouble::HalfClose { client, .. }
        | Trouble::Hole { client, .. }
        | Trouble::Meddle { client, .. }
        | Trouble::Reader { client, .. } => vec![*client],
        Trouble::Partition { clients, .. } | Trouble::Swizzle { clog: clients, .. } => clients.clone(),
        Trouble::Crash { node, .. }
        | Trouble::Sleep { node, .. }
        | Trouble::Slow { node, .. }
        | Trouble::WallClock { node, .. } => vec![*node],
        Trouble::Door { .. } | Trouble::Disk { .. } => vec![0],
        Trouble::Weather(_) => (0..names.len()).collect(),
    };
    let text = match &fault.trouble {
        Trouble::Weather(_) => "weather".into(),
        trouble => format!("{trouble:?}"),
    };
    Band { from, to, nodes, text }
}
