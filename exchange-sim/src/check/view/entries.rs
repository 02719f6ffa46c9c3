//! What a client is told of entries that are no messages.

use exchange_core::{Act, Body, Epoch, Nick, Peer, RoomName, Seq};

use super::{Check, Invariant, Scene, View};
use crate::check::said::Logged;

impl View {
    pub(super) fn membership(
        &mut self,
        room: &RoomName,
        peer: &Peer,
        seq: Seq,
        joins: bool,
        scene: &mut Scene<'_>,
    ) -> Check {
        let epoch = self.given(room, seq, scene)?.epoch;
        let is_it = |logged: &Logged| match &logged.body {
            Body::Join { .. } => joins && logged.peer.id == peer.id,
            Body::Leave { .. } => !joins && logged.peer.id == peer.id,
            _ => false,
        };
        match entry_of(scene, epoch, seq) {
            Some(logged) if !is_it(logged) => {
                Err((Invariant::S2, format!("it is told that {} comes or goes where {logged:?} is logged", peer.nick)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn acted(&mut self, room: &RoomName, by: &Peer, act: &Act, seq: Seq, scene: &mut Scene<'_>) -> Check {
        let place = self.given(room, seq, scene)?;
        let Some(logged) = entry_of(scene, place.epoch, seq) else { return Ok(()) };
        if logged.peer.id != by.id || logged.body.act() != Some(act) {
            return Err((Invariant::S2, format!("it is told that {by} did {act:?} where {logged:?} is logged")));
        }
        place.given.insert(logged.producer, logged.cmid);
        Ok(())
    }

    pub(super) fn renamed(
        &mut self,
        room: &RoomName,
        peer: &Peer,
        was: &Nick,
        seq: Seq,
        scene: &mut Scene<'_>,
    ) -> Check {
        let epoch = self.given(room, seq, scene)?.epoch;
        let is_it = |logged: &Logged| match &logged.body {
            Body::Rename { before, nick } => (&logged.peer.id, before, nick) == (&peer.id, was, &peer.nick),
            _ => false,
        };
        match entry_of(scene, epoch, seq) {
            Some(logged) if !is_it(logged) => {
                Err((Invariant::S2, format!("it is told that {was} is now {} where {logged:?} is logged", peer.nick)))
            }
            _ => Ok(()),
        }
    }
}

fn entry_of<'a>(scene: &'a Scene<'_>, epoch: Epoch, seq: Seq) -> Option<&'a Logged> {
    scene.model.logs.get(&epoch)?.entry(seq)
}
