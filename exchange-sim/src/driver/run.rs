//! A seed becomes a session with trouble, on the drivers' own code, and what everybody was told is checked.
//!
//! First people come, talk, leave and come again, while links break and machines crash. Then all is well again: everyone
//! has to come together, and stay so. Some leave then, and know that all they said has arrived; the host says a last
//! word and ends the session, and those who are still there know both. In the end no task is left.

mod check;
mod deeds;
mod life;
mod person;
mod plan;
mod shrink;
mod stage;

use std::{
    collections::BTreeSet,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use exchange_core::{Limits, RoomName, Timing};
use futures_util::future::join_all;

pub use self::deeds::Deed;
pub use self::plan::{Act, By, Fault, Guest, Plan, Step, Trouble, plan};
pub use self::shrink::shrink;
use self::{
    life::SharedLife,
    person::{Person, own, post, room_name},
    stage::Stage,
};
use super::{Budget, Host, Sim};

const SESSION: &str = "Lab 3";

/// How long it may take until everyone has everything, once all is well.
const CONVERGENCE: Duration = Duration::from_secs(60);

/// More than enough for what is said last.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of a run in which all was as it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// A number that stands for all that happened.
    pub digest: u64,
    /// How often tasks were polled.
    pub polls: u64,
    /// Messages that were said.
    pub messages: usize,
    /// Messages that clients were told.
    pub delivered: usize,
    /// How long it took in simulated time.
    pub lasted: Duration,
}

/// Something was not as it has to be.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was going to happen.
    pub plan: Plan,
    /// What was wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}\n{}", self.plan.seed, self.what, self.plan)
    }
}

impl std::error::Error for Failure {}

/// Makes a plan of a seed, and runs it.
///
/// # Errors
///
/// [`Failure`] says what was not as it has to be.
pub fn run(seed: u64) -> Result<Summary, Box<Failure>> {
    run_plan(&plan(seed))
}

/// Runs a plan.
///
/// # Errors
///
/// [`Failure`] says what was not as it has to be.
pub fn run_plan(plan: &Plan) -> Result<Summary, Box<Failure>> {
    let result = catch_unwind(AssertUnwindSafe(|| act_out(plan))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        Err(format!("panic: {}", text.unwrap_or("for an unknown reason")))
    });
    result.map_err(|what| Box::new(Failure { plan: plan.clone(), what }))
}

fn act_out(plan: &Plan) -> Result<Summary, String> {
    let mut sim = Sim::new(plan.seed);
    sim.set_budget(Budget { polls: 5_000_000, polls_at_once: 200_000, time: Duration::from_secs(300) });
    sim.set_slowness(Duration::from_micros(plan.poll_us.into()));
    let faults = sim.faults();
    faults.weather(plan.weather.clone());
    faults.air(plan.air);
    let mut nodes = vec![sim.node("host")];
    for (n, guest) in plan.clients.iter().enumerate() {
        nodes.push(sim.node_with_clock(&format!("guest-{}", n + 1), guest.drift_ppm, 0));
    }
    nodes.push(sim.node("nobody"));
    let stage = Arc::new(Stage::new(plan.seed, faults, nodes));
    let owner = SharedLife::new("0.0".into());
    sim.run(session(Arc::clone(&stage), plan.clone(), owner.clone())).map_err(|stuck| stuck.to_string())??;
    sim.finish(Duration::from_secs(30)).map_err(|stuck| format!("all handles are gone, but {stuck}"))?;
    if let Some(wrong) = stage.first_wrong() {
        return Err(wrong);
    }
    let (owner, lives) = (owner.lock(), stage.lives.lock());
    check::check(&owner, &lives)?;
    Ok(Summary {
        digest: sim.digest(),
        polls: sim.polls(),
        messages: owner.messages().count(),
        delivered: lives.iter().map(|(_, life)| life.lock().messages().count()).sum(),
        lasted: stage.faults.now().since(exchange_core::Time::ZERO),
    })
}

async fn session(stage: Arc<Stage>, plan: Plan, owner: SharedLife) -> Result<(), String> {
    let limits = Limits { history_entries: plan.history.into(), ..Limits::default() };
    let timing = Timing { heartbeat: Duration::from_millis(plan.heartbeat_ms.into()), ..Timing::default() };
    let host = stage.nodes[0].host(SESSION).limits(limits).timing(timing).start().await;
    let host = host.map_err(|error| format!("the host cannot start: {error}"))?;
    owner.lock().me = Some(host.me().clone());
    *stage.session.lock() = Some(host.session().id);
    stage.listen(host.events(), &owner, 0);
    host.room(room_name(1)).join().await.map_err(|error| format!("the host cannot join a room: {error}"))?;

    let steps = |who| plan.steps.iter().filter(|step| step.who == who).cloned().collect();
    let trouble = stage.faults.start("trouble", Arc::clone(&stage).trouble(plan.clone()));
    let owning = own(Arc::clone(&stage), host.clone(), owner.clone(), steps(0));
    let owning = stage.faults.start("owner", owning);
    let people: Vec<_> = plan
        .clients
        .iter()
        .enumerate()
        .map(|(n, guest)| {
            let person = Person::new(Arc::clone(&stage), n + 1, guest.clone());
            stage.faults.start(&format!("guest {}", n + 1), person.live(steps(n + 1)))
        })
        .collect();
    owning.await;
    trouble.await;
    let mut people: Vec<_> = join_all(people).await.into_iter().flatten().collect();
    for person in &mut people {
        person.be_there().await;
    }
    come_together(&stage, &host, &owner, &people).await?;
    part(&stage, host, &owner, people).await
}

/// The host says something in each room, and everyone who is in it has to hear it; everyone says something, and has to
/// know that it arrived.
async fn come_together(stage: &Arc<Stage>, host: &Host, owner: &SharedLife, people: &[Person]) -> Result<(), String> {
    for room in 0..2 {
        post(stage, &host.room(room_name(room)), owner, &format!("word {room}"), 1, 8).await;
    }
    // Only who is answered has a link that is whole in both directions.
    for person in people {
        if let Some((client, life)) = &person.client {
            post(stage, &client.room(room_name(0)), life, &format!("here {}", person.number), 1, 8).await;
        }
    }
    let until = stage.faults.now() + CONVERGENCE;
    loop {
        stage.faults.sleep(Duration::from_millis(100)).await;
        let Some(missing) = missing(host, owner, people).await else { return Ok(()) };
        if stage.faults.now() >= until {
            return Err(format!("{CONVERGENCE:?} after all was well again, {missing}"));
        }
    }
}

/// What somebody lacks, if anybody does.
async fn missing(host: &Host, owner: &SharedLife, people: &[Person]) -> Option<String> {
    let Ok(there) = host.people().await else { return Some("the host is closed".into()) };
    let there: BTreeSet<_> = there.into_iter().collect();
    for person in people {
        let Some((client, life)) = &person.client else { return Some(format!("{} is not there", person.number)) };
        let Ok(rooms) = client.rooms().await else { return Some(format!("{} is closed", person.number)) };
        let Ok(seen) = client.people().await else { return Some(format!("{} is closed", person.number)) };
        let seen: BTreeSet<_> = seen.into_iter().collect();
        if seen != there {
            return Some(format!("{} sees {seen:?}, where {there:?} are", person.number));
        }
        let life = life.lock();
        let behind = |room: &&RoomName| life.last(room) < owner.lock().last(room);
        if let Some(room) = rooms.iter().find(behind) {
            let (last, head) = (life.last(room), owner.lock().last(room));
            return Some(format!("{} is at {last:?} of {head:?} in {room:?}", life.name));
        }
        let rooms: BTreeSet<_> = rooms.into_iter().collect();
        if let Some(told) = life.rooms().filter(|told| *told != rooms) {
            return Some(format!("{} is in {rooms:?}, and was told that it is in {told:?}", life.name));
        }
        if life.unsettled() > 0 {
            return Some(format!("{} does not know what became of {} messages", life.name, life.unsettled()));
        }
    }
    let unsettled = owner.lock().unsettled();
    (unsettled > 0).then(|| format!("the host does not know what became of {unsettled} messages"))
}

/// Everyone speaks once more; the first leave, the host speaks and ends it, and the others hear both.
async fn part(stage: &Arc<Stage>, host: Host, owner: &SharedLife, people: Vec<Person>) -> Result<(), String> {
    for person in &people {
        let Some((client, life)) = &person.client else { continue };
        post(stage, &client.room(room_name(0)), life, &format!("farewell {}", person.number), 3, 100).await;
    }
    let mut staying = Vec::new();
    for (n, mut person) in people.into_iter().enumerate() {
        let Some((client, life)) = person.client.take() else { continue };
        match n % 3 {
            0 => staying.push((client, life)),
            1 => {
                person.shut_down(&client, &life, PATIENCE).await;
                life.lock().has_left = true;
                if !life.lock().is_settled {
                    return Err(format!("{} shut down in peace, but something was not delivered", life.lock().name));
                }
            }
            _ => life.lock().has_left = true,
        }
    }
    // Whoever dropped their handle leaves at once, and the host needs no more than a moment to see it.
    stage.faults.sleep(Duration::from_secs(2)).await;
    post(stage, &host.room(room_name(0)), owner, "last word", 5, 1000).await;
    let farewell = host.shutdown(PATIENCE).await;
    if farewell.undelivered > 0 {
        return Err(format!("the host shut down in peace, but {} were not given all", farewell.undelivered));
    }
    stage.faults.sleep(Duration::from_secs(2)).await;
    for (client, life) in staying {
        let (last, head) = (life.lock().last(&room_name(0)), owner.lock().last(&room_name(0)));
        let mut life = life.lock();
        life.outlived = true;
        if last < head {
            return Err(format!("{} is at {last:?}, and the host's last word is {head:?}", life.name));
        }
        drop(client);
    }
    Ok(())
}
