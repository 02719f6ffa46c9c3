//! What a host does, seen from its links: no bytes are cut here, and time is a number.

mod absence;
mod admission;
mod any_input;
mod archive;
mod changes;
mod every_frame;
mod history;
mod import;
mod keeping;
mod liveness;
mod locked;
mod messages;
mod misbehaviour;
mod moderation;
mod news;
mod numbers;
mod pages;
mod presence;
mod private;
mod proven;
mod rates;
mod retention;
mod rooms;
mod secrets;
mod signals;
mod signing;
mod slow_readers;
mod strangers;
mod strict;

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::{net::IpAddr, time::Duration};

use bytes::BytesMut;

use super::{Host, HostConfig, Round};
use crate::{
    event::{Event, Peer},
    identity::Identity,
    ids::{Cmid, PeerId, ProducerId, RoomId, Seq, Token},
    limits::{Limits, Rate},
    message::{Act, Body, Encoding, Entry, FRAME_HEADER, Hello, JoinFrom, Joined, Presence, ToClient, ToHost, Welcome},
    name::RoomName,
    reason::{CloseReason, Refusal},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox, Proven},
    seed::Seed,
    testing::Disk,
    time::Time,
    wire::frames,
};

/// The number of the lobby, which is the first room of every host.
const LOBBY: RoomId = RoomId(1);
const WINDOW: u32 = 64 * 1024;

/// A host, and all that it has said to each of its links.
struct Bench {
    host: Host,
    now: Time,
    out: Outbox,
    told: Vec<Event>,
    links: BTreeMap<LinkId, Seen>,
    /// Where it keeps its rows, if it was told to.
    disk: Disk,
}

/// What came over one link.
struct Seen {
    encoding: Encoding,
    said: Vec<ToClient>,
    /// Bytes for which no credit was given back yet.
    unread: u32,
    /// Whether credit is given back at once.
    reads: bool,
    closed: Option<CloseReason>,
}

/// A host that lets everybody say as much as they like.
fn config() -> HostConfig {
    let limits = Limits { messages: Rate::UNLIMITED, ..Limits::default() };
    HostConfig { limits, ..HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap()) }
}

fn den() -> RoomName {
    "den".parse().unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The hello of the client of that number, which is its peer and its producer and its name.
fn hello(number: u8, attempt: u32, token: Option<Token>) -> ToHost {
    let (peer, producer) = (PeerId::from_bytes([number; 16]), ProducerId::from_bytes([number; 8]));
    let nick = alloc::format!("client {number}").as_str().into();
    ToHost::Hello(Hello { peer, producer, token, attempt, nick, presence: Presence::default() })
}

/// Somebody who can prove who they are, and the nth run of whose client that says first.
fn somebody(who: u8) -> Identity {
    Identity::from_seed([who; 32])
}

fn proven_hello(who: &Identity, run: u8, attempt: u32, token: Option<Token>) -> ToHost {
    let ToHost::Hello(greeting) = hello(run, attempt, token) else { panic!("no hello") };
    ToHost::Hello(Hello { peer: who.peer(), ..greeting })
}

fn join(room: &RoomName, from: JoinFrom) -> ToHost {
    ToHost::Join { room: room.as_str().into(), from, settled: Cmid::ZERO, sent: Cmid::ZERO }
}

fn text(room: RoomId, cmid: u64, text: &str) -> ToHost {
    ToHost::Send { room, cmid: Cmid(cmid), body: Body::text(text), commitment: None }
}

impl Bench {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: HostConfig) -> Self {
        let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
        Self {
            host,
            now: Time::ZERO,
            out: Outbox::new(),
            told: Vec::new(),
            links: BTreeMap::new(),
            disk: Disk::default(),
        }
    }

    /// Has the host do something in a round, then does what it wants done.
    fn round<T>(&mut self, act: impl FnOnce(&mut Round<'_>) -> T) -> T {
        let done = act(&mut self.host.round(self.now, &mut self.out));
        loop {
            for effect in self.out.drain() {
                match effect {
                    Effect::Event(event) => self.told.push(event),
                    Effect::Dial { .. } => panic!("a host does not dial"),
                    Effect::Store { batch, changes } => self.disk.take(batch, changes),
                    Effect::Close { link, reason } => {
                        let seen = self.links.get_mut(&link).expect("no link is closed that was not up");
                        assert_eq!(seen.closed.replace(reason), None, "a link is closed once");
                    }
                    Effect::Send { link, frames: sent } => {
                        let seen = self.links.get_mut(&link).expect("nothing is said to a link that was not up");
                        assert_eq!(seen.closed, None, "nothing is said on a closed link");
                        seen.unread += u32::try_from(sent.len()).unwrap();
                        seen.said.extend(frames(&sent).map(|frame| seen.encoding.decode(frame).unwrap()));
                    }
                }
            }
            let reading = self.links.iter_mut().filter(|(_, seen)| seen.reads && seen.closed.is_none());
            let read: Vec<(LinkId, u32)> =
                reading.map(|(link, seen)| (*link, core::mem::take(&mut seen.unread))).collect();
            let mut round = self.host.round(self.now, &mut self.out);
            read.iter().filter(|(_, bytes)| *bytes > 0).for_each(|(link, bytes)| {
                round.handle(Input::Credit { link: *link, bytes: *bytes });
            });
            drop(round);
            if read.iter().all(|(_, bytes)| *bytes == 0) {
                break;
            }
        }
        done
    }

    fn input(&mut self, input: Input<'_>) {
        self.round(|round| round.handle(input));
    }

    /// Lets time pass, with a tick whenever the host wants one.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.out.wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.input(Input::Tick);
        }
        self.now = end;
        self.input(Input::Tick);
    }

    /// Lets time pass, in which these links do what keeps them alive.
    fn pass_alive(&mut self, time: Duration, links: &[LinkId]) {
        for _ in 0..time.as_secs() {
            self.pass(secs(1));
            for link in links {
                self.say(*link, &ToHost::Ping { nonce: 0 });
                self.seen(*link).said.retain(|said| *said != ToClient::Pong { nonce: 0 });
            }
        }
    }

    fn seen(&mut self, link: LinkId) -> &mut Seen {
        self.links.get_mut(&link).unwrap()
    }

    /// A link that is through its preamble.
    fn open(&mut self, link: u64, encoding: Encoding, credit: u32) -> LinkId {
        self.open_from(None, link, encoding, credit)
    }

    /// The same, at whose other end somebody has proven to be.
    fn open_by(&mut self, who: &Identity, link: u64) -> LinkId {
        self.open_proven(Proven { identity: who.public(), by_secret: false }, link)
    }

    fn open_proven(&mut self, proven: Proven, link: u64) -> LinkId {
        self.open_with((None, Some(proven)), link, Encoding::Postcard, WINDOW)
    }

    /// The same, from there.
    fn open_from(&mut self, from: Option<IpAddr>, link: u64, encoding: Encoding, credit: u32) -> LinkId {
        self.open_with((from, None), link, encoding, credit)
    }

    fn open_with(
        &mut self,
        (from, proven): (Option<IpAddr>, Option<Proven>),
        link: u64,
        encoding: Encoding,
        credit: u32,
    ) -> LinkId {
        let link = LinkId(link);
        let seen = Seen { encoding, said: Vec::new(), unread: 0, reads: true, closed: None };
        assert!(self.links.insert(link, seen).is_none(), "a link's number is used once");
        self.input(Input::LinkUp { link, credit, from });
        self.input(Input::Opened { link, encoding, proven });
        link
    }

    fn frame(&mut self, link: LinkId, message: &ToHost) -> Vec<u8> {
        let mut frame = BytesMut::new();
        self.seen(link).encoding.encode(message, &mut frame);
        frame[FRAME_HEADER..].to_vec()
    }

    fn say(&mut self, link: LinkId, message: &ToHost) {
        self.say_all(link, core::slice::from_ref(message));
    }

    /// Has a link say all of that in one round.
    fn say_all(&mut self, link: LinkId, messages: &[ToHost]) {
        let bodies: Vec<Vec<u8>> = messages.iter().map(|message| self.frame(link, message)).collect();
        self.round(|round| bodies.iter().for_each(|body| round.handle(Input::Frame { link, body })));
    }

    /// What a link has been told since it was last asked.
    fn heard(&mut self, link: LinkId) -> Vec<ToClient> {
        core::mem::take(&mut self.seen(link).said)
    }

    /// Lets a client in on a new link; gives its welcome and leaves what follows to be heard.
    fn greet(&mut self, link: u64, hello: &ToHost) -> (LinkId, Result<Welcome, CloseReason>) {
        let link = self.open(link, Encoding::Postcard, WINDOW);
        self.say(link, hello);
        let welcome = match self.seen(link).closed {
            Some(reason) => Err(reason),
            None => match self.seen(link).said.remove(0) {
                ToClient::Welcome(welcome) => Ok(welcome),
                other => panic!("no welcome but {other:?}"),
            },
        };
        (link, welcome)
    }

    /// A new client in the lobby, on a link of its own number, that has heard how things stand.
    fn member(&mut self, number: u8) -> LinkId {
        let (link, welcome) = self.greet(number.into(), &hello(number, 1, None));
        welcome.unwrap();
        self.join(link, &RoomName::lobby(), JoinFrom::Head);
        link
    }

    /// Joins a room, and hears everything up to now.
    fn join(&mut self, link: LinkId, room: &RoomName, from: JoinFrom) -> Joined {
        self.heard(link);
        self.say(link, &join(room, from));
        let heard = self.heard(link);
        heard
            .into_iter()
            .find_map(|said| if let ToClient::Joined(joined) = said { Some(joined) } else { None })
            .unwrap()
    }

    fn down(&mut self, link: LinkId) {
        self.seen(link).reads = false;
        self.input(Input::LinkDown { link, loss: LinkLoss::Broken });
    }

    /// Gives all credit back, and goes on doing so.
    fn read(&mut self, link: LinkId) {
        self.seen(link).reads = true;
        self.input(Input::Tick);
    }

    fn closed(&mut self, link: LinkId) -> Option<CloseReason> {
        self.seen(link).closed
    }

    fn post(&mut self, room: &RoomName, text: &str) -> Result<crate::MessageId, Refusal> {
        self.round(|round| round.post(room, Body::text(text)))
    }
}

/// Something that a client does in a room.
fn act(room: RoomId, cmid: u64, act: Act) -> ToHost {
    ToHost::Send { room, cmid: Cmid(cmid), body: Body::Act(act), commitment: None }
}

/// The client of that number, as others may call it.
fn peer(number: u8) -> Peer {
    Peer { id: PeerId::from_bytes([number; 16]), nick: "somebody".parse().unwrap() }
}

/// What was done, among what was said.
fn acts(said: &[ToClient]) -> Vec<Act> {
    entries(said).filter_map(|entry| entry.body.act().cloned()).collect()
}

/// Why requests were turned down, among what was said.
fn refusals(said: &[ToClient]) -> Vec<Refusal> {
    let refusal = |said: &ToClient| match said {
        ToClient::Reject { refusal, .. }
        | ToClient::JoinRefused { refusal, .. }
        | ToClient::ListRefused { refusal } => Some(*refusal),
        _ => None,
    };
    said.iter().filter_map(refusal).collect()
}

/// The entries among what was said.
fn entries(said: &[ToClient]) -> impl Iterator<Item = &Entry> {
    said.iter().filter_map(|said| if let ToClient::Entry(entry) = said { Some(entry) } else { None })
}

/// The places and texts among what was said.
fn texts(said: &[ToClient]) -> Vec<(Seq, String)> {
    let text = |entry: &Entry| match &entry.body {
        Body::Text(text) => Some((entry.seq, text.as_str().into())),
        _ => None,
    };
    entries(said).filter_map(text).collect()
}
