//! Local-network chat without a server, as a protocol and nothing else.
//!
//! > **A room is a log. A link is a set of cursors.**
//!
//! A host appends everything durable that happens in a room to that room's log and gives it the next [`Seq`]. A client
//! is, for the host, a cursor in each room it is in, and one in the roster. Fan-out, history, catching up, reconnecting
//! without loss or doubles: all of it is moving cursors.
//!
//! This crate does no input or output, reads no clock and draws no random number: it is `no_std`, and what it is handed
//! is all it knows. The drivers (`exchange-tokio` and its kin) bring sockets, timers and discovery.
//!
//! # The loop
//!
//! A machine ([`Host`] or [`Client`]) takes an [`Input`] and puts [`Effect`]s into an [`Outbox`]; the driver does them,
//! and calls again when something happens or the [`Wake`] is due. There is nothing to poll and no order to keep.
//!
//! ```
//! use exchange_core::{Effect, Host, HostConfig, Input, LinkId, Outbox, Seed, Time};
//!
//! let config = HostConfig::new("Lab 3".parse()?, "ana".parse()?);
//! let mut host = Host::new(config, &Seed::from_number(1), Time::ZERO);
//! let mut out = Outbox::new();
//!
//! host.handle(Time::ZERO, Input::LinkUp { link: LinkId(1), credit: 65_536, from: None }, &mut out);
//! // Nobody says hello on that link, so it is closed when its time is up.
//! let wake = out.wake().expect("a handshake has a deadline");
//! host.handle(wake.at, Input::Tick, &mut out);
//! assert!(out.drain().any(|effect| matches!(effect, Effect::Close { link: LinkId(1), .. })));
//! # Ok::<(), exchange_core::NameError>(())
//! ```
//!
//! # The map
//!
//! | module | turns |
//! |---|---|
//! | [`wire`] | bytes into frames: preamble, versions, handshake, sealed records, lengths |
//! | [`message`] | frames into messages, in postcard or JSON |
//! | `room`, `presence` | messages into logs and a roster |
//! | [`host`], [`client`] | all of it into the two machines that applications meet |
//! | [`store`] | what hosts and clients keep beyond their life into rows, and rows into them |
//! | [`discovery`] | a session's record into TXT properties and back; which sessions are there |
//!
//! # The rules
//!
//! - A peer can never make a machine panic, and never make it hold more than [`Limits`] say.
//! - Frames are released only against credit that the transport has granted, overdrawn by one frame at most, or by one
//!   entry and the head of its page; answers may overdraw by a fixed allowance, and whoever leaves more unread is closed.
//! - Order comes from [`Seq`], never from a clock. Same seed and same inputs: same outputs, byte for byte.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod client;
mod digest;
pub mod discovery;
pub mod event;
pub mod host;
mod identity;
mod ids;
mod journal;
mod limits;
pub mod message;
mod name;
mod presence;
mod reason;
mod refusals;
mod room;
mod safety;
mod seam;
mod secret;
mod seed;
mod shown;
pub mod store;
#[cfg(test)]
mod testing;
pub mod text;
mod time;
mod timers;
pub mod wire;

pub use self::{
    client::{Client, ClientConfig},
    digest::{Digest, ShortDigest, Signature},
    event::{
        Change, Ended, Event, Message, MessageId, MessageView, Page, PageId, Peer, Person, Search, SeenBy, Session,
        Tag, Unread,
    },
    host::{Admission, Archive, ArchivedRoom, Host, HostConfig, Import, Imported, Misfit},
    identity::{Identity, PublicIdentity},
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, SessionId, Token},
    limits::{Limits, Rate, Timing},
    message::{
        Act, Availability, Body, Encoding, GapReason, HistoryPolicy, JoinFrom, LeaveReason, Mentions, PageFrom,
        Presence, Role, RoomSummary, Rule, Rules, Status,
    },
    name::{ContentType, NameError, Nick, Note, Reaction, Remark, RoomName, SessionName},
    reason::{CloseReason, Durability, Outcome, Refusal, Violation},
    refusals::Refusals,
    safety::SafetyNumber,
    seam::{Effect, Input, LinkId, LinkLoss, Outbox, Proven, Wake, WakeReason},
    secret::{JoinCode, JoinCodeError, JoinSecret, JoinSecretError},
    seed::Seed,
    text::Text,
    time::{Time, Timestamp},
};
