//! What a host knows again of what it had kept when it died, and whether it does.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Host, MemberId, PeerId, RoomId, RoomName};

use super::{Check, Epoch, Hosts, Invariant, Member, Order};
use crate::check::model::{Kept as KeptModel, Log, Model};

/// What was known of a host at some moment and outlasts it, if it was kept then.
#[derive(Debug)]
pub(in crate::check) struct Kept {
    members: BTreeMap<MemberId, Member>,
    rooms: BTreeMap<RoomId, (RoomName, Epoch)>,
    order: Order,
}

impl Hosts {
    pub(in crate::check) fn kept(&self) -> Kept {
        Kept { members: self.members.clone(), rooms: self.rooms.clone(), order: self.order.kept() }
    }

    /// The host has died, and is going to be made again of what it had kept at that moment.
    pub(in crate::check) fn roll_back(&mut self, kept: Kept, kept_model: &KeptModel, model: &Model) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.retain(|(room, _), entries| {
            let epoch = kept.rooms.get(room).map(|(_, epoch)| *epoch);
            let Some((epoch, head)) = epoch.and_then(|epoch| Some((epoch, kept_model.head(epoch)?))) else {
                return false;
            };
            entries.retain(|seq, _| *seq <= head);
            // What was deleted since is there again.
            model.logs.get(&epoch).is_some_and(|log| !log.changed.has_deleted_after(head))
        });
        let Kept { members, rooms, order } = kept;
        *self = Self { members, rooms, order, bytes, is_restored: true, ..Self::new(&self.setup) };
        for (member, known) in &self.members {
            self.said.remembers(*member, known.peer);
        }
    }

    /// Whether a host that was made again of what it had kept has all that, and nothing else.
    pub(in crate::check) fn is_restored(&self, host: &Host, model: &Model) -> Check {
        let wrong = |what: String| Err((Invariant::S35, format!("made again of what it had kept, {what}")));
        if let Some(room) = host.rooms().find(|room| !model.open.contains_key(*room)) {
            return wrong(format!("it has {room:?}, which was not there"));
        }
        for (room, epoch) in &model.open {
            let Some(log) = model.logs.get(epoch) else { continue };
            let Some(history) = host.history(room) else { return wrong(format!("it has no {room:?}")) };
            let (is, was) = ((history.epoch(), history.tail(), history.head()), (*epoch, log.tail, log.head()));
            // Some of it may have become too old meanwhile.
            let is_older = self.setup.age_ms.is_some() && is == (was.0, is.1.max(was.1), was.2);
            if is != was && !is_older {
                return wrong(format!("it has {is:?} of {room:?}, where {was:?} was kept"));
            }
            let other = history.after(history.tail()).find(|entry| {
                let of = entry.body.changes().unwrap_or(entry.seq);
                log.entry(entry.seq).is_some_and(|logged| !logged.is(entry, log.changed.is_deleted(of)))
            });
            if let Some(entry) = other {
                return wrong(format!("it has {entry:?} in {room:?}, where {:?} was kept", log.entry(entry.seq)));
            }
            let (is, was): (BTreeSet<PeerId>, _) = (host.members(room).map(|peer| peer.id).collect(), log.peers());
            if log.is_certain && is != was {
                return wrong(format!("it has {is:?} in {room:?}, where {was:?} were"));
            }
            if log.is_certain && (host.topic(room), host.rules(room)) != is_like(log) {
                return wrong(format!("it has {:?} and {:?} in {room:?}", host.topic(room), host.rules(room)));
            }
        }
        Ok(())
    }
}

fn is_like(log: &Log) -> (Option<&exchange_core::Remark>, Option<exchange_core::Rules>) {
    (log.deeds.topic(log.head()), Some(log.deeds.rules(log.head())))
}
