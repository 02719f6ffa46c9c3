//! No input at all makes a client panic or hold more than it should.

use alloc::{collections::BTreeSet, vec, vec::Vec};
use core::time::Duration;

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};

use super::{ANA, LOBBY, ME, Status, ana, config, den, entry, joined, welcome};
use crate::{
    client::{Client, ClientConfig},
    digest::Digest,
    event::{Event, PageId},
    identity::Identity,
    ids::{Cmid, Rev, RoomId, Seq},
    message::{
        Body, Chained, Encoding, FRAME_HEADER, JoinFrom, Joined, MAX_FRAME, PageFrom, ToClient, ToHost, arbitrary,
    },
    name::RoomName,
    reason::{Refusal, Violation},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox, Proven},
    seed::Seed,
    testing::cases,
    time::Time,
    wire::frames,
};

const WINDOW: u32 = 500;
const PENDING: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    Pass(Duration),
    /// The link comes up, and the host lets the client into the lobby and the den.
    Arrive(u64),
    Up,
    Opened(bool),
    /// What an honest host would say next: a welcome, who is there, a room, an entry.
    Welcome(bool),
    Roster,
    Joined(u32, u64),
    Entry(u64),
    Hear(ToClient),
    Bytes(Vec<u8>),
    Read(u32),
    Fault,
    Down,
    Network,
    Post(bool, Body),
    Join,
    Leave,
    ReadUpTo(u64),
    Type(bool),
    Fetch(bool, PageFrom, u32),
    /// A page of so many entries, and they.
    Page(u64, u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0_u64..200, 0_u64..20_000].prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        6 => (0_u64..4).prop_map(Step::Arrive),
        2 => Just(Step::Up),
        2 => any::<bool>().prop_map(Step::Opened),
        2 => any::<bool>().prop_map(Step::Welcome),
        2 => Just(Step::Roster),
        4 => (1_u32..3, 0_u64..4).prop_map(|(room, head)| Step::Joined(room, head)),
        4 => (1_u64..6).prop_map(Step::Entry),
        6 => arbitrary::to_client().prop_map(Step::Hear),
        1 => vec(any::<u8>(), 0..20).prop_map(Step::Bytes),
        2 => prop_oneof![0_u32..1000, any::<u32>()].prop_map(Step::Read),
        1 => Just(Step::Fault),
        1 => Just(Step::Down),
        1 => Just(Step::Network),
        4 => (any::<bool>(), arbitrary::body()).prop_map(|(den, body)| Step::Post(den, body)),
        2 => Just(Step::Join),
        2 => Just(Step::Leave),
        2 => (0_u64..6).prop_map(Step::ReadUpTo),
        2 => any::<bool>().prop_map(Step::Type),
        4 => (any::<bool>(), arbitrary::page_from(), 0_u32..5).prop_map(|(den, from, count)| Step::Fetch(den, from, count)),
        4 => (0_u64..4, 0_u64..4, any::<bool>()).prop_map(|(after, count, more)| Step::Page(after, count, more)),
    ]
}

struct Fuzz {
    client: Client,
    now: Time,
    out: Outbox,
    /// The present link, its encoding, and what was sent on it and not read.
    link: LinkId,
    encoding: Encoding,
    unread: u64,
    /// Who hosts, if links prove that.
    proven: Option<Proven>,
    /// Messages that were taken and have no outcome yet.
    waiting: BTreeSet<(RoomName, Cmid)>,
    fetching: BTreeSet<PageId>,
    closed: bool,
}

impl Fuzz {
    fn new(is_proven: bool) -> Self {
        let identity = |seed| Identity::from_seed([seed; 32]);
        let proven = is_proven.then(|| Proven { identity: identity(7).public(), by_secret: false });
        let config = ClientConfig { identity: is_proven.then(|| identity(1)), ..config() };
        let config = ClientConfig { pending: PENDING, pending_bytes: 200, window: 2, read_receipts: true, ..config };
        let mut client = Client::new(config, &Seed::from_number(1));
        let mut out = Outbox::new();
        client.round(Time::ZERO, &mut out).connect();
        let (now, encoding, waiting, fetching) = (Time::ZERO, Encoding::Postcard, BTreeSet::new(), BTreeSet::new());
        Self { client, now, out, link: LinkId(0), encoding, unread: 0, proven, waiting, fetching, closed: false }
    }

    fn hear(&mut self, message: &ToClient) {
        let mut body = BytesMut::new();
        self.encoding.encode(message, &mut body);
        self.input(Input::Frame { link: self.link, body: &body[FRAME_HEADER..] });
    }

    fn input(&mut self, input: Input<'_>) {
        self.client.handle(self.now, input, &mut self.out);
    }

    fn apply(&mut self, step: Step) {
        let link = self.link;
        match step {
            Step::Arrive(head) => {
                self.apply(Step::Pass(Duration::from_secs(8)));
                let rooms = [Step::Joined(LOBBY.0, head), Step::Joined(2, head)];
                for step in [Step::Up, Step::Opened(false), Step::Welcome(true), Step::Roster].into_iter().chain(rooms)
                {
                    self.apply(step);
                }
            }
            Step::Pass(time) => {
                self.now = self.now + time;
                self.input(Input::Tick);
            }
            Step::Up => self.input(Input::LinkUp { link, credit: WINDOW, from: None }),
            Step::Opened(json) => {
                let encoding = if json { Encoding::Json } else { Encoding::Postcard };
                // What the preamble settled on stays.
                if matches!(&self.client.state, super::super::State::Linked(state) if state.encoding().is_none()) {
                    self.encoding = encoding;
                }
                self.input(Input::Opened { link, encoding, proven: self.proven });
            }
            Step::Welcome(same) => {
                let life = super::life(if same { 1 } else { 2 });
                self.hear(&ToClient::Welcome(crate::message::Welcome { life, ..welcome() }));
            }
            Step::Roster => {
                let me = self.client.me();
                let (peer, producer, nick) = (me.id, self.client.producer, me.nick);
                let me = crate::message::MemberRecord {
                    member: ME,
                    peer,
                    producer,
                    nick,
                    role: crate::message::Role::Member,
                    status: Status::Online,
                    note: None,
                    identity: None,
                };
                self.hear(&ToClient::Roster { rev: Rev(3), members: [me, ana(Status::Online)].into() });
            }
            Step::Joined(room, head) => {
                let name = if RoomId(room) == LOBBY { RoomName::lobby() } else { den() };
                let chain =
                    |_| Chained { chain: (head != 2).then_some(Digest::from_bytes([1; 32])), since: Seq(head / 2) };
                let chained = self.proven.map(|proven| chain(proven).into());
                self.hear(&ToClient::Joined(Joined { known: head != 3, chained, ..joined(&name, room, head) }));
            }
            Step::Entry(seq) => self.hear(&entry(seq, if seq % 2 == 0 { ME } else { ANA }, seq / 2, "text")),
            Step::Hear(message) => self.hear(&message),
            Step::Fetch(in_den, from, count) => {
                let room = if in_den { den() } else { RoomName::lobby() };
                if let Ok(id) = self.client.round(self.now, &mut self.out).fetch(&room, from, count) {
                    assert!(self.fetching.insert(id), "an id is used once");
                    assert!(self.fetching.len() <= 16);
                }
            }
            Step::Page(after, count, more) => {
                let (entries, start, head) = (u32::try_from(count).unwrap(), Seq(0), Seq(after + count));
                let chain = self.proven.map(|_| Digest::from_bytes([1; 32]));
                self.hear(&ToClient::Page { room: LOBBY, after: Seq(after), entries, more, start, head, chain });
                for seq in after + 1..=after + count {
                    self.hear(&entry(seq, ANA, 1, "text"));
                }
            }
            Step::Bytes(bytes) => self.input(Input::Frame { link, body: &bytes }),
            Step::Read(bytes) => {
                self.unread = self.unread.saturating_sub(bytes.into());
                self.input(Input::Credit { link, bytes });
            }
            Step::Fault => self.input(Input::Fault { link, violation: Violation::Oversize }),
            Step::Down => self.input(Input::LinkDown { link, loss: LinkLoss::Broken }),
            Step::Network => self.input(Input::NetworkChanged),
            Step::Post(in_den, body) => {
                let room = if in_den { den() } else { RoomName::lobby() };
                let posted = self.client.round(self.now, &mut self.out).post(&room, body);
                if let Ok(id) = posted {
                    assert!(self.waiting.insert((id.room, id.cmid)), "a number is used once");
                }
            }
            Step::Join => assert!(matches!(
                self.client.round(self.now, &mut self.out).join(&den(), JoinFrom::Start),
                Ok(()) | Err(Refusal::Closed)
            )),
            Step::ReadUpTo(seq) => self.client.round(self.now, &mut self.out).read(&RoomName::lobby(), Seq(seq)),
            Step::Type(typing) => self.client.round(self.now, &mut self.out).typing(&RoomName::lobby(), typing),
            Step::Leave => drop(self.client.round(self.now, &mut self.out).leave(&den())),
        }
        self.check();
    }

    /// Takes what the client wants done, and holds it against the bounds.
    fn check(&mut self) {
        for effect in self.out.drain() {
            assert!(!self.closed, "nothing follows the end: {effect:?}");
            match effect {
                Effect::Event(Event::Receipt { id, .. }) => {
                    assert!(self.waiting.remove(&(id.room, id.cmid)), "a message has one outcome");
                }
                Effect::Event(Event::Page { id, .. }) => {
                    assert!(self.fetching.remove(&id), "a page is told or refused once");
                }
                Effect::Event(Event::Closed { .. }) => self.closed = true,
                Effect::Store { .. } => panic!("a client keeps nothing"),
                Effect::Event(_) | Effect::Close { .. } => {}
                Effect::Dial { link } => (self.link, self.unread) = (link, 0),
                Effect::Send { link, frames: sent } => {
                    assert_eq!(link, self.link, "nothing is said on an old link");
                    self.unread += sent.len() as u64;
                    let most = WINDOW as usize + MAX_FRAME + 64 * 1024 + 256;
                    assert!(self.unread <= most as u64, "{} bytes unread", self.unread);
                    for frame in frames(&sent) {
                        self.encoding.decode::<ToHost>(frame).expect("a client speaks the protocol");
                    }
                }
            }
        }
        let client = &self.client;
        assert_eq!(client.pending(), self.waiting.len());
        assert!(client.pending() <= PENDING && client.pending_bytes <= 200);
        assert!(client.rooms.len() <= 3 && client.leaving.len() <= 4);
        assert_eq!(client.is_closed(), self.closed);
        if let Some(wake) = self.out.wake() {
            assert!(wake.at >= self.now && (wake.at > self.now || !client.is_connected()), "what is due has been done");
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn no_input_makes_a_client_panic_or_hold_more_than_it_allows(is_proven: bool, steps in vec(step(), 1..120)) {
        let mut fuzz = Fuzz::new(is_proven);
        fuzz.check();
        for step in steps {
            fuzz.apply(step);
        }
    }
}
