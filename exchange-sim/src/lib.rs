//! A deterministic network simulator: whole sessions of Exchange, or a protocol of your own, under faults, from one seed.
//!
//! Time is a number that jumps from one event to the next, so a minute takes milliseconds. Bytes are cut, delayed,
//! swallowed and reset; machines crash, sleep and run on wrong clocks; disks are slow, full or torn; and the same seed
//! comes to the same end, byte for byte, wherever it is run.
//!
//! # Three ways in
//!
//! **Your application, as it is.** [`driver::Sim`] gives hosts and clients with the handles of the real drivers, for async
//! tests that take no time: see [`driver`].
//!
//! **A protocol of your own.** A [`World`] runs anything that implements [`Node`]:
//!
//! ```
#![doc = include_str!("../examples/own_protocol.rs")]
//! ```
//!
//! **The chat itself.** A seed becomes a [`Scenario`], the scenario is run and watched, and what is found is made small:
//!
//! ```
//! use exchange_sim::{Mode, Scenario, generate, run, shrink};
//!
//! let scenario = generate(42, Mode::Swarm);
//! if let Some(violation) = run(&scenario).violation {
//!     let smallest = shrink(scenario, |smaller: &Scenario| run(smaller).violation.is_some());
//!     panic!("{violation}\n{smallest:#?}");
//! }
//! ```
//!
//! The program `exchange-sim` does the same from a shell, and [tells](fn@explain) or [draws](fn@html) what happened.
//!
//! # The map
//!
//! ```text
//! scenario ◀── generate, shrink        what is going to happen, as data
//!    │
//!   run ──▶ check ──▶ report           lets it happen, and watches: the invariants, by name, and a model of a room
//!    │         └────▶ trace ──▶ explain, html
//!   chat                               hosts with their disks, clients and intruders as nodes
//!    │
//!   world, clock                       time, nodes, alarms         driver     tasks, polls, timers of a runtime
//!    └───────────────── net ───────────────────────────────────────┘
//! ```
//!
//! Both layers stand on one model of the network, [`net`]: the machines of the protocol alone, where nearly all seeds
//! run, and the drivers' own code around them.
//!
//! # The rules
//!
//! - Every random number comes from the seed, by a [stream](Random) of its own for every link and every use.
//! - It is the scenario that is run, not the seed: a scenario that was kept stays what it is.
//! - What must hold is an [`Invariant`] with a name; what has to come up is a [`Mark`]. A run in which nothing went wrong
//!   and nothing came up proves nothing.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod agenda;
pub mod chat;
mod check;
mod clock;
mod digest;
pub mod driver;
mod explain;
mod fates;
mod generate;
mod html;
mod marks;
pub mod net;
mod node;
mod random;
mod report;
mod run;
pub mod scenario;
mod shrink;
#[cfg(feature = "proptest")]
mod strategy;
mod tame;
pub mod trace;
mod world;

#[cfg(feature = "proptest")]
pub use self::strategy::{ScenarioTree, Scenarios, scenarios};
pub use self::{
    check::Invariant,
    clock::Clock,
    explain::{Explanation, explain},
    generate::{Mode, generate},
    html::html,
    marks::{Mark, Marks},
    node::{Happening, Io, Node},
    random::Random,
    report::{Counts, Report, Violation},
    run::{run, run_traced, run_unwatched},
    scenario::Scenario,
    shrink::{Shrinker, shrink},
    world::{Step, World},
};
