//! A small world for tests: one host and its clients, joined by byte streams in memory, in virtual time.
//!
//! Bytes arrive when they are delivered, cut by a seeded pattern; nothing else takes any time. A transport gives credit
//! back for what its other end has read. Every other client's links are secured.

mod disk;
mod link;

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::time::Duration;

use proptest::prelude::ProptestConfig;

pub(crate) use self::disk::Disk;
use self::link::{End, Got, Link, Side};
use crate::{
    client::{self, Client, ClientConfig},
    event::{Event, Message, MessageId},
    host::{self, Host, HostConfig},
    identity::Identity,
    message::{Body, Encoding},
    name::RoomName,
    reason::Refusal,
    seam::{Effect, Input, LinkId, LinkLoss, Outbox},
    seed::{Random, Seed},
    time::{Time, Timestamp},
    wire::{Keyring, Offer, Versions, Wire},
};

/// So many cases, or as many as `PROPTEST_CASES` says.
pub(crate) fn cases(few: u32) -> ProptestConfig {
    let told = std::env::var("PROPTEST_CASES").ok().and_then(|told| told.parse().ok());
    ProptestConfig { cases: told.unwrap_or(few), failure_persistence: None, ..ProptestConfig::default() }
}

/// The number of a ping in postcard whose answer takes as much of so many bytes as it can without leaving too few for
/// another one: answers to such pings fill any number of bytes from six on exactly.
pub(crate) fn filling_nonce(left: u32) -> u64 {
    // An answer has six bytes, and one more for every seven bits of its number beyond the first.
    let bytes = match left {
        0..=15 => left,
        16..=29 => left / 2,
        _ => 15,
    };
    1 << (7 * (bytes - 6))
}

pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) host: Host,
    pub(crate) told: Vec<Event>,
    pub(crate) clients: Vec<Node>,
    /// How many bytes a transport takes at once.
    pub(crate) window: u32,
    /// By the host's number.
    links: BTreeMap<LinkId, Link>,
    /// Where the host keeps its rows, if it was told to.
    pub(crate) disk: Disk,
    /// Whether that is done at once.
    pub(crate) syncs: bool,
    /// A digest of everything that was sent, and when.
    pub(crate) sent: u64,
    next_link: u64,
    out: Outbox,
    cuts: Random,
    /// What its links are secured with, if they are.
    keyring: Option<Keyring>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a trouble of its own")]
pub(crate) struct Node {
    pub(crate) client: Client,
    pub(crate) told: Vec<Event>,
    pub(crate) reachable: bool,
    /// Whether this client reads what arrives, and the host what arrives from it.
    pub(crate) reads: bool,
    pub(crate) is_read: bool,
    /// Where it keeps its rows, if it was told to, and whether that is done at once.
    pub(crate) disk: Disk,
    pub(crate) syncs: bool,
    config: ClientConfig,
    offer: Offer,
    keyring: Option<Keyring>,
    out: Outbox,
}

/// How a link is cut, and who notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// What is on its way is lost, and both sides are told.
    Lost,
    /// What is on its way arrives first.
    Delivered,
    /// Nobody is told; nothing arrives any more.
    Silent,
    /// Only the host is told.
    Host,
    /// Only the client is told.
    Client,
}

impl World {
    /// One whose links are secured if the seed is odd.
    pub(crate) fn new(config: HostConfig, number: u64) -> Self {
        let seed = Seed::from_number(number);
        let keyring = (number % 2 == 1).then(|| Keyring::new(Identity::from_seed([0; 32]), &seed).with_aes(true));
        Self {
            now: Time::ZERO,
            host: Host::new(proven(config, keyring.as_ref()), &seed, Time::ZERO),
            told: Vec::new(),
            clients: Vec::new(),
            window: 64 * 1024,
            links: BTreeMap::new(),
            disk: Disk::default(),
            syncs: true,
            sent: 0,
            next_link: 1,
            out: Outbox::new(),
            cuts: seed.fork("cuts"),
            keyring,
        }
    }

    /// Adds a client that begins to connect; gives its index.
    pub(crate) fn add(&mut self, config: ClientConfig, encoding: Encoding) -> usize {
        let index = self.clients.len();
        let seed = Seed::from_number(1000 + index as u64);
        let identity = self.keyring.as_ref().map(|_| Identity::from_seed([u8::try_from(index + 1).unwrap(); 32]));
        let config = ClientConfig { identity: identity.clone(), ..config };
        self.clients.push(Node {
            client: Client::new(config.clone(), &seed),
            told: Vec::new(),
            reachable: true,
            reads: true,
            is_read: true,
            disk: Disk::default(),
            syncs: true,
            config,
            offer: Offer::new(Versions::SUPPORTED, &[encoding]),
            keyring: identity.map(|identity| Keyring::new(identity, &seed).with_aes(index % 2 == 1)),
            out: Outbox::new(),
        });
        self.client(index, |round| {
            round.connect();
        });
        index
    }

    /// Has a client do something, in a round of its own.
    pub(crate) fn client<T>(&mut self, index: usize, act: impl FnOnce(&mut client::Round<'_>) -> T) -> T {
        let node = &mut self.clients[index];
        let done = act(&mut node.client.round(self.now, &mut node.out));
        self.do_for_client(index);
        while self.clients[index].syncs && self.sync_client(index) {}
        done
    }

    fn do_for_client(&mut self, index: usize) {
        while let Some(effect) = self.clients[index].out.pop() {
            let mut links = self.links.values_mut().filter(|link| link.node == index);
            match effect {
                Effect::Event(event) => self.clients[index].told.push(event),
                Effect::Store { batch, changes } => self.clients[index].disk.take(batch, changes),
                Effect::Dial { link } => self.dial(index, link),
                Effect::Send { link: id, frames } => {
                    self.sent = digest(self.sent, self.now, id, &frames);
                    links
                        .find(|link| link.client.id == id)
                        .map(|link| link.say(Side::Client, &frames))
                        .unwrap_or_default();
                }
                Effect::Close { link: id, .. } => {
                    links.find(|link| link.client.id == id).map(|link| link.hang_up(Side::Client)).unwrap_or_default();
                }
            }
        }
    }

    /// Has the host do something, in a round of its own.
    pub(crate) fn host<T>(&mut self, act: impl FnOnce(&mut host::Round<'_>) -> T) -> T {
        let done = act(&mut self.host.round(self.now, &mut self.out));
        self.do_for_host();
        while self.syncs
            && let Some(stored) = self.disk.sync()
        {
            self.host.handle(self.now, stored, &mut self.out);
            self.do_for_host();
        }
        done
    }

    fn do_for_host(&mut self) {
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Event(event) => self.told.push(event),
                Effect::Dial { .. } => panic!("a host does not dial"),
                Effect::Store { batch, changes } => self.disk.take(batch, changes),
                Effect::Send { link, frames } => {
                    self.sent = digest(self.sent, self.now, link, &frames);
                    self.links.get_mut(&link).map(|link| link.say(Side::Host, &frames)).unwrap_or_default();
                }
                Effect::Close { link, .. } => {
                    self.links.get_mut(&link).map(|link| link.hang_up(Side::Host)).unwrap_or_default();
                }
            }
        }
    }

    pub(crate) fn post(&mut self, index: usize, room: &RoomName, text: &str) -> Result<MessageId, Refusal> {
        self.client(index, |round| round.post(room, Body::text(text)))
    }

    fn tell(&mut self, side: Side, node: usize, inputs: &[Input<'_>]) {
        match side {
            Side::Client => self.client(node, |round| inputs.iter().for_each(|input| round.handle(*input))),
            Side::Host => self.host(|round| inputs.iter().for_each(|input| round.handle(*input))),
        }
    }

    fn dial(&mut self, node: usize, link: LinkId) {
        if !self.clients[node].reachable {
            return self.tell(Side::Client, node, &[Input::LinkDown { link, loss: LinkLoss::Refused }]);
        }
        let Node { offer, keyring, .. } = &mut self.clients[node];
        let client = Wire::client(offer.clone()).secured(keyring.as_mut().map(Keyring::keys));
        let host = Wire::host(Offer::default()).secured(self.keyring.as_mut().map(Keyring::keys));
        let (opening, id, credit) = (client.opening(), LinkId(self.next_link), self.window);
        let mut ends = Link { node, client: End::new(link, client), host: End::new(id, host) };
        let host = id;
        ends.host.arrive(&opening);
        self.next_link += 1;
        self.links.insert(host, ends);
        self.tell(Side::Client, node, &[Input::LinkUp { link, credit, from: None }]);
        self.tell(Side::Host, node, &[Input::LinkUp { link: host, credit, from: None }]);
    }

    /// Delivers at most `limit` bytes to one end of a link; an empty-handed end learns what became of the link.
    fn deliver(&mut self, key: LinkId, side: Side, limit: usize) {
        let Some(link) = self.links.get_mut(&key) else { return };
        let (node, (end, other)) = (link.node, link.ends(side));
        let (link, sender) = (end.id, other.id);
        let (taken, got, answer) = end.receive(limit);
        other.arrive(&answer);
        if let Some(Got::Down(_)) = got.last() {
            end.open = false;
            other.loss.get_or_insert(LinkLoss::Closed);
        }
        let inputs: Vec<Input<'_>> = got.iter().map(|got| got.input(link)).collect();
        self.tell(side, node, &inputs);
        let (other, bytes) =
            (if side == Side::Host { Side::Client } else { Side::Host }, u32::try_from(taken).unwrap());
        if self.links.get_mut(&key).is_some_and(|link| link.ends(other).0.open) {
            self.tell(other, node, &[Input::Credit { link: sender, bytes }]);
        }
    }

    /// Delivers something somewhere; whether there was anything.
    pub(crate) fn step(&mut self) -> bool {
        self.links.retain(|_, link| link.client.open || link.host.open);
        let mut moving = Vec::new();
        for (key, link) in &self.links {
            let node = &self.clients[link.node];
            for (side, end, reads) in [(Side::Client, &link.client, node.reads), (Side::Host, &link.host, node.is_read)]
            {
                if end.open && reads && (!end.inbox.is_empty() || end.loss.is_some()) {
                    moving.push((*key, side));
                }
            }
        }
        let Some(last) = moving.len().checked_sub(1) else { return false };
        let (key, side) = moving[usize::try_from(self.cuts.up_to(last as u64)).unwrap()];
        let limit = match self.cuts.up_to(7) {
            0 => 1 + self.cuts.up_to(12),
            1 => 1 + self.cuts.up_to(200),
            _ => u64::MAX,
        };
        self.deliver(key, side, usize::try_from(limit).unwrap());
        true
    }

    /// Lets time pass; `deliver` says whether anything arrives meanwhile.
    pub(crate) fn pass(&mut self, time: Duration, deliver: bool) {
        let end = self.now + time;
        loop {
            while deliver && self.step() {}
            let wakes = self.clients.iter().map(|node| &node.out).chain([&self.out]).filter_map(Outbox::wake);
            let next = wakes.map(|wake| wake.at).min().map_or(end, |at| at.min(end));
            let done = next >= end && self.now >= end;
            self.now = self.now.max(next);
            self.tell(Side::Host, 0, &[Input::Tick]);
            (0..self.clients.len()).for_each(|index| self.tell(Side::Client, index, &[Input::Tick]));
            if done {
                return;
            }
        }
    }

    /// Lets time pass, in which everything arrives at once.
    pub(crate) fn run(&mut self, time: Duration) {
        self.pass(time, true);
    }

    /// Cuts all links of a client.
    pub(crate) fn cut(&mut self, index: usize, cut: Cut) {
        let keys: Vec<LinkId> = self.links.iter().filter(|(_, link)| link.node == index).map(|(key, _)| *key).collect();
        let loss = LinkLoss::Broken;
        for key in keys {
            let Some(ends) = self.links.get_mut(&key) else { continue };
            if cut == Cut::Delivered {
                ends.client.loss.get_or_insert(loss);
                ends.host.loss.get_or_insert(loss);
                continue;
            }
            let (client, at_client, at_host) = (ends.client.id, ends.client.open, ends.host.open);
            self.links.remove(&key);
            if at_client && matches!(cut, Cut::Lost | Cut::Client) {
                self.tell(Side::Client, index, &[Input::LinkDown { link: client, loss }]);
            }
            if at_host && matches!(cut, Cut::Lost | Cut::Host) {
                self.tell(Side::Host, index, &[Input::LinkDown { link: key, loss }]);
            }
        }
    }

    /// The host's process dies, and one that remembers nothing takes its place.
    pub(crate) fn restart_host(&mut self, config: HostConfig, seed: u64) {
        self.host = Host::new(proven(config, self.keyring.as_ref()), &Seed::from_number(seed), self.now);
        self.out = Outbox::new();
        self.links.values_mut().for_each(|link| link.hang_up(Side::Host));
    }
}

impl World {
    /// The batch that has waited longest is kept, if one waits.
    pub(crate) fn sync(&mut self) {
        if let Some(stored) = self.disk.sync() {
            self.host(|round| round.handle(stored));
        }
    }

    /// The batch of a client's that has waited longest is kept; whether one has.
    pub(crate) fn sync_client(&mut self, index: usize) -> bool {
        let node = &mut self.clients[index];
        let Some(stored) = node.disk.sync() else { return false };
        node.client.handle(self.now, stored, &mut node.out);
        self.do_for_client(index);
        true
    }

    /// A client's process dies, and one that is made of what was kept takes its place, if anything was.
    pub(crate) fn restore_client(&mut self, index: usize, seed: u64) {
        self.restore_client_after(index, 0, seed);
    }

    /// The same, with so many more batches kept than the client knew.
    pub(crate) fn restore_client_after(&mut self, index: usize, batches: u8, seed: u64) {
        let (node, seed) = (&mut self.clients[index], Seed::from_number(seed));
        for _ in 0..batches {
            let _ = node.disk.sync();
        }
        node.disk.restart();
        let (config, rows) = (node.config.clone(), node.disk.rows.clone());
        let is_new = rows.is_empty();
        node.client = if is_new { Client::new(config, &seed) } else { Client::restore(config, &seed, rows).unwrap() };
        (node.out, node.told) = (Outbox::new(), Vec::new());
        self.links.values_mut().filter(|link| link.node == index).for_each(|link| link.hang_up(Side::Client));
        self.client(index, |round| {
            round.connect();
        });
    }

    /// The host's process dies, and one that is made of what was kept takes its place.
    pub(crate) fn restore_host(&mut self, config: HostConfig, seed: u64) {
        self.disk.restart();
        let (rows, wall) = (self.disk.rows.clone(), Timestamp::default());
        let config = proven(config, self.keyring.as_ref());
        self.host = Host::restore(config, &Seed::from_number(seed), self.now, wall, rows).unwrap();
        self.out = Outbox::new();
        self.links.values_mut().for_each(|link| link.hang_up(Side::Host));
    }
}

/// The same, hosted by whoever has these keys.
fn proven(config: HostConfig, keyring: Option<&Keyring>) -> HostConfig {
    HostConfig { identity: keyring.map(|keyring| keyring.identity().clone()), ..config }
}

fn digest(before: u64, now: Time, link: LinkId, bytes: &[u8]) -> u64 {
    let head = now.as_nanos().to_be_bytes().into_iter().chain(link.0.to_be_bytes());
    let bytes = head.chain(bytes.iter().copied());
    bytes.fold(before, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The messages of a room among events, in order.
pub(crate) fn messages<'a>(told: &'a [Event], room: &RoomName) -> impl Iterator<Item = &'a Message> + use<'a> {
    let room = room.clone();
    told.iter().filter_map(move |event| match event {
        Event::Message(message) if *message.room() == room => Some(message),
        _ => None,
    })
}

/// The texts of a room's messages among events, in order.
pub(crate) fn texts(told: &[Event], room: &RoomName) -> Vec<String> {
    messages(told, room).map(|message| message.text().into()).collect()
}
