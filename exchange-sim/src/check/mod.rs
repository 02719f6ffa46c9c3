//! What is watched while a chat runs, and what is asked of it in the end.
//!
//! ```text
//!   what stations are seen to do ──▶ Wire   frames: as sent, within bounds, news only newer
//!                                ──▶ Hosts  logs, links, tokens ──▶ Model  what a room is, said a second time
//!                                ──▶ View   what one client was given, against the model
//! ```
//!
//! Nothing here decides anything for the chat, and nothing of the chat's own bookkeeping is believed but what shows.

mod abreast;
mod calm;
mod deeds;
mod host;
mod invariant;
mod keeping;
mod lies;
mod listing;
mod model;
mod order;
mod pages;
mod patience;
mod people;
mod place;
mod ranks;
mod said;
mod signals;
mod standing;
mod view;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Body, Client, Epoch, MessageId, PeerId, ProducerId};

pub use self::invariant::Invariant;
pub(crate) use self::{calm::Calm, lies::Lies, people::Wishes};
use self::{host::Hosts, keeping::Keeping, model::Model, view::View, wire::Frames};
use crate::{
    chat::{ChatNode, Kind, Remains, station::Seen},
    marks::Marks,
    net::NodeId,
    report::{Counts, Violation},
    scenario::{ClientSetup, Intrusion, Scenario},
    world::{Step, World},
};

/// The machine that hosts.
pub(crate) const HOST: NodeId = NodeId(0);

/// Watches a run.
#[derive(Debug)]
pub(crate) struct Oracle {
    model: Model,
    hosts: Hosts,
    views: BTreeMap<NodeId, View>,
    frames: Frames,
    /// What the host keeps, if it does.
    keeping: Option<Keeping>,
    posted: BTreeMap<MessageId, Body>,
    /// In which log the message is that a change was meant for.
    meant: BTreeMap<MessageId, Epoch>,
    /// How far everybody has said that they are.
    far: signals::Said,
    /// Producers that are honest, as far as they have posted anything.
    honest: BTreeSet<ProducerId>,
    refused: BTreeSet<MessageId>,
    pub(crate) wishes: Wishes,
    /// The clients; whoever comes after them means no good.
    clients: usize,
    setups: Vec<ClientSetup>,
    has_mangler: bool,
    is_locked: bool,
    pub(crate) lies: Lies,
    /// Who has ever been let in by the code.
    let_in: BTreeSet<PeerId>,
    pub(crate) marks: Marks,
    pub(crate) counts: Counts,
}

/// What the parts of the oracle share.
struct Scene<'a> {
    model: &'a mut Model,
    posted: &'a BTreeMap<MessageId, Body>,
    meant: &'a BTreeMap<MessageId, Epoch>,
    far: &'a mut signals::Said,
    has_mangler: bool,
    is_locked: bool,
    lies: &'a Lies,
    /// Who is looked at.
    node: NodeId,
    let_in: &'a mut BTreeSet<PeerId>,
    refused: &'a mut BTreeSet<MessageId>,
    marks: &'a mut Marks,
    counts: &'a mut Counts,
}

type Check = Result<(), (Invariant, String)>;

impl Oracle {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut frames = Frames::default();
        frames.set_credit(scenario.host.credit);
        Self {
            model: Model::default(),
            hosts: Hosts::new(&scenario.host),
            views: BTreeMap::new(),
            frames,
            keeping: scenario.host.keeps.is_some().then(Keeping::default),
            posted: BTreeMap::new(),
            meant: BTreeMap::new(),
            far: signals::Said::default(),
            honest: BTreeSet::new(),
            refused: BTreeSet::new(),
            wishes: Wishes::default(),
            clients: scenario.clients.len(),
            setups: scenario.clients.clone(),
            has_mangler: scenario.intruders.iter().any(|intruder| matches!(intruder.how, Intrusion::Mangle(_))),
            is_locked: scenario.locked,
            lies: Lies::default(),
            let_in: BTreeSet::new(),
            marks: Marks::default(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn is_honest(&self, node: NodeId) -> bool {
        node.0 <= self.clients
    }

    /// A machine has forgotten what it knew.
    pub(crate) fn forgot(&mut self, node: NodeId) {
        if node == HOST {
            self.hosts.begin_anew();
            self.model.begin_anew();
            self.wishes.forget(node);
        } else {
            self.wishes.forget(node);
            self.views.remove(&node);
        }
    }

    /// A client has died, and so much is left of what it had wanted to be kept.
    pub(crate) fn client_lost(&mut self, node: NodeId, remains: Remains) -> Check {
        let Self { views, model, marks, .. } = self;
        views.get_mut(&node).map_or(Ok(()), |view| view.dies(remains, model, marks))
    }

    /// A client was made again of what it had kept.
    pub(crate) fn client_restored(&mut self, node: NodeId, client: &Client) -> Check {
        self.wishes.forget(node);
        for (id, _) in client.rooms().flat_map(|room| client.waiting(room)) {
            // That it was refused it would have been told when that was kept.
            self.refused.remove(&id);
        }
        let Some(view) = self.views.remove(&node) else { return Ok(()) };
        let restored = view.restored(client, &self.setups[node.0 - 1], &mut self.marks)?;
        self.views.insert(node, restored);
        Ok(())
    }

    /// Looks at what a node was seen to do in one step.
    pub(crate) fn observe(&mut self, step: Step, world: &World<ChatNode>, seen: &[Seen]) -> Result<(), Violation> {
        let Step { at, node } = step;
        self.look(node, world, seen).map_err(|(invariant, what)| {
            let who = if node == HOST { "the host".into() } else { format!("client {node}") };
            Violation { invariant, at, what: format!("{who}: {what}") }
        })
    }

    fn look(&mut self, node: NodeId, world: &World<ChatNode>, seen: &[Seen]) -> Check {
        let is_honest = self.is_honest(node);
        let keeps = world.node(node).is_some_and(|node| node.disk().is_some());
        for seen in seen {
            if let Seen::Posted { id, body } = seen {
                self.counts.posted += 1;
                self.posted.insert(id.clone(), body.clone());
                let client = world.node(node).and_then(ChatNode::as_client);
                if body.changes().is_some()
                    && let Some((epoch, _)) = client.and_then(|client| client.place(&id.room))
                {
                    self.meant.insert(id.clone(), epoch);
                }
                if is_honest {
                    self.honest.insert(id.producer);
                }
                // Of one that was refused, and lost with the client before that was told, the number is had by the next.
                if keeps {
                    self.refused.remove(id);
                }
            }
            if let Seen::Lied(lie) = *seen {
                self.lies.told(lie);
            }
            // Where somebody was lied to, the two have not heard the same.
            let is_lied_to = |one| self.lies.are_told_to(one);
            let peer_is_honest = |socket| {
                let peer = world.net().node(socket);
                peer.is_none_or(|peer| peer.0 <= self.clients && !(node == HOST && is_lied_to(peer)))
                    && !is_lied_to(node)
            };
            if let Some(seen) = seen.done(keeps) {
                let is_meddled_with = |conn| world.net().is_meddled_with(conn);
                let (marks, counts) = (&mut self.marks, &mut self.counts);
                self.frames.observe(seen, is_honest, peer_is_honest, is_meddled_with, marks, counts)?;
            }
        }
        let is_quiet = seen.iter().all(|seen| matches!(seen, Seen::Cut(_)));
        let now = world.clock(node).local(world.now());
        match world.node(node).map(ChatNode::kind) {
            Some(Kind::Host(station)) => {
                self.wishes.observe(node, || station.machine.me(), self.hosts.idle(), now, seen);
            }
            Some(Kind::Client(station)) if is_honest => {
                let idle = self.setups[node.0 - 1].idle();
                self.wishes.observe(node, || Some(station.machine.me()), idle, now, seen);
            }
            _ => {}
        }
        let Self { model, posted, meant, far, refused, marks, counts, let_in, lies, .. } = self;
        let (has_mangler, is_locked) = (self.has_mangler, self.is_locked);
        let mut scene =
            Scene { model, posted, meant, far, has_mangler, is_locked, lies, node, let_in, refused, marks, counts };
        match world.node(node).map(ChatNode::kind) {
            Some(Kind::Host(station)) => {
                let trust = host::Trust { honest: &self.honest, has_mangler: self.has_mangler, clients: self.clients };
                self.hosts.observe(station, world, seen, &trust, &mut scene)?;
                let keeping = self.keeping.as_mut();
                keeping.map_or(Ok(()), |keeping| keeping.observe(station, seen, (&self.hosts, model), marks))
            }
            // What nothing was done to has not changed.
            Some(Kind::Client(station)) if is_honest && !is_quiet => {
                let setup = &self.setups[node.0 - 1];
                let view = self.views.entry(node).or_insert_with(|| View::new(station.machine.me().id, setup));
                view.observe(station, seen, now, &mut scene)
            }
            _ => Ok(()),
        }
    }
}
