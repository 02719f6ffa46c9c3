//! A simulated multicast domain: who announces what, and what each machine has heard.
//!
//! It does what multicast DNS does on a good day and on a bad one. A session is announced when it begins, again a second
//! later and whenever it changes, and taken back with a goodbye. Whoever looks for sessions asks at once, and again after
//! one, two, four seconds and so on; those that have just spoken keep silent. What was heard is forgotten when its time is
//! over, or three seconds after it was doubted and nobody answered. Packets get lost, come twice and late, for each
//! receiver by itself; where nothing gets through in the network, they do not either.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, task::Waker, time::Duration};

use exchange_core::{
    SessionId, Time,
    discovery::{PeerRecord, SessionTable},
};
use serde::{Deserialize, Serialize};

use super::kernel::{Due, Kernel};
use crate::{net::NodeId, random::Random};

/// How multicast packets fare, each receiver's by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Air {
    /// How many in a thousand are lost,
    pub lost: u16,
    /// and how many come twice.
    pub doubled: u16,
    /// The longest that one takes, in microseconds.
    pub late_us: u32,
}

impl Air {
    /// Nothing is lost, and everything takes up to 2 ms.
    pub fn calm() -> Self {
        Self { lost: 0, doubled: 0, late_us: 2000 }
    }
}

impl Default for Air {
    fn default() -> Self {
        Self::calm()
    }
}

const TTL: Duration = Duration::from_secs(120);
const SECOND: Duration = Duration::from_secs(1);
/// How long whoever asked again after a doubt waits for an answer.
const DOUBT: Duration = Duration::from_secs(3);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What is said of a session, as DNS would carry it: the name of its instance, its TXT, its SRV and its addresses.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) session: SessionId,
    pub(super) txt: Vec<(String, String)>,
    pub(super) port: u16,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) ttl: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum Packet {
    Announce(Arc<Service>),
    Goodbye(SessionId),
    Query,
}

/// Something a machine does by itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beat {
    /// Announces a session again, if it is still this announcement.
    Announce(SessionId, u64),
    /// Asks who is there, and again after this long, if it is still this round of asking.
    Query(u64, Duration),
    /// Asks once more before the time of what was heard then is over.
    Refresh(SessionId, Time),
    Answer,
    /// What was heard of a session before this moment counts no more.
    Forget(SessionId, Time),
}

#[derive(Debug, Default)]
pub(super) struct Domain {
    pub(super) air: Air,
    stations: Vec<Station>,
    /// Counts announcements, rounds of asking and readers.
    next: u64,
}

/// What one machine announces and has heard.
#[derive(Debug)]
struct Station {
    random: Random,
    announced: BTreeMap<SessionId, Announced>,
    table: SessionTable,
    /// When each session was heard last.
    heard: BTreeMap<SessionId, Time>,
    readers: BTreeMap<u64, Option<Waker>>,
    asking: u64,
    is_answering: bool,
}

#[derive(Debug)]
struct Announced {
    service: Arc<Service>,
    number: u64,
    said: Option<Time>,
}

impl Domain {
    pub(super) fn add(&mut self, seed: u64, node: NodeId) {
        self.stations.push(Station {
            random: Random::new(seed, "multicast", node.0 as u64),
            announced: BTreeMap::new(),
            table: SessionTable::new(),
            heard: BTreeMap::new(),
            readers: BTreeMap::new(),
            asking: 0,
            is_answering: false,
        });
    }

    fn station(&mut self, node: NodeId) -> &mut Station {
        &mut self.stations[node.0]
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A machine has crashed.
    pub(super) fn forget(&mut self, node: NodeId) {
        let station = self.station(node);
        station.announced.clear();
        station.table = SessionTable::new();
        station.heard.clear();
        station.readers.clear();
    }

    pub(super) fn is_announced(&self, node: NodeId, session: SessionId) -> bool {
        self.stations[node.0].announced.contains_key(&session)
    }

    pub(super) fn table(&self, node: NodeId) -> &SessionTable {
        &self.stations[node.0].table
    }

    /// The place of a reader's waker; `None` if the machine has crashed since.
    pub(super) fn reader(&mut self, node: NodeId, reader: u64) -> Option<&mut Option<Waker>> {
        self.station(node).readers.get_mut(&reader)
    }

    pub(super) fn drop_reader(&mut self, node: NodeId, reader: u64) -> Option<Waker> {
        self.station(node).readers.remove(&reader).flatten()
    }
}

/// What programs ask for.
impl Kernel {
    /// Announces a session, or what is new about it.
    pub(super) fn announce(&mut self, node: NodeId, record: &PeerRecord) {
        let mut addresses = record.addresses.clone();
        if addresses.is_empty() {
            addresses.push((node.address(), record.port).into());
        }
        let (session, txt, port) = (record.session, record.to_txt(), record.port);
        let service = Arc::new(Service { session, txt, port, addresses, ttl: TTL });
        let number = self.domain.number();
        let said = self.domain.station(node).announced.get(&session).and_then(|before| before.said);
        self.domain.station(node).announced.insert(session, Announced { service, number, said });
        // Changes in quick succession are announced as one.
        let at = said.map_or(self.now, |said| (said + SECOND).max(self.now));
        for at in [at, at + SECOND] {
            self.agenda.put(at, Due::Beat(node, Beat::Announce(session, number)));
        }
    }

    pub(super) fn withdraw(&mut self, node: NodeId, session: SessionId) {
        if self.domain.station(node).announced.remove(&session).is_some() {
            self.multicast(node, &Packet::Goodbye(session));
        }
    }

    pub(super) fn browse(&mut self, node: NodeId) -> u64 {
        let reader = self.domain.number();
        self.domain.station(node).readers.insert(reader, None);
        self.ask(node);
        reader
    }

    pub(super) fn suspect(&mut self, node: NodeId, session: SessionId) {
        if self.domain.table(node).get(session).is_some() {
            self.ask(node);
            self.agenda.put(self.now + DOUBT, Due::Beat(node, Beat::Forget(session, self.now)));
        }
    }

    /// Begins to ask who is there.
    fn ask(&mut self, node: NodeId) {
        let number = self.domain.number();
        self.domain.station(node).asking = number;
        self.agenda.put(self.now, Due::Beat(node, Beat::Query(number, SECOND)));
    }

    /// Says something to every machine, this one included.
    pub(super) fn multicast(&mut self, from: NodeId, packet: &Packet) {
        if self.machines[from.0].is_off {
            return;
        }
        for to in (0..self.machines.len()).map(NodeId) {
            if self.net.is_blocked(from, to) {
                continue;
            }
            let Air { lost, doubled, late_us } = self.domain.air;
            let random = &mut self.domain.station(to).random;
            let copies = u8::from(!random.chance(lost)) + u8::from(random.chance(doubled));
            for _ in 0..copies {
                let late = random.duration(Duration::from_micros(late_us.into()));
                self.agenda.put(self.now + late, Due::Packet(to, packet.clone()));
            }
        }
    }
}

/// What happens by itself.
impl Kernel {
    pub(super) fn packet(&mut self, node: NodeId, packet: Packet, wakers: &mut Vec<Waker>) {
        if self.machines[node.0].is_off || self.sleeps(node) {
            return;
        }
        match packet {
            Packet::Announce(service) => self.heard(node, &service, wakers),
            Packet::Goodbye(session) => self.gone(node, session, wakers),
            Packet::Query => {
                let station = self.domain.station(node);
                if !station.announced.is_empty() && !std::mem::replace(&mut station.is_answering, true) {
                    let wait = Duration::from_millis(20 + station.random.up_to(100));
                    self.agenda.put(self.now + wait, Due::Beat(node, Beat::Answer));
                }
            }
        }
    }

    pub(super) fn beat(&mut self, node: NodeId, beat: Beat, wakers: &mut Vec<Waker>) {
        let now = self.now;
        let station = self.domain.station(node);
        match beat {
            Beat::Announce(session, number) => {
                if let Some(announced) = station.announced.get_mut(&session)
                    && announced.number == number
                {
                    announced.said = Some(now);
                    let packet = Packet::Announce(Arc::clone(&announced.service));
                    self.multicast(node, &packet);
                }
            }
            Beat::Query(number, pause) => {
                if station.asking == number && !station.readers.is_empty() {
                    self.multicast(node, &Packet::Query);
                    self.agenda.put(now + pause, Due::Beat(node, Beat::Query(number, (pause * 2).min(LONGEST_PAUSE))));
                }
            }
            Beat::Refresh(session, then) => {
                if station.heard.get(&session) == Some(&then) && !station.readers.is_empty() {
                    self.multicast(node, &Packet::Query);
                }
            }
            Beat::Answer => {
                station.is_answering = false;
                let silent =
                    station.announced.values_mut().filter(|it| it.said.is_none_or(|said| now >= said + SECOND));
                let packets: Vec<_> = silent
                    .map(|announced| {
                        announced.said = Some(now);
                        Packet::Announce(Arc::clone(&announced.service))
                    })
                    .collect();
                for packet in &packets {
                    self.multicast(node, packet);
                }
            }
            Beat::Forget(session, before) => {
                if station.heard.get(&session).is_some_and(|at| *at <= before) {
                    self.gone(node, session, wakers);
                }
            }
        }
    }

    /// A machine hears of a session; whatever is said of it may be wrong.
    fn heard(&mut self, node: NodeId, service: &Service, wakers: &mut Vec<Waker>) {
        let txt = service.txt.iter().map(|(key, value)| (key.as_str(), value.as_bytes()));
        let Ok(mut record) = PeerRecord::from_txt(txt, service.port) else { return };
        if record.session != service.session {
            return;
        }
        record.addresses.clone_from(&service.addresses);
        let session = record.session;
        let station = self.domain.station(node);
        let news = station.table.resolved(record);
        if station.table.get(session).is_none() {
            return;
        }
        station.heard.insert(session, self.now);
        if news.is_some() {
            wakers.extend(station.readers.values_mut().filter_map(Option::take));
        }
        self.agenda.put(self.now + service.ttl, Due::Beat(node, Beat::Forget(session, self.now)));
        self.agenda.put(self.now + service.ttl * 4 / 5, Due::Beat(node, Beat::Refresh(session, self.now)));
    }

    fn gone(&mut self, node: NodeId, session: SessionId, wakers: &mut Vec<Waker>) {
        let station = self.domain.station(node);
        station.heard.remove(&session);
        if station.table.removed(session).is_some() {
            wakers.extend(station.readers.values_mut().filter_map(Option::take));
        }
    }
}
