//! What a client knows of its rooms: topics and rules, as of where it is in their logs.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Act, Client, Event, RoomName, Seq, message::Joined};

use super::{Check, Invariant, Scene};

/// What a client was told of how its rooms are.
#[derive(Debug, Default)]
pub(super) struct Abreast {
    /// As of where each was told last.
    told: BTreeMap<RoomName, Seq>,
    /// The rooms that may be otherwise than before this step.
    changed: BTreeSet<RoomName>,
}

impl Abreast {
    pub(super) fn heard(&mut self, joined: &Joined) {
        self.told.insert(joined.name.clone(), joined.head);
        self.changed.insert(joined.name.clone());
    }

    pub(super) fn told(&mut self, event: &Event) {
        if let Event::Acted { room, act: Act::Topic(_) | Act::Rule(_), .. } = event {
            self.changed.insert(room.clone());
        }
    }

    /// Whether it knows what follows from what is up to where it is.
    pub(super) fn agrees_with(&mut self, client: &Client, scene: &Scene<'_>) -> Check {
        while let Some(room) = self.changed.pop_first() {
            let Some((epoch, seq)) = client.place(&room) else { continue };
            let Some(log) = scene.model.logs.get(&epoch).filter(|log| log.is_certain) else { continue };
            let at = self.told.get(&room).map_or(seq, |told| seq.max(*told));
            if scene.lies.are_told_up_to(scene.node, epoch, at) {
                continue;
            }
            let (sees, is) =
                ((client.topic(&room), client.rules(&room)), (log.deeds.topic(at), Some(log.deeds.rules(at))));
            if sees != is {
                return Err((Invariant::S27, format!("at {at} of {room:?} it sees {sees:?}, where {is:?} holds")));
            }
        }
        Ok(())
    }
}
