//! A client that keeps what waits to be sent: nothing is said before it is kept, and what is kept outlasts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use exchange_core::{Client, Event, MessageId, Outcome};

use super::{Check, Invariant, View};
use crate::{
    chat::{Remains, station::Seen},
    check::{
        model::Model,
        place::{Given, Place},
    },
    marks::{Mark, Marks},
    scenario::ClientSetup,
};

/// The batch of what a client has kept before it died.
const BEFORE: u64 = 0;

/// What is known of what a client keeps.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// What has no outcome, and with which batch it is kept.
    open: BTreeMap<MessageId, u64>,
    /// What has one, and may be kept as if it had none.
    settled: BTreeSet<MessageId>,
}

impl Outbox {
    /// Takes in what a client was seen to do in a step.
    pub(super) fn observe(&mut self, client: &Client, seen: &[Seen]) -> Check {
        let mut posted = Vec::new();
        for seen in seen {
            match seen {
                Seen::Posted { id, .. } => posted.push(id),
                Seen::Stores { batch, .. } => {
                    self.open.extend(posted.drain(..).map(|id| (id.clone(), *batch)));
                }
                Seen::Told(Event::Receipt { id, outcome: Outcome::Kept }) if !client.is_closed() => {
                    return Err((
                        Invariant::S9,
                        format!("message {id} is left to somebody else, and its author goes on"),
                    ));
                }
                Seen::Told(Event::Receipt { id, outcome }) if *outcome != Outcome::Kept => {
                    posted.retain(|posted| *posted != id);
                    self.open.remove(id);
                    self.settled.insert(id.clone());
                }
                _ => {}
            }
        }
        match posted.first() {
            None => Ok(()),
            Some(id) => Err((Invariant::S36, format!("message {id} is posted, and nothing of it is to be kept"))),
        }
    }
}

impl View {
    /// The client has died. What of its messages was not kept was never said to anybody.
    pub(in crate::check) fn dies(&mut self, remains: Remains, model: &Model, marks: &mut Marks) -> Check {
        let Some(outbox) = &mut self.outbox else { return Ok(()) };
        for (id, _) in outbox.open.iter().filter(|(_, batch)| **batch > remains.batch) {
            marks.hit(Mark::PostNotKept);
            let mut logs = model.logs.values().filter(|log| log.room == id.room);
            if logs.any(|log| log.place(id.producer, id.cmid).is_some()) {
                return Err((Invariant::S36, format!("message {id} is in a log, and was not kept by its author")));
            }
        }
        outbox.open.retain(|_, batch| mem::replace(batch, BEFORE) <= remains.batch);
        Ok(())
    }

    /// The view of a client that is made of what this one had kept.
    pub(in crate::check) fn restored(
        self,
        client: &Client,
        setup: &ClientSetup,
        marks: &mut Marks,
    ) -> Result<Self, (Invariant, String)> {
        let mut outbox = self.outbox.unwrap_or_default();
        let waiting: BTreeSet<MessageId> =
            client.rooms().flat_map(|room| client.waiting(room)).map(|(id, _)| id).collect();
        if let Some(id) = outbox.open.keys().find(|id| !waiting.contains(*id)) {
            return Err((Invariant::S36, format!("message {id} was kept, and does not wait any more")));
        }
        if let Some(id) = waiting.iter().find(|id| !outbox.open.contains_key(id) && !outbox.settled.contains(*id)) {
            return Err((Invariant::S36, format!("message {id} waits, and was never kept")));
        }
        marks.sometimes(!waiting.is_empty(), Mark::OutboxCarriedOver);
        outbox.open.extend(waiting.iter().map(|id| (id.clone(), BEFORE)));
        let rooms = client.rooms().filter_map(|room| {
            let (epoch, seq) = client.place(room)?;
            let place = Place::new(epoch, seq, Given::default());
            let place = match self.rooms.get(room).filter(|before| before.epoch == epoch) {
                // What it was given before it has been given.
                Some(Place { begun, read, gaps, .. }) => {
                    Place { begun: *begun, read: *read, gaps: gaps.clone(), ..place }
                }
                None => place,
            };
            Some((room.clone(), place))
        });
        Ok(Self {
            rooms: rooms.collect(),
            in_lobby: waiting.iter().filter(|id| id.room.is_lobby()).count(),
            waiting,
            life: self.life,
            outbox: Some(outbox),
            ..Self::new(self.me, setup)
        })
    }
}
