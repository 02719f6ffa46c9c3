//! Who is measured.

use std::{env, fmt, io, str::FromStr};

use serde::{Serialize, Serializer};

/// A program that passes on to everybody what anybody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// The least that any program could spend, in the clear.
    Floor,
    TokioFloor,
    /// A host in the clear, on tokio's runtime of one thread.
    Exchange,
    TokioMulti,
    AsyncStd,
    Redis,
    Nats,
    Mosquitto,
    /// The same over TLS.
    RedisTls,
    NatsTls,
    MosquittoTls,
    /// The least that any program could spend that seals by the same cipher.
    SealedFloor,
    /// A host as it usually is.
    Sealed,
    /// The same host, with clients that have no instructions for AES.
    SealedByChaCha,
}

impl System {
    pub(super) const ALL: [Self; 14] = [
        Self::Floor,
        Self::TokioFloor,
        Self::Exchange,
        Self::TokioMulti,
        Self::AsyncStd,
        Self::Redis,
        Self::Nats,
        Self::Mosquitto,
        Self::RedisTls,
        Self::NatsTls,
        Self::MosquittoTls,
        Self::SealedFloor,
        Self::Sealed,
        Self::SealedByChaCha,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::TokioFloor => "floor-on-tokio",
            Self::Exchange => "exchange",
            Self::TokioMulti => "exchange-on-threads",
            Self::AsyncStd => "exchange-on-async-std",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Mosquitto => "mosquitto",
            Self::RedisTls => "redis-by-tls",
            Self::NatsTls => "nats-by-tls",
            Self::MosquittoTls => "mosquitto-by-tls",
            Self::SealedFloor => "sealed-floor",
            Self::Sealed => "sealed-exchange",
            Self::SealedByChaCha => "sealed-exchange-by-chacha",
        }
    }

    /// The same that nothing is sealed by, of those that are somebody else's.
    pub(super) const fn in_the_clear(self) -> Self {
        match self {
            Self::RedisTls => Self::Redis,
            Self::NatsTls => Self::Nats,
            Self::MosquittoTls => Self::Mosquitto,
            other => other,
        }
    }

    /// The least that what it does could cost.
    pub(super) const fn floor(self) -> Self {
        if self.is_sealed() { Self::SealedFloor } else { Self::Floor }
    }

    pub(super) const fn is_sealed(self) -> bool {
        matches!(
            self,
            Self::SealedFloor
                | Self::Sealed
                | Self::SealedByChaCha
                | Self::RedisTls
                | Self::NatsTls
                | Self::MosquittoTls
        )
    }

    /// Whether it is measured where others would say nothing new: the host as it usually is, and in the clear.
    pub(super) const fn is_measured_by_itself(self) -> bool {
        matches!(self, Self::Exchange | Self::Sealed)
    }

    /// Whether it is measured with thousands at once: floors, hosts, and others that take no hundred times as long.
    pub(super) const fn is_measured_large(self) -> bool {
        matches!(self, Self::Floor | Self::Exchange | Self::Redis | Self::Nats | Self::SealedFloor | Self::Sealed)
    }

    /// Whether it knows of rooms, and not only of sockets.
    pub(super) const fn has_rooms(self) -> bool {
        !matches!(self, Self::Floor | Self::TokioFloor | Self::SealedFloor)
    }

    /// Whether everybody hears everything in the same order.
    pub(super) const fn is_ordered(self) -> bool {
        !matches!(self, Self::Nats | Self::NatsTls)
    }

    /// The program of somebody else's that it is.
    pub(super) const fn program(self) -> Option<&'static str> {
        match self {
            Self::Redis | Self::RedisTls => Some("redis-server"),
            Self::Nats | Self::NatsTls => Some("nats-server"),
            Self::Mosquitto | Self::MosquittoTls => Some("mosquitto"),
            _ => None,
        }
    }

    /// Whether it can be started here.
    pub(super) fn is_installed(self) -> bool {
        // Servers are where not everybody looks for programs.
        let places = env::var_os("PATH").unwrap_or_default();
        let mut places = env::split_paths(&places).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
        self.program().is_none_or(|program| places.any(|place| place.join(program).is_file()))
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for System {
    type Err = io::Error;

    fn from_str(name: &str) -> io::Result<Self> {
        let system = Self::ALL.into_iter().find(|system| system.name() == name);
        system.ok_or_else(|| io::Error::other("no such system"))
    }
}
