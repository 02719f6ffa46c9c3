//! Whatever happens to the links, in the end everybody has everything once and in the same order.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec,
    vec::Vec,
};
use core::{ops::RangeInclusive, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{den, secs};
use crate::{
    client::ClientConfig,
    event::{Event, Message, MessageId, Page, PageId},
    host::HostConfig,
    ids::Seq,
    limits::Limits,
    message::{Body, Encoding, JoinFrom, PageFrom, arbitrary::page_from},
    name::RoomName,
    reason::{Durability, Outcome},
    seam::Input,
    testing::{Cut, World, cases, messages},
};

const CLIENTS: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Post(usize, usize),
    HostPosts(usize),
    Cut(usize, Cut),
    Reads(usize, bool),
    IsRead(usize, bool),
    Reachable(usize, bool),
    NetworkChanged(usize),
    /// A client goes to or leaves the room that people come and go in.
    Door(usize, bool),
    HostDoor(bool),
    Fetch(usize, usize, PageFrom, u32),
    Steps(u8),
    Pass(u64, bool),
    Restart,
    /// So many of the batches that wait are kept.
    Sync(u8),
    /// The host dies, and is made again of what was kept.
    Crash,
    /// So many of the batches that wait at a client are kept.
    ClientSyncs(usize, u8),
    /// A client dies, and is made again of what was kept, of which it had not known the last so many batches.
    Die(usize, u8),
}

fn op() -> impl Strategy<Value = Op> {
    use Cut::{Client, Delivered, Host, Lost, Silent};
    let who = 0..CLIENTS;
    let cut = select(&[Lost, Lost, Delivered, Delivered, Silent, Host, Client][..]);
    let time = prop_oneof![6 => 0_u64..300, 3 => 300_u64..9000, 1 => 9000_u64..40_000, 1 => 100_000_u64..140_000];
    prop_oneof![
        10 => (who.clone(), 0..3_usize).prop_map(|(who, room)| Op::Post(who, room)),
        2 => (0..3_usize).prop_map(Op::HostPosts),
        4 => (who.clone(), cut).prop_map(|(who, cut)| Op::Cut(who, cut)),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, reads)| Op::Reads(who, reads)),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, reads)| Op::IsRead(who, reads)),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, reach)| Op::Reachable(who, reach)),
        1 => who.clone().prop_map(Op::NetworkChanged),
        4 => (who, any::<bool>()).prop_map(|(who, enter)| Op::Door(who, enter)),
        1 => any::<bool>().prop_map(Op::HostDoor),
        3 => (0..CLIENTS, 0..3_usize, page_from(), 1_u32..20)
            .prop_map(|(who, room, from, count)| Op::Fetch(who, room, from, count)),
        8 => any::<u8>().prop_map(|steps| Op::Steps(steps % 24)),
        5 => (time, any::<bool>()).prop_map(|(millis, deliver)| Op::Pass(millis, deliver)),
    ]
}

fn host() -> HostConfig {
    HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap())
}

/// One that keeps everything.
fn keeping() -> HostConfig {
    HostConfig { store: Some(Durability::Fsynced), ..host() }
}

/// The lobby, a room that all are in, and one that they come to and leave.
fn rooms() -> [RoomName; 3] {
    [RoomName::lobby(), den(), "door".parse().unwrap()]
}

struct Chaos {
    world: World,
    /// What was posted: by whom, as what, and its text.
    posted: Vec<(usize, MessageId, String)>,
    /// What was fetched, and by whom.
    fetched: Vec<(usize, PageId)>,
    /// What was posted and not kept before its author died. Their numbers mean others.
    lost: Vec<String>,
    /// What was posted and kept.
    promised: BTreeSet<String>,
    /// What clients that died had been told, and were not again.
    heard: Vec<(usize, RoomName, Heard)>,
    said: usize,
    restarts: u64,
}

impl Chaos {
    fn new(host: HostConfig, seed: u64, window: u32) -> Self {
        Self::of(host, seed, window, false)
    }

    /// One whose clients keep what waits, or do not.
    fn of(host: HostConfig, seed: u64, window: u32, keeps: bool) -> Self {
        let mut world = World::new(host, seed);
        world.window = window;
        world.host(|host| host.join(&den(), JoinFrom::Head)).unwrap();
        world.host(|host| host.join(&rooms()[2], JoinFrom::Head)).unwrap();
        for index in 0..CLIENTS {
            let nick = format!("client {index}").parse().unwrap();
            let config = ClientConfig { lobby_from: JoinFrom::Start, keeps, ..ClientConfig::new(nick) };
            world.add(config, if index == 0 { Encoding::Json } else { Encoding::Postcard });
            world.client(index, |client| client.join(&den(), JoinFrom::Start)).unwrap();
        }
        Self {
            world,
            posted: Vec::new(),
            fetched: Vec::new(),
            lost: Vec::new(),
            promised: BTreeSet::new(),
            heard: Vec::new(),
            said: 0,
            restarts: 0,
        }
    }

    fn apply(&mut self, op: &Op) {
        let (world, door) = (&mut self.world, &rooms()[2]);
        match *op {
            Op::Post(who, room) => {
                let text = format!("{} of {who}", self.said);
                if let Ok(id) = world.post(who, &rooms()[room], &text) {
                    self.said += 1;
                    self.posted.push((who, id, text));
                }
            }
            Op::HostPosts(room) => drop(world.host(|host| host.post(&rooms()[room], Body::text("host")))),
            Op::Cut(who, cut) => world.cut(who, cut),
            Op::Reads(who, reads) => world.clients[who].reads = reads,
            Op::IsRead(who, is_read) => world.clients[who].is_read = is_read,
            Op::Reachable(who, reachable) => world.clients[who].reachable = reachable,
            Op::NetworkChanged(who) => world.client(who, |client| client.handle(Input::NetworkChanged)),
            Op::Door(who, true) => world.client(who, |client| client.join(door, JoinFrom::Head)).unwrap(),
            Op::Door(who, false) => drop(world.client(who, |client| client.leave(door))),
            Op::HostDoor(true) => drop(world.host(|host| host.join(door, JoinFrom::Head))),
            Op::HostDoor(false) => drop(world.host(|host| host.leave(door))),
            Op::Fetch(who, room, from, count) => {
                if let Ok(id) = world.client(who, |client| client.fetch(&rooms()[room], from, count)) {
                    self.fetched.push((who, id));
                }
            }
            Op::Steps(steps) => (0..steps).for_each(|_| {
                world.step();
            }),
            Op::Pass(millis, deliver) => world.pass(Duration::from_millis(millis), deliver),
            Op::Restart => {
                self.restarts += 1;
                world.restart_host(host(), 100 + self.restarts);
            }
            Op::Sync(batches) => (0..batches).for_each(|_| world.sync()),
            Op::Crash => {
                self.restarts += 1;
                world.restore_host(keeping(), 100 + self.restarts);
            }
            Op::ClientSyncs(who, batches) => {
                world.clients[who].syncs = batches > 6;
                (0..batches).for_each(|_| {
                    world.sync_client(who);
                });
            }
            Op::Die(who, batches) => self.die(who, batches),
        }
        let is_idle = |who: usize| self.world.clients[who].disk.is_idle();
        let kept = self.posted.iter().filter(|(who, ..)| is_idle(*who)).map(|(.., text)| text.clone());
        self.promised.extend(kept);
    }

    /// Whatever a client was not asked to send again by what it has kept, it never sent.
    fn die(&mut self, who: usize, batches: u8) {
        self.restarts += 1;
        for room in rooms() {
            let heard = delivered(&self.world.clients[who].told, &room);
            self.heard.extend(heard.into_iter().map(|heard| (who, room.clone(), heard)));
        }
        self.world.restore_client_after(who, batches, 100 + self.restarts);
        let client = &self.world.clients[who].client;
        let was_kept = |id: &MessageId| id.producer == client.producer && id.cmid <= client.numbered(&id.room);
        let (kept, lost) = self.posted.drain(..).partition(|(by, id, _)| *by != who || was_kept(id));
        self.posted = kept;
        self.lost.extend(Vec::into_iter(lost).map(|(.., text)| text));
        let broken = self.lost.iter().find(|text| self.promised.contains(*text));
        assert_eq!(broken, None, "it was kept");
        self.fetched.retain(|(by, _)| *by != who);
        self.world.client(who, |client| client.join(&den(), JoinFrom::Start)).unwrap();
    }

    fn happen(&mut self, ops: &[Op]) {
        for op in ops {
            self.apply(op);
        }
    }

    /// Everything that kept people apart is over, and everybody had the time to notice.
    fn heal(&mut self) {
        for index in 0..CLIENTS {
            let node = &mut self.world.clients[index];
            (node.reachable, node.reads, node.is_read, node.syncs) = (true, true, true, true);
            self.world.sync_client(index);
        }
        self.world.syncs = true;
        self.world.sync();
        self.world.run(secs(60));
    }

    /// Everybody is told once what became of each page that they fetched.
    fn pages(&self) -> impl Iterator<Item = (usize, &Page)> {
        let told = |who: usize, id: PageId| {
            let pages = self.world.clients[who].told.iter().filter_map(move |event| match event {
                Event::Page { id: told, page } if *told == id => Some(page),
                _ => None,
            });
            let pages: Vec<_> = pages.collect();
            let [page] = pages[..] else { panic!("client {who} was told {} times of one page", pages.len()) };
            page.as_ref().ok().map(|page| (who, page))
        };
        self.fetched.iter().filter_map(move |(who, id)| told(*who, *id))
    }

    /// What each client was told of its messages: one outcome for every one.
    fn outcomes(&self) -> BTreeMap<MessageId, Outcome> {
        let mut outcomes = BTreeMap::new();
        for (who, node) in self.world.clients.iter().enumerate() {
            assert!(node.client.is_connected(), "client {who} is not back");
            assert_eq!(node.client.pending(), 0, "client {who} waits for something");
            for event in &node.told {
                if let Event::Receipt { id, outcome } = event {
                    assert_eq!(outcomes.insert(id.clone(), *outcome), None, "a second outcome of {id}");
                }
            }
        }
        assert_eq!(outcomes.len(), self.posted.len(), "not every message has an outcome");
        outcomes
    }

    /// Everything that was posted in a room is in its log once, at the place and as safely as its author was told.
    fn are_logged(&self, room: &RoomName, log: &[Heard], outcomes: &BTreeMap<MessageId, Outcome>, kept: Durability) {
        for (who, id, _) in self.posted.iter().filter(|(_, id, _)| id.room == *room) {
            let places: Vec<Seq> = log.iter().filter(|(_, logged, _)| logged == id).map(|(seq, ..)| *seq).collect();
            let outcome = outcomes[id];
            let Outcome::Logged { seq, durability } = outcome else { panic!("{id} of {who}: {outcome:?}") };
            assert_eq!((places, durability), (vec![seq.unwrap()], kept), "{id} of {who}");
        }
    }

    /// Who is where, and whether they are there, is the same for everyone.
    fn agree(&self) {
        let nicks = |peers: &mut dyn Iterator<Item = crate::Peer>| -> Vec<String> {
            let mut nicks: Vec<String> = peers.map(|peer| peer.nick.as_str().into()).collect();
            nicks.sort();
            nicks
        };
        let host = &self.world.host;
        for (who, node) in self.world.clients.iter().enumerate() {
            let client = &node.client;
            let accused = node.told.iter().find(|event| matches!(event, Event::Forged { .. } | Event::Forked { .. }));
            assert_eq!(accused, None, "client {who} finds a host out that tells the truth");
            let people = |people: &mut dyn Iterator<Item = crate::Person>| {
                let mut people: Vec<_> = people.collect();
                people.sort();
                people
            };
            assert_eq!(people(&mut client.people()), people(&mut host.people()), "client {who} sees other people");
            for room in &rooms() {
                let wants = client.rooms().any(|wanted| wanted == room);
                let is_in = host.members(room).any(|member| member == client.me());
                assert_eq!(wants, is_in, "client {who} in {room:?}");
                if wants {
                    let (here, there) = (nicks(&mut client.members(room)), nicks(&mut host.members(room)));
                    assert_eq!(here, there, "client {who} sees other members of {room:?}");
                }
            }
        }
    }
}

/// A message as somebody was told of it.
type Heard = (Seq, MessageId, String);

fn heard(message: &Message) -> Heard {
    (message.seq(), message.id().clone(), message.text().into())
}

fn delivered(told: &[Event], room: &RoomName) -> Vec<Heard> {
    messages(told, room).map(heard).collect()
}

fn gaps(told: &[Event], room: &RoomName) -> Vec<RangeInclusive<Seq>> {
    let gap = |event: &Event| match event {
        Event::Gap { room: torn, from, to, .. } if torn == room => Some(*from..=*to),
        _ => None,
    };
    told.iter().filter_map(gap).collect()
}

/// The first place that a client was told anything about: its log began there when it joined.
fn first_place(told: &[Event], room: &RoomName) -> Seq {
    let place = |event: &Event| match event {
        Event::Message(message) if message.room() == room => Some(message.seq()),
        Event::PeerJoined { room: at, seq, .. } | Event::PeerLeft { room: at, seq, .. } if at == room => Some(*seq),
        Event::Gap { room: at, from, .. } if at == room => Some(*from),
        _ => None,
    };
    told.iter().find_map(place).unwrap_or(Seq(u64::MAX))
}

/// No message twice, and each further on than the one before, unless the room was left or its log lost in between.
fn in_order(told: &[Event], room: &RoomName, who: usize) {
    let (mut last, mut ids) = (Seq::ZERO, Vec::new());
    for event in told {
        match event {
            Event::RoomLeft { room: left } if left == room => (last, ids) = (Seq::ZERO, Vec::new()),
            Event::HistoryLost { room: gone } if gone == room => last = Seq::ZERO,
            Event::Message(message) if message.room() == room => {
                assert!(message.seq() > last, "client {who} in {room:?}");
                assert!(!ids.contains(message.id()), "client {who} heard {} twice", message.id());
                last = message.seq();
                ids.push(message.id().clone());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn whatever_happens_to_links_everybody_has_everything_once_and_in_order(
        seed in any::<u64>(),
        window in select(&[200_u32, 2000, 65_536][..]),
        ops in vec(op(), 1..60),
    ) {
        let mut chaos = Chaos::new(host(), seed, window);
        chaos.happen(&ops);
        chaos.heal();
        chaos.agree();
        let outcomes = chaos.outcomes();
        let world = &chaos.world;
        for room in &rooms()[..2] {
            let log = delivered(&world.told, room);
            for (who, node) in world.clients.iter().enumerate() {
                prop_assert_eq!(&delivered(&node.told, room), &log, "client {} in {:?}", who, room);
            }
            chaos.are_logged(room, &log, &outcomes, Durability::Memory);
        }
        for (who, page) in chaos.pages() {
            let log = delivered(&world.told, page.room());
            let told = page.messages().iter().map(|view| heard(view.message()));
            let in_log = log.iter().filter(|(seq, ..)| (page.after().next()..=page.to()).contains(seq));
            prop_assert!(*page.room() == rooms()[2] || told.eq(in_log.cloned()), "client {} of {:?}", who, page);
        }
        // Where people come and go, a message may be refused or in doubt, but never told to be what it is not.
        let door = &rooms()[2];
        for (who, node) in world.clients.iter().enumerate() {
            in_order(&node.told, door, who);
        }
        for (id, outcome) in outcomes.iter().filter(|(id, _)| id.room == *door) {
            let known = [&world.told].into_iter().chain(world.clients.iter().map(|node| &node.told));
            let delivered = known.flat_map(|told| messages(told, door)).any(|message| message.id() == id);
            prop_assert!(!delivered || !matches!(outcome, Outcome::Refused(_)), "{} was heard: {:?}", id, outcome);
        }
    }

    #[test]
    fn a_short_memory_loses_messages_but_none_silently(
        seed in any::<u64>(),
        kept in 1_usize..12,
        ops in vec(op(), 1..60),
    ) {
        let limits = Limits { history_entries: kept, ..Limits::default() };
        let mut chaos = Chaos::new(HostConfig { limits, ..host() }, seed, 200);
        chaos.happen(&ops);
        chaos.heal();
        chaos.agree();
        for (id, outcome) in chaos.outcomes().iter().filter(|(id, _)| id.room != rooms()[2]) {
            prop_assert!(matches!(outcome, Outcome::Logged { .. }), "{}: {:?}", id, outcome);
        }
        prop_assert!(chaos.pages().all(|(_, page)| page.events().len() as u64 == page.to().0 - page.after().0));
        for room in &rooms()[..2] {
            for (who, node) in chaos.world.clients.iter().enumerate() {
                in_order(&node.told, room, who);
                let heard = delivered(&node.told, room);
                for logged in delivered(&chaos.world.told, room) {
                    let missed = gaps(&node.told, room).iter().filter(|gap| gap.contains(&logged.0)).count();
                    let heard = usize::from(heard.contains(&logged));
                    let before = usize::from(logged.0 < first_place(&node.told, room));
                    prop_assert_eq!(heard + missed + before, 1, "client {}: {:?}", who, logged);
                }
            }
        }
    }

    #[test]
    fn a_host_that_forgets_everything_makes_nobody_hear_anything_twice(
        seed in any::<u64>(),
        ops in vec(prop_oneof![20 => op(), 1 => Just(Op::Restart)], 1..60),
    ) {
        let mut chaos = Chaos::new(host(), seed, 65_536);
        chaos.happen(&ops);
        chaos.heal();
        chaos.agree();
        chaos.outcomes();
        chaos.pages().for_each(drop);
        for (who, node) in chaos.world.clients.iter().enumerate() {
            for room in &rooms() {
                in_order(&node.told, room, who);
            }
        }
    }

    #[test]
    fn a_host_that_keeps_everything_loses_nothing_however_often_it_dies(
        seed in any::<u64>(),
        window in select(&[200_u32, 2000, 65_536][..]),
        ops in vec(prop_oneof![16 => op(), 6 => any::<u8>().prop_map(|n| Op::Sync(n % 8)), 1 => Just(Op::Crash)], 1..80),
    ) {
        let mut chaos = Chaos::new(keeping(), seed, window);
        chaos.world.syncs = false;
        chaos.happen(&ops);
        chaos.heal();
        chaos.agree();
        let outcomes = chaos.outcomes();
        let world = &chaos.world;
        for room in &rooms()[..2] {
            let log: Vec<Heard> = world.host.messages(room).map(|view| heard(view.message())).collect();
            for (who, node) in world.clients.iter().enumerate() {
                prop_assert_eq!(node.told.iter().find(|told| matches!(told, Event::HistoryLost { .. })), None);
                prop_assert_eq!(&delivered(&node.told, room), &log, "client {} in {:?}", who, room);
            }
            chaos.are_logged(room, &log, &outcomes, Durability::Fsynced);
        }
    }
    #[test]
    fn what_a_client_has_kept_is_sent_once_however_often_it_dies(
        seed in any::<u64>(),
        window in select(&[200_u32, 2000, 65_536][..]),
        ops in vec(
            prop_oneof![
                16 => op(),
                4 => (0..CLIENTS, any::<u8>()).prop_map(|(who, batches)| Op::ClientSyncs(who, batches % 8)),
                2 => (0..CLIENTS, 0..4_u8).prop_map(|(who, batches)| Op::Die(who, batches)),
            ],
            1..80,
        ),
    ) {
        let mut chaos = Chaos::of(host(), seed, window, true);
        chaos.happen(&ops);
        chaos.heal();
        chaos.agree();
        let world = &mut chaos.world;
        for room in &rooms()[..2] {
            let log: Vec<Heard> = world.host.messages(room).map(|view| heard(view.message())).collect();
            prop_assert_eq!(&delivered(&world.told, room), &log);
            for (_, id, text) in chaos.posted.iter().filter(|(_, id, _)| id.room == *room) {
                let logged = log.iter().filter(|(_, logged, said)| logged == id && said == text);
                prop_assert_eq!(logged.count(), 1, "{} was kept", text);
            }
            for text in &chaos.lost {
                prop_assert!(log.iter().all(|(.., logged)| logged != text), "{} was not", text);
            }
            for (who, node) in world.clients.iter().enumerate() {
                in_order(&node.told, room, who);
                let told = delivered(&node.told, room);
                prop_assert!(log.ends_with(&told), "client {} in {:?}: {:?} of {:?}", who, room, told, log);
                for logged in &log[..log.len() - told.len()] {
                    let heard = |(whom, place, heard): &(usize, RoomName, Heard)| {
                        (*whom, place, heard) == (who, room, logged)
                    };
                    prop_assert!(chaos.heard.iter().any(heard), "client {} in {:?} missed {:?}", who, room, logged);
                }
            }
        }
        for index in 0..CLIENTS {
            prop_assert_eq!(world.clients[index].client.pending(), 0);
            // Where it is in its rooms is not kept by itself.
            world.clients[index].client.collect_rooms();
            world.client(index, |_| {});
            let node = &mut world.clients[index];
            prop_assert_eq!(&node.client.all_rows(), &node.disk.rows);
        }
    }
}
