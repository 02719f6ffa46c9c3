//! The drivers' own code on simulated machines: for async tests of one's own, and for seeds of ours.
//!
//! [`Host`] and [`Client`] are those of every other runtime, unchanged; what they run on is a [`SimRuntime`], one simulated
//! machine. A [`Sim`] has machines, runs what is on them on one thread in an order drawn from its seed, and lets time jump
//! from one event to the next. The same seed gives the same run, poll by poll.
//!
//! ```
//! use std::time::Duration;
//! use exchange_sim::driver::Sim;
//!
//! let mut sim = Sim::new(7);
//! let (ana, bo) = (sim.node("ana"), sim.node("bo"));
//! let faults = sim.faults();
//! let seconds = sim.run(async move {
//!     let host = ana.host("Lab 3").start().await?;
//!     let client = bo.client().join("Lab 3").await?;
//!     faults.partition(&ana, &bo);
//!     let receipt = client.room("lobby").send("hello?").await?;
//!     faults.sleep(Duration::from_secs(60)).await;
//!     faults.heal(&ana, &bo);
//!     receipt.delivered().await?;
//!     drop(host);
//!     Ok::<_, Box<dyn std::error::Error>>(faults.now().as_nanos() / 1_000_000_000)
//! })??;
//! assert!(seconds < 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `executor` | which task is polled next, and when time jumps |
//! | `kernel`, `alarms` | what all handles share: the network, machines, whoever waits for a time |
//! | `runtime`, `stream`, `timer`, `started` | a machine as the driver sees it |
//! | `multicast`, `discovery` | sessions that are announced and found |
//! | `faults` | what can go wrong |
//! | `run/` | a seed that becomes a session with trouble, and what has to hold in it |

mod alarms;
mod discovery;
mod executor;
mod faults;
mod kernel;
mod multicast;
pub mod run;
mod runtime;
mod started;
mod stream;
#[cfg(test)]
mod tests;
mod timer;

use std::{future::Future, time::Duration};

use self::{executor::Executor, kernel::Shared};
pub use self::{
    executor::{Budget, Stuck},
    faults::Faults,
    multicast::Air,
    run::run,
    runtime::SimRuntime,
    started::Started,
    stream::{SimListener, SimStream},
    timer::{SimTimer, Sleep},
};
use crate::{clock::Clock, random::Random};

/// A hosted session; see [`exchange_driver::Host`].
pub type Host = exchange_driver::Host<SimRuntime>;
/// Sets up a [`Host`].
pub type HostBuilder = exchange_driver::HostBuilder<SimRuntime>;
/// A client of a session; see [`exchange_driver::Client`].
pub type Client = exchange_driver::Client<SimRuntime>;
/// Sets up a [`Client`].
pub type ClientBuilder = exchange_driver::ClientBuilder<SimRuntime>;

/// A world of simulated machines, and what runs on them.
#[derive(Debug)]
pub struct Sim {
    shared: Shared,
    executor: Executor,
}

impl Sim {
    /// A world without machines, in which everything random is drawn from this seed.
    pub fn new(seed: u64) -> Self {
        let shared = Shared::new(seed);
        Self { executor: Executor::new(shared.clone(), Random::new(seed, "executor", 0)), shared }
    }

    /// What every [`run`](Self::run) may take from now on.
    pub fn set_budget(&mut self, budget: Budget) {
        self.executor.budget = budget;
    }

    /// From now on every poll of a task takes some time, up to this; without it, none: then only waiting does.
    pub fn set_slowness(&mut self, longest: Duration) {
        self.executor.slowness = longest;
    }

    /// Adds a machine with clocks that are right.
    pub fn node(&mut self, name: &str) -> SimRuntime {
        self.node_with_clock(name, 0, 0)
    }

    /// Adds a machine whose clock runs so many millionths too fast, and whose wall clock is off by so much.
    pub fn node_with_clock(&mut self, name: &str, drift_ppm: i32, wall_offset_ms: i64) -> SimRuntime {
        let node = self.shared.lock().add(name, Clock::new(drift_ppm, wall_offset_ms));
        SimRuntime { shared: self.shared.clone(), node }
    }

    /// What can be done to this world while it runs.
    pub fn faults(&self) -> Faults {
        Faults { shared: self.shared.clone() }
    }

    /// Runs everything until this future is done; what else runs stays, and goes on with the next call.
    ///
    /// # Errors
    ///
    /// [`Stuck`] says why it would never be done, or not within its [`Budget`].
    ///
    /// # Panics
    ///
    /// If a task panics.
    pub fn run<F: Future>(&mut self, future: F) -> Result<F::Output, Stuck> {
        self.executor.run(future)
    }

    /// Runs everything until no task is left.
    ///
    /// # Errors
    ///
    /// [`Stuck`] names the tasks that have not ended by then.
    ///
    /// # Panics
    ///
    /// If a task panics.
    pub fn finish(&mut self, within: Duration) -> Result<(), Stuck> {
        self.executor.finish(within)
    }

    /// How often tasks were polled.
    pub fn polls(&self) -> u64 {
        self.executor.polls()
    }

    /// A number that stands for all that happened: which task was polled when, and every byte that was written.
    pub fn digest(&self) -> u64 {
        self.shared.lock().digest()
    }
}
