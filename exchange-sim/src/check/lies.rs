//! What a host has told to whom that is not so.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Epoch, Seq};

use crate::{chat::liar::Lie, net::NodeId};

/// Of which entries a host has told which client something else, at least once.
#[derive(Debug, Default)]
pub(crate) struct Lies(BTreeMap<NodeId, BTreeSet<(Epoch, Seq)>>);

impl Lies {
    pub(super) fn told(&mut self, Lie { to, epoch, seq }: Lie) {
        self.0.entry(to).or_default().insert((epoch, seq));
    }

    pub(super) fn are_told_to(&self, client: NodeId) -> bool {
        self.0.contains_key(&client)
    }

    /// Whether that is one.
    pub(super) fn contain(&self, client: NodeId, epoch: Epoch, seq: Seq) -> bool {
        self.0.get(&client).is_some_and(|lies| lies.contains(&(epoch, seq)))
    }

    /// Whether the client was lied to about something up to there. What others say with that in one go, it cannot
    /// believe either: what they have signed, they have signed for all of it.
    pub(super) fn are_told_up_to(&self, client: NodeId, epoch: Epoch, seq: Seq) -> bool {
        let range = (epoch, Seq::ZERO)..=(epoch, seq);
        self.0.get(&client).is_some_and(|lies| lies.range(range).next().is_some())
    }

    /// Whether anybody was lied to about that log.
    pub(super) fn are_told_of(&self, epoch: Epoch) -> bool {
        self.0.values().flatten().any(|(of, _)| *of == epoch)
    }
}
