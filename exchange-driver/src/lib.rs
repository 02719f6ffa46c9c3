//! The async glue between [`exchange_core`] and the world, for any runtime.
//!
//! Programs use it through a driver for their runtime. The drivers have the same names, and a program that moves from one
//! to the other changes its imports:
//!
//! | you are on | take |
//! |---|---|
//! | tokio, or nothing yet | `exchange-tokio`, which most people use and which costs least |
//! | async-std | `exchange-async-std`, until you are off async-std, which is discontinued |
//! | smol | the file that [`write_a_driver`] goes through |
//! | anything else | [`Runtime`]: [`write_a_driver`] says how to implement it |
//! | no runtime: a test | `exchange-sim`, where time and the network are simulated |
//!
//! # How it works
//!
//! A host or a client is **one task**. It owns the machine and all its links; there is no task, no queue between tasks and
//! no lock per link. In a round it reads what is ready, hands it to the machine, and writes what comes of it at once:
//! data goes straight down and straight up again, in one call stack. Only what a socket does not take is kept, bounded by
//! the credit that the link was given, so one slow reader costs the others nothing.
//!
//! Handles are cheap clones that talk to the task over a bounded channel. Events are one bounded broadcast seen in three
//! ways: a [stream](Events), [callbacks](HostBuilder::on_message), or [`try_event`](Events::try_event) for loops that have
//! other things to do. Whoever reads them too slowly is told how many it missed, and holds up nobody.
//!
//! # Cancel safety
//!
//! Any future here may be dropped before it is ready, as `select` and timeouts do, without harm to the session. What that
//! means for the request is said at each function. In short:
//!
//! - what waits for something to come loses nothing: [`Events::next`], [`Connection::recv`], [`Server::accept`];
//! - what only asks has no effect: [`Client::people`], [`Room::members`] and their like;
//! - what wants something done, such as [`Room::send`], has been done or not, never by half;
//! - what begins something, [`HostBuilder::start`] and [`ClientBuilder::join`], takes it back;
//! - [`Receipt::delivered`] and `shutdown` only wait for what goes on by itself.
//!
//! # The map
//!
//! | file | holds |
//! |---|---|
//! | `runtime` | what is asked of a runtime |
//! | `engine/` | the task |
//! | `host`, `client`, `room` | the handles and their builders |
//! | `events`, `callbacks` | what applications are told |
//! | `stats` | what has happened so far, in numbers |
//! | `discovery/`, `announce`, `dial` | making sessions known, finding them, connecting to them |
//! | `store`, `sqlite` | where hosts and clients keep what is to outlast them |
//! | `network` | whether this machine's network has changed |
//! | `connection` | frames over a byte stream, without the chat |
//! | [`write_a_driver`] | a page: how to bring it to another runtime |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod announce;
mod callbacks;
mod client;
mod command;
mod connection;
pub mod device;
mod dial;
mod discoveries;
pub mod discovery;
mod engine;
mod error;
mod events;
mod handle;
mod host;
mod network;
mod processor;
mod protection;
mod room;
mod runtime;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stats;
mod store;
pub mod write_a_driver;

pub use exchange_core as core;

pub use self::{
    callbacks::BoxError,
    client::{Client, ClientBuilder},
    connection::{Connection, Server, connect, connect_on},
    dial::Target,
    error::{DeliveryError, NetworkError, RequestError},
    events::Events,
    handle::Farewell,
    host::{Host, HostBuilder},
    room::{Delivered, Receipt, Room},
    runtime::{BoxStream, ByteStream, Listener, Runtime, Timer},
    stats::{Closes, Stats},
    store::{Store, StoreError, Storing},
};
