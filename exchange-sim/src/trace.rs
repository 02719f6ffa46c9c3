//! What happened in a run, as whoever has to understand it wants to read it.

use exchange_core::Time;

/// What happened in a run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What the nodes are called, by number: the host first.
    pub nodes: Vec<String>,
    /// What nodes did and were told, in order.
    pub records: Vec<Record>,
    /// What went wrong, and until when.
    pub faults: Vec<Band>,
    /// When the faults ended, and when everything did.
    pub calm_at: Time,
    /// When everything ended.
    pub end: Time,
}

/// Something that a node did, or that happened to it.
#[derive(Clone, Debug)]
pub struct Record {
    /// When.
    pub at: Time,
    /// Which node, by number.
    pub node: usize,
    /// What.
    pub what: What,
}

/// What a record is of.
#[derive(Clone, Debug)]
pub enum What {
    /// A frame was sent. It has a number: what was heard of it has the same.
    Sent {
        /// Which frame.
        frame: u64,
        /// To which node.
        to: usize,
        /// What it says.
        text: String,
    },
    /// A frame was heard.
    Heard {
        /// Which frame.
        frame: u64,
        /// From which node.
        from: usize,
        /// What it says.
        text: String,
    },
    /// The node was told to do something.
    Did(String),
    /// The application was told something.
    Told(String),
    /// A link came up, went down, was dialled.
    Link(String),
    /// Something is to be kept, was, or could not be.
    Disk(String),
}

/// Something that went wrong, for a while.
#[derive(Clone, Debug)]
pub struct Band {
    /// From when,
    pub from: Time,
    /// until when; the same if it was over at once.
    pub to: Time,
    /// Whom it befell, by number.
    pub nodes: Vec<usize>,
    /// What it was, in a few words.
    pub text: String,
}
