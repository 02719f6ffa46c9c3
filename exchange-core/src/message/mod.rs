//! What is said: messages, their two directions, and their two encodings.
//!
//! Each direction has an enum of its own, [`ToHost`] and [`ToClient`], so that a message going the wrong way cannot
//! even be decoded. On the wire every message is a *frame*: its length as four bytes, big-endian, then the message in
//! the [`Encoding`] that the preamble settled on.

mod act;
#[cfg(test)]
pub(crate) mod arbitrary;
mod body;
mod codec;
mod commitment;
mod presence;
mod rules;
#[cfg(test)]
pub(crate) mod samples;
mod signal;
#[cfg(test)]
mod tests;
mod to_client;
mod to_host;

pub use act::{Act, Role};
pub use body::{Body, Data, Delete, Edit, FIRST_APPLICATION_KIND, LeaveReason, Mentions, Post, React};
pub use codec::{Encoding, FRAME_HEADER, MAX_FIRST_FRAME, MAX_FRAME};
pub use commitment::{Commitment, Place};
pub use presence::{Availability, Presence, Status};
pub use rules::{HistoryPolicy, Rule, Rules};
pub use signal::Signal;
pub(crate) use to_client::ToldEntry;
pub use to_client::{Chained, Entry, GapReason, Joined, MemberRecord, RoomSummary, ToClient, Welcome};
pub use to_host::{Hello, JoinFrom, PageFrom, ToHost};
