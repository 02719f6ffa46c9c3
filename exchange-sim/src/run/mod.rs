//! Runs a scenario: builds its world, lets things happen and go wrong, watches, and waits for calm.

mod crash;
mod faults;
mod measures;
mod record;
mod setup;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use exchange_core::Time;

use self::{crash::Left, record::Recorder};
use crate::{
    chat::{ChatNode, Kind, station::Seen},
    check::{Calm, HOST, Invariant, Oracle},
    marks::Mark,
    net::{NodeId, Socket},
    report::{Report, Violation},
    scenario::Scenario,
    world::{Step, World},
};

/// More than any scenario of a few minutes needs: whoever gets there goes round in circles.
const MOST_EVENTS: u64 = 3_000_000;

/// How often it is asked whether the core has come together.
const ASK: Duration = Duration::from_millis(500);

/// What a message and an answer may take besides what is reckoned.
const SLACK: Duration = Duration::from_secs(3);

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attention {
    /// Only whether everything comes together in the end.
    End,
    /// Every step.
    Steps,
    /// Every step, and all of it is written down.
    Record,
}

/// A moment of a scenario.
fn ms(millis: u32) -> Time {
    Time::ZERO + Duration::from_millis(millis.into())
}

/// Runs a scenario to its end, or until something is not as it has to be.
pub fn run(scenario: &Scenario) -> Report {
    run_with(scenario, Attention::Steps)
}

/// Runs a scenario and keeps what happened, to be [explained](fn@crate::explain) or drawn.
pub fn run_traced(scenario: &Scenario) -> Report {
    run_with(scenario, Attention::Record)
}

/// Runs a scenario and asks only whether everything comes together in the end: how fast the simulation is by itself.
///
/// The report has no digest, and of its counts only the events.
pub fn run_unwatched(scenario: &Scenario) -> Report {
    run_with(scenario, Attention::End)
}

fn run_with(scenario: &Scenario, attention: Attention) -> Report {
    let mut run = Run::new(scenario, attention);
    let outcome = catch_unwind(AssertUnwindSafe(|| run.whole()));
    let violation = match outcome {
        Ok(result) => result.err(),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().copied().map(String::from);
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Some(Violation { invariant: Invariant::S17, at: run.world.now(), what: format!("it panicked: {said}") })
        }
    };
    let mut counts = run.oracle.counts;
    counts.events = run.world.events();
    counts.converged = run.converged;
    let end = run.world.now();
    let calm_at = ms(scenario.trouble_ms);
    Report {
        violation,
        marks: run.oracle.marks,
        digest: run.world.digest().unwrap_or_default(),
        counts,
        trace: run.recorder.map(|recorder| recorder.finish(calm_at, end)),
    }
}

/// A run that is under way.
struct Run<'a> {
    scenario: &'a Scenario,
    attention: Attention,
    world: World<ChatNode>,
    oracle: Oracle,
    recorder: Option<Recorder>,
    seen: Vec<Seen>,
    /// Machines that are down, and what is left there.
    down: BTreeMap<NodeId, Left>,
    /// Whether the host is down because of its disk.
    is_down_by_disk: bool,
    /// What was wrong when a machine died or was started again.
    wrong: Option<Violation>,
    /// How often each machine was started, put to sleep or slowed down.
    disturbed: BTreeMap<NodeId, u64>,
    watches: Vec<Watch>,
    slow: BTreeSet<usize>,
    /// Clients whose place nobody can take: neither another on the same device, nor one who overheard them.
    sure: BTreeSet<usize>,
    active: BTreeSet<usize>,
    closed_doors: usize,
    converged: Option<Duration>,
}

/// A link that was cut, and by when whoever still holds it must have noticed.
#[derive(Clone, Copy, Debug)]
struct Watch {
    by: Time,
    node: NodeId,
    socket: Socket,
    disturbed: u64,
}

type Result<T = ()> = std::result::Result<T, Violation>;

impl Run<'_> {
    fn whole(&mut self) -> Result {
        for (at, action) in self.plan() {
            self.advance(at)?;
            self.does(action);
        }
        self.advance(ms(self.scenario.trouble_ms))?;
        self.heal();
        self.calm()
    }

    /// Lets happen what is due by then, and watches.
    fn advance(&mut self, until: Time) -> Result {
        self.wrong.take().map_or(Ok(()), Err)?;
        loop {
            let watch = self.watches.iter().map(|watch| watch.by).min().filter(|by| *by <= until);
            let slice = watch.unwrap_or(until);
            while let Some(step) = self.world.step(slice) {
                if self.attention != Attention::End
                    && let Some(node) = self.world.node_mut(step.node)
                {
                    node.take_seen(&mut self.seen);
                    self.overhear(step.node);
                    self.look(step)?;
                }
                if step.node == HOST && self.scenario.host.keeps.is_some() {
                    self.look_at_disk()?;
                }
                if self.world.events() > MOST_EVENTS {
                    return Err(self.violation(Invariant::L6, "they go round in circles".into()));
                }
            }
            if watch.is_none() {
                return Ok(());
            }
            self.look_at_watches()?;
        }
    }

    /// Looks at what was seen of a step.
    fn look(&mut self, step: Step) -> Result {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(step.at, step.node, &self.seen, self.world.net());
        }
        self.oracle.observe(step, &self.world, &self.seen)
    }

    fn look_at_watches(&mut self) -> Result {
        let now = self.world.now();
        let due: Vec<Watch> = self.watches.extract_if(.., |watch| watch.by <= now).collect();
        for watch in due {
            let is_disturbed = self.disturbed.get(&watch.node).copied().unwrap_or_default() != watch.disturbed;
            if is_disturbed || self.world.is_paused(watch.node) {
                continue;
            }
            let holds = match self.world.node(watch.node).map(ChatNode::kind) {
                Some(Kind::Host(station)) => station.sockets().any(|socket| socket == watch.socket),
                Some(Kind::Client(station)) => station.sockets().any(|socket| socket == watch.socket),
                _ => false,
            };
            if holds {
                let who = if watch.node == HOST { "the host".into() } else { format!("client {}", watch.node) };
                let what = format!("{who} still holds a link on which nothing has come for long");
                return Err(self.violation(Invariant::L4, what));
            }
        }
        Ok(())
    }

    /// Waits until the core has come together, and then a while longer, in which it should be quiet.
    fn calm(&mut self) -> Result {
        let began = self.world.now();
        let end = began + Duration::from_millis(self.scenario.calm_ms.into());
        let connected_by = began + self.reconnects_within();
        let mut quiet_since = None;
        while self.world.now() < end {
            let next = (self.world.now() + ASK).min(end);
            self.advance(next)?;
            if next >= connected_by
                && next < connected_by + ASK
                && let Some(index) = self.calm_view().unconnected()
            {
                let what =
                    format!("client {index} is not connected {} s after the faults", next.since(began).as_secs());
                return Err(self.violation(Invariant::L5, what));
            }
            if self.converged.is_none() && self.pending().is_none() {
                self.converged = Some(next.since(began));
                quiet_since = Some((next + SLACK, None));
            }
            // Whoever has said more than they may at once goes on to say it.
            let is_said = self.calm_view().is_all_said();
            if let Some((since, before)) = &mut quiet_since
                && next >= *since
                && (is_said || before.is_some())
            {
                before.get_or_insert((next, self.oracle.counts.frames));
            }
        }
        // Who means no good and still comes and goes may have done so just now.
        for _ in 0..10 {
            if self.scenario.intruders.is_empty() || self.pending().is_none() {
                break;
            }
            self.advance(self.world.now() + ASK)?;
        }
        if let Some((invariant, what)) = self.pending() {
            let core = &self.scenario.core;
            return Err(self.violation(invariant, format!("with {core:?} as the core, {what} at the end")));
        }
        if let Some((_, Some((since, frames)))) = quiet_since {
            self.is_quiet(end.since(since), self.oracle.counts.frames - frames)?;
        }
        self.gave_up()
    }

    fn calm_view(&self) -> Calm<'_> {
        let (world, core, slow) = (&self.world, &self.scenario.core, &self.slow);
        let Oracle { wishes, lies, .. } = &self.oracle;
        Calm { world, core, slow, wishes, sure: &self.sure, lies }
    }

    fn pending(&self) -> Option<(Invariant, String)> {
        self.calm_view().pending()
    }

    /// How long it may take to find a dead link, to wait, and to be let in.
    fn reconnects_within(&self) -> Duration {
        let backoff = self.scenario.clients.iter().map(|client| client.backoff_max_ms).max().unwrap_or_default();
        let found = Duration::from_millis(u64::from(self.scenario.host.heartbeat_ms) * 3);
        // A dial that hung is given up after ten seconds.
        let dialled = Duration::from_secs(10) + Duration::from_millis(backoff.into());
        found + dialled + self.scenario.weather.latency.typical() * 10 + SLACK
    }

    fn is_quiet(&self, time: Duration, frames: u64) -> Result {
        let connections = self.world.ids().count() as u64;
        let heartbeats =
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX) / u64::from(self.scenario.host.heartbeat_ms.max(1));
        // A ping and its answer in each direction for every heartbeat, and whoever cannot be reached tries now and then.
        let expected = connections * (heartbeats * 8 + time.as_secs() + 40);
        if self.scenario.intruders.is_empty() && frames > expected {
            let what = format!("{frames} frames in {time:?} in which nobody said anything");
            return Err(self.violation(Invariant::L6, what));
        }
        Ok(())
    }

    /// Nobody gives up for good without a reason.
    fn gave_up(&self) -> Result {
        let gave_up = self.scenario.core.iter().copied().find(|&index| {
            let client = self.world.node(NodeId(index)).and_then(ChatNode::as_client);
            client.is_some_and(exchange_core::Client::is_closed) && !self.may_give_up(index)
        });
        match gave_up {
            Some(index) => Err(self.violation(Invariant::L5, format!("client {index} has given up for good"))),
            None => Ok(()),
        }
    }

    fn violation(&self, invariant: Invariant, what: String) -> Violation {
        Violation { invariant, at: self.world.now(), what }
    }

    fn hit(&mut self, mark: Mark) {
        self.oracle.marks.hit(mark);
    }
}
