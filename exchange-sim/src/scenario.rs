//! A scenario: everything that is going to happen in one run, as data that can be printed, kept, changed and run again.
//!
//! A seed expands to a scenario ([`generate`](fn@crate::generate)), but it is the scenario that is run: it stays the
//! same when the generator changes. Times count from the start, in milliseconds. People are numbered: 0 is the host's
//! owner, 1 the first client.

mod keeping;
mod measure;

use std::time::Duration;

use exchange_core::Limits;
use serde::{Deserialize, Serialize};

pub use self::{
    keeping::{DiskFault, Keeping},
    measure::Measure,
};
use crate::net::{Latency, Meddling, Pace, Weather};

/// One run, before it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// What every random stream of the run is drawn from.
    pub seed: u64,
    /// Whether links are secured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secured: bool,
    /// Whether the session is for those alone who know a code, which all clients do. Only where links are secured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// What the network is like.
    pub weather: Weather,
    /// Who hosts.
    pub host: HostSetup,
    /// Who joins, from the start.
    pub clients: Vec<ClientSetup>,
    /// Who means no good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intruders: Vec<Intruder>,
    /// What people do, in order of time.
    pub steps: Vec<Step>,
    /// What goes wrong, in order of time.
    pub faults: Vec<Fault>,
    /// How long things go wrong,
    pub trouble_ms: u32,
    /// and how long the core has then to come together.
    pub calm_ms: u32,
    /// The clients of the core, by number: for them and the host the faults end. For the others they never do.
    pub core: Vec<usize>,
}

/// What a host is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSetup {
    /// Silence after which a link is probed.
    pub heartbeat_ms: u32,
    /// How long a link may take until its client has said who it is.
    pub handshake_ms: u32,
    /// How long after its link's loss somebody is shown as offline,
    pub grace_ms: u32,
    /// and how long until their memberships end.
    pub expiry_ms: u32,
    /// Entries kept of a room.
    pub history: u32,
    /// How long an entry is kept, if it is not for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u32>,
    /// Links at once, and such that have not said hello.
    pub links: u32,
    /// Links at once that have not said hello.
    pub half_open: u32,
    /// As many of them at once of one machine, if that is bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_open_each: Option<u32>,
    /// Members that are gone and still recognised.
    pub remembered: u32,
    /// Members of a room up to which it has signals, if not as many as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signalled: Option<u32>,
    /// Whether others are told how far its owner has read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_receipts: bool,
    /// Bytes a message may have.
    #[serde(default = "longest_text", skip_serializing_if = "is_longest_text")]
    pub text: u32,
    /// After how long without a sign of life its owner is shown as away, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u32>,
    /// How many messages one peer may send, and
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Allowance>,
    /// how often it may ask for rooms; without bound where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Allowance>,
    /// What it keeps beyond its life, if it keeps anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Keeping>,
    /// Bytes each link is given at once.
    pub credit: u32,
    /// The machine it runs on.
    pub machine: MachineSetup,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// In a second, in the long run.
    pub per_second: u32,
    /// At once, after a while in which it did not.
    pub burst: u32,
}

fn longest_text() -> u32 {
    Limits::MAX_TEXT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_longest_text(bytes: &u32) -> bool {
    *bytes == longest_text()
}

/// What a client is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSetup {
    /// Messages on the wire without an outcome, in one room.
    pub window: u32,
    /// Messages that may wait.
    pub pending: u32,
    /// The shortest ceiling of the wait before dialling again,
    pub backoff_min_ms: u32,
    /// and the longest.
    pub backoff_max_ms: u32,
    /// Bytes its link is given at once.
    pub credit: u32,
    /// Whether it speaks JSON.
    pub json: bool,
    /// The versions of the protocol it speaks, oldest and newest.
    pub versions: (u16, u16),
    /// Another client, by number, whose device this is too: the same peer and the same producer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin_of: Option<usize>,
    /// After how long without a sign of life they are shown as away, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u32>,
    /// Whether others are told how far it has read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_receipts: bool,
    /// Whether the host lies to it, where links are secured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_lied_to: bool,
    /// Whether it keeps what waits to be sent beyond its life, and if so, how long its disk takes for a write, in
    /// microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Latency>,
    /// Where in the lobby it begins.
    pub from: From,
    /// The machine it runs on.
    pub machine: MachineSetup,
}

/// What a machine is like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSetup {
    /// How many millionths its clock runs too fast.
    pub drift_ppm: i32,
    /// How far the clock on its wall is off.
    pub wall_offset_ms: i64,
}

/// Where in a log somebody begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// With what happens from then on.
    Head,
    /// With the last so many entries.
    Last(u32),
    /// With the oldest entry there is.
    Start,
}

/// Somebody who connects to the host and means no good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intruder {
    /// When it begins.
    pub at_ms: u32,
    /// What it does.
    pub how: Intrusion,
}

/// What an intruder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intrusion {
    /// Sends bytes of any kind on one connection after the other, every so many milliseconds.
    Garbage(u32),
    /// Opens so many connections at once and says next to nothing on them.
    Slow(u32),
    /// Takes part like anybody, but changes a part in a thousand of its frames on their way out.
    Mangle(u16),
    /// Takes part, asks and says much, and reads nothing of the answers: so many frames every fifty milliseconds.
    Deaf(u32),
    /// Repeats what a client has said to be let in, by the client's number, every so many milliseconds.
    Replay(usize, u32),
    /// Wants to take part like anybody, and does not know the session's code; guesses at it, or comes without.
    Outsider {
        /// Whether it guesses.
        guesses: bool,
    },
}

/// Something that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at_ms: u32,
    /// Who, by number.
    pub who: usize,
    /// What.
    pub act: Act,
}

/// What people do. Rooms are numbered: 0 is the lobby, in which everyone is; in the next three the host's owner is too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Posts so many messages at once, of so many bytes each.
    Post {
        /// In which room.
        room: u8,
        /// How many.
        count: u16,
        /// How long each.
        bytes: u16,
    },
    /// Answers a message that it sees, or changes it.
    Change {
        /// In which room.
        room: u8,
        /// How.
        how: Change,
        /// Which of those that it may be done to, as far as that can be seen: 0 is the newest.
        back: u8,
    },
    /// Reads everything that it was told of a room.
    Read {
        /// Which room.
        room: u8,
    },
    /// Types in a room, or gives it up.
    Type {
        /// Which room.
        room: u8,
        /// Whether they do.
        typing: bool,
    },
    /// Fetches a part of a room's log.
    Fetch {
        /// Of which room.
        room: u8,
        /// How far before the newest entry that it was told of; 0 is at that.
        back: u16,
        /// How many entries at most.
        count: u16,
        /// Whether it is those after that place, not those before.
        after: bool,
    },
    /// Says what a room is about.
    Topic {
        /// Which.
        room: u8,
    },
    /// Makes somebody leave a room, who may come back; only whoever moderates it may.
    Kick {
        /// Which.
        room: u8,
        /// Whom, by number.
        whom: usize,
    },
    /// Keeps order in a room; only whoever moderates it may.
    Moderate {
        /// Which.
        room: u8,
        /// How.
        how: Measure,
    },
    /// Joins a room.
    Join {
        /// Which.
        room: u8,
        /// Where in its log to begin.
        from: From,
    },
    /// Opens a private room.
    Open {
        /// Which.
        room: u8,
    },
    /// Joins the room of oneself and somebody else, and says something in it.
    Whisper {
        /// Who the other is, by number.
        whom: usize,
    },
    /// Asks which rooms there are.
    List,
    /// Leaves a room.
    Leave {
        /// Which.
        room: u8,
    },
    /// Says that the network may have changed.
    NetworkChanged,
    /// Leaves the session for good; the host's owner ends it.
    Quit,
    /// Says how they are.
    Be {
        /// How.
        how: Mood,
        /// With which note; 0 is none.
        note: u8,
    },
    /// Wants to be called otherwise.
    Rename {
        /// Which of the nicks they like.
        nick: u8,
    },
    /// Is at the keyboard.
    Active,
}

/// How somebody says they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// There.
    Online,
    /// Not at the keyboard.
    Away,
    /// Not to be disturbed.
    Busy,
}

/// What people do to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Answers it, and means who said it.
    Reply,
    /// Gives one of one's own another text.
    Edit,
    /// Deletes one of one's own.
    Delete,
    /// Reacts to it.
    React,
    /// Takes a reaction back.
    Unreact,
    /// Gives one of somebody else's another text, which may not be.
    Meddle,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub at_ms: u32,
    /// How long it lasts, if it is of the kind that lasts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub for_ms: u32,
    /// What it is.
    pub trouble: Trouble,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What can go wrong. Machines are numbered like people; a client's link is its newest connection to the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A client's link breaks; each side learns of it after so many milliseconds, or never.
    Break {
        /// Whose link.
        client: usize,
        /// When the client learns of it.
        client_ms: Option<u32>,
        /// When the host does.
        host_ms: Option<u32>,
    },
    /// One direction of a client's link ends as if it had been closed.
    HalfClose {
        /// Whose link.
        client: usize,
        /// Whether it is the host's direction.
        by_host: bool,
    },
    /// A client's link swallows everything from now on, and nobody is told.
    Hole {
        /// Whose link.
        client: usize,
        /// Whether what goes to the host is swallowed,
        to_host: bool,
        /// and what goes to the client.
        to_client: bool,
    },
    /// Somebody in between gets at what goes over a client's link.
    Meddle {
        /// Whose link.
        client: usize,
        /// Whether at what goes to the host, rather than to the client.
        to_host: bool,
        /// What they do.
        how: Meddling,
    },
    /// Nothing gets through between the host and these clients while it lasts.
    Partition {
        /// Which clients.
        clients: Vec<usize>,
        /// In which direction.
        toward: Toward,
    },
    /// The host's paths to its clients are clogged one after the other, and freed again in another order.
    Swizzle {
        /// The clients in the order in which they are clogged,
        clog: Vec<usize>,
        /// and in which they are freed.
        free: Vec<usize>,
    },
    /// Nobody is let in at the host while it lasts: they are refused, or hear nothing.
    Door {
        /// Whether they hear nothing.
        dead: bool,
    },
    /// A client, or the host towards it, reads slowly or not at all while it lasts.
    Reader {
        /// Which client.
        client: usize,
        /// Whether it is the host that reads slowly.
        at_host: bool,
        /// How slowly.
        pace: Pace,
    },
    /// What runs on a machine dies; after a while it is started again.
    Crash {
        /// Which machine.
        node: usize,
        /// Whether it then still knows what it knew. A host that keeps is made again of that, otherwise.
        memory: bool,
        /// Whether the machine loses power, so that nobody is told.
        power: bool,
    },
    /// A machine sleeps while it lasts.
    Sleep {
        /// Which machine.
        node: usize,
        /// Whether its monotonic clock sleeps too.
        clock: bool,
    },
    /// A machine needs so many microseconds for whatever happens to it, while it lasts.
    Slow {
        /// Which machine.
        node: usize,
        /// How long.
        micros: u32,
    },
    /// The clock on a machine's wall is set.
    WallClock {
        /// Which machine.
        node: usize,
        /// By how much.
        by_ms: i64,
    },
    /// Something happens to one write to the disk of a host that keeps, if it comes to that write while it lasts. What
    /// ends the host by it is started again when it is over.
    Disk {
        /// Which write, from then on; the first is 1.
        write: u32,
        /// What happens to it.
        how: DiskFault,
    },
    /// The network is like this while it lasts.
    Weather(Weather),
}

/// Which direction of a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Toward {
    /// Both.
    Both,
    /// What goes to the host.
    Host,
    /// What goes to the clients.
    Clients,
}

impl Trouble {
    /// A short word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Break { .. } => "break",
            Self::HalfClose { .. } => "half-close",
            Self::Hole { .. } => "hole",
            Self::Meddle { .. } => "meddle",
            Self::Partition { .. } => "partition",
            Self::Swizzle { .. } => "swizzle",
            Self::Door { .. } => "door",
            Self::Reader { .. } => "reader",
            Self::Crash { .. } => "crash",
            Self::Sleep { .. } => "sleep",
            Self::Slow { .. } => "slow",
            Self::WallClock { .. } => "wall clock",
            Self::Disk { .. } => "disk",
            Self::Weather(_) => "weather",
        }
    }
}

impl HostSetup {
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.idle_ms.map(|millis| Duration::from_millis(millis.into()))
    }

    /// A host with the usual times and bounds.
    pub fn usual() -> Self {
        Self {
            heartbeat_ms: 5000,
            handshake_ms: 5000,
            grace_ms: 5000,
            expiry_ms: 120_000,
            history: 2048,
            age_ms: None,
            links: 256,
            half_open: 32,
            half_open_each: None,
            remembered: 1024,
            text: longest_text(),
            signalled: None,
            read_receipts: false,
            idle_ms: None,
            messages: None,
            requests: None,
            keeps: None,
            credit: 64 * 1024,
            machine: MachineSetup::default(),
        }
    }
}

impl ClientSetup {
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.idle_ms.map(|millis| Duration::from_millis(millis.into()))
    }

    /// A client with the usual times and bounds, which hears the lobby from its start.
    pub fn usual() -> Self {
        Self {
            window: 32,
            pending: 512,
            backoff_min_ms: 250,
            backoff_max_ms: 8000,
            credit: 64 * 1024,
            json: false,
            versions: (1, 1),
            twin_of: None,
            idle_ms: None,
            read_receipts: false,
            is_lied_to: false,
            keeps: None,
            from: From::Start,
            machine: MachineSetup::default(),
        }
    }
}
