//! What a client does: first alone with a host that is played by the test, then in a world with a real one.

mod acting;
mod any_input;
mod changes;
mod chaos;
mod chat;
mod dialling;
mod every_frame;
mod forging;
mod hearing;
mod keeping;
mod lagging;
mod liveness;
mod lying;
mod misled;
mod outbox;
mod pages;
mod presence;
mod proven;
mod resuming;
mod rooms;
mod signals;

use alloc::vec::Vec;
use core::time::Duration;

use bytes::BytesMut;

use super::{Client, ClientConfig, Round};
use crate::{
    event::{Ended, Event, MessageId},
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, SessionId, Token},
    message::{
        Body, Encoding, Entry, FRAME_HEADER, Hello, Joined, LeaveReason, MemberRecord, Role, Rules, Status, ToClient,
        ToHost, Welcome,
    },
    name::RoomName,
    reason::{CloseReason, Durability, Outcome, Refusal},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox},
    seed::Seed,
    time::{Time, Timestamp},
    wire::frames,
};

const LOBBY: RoomId = RoomId(1);
/// The number that the played host gives to the client, and to somebody else.
const ME: MemberId = MemberId(1);
const ANA: MemberId = MemberId(2);

/// A client, and all that it has done. The host is played by the test.
struct Bench {
    client: Client,
    now: Time,
    out: Outbox,
    told: Vec<Event>,
    said: Vec<ToHost>,
    /// The links it dialled and those it closed, in order.
    dialled: Vec<LinkId>,
    closed: Vec<(LinkId, CloseReason)>,
    /// Whether credit is given back at once, and for how much it was not.
    reads: bool,
    unread: u32,
    window: u32,
}

fn config() -> ClientConfig {
    ClientConfig::new("me".parse().unwrap())
}

fn den() -> RoomName {
    "den".parse().unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn life(number: u8) -> Epoch {
    Epoch::from_bytes([number; 16])
}

fn welcome() -> Welcome {
    Welcome {
        session: SessionId::from_bytes([5; 16]),
        name: "Lab 3".parse().unwrap(),
        life: life(1),
        you: ME,
        token: Token::from_bytes([6; 16]),
        roster: Rev(2),
        heartbeat_ms: 5000,
        max_text: 8192,
        durability: Durability::Memory,
    }
}

fn joined(name: &RoomName, room: u32, head: u64) -> Joined {
    let (after, head) = (Seq(head), Seq(head));
    Joined {
        name: name.clone(),
        room: RoomId(room),
        epoch: life(2),
        after,
        head,
        known: true,
        members: [ME].into(),
        founder: None,
        topic: None,
        rules: Rules::default(),
        chained: None,
    }
}

fn entry(seq: u64, author: MemberId, cmid: u64, text: &str) -> ToClient {
    let (room, seq, cmid, at) = (LOBBY, Seq(seq), Cmid(cmid), Timestamp::from_millis(1));
    let (body, commitment, blanked) = (Body::text(text), None, None);
    ToClient::Entry(Entry { room, seq, author, cmid, at, body, commitment, blanked })
}

/// What the host logs for somebody.
fn host_entry(seq: u64, author: MemberId, body: Body) -> ToClient {
    let (room, seq, cmid, at) = (LOBBY, Seq(seq), Cmid::ZERO, Timestamp::from_millis(1));
    ToClient::Entry(Entry { room, seq, author, cmid, at, body, commitment: None, blanked: None })
}

fn went(seq: u64, author: MemberId) -> ToClient {
    host_entry(seq, author, Body::Leave { reason: LeaveReason::TimedOut })
}

fn ana(status: Status) -> MemberRecord {
    let (peer, producer) = (PeerId::from_bytes([2; 16]), ProducerId::from_bytes([2; 8]));
    let (nick, role, note) = ("ana".parse().unwrap(), Role::Member, None);
    MemberRecord { member: ANA, peer, producer, nick, role, status, note, identity: None }
}

impl Bench {
    /// A client that has begun to dial.
    fn new() -> Self {
        Self::with(config(), 1)
    }

    fn with(config: ClientConfig, seed: u64) -> Self {
        let mut bench = Self {
            client: Client::new(config, &Seed::from_number(seed)),
            now: Time::ZERO,
            out: Outbox::new(),
            told: Vec::new(),
            said: Vec::new(),
            dialled: Vec::new(),
            closed: Vec::new(),
            reads: true,
            unread: 0,
            window: 64 * 1024,
        };
        bench.round(|round| {
            round.connect();
        });
        bench
    }

    /// A client that is in the lobby, of which nobody has told it anything yet, together with ana.
    fn in_lobby() -> Self {
        let mut bench = Self::new();
        bench.arrive();
        bench.enter();
        bench
    }

    /// Has the client do something in a round, then does what it wants done.
    fn round<T>(&mut self, act: impl FnOnce(&mut Round<'_>) -> T) -> T {
        let done = act(&mut self.client.round(self.now, &mut self.out));
        let mut sent = 0;
        for effect in self.out.drain() {
            match effect {
                Effect::Event(event) => self.told.push(event),
                Effect::Store { .. } => panic!("a client keeps nothing"),
                Effect::Dial { link } => self.dialled.push(link),
                Effect::Close { link, reason } => self.closed.push((link, reason)),
                Effect::Send { link, frames: bytes } => {
                    assert_eq!(Some(&link), self.dialled.last(), "nothing is said on an old link");
                    assert!(self.closed.iter().all(|(closed, _)| *closed != link), "nothing is said on a closed link");
                    sent += u32::try_from(bytes.len()).unwrap();
                    self.said.extend(frames(&bytes).map(|frame| Encoding::Postcard.decode(frame).unwrap()));
                }
            }
        }
        self.unread += sent;
        if self.reads && sent > 0 {
            self.read();
        }
        done
    }

    fn input(&mut self, input: Input<'_>) {
        self.round(|round| round.handle(input));
    }

    /// Gives all credit back.
    fn read(&mut self) {
        let bytes = core::mem::take(&mut self.unread);
        self.input(Input::Credit { link: self.link(), bytes });
    }

    /// The link that was dialled last.
    fn link(&self) -> LinkId {
        *self.dialled.last().unwrap()
    }

    /// The link that was dialled last comes up; gives the hello that the client says on it.
    fn arrive(&mut self) -> Hello {
        let (link, credit) = (self.link(), self.window);
        self.said.clear();
        self.input(Input::LinkUp { link, credit, from: None });
        self.input(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
        match &self.said[..] {
            [ToHost::Hello(hello)] => hello.clone(),
            other => panic!("no hello but {other:?}"),
        }
    }

    /// The host lets the client in, tells it who is there, and answers its wish to be in the lobby.
    fn enter(&mut self) {
        self.hear(&ToClient::Welcome(welcome()));
        self.roster();
        self.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), ..joined(&RoomName::lobby(), LOBBY.0, 0) }));
    }

    fn me(&self) -> MemberRecord {
        let (peer, nick) = (self.client.me().id, self.client.me().nick);
        let (producer, role, status) = (self.client.producer, Role::Member, Status::Online);
        MemberRecord { member: ME, peer, producer, nick, role, status, note: None, identity: None }
    }

    /// The host says who is there: the client itself and ana.
    fn roster(&mut self) {
        let members = [self.me(), ana(Status::Online)].into();
        self.hear(&ToClient::Roster { rev: Rev(2), members });
    }

    fn hear(&mut self, message: &ToClient) {
        self.hear_all(core::slice::from_ref(message));
    }

    /// The host says all of that at once.
    fn hear_all(&mut self, messages: &[ToClient]) {
        let mut said = BytesMut::new();
        for message in messages {
            Encoding::Postcard.encode(message, &mut said);
        }
        let link = self.link();
        self.round(|round| frames(&said).for_each(|body| round.handle(Input::Frame { link, body })));
        assert!(said.len() > FRAME_HEADER);
    }

    /// What the client has said since it was last asked.
    fn said(&mut self) -> Vec<ToHost> {
        core::mem::take(&mut self.said)
    }

    /// What the application was told since it was last asked.
    fn told(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.told)
    }

    fn down(&mut self, loss: LinkLoss) {
        self.unread = 0;
        self.input(Input::LinkDown { link: self.link(), loss });
    }

    /// Lets time pass, with a tick whenever the client wants one.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.out.wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.input(Input::Tick);
        }
        self.now = end;
        self.input(Input::Tick);
    }

    /// Loses the link, waits for the client to dial again, and lets the new link come up.
    fn reconnect(&mut self) -> Hello {
        self.down(LinkLoss::Broken);
        self.redial();
        self.arrive()
    }

    /// Waits until the client dials again.
    fn redial(&mut self) {
        let dialled = self.dialled.len();
        while self.dialled.len() == dialled {
            self.now = self.out.wake().expect("it waits for something").at;
            self.input(Input::Tick);
        }
    }

    fn post(&mut self, room: &RoomName, text: &str) -> Result<MessageId, Refusal> {
        self.round(|round| round.post(room, Body::text(text)))
    }

    /// What became of messages since the application was last asked.
    fn outcomes(&mut self) -> Vec<(Cmid, Outcome)> {
        let receipt = |event| match event {
            Event::Receipt { id, outcome } => Some((id.cmid, outcome)),
            _ => None,
        };
        self.told().into_iter().filter_map(receipt).collect()
    }
}

/// What the client has said in a room, by number.
fn sent(said: &[ToHost]) -> Vec<u64> {
    said.iter().filter_map(|said| if let ToHost::Send { cmid, .. } = said { Some(cmid.0) } else { None }).collect()
}

/// Why links were lost.
fn disconnects(told: &[Event]) -> Vec<Ended> {
    told.iter().filter_map(|e| if let Event::Disconnected { cause, .. } = e { Some(*cause) } else { None }).collect()
}
