//! What is asked once faults have ended: whether the core has come together, and if not, why not.

use std::collections::BTreeSet;

use exchange_core::{Client, Host, RoomName, SeenBy};

use super::{HOST, Invariant, Lies, Wishes};
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
    pub(crate) lies: &'a Lies,
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

    /// Whether nobody waits to hear what became of a message.
    pub(crate) fn is_all_said(&self) -> bool {
        let clients = self.world.ids().filter_map(|id| self.world.node(id)?.as_client());
        clients.into_iter().all(|client| client.is_closed() || client.pending() == 0)
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
            let heard_the_truth = !self.lies.are_told_up_to(node, history.epoch(), history.head());
            if heard_the_truth && client.topic(room) != host.topic(room) {
                let what =
                    format!("sees {:?} as the topic of {room:?}, not {:?}", client.topic(room), host.topic(room));
                return Some((Invariant::S27, what));
            }
            if heard_the_truth && client.rules(room) != host.rules(room) {
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
        if client.fetching() > 0 {
            return Some((Invariant::S28, format!("waits for {} pages", client.fetching())));
        }
        let (seen, there): (BTreeSet<_>, BTreeSet<_>) = (client.people().collect(), host.people().collect());
        if seen != there {
            return Some((Invariant::L3, format!("sees {seen:?}, where {there:?} are")));
        }
        client.rooms().find_map(|room| self.sees_who_has(room, host, client)).map(|what| (Invariant::L9, what))
    }

    /// What is wrong with what a client sees of who has the last message of a room: of those whom it is asked of, each
    /// knows best what it has itself.
    fn sees_who_has(&self, room: &RoomName, host: &Host, client: &Client) -> Option<String> {
        let last = client.messages(room).next_back()?.message();
        let (seq, author) = (last.seq(), last.sender().id);
        // Of what it does not keep any more, the host knows nothing.
        host.history(room).filter(|history| history.tail() < seq)?;
        let (by, at_host) = (client.seen_by(room, seq), host.seen_by(room, seq));
        let (Some(by), Some(at_host)) = (&by, &at_host) else {
            return (by.is_some() != at_host.is_some())
                .then(|| format!("sees {by:?} of {seq} where it is {at_host:?}"));
        };
        let there: BTreeSet<_> = host.members(room).map(|peer| peer.id).filter(|peer| *peer != author).collect();
        if by.of != there.len() || at_host.of != there.len() {
            return Some(format!("sees that {} could have {seq} of {room:?}, where {there:?} are", by.of));
        }
        self.core.iter().filter(|index| self.sure.contains(index)).find_map(|index| {
            let other = self.world.node(NodeId(*index))?.as_client()?;
            let (me, own) = (other.me().id, other.seen_by(room, seq)?);
            let of = |seen: &SeenBy| [&seen.delivered, &seen.read].map(|peers| peers.iter().any(|peer| peer.id == me));
            let is_known = of(by) == of(&own) && of(at_host) == of(&own);
            (!is_known).then(|| format!("sees {by:?} of {seq} in {room:?}, where client {index} sees {own:?}"))
        })
    }
}
