//! From a scenario that fails to the smallest that still does.
//!
//! Things are taken away first, the largest first: people, faults, steps, whole halves of them before single ones. What
//! is left is then made plain: calmer weather, usual setups, shorter times. Whatever no longer fails is put back.

use crate::{
    net::{Latency, Weather},
    scenario::{Act, ClientSetup, HostSetup, Intrusion, MachineSetup, Scenario, Trouble},
};

/// Walks from a scenario that fails to smaller ones, told each time whether the last one it gave still fails.
#[derive(Clone, Debug)]
pub struct Shrinker {
    best: Scenario,
    candidate: Option<Scenario>,
    pass: usize,
    index: usize,
    has_shrunk: bool,
}

/// Makes a scenario as small as it gets while it `fails`.
pub fn shrink(scenario: Scenario, mut fails: impl FnMut(&Scenario) -> bool) -> Scenario {
    let mut shrinker = Shrinker::new(scenario);
    while let Some(candidate) = shrinker.next() {
        let still_fails = fails(&candidate);
        shrinker.tell(still_fails);
    }
    shrinker.into_best()
}

impl Shrinker {
    /// Begins with a scenario that fails.
    pub fn new(scenario: Scenario) -> Self {
        Self { best: scenario, candidate: None, pass: 0, index: 0, has_shrunk: false }
    }

    /// The smallest that is known to fail.
    pub fn best(&self) -> &Scenario {
        &self.best
    }

    /// The smallest that is known to fail.
    pub fn into_best(self) -> Scenario {
        self.best
    }

    /// A smaller one to try; `None` when nothing smaller is left to try.
    #[expect(clippy::should_implement_trait, reason = "whoever asks for the next one has to tell what became of it")]
    pub fn next(&mut self) -> Option<Scenario> {
        loop {
            let Some(pass) = PASSES.get(self.pass) else {
                if !std::mem::take(&mut self.has_shrunk) {
                    return None;
                }
                (self.pass, self.index) = (0, 0);
                continue;
            };
            match pass(&self.best, self.index) {
                Some(candidate) if candidate == self.best => self.index += 1,
                Some(candidate) => {
                    self.candidate = Some(candidate.clone());
                    return Some(candidate);
                }
                None => (self.pass, self.index) = (self.pass + 1, 0),
            }
        }
    }

    /// Whether the last one that was given still fails.
    pub fn tell(&mut self, still_fails: bool) {
        let Some(candidate) = self.candidate.take() else { return };
        if still_fails {
            self.best = candidate;
            self.has_shrunk = true;
        } else {
            self.index += 1;
        }
    }
}

/// Each gives its nth variant of a scenario, or none when it has no more.
type Pass = fn(&Scenario, usize) -> Option<Scenario>;

const PASSES: &[Pass] = &[
    |scenario, n| without_some(scenario, n, |scenario| &mut scenario.faults),
    |scenario, n| without_some(scenario, n, |scenario| &mut scenario.steps),
    |scenario, n| without_some(scenario, n, |scenario| &mut scenario.intruders),
    without_client,
    without_two_steps,
    plainer,
    plainer_client,
    plainer_step,
    shorter_fault,
    shorter,
];

/// Without a part of one of a scenario's lists.
fn without_some<T: Clone>(
    scenario: &Scenario,
    n: usize,
    list: impl Fn(&mut Scenario) -> &mut Vec<T>,
) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    let list = list(&mut smaller);
    *list = without_part(list, n)?;
    Some(smaller)
}

/// Without two steps that cannot go one by one, such as those that only delay each other.
fn without_two_steps(scenario: &Scenario, n: usize) -> Option<Scenario> {
    /// Beyond that it would take too many runs.
    const MOST: usize = 24;
    let steps = scenario.steps.len();
    let mut pairs = (0..steps).flat_map(|first| (first + 1..steps).map(move |second| (first, second)));
    let (first, second) = pairs.nth(n).filter(|_| steps <= MOST)?;
    let mut smaller = scenario.clone();
    smaller.steps.remove(second);
    smaller.steps.remove(first);
    Some(smaller)
}

/// A list without its nth part: all of it first, then halves, then quarters, down to single elements.
pub(crate) fn without_part<T: Clone>(list: &[T], mut n: usize) -> Option<Vec<T>> {
    let mut size = list.len();
    while size > 0 {
        let parts = list.len().div_ceil(size);
        if n < parts {
            let (from, to) = (n * size, (n * size + size).min(list.len()));
            return Some([&list[..from], &list[to..]].concat());
        }
        n -= parts;
        size = if size > 1 { size.div_ceil(2) } else { 0 };
    }
    None
}

/// Without one client, and all that concerns it; those after it move up.
fn without_client(scenario: &Scenario, n: usize) -> Option<Scenario> {
    let gone = n + 1;
    if scenario.clients.len() < 2 || gone > scenario.clients.len() {
        return None;
    }
    let moved = |who: usize| if who > gone { who - 1 } else { who };
    let mut smaller = scenario.clone();
    smaller.clients.remove(n);
    for client in &mut smaller.clients {
        client.twin_of = client.twin_of.filter(|twin| *twin != gone).map(moved);
    }
    smaller.steps.retain_mut(|step| {
        let whom = match &mut step.act {
            Act::Kick { whom, .. } | Act::Whisper { whom } => Some(whom),
            Act::Moderate { how, .. } => how.whom(),
            _ => None,
        };
        let stays = step.who != gone && whom.as_ref().is_none_or(|whom| **whom != gone);
        step.who = moved(step.who);
        if let Some(whom) = whom {
            *whom = moved(*whom);
        }
        stays
    });
    smaller.core.retain(|who| *who != gone);
    smaller.core.iter_mut().for_each(|who| *who = moved(*who));
    if smaller.core.is_empty() {
        smaller.core.push(1);
    }
    for intruder in &mut smaller.intruders {
        if let Intrusion::Replay(who, _) = &mut intruder.how {
            *who = moved(*who).min(smaller.clients.len());
        }
    }
    let renumber = |list: &mut Vec<usize>| {
        list.retain(|who| *who != gone);
        for who in list {
            *who = moved(*who);
        }
    };
    smaller.faults.retain_mut(|fault| match &mut fault.trouble {
        Trouble::Break { client, .. }
        | Trouble::HalfClose { client, .. }
        | Trouble::Hole { client, .. }
        | Trouble::Meddle { client, .. }
        | Trouble::Reader { client, .. }
        | Trouble::Crash { node: client, .. }
        | Trouble::Sleep { node: client, .. }
        | Trouble::Slow { node: client, .. }
        | Trouble::WallClock { node: client, .. } => {
            let stays = *client != gone;
            *client = moved(*client);
            stays
        }
        Trouble::Partition { clients, .. } => {
            renumber(clients);
            !clients.is_empty()
        }
        Trouble::Swizzle { clog, free } => {
            renumber(clog);
            renumber(free);
            !clog.is_empty()
        }
        Trouble::Door { .. } | Trouble::Disk { .. } | Trouble::Weather(_) => true,
    });
    Some(smaller)
}

/// One thing about the network or the host is as it usually is.
fn plainer(scenario: &Scenario, n: usize) -> Option<Scenario> {
    let (calm, usual) = (Weather::calm(), HostSetup::usual());
    let mut smaller = scenario.clone();
    let (weather, host) = (&mut smaller.weather, &mut smaller.host);
    match n {
        0 => *weather = calm,
        1 => weather.latency = calm.latency,
        2 => weather.latency = Latency::Constant(weather.latency.typical().as_micros().try_into().unwrap_or(1000)),
        3 => weather.spread_us = calm.spread_us,
        4 => weather.bandwidth = calm.bandwidth,
        5 => weather.window = calm.window,
        6 => weather.cut_writes = calm.cut_writes,
        7 => weather.cut_reads = calm.cut_reads,
        8 => weather.retransmission_us = calm.retransmission_us,
        9 => *host = usual,
        10 => host.heartbeat_ms = usual.heartbeat_ms,
        11 => host.grace_ms = usual.grace_ms,
        12 => host.expiry_ms = usual.expiry_ms,
        13 => (host.history, host.age_ms) = (usual.history, usual.age_ms),
        14 => host.credit = usual.credit,
        15 => host.remembered = usual.remembered,
        16 => (host.half_open, host.half_open_each) = (usual.half_open, usual.half_open_each),
        17 => host.machine = MachineSetup::default(),
        18 => host.text = usual.text,
        19 => (host.messages, host.requests) = (usual.messages, usual.requests),
        20 => smaller.core = (1..=smaller.clients.len()).collect(),
        21 => host.keeps = usual.keeps,
        22 => {
            if let Some(keeping) = &mut host.keeps {
                keeping.latency = Latency::Constant(1000);
            }
        }
        _ => return None,
    }
    Some(smaller)
}

/// A client is as clients usually are.
fn plainer_client(scenario: &Scenario, n: usize) -> Option<Scenario> {
    const WAYS: usize = 9;
    let mut smaller = scenario.clone();
    let client = smaller.clients.get_mut(n / WAYS)?;
    let usual = ClientSetup::usual();
    match n % WAYS {
        0 => *client = usual,
        1 => client.window = usual.window,
        2 => client.pending = usual.pending,
        3 => (client.backoff_min_ms, client.backoff_max_ms) = (usual.backoff_min_ms, usual.backoff_max_ms),
        4 => client.credit = usual.credit,
        5 => client.json = usual.json,
        6 => client.twin_of = None,
        7 => client.keeps = None,
        _ => client.machine = MachineSetup::default(),
    }
    Some(smaller)
}

/// A step says less.
fn plainer_step(scenario: &Scenario, n: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    let step = smaller.steps.get_mut(n / 3)?;
    match (&mut step.act, n % 3) {
        (Act::Post { count, .. }, 0) => *count = 1,
        (Act::Post { count, .. }, 1) | (Act::Fetch { count, .. }, 0) => *count = count.div_ceil(2),
        (Act::Post { bytes, .. }, _) => *bytes = (*bytes).min(8),
        (Act::Change { back, .. }, _) => *back /= 2,
        (Act::Fetch { back, .. }, _) => *back /= 2,
        _ => {}
    }
    Some(smaller)
}

/// A fault lasts half as long.
fn shorter_fault(scenario: &Scenario, n: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    let fault = smaller.faults.get_mut(n)?;
    fault.for_ms /= 2;
    Some(smaller)
}

/// The trouble is over soon after the last thing that happens.
fn shorter(scenario: &Scenario, n: usize) -> Option<Scenario> {
    if n > 0 {
        return None;
    }
    let steps = scenario.steps.iter().map(|step| step.at_ms);
    let faults = scenario.faults.iter().map(|fault| fault.at_ms + fault.for_ms);
    let last = steps.chain(faults).max().unwrap_or(0);
    let mut smaller = scenario.clone();
    smaller.trouble_ms = smaller.trouble_ms.min(last + 1000);
    Some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, generate, scenario::Fault};

    fn has_crash(scenario: &Scenario) -> bool {
        scenario.faults.iter().any(|fault| matches!(fault.trouble, Trouble::Crash { .. }))
    }

    #[test]
    fn what_matters_stays_and_all_else_goes() {
        let long =
            |scenario: &Scenario| scenario.steps.iter().any(|step| matches!(step.act, Act::Post { count: 10.., .. }));
        let fails = |scenario: &Scenario| has_crash(scenario) && long(scenario);
        let scenario = (0..200).map(|seed| generate(seed, Mode::Uniform)).find(|scenario| fails(scenario)).unwrap();
        let small = shrink(scenario, fails);
        assert!(fails(&small));
        assert_eq!((small.faults.len(), small.steps.len(), small.clients.len()), (1, 1, 1));
        assert_eq!((small.weather.clone(), small.host.clone()), (Weather::calm(), HostSetup::usual()));
        assert!(matches!(small.steps[0].act, Act::Post { count: 10..20, .. }));
        assert!(matches!(small.faults[..], [Fault { for_ms: 0, .. }]));
    }

    #[test]
    fn steps_that_can_only_go_together_go_together() {
        let fails = |scenario: &Scenario| scenario.steps.len() % 2 == 1;
        let scenario = (0..200).map(|seed| generate(seed, Mode::Uniform)).find(|scenario| fails(scenario)).unwrap();
        assert_eq!(shrink(scenario, fails).steps.len(), 1);
    }

    #[test]
    fn a_scenario_without_a_client_says_nothing_of_it_any_more() {
        for seed in 0..50 {
            let scenario = generate(seed, Mode::of(seed));
            for n in 0..scenario.clients.len() {
                let Some(smaller) = without_client(&scenario, n) else { continue };
                let most = smaller.clients.len();
                assert!(smaller.steps.iter().all(|step| step.who <= most));
                assert!(smaller.core.iter().all(|who| (1..=most).contains(who)));
            }
        }
    }
}
