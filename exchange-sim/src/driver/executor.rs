//! One thread that polls tasks, in an order drawn from a seed.
//!
//! Of the tasks that are ready any may be next: what a real runtime does once in a million runs is here as likely as
//! anything else. When none is ready, time jumps to the next thing that is going to happen; when there is none, nobody
//! will ever be woken, and that is an error that names who waits.

use std::{
    any::type_name,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use exchange_core::Time;

use super::kernel::{Order, Shared};
use crate::{net::NodeId, random::Random};

/// A future that runs by itself.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stuck {
    /// Nothing is going to happen any more, and these tasks wait all the same: a wake-up was lost, or two wait for each
    /// other.
    #[error("deadlock at {}: nothing is going to happen any more, and these wait: {}", Seconds(*at), waiting.join(", "))]
    Deadlock {
        /// When.
        at: Time,
        /// The tasks that are left.
        waiting: Vec<String>,
    },
    /// A moment does not end: tasks wake themselves or each other all the time.
    #[error("busy at {}: {polls} polls and no end, the last of {task}", Seconds(*at))]
    Busy {
        /// When.
        at: Time,
        /// How often tasks were polled in that moment, or in the whole run.
        polls: u64,
        /// The task that was polled last.
        task: String,
    },
    /// It takes longer than it may.
    #[error("not done at {}, and these are left: {}", Seconds(*at), waiting.join(", "))]
    TimeIsUp {
        /// When.
        at: Time,
        /// The tasks that are left.
        waiting: Vec<String>,
    },
}

/// A moment of the world, for people.
pub(super) struct Seconds(pub(super) Time);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_nanos() / 1_000_000;
        write!(f, "{}.{:03} s", millis / 1000, millis % 1000)
    }
}

/// What a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Polls of one run.
    pub polls: u64,
    /// Polls without any time passing.
    pub polls_at_once: u64,
    /// How long it may last, in simulated time.
    pub time: Duration,
}

impl Default for Budget {
    /// A hundred million polls, a million of them at once, and a day.
    fn default() -> Self {
        Self { polls: 100_000_000, polls_at_once: 1_000_000, time: Duration::from_secs(86_400) }
    }
}

pub(super) struct Executor {
    shared: Shared,
    tasks: Vec<Option<Task>>,
    /// The tasks that are ready, sorted: in which order they were woken within one poll must not matter, because code
    /// may go through a hash map to do it.
    ready: Vec<usize>,
    /// Those that are ready on a machine that sleeps.
    parked: Vec<usize>,
    woken: Arc<Woken>,
    random: Random,
    pub(super) budget: Budget,
    /// The longest that one poll takes.
    pub(super) slowness: Duration,
    polls: u64,
    polls_at_once: u64,
    moment: Time,
    wakers: Vec<Waker>,
}

struct Task {
    name: String,
    node: Option<NodeId>,
    future: Running,
    waker: Waker,
    signal: Arc<Signal>,
}

/// The place of whatever a run waits for.
const MAIN: usize = 0;

impl Executor {
    pub(super) fn new(shared: Shared, random: Random) -> Self {
        Self {
            shared,
            tasks: vec![None],
            ready: Vec::new(),
            parked: Vec::new(),
            woken: Arc::default(),
            random,
            budget: Budget::default(),
            slowness: Duration::ZERO,
            polls: 0,
            polls_at_once: 0,
            moment: Time::ZERO,
            wakers: Vec::new(),
        }
    }

    pub(super) fn polls(&self) -> u64 {
        self.polls
    }

    /// The names of the tasks that have not ended.
    pub(super) fn names(&self) -> Vec<String> {
        self.tasks.iter().flatten().map(|task| task.name.clone()).collect()
    }

    /// Runs everything until this is done.
    pub(super) fn run<F: Future>(&mut self, main: F) -> Result<F::Output, Stuck> {
        let mut main = std::pin::pin!(main);
        let signal = Signal::new(MAIN, &self.woken);
        let waker = Waker::from(Arc::clone(&signal));
        waker.wake_by_ref();
        let until = self.shared.lock().now + self.budget.time;
        let polls = self.polls;
        loop {
            let Some(place) = self.next(until, polls)? else {
                return Err(self.nothing_left());
            };
            if place != MAIN {
                self.poll(place);
                continue;
            }
            signal.queued.store(false, Ordering::Release);
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Ok(output);
            }
        }
    }

    /// Runs until no task is left.
    pub(super) fn finish(&mut self, within: Duration) -> Result<(), Stuck> {
        let until = self.shared.lock().now + within;
        let polls = self.polls;
        loop {
            self.follow_orders();
            if self.tasks.iter().all(Option::is_none) {
                return Ok(());
            }
            match self.next(until, polls)? {
                Some(MAIN) => {}
                Some(place) => self.poll(place),
                None => return Err(self.nothing_left()),
            }
        }
    }

    fn nothing_left(&self) -> Stuck {
        Stuck::Deadlock { at: self.shared.lock().now, waiting: self.waiting() }
    }

    fn waiting(&self) -> Vec<String> {
        let mut names = self.names();
        if names.is_empty() {
            names.push("the run itself".into());
        }
        names
    }

    /// The next task to be polled; `None` if nothing will ever happen again.
    fn next(&mut self, until: Time, polls: u64) -> Result<Option<usize>, Stuck> {
        loop {
            self.follow_orders();
            let mut kernel = self.shared.lock();
            kernel.deliver(&mut self.wakers);
            let now = kernel.now;
            drop(kernel);
            self.wakers.drain(..).for_each(Waker::wake);
            self.gather();
            if let Some(place) = self.pick() {
                self.count(now, place, polls)?;
                return Ok(Some(place));
            }
            let mut kernel = self.shared.lock();
            if !kernel.orders.is_empty() {
                continue;
            }
            match kernel.next_at() {
                None => return Ok(None),
                Some(at) if at > until => {
                    kernel.now = until;
                    drop(kernel);
                    return Err(Stuck::TimeIsUp { at: until, waiting: self.waiting() });
                }
                Some(at) => kernel.now = kernel.now.max(at),
            }
        }
    }

    fn count(&mut self, now: Time, place: usize, polls: u64) -> Result<(), Stuck> {
        self.polls += 1;
        self.polls_at_once = if self.moment == now { self.polls_at_once + 1 } else { 0 };
        self.moment = now;
        let too_many = self.polls - polls > self.budget.polls;
        if too_many || self.polls_at_once > self.budget.polls_at_once {
            let task = self.tasks[place].as_ref().map_or("the run itself", |task| &task.name).into();
            let polls = if too_many { self.polls - polls } else { self.polls_at_once };
            return Err(Stuck::Busy { at: now, polls, task });
        }
        let mut kernel = self.shared.lock();
        kernel.polled(place);
        if !self.slowness.is_zero() {
            kernel.now = now + self.random.duration(self.slowness);
        }
        Ok(())
    }

    /// Begins and ends tasks.
    fn follow_orders(&mut self) {
        loop {
            let orders = std::mem::take(&mut self.shared.lock().orders);
            if orders.is_empty() {
                return;
            }
            for order in orders {
                match order {
                    Order::Spawn { node, name, future } => self.spawn(node, name, future),
                    Order::Kill(node) => {
                        for task in &mut self.tasks {
                            // What it holds is dropped here, while nothing is locked.
                            drop(task.take_if(|task| task.node == Some(node)));
                        }
                    }
                    Order::GoOn => self.parked.drain(..).for_each(|place| self.woken.push(place)),
                }
            }
        }
    }

    fn spawn(&mut self, node: Option<NodeId>, name: String, future: Running) {
        let signal = Signal::new(self.tasks.len(), &self.woken);
        let waker = Waker::from(Arc::clone(&signal));
        waker.wake_by_ref();
        self.tasks.push(Some(Task { name, node, future, waker, signal }));
    }

    fn gather(&mut self) {
        let mut woken = self.woken.0.lock().unwrap_or_else(PoisonError::into_inner);
        for place in woken.drain(..) {
            if let Err(index) = self.ready.binary_search(&place) {
                self.ready.insert(index, place);
            }
        }
    }

    fn pick(&mut self) -> Option<usize> {
        while !self.ready.is_empty() {
            let place = self.ready.remove(self.random.index(self.ready.len()));
            if place == MAIN {
                return Some(MAIN);
            }
            let Some(Some(task)) = self.tasks.get(place) else { continue };
            if task.node.is_some_and(|node| self.shared.lock().sleeps(node)) {
                self.parked.push(place);
            } else {
                return Some(place);
            }
        }
        None
    }

    fn poll(&mut self, place: usize) {
        // Out of its place while it is polled: it may want to begin others.
        let Some(mut task) = self.tasks[place].take() else { return };
        task.signal.queued.store(false, Ordering::Release);
        if task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_pending() {
            self.tasks[place] = Some(task);
        }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.names()).field("polls", &self.polls).finish_non_exhaustive()
    }
}

/// The tasks that were woken since anybody looked.
#[derive(Debug, Default)]
struct Woken(Mutex<Vec<usize>>);

impl Woken {
    fn push(&self, place: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    }
}

#[derive(Debug)]
struct Signal {
    place: usize,
    queued: AtomicBool,
    woken: Arc<Woken>,
}

impl Signal {
    fn new(place: usize, woken: &Arc<Woken>) -> Arc<Self> {
        Arc::new(Self { place, queued: AtomicBool::new(false), woken: Arc::clone(woken) })
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.woken.push(self.place);
        }
    }
}

/// What a task of this type is called: the type, without the paths to it; an async block after the function it is in.
pub(super) fn name_of<T>(_: &T) -> String {
    let full = type_name::<T>();
    let Some(function) = full.split_once("::{{closure}}").map(|(function, _)| function) else {
        return without_paths(full);
    };
    let mut depth = 0;
    let plain: String = function
        .chars()
        .filter(|c| {
            depth += usize::from(*c == '<');
            let is_outside = depth == 0;
            depth -= usize::from(*c == '>');
            is_outside
        })
        .collect();
    let parts: Vec<_> = plain.split("::").collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

fn without_paths(full: &str) -> String {
    let (mut name, mut word) = (String::new(), String::new());
    for c in full.chars() {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                name.push_str(&std::mem::take(&mut word));
                name.push(c);
            }
        }
    }
    name + &word
}
