//! No host makes a client panic, hold more than its configuration says, deliver a message twice or out of order, or owe
//! an outcome.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::{body_of, encoding, number, page_from, to_client};
use arbitrary::{Result, Unstructured};
use exchange_core::{
    Body, Client, ClientConfig, Effect, Encoding, Event, Input, JoinFrom, LinkId, LinkLoss, MessageId, Outbox, PageId,
    RoomName, Seed, Seq, Time, Violation,
    message::{FRAME_HEADER, MAX_FRAME, ToHost},
    wire::{Versions, frames},
};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let (mut world, mut u) = (World::new(), Unstructured::new(data));
    for _ in 0..STEPS {
        if u.is_empty() || world.step(&mut u).is_err() {
            return;
        }
    }
}

const STEPS: usize = 400;
const WINDOW: u32 = 1000;
const PENDING: usize = 5;

struct World {
    client: Client,
    now: Time,
    out: Outbox,
    link: Option<Seen>,
    /// The link that was lost last: the client may still close it.
    lost: Option<LinkId>,
    attempt: Option<u32>,
    /// What was posted and has no outcome yet.
    owed: BTreeSet<MessageId>,
    /// What was fetched and is not told yet.
    fetching: BTreeSet<PageId>,
    delivered: BTreeSet<MessageId>,
    places: BTreeMap<RoomName, Seq>,
    closed: bool,
}

/// The link of the moment, as the host at its other end sees it.
struct Seen {
    id: LinkId,
    up: bool,
    encoding: Option<Encoding>,
    unread: u64,
    greeted: bool,
    dismissed: bool,
}

impl World {
    fn new() -> Self {
        let mut config = ClientConfig::new("bo".parse().expect("it is valid"));
        config.pending = PENDING;
        config.pending_bytes = 200;
        config.window = 2;
        config.read_receipts = true;
        Self {
            client: Client::new(config, &Seed::from_number(1)),
            now: Time::ZERO,
            out: Outbox::new(),
            link: None,
            lost: None,
            attempt: None,
            owed: BTreeSet::new(),
            fetching: BTreeSet::new(),
            delivered: BTreeSet::new(),
            places: BTreeMap::new(),
            closed: false,
        }
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let link = match &self.link {
            Some(seen) if u.ratio(31, 32)? => seen.id,
            _ => LinkId(u.int_in_range(0..=3)?),
        };
        let seen = self.link.as_mut().filter(|seen| seen.id == link);
        let encoded = seen.as_ref().and_then(|seen| seen.encoding).unwrap_or(Encoding::Postcard);
        let body;
        let input = match u.int_in_range(0..=15)? {
            0 => {
                let most = if u.arbitrary()? { 200 } else { 60_000 };
                self.now = self.now + Duration::from_millis(u.int_in_range(0..=most)?);
                Input::Tick
            }
            1 => {
                if let Some(seen) = seen {
                    seen.up = true;
                }
                Input::LinkUp { link, credit: WINDOW, from: None }
            }
            2 => {
                let encoding = encoding(u)?;
                if let Some(seen) = seen.filter(|seen| seen.up) {
                    seen.encoding.get_or_insert(encoding);
                }
                Input::Opened { link, encoding, proven: None }
            }
            3..=10 => {
                body = body_of(encoded, &to_client(u)?);
                Input::Frame { link, body: &body }
            }
            11 => match u.int_in_range(0..=4)? {
                0 => Input::Frame { link, body: u.arbitrary()? },
                1 => Input::NetworkChanged,
                2 => Input::Fault { link, violation: Violation::Oversize },
                3 => self.down(link, LinkLoss::Broken),
                _ => {
                    let loss = LinkLoss::Versions { ours: Versions::SUPPORTED, theirs: Versions::SUPPORTED };
                    self.down(link, if u.ratio(1, 4)? { loss } else { LinkLoss::Closed })
                }
            },
            12 => {
                let bytes = u.arbitrary::<u16>()?.into();
                if let Some(seen) = seen {
                    seen.unread = seen.unread.saturating_sub(u64::from(bytes));
                }
                Input::Credit { link, bytes }
            }
            _ => return self.own(u),
        };
        self.client.handle(self.now, input, &mut self.out);
        self.check();
        Ok(())
    }

    fn down(&mut self, link: LinkId, loss: LinkLoss) -> Input<'static> {
        // What is due comes first, and may well be about this link.
        self.client.handle(self.now, Input::Tick, &mut self.out);
        self.check();
        self.lost = self.link.take_if(|seen| seen.id == link).map(|seen| seen.id).or(self.lost);
        Input::LinkDown { link, loss }
    }

    /// The client's user does something.
    fn own(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let room = match u.int_in_range(0..=3)? {
            0 | 1 => RoomName::lobby(),
            2 => "den".parse().expect("it is valid"),
            _ => "attic".parse().expect("it is valid"),
        };
        let act = u.int_in_range(0..=18)?;
        let text: &str = if u.arbitrary()? { "hello" } else { u.arbitrary()? };
        let mut round = self.client.round(self.now, &mut self.out);
        let (mut posted, mut fetched) = (None, None);
        match act {
            0..=1 => round.connect(),
            2..=9 => posted = round.post(&room, Body::text(text)).ok(),
            10..=12 => drop(round.join(&room, JoinFrom::Start)),
            13 | 14 => {
                if round.leave(&room).is_ok() {
                    self.places.remove(&room);
                    self.delivered.retain(|id| id.room != room);
                }
            }
            15 => round.read(&room, Seq(number(u)?)),
            16 => round.typing(&room, u.arbitrary()?),
            17 => {
                let (from, count) = (page_from(u)?, u.arbitrary()?);
                fetched = round.fetch(&room, from, count).ok();
            }
            _ => round.close(),
        }
        drop(round);
        if let Some(id) = posted {
            assert!(self.owed.insert(id), "no number is used twice");
        }
        if let Some(id) = fetched {
            assert!(self.fetching.insert(id), "no page is asked for twice by one id");
        }
        self.check();
        Ok(())
    }

    fn check(&mut self) {
        let effects: Vec<Effect> = self.out.drain().collect();
        for effect in effects {
            assert!(!self.closed, "nothing follows the end: {effect:?}");
            match effect {
                Effect::Event(event) => self.hear(event),
                Effect::Store { .. } => panic!("a client keeps nothing"),
                Effect::Dial { link } => {
                    assert!(self.link.is_none(), "one link at a time");
                    let (up, encoding, unread) = (false, None, 0);
                    self.link = Some(Seen { id: link, up, encoding, unread, greeted: false, dismissed: false });
                }
                Effect::Close { link, .. } => {
                    let open = self.link.take().map(|seen| seen.id).or(self.lost.take());
                    assert_eq!(open, Some(link), "closed once");
                }
                Effect::Send { link, frames: sent } => {
                    let seen = self.link.as_mut().filter(|seen| seen.id == link).expect("said on the link there is");
                    seen.unread += sent.len() as u64;
                    assert!(seen.unread <= u64::from(WINDOW) + 2 * MAX_FRAME as u64, "{} bytes unread", seen.unread);
                    let encoding = seen.encoding.expect("nothing is said before the preamble is through");
                    let mut count = 0;
                    for frame in frames(&sent) {
                        assert!(frame.len() <= MAX_FRAME);
                        count += FRAME_HEADER + frame.len();
                        let said = encoding.decode::<ToHost>(frame).expect("a client speaks the protocol");
                        assert!(!seen.dismissed, "nothing follows a goodbye");
                        match said {
                            ToHost::Hello(hello) => {
                                assert!(!seen.greeted, "hello once");
                                assert!(self.attempt < Some(hello.attempt), "a newer link has a larger number");
                                self.attempt = Some(hello.attempt);
                                seen.greeted = true;
                            }
                            said => {
                                assert!(seen.greeted, "hello first: {said:?}");
                                seen.dismissed = matches!(said, ToHost::Bye { .. });
                            }
                        }
                    }
                    assert_eq!(count, sent.len(), "whole frames only");
                }
            }
        }
        assert_eq!(self.client.pending(), self.owed.len());
        assert!(self.owed.len() <= PENDING);
        if let Some(wake) = self.out.wake() {
            assert!(wake.at > self.now, "what is due has been done");
        }
        if self.closed {
            assert!(self.client.is_closed() && self.owed.is_empty(), "every message has its outcome");
            assert!(self.fetching.is_empty(), "and every page");
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Closed { .. } => self.closed = true,
            Event::Receipt { id, .. } => assert!(self.owed.remove(&id), "one outcome for each"),
            Event::Page { id, page } => {
                assert!(self.fetching.remove(&id), "one page for each");
                if let Ok(page) = page {
                    assert_eq!(page.to().0 - page.after().0, page.events().len() as u64, "without holes");
                }
            }
            Event::Message(message) => {
                self.advance(message.room(), message.seq());
                if message.id().cmid.0 > 0 {
                    assert!(self.delivered.insert(message.id().clone()), "delivered twice");
                }
            }
            Event::PeerJoined { room, seq, .. } | Event::PeerLeft { room, seq, .. } => self.advance(&room, seq),
            Event::Gap { room, from, to, .. } => {
                assert!(from <= to);
                self.advance(&room, from);
                self.places.insert(room, to);
            }
            Event::HistoryLost { room } => drop(self.places.remove(&room)),
            Event::RoomRefused { room, .. } => {
                // Asked for and turned down, or left: either way it begins anew.
                self.places.remove(&room);
                self.delivered.retain(|id| id.room != room);
            }
            _ => {}
        }
    }

    /// Places are told in order. Beyond the largest that a log can have there is none.
    fn advance(&mut self, room: &RoomName, seq: Seq) {
        let before = self.places.insert(room.clone(), seq);
        assert!(before < Some(seq) || seq.0 >= (1 << 53) - 1, "{seq} comes after {before:?}");
    }
}
