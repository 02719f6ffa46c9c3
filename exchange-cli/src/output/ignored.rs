//! Whom one does not want to hear.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use exchange_tokio::core::{Event, Nick, Peer, PeerId};

/// The people whose messages are not shown. Cheap to clone; all clones know the same people.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored(Arc<Mutex<BTreeMap<PeerId, Nick>>>);

impl Ignored {
    /// Ignores somebody, or does so no longer; whether they are ignored now.
    pub(crate) fn toggle(&self, peer: &Peer) -> bool {
        let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if people.remove(&peer.id).is_some() {
            return false;
        }
        people.insert(peer.id, peer.nick.clone());
        true
    }

    /// Those who are ignored, by the nicks they had when that began.
    pub(crate) fn people(&self) -> Vec<Peer> {
        let people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        people.iter().map(|(id, nick)| Peer { id: *id, nick: nick.clone() }).collect()
    }

    /// Whether an event is what somebody said who is ignored. That they come and go is told all the same.
    pub(crate) fn hide(&self, event: &Event) -> bool {
        let author = match event {
            Event::Message(message) => message.sender().id,
            Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. } => change.peer.id,
            _ => return false,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&author)
    }
}
