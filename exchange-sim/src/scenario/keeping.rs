//! What a host keeps beyond its life, and what befalls the disk that it keeps it on.

use exchange_core::Durability;
use serde::{Deserialize, Serialize};

use crate::net::Latency;

/// How a host keeps what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// What it promises of it. The disk keeps the promise of the strongest.
    pub durability: Durability,
    /// How long its disk takes for a write, in microseconds.
    pub latency: Latency,
}

/// What can happen to a write. It is a transaction: there whole, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskFault {
    /// There is no room for it nor, while that lasts, for any other.
    Full,
    /// It is said to have failed, whether or not it is there afterwards.
    Error,
    /// The machine loses power in the middle of it: what is there of it does not count.
    Torn,
    /// The host dies before it is done.
    Lost,
    /// The host dies when it is done, but was not told so.
    Untold,
}
