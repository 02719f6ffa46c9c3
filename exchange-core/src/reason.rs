//! Three kinds of "no", never mixed: a link ends for a [`CloseReason`] and a request is turned down with a
//! [`Refusal`]; both travel on the wire. What the caller got wrong is in the result of the call.

use core::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::name::NameError;

/// Why a link ends. The side that ends it says so to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The client left of its own accord.
    #[error("left")]
    Left,
    /// The host ended the session.
    #[error("host closed the session")]
    HostClosed,
    /// The same client came back on a newer link.
    #[error("replaced by a newer connection of the same client")]
    Replaced,
    /// The host has as many links or members as it allows, or as many new ones of one address in a time.
    #[error("session is full")]
    Full,
    /// Nothing was heard for too long.
    #[error("no sign of life")]
    Silent,
    /// The handshake was not completed in time.
    #[error("handshake took too long")]
    HandshakeTimeout,
    /// It asked for much and read nothing of the answers.
    #[error("did not read its answers")]
    Overrun,
    /// It claimed a session with a token that is not the session's.
    #[error("that session belongs to somebody else")]
    WrongToken,
    /// The name it gave itself or a room is none.
    #[error("bad name: {0}")]
    Name(NameError),
    /// It broke the protocol.
    #[error("protocol violation: {0}")]
    Violation(Violation),
    /// It was removed from the session.
    #[error("removed from the session")]
    Kicked,
    /// It may not be in the session.
    #[error("banned from the session{}", Again(*retry_after_ms))]
    Banned {
        /// In how many milliseconds it may come back, if ever.
        retry_after_ms: Option<u64>,
    },
    /// It was told again and again when to ask again, and did not wait.
    #[error("did not wait when it was told to")]
    Flood,
    /// The host cannot keep any more what it has promised to keep.
    #[error("what happens cannot be kept any more")]
    StoreFailed,
    /// The session is for those who know its code or passphrase, and this one has not proven that it does.
    #[error("the session asks for a code")]
    Locked,
    /// Whoever hosts is asked whether this one may come in: it may be let in when it comes again.
    #[error("whoever hosts has to let you in")]
    Knocking,
    /// Whoever hosts does not want to let it in.
    #[error("whoever hosts does not let you in")]
    TurnedAway,
}

impl CloseReason {
    /// Whether a client that is told this should stay away until its user asks again.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Left
                | Self::Replaced
                | Self::WrongToken
                | Self::Name(_)
                | Self::Kicked
                | Self::Banned { .. }
                | Self::Locked
                | Self::TurnedAway
        )
    }
}

impl From<Violation> for CloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// How a peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Violation {
    /// A frame longer than allowed at this point.
    #[error("frame too long")]
    Oversize,
    /// A frame that is no message of this protocol.
    #[error("malformed frame")]
    Malformed,
    /// A message that has no place in this state.
    #[error("unexpected message")]
    Unexpected,
    /// The first bytes are not those of this protocol.
    #[error("not this protocol")]
    Preamble,
    /// An entry that does not follow the one before it.
    #[error("entry out of order")]
    OutOfOrder,
    /// More members or rooms than there can be.
    #[error("too much of it")]
    TooMuch,
    /// An entry or a room that names a member nobody was told of.
    #[error("unknown member")]
    UnknownMember,
    /// What came was not made with the keys that belong to the other side, or was changed on its way.
    #[error("forged or damaged on the way")]
    Forged,
    /// It says that it is somebody else than it has proven to be.
    #[error("it is not who it says it is")]
    Impostor,
    /// A message that its author has not signed, where messages are.
    #[error("unsigned message")]
    Unsigned,
}

/// Why a request was turned down. The link and everything else go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// No message without text.
    #[error("there is nothing to send")]
    Empty,
    /// More bytes than a message may have.
    #[error("too long: {limit} bytes are allowed")]
    TooLong {
        /// How many bytes are allowed.
        limit: u32,
    },
    /// Only members of a room may do that.
    #[error("not a member of that room")]
    NotMember,
    /// The session has as many rooms as it allows.
    #[error("no more rooms can be opened")]
    TooManyRooms,
    /// The room has as many members as it allows.
    #[error("the room is full")]
    RoomFull,
    /// Everyone is in the lobby.
    #[error("nobody leaves the lobby")]
    Lobby,
    /// This kind of entry is not the sender's to make.
    #[error("that kind of entry cannot be sent")]
    Kind,
    /// A message number that does not follow the last.
    #[error("a message before this one is missing")]
    SendGap,
    /// As many messages are waiting to be sent as may wait.
    #[error("too many messages are waiting to be sent")]
    OutboxFull,
    /// The room's log has no number left.
    #[error("the room's log is full for good")]
    LogExhausted,
    /// The session is over.
    #[error("the session is closed")]
    Closed,
    /// There is no message of that place, or none any more, or it is not of a kind that can be changed so.
    #[error("there is no such message")]
    NoMessage,
    /// A message that is somebody else's to change.
    #[error("that message is not yours to change")]
    NotYours,
    /// It is as it should be already.
    #[error("there is nothing to change")]
    NothingToChange,
    /// More of them than there may be.
    #[error("too many: {limit} are allowed")]
    TooMany {
        /// How many are allowed.
        limit: u32,
    },
    /// Nobody may be called that here.
    #[error("{0}")]
    Name(NameError),
    /// One has to be invited. Whoever is in the room has been told that somebody is at the door.
    #[error("the room is private; those in it know that you are at the door")]
    Private,
    /// There is a room of that name already.
    #[error("there is such a room already")]
    Taken,
    /// One was removed from the room, and has to join it anew to be in it again.
    #[error("removed from the room")]
    Kicked,
    /// One may not be in the room.
    #[error("banned from the room{}", Again(*retry_after_ms))]
    Banned {
        /// In how many milliseconds one may come back, if ever.
        retry_after_ms: Option<u64>,
    },
    /// There is no such room any more.
    #[error("the room was closed")]
    RoomClosed,
    /// That is for others to do, or nobody's to do there.
    #[error("that is not yours to do")]
    NotAllowed,
    /// Nobody of that identity is there, or nothing of the kind was done to them.
    #[error("there is nobody like that")]
    NoSuchPeer,
    /// One may not say anything in the room.
    #[error("muted{}", Again(*retry_after_ms))]
    Muted {
        /// In how many milliseconds one may speak again, if ever.
        retry_after_ms: Option<u64>,
    },
    /// Only those who moderate the room may say something.
    #[error("the room is locked")]
    Locked,
    /// The room's rules want more time between two messages.
    #[error("the room is in slow mode{}", Again(Some(*retry_after_ms)))]
    SlowMode {
        /// In how many milliseconds the next message may come.
        retry_after_ms: u64,
    },
    /// More was asked in a short time than anybody may ask. The client asks again by itself.
    #[error("too much at once{}", Again(Some(*retry_after_ms)))]
    RateLimited {
        /// In how many milliseconds it may be asked again.
        retry_after_ms: u64,
    },
    /// The host has lost the log that a part of was asked for.
    #[error("the room's history is lost")]
    HistoryLost,
}

impl Refusal {
    /// After how long the same request may be granted, if time alone is what it lacks.
    pub fn retry_after(self) -> Option<Duration> {
        let millis = match self {
            Self::Banned { retry_after_ms } | Self::Muted { retry_after_ms } => retry_after_ms?,
            Self::SlowMode { retry_after_ms } | Self::RateLimited { retry_after_ms } => retry_after_ms,
            _ => return None,
        };
        Some(Duration::from_millis(millis))
    }
}

/// When it may be tried again, as the end of a sentence.
struct Again(Option<u64>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(millis) => write!(f, "; try again in {} s", millis.div_ceil(1000)),
        }
    }
}

/// What became of a message that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the host's log.
    Logged {
        /// Its place in the log; `None` when the host has it but has forgotten where.
        seq: Option<crate::Seq>,
        /// How safely the host keeps it.
        durability: Durability,
    },
    /// The host turned it down.
    Refused(Refusal),
    /// It was sent, and may or may not have been logged: the host has forgotten this client, or the room or the session
    /// was left before it could say.
    Unknown,
    /// The client is over, and has [kept](crate::ClientConfig::keeps) it: whoever goes on with the client sends it, and
    /// learns what becomes of it.
    Kept,
}

/// How safely an entry is kept once it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Durability {
    /// In the host's memory: as long as the host runs.
    Memory,
    /// In a file that its operating system knows of: it outlasts the host's program, and mostly a loss of power.
    OsBuffered,
    /// On the host's disk: it outlasts a loss of power.
    Fsynced,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("in memory"),
            Self::OsBuffered => f.write_str("in a file"),
            Self::Fsynced => f.write_str("on disk"),
        }
    }
}
