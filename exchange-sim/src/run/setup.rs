//! From a scenario to the world it happens in.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use exchange_core::{
    Admission, Availability, Body, Client, ClientConfig, Encoding, Host, HostConfig, Identity, JoinCode, JoinFrom,
    Limits, Nick, Note, Presence, Rate, Remark, RoomName, Seed, SessionName, Time, Timing,
    message::ToHost,
    wire::{Keyring, Offer, Versions, frames},
};

use super::{Attention, Recorder, Run, ms};
use crate::{
    chat::{
        ChatNode, Command, Disk, Kind,
        intruder::{Mangler, Raw},
        liar::Liar,
        station::Seen,
    },
    check::{HOST, Oracle},
    clock::Clock,
    marks::Mark,
    net::NodeId,
    random::Random,
    scenario::{Act, Allowance, ClientSetup, From, Intrusion, MachineSetup, Measure, Mood, Scenario, Step},
    world::World,
};

/// The rooms there are, by number.
const ROOMS: [&str; 6] = ["lobby", "den", "door", "attic", "nook", "vault"];

/// In so many of them the host's owner is; in the others it is not, unless it joins them like anybody.
const OWNERS_ROOMS: u64 = 4;

/// What the host's owner and the first clients are called.
const NICKS: [&str; 8] = ["ana", "bo", "cy", "di", "ed", "flo", "gus", "ida"];

pub(super) fn room(number: u8) -> RoomName {
    RoomName::new(ROOMS[usize::from(number) % ROOMS.len()]).unwrap_or_else(|_| RoomName::lobby())
}

pub(super) fn nick(who: usize) -> String {
    NICKS.get(who).map_or_else(|| format!("nr {who}"), ToString::to_string)
}

fn join_from(from: From) -> JoinFrom {
    match from {
        From::Head => JoinFrom::Head,
        From::Last(entries) => JoinFrom::Last(entries),
        From::Start => JoinFrom::Start,
    }
}

fn rate(allowance: Option<Allowance>) -> Rate {
    allowance.map_or(Rate::UNLIMITED, |Allowance { per_second, burst }| Rate { per_second, burst })
}

fn clock(machine: &MachineSetup) -> Clock {
    Clock::new(machine.drift_ppm, machine.wall_offset_ms)
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(millis.into())
}

impl<'a> Run<'a> {
    pub(super) fn new(scenario: &'a Scenario, attention: Attention) -> Self {
        let mut run = Self {
            scenario,
            attention,
            world: World::new(scenario.seed, scenario.weather.clone()),
            oracle: Oracle::new(scenario),
            recorder: None,
            seen: Vec::new(),
            down: BTreeMap::new(),
            is_down_by_disk: false,
            wrong: None,
            disturbed: BTreeMap::new(),
            watches: Vec::new(),
            slow: BTreeSet::new(),
            sure: (1..=scenario.clients.len()).filter(|index| !may_be_replaced(scenario, *index)).collect(),
            active: BTreeSet::new(),
            closed_doors: 0,
            converged: None,
        };
        if attention != Attention::End {
            run.world.keep_digest();
        }
        let host = run.host(0, Time::ZERO);
        run.world.add(host, clock(&scenario.host.machine));
        for (index, setup) in scenario.clients.iter().enumerate() {
            let client = run.client(index + 1, 0);
            run.world.add(client, clock(&setup.machine));
        }
        for (index, intruder) in scenario.intruders.iter().enumerate() {
            let node = run.intruder(index, intruder.how, ms(intruder.at_ms));
            run.world.add(node, Clock::new(0, 0));
        }
        if attention == Attention::Record {
            let intruders = (1..=scenario.intruders.len()).map(|number| format!("intruder {number}"));
            let names = (0..=scenario.clients.len()).map(nick).chain(intruders).collect();
            run.recorder = Some(Recorder::new(names, scenario));
        }
        let both = [true, false].iter().all(|json| scenario.clients.iter().any(|client| client.json == *json));
        run.oracle.marks.sometimes(both, Mark::BothEncodings);
        run.schedule();
        run
    }

    /// What the host's machine runs, started for the nth time.
    pub(super) fn host(&self, incarnation: u64, now: Time) -> ChatNode {
        let keeps = self.scenario.host.keeps.as_ref();
        let disk = keeps.map(|keeping| Disk::new(keeping.latency, Random::new(self.scenario.seed, "disk", 0)));
        self.host_node(Host::new(self.host_config(), &self.seed(0, incarnation), now), disk)
    }

    pub(super) fn host_node(&self, host: Host, disk: Option<Disk>) -> ChatNode {
        let keyring = self.keyring(0, host.identity()).map(|keyring| self.lock(keyring, 0));
        let clients = self.scenario.clients.iter().zip(1..);
        let victims: BTreeSet<NodeId> =
            clients.filter(|(client, _)| client.is_lied_to).map(|(_, index)| NodeId(index)).collect();
        let random = Random::new(self.scenario.seed, "lies", self.world.events());
        let liar = (self.scenario.secured && !victims.is_empty()).then(|| Liar::new(victims, random));
        self.seen(ChatNode::host_with(host, self.scenario.host.credit, disk).secured(keyring).lying(liar))
    }

    pub(super) fn host_config(&self) -> HostConfig {
        let setup = &self.scenario.host;
        let name = SessionName::new("Lab 3").unwrap_or_else(|_| unreachable!("it is a name"));
        let owner = nick(0).parse().unwrap_or_else(|_| unreachable!("it is a nick"));
        let usual = Limits::default();
        let limits = Limits {
            links: setup.links as usize,
            links_per_address: setup.links as usize,
            half_open: setup.half_open as usize,
            half_open_per_address: setup.half_open_each.unwrap_or(setup.half_open) as usize,
            remembered: setup.remembered as usize,
            history_entries: setup.history as usize,
            history_age: setup.age_ms.map(millis),
            text: setup.text,
            signalled: setup.signalled.map_or(usual.signalled, |most| most as usize),
            messages: rate(setup.messages),
            requests: rate(setup.requests),
            ..usual
        };
        let timing = Timing {
            heartbeat: millis(setup.heartbeat_ms),
            handshake: millis(setup.handshake_ms),
            grace: millis(setup.grace_ms),
            expiry: millis(setup.expiry_ms),
            // So much as if there were a thousand of them, or nothing as for those few.
            news: millis(if Random::new(self.scenario.seed, "news", 0).chance(250) { 10 } else { 0 }),
            ..Timing::default()
        };
        HostConfig {
            limits,
            timing,
            idle: setup.idle(),
            read_receipts: setup.read_receipts,
            // It is the same whether or not it remembers anything.
            identity: self.scenario.secured.then(|| Identity::anybody(&self.seed(0, 0))),
            admission: if self.scenario.locked { Admission::BySecret } else { Admission::Open },
            store: setup.keeps.as_ref().map(|keeping| keeping.durability),
            ..HostConfig::new(name, owner)
        }
    }

    /// What a client's machine runs, started for the nth time.
    pub(super) fn client(&self, index: usize, incarnation: u64) -> ChatNode {
        let setup = &self.scenario.clients[index - 1];
        let random = Random::new(self.scenario.seed, "disk", index as u64);
        let disk = setup.keeps.map(|latency| Disk::new(latency, random));
        let seed = self.client_seed(index, incarnation);
        let identity = self.scenario.secured.then(|| Identity::anybody(&seed));
        let machine = Client::new(ClientConfig { identity, ..self.client_config(setup, index) }, &seed);
        self.client_node(index, machine, disk)
    }

    pub(super) fn client_config(&self, setup: &ClientSetup, index: usize) -> ClientConfig {
        let nick = nick(index).parse().unwrap_or_else(|_| unreachable!("it is a nick"));
        ClientConfig {
            has_secret: self.scenario.locked,
            lobby_from: join_from(setup.from),
            pending: setup.pending as usize,
            window: setup.window as usize,
            backoff_min: millis(setup.backoff_min_ms),
            backoff_max: millis(setup.backoff_max_ms),
            idle: setup.idle(),
            read_receipts: setup.read_receipts,
            keeps: setup.keeps.is_some(),
            ..ClientConfig::new(nick)
        }
    }

    pub(super) fn client_seed(&self, index: usize, incarnation: u64) -> Seed {
        let device = self.scenario.clients[index - 1].twin_of.unwrap_or(index);
        self.seed(device, incarnation)
    }

    pub(super) fn client_node(&self, index: usize, machine: Client, disk: Option<Disk>) -> ChatNode {
        let setup = &self.scenario.clients[index - 1];
        let encoding = if setup.json { Encoding::Json } else { Encoding::Postcard };
        let versions = Versions::new(setup.versions.0, setup.versions.1).unwrap_or(Versions::SUPPORTED);
        let offer = Offer::new(versions, &[encoding]);
        let keyring = self.keyring(index, machine.identity()).map(|keyring| self.lock(keyring, 0));
        self.seen(ChatNode::client_with(machine, offer, setup.credit, HOST, disk).secured(keyring))
    }

    /// What the links of a program are secured with, if they are: whatever it has drawn before it draws never again. Half of
    /// the machines have instructions for AES.
    fn keyring(&self, device: usize, identity: Option<&Identity>) -> Option<Keyring> {
        let started = self.world.events();
        let mut bytes = [0; 32];
        Random::new(self.scenario.seed, "handshakes", started << 8 | device as u64).fill(&mut bytes);
        let has_aes = Random::new(self.scenario.seed, "processor", device as u64).chance(500);
        identity.map(|identity| Keyring::new(identity.clone(), &Seed::new(bytes)).with_aes(has_aes))
    }

    /// The same, by a code, where the session is locked: by the right one, or by another.
    fn lock(&self, mut keyring: Keyring, wrong: u64) -> Keyring {
        if self.scenario.locked {
            let mut bytes = [0; 32];
            Random::new(self.scenario.seed, "code", wrong).fill(&mut bytes);
            keyring.lock(JoinCode::draw(&Seed::new(bytes)).into());
        }
        keyring
    }

    fn seen(&self, node: ChatNode) -> ChatNode {
        if self.attention == Attention::End { node } else { node.observed() }
    }

    fn intruder(&self, index: usize, how: Intrusion, begins: Time) -> ChatNode {
        let random = Random::new(self.scenario.seed, "intruder", index as u64);
        // By which code it comes, as far as it has to: the right one is 0.
        let taking_part = |code: Option<u64>| {
            let seed = self.seed(100 + index, 0);
            let identity = self.scenario.secured.then(|| Identity::anybody(&seed));
            let keyring = self.keyring(100 + index, identity.as_ref());
            let keyring =
                keyring.map(|keyring| code.into_iter().fold(keyring, |keyring, code| self.lock(keyring, code)));
            let config = self.client_config(&ClientSetup::usual(), 100 + index);
            let config = ClientConfig { identity, has_secret: config.has_secret && code.is_some(), ..config };
            ChatNode::client(config, &seed, Offer::default(), 64 * 1024, HOST).secured(keyring)
        };
        match how {
            Intrusion::Mangle(permille) => taking_part(Some(0)).mangled(Mangler::new(random, permille)),
            Intrusion::Outsider { guesses } => taking_part(guesses.then_some(1 + index as u64)),
            how => ChatNode::intruder(Raw::new(how, HOST, random, begins)),
        }
    }

    /// Same device, same life: same seed.
    pub(super) fn seed(&self, device: usize, incarnation: u64) -> Seed {
        let mut bytes = [0; 32];
        Random::new(self.scenario.seed, "machine", (device as u64) << 32 | incarnation).fill(&mut bytes);
        Seed::new(bytes)
    }

    /// The host's owner is in most rooms, so that somebody sees all that is said.
    ///
    /// Each life of the host has its rooms in another order, and so by other numbers.
    pub(super) fn join_everywhere(&mut self, life: u64) {
        let rooms = OWNERS_ROOMS - 1;
        for turn in 0..rooms {
            let number = u8::try_from(1 + (turn + life) % rooms).unwrap_or(1);
            let command = Command::Join { room: room(number), from: JoinFrom::Start };
            self.world.command(self.world.now(), HOST, command);
        }
    }

    fn schedule(&mut self) {
        self.join_everywhere(0);
        for (number, step) in self.scenario.steps.iter().enumerate() {
            self.take_step(number, step);
        }
    }

    fn take_step(&mut self, number: usize, step: &Step) {
        let (at, node) = (ms(step.at_ms), NodeId(step.who));
        if step.who > self.scenario.clients.len() {
            return;
        }
        match step.act {
            Act::Post { room: in_room, count, bytes } => {
                let room = room(in_room);
                for message in 0..count {
                    let mut text = format!("{number}.{message}");
                    text += &".".repeat(usize::from(bytes).saturating_sub(text.len()));
                    self.world.command(at, node, Command::Post { room: room.clone(), body: Body::text(&text) });
                }
            }
            Act::Change { room: in_room, how, back } => {
                let text = format!("{number} again");
                self.world.command(at, node, Command::Change { room: room(in_room), how, back, text });
            }
            Act::Read { room: which } => self.world.command(at, node, Command::Read { room: room(which) }),
            Act::Type { room: which, typing } => {
                self.world.command(at, node, Command::Type { room: room(which), typing });
            }
            Act::Fetch { room: which, back, count, after } => {
                let (back, count) = (back.into(), count.into());
                self.world.command(at, node, Command::Fetch { room: room(which), back, count, after });
            }
            Act::Topic { room: which } => {
                let topic = Remark::new(&format!("about {number}")).ok();
                let body = Body::Act(exchange_core::Act::Topic(topic));
                self.world.command(at, node, Command::Post { room: room(which), body });
            }
            Act::Kick { room: which, whom } => {
                let Some(who) = self.person(whom) else { return };
                let body = Body::Act(exchange_core::Act::Kick { who, reason: None });
                self.world.command(at, node, Command::Post { room: room(which), body });
            }
            Act::Moderate { room: which, how } => {
                let Some(body) = self.measure(how) else { return };
                self.world.command(at, node, Command::Post { room: room(which), body });
            }
            Act::Open { room: which } => self.world.command(at, node, Command::Open { room: room(which) }),
            Act::Whisper { whom } => {
                let Some(room) = self.room_of(step.who, whom) else { return };
                let join = Command::Join { room: room.clone(), from: JoinFrom::Start };
                self.world.command(at, node, join);
                self.world.command(at, node, Command::Post { room, body: Body::text(&format!("{number}, psst")) });
            }
            Act::List => self.world.command(at, node, Command::List),
            Act::Join { room: which, from } => {
                self.world.command(at, node, Command::Join { room: room(which), from: join_from(from) });
            }
            Act::Leave { room: which } => {
                // The host's owner stays: somebody has to see all that is said.
                if node != HOST {
                    self.world.command(at, node, Command::Leave { room: room(which) });
                }
            }
            Act::NetworkChanged => self.world.command(at, node, Command::NetworkChanged),
            Act::Be { how, note } => self.world.command(at, node, Command::Be(presence(how, note))),
            Act::Rename { nick } => {
                // Whose nick looks like the owner's is refused at any time, so the owner keeps it.
                if let Some(nick) = Nick::new(&wanted(step.who, nick)).ok().filter(|_| node != HOST) {
                    self.world.command(at, node, Command::Rename(nick));
                }
            }
            Act::Active => self.world.command(at, node, Command::Active),
            Act::Quit => self.world.command(at, node, Command::Close),
        }
    }

    /// An intruder may hear what somebody says, and repeat it.
    pub(super) fn overhear(&mut self, node: NodeId) {
        if self.scenario.intruders.is_empty() || node == HOST {
            return;
        }
        let said = self.seen.iter().find_map(|seen| match seen {
            Seen::Sent { frames: sent, .. } => frames(sent).find_map(|body| match Encoding::Postcard.decode(body) {
                Ok(ToHost::Hello(hello)) => Some(hello),
                _ => None,
            }),
            _ => None,
        });
        let Some(hello) = said else { return };
        for id in self.world.ids().skip(self.scenario.clients.len() + 1) {
            if let Some(Kind::Intruder(raw)) = self.world.node_mut(id).map(ChatNode::kind_mut)
                && raw.listens_to() == Some(node.0)
            {
                raw.overhears(hello.clone());
            }
        }
    }

    /// Whether a client may be out of the session for good.
    pub(super) fn may_give_up(&self, index: usize) -> bool {
        let quits = self.scenario.steps.iter().any(|step| step.who == index && step.act == Act::Quit);
        let is_removed = self.scenario.steps.iter().any(|step| match step.act {
            Act::Kick { room, whom } | Act::Moderate { room, how: Measure::Ban(whom, _) } => (room, whom) == (0, index),
            _ => false,
        });
        let speaks_no_version = self.scenario.clients[index - 1].versions.0 > 1;
        may_be_replaced(self.scenario, index) || quits || is_removed || speaks_no_version
    }
}

/// Whether somebody else may come as that client.
fn may_be_replaced(scenario: &Scenario, index: usize) -> bool {
    let is_twin = scenario.clients[index - 1].twin_of.is_some();
    let has_twin = is_twin || scenario.clients.iter().any(|client| client.twin_of == Some(index));
    // In the clear, whoever overhears a client's first word can take its place.
    let is_replayed = scenario.intruders.iter().any(|one| matches!(one.how, Intrusion::Replay(who, _) if who == index));
    has_twin || is_replayed
}

fn presence(how: Mood, note: u8) -> Presence {
    let availability = match how {
        Mood::Online => Availability::Online,
        Mood::Away => Availability::Away,
        Mood::Busy => Availability::Busy,
    };
    Presence { availability, note: (note > 0).then(|| Note::new(&format!("note {note}")).ok()).flatten() }
}

/// A nick that somebody may want: their own, others that nobody can object to, one that several like, and two that
/// nobody gets.
fn wanted(who: usize, nick_number: u8) -> String {
    match nick_number % 6 {
        0 => nick(who),
        1 => format!("{} the {who}.", nick(who)),
        2 => format!("№ {who}"),
        3 => "everyman".into(),
        4 => "System".into(),
        _ => nick(0).to_uppercase(),
    }
}
