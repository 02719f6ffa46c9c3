//! How the program ends, for people and for scripts.

use std::{io, process::ExitCode};

use exchange_tokio::{
    NetworkError, StoreError,
    core::{CloseReason, Ended, LinkLoss, NameError, discovery::DEFAULT_PORT, store::Damage},
    sqlite::SqliteError,
};

use crate::line::Line;

/// What to do about a file that is damaged.
pub(crate) const SALVAGE: &str =
    "It is left as it is. \"exchange export --salvage\" and the file writes what can still be read.";

/// What the program ends with. Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Usage,
    NotFound,
    Refused,
    /// Timed out, or something was not delivered.
    Undelivered,
    Network,
    Version,
    /// The file that a session is kept in cannot be used, or not any more.
    Store,
    /// The session is hosted by somebody else than before.
    Stranger,
    /// What `run` was to run cannot be started, or has failed.
    Command,
    /// It was told to end before there was a session, or the user did not want to wait for an orderly end.
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Undelivered => 5,
            Self::Network => 6,
            Self::Version => 7,
            Self::Store => 8,
            Self::Stranger => 9,
            Self::Command => 10,
            Self::Interrupted => 130,
        }
    }

    /// What the end of a session that stood amounts to.
    pub(crate) fn of_end(cause: Ended) -> Self {
        match cause {
            Ended::Told(CloseReason::HostClosed) | Ended::Here(CloseReason::Left | CloseReason::HostClosed) => {
                Self::Done
            }
            Ended::Told(reason) => Self::of_reason(reason),
            Ended::Here(CloseReason::StoreFailed) => Self::Store,
            Ended::Lost(LinkLoss::Versions { .. }) => Self::Version,
            Ended::Lost(LinkLoss::Stranger { .. }) => Self::Stranger,
            Ended::Lost(LinkLoss::NotLocked | LinkLoss::WrongSecret | LinkLoss::NoGuess) => Self::Refused,
            Ended::Lost(LinkLoss::TimedOut) | Ended::Here(CloseReason::Silent | CloseReason::HandshakeTimeout) => {
                Self::Undelivered
            }
            Ended::Here(_) | Ended::Lost(_) => Self::Network,
        }
    }

    fn of_reason(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Silent | CloseReason::HandshakeTimeout => Self::Undelivered,
            CloseReason::Violation(_) => Self::Network,
            _ => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what it was asked: one sentence, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
    pub(crate) advice: String,
    /// What else there is to know.
    pub(crate) more: Vec<Line>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { exit, what: what.into(), advice: advice.into(), more: Vec::new() }
    }

    /// The user has ended it before it came to anything.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "", "")
    }

    /// Why a session was not joined.
    pub(crate) fn of_join(error: &NetworkError) -> Self {
        let advice = match error {
            NetworkError::Refused { .. } => {
                "Nobody hosts a session there now. Is it the address that \"exchange host\" shows?"
            }
            NetworkError::TimedOut => {
                "Are both on the same network, and does a firewall let TCP through to the host's port?"
            }
            NetworkError::Unreachable { .. } => "Are both on the same network?",
            NetworkError::NotFound { .. } => {
                "\"exchange ls\" shows which sessions there are; the host's address works as well."
            }
            NetworkError::Ambiguous { .. } => "Join the one you mean by its address.",
            NetworkError::VersionMismatch { .. } => "The older of the two programs needs an update.",
            NetworkError::NotEncrypted => "If it may be read by everybody on the network, join it with --insecure.",
            NetworkError::OnlyEncrypted => "Leave out --insecure.",
            NetworkError::Locked => "Whoever hosts it knows the code: EXCHANGE_CODE has it, or --code - reads it.",
            NetworkError::Stranger { .. } => {
                "It is not whom the announcement or the link says: somebody may want to be taken for its host."
            }
            NetworkError::NotLocked => {
                "If it is the session that you mean, leave out --code, and see to it that EXCHANGE_CODE is not set."
            }
            NetworkError::WrongSecret => {
                "If it is the one that whoever hosts it sees, somebody stands between you, and wants to be taken for them."
            }
            NetworkError::NoGuess => "Ask for the code anew.",
            NetworkError::Knocking => "--wait goes on knocking until they have.",
            NetworkError::Violation(_) => "Whatever listens there does not host a session.",
            NetworkError::ClosedByPeer { reason: Some(CloseReason::Full) } => "Try again when somebody has left.",
            NetworkError::Store(StoreError::OtherSession(_)) => "A file is for one session: name another for this one.",
            _ => "",
        };
        Self::new(exit_of(error), format!("Cannot join: {}", sentence(error)), advice)
    }

    /// Why a session is not hosted.
    pub(crate) fn of_host(error: &NetworkError) -> Self {
        let advice = match error {
            NetworkError::AddressInUse { .. } => "Is a session hosted there already? --port chooses another port.",
            NetworkError::Io(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                "It is no address of this machine."
            }
            NetworkError::Store(StoreError::Damage(Damage::Missing(_) | Damage::Row(_))) => SALVAGE,
            NetworkError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                "Ports below 1024 are often reserved; --port chooses another."
            }
            _ => "",
        };
        Self::new(exit_of(error), format!("Cannot host: {}", sentence(error)), advice)
    }

    /// Why something cannot be done with the file that a session is kept in.
    pub(crate) fn of_store(doing: &str, error: &SqliteError) -> Self {
        let advice = match error {
            SqliteError::Foreign { .. } => "It is left as it is; a file that there is not yet is made.",
            SqliteError::Later { .. } => "This program needs an update.",
            SqliteError::InUse { .. } => "Does another exchange use it at this moment?",
            // In what a client keeps is nothing that could be written.
            SqliteError::Damaged { .. } if doing != "join" => SALVAGE,
            SqliteError::Damaged { .. } => "It is left as it is.",
            _ => "",
        };
        Self::new(Exit::Store, format!("Cannot {doing}: {error}."), advice)
    }

    /// Whether trying again later can come to something else.
    pub(crate) fn may_pass(error: &NetworkError) -> bool {
        match error {
            NetworkError::ClosedByPeer { reason } => reason.is_none_or(|reason| !reason.is_final()),
            NetworkError::Refused { .. }
            | NetworkError::TimedOut
            | NetworkError::Unreachable { .. }
            | NetworkError::NotFound { .. }
            | NetworkError::NoGuess
            | NetworkError::Knocking
            | NetworkError::Io(_) => true,
            _ => false,
        }
    }
}

fn exit_of(error: &NetworkError) -> Exit {
    match error {
        NetworkError::TimedOut => Exit::Undelivered,
        NetworkError::NotFound { .. } | NetworkError::Ambiguous { .. } => Exit::NotFound,
        NetworkError::ClosedByPeer { reason: Some(reason) } => Exit::of_reason(*reason),
        NetworkError::VersionMismatch { .. } => Exit::Version,
        NetworkError::Stranger { .. } => Exit::Stranger,
        NetworkError::Locked
        | NetworkError::NotLocked
        | NetworkError::WrongSecret
        | NetworkError::NoGuess
        | NetworkError::Knocking
        | NetworkError::TurnedAway => Exit::Refused,
        NetworkError::Store(_) => Exit::Store,
        NetworkError::Name(NameError::Empty | NameError::TooLong { .. } | NameError::Unshowable) => Exit::Usage,
        _ => Exit::Network,
    }
}

/// What went wrong with its cause, as one sentence.
fn sentence(error: &NetworkError) -> String {
    match error {
        NetworkError::VersionMismatch { ours, theirs } => {
            format!("this program speaks version {ours} of the protocol, the host version {theirs}.")
        }
        NetworkError::ClosedByPeer { reason: Some(reason) } => format!("the host says: {reason}."),
        NetworkError::ClosedByPeer { reason: None } => "the other side closed the connection.".into(),
        NetworkError::Unreachable { source, .. } | NetworkError::AddressInUse { source, .. } => {
            format!("{error} ({source}).")
        }
        NetworkError::Discovery(source) => format!("{error}: {source}."),
        _ => format!("{error}."),
    }
}

/// The port of a session that can be joined without saying which.
pub(crate) const fn is_usual(port: u16) -> bool {
    port == DEFAULT_PORT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_scripts_rely_on_stay() {
        let codes = [Exit::Done, Exit::Usage, Exit::NotFound, Exit::Refused, Exit::Undelivered, Exit::Network];
        assert_eq!(codes.map(Exit::code), [0, 2, 3, 4, 5, 6]);
        assert_eq!((Exit::Version.code(), Exit::Store.code(), Exit::Stranger.code()), (7, 8, 9));
        assert_eq!((Exit::Command.code(), Exit::Interrupted.code()), (10, 130));
    }

    #[test]
    fn a_session_that_is_full_has_refused_and_one_that_is_gone_has_not() {
        let closed = |reason| exit_of(&NetworkError::ClosedByPeer { reason });
        assert_eq!(closed(Some(CloseReason::Full)), Exit::Refused);
        assert_eq!(closed(None), Exit::Network);
        assert_eq!(Exit::of_end(Ended::Told(CloseReason::HostClosed)), Exit::Done);
    }

    #[test]
    fn a_failure_says_what_what_caused_it_and_what_to_do() {
        let source = io::ErrorKind::ConnectionRefused.into();
        let failure = Failure::of_join(&NetworkError::Refused { address: ([127, 0, 0, 1], 9).into(), source });
        assert_eq!(failure.what, "Cannot join: 127.0.0.1:9 refused the connection.");
        assert!(failure.advice.contains("exchange host"), "{}", failure.advice);
    }
}
