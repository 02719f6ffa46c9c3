//! Two notions of time that must never be mixed.
//!
//! [`Time`] drives the protocol: it only moves forward and its zero means nothing. [`Timestamp`] is what a wall clock
//! showed; it decorates messages and decides nothing.

use core::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// A moment on the driver's monotonic clock, in nanoseconds from an origin the driver chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The origin of the driver's clock.
    pub const ZERO: Self = Self(0);

    /// The moment `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Milliseconds since 1970-01-01 00:00 UTC as some wall clock showed them. For display only: order comes from
/// [`Seq`](crate::Seq).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The timestamp of `millis` milliseconds after 1970.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds after 1970.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// What the wall clock shows now, kept as its distance from the monotonic clock, which never steps.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WallClock {
    told: Timestamp,
    at: Time,
}

impl WallClock {
    pub(crate) fn showing(now: Time, wall: Timestamp) -> Self {
        Self { told: wall, at: now }
    }

    pub(crate) fn read(self, now: Time) -> Timestamp {
        let elapsed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.told.0.saturating_add(elapsed))
    }

    /// How far it is behind what another shows.
    pub(crate) fn lags(self, now: Time, wall: Timestamp) -> Duration {
        Duration::from_millis(wall.0.saturating_sub(self.read(now).0))
    }

    /// When it shows that; `now` if it has already.
    pub(crate) fn when(self, now: Time, wall: Timestamp) -> Time {
        now + self.lags(now, wall)
    }
}
