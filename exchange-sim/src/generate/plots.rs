//! What independent troubles hardly ever come to, put together on purpose: a few things that have to happen one after
//! the other, to the same people. The rest of the scenario goes on around them.

mod order;

use super::{pick, posters, room};
use crate::{
    random::Random,
    scenario::{Act, Change, Fault, From, Scenario, Step, Toward, Trouble},
};

/// How many in a thousand scenarios have each of them.
const OFTEN: u16 = 150;
const SOMETIMES: u16 = 80;
const RARELY: u16 = 40;

/// Adds one to a scenario.
type Staging = fn(&mut Plot<'_>, &mut Random);

/// Adds what the seed has of them.
pub(super) fn add(scenario: &mut Scenario, stream: impl Fn(&str) -> Random) {
    let plots: [(&str, u16, Staging); 17] = [
        ("forgetful host", OFTEN, forgetful_host),
        ("busy gap", OFTEN, busy_gap),
        ("one too many", SOMETIMES, one_too_many),
        ("too long", SOMETIMES, too_long),
        ("forgotten", SOMETIMES, forgotten),
        ("late newcomer", SOMETIMES, late_newcomer),
        ("interrupted page", OFTEN, interrupted_page),
        ("change of what is lost", SOMETIMES, change_of_what_is_lost),
        ("taken back", SOMETIMES, taken_back),
        ("removed while away", SOMETIMES, order::removed_while_away),
        ("closed while away", SOMETIMES, order::closed_while_away),
        ("stricter meanwhile", SOMETIMES, order::stricter_meanwhile),
        ("muted over a reconnect", SOMETIMES, order::muted_over_a_reconnect),
        ("moderator for a while", SOMETIMES, order::moderator_for_a_while),
        ("out of a private room", SOMETIMES, order::out_of_a_private_room),
        ("out of the session", RARELY, order::out_of_the_session),
        ("spent and back", SOMETIMES, order::spent_and_back),
    ];
    for (name, permille, plot) in plots {
        let mut random = stream(name);
        if random.chance(permille) {
            let client = random.pick(&posters(&scenario.clients)[1..]);
            let at_ms = u32::try_from(random.between(5000, 40_000)).unwrap_or(5000);
            plot(&mut Plot { scenario, client, at_ms }, &mut random);
        }
    }
}

/// A client to whom something happens, and when that begins.
struct Plot<'a> {
    scenario: &'a mut Scenario,
    client: usize,
    at_ms: u32,
}

impl Plot<'_> {
    fn step(&mut self, after_ms: u32, who: usize, act: Act) {
        self.scenario.steps.push(Step { at_ms: self.at_ms + after_ms, who, act });
    }

    fn fault(&mut self, after_ms: u32, for_ms: u32, trouble: Trouble) {
        self.scenario.faults.push(Fault { at_ms: self.at_ms + after_ms, for_ms, trouble });
    }

    /// Somebody else among the clients who post, if there is anybody.
    fn other(&self, random: &mut Random) -> Option<usize> {
        let posts = posters(&self.scenario.clients);
        let others: Vec<usize> = posts.into_iter().filter(|who| ![0, self.client].contains(who)).collect();
        (!others.is_empty()).then(|| random.pick(&others))
    }

    /// The client does not read for a while, not so long that it were given up; and little is enough to hold it up.
    fn reads_nothing(&mut self, random: &mut Random) {
        self.scenario.host.credit = pick(random, &[400, 2000]);
        self.scenario.weather.window = pick(random, &[1024, 2048]);
        // Through so narrow a window a few long messages would take longer than there is time.
        for step in &mut self.scenario.steps {
            if let Act::Post { count: 3.., bytes, .. } = &mut step.act {
                *bytes = (*bytes).min(300);
            }
        }
        let trouble = Trouble::Reader { client: self.client, at_host: false, pace: crate::net::Pace::Paused };
        self.fault(0, self.scenario.host.heartbeat_ms * 2, trouble);
    }
}

/// Somebody's messages are logged and heard by others, but not by their author, and then the host forgets everything.
fn forgetful_host(plot: &mut Plot<'_>, random: &mut Random) {
    plot.fault(0, 0, Trouble::Hole { client: plot.client, to_host: false, to_client: true });
    plot.step(5, plot.client, Act::Post { room: room(random), count: 3, bytes: 10 });
    let crash = Trouble::Crash { node: 0, memory: false, power: random.chance(500) };
    plot.fault(pick(random, &[100, 900]), pick(random, &[50, 3000]), crash);
}

/// While somebody does not read, somebody else comes or goes, and so much is said that this is no longer in the log.
fn busy_gap(plot: &mut Plot<'_>, random: &mut Random) {
    let Some(other) = plot.other(random) else { return };
    let room = 1 + u8::try_from(random.up_to(2)).unwrap_or(0);
    plot.scenario.host.history = pick(random, &[3, 12]);
    for who in [plot.client, other] {
        plot.scenario.steps.push(Step { at_ms: 3000, who, act: Act::Join { room, from: From::Head } });
    }
    plot.reads_nothing(random);
    plot.step(100, 0, Act::Post { room, count: 60, bytes: 80 });
    plot.step(200, other, Act::Leave { room });
    plot.step(plot.scenario.host.heartbeat_ms, 0, Act::Post { room, count: 20, bytes: 80 });
}

/// While a page is told to somebody who does not read, its entries go from the log, or whoever waits for it is removed,
/// leaves, or has no link any more.
fn interrupted_page(plot: &mut Plot<'_>, random: &mut Random) {
    let room = 1 + u8::try_from(random.up_to(2)).unwrap_or(0);
    plot.scenario.host.history = 100;
    plot.scenario.steps.push(Step { at_ms: 3000, who: plot.client, act: Act::Join { room, from: From::Head } });
    plot.scenario.steps.push(Step { at_ms: 3500, who: 0, act: Act::Post { room, count: 60, bytes: 300 } });
    plot.reads_nothing(random);
    plot.step(100, plot.client, Act::Fetch { room, back: 0, count: 200, after: false });
    match random.up_to(4) {
        0 => plot.step(300, 0, Act::Kick { room, whom: plot.client }),
        1 => plot.step(300, plot.client, Act::Leave { room }),
        2 => plot.fault(300, 0, Trouble::Break { client: plot.client, client_ms: Some(0), host_ms: Some(0) }),
        _ => plot.step(300, 0, Act::Post { room, count: pick(random, &[50, 70, 120]), bytes: 60 }),
    }
    plot.step(350, plot.client, Act::Join { room, from: From::Head });
}

/// While somebody does not read, somebody comes whom it does not know.
fn late_newcomer(plot: &mut Plot<'_>, random: &mut Random) {
    let Some(other) = plot.other(random) else { return };
    plot.reads_nothing(random);
    plot.step(100, 0, Act::Post { room: 0, count: 60, bytes: 80 });
    plot.fault(200, 100, Trouble::Crash { node: other, memory: false, power: false });
}

/// Somebody without a link reacts to a message, and when the host has forgotten it, another is in its place.
fn change_of_what_is_lost(plot: &mut Plot<'_>, random: &mut Random) {
    let room = 1 + u8::try_from(random.up_to(2)).unwrap_or(0);
    plot.scenario.host.history = 200;
    plot.scenario.steps.push(Step { at_ms: 3000, who: plot.client, act: Act::Join { room, from: From::Start } });
    plot.step(0, 0, Act::Post { room, count: 1, bytes: 10 });
    plot.fault(1000, 0, Trouble::Break { client: plot.client, client_ms: Some(0), host_ms: Some(0) });
    plot.fault(1000, 3000, Trouble::Door { dead: false });
    plot.step(1100, plot.client, Act::Change { room, how: Change::React, back: 0 });
    plot.fault(1500, 50, Trouble::Crash { node: 0, memory: false, power: false });
    plot.step(2500, 0, Act::Post { room, count: 90, bytes: 10 });
}

/// Somebody comes when a message was changed and then deleted.
fn taken_back(plot: &mut Plot<'_>, random: &mut Random) {
    let room = 1 + u8::try_from(random.up_to(2)).unwrap_or(0);
    plot.scenario.host.history = 200;
    plot.step(0, plot.client, Act::Leave { room });
    plot.step(0, 0, Act::Post { room, count: 1, bytes: 10 });
    plot.step(200, 0, Act::Change { room, how: Change::Edit, back: 0 });
    plot.step(400, 0, Act::Change { room, how: Change::Delete, back: 0 });
    plot.step(3000, plot.client, Act::Join { room, from: From::Start });
}

/// While somebody is away, just one message more is said than is kept.
fn one_too_many(plot: &mut Plot<'_>, random: &mut Random) {
    let history = pick(random, &[3, 12]);
    plot.scenario.host.history = history.into();
    plot.fault(0, 0, Trouble::Break { client: plot.client, client_ms: Some(0), host_ms: Some(0) });
    plot.fault(0, 800, Trouble::Door { dead: false });
    plot.step(400, 0, Act::Post { room: 0, count: history + 1, bytes: 10 });
}

/// Somebody says what is too long for the host before it can know, and then goes on.
fn too_long(plot: &mut Plot<'_>, random: &mut Random) {
    plot.scenario.host.text = pick(random, &[64, 500]);
    plot.at_ms = 0;
    for (count, bytes) in [(1, 1000), (3, 10)] {
        plot.step(0, plot.client, Act::Post { room: 0, count, bytes });
    }
}

/// Somebody is away until nobody remembers them.
fn forgotten(plot: &mut Plot<'_>, random: &mut Random) {
    let host = &mut plot.scenario.host;
    (host.heartbeat_ms, host.expiry_ms, host.history, host.remembered) = (1000, 6000, 3, 0);
    let toward = pick(random, &[Toward::Both, Toward::Host]);
    plot.fault(0, 18_000, Trouble::Partition { clients: vec![plot.client], toward });
    for room in 0..=3 {
        plot.step(14_000, 0, Act::Post { room, count: 5, bytes: 10 });
    }
}
