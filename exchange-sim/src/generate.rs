//! From a seed to a scenario.
//!
//! Two ways, because they find different things: *uniform* has a bit of everything, in sizes that occur; *swarm* leaves
//! out whole families of trouble by the toss of a coin and makes the others as wild as they get.

mod keeping;
mod order;
mod plots;
mod signals;

use exchange_core::Limits;
use serde::{Deserialize, Serialize};

use crate::{
    net::{Latency, Meddling, Pace, Weather},
    random::Random,
    scenario::{
        Act, Change, ClientSetup, Fault, From, HostSetup, Intruder, Intrusion, MachineSetup, Mood, Scenario, Step,
        Toward, Trouble,
    },
};

/// How a seed becomes a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A bit of everything.
    Uniform,
    /// Less, but wilder.
    Swarm,
}

impl Mode {
    /// Every other seed is of the other mode.
    pub fn of(seed: u64) -> Self {
        if seed.is_multiple_of(2) { Self::Uniform } else { Self::Swarm }
    }
}

const TROUBLE_MS: u32 = 60_000;
const CALM_MS: u32 = 60_000;

/// The families of trouble, each of which a swarm may do without.
const FAMILIES: usize = 12;

/// Of how many in a thousand the links are secured: handshakes take longer than everything else.
const SECURED: u16 = 60;

/// The scenario of a seed.
pub fn generate(seed: u64, mode: Mode) -> Scenario {
    let wild = mode == Mode::Swarm;
    // Each part draws from a stream of its own: a change of one leaves the others as they are.
    let stream = |name: &str| Random::new(seed, name, u64::from(wild));
    let mut people = stream("people");
    let count = usize::try_from(people.between(1, 5)).unwrap_or(1);
    let weather = weather(&mut stream("weather"), wild);
    let mut host = host(&mut stream("host"));
    order::allowances(&mut stream("allowances"), &mut host);
    let mut setups = stream("clients");
    let mut clients: Vec<ClientSetup> = (1..=count).map(|index| client(&mut setups, index)).collect();
    let mut idle = stream("idle");
    for idle_ms in clients.iter_mut().map(|client| &mut client.idle_ms).chain([&mut host.idle_ms]) {
        *idle_ms = idle.chance(300).then(|| pick(&mut idle, &[2000, 8000, 30_000]));
    }
    let mut age = stream("age");
    host.age_ms = age.chance(200).then(|| pick(&mut age, &[500, 3000, 20_000]));
    signals::set_up(&mut stream("receipts"), &mut host, &mut clients);
    let core = core(&mut stream("core"), count);
    let mut intruders = intruders(&mut stream("intruders"), count);
    let mut steps = steps(&mut stream("steps"), &clients, &weather);
    steps.extend(changes(&mut stream("changes"), &clients));
    steps.extend(acts(&mut stream("acts"), &clients));
    steps.extend(fetches(&mut stream("fetches"), &clients));
    steps.extend(moods(&mut stream("moods"), &clients));
    steps.extend(order::measures(&mut stream("measures"), &clients));
    steps.extend(signals::steps(&mut stream("signals"), &clients));
    let mut faults = faults(&mut stream("faults"), count, wild);
    host.keeps = keeping::setup(&mut stream("keeping"));
    if host.keeps.is_some() {
        faults.extend(keeping::faults(&mut stream("disk"), wild));
    }
    faults.extend(keeping::outboxes(&mut stream("outboxes"), &mut clients, &steps, wild));
    let mut between = stream("between");
    let secured = between.chance(SECURED);
    // Whose handshake by code is meddled with has to be told the code again, by somebody who is not there.
    let locked = secured && between.chance(400);
    if locked {
        intruders.extend((0..between.up_to(2)).map(|_| outsider(&mut between)));
    } else if secured {
        faults.extend(meddling(&mut between, count));
    }
    let mut lies = stream("lies");
    let has_twin = |index: usize| clients.iter().any(|client| client.twin_of == Some(index + 1));
    let alone: Vec<usize> = (0..count).filter(|index| clients[*index].twin_of.is_none() && !has_twin(*index)).collect();
    if secured && lies.chance(600) && count > 1 && !alone.is_empty() {
        clients[alone[lies.index(alone.len())]].is_lied_to = true;
    }
    let (trouble_ms, calm_ms) = (TROUBLE_MS, CALM_MS);
    let mut scenario =
        Scenario { seed, secured, locked, weather, host, clients, intruders, steps, faults, trouble_ms, calm_ms, core };
    plots::add(&mut scenario, stream);
    scenario.steps.sort_by_key(|step| step.at_ms);
    scenario.faults.sort_by_key(|fault| fault.at_ms);
    scenario
}

fn weather(random: &mut Random, wild: bool) -> Weather {
    let latency = match random.up_to(4) {
        0 => Latency::Constant(pick(random, &[100, 1000, 20_000])),
        1 => Latency::Uniform(100, pick(random, &[1000, 30_000, 150_000])),
        2 => Latency::Exponential(pick(random, &[300, 3000, 20_000])),
        3 => Latency::Bimodal(300, pick(random, &[50_000, 1_000_000])),
        _ => Latency::LogNormal(pick(random, &[500, 5000]), pick(random, &[50, 120])),
    };
    let cuts: &[u16] = if wild { &[0, 0, 100, 500, 1000] } else { &[0, 20, 150] };
    Weather {
        latency,
        spread_us: pick(random, &[0, 500, 5000]),
        bandwidth: pick(random, &[0, 0, 1_000_000, 100_000]),
        window: pick(random, if wild { &[256, 1024, 4096, 65_536] } else { &[2048, 16_384, 65_536] }),
        cut_writes: pick(random, cuts),
        cut_reads: pick(random, cuts),
        retransmission_us: pick(random, &[0, 50_000, 1_000_000]),
    }
}

fn machine(random: &mut Random) -> MachineSetup {
    MachineSetup {
        drift_ppm: if random.chance(300) { i32::try_from(random.up_to(1000)).unwrap_or(0) - 500 } else { 0 },
        wall_offset_ms: if random.chance(300) { pick(random, &[-86_400_000, -1500, 700, 7_200_000]) } else { 0 },
    }
}

fn host(random: &mut Random) -> HostSetup {
    HostSetup {
        heartbeat_ms: pick(random, &[1000, 2000, 5000, 5000]),
        handshake_ms: pick(random, &[3000, 5000]),
        grace_ms: pick(random, &[500, 2000, 5000]),
        expiry_ms: pick(random, &[6000, 20_000, 120_000]),
        history: pick(random, &[3, 12, 40, 40, 200, 2048]),
        age_ms: None,
        links: 256,
        half_open: pick(random, &[6, 32]),
        half_open_each: pick(random, &[None, Some(2)]),
        remembered: pick(random, &[0, 2, 1024]),
        text: Limits::MAX_TEXT,
        signalled: None,
        read_receipts: false,
        idle_ms: None,
        messages: None,
        requests: None,
        keeps: None,
        credit: pick(random, &[400, 2000, 16_384, 65_536]),
        machine: machine(random),
    }
}

fn client(random: &mut Random, index: usize) -> ClientSetup {
    let (backoff_min_ms, backoff_max_ms) = pick(random, &[(50, 400), (250, 8000), (250, 2000)]);
    let twin = random.chance(60) && index > 1;
    ClientSetup {
        window: pick(random, &[1, 4, 32, 32]),
        pending: pick(random, &[8, 64, 512]),
        backoff_min_ms,
        backoff_max_ms,
        credit: pick(random, &[400, 4000, 65_536]),
        json: random.chance(150),
        versions: pick_often(random, (1, 1), 920, &[(1, 3), (1, 2), (2, 3)]),
        twin_of: twin.then(|| 1 + random.index(index - 1)),
        idle_ms: None,
        read_receipts: false,
        is_lied_to: false,
        keeps: None,
        from: pick(random, &[From::Start, From::Start, From::Head, From::Last(5), From::Last(50)]),
        machine: machine(random),
    }
}

fn core(random: &mut Random, count: usize) -> Vec<usize> {
    let sure = 1 + random.index(count);
    (1..=count).filter(|client| random.chance(750) || *client == sure).collect()
}

fn intruders(random: &mut Random, count: usize) -> Vec<Intruder> {
    let number = if random.chance(350) { random.between(1, 2) } else { 0 };
    let mut intruder = |_| {
        let at_ms = u32::try_from(random.up_to(20_000)).unwrap_or(0);
        let every = pick(random, &[200, 1500, 5000]);
        let how = match random.up_to(4) {
            0 => Intrusion::Garbage(every),
            1 => Intrusion::Slow(pick(random, &[1, 4, 40])),
            2 => Intrusion::Mangle(pick(random, &[5, 50, 300])),
            3 => Intrusion::Deaf(pick(random, &[1, 20, 300])),
            _ => Intrusion::Replay(1 + random.index(count), every),
        };
        Intruder { at_ms, how }
    };
    (0..number).map(&mut intruder).collect()
}

fn steps(random: &mut Random, clients: &[ClientSetup], weather: &Weather) -> Vec<Step> {
    let (count, mut steps) = (clients.len(), Vec::new());
    let posts = posters(clients);
    for who in 1..=count {
        for room in 1..=3 {
            if random.chance(600) {
                let at_ms = u32::try_from(random.up_to(2000)).unwrap_or(0);
                steps.push(Step { at_ms, who, act: Act::Join { room, from: from(random) } });
            }
        }
    }
    let busy = pick(random, &[6, 16, 40, 80]);
    // Through a narrow window a long message takes many seconds to each of all: two of them may come in time.
    let mut long = if weather.window < 4096 { 2 } else { u16::MAX };
    for _ in 0..busy {
        let who = pick(random, &posts);
        let at_ms = u32::try_from(random.up_to(u64::from(TROUBLE_MS) + 2000)).unwrap_or(0);
        let room = room(random);
        let act = match random.up_to(99) {
            0..=64 => post(random, room, weather, &mut long, (1, 3)),
            65..=69 => post(random, room, weather, &mut long, (5, 25)),
            70..=71 => post(random, room, weather, &mut long, (20, 90)),
            72..=81 => Act::Join { room: room.max(1), from: from(random) },
            82..=90 => Act::Leave { room: room.max(1) },
            91..=97 => Act::NetworkChanged,
            _ => post(random, room, weather, &mut long, (1, 1)),
        };
        let again = matches!(act, Act::Leave { .. }) && random.chance(400);
        steps.push(Step { at_ms, who, act });
        if again {
            steps.push(Step { at_ms: at_ms + 1, who, act: Act::Join { room: room.max(1), from: from(random) } });
        }
    }
    if random.chance(60) {
        let at_ms = u32::try_from(random.between(5000, TROUBLE_MS.into())).unwrap_or(0);
        steps.push(Step { at_ms, who: 1 + random.index(count), act: Act::Quit });
    }
    if random.chance(15) {
        steps.push(Step { at_ms: 50_000, who: 0, act: Act::Quit });
    }
    steps
}

/// What people do to messages: in three of four scenarios, and then often.
fn changes(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    use Change::{Delete, Edit, Meddle, React, Reply, Unreact};
    let count = pick(random, &[0, 4, 12, 40]);
    let posts = posters(clients);
    let mut one = |_| {
        let at_ms = sometime(random);
        let how = pick(random, &[Reply, Edit, Edit, Edit, Delete, React, React, React, Unreact, Meddle]);
        let (room, back) = (room(random), pick(random, &[0, 0, 0, 1, 2, 10]));
        let act = if random.chance(100) { Act::Read { room } } else { Act::Change { room, how, back } };
        Step { at_ms, who: pick(random, &posts), act }
    };
    (0..count).map(&mut one).collect()
}

/// What is done in rooms beside talking: in two of three scenarios.
fn acts(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    let count = pick(random, &[0, 4, 12]);
    let posts = posters(clients);
    let mut steps = Vec::new();
    for _ in 0..count {
        let at_ms = sometime(random);
        let (who, room) = (pick(random, &posts), room(random));
        if random.chance(500) {
            steps.push(Step { at_ms, who, act: Act::Topic { room } });
            continue;
        }
        let (room, whom) = (room.max(1), 1 + random.index(clients.len()));
        // The host's owner may, and others mostly may not.
        let who = if random.chance(800) { 0 } else { who };
        steps.push(Step { at_ms, who, act: Act::Kick { room, whom } });
        if random.chance(600) {
            let at_ms = at_ms + u32::try_from(random.up_to(5000)).unwrap_or(0);
            steps.push(Step { at_ms, who: whom, act: Act::Join { room, from: from(random) } });
        }
    }
    steps
}

/// What people fetch of what is past: in two of three scenarios, and then mostly soon after one another.
fn fetches(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..pick(random, &[0, 3, 12]) {
        let who = random.index(clients.len() + 1);
        let mut at_ms = sometime(random);
        let room = room(random);
        loop {
            let (back, count) = (pick(random, &[0, 1, 10, 100, 1000]), pick(random, &[1, 5, 50, 200, 1000]));
            steps.push(Step { at_ms, who, act: Act::Fetch { room, back, count, after: random.chance(300) } });
            if random.chance(600) {
                break;
            }
            at_ms += u32::try_from(random.up_to(500)).unwrap_or(0);
        }
    }
    steps
}

/// How people are, and what they want to be called. Whoever shares a device leaves that to the other.
fn moods(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    let who = posters(clients);
    let mut steps = Vec::new();
    for _ in 0..pick(random, &[0, 0, 3, 12]) {
        let (who, note) = (pick(random, &who), u8::try_from(random.up_to(3)).unwrap_or(0));
        let mut at_ms = u32::try_from(random.up_to(u64::from(TROUBLE_MS) + 2000)).unwrap_or(0);
        let how = |random: &mut Random| pick(random, &[Mood::Online, Mood::Away, Mood::Busy]);
        let act = match random.up_to(9) {
            0..=4 => Act::Be { how: how(random), note },
            5..=7 => Act::Rename { nick: u8::try_from(random.up_to(5)).unwrap_or(0) },
            _ => Act::Active,
        };
        steps.push(Step { at_ms, who, act });
        // Some cannot make up their minds.
        while random.chance(300) {
            at_ms += u32::try_from(random.between(1, 600)).unwrap_or(1);
            steps.push(Step { at_ms, who, act: Act::Be { how: how(random), note } });
        }
        // Few leave with their last word.
        if random.chance(15) && who > 0 {
            steps.push(Step { at_ms: at_ms + 1, who, act: Act::Be { how: Mood::Busy, note: 9 } });
            steps.push(Step { at_ms: at_ms + 2, who, act: Act::Quit });
        }
    }
    steps
}

/// Who posts: of two with one device only the first, for the other numbers its messages like it.
fn posters(clients: &[ClientSetup]) -> Vec<usize> {
    (0..=clients.len()).filter(|who| *who == 0 || clients[who - 1].twin_of.is_none()).collect()
}

/// While things go wrong, or right after.
fn sometime(random: &mut Random) -> u32 {
    u32::try_from(random.between(500, u64::from(TROUBLE_MS) + 2000)).unwrap_or(500)
}

fn post(random: &mut Random, room: u8, weather: &Weather, long: &mut u16, (least, most): (u16, u16)) -> Act {
    let count = u16::try_from(random.between(least.into(), most.into())).unwrap_or(1);
    let is_long = weather.bandwidth == 0 && count < 20 && count <= *long && random.chance(100);
    if is_long {
        *long -= count;
    }
    let bytes = u16::try_from(if is_long { random.between(500, 9000) } else { random.up_to(80) }).unwrap_or(1);
    Act::Post { room, count, bytes }
}

/// Any room.
fn room(random: &mut Random) -> u8 {
    u8::try_from(random.up_to(3)).unwrap_or(0)
}

fn from(random: &mut Random) -> From {
    pick(random, &[From::Start, From::Head, From::Last(3), From::Last(100)])
}

fn faults(random: &mut Random, count: usize, wild: bool) -> Vec<Fault> {
    let families: Vec<usize> = (0..FAMILIES).filter(|_| !wild || random.chance(500)).collect();
    let number = if families.is_empty() { 0 } else { random.between(0, if wild { 24 } else { 12 }) };
    (0..number)
        .map(|_| {
            let at_ms = u32::try_from(random.between(500, TROUBLE_MS.into())).unwrap_or(0);
            let for_ms = duration(random, wild);
            let family = pick(random, &families);
            fault(random, family, count, wild, at_ms, for_ms)
        })
        .collect()
}

/// What somebody in between does.
fn outsider(random: &mut Random) -> Intruder {
    let at_ms = u32::try_from(random.up_to(u64::from(TROUBLE_MS))).unwrap_or(0);
    Intruder { at_ms, how: Intrusion::Outsider { guesses: random.chance(500) } }
}

fn meddling(random: &mut Random, count: usize) -> Vec<Fault> {
    (0..random.up_to(6))
        .map(|_| {
            let ways =
                [Meddling::Flip, Meddling::Flip, Meddling::Drop, Meddling::Repeat, Meddling::Insert, Meddling::Splice];
            let how = pick(random, &ways);
            let trouble = Trouble::Meddle { client: 1 + random.index(count), to_host: random.chance(500), how };
            Fault { at_ms: u32::try_from(random.between(100, TROUBLE_MS.into())).unwrap_or(0), for_ms: 0, trouble }
        })
        .collect()
}

fn duration(random: &mut Random, wild: bool) -> u32 {
    let longest = if wild { pick(random, &[300, 3000, 40_000]) } else { pick(random, &[1000, 5000, 20_000]) };
    u32::try_from(random.between(50, longest)).unwrap_or(50)
}

fn fault(random: &mut Random, family: usize, count: usize, wild: bool, at_ms: u32, for_ms: u32) -> Fault {
    let client = 1 + random.index(count);
    let node = random.index(count + 1);
    let some = |random: &mut Random| -> Vec<usize> {
        let all = random.chance(300);
        (1..=count).filter(|one| all || *one == client || random.chance(300)).collect()
    };
    let after = |random: &mut Random| random.chance(800).then(|| u32::try_from(random.up_to(2000)).unwrap_or(0));
    let mut lasts = true;
    let trouble = match family {
        0 | 1 => {
            lasts = false;
            let (client_ms, host_ms) = (after(random), after(random));
            Trouble::Break { client, client_ms, host_ms }
        }
        2 => {
            lasts = false;
            Trouble::HalfClose { client, by_host: random.chance(500) }
        }
        3 => {
            lasts = false;
            let (to_host, to_client) = pick(random, &[(true, true), (true, false), (false, true)]);
            Trouble::Hole { client, to_host, to_client }
        }
        4 => {
            let clients = some(random);
            Trouble::Partition {
                clients,
                toward: pick(random, &[Toward::Both, Toward::Both, Toward::Host, Toward::Clients]),
            }
        }
        5 => {
            let clog = some(random);
            let mut free = clog.clone();
            let turn = random.index(free.len());
            free.rotate_left(turn);
            Trouble::Swizzle { clog, free }
        }
        6 => Trouble::Door { dead: random.chance(400) },
        7 => {
            let slow = Pace::Slow(pick(random, &[1, 50, 1000]), pick(random, &[10, 200]));
            let pace = if random.chance(500) { Pace::Paused } else { slow };
            Trouble::Reader { client, at_host: random.chance(300), pace }
        }
        8 => Trouble::Crash { node, memory: random.chance(500), power: random.chance(400) },
        9 => Trouble::Sleep { node, clock: random.chance(500) },
        10 => Trouble::Slow { node, micros: pick(random, &[100, 2000, if wild { 30_000 } else { 5000 }]) },
        _ if random.chance(500) => {
            lasts = false;
            Trouble::WallClock { node, by_ms: pick(random, &[-7_200_000, -1000, 300, 3_600_000]) }
        }
        _ => Trouble::Weather(weather(random, wild)),
    };
    Fault { at_ms, for_ms: if lasts { for_ms } else { 0 }, trouble }
}

fn pick<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    random.pick(choices)
}

/// `usual` as often as `permille` in a thousand, else one of the others.
fn pick_often<T: Copy>(random: &mut Random, usual: T, permille: u16, others: &[T]) -> T {
    if random.chance(permille) { usual } else { random.pick(others) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other numbers its messages like the first, so that two would have one number.
    #[test]
    fn of_two_with_one_device_only_the_first_posts_and_does_what_is_logged() {
        let is_numbered = |act: &Act| {
            matches!(
                act,
                Act::Post { .. } | Act::Change { .. } | Act::Topic { .. } | Act::Kick { .. } | Act::Moderate { .. }
            )
        };
        let mut twins = 0;
        for seed in 0..3000 {
            let Scenario { clients, steps, .. } = generate(seed, Mode::of(seed));
            let posts = posters(&clients);
            twins += clients.len() + 1 - posts.len();
            let wrong = steps.iter().find(|step| is_numbered(&step.act) && !posts.contains(&step.who));
            assert_eq!(wrong, None, "seed {seed}");
        }
        assert!(twins > 100, "{twins}");
    }
}
