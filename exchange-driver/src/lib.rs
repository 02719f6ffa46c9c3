//! The async glue between [`exchange_core`] and the world, for any runtime.
//!
//! Programs use it through an adapter, `exchange-tokio` for one; whoever writes an adapter for another runtime implements
//! [`Runtime`], and has [`Host`] and [`Client`].
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
//! # The map
//!
//! | file | holds |
//! |---|---|
//! | `runtime` | what is asked of a runtime |
//! | `engine/` | the task |
//! | `host`, `client`, `room` | the handles and their builders |
//! | `events`, `callbacks` | what applications are told |
//! | `discovery/`, `announce`, `dial` | making sessions known, finding them, connecting to them |
//! | `connection` | frames over a byte stream, without the chat |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod announce;
mod callbacks;
mod client;
mod command;
mod connection;
mod dial;
mod discoveries;
pub mod discovery;
mod engine;
mod error;
mod events;
mod handle;
mod host;
mod room;
mod runtime;

pub use exchange_core as core;

pub use self::{
    callbacks::BoxError,
    client::{Client, ClientBuilder},
    connection::{Connection, Server, connect},
    dial::Target,
    error::{DeliveryError, NetworkError, RequestError},
    events::Events,
    handle::Farewell,
    host::{Host, HostBuilder},
    room::{Delivered, Receipt, Room},
    runtime::{BoxStream, ByteStream, Listener, Runtime, Timer},
};
