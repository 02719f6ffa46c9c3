//! What is asked once faults have ended: whether the core has come together, and if not, why not.

use std::collections::BTreeSet;

use exchange_core::{Client, Host};

use super::{HOST, Invariant, Wishes};
use crate::{chat::ChatNode, net::NodeId, world::World};

/// What is missing until the core has come together.
#[derive(Debug)]
pub(crate) struct Calm<'a> {
    pub(crate) world: &'a World<ChatNode>,
    /// The clients that must be there in the end.
    pub(crate) core: &'a [usize],
    /// Those of them that read slowly for a while.
    pub(crate) slow: &'a BTreeSet<usize>,
    /// What everybody wished last.
    pub(crate) wishes: &'a Wishes,
    /// Those whose place nobody else can take.
    pub(crate) sure: &'a BTreeSet<usize>,
}

impl Calm<'_> {
    /// The first thing that is missing; `None` when nothing is.
    pub(crate) fn pending(&self) -> Option<(Invariant, String)> {
        let host = self.world.node(HOST)?.as_host()?;
        if host.is_closed() {
            return None;
        }
        self.core.iter().find_map(|&index| {
            let client = self.world.node(NodeId(index))?.as_client()?;
            if client.is_closed() {
                return None;
            }
            self.lacks(index, host, client).map(|(invariant, what)| (invariant, format!("client {index} {what}")))
        })
    }

    /// The first client of the core that has no link to the host.
    pub(crate) fn unconnected(&self) -> Option<usize> {
        let host = self.world.node(HOST)?.as_host()?;
        let is_out = |index: &usize| {
            let client = self.world.node(NodeId(*index)).and_then(ChatNode::as_client);
            client.is_some_and(|client| !client.is_closed() && !client.is_connected())
        };
        self.core.iter().copied().find(|index| !host.is_closed() && is_out(index))
    }

    fn lacks(&self, index: usize, host: &Host, client: &Client) -> Option<(Invariant, String)> {
        if !client.is_connected() {
            return Some((Invariant::L5, "is not connected".into()));
        }
        let me = client.me().id;
        let Some(shown) = host.people().find(|person| person.peer.id == me) else {
            return Some((Invariant::L3, "is connected, but not shown as there".into()));
        };
        let node = NodeId(index);
        let now = self.world.clock(node).local(self.world.now());
        if let Some(what) = self.wishes.missing(node, &shown, now).filter(|_| self.sure.contains(&index)) {
            return Some((Invariant::L3, what));
        }
        for room in client.rooms() {
            let Some(history) = host.history(room) else {
                return Some((Invariant::L2, format!("waits to join {room:?}")));
            };
            let here = client.place(room);
            if here != Some((history.epoch(), history.head())) {
                let invariant = if self.slow.contains(&index) { Invariant::L8 } else { Invariant::L2 };
                return Some((invariant, format!("is at {here:?} of {room:?}, which ends at {}", history.head())));
            }
            if client.topic(room) != host.topic(room) {
                let what =
                    format!("sees {:?} as the topic of {room:?}, not {:?}", client.topic(room), host.topic(room));
                return Some((Invariant::S27, what));
            }
            if client.rules(room) != host.rules(room) {
                let what =
                    format!("sees {:?} as the rules of {room:?}, not {:?}", client.rules(room), host.rules(room));
                return Some((Invariant::S27, what));
            }
            if client.founder(room) != host.founder(room) {
                let (seen, founder) = (client.founder(room), host.founder(room));
                return Some((Invariant::L3, format!("believes that {seen:?} opened {room:?}, not {founder:?}")));
            }
            let (seen, there): (BTreeSet<_>, BTreeSet<_>) =
                (client.members(room).collect(), host.members(room).collect());
            if seen != there {
                return Some((Invariant::L3, format!("sees {seen:?} in {room:?}, where {there:?} are")));
            }
        }
        if client.pending() > 0 {
            return Some((Invariant::L1, format!("waits for the outcomes of {} messages", client.pending())));
        }
        let (seen, there): (BTreeSet<_>, BTreeSet<_>) = (client.people().collect(), host.people().collect());
        (seen != there).then(|| (Invariant::L3, format!("sees {seen:?}, where {there:?} are")))
    }
}
