//! No input at all makes a host panic or hold more than it should.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::time::Duration;

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};

use super::{config, secs};
use crate::{
    host::{Host, HostConfig, RoomName},
    ids::MemberId,
    limits::{Limits, Rate},
    message::{Encoding, FRAME_HEADER, JoinFrom, MAX_FRAME, ToClient, ToHost, arbitrary},
    reason::{Durability, Violation},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox},
    seed::Seed,
    testing::{Disk, cases},
    time::{Time, Timestamp},
    wire::frames,
};

const WINDOW: u32 = 1000;
const LINKS: usize = 3;
const AGE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
enum Step {
    Pass(Duration),
    Wall(u64),
    /// This client comes, in JSON or not, and joins the lobby.
    Arrive(u8, bool),
    Up,
    Opened(bool),
    /// A hello of this client, with the token it was given last or none.
    Hello(u8, bool),
    Say(ToHost),
    Bytes(Vec<u8>),
    Read(u32),
    Fault,
    Down,
    Network,
    /// What has waited longest is kept.
    Sync,
    /// The host dies, and is made again of what was kept.
    Restart,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let step = prop_oneof![
        2 => prop_oneof![0_u64..200, 0_u64..200_000].prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        1 => any::<u64>().prop_map(Step::Wall),
        8 => (0_u8..4, any::<bool>()).prop_map(|(client, json)| Step::Arrive(client, json)),
        2 => Just(Step::Up),
        2 => any::<bool>().prop_map(Step::Opened),
        2 => (0_u8..4, any::<bool>()).prop_map(|(client, token)| Step::Hello(client, token)),
        20 => arbitrary::to_host().prop_map(Step::Say),
        1 => vec(any::<u8>(), 0..20).prop_map(Step::Bytes),
        4 => prop_oneof![0_u32..2000, any::<u32>()].prop_map(Step::Read),
        1 => Just(Step::Fault),
        1 => Just(Step::Down),
        1 => Just(Step::Network),
        12 => Just(Step::Sync),
        1 => Just(Step::Restart),
    ];
    (0_u64..5, step)
}

/// What the world knows of a link: its encoding, the bytes it was sent and did not read, and the last token on it.
struct Seen {
    encoding: Encoding,
    unread: u64,
    who: Option<u8>,
}

struct Fuzz {
    host: Host,
    now: Time,
    out: Outbox,
    /// The present number of each of a few links; a number is used once.
    links: [LinkId; 5],
    next: u64,
    seen: BTreeMap<LinkId, Seen>,
    tokens: BTreeMap<u8, crate::Token>,
    attempts: u32,
    /// Where everything is kept, if it is.
    disk: Option<Disk>,
}

impl Fuzz {
    fn config(disk: Option<&Disk>) -> HostConfig {
        let limits = Limits {
            links: LINKS,
            links_per_address: 2,
            half_open: 2,
            half_open_per_address: 2,
            newcomers: Rate { per_second: 5, burst: 5 },
            rooms: 3,
            rooms_per_member: 2,
            members_per_room: 3,
            signalled: 2,
            remembered: 2,
            history_entries: 8,
            history_bytes: 600,
            history_age: Some(AGE),
            text: 64,
            reactions: 2,
            rooms_per_founder: 2,
            invitations: 1,
            sanctions: 1,
            page_entries: 3,
            page_bytes: 100,
            messages: Rate { per_second: 5, burst: 5 },
            requests: Rate { per_second: 5, burst: 5 },
        };
        HostConfig { limits, store: disk.map(|_| Durability::Fsynced), ..config() }
    }

    fn new(disk: Option<Disk>) -> Self {
        let host = Host::new(Self::config(disk.as_ref()), &Seed::from_number(1), Time::ZERO);
        let (tokens, seen, out) = (BTreeMap::new(), BTreeMap::new(), Outbox::new());
        Self { host, now: Time::ZERO, out, links: [LinkId(0); 5], next: 1, seen, tokens, attempts: 0, disk }
    }

    fn restart(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        disk.restart();
        let (rows, seed) = (disk.rows.clone(), Seed::from_number(self.next));
        let config = Self::config(Some(disk));
        self.out = Outbox::new();
        (self.links, self.seen) = ([LinkId(0); 5], BTreeMap::new());
        if rows.is_empty() {
            self.host = Host::new(config, &seed, self.now);
        } else {
            self.host = Host::restore(config, &seed, self.now, Timestamp::default(), rows.clone()).unwrap();
            assert_eq!(self.host.all_rows(), rows, "it is what it was");
        }
    }

    fn apply(&mut self, slot: usize, step: &Step) {
        let link = self.links[slot];
        let mut body = BytesMut::new();
        let encoding = self.seen.get(&link).map_or(Encoding::Postcard, |seen| seen.encoding);
        let input = match step {
            Step::Arrive(client, json) => {
                let join = super::join(&RoomName::lobby(), JoinFrom::Start);
                for step in [Step::Up, Step::Opened(*json), Step::Hello(*client, true), Step::Say(join)] {
                    self.apply(slot, &step);
                }
                return;
            }
            Step::Pass(time) => {
                self.now = self.now + *time;
                Input::Tick
            }
            Step::Wall(at) => Input::WallClock { at: Timestamp::from_millis(*at) },
            Step::Up => {
                self.links[slot] = LinkId(self.next);
                self.seen.insert(LinkId(self.next), Seen { encoding, unread: 0, who: None });
                self.next += 1;
                let from = [None, Some([10, 0, 0, 1].into()), Some([10, 0, 0, 2].into())][slot % 3];
                Input::LinkUp { link: self.links[slot], credit: WINDOW, from }
            }
            Step::Opened(json) => {
                let encoding = if *json { Encoding::Json } else { Encoding::Postcard };
                if self.host.links.get(&link).is_some_and(|state| state.encoding().is_none()) {
                    self.seen.insert(link, Seen { encoding, unread: 0, who: None });
                }
                Input::Opened { link, encoding, proven: None }
            }
            Step::Hello(client, token) => {
                if let Some(seen) = self.seen.get_mut(&link) {
                    seen.who.get_or_insert(*client);
                }
                self.attempts += 1;
                let token = self.tokens.get(client).copied().filter(|_| *token);
                encoding.encode(&super::hello(*client, self.attempts, token), &mut body);
                Input::Frame { link, body: &body[FRAME_HEADER..] }
            }
            Step::Say(message) => {
                encoding.encode(message, &mut body);
                Input::Frame { link, body: &body[FRAME_HEADER..] }
            }
            Step::Bytes(bytes) => Input::Frame { link, body: bytes },
            Step::Read(bytes) => {
                if let Some(seen) = self.seen.get_mut(&link) {
                    seen.unread = seen.unread.saturating_sub((*bytes).into());
                }
                Input::Credit { link, bytes: *bytes }
            }
            Step::Fault => Input::Fault { link, violation: Violation::Oversize },
            Step::Down => Input::LinkDown { link, loss: LinkLoss::Broken },
            Step::Network => Input::NetworkChanged,
            Step::Sync => match self.disk.as_mut().and_then(Disk::sync) {
                Some(stored) => stored,
                None => return,
            },
            Step::Restart => return self.restart(),
        };
        self.host.handle(self.now, input, &mut self.out);
        self.check();
        if let Some(disk) = &self.disk {
            assert_eq!(self.host.all_rows(), disk.all(), "everything is kept");
        }
    }

    /// Takes what the host wants done, and holds it against the bounds.
    fn check(&mut self) {
        for effect in self.out.drain() {
            match effect {
                Effect::Event(_) => {}
                Effect::Dial { .. } => panic!("a host does not dial"),
                Effect::Store { batch, changes } => self.disk.as_mut().unwrap().take(batch, changes),
                Effect::Close { link, .. } => assert!(self.seen.remove(&link).is_some(), "closed once"),
                Effect::Send { link, frames: sent } => {
                    let seen = self.seen.get_mut(&link).expect("nothing is said on a closed link");
                    seen.unread += sent.len() as u64;
                    let most = WINDOW as usize + MAX_FRAME + 64 * 1024 + 256;
                    assert!(seen.unread <= most as u64, "{} bytes unread", seen.unread);
                    let mut count = 0;
                    for frame in frames(&sent) {
                        count += frame.len() + FRAME_HEADER;
                        let said = seen.encoding.decode::<ToClient>(frame).expect("a host speaks the protocol");
                        if let (ToClient::Welcome(welcome), Some(who)) = (said, seen.who) {
                            self.tokens.insert(who, welcome.token);
                        }
                    }
                    assert_eq!(count, sent.len(), "whole frames only");
                }
            }
        }
        let host = &self.host;
        let half_open = host.links.values().filter(|link| link.member().is_none()).count();
        host.check_shares();
        let json = host.links.values().filter(|link| link.encoding() == Some(Encoding::Json)).count();
        assert_eq!(host.json_links, json);
        assert!(host.links.len() <= LINKS && half_open <= 2 && host.rooms.len() <= 3);
        let mut kept: BTreeMap<MemberId, usize> = BTreeMap::new();
        host.rooms
            .values()
            .flat_map(|room| room.log.authors())
            .for_each(|author| *kept.entry(author).or_default() += 1);
        for (number, member) in &host.members {
            assert!(member.rooms.len() <= 2);
            assert_eq!(member.entries, kept.get(number).copied().unwrap_or_default(), "of {number}");
        }
        for room in host.rooms.values() {
            assert!(room.log.oldest_until().is_none_or(|until| self.now < until + secs(1)), "what is too old goes");
            assert!(room.size() <= 3);
            let readers = host.links.iter().filter(|(_, link)| link.cursor(room.id).is_some());
            assert!(room.subscribers().iter().eq(readers.map(|(link, _)| link)), "whoever has a cursor is woken");
            assert!(room.log.head().0 - room.log.tail().0 <= 8);
        }
        let entries: usize = host.members.values().map(|member| member.entries).sum();
        let kept: u64 = host.rooms.values().map(|room| room.log.head().0 - room.log.tail().0).sum();
        assert_eq!(entries as u64, kept, "every author of an entry that is kept is known");
        if let Some(wake) = self.out.wake() {
            assert!(wake.at > self.now, "what is due has been done");
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn no_input_makes_a_host_panic_or_hold_more_than_it_allows(steps in vec(step(), 1..120)) {
        let mut fuzz = Fuzz::new(None);
        for (slot, step) in steps {
            fuzz.apply(usize::try_from(slot).unwrap(), &step);
        }
    }

    #[test]
    fn whatever_happens_to_a_host_that_keeps_it_is_kept(steps in vec(step(), 1..120)) {
        let mut fuzz = Fuzz::new(Some(Disk::default()));
        for (slot, step) in steps {
            fuzz.apply(usize::try_from(slot).unwrap(), &step);
        }
    }
}
