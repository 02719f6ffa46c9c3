//! What a room is like: how it is entered, how far back it is read, who may speak in it.

use serde::{Deserialize, Serialize};

/// How far back those may read who join a room. It holds for whoever joins from then on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryPolicy {
    /// Everything that is kept.
    #[default]
    All,
    /// The last so many entries before they came.
    Last(u32),
    /// Nothing from before they came.
    SinceJoin,
}

/// One rule of a room, as it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// How far back those may read who join.
    History(HistoryPolicy),
    /// Whether only those may join who are invited, and the room is listed for nobody else.
    Private(bool),
    /// Whether only those who moderate the room may set its topic.
    FixedTopic(bool),
    /// Whether only those who moderate the room may say something.
    Locked(bool),
    /// How many seconds have to pass between two messages of one member; zero for none.
    Slow(u32),
}

/// All rules of a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// See [`Rule::History`].
    pub history: HistoryPolicy,
    /// See [`Rule::Private`].
    pub private: bool,
    /// See [`Rule::FixedTopic`].
    pub fixed_topic: bool,
    /// See [`Rule::Locked`].
    pub locked: bool,
    /// See [`Rule::Slow`].
    pub slow: u32,
}

impl Rules {
    pub(crate) fn change(&mut self, rule: Rule) {
        match rule {
            Rule::History(history) => self.history = history,
            Rule::Private(private) => self.private = private,
            Rule::FixedTopic(fixed) => self.fixed_topic = fixed,
            Rule::Locked(locked) => self.locked = locked,
            Rule::Slow(seconds) => self.slow = seconds,
        }
    }
}
