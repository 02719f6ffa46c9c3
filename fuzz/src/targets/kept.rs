//! A host that keeps what happens and dies now and then, beside a model of its rooms: an entry that anybody was shown is
//! there for good and is always the same, each message is in a log once, and nobody is told otherwise of it.
//!
//! What a client says under a number follows from the number, so that the model knows what has to become of it.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use arbitrary::{Result, Unstructured};
use bytes::BytesMut;
use exchange_core::{
    Body, Cmid, Durability, Effect, Encoding, Epoch, Host, HostConfig, Input, JoinFrom, Limits, LinkId, LinkLoss,
    MemberId, Outbox, PeerId, Presence, ProducerId, Rate, Refusal, RoomId, Seed, Seq, Time, Timestamp, Token,
    message::{Entry, FRAME_HEADER, Hello, ToClient, ToHost},
    wire::frames,
};

use crate::Disk;

const STEPS: usize = 300;
const CLIENTS: usize = 3;
/// So few that readers fall behind what is kept.
const KEPT: usize = 12;
const WINDOW: u32 = 600;
const ROOMS: [&str; 2] = ["lobby", "den"];

/// What became of a message, as its author was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Logged,
    Refused,
}

/// The logs as anybody was ever shown them.
#[derive(Default)]
struct Model {
    entries: BTreeMap<(Epoch, Seq), Entry>,
    places: BTreeMap<(Epoch, MemberId, Cmid), Seq>,
}

#[derive(Default)]
struct Client {
    number: u8,
    attempt: u32,
    token: Option<Token>,
    member: Option<MemberId>,
    link: Option<LinkId>,
    /// What has come over the link and was not read; `None` is its end.
    inbox: VecDeque<Option<ToClient>>,
    unread: u32,
    rooms: [Membership; ROOMS.len()],
}

/// A room as its client keeps it.
#[derive(Default)]
struct Membership {
    /// Whether it wants to be in it, and is told that it is.
    is_wanted: bool,
    /// Whether it has left it and was not told so: until then nobody can tell what is said of it.
    is_leaving: bool,
    room: Option<RoomId>,
    place: Option<(Epoch, Seq)>,
    sent: u64,
    /// Up to here all outcomes are known, or nobody waits for them.
    settled: u64,
    outcomes: BTreeMap<u64, Outcome>,
}

struct World {
    host: Host,
    now: Time,
    out: Outbox,
    disk: Disk,
    lives: u64,
    links: u64,
    clients: [Client; CLIENTS],
    model: Model,
}

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let (mut world, mut u) = (World::new(), Unstructured::new(data));
    for _ in 0..STEPS {
        if u.is_empty() || world.step(&mut u).is_err() {
            break;
        }
    }
    world.settle();
}

fn config() -> HostConfig {
    let limits =
        Limits { history_entries: KEPT, messages: Rate::UNLIMITED, requests: Rate::UNLIMITED, ..Limits::default() };
    let config = HostConfig::new("Lab 3".parse().expect("it is valid"), "host".parse().expect("it is valid"));
    HostConfig { limits, store: Some(Durability::Fsynced), ..config }
}

/// Whether what is said under a number is nothing at all, which is refused.
fn is_empty(cmid: u64) -> bool {
    cmid % 7 == 3
}

fn text(number: u8, room: usize, cmid: u64) -> String {
    if is_empty(cmid) { String::new() } else { format!("{number} {room} {cmid}") }
}

impl Model {
    fn is_shown(&mut self, epoch: Epoch, entry: &Entry) {
        if entry.cmid != Cmid::ZERO {
            let place = *self.places.entry((epoch, entry.author, entry.cmid)).or_insert(entry.seq);
            assert_eq!(place, entry.seq, "a message is in its log once");
        }
        let first = self.entries.entry((epoch, entry.seq)).or_insert_with(|| entry.clone());
        assert_eq!(first, entry, "an entry is always the same");
    }
}

impl Membership {
    fn becomes(&mut self, cmid: u64, outcome: Outcome) {
        assert!(cmid <= self.sent, "nothing is told of what was not sent");
        assert_eq!(outcome == Outcome::Refused, is_empty(cmid), "message {cmid}: {outcome:?}");
        let told = *self.outcomes.entry(cmid).or_insert(outcome);
        assert_eq!(told, outcome, "a message has one outcome");
        while self.outcomes.contains_key(&(self.settled + 1)) {
            self.settled += 1;
        }
    }

    /// Nobody waits for what was sent any more.
    fn gives_up(&mut self) {
        self.settled = self.sent;
    }
}

impl World {
    fn new() -> Self {
        let mut number = 0;
        let clients = [(); CLIENTS].map(|()| {
            number += 1;
            Client { number, ..Client::default() }
        });
        let mut world = Self {
            host: Host::new(config(), &Seed::from_number(0), Time::ZERO),
            now: Time::ZERO,
            out: Outbox::new(),
            disk: Disk::default(),
            lives: 0,
            links: 0,
            clients,
            model: Model::default(),
        };
        world.handle(Input::Tick);
        world
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let client = u.int_in_range(0..=CLIENTS - 1)?;
        let room = usize::from(u.ratio(1, 3)?);
        match u.int_in_range(0..=15)? {
            0 => {
                let most = if u.ratio(1, 4)? { 200_000 } else { 500 };
                self.now = self.now + Duration::from_millis(u.int_in_range(0..=most)?);
                self.handle(Input::Tick);
            }
            1 | 2 => self.connect(client),
            3 => self.lose(client),
            4..=7 => self.send(client, room, 1),
            8 => self.send_again(client, room, u.int_in_range(1..=20)?),
            // A number is left out, which uses none up.
            9 => self.skip(client, room),
            10 => self.move_in_or_out(client),
            11 | 12 => self.read(client),
            13 => {
                let body = Body::text(if u.arbitrary()? { "hello" } else { "" });
                let name = ROOMS[room].parse().expect("it is valid");
                let _ = self.host.round(self.now, &mut self.out).post(&name, body);
                self.perform();
            }
            14 => self.sync(),
            _ if u.ratio(1, 4)? => self.crash(),
            _ => self.sync(),
        }
        Ok(())
    }

    fn handle(&mut self, input: Input<'_>) {
        self.host.handle(self.now, input, &mut self.out);
        self.perform();
    }

    fn perform(&mut self) {
        for effect in self.out.drain() {
            match effect {
                Effect::Event(_) => {}
                Effect::Dial { .. } => panic!("a host does not dial"),
                Effect::Store { batch, changes } => self.disk.take(batch, changes),
                Effect::Close { link, .. } => {
                    if let Some(client) = self.clients.iter_mut().find(|client| client.link == Some(link)) {
                        client.inbox.push_back(None);
                    }
                }
                Effect::Send { link, frames: sent } => {
                    let Some(client) = self.clients.iter_mut().find(|client| client.link == Some(link)) else {
                        continue;
                    };
                    client.unread += u32::try_from(sent.len()).expect("it is little");
                    client.inbox.extend(
                        frames(&sent).map(|frame| Some(Encoding::Postcard.decode(frame).expect("it is a message"))),
                    );
                }
            }
        }
    }

    fn say(&mut self, client: usize, message: &ToHost) {
        let Some(link) = self.clients[client].link else { return };
        let mut frame = BytesMut::new();
        Encoding::Postcard.encode(message, &mut frame);
        self.handle(Input::Frame { link, body: &frame[FRAME_HEADER..] });
    }

    fn connect(&mut self, index: usize) {
        self.links += 1;
        let link = LinkId(self.links);
        let client = &mut self.clients[index];
        client.attempt += 1;
        let number = client.number;
        let hello = Hello {
            peer: PeerId::from_bytes([number; 16]),
            producer: ProducerId::from_bytes([number; 8]),
            token: client.token,
            attempt: client.attempt,
            nick: format!("client {number}").as_str().into(),
            presence: Presence::default(),
        };
        // An earlier link is given up, and what came over it and was not read is lost.
        client.link = Some(link);
        client.inbox.clear();
        client.unread = 0;
        for membership in &mut client.rooms {
            (membership.room, membership.is_leaving) = (None, false);
        }
        self.handle(Input::LinkUp { link, credit: WINDOW, from: None });
        self.handle(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
        self.say(index, &ToHost::Hello(hello));
    }

    fn join(&mut self, client: usize, room: usize) {
        let membership = &self.clients[client].rooms[room];
        if !membership.is_wanted {
            return;
        }
        let from = membership.place.map_or(JoinFrom::Start, |(epoch, seq)| JoinFrom::After { epoch, seq });
        let (settled, sent) = (Cmid(membership.settled), Cmid(membership.sent));
        self.say(client, &ToHost::Join { room: ROOMS[room].into(), from, settled, sent });
    }

    fn lose(&mut self, client: usize) {
        let Some(link) = self.clients[client].link.take() else { return };
        self.clients[client].inbox.clear();
        self.handle(Input::LinkDown { link, loss: LinkLoss::Broken });
    }

    /// The next message, `ahead` of the last: if it is not the next, it is refused.
    fn send(&mut self, client: usize, room: usize, ahead: u64) {
        let Client { number, rooms, .. } = &mut self.clients[client];
        let membership = &mut rooms[room];
        let Some(id) = membership.room else { return };
        let cmid = membership.sent + ahead;
        if ahead == 1 {
            membership.sent = cmid;
        }
        let body = Body::text(&text(*number, room, cmid));
        self.say(client, &ToHost::Send { room: id, cmid: Cmid(cmid), body, commitment: None });
    }

    fn skip(&mut self, client: usize, room: usize) {
        self.send(client, room, 2);
    }

    fn send_again(&mut self, client: usize, room: usize, back: u64) {
        let Client { number, rooms, .. } = &self.clients[client];
        let membership = &rooms[room];
        let (Some(id), Some(cmid)) = (membership.room, membership.sent.checked_sub(back - 1).filter(|cmid| *cmid > 0))
        else {
            return;
        };
        let body = Body::text(&text(*number, room, cmid));
        self.say(client, &ToHost::Send { room: id, cmid: Cmid(cmid), body, commitment: None });
    }

    fn move_in_or_out(&mut self, client: usize) {
        let [lobby, membership] = &mut self.clients[client].rooms;
        let is_there = lobby.room.is_some();
        match (membership.is_wanted, membership.room) {
            (true, Some(room)) => {
                (membership.is_wanted, membership.is_leaving) = (false, true);
                (membership.room, membership.place) = (None, None);
                membership.gives_up();
                self.say(client, &ToHost::Leave { room });
            }
            (false, _) if !membership.is_leaving => {
                membership.is_wanted = true;
                // Who is not there yet asks for it with the others.
                if is_there {
                    self.join(client, 1);
                }
            }
            _ => {}
        }
    }

    /// Reads everything that has come.
    fn read(&mut self, client: usize) {
        while let Some(said) = self.clients[client].inbox.pop_front() {
            let Some(said) = said else {
                self.clients[client].link = None;
                return;
            };
            self.hear(client, said);
            if self.clients[client].inbox.is_empty()
                && let Some(link) = self.clients[client].link
            {
                let bytes = std::mem::take(&mut self.clients[client].unread);
                self.handle(Input::Credit { link, bytes });
            }
        }
    }

    fn hear(&mut self, index: usize, said: ToClient) {
        let client = &mut self.clients[index];
        match said {
            ToClient::Welcome(welcome) => {
                client.token = Some(welcome.token);
                assert_eq!(*client.member.get_or_insert(welcome.you), welcome.you, "it is who it was");
                client.rooms[0].is_wanted = true;
                // Not before: it would show that the welcome was read.
                (0..ROOMS.len()).for_each(|room| self.join(index, room));
            }
            ToClient::Joined(joined) => {
                let Some(room) = ROOMS.iter().position(|name| *name == joined.name.as_str()) else { return };
                let membership = &mut client.rooms[room];
                // The answer to a join that it has given up since.
                if !membership.is_wanted {
                    return;
                }
                if let Some((epoch, seq)) = membership.place {
                    assert_eq!((joined.epoch, joined.after), (epoch, seq), "it goes on where it was");
                }
                membership.place = Some((joined.epoch, joined.after));
                let is_news = membership.room.replace(joined.room).is_none();
                assert!(joined.known, "nobody is forgotten");
                if is_news {
                    // What has no outcome is said again, in order.
                    let count = membership.sent - membership.settled;
                    for back in (1..=count).rev() {
                        self.send_again(index, room, back);
                    }
                }
            }
            ToClient::Entry(entry) => {
                let Some(room) = client.rooms.iter().position(|membership| membership.room == Some(entry.room)) else {
                    return;
                };
                let membership = &mut client.rooms[room];
                let Some((epoch, seq)) = &mut membership.place else {
                    panic!("an entry of a room that was not joined")
                };
                assert_eq!(entry.seq, seq.next(), "without holes");
                *seq = entry.seq;
                self.model.is_shown(*epoch, &entry);
                if Some(entry.author) == client.member && entry.cmid != Cmid::ZERO {
                    assert_eq!(entry.body, Body::text(&text(client.number, room, entry.cmid.0)), "as it was said");
                    membership.becomes(entry.cmid.0, Outcome::Logged);
                }
            }
            ToClient::Gap { room, to, .. } => {
                let membership = client.rooms.iter_mut().find(|membership| membership.room == Some(room));
                if let Some((_, seq)) = membership.and_then(|membership| membership.place.as_mut()) {
                    assert!(to > *seq);
                    *seq = to;
                }
            }
            ToClient::Ack { room, cmid, seq } => {
                let Some(membership) = client.rooms.iter_mut().find(|membership| membership.room == Some(room)) else {
                    return;
                };
                membership.becomes(cmid.0, Outcome::Logged);
                if let (Some(seq), Some((epoch, _)), Some(member)) = (seq, membership.place, client.member) {
                    let place = *self.model.places.entry((epoch, member, cmid)).or_insert(seq);
                    assert_eq!(place, seq, "it is where it was");
                    if let Some(entry) = self.model.entries.get(&(epoch, seq)) {
                        assert_eq!((entry.author, entry.cmid), (member, cmid));
                    }
                }
            }
            ToClient::Reject { room, cmid, refusal } => {
                let Some(membership) = client.rooms.iter_mut().find(|membership| membership.room == Some(room)) else {
                    return;
                };
                match refusal {
                    Refusal::Empty => membership.becomes(cmid.0, Outcome::Refused),
                    Refusal::SendGap => assert!(cmid.0 > membership.settled + 1, "{cmid} is the next"),
                    Refusal::NotMember => {}
                    other => panic!("{cmid} is refused for {other}"),
                }
            }
            ToClient::Parted { .. } => client.rooms[1].is_leaving = false,
            ToClient::Bye { .. } => client.link = None,
            _ => {}
        }
    }

    fn sync(&mut self) {
        if let Some(stored) = self.disk.sync() {
            self.handle(stored);
        }
    }

    fn crash(&mut self) {
        self.disk.crash();
        self.lives += 1;
        self.out = Outbox::new();
        let (rows, seed) = (self.disk.rows.clone(), Seed::from_number(self.lives));
        self.host = if rows.is_empty() {
            Host::new(config(), &seed, self.now)
        } else {
            let wall = Timestamp::from_millis(self.now.as_nanos() / 1_000_000);
            Host::restore(config(), &seed, self.now, wall, rows).expect("what was kept is whole")
        };
        for client in &mut self.clients {
            (client.link, client.unread) = (None, 0);
            client.inbox.clear();
            client.rooms.iter_mut().for_each(|membership| membership.room = None);
        }
        self.handle(Input::Tick);
    }

    /// Everybody comes back and hears everything: every message has its outcome, and the log is the model's.
    fn settle(&mut self) {
        self.crash();
        // A change of rooms that was under way may take another turn.
        for _ in 0..4 {
            for client in 0..CLIENTS {
                if self.clients[client].link.is_none() {
                    self.connect(client);
                }
            }
            while self.disk.has_waiting() || self.clients.iter().any(|client| !client.inbox.is_empty()) {
                self.sync();
                (0..CLIENTS).for_each(|client| self.read(client));
            }
        }
        for client in &self.clients {
            for membership in client.rooms.iter().filter(|membership| membership.is_wanted) {
                assert_eq!(membership.settled, membership.sent, "every message has its outcome");
            }
        }
        let places: Vec<_> = self.clients.iter().map(|client| client.rooms[0].place).collect();
        assert!(places.iter().all(|place| *place == places[0] && place.is_some()), "all are at the end: {places:?}");
    }
}
