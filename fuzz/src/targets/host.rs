//! No input makes a host panic, hold more than its limits, or say to any link what does not follow from what it has
//! said to it before.

use std::collections::{BTreeMap, BTreeSet};

use crate::{body_of, encoding, presence, to_host};
use arbitrary::{Result, Unstructured};
use core::time::Duration;
use exchange_core::{
    Body, Effect, Encoding, Host, HostConfig, Input, JoinFrom, Limits, LinkId, LinkLoss, MemberId, Outbox, PeerId,
    ProducerId, Rate, Rev, RoomId, RoomName, Seed, Seq, Time, Timestamp, Token, Violation,
    message::{FRAME_HEADER, Hello, MAX_FRAME, ToClient, ToHost},
    wire::frames,
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
/// How far answers may go beyond a link's credit, and the last of them and the goodbye.
const ALLOWANCE: u64 = 64 * 1024 + 2048;

fn limits() -> Limits {
    Limits {
        links: 3,
        links_per_address: 2,
        half_open: 2,
        half_open_per_address: 2,
        newcomers: Rate { per_second: 50, burst: 50 },
        rooms: 3,
        rooms_per_member: 2,
        members_per_room: 3,
        signalled: 2,
        remembered: 2,
        history_entries: 8,
        history_bytes: 500,
        history_age: Some(Duration::from_secs(60)),
        text: 100,
        reactions: 2,
        rooms_per_founder: 2,
        invitations: 1,
        sanctions: 1,
        page_entries: 3,
        page_bytes: 100,
        messages: Rate { per_second: 50, burst: 50 },
        requests: Rate { per_second: 50, burst: 50 },
    }
}

struct World {
    host: Host,
    now: Time,
    out: Outbox,
    slots: [LinkId; 4],
    next: u64,
    seen: BTreeMap<LinkId, Seen>,
    attempt: u32,
    tokens: BTreeMap<u8, Token>,
}

/// A link as whoever is at its other end sees it.
#[derive(Default)]
struct Seen {
    encoding: Option<Encoding>,
    unread: u64,
    welcomed: bool,
    dismissed: bool,
    rev: Rev,
    members: BTreeSet<MemberId>,
    places: BTreeMap<RoomId, Seq>,
    /// The room whose page has been begun, the place of its last entry, and how many are left.
    page: Option<(RoomId, Seq, u32)>,
}

impl World {
    fn new() -> Self {
        let name = |name: &str| name.parse().expect("it is valid");
        let mut config = HostConfig::new(name("Fuzz"), "ana".parse().expect("it is valid"));
        config.limits = limits();
        Self {
            host: Host::new(config, &Seed::from_number(1), Time::ZERO),
            now: Time::ZERO,
            out: Outbox::new(),
            slots: [LinkId(0); 4],
            next: 1,
            seen: BTreeMap::new(),
            attempt: 0,
            tokens: BTreeMap::new(),
        }
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let slot = u.int_in_range(0..=self.slots.len() - 1)?;
        let link = self.slots[slot];
        let encoded = self.seen.get(&link).and_then(|seen| seen.encoding).unwrap_or(Encoding::Postcard);
        let mut who = None;
        let body;
        let input = match u.int_in_range(0..=15)? {
            0 => {
                let most = if u.arbitrary()? { 200 } else { 200_000 };
                self.now = self.now + Duration::from_millis(u.int_in_range(0..=most)?);
                Input::Tick
            }
            1 => Input::WallClock { at: Timestamp::from_millis(u.arbitrary()?) },
            2 => {
                self.slots[slot] = LinkId(self.next);
                self.seen.insert(LinkId(self.next), Seen::default());
                self.next += 1;
                let from = [None, Some([10, 0, 0, 1].into()), Some([10, 0, 0, 2].into())][slot % 3];
                Input::LinkUp { link: self.slots[slot], credit: WINDOW, from }
            }
            3 => {
                let encoding = encoding(u)?;
                if let Some(seen) = self.seen.get_mut(&link) {
                    seen.encoding.get_or_insert(encoding);
                }
                Input::Opened { link, encoding, proven: None }
            }
            4 | 5 => {
                let client: u8 = u.int_in_range(0..=4)?;
                self.attempt += 1;
                let hello = Hello {
                    peer: PeerId::from_bytes([client / 2; 16]),
                    producer: ProducerId::from_bytes([client; 8]),
                    token: if u.ratio(7, 8)? { self.tokens.get(&client).copied() } else { None },
                    attempt: if u.ratio(7, 8)? { self.attempt } else { u.arbitrary()? },
                    nick: u.choose(&["bo", "cy", "Bo", "host"])?.to_owned().into(),
                    presence: presence(u)?,
                };
                who = Some(client);
                body = body_of(encoded, &ToHost::Hello(hello));
                Input::Frame { link, body: &body }
            }
            6..=10 => {
                body = body_of(encoded, &to_host(u)?);
                Input::Frame { link, body: &body }
            }
            11 => Input::Frame { link, body: u.arbitrary()? },
            12 => {
                let bytes = u.arbitrary::<u16>()?.into();
                if let Some(seen) = self.seen.get_mut(&link) {
                    seen.unread = seen.unread.saturating_sub(u64::from(bytes));
                }
                Input::Credit { link, bytes }
            }
            13 if u.arbitrary()? => Input::Fault { link, violation: Violation::Oversize },
            13 => {
                // What is due comes first, and may well be about this link.
                self.host.handle(self.now, Input::Tick, &mut self.out);
                self.check(None);
                self.seen.remove(&link);
                Input::LinkDown { link, loss: LinkLoss::Broken }
            }
            14 => Input::NetworkChanged,
            _ => return self.own(u),
        };
        self.host.handle(self.now, input, &mut self.out);
        self.check(who);
        Ok(())
    }

    /// The host itself does something.
    fn own(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let room = match u.int_in_range(0..=2)? {
            0 => RoomName::lobby(),
            1 => "den".parse().expect("it is valid"),
            _ => "cellar".parse().expect("it is valid"),
        };
        let act = u.int_in_range(0..=15)?;
        let text: &str = if u.arbitrary()? { "hello" } else { u.arbitrary()? };
        let mut round = self.host.round(self.now, &mut self.out);
        match act {
            0..=8 => drop(round.post(&room, Body::text(text))),
            9..=11 => drop(round.join(&room, JoinFrom::Start)),
            12..=14 => drop(round.leave(&room)),
            _ => round.close(),
        }
        drop(round);
        self.check(None);
        Ok(())
    }

    fn check(&mut self, who: Option<u8>) {
        let effects: Vec<Effect> = self.out.drain().collect();
        for effect in effects {
            match effect {
                Effect::Event(_) => {}
                Effect::Store { .. } => panic!("it was not told to keep anything"),
                Effect::Dial { .. } => panic!("a host does not dial"),
                Effect::Close { link, .. } => drop(self.seen.remove(&link).expect("closed once")),
                Effect::Send { link, frames: sent } => {
                    let seen = self.seen.get_mut(&link).expect("nothing is said on a link that is gone");
                    seen.unread += sent.len() as u64;
                    let most = u64::from(WINDOW) + MAX_FRAME as u64 + ALLOWANCE;
                    assert!(seen.unread <= most, "{} bytes unread", seen.unread);
                    let encoding = seen.encoding.expect("nothing is said before the preamble is through");
                    let mut count = 0;
                    for frame in frames(&sent) {
                        assert!(frame.len() <= MAX_FRAME);
                        count += FRAME_HEADER + frame.len();
                        let said = encoding.decode::<ToClient>(frame).expect("a host speaks the protocol");
                        if let (ToClient::Welcome(welcome), Some(who)) = (&said, who) {
                            self.tokens.insert(who, welcome.token);
                        }
                        seen.hear(said);
                    }
                    assert_eq!(count, sent.len(), "whole frames only");
                }
            }
        }
        let limits = limits();
        assert!(self.host.link_count() <= limits.links);
        assert!(self.host.rooms().count() <= limits.rooms);
        for room in self.host.rooms() {
            assert!(self.host.members(room).count() <= limits.members_per_room);
        }
        if let Some(wake) = self.out.wake() {
            assert!(wake.at > self.now, "what is due has been done");
        }
    }
}

impl Seen {
    fn hear(&mut self, said: ToClient) {
        assert!(!self.dismissed, "nothing follows a goodbye");
        match &said {
            ToClient::Bye { .. } => {}
            ToClient::Welcome(_) => assert!(!self.welcomed, "welcome once"),
            _ => assert!(self.welcomed, "welcome first: {said:?}"),
        }
        if let Some((room, last, left)) = self.page.take().filter(|(.., left)| *left > 0) {
            let ToClient::Entry(entry) = said else { panic!("{said:?} within a page") };
            assert_eq!((entry.room, entry.seq), (room, last.next()), "a page has no holes");
            assert!(self.members.contains(&entry.author), "a stranger has written it");
            self.page = Some((room, entry.seq, left - 1));
            return;
        }
        match said {
            ToClient::Bye { .. } => self.dismissed = true,
            ToClient::Welcome(_) => self.welcomed = true,
            ToClient::Roster { rev, members } => {
                assert!(rev > self.rev && !members.is_empty());
                self.rev = rev;
                self.members.extend(members.iter().map(|record| record.member));
            }
            ToClient::Joined(joined) => {
                assert!(joined.after <= joined.head);
                assert!(joined.members.iter().all(|member| self.members.contains(member)), "a stranger is in it");
                self.places.insert(joined.room, joined.after);
            }
            ToClient::Parted { room } => drop(self.places.remove(&room)),
            ToClient::Entry(entry) => {
                assert!(self.members.contains(&entry.author), "a stranger has written it");
                let place = self.places.get_mut(&entry.room).expect("an entry of a room that was joined");
                assert_eq!(entry.seq, place.next());
                *place = entry.seq;
            }
            ToClient::Page { room, after, entries, more, start, head, .. } => {
                assert!(self.places.contains_key(&room), "a page of a room that was joined");
                assert!(start <= after && after.0 + u64::from(entries) <= head.0 && entries <= limits().page_entries);
                assert!(entries > 0 || !more);
                self.page = Some((room, after, entries));
            }
            ToClient::Gap { room, to, .. } => {
                let place = self.places.get_mut(&room).expect("a gap in a room that was joined");
                assert!(to > *place);
                *place = to;
            }
            _ => {}
        }
    }
}
