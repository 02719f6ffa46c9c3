//! What can go wrong, by kind, with its cause.

use std::{io, net::SocketAddr};

use exchange_core::{
    CloseReason, Ended, LinkLoss, NameError, PeerId, Refusal, SessionName, Violation, discovery::PeerRecord,
    wire::Versions,
};

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Nobody listens there.
    #[error("{address} refused the connection")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// There is no way there.
    #[error("{address} cannot be reached")]
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody else listens there already.
    #[error("{address} is in use")]
    AddressInUse {
        /// Where.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no session or host of that name.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// There are several sessions of that name; one of them has to be chosen.
    #[error("there are {} sessions called {name}", found.len())]
    Ambiguous {
        /// What was looked for.
        name: SessionName,
        /// Those that answer to it; each is a [`Target`](crate::Target).
        found: Vec<PeerRecord>,
    },
    /// The other side ended the connection, and may have said why.
    #[error("connection closed by peer{}", .reason.map(|reason| format!(": {reason}")).unwrap_or_default())]
    ClosedByPeer {
        /// Why, if it said so.
        reason: Option<CloseReason>,
    },
    /// The two sides have no version of the protocol in common.
    #[error("version mismatch: we speak {ours}, they speak {theirs}")]
    VersionMismatch {
        /// What this side speaks.
        ours: Versions,
        /// What the other side speaks.
        theirs: Versions,
    },
    /// The session is in the clear, and what is joined here has to be encrypted.
    #[error("the session is not encrypted")]
    NotEncrypted,
    /// The session is encrypted, and it was to be joined in the clear.
    #[error("the session is encrypted")]
    OnlyEncrypted,
    /// The session is for those who know its code or passphrase, and none was given.
    #[error("the session asks for a code")]
    Locked,
    /// A code or passphrase was given, and the session asks for none: it may not be the one that is meant.
    #[error("the session asks for no code")]
    NotLocked,
    /// What was given is not the session's code or passphrase, or somebody stands in between.
    #[error("wrong code")]
    WrongSecret,
    /// Wrong codes were tried too often, by whomever. The host has a new one, or lets others try in a minute.
    #[error("wrong codes were tried too often: the host has a new one, or lets others try in a minute")]
    NoGuess,
    /// Whoever hosts has to let newcomers in, and is asked: to join again, as the same [peer](crate::ClientBuilder::identity),
    /// may come to something else.
    #[error("whoever hosts has to let you in, and is asked")]
    Knocking,
    /// Whoever hosts does not let this one in.
    #[error("whoever hosts does not let you in")]
    TurnedAway,
    /// The session is hosted by somebody else than who should, or than who did before.
    #[error("somebody else hosts the session: {found}, and not {expected}")]
    Stranger {
        /// Who should.
        expected: PeerId,
        /// Who does, and has proven it.
        found: PeerId,
    },
    /// The other side does not speak this protocol, or breaks it.
    #[error("protocol violation: {0}")]
    Violation(Violation),
    /// This side has ended it.
    #[error("closed")]
    Closed,
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Sessions cannot be announced or found.
    #[error("discovery does not work")]
    Discovery(#[source] crate::discovery::DiscoveryError),
    /// What was kept of the session cannot be had, or not be used.
    #[error("{0}")]
    Store(#[source] crate::store::StoreError),
    /// Anything else.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl NetworkError {
    pub(crate) fn of_connect(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { address, source },
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                Self::Unreachable { address, source }
            }
            _ => Self::Io(source),
        }
    }

    pub(crate) fn of_bind(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse { address, source },
            _ => Self::Io(source),
        }
    }

    pub(crate) fn of_end(cause: Ended) -> Self {
        match cause {
            Ended::Told(CloseReason::Locked) => Self::Locked,
            Ended::Told(CloseReason::Knocking) => Self::Knocking,
            Ended::Told(CloseReason::TurnedAway) => Self::TurnedAway,
            Ended::Told(reason) => Self::ClosedByPeer { reason: Some(reason) },
            Ended::Here(CloseReason::Violation(violation)) => Self::Violation(violation),
            Ended::Here(CloseReason::HandshakeTimeout | CloseReason::Silent) => Self::TimedOut,
            Ended::Here(_) => Self::Closed,
            Ended::Lost(loss) => Self::of_loss(loss),
        }
    }

    pub(crate) fn of_loss(loss: LinkLoss) -> Self {
        match loss {
            LinkLoss::TimedOut => Self::TimedOut,
            LinkLoss::Versions { ours, theirs } => Self::VersionMismatch { ours, theirs },
            LinkLoss::Violation(violation) => Self::Violation(violation),
            LinkLoss::NotEncrypted => Self::NotEncrypted,
            LinkLoss::OnlyEncrypted => Self::OnlyEncrypted,
            LinkLoss::NotLocked => Self::NotLocked,
            LinkLoss::WrongSecret => Self::WrongSecret,
            LinkLoss::NoGuess => Self::NoGuess,
            LinkLoss::Stranger { expected, found } => Self::Stranger { expected, found },
            LinkLoss::NothingInCommon => Self::Violation(Violation::Preamble),
            LinkLoss::Broken => Self::Io(io::ErrorKind::ConnectionReset.into()),
            LinkLoss::NotFound => Self::NotFound { what: "the host".into() },
            _ => Self::ClosedByPeer { reason: None },
        }
    }

    /// What the machine is told of it.
    pub(crate) fn as_loss(&self) -> LinkLoss {
        match self {
            Self::Refused { .. } => LinkLoss::Refused,
            Self::TimedOut => LinkLoss::TimedOut,
            Self::Unreachable { .. } => LinkLoss::Unreachable,
            Self::NotFound { .. } | Self::Ambiguous { .. } => LinkLoss::NotFound,
            _ => LinkLoss::Broken,
        }
    }
}

/// What the machine is told of an error on a connection that stood.
pub(crate) fn loss_of(error: &io::Error) -> LinkLoss {
    match error.kind() {
        io::ErrorKind::TimedOut => LinkLoss::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            LinkLoss::Unreachable
        }
        _ => LinkLoss::Broken,
    }
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was turned down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The session is over.
    #[error("the session is closed")]
    Closed,
}

/// Why a message did not certainly arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The host turned it down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host has forgotten this client: it may or may not have arrived.
    #[error("it is not known whether it arrived")]
    Unknown,
    /// The client is over, and has kept it: whoever goes on with [what it keeps](crate::ClientBuilder::store) sends it.
    #[error("it is kept, and sent when the session is joined again")]
    Kept,
    /// The session ended before an answer came.
    #[error("the session is closed")]
    Closed,
}
