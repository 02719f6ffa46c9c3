//! What a client keeps beyond its life: who it is, which rooms it is in, and what waits there for its outcome.
//!
//! Nothing is said to the host before it is kept: a message number that a host knows means one message for ever, and a
//! token that it gave is the only one that opens the door again. How far the client was told of a log is written with
//! whatever else changes, and waits for nothing: that something is told twice, after a crash, hurts nobody.
//!
//! The form of a row never changes but with [`FORM`].

use alloc::collections::{BTreeMap, BTreeSet};
use core::mem;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Client, Joint, Room};
use crate::{
    ids::{Cmid, Epoch, PeerId, ProducerId, Seq},
    journal::{Journal, identity_row, write},
    message::JoinFrom,
    name::RoomName,
    seam::{Effect, Outbox},
    store::Key,
};

/// The form that rows are written in. Whoever changes one of them counts on, and goes on to read the earlier ones.
pub(super) const FORM: u16 = 2;

/// The client's record of what is kept.
#[derive(Debug)]
pub(super) struct ClientJournal {
    pub(super) journal: Journal,
    rooms: BTreeMap<RoomName, KeptRoom>,
    numbered: u32,
    /// What may have changed since.
    has_identity_changed: bool,
    changed: BTreeSet<RoomName>,
    /// Of which something is going to be told, or was since nothing was held back.
    moved: BTreeSet<RoomName>,
}

/// What is kept of a room: under which number, of which log, and which messages, after one and up to another.
#[derive(Debug, Default)]
pub(super) struct KeptRoom {
    pub(super) number: u32,
    pub(super) log: Option<Epoch>,
    pub(super) waiting: (Cmid, Cmid),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClientRow {
    pub(super) peer: PeerId,
    pub(super) producer: ProducerId,
    pub(super) attempt: u32,
    pub(super) session: Option<Joint>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RoomRow {
    pub(super) name: RoomName,
    /// The last message number used.
    pub(super) numbered: Cmid,
    pub(super) stage: Stage,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    In(Standing),
    /// Left, which the host has not said yet.
    Parting,
    Left,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) from: JoinFrom,
    pub(super) opens: bool,
    pub(super) place: Option<(Epoch, Seq)>,
    /// After which place everything was given, and up to which it was read.
    pub(super) after: Seq,
    pub(super) read: Seq,
    pub(super) sent: Cmid,
}

impl ClientJournal {
    /// All of these are kept, and of rooms these.
    pub(super) fn new(rows: BTreeMap<Key, Bytes>, rooms: BTreeMap<RoomName, KeptRoom>) -> Self {
        let numbered = rooms.values().map(|room| room.number).max().unwrap_or(0);
        let (changed, moved) = (BTreeSet::new(), BTreeSet::new());
        Self { journal: Journal::new(rows), rooms, numbered, has_identity_changed: false, changed, moved }
    }

    pub(super) fn empty() -> Self {
        Self { has_identity_changed: true, ..Self::new(BTreeMap::new(), BTreeMap::new()) }
    }

    /// A room, or what waits in it, may not be what it was when it was kept.
    pub(super) fn changes(&mut self, room: &RoomName) {
        if !self.changed.contains(room) {
            self.changed.insert(room.clone());
        }
    }
}

impl Client {
    /// What was brought about and may be done once it is kept, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Effect> {
        self.journal.iter().flat_map(|kept| kept.journal.held())
    }

    pub(super) fn changes_identity(&mut self) {
        if let Some(kept) = &mut self.journal {
            kept.has_identity_changed = true;
        }
    }

    pub(super) fn changes_room(&mut self, room: &RoomName) {
        if let Some(kept) = &mut self.journal {
            kept.changes(room);
        }
    }

    /// Something is going to be told of a room.
    pub(super) fn moves(&mut self, room: &RoomName) {
        if let Some(kept) = self.journal.as_mut().filter(|kept| !kept.moved.contains(room)) {
            kept.moved.insert(room.clone());
        }
    }

    /// Everything up to that batch is kept.
    pub(super) fn stored(&mut self, batch: u64) {
        if let Some(kept) = &mut self.journal {
            kept.journal.stored(batch);
        }
    }

    /// At a round's end: has kept what has changed, and holds what the round brought about until it is.
    pub(super) fn keep(&mut self, began: usize, out: &mut Outbox) {
        self.collect();
        if let Some(kept) = &mut self.journal {
            kept.journal.commit(began, out);
            if kept.journal.held().next().is_none() {
                for name in mem::take(&mut kept.moved) {
                    self.rooms.get_mut(&name).map(Room::is_told).unwrap_or_default();
                }
            }
        }
    }

    /// Takes down what is to be kept, as it is by now.
    pub(super) fn collect(&mut self) {
        let Some(mut kept) = self.journal.take() else { return };
        if mem::take(&mut kept.has_identity_changed) {
            kept.journal.put(Key::Client, write(&(FORM, self.client_row())));
            kept.journal.put(Key::Identity, self.identity().map(identity_row));
        }
        for name in mem::take(&mut kept.changed) {
            self.collect_room(&name, &mut kept);
        }
        self.journal = Some(kept);
    }

    /// Takes down all rooms as they are now.
    pub(super) fn collect_rooms(&mut self) {
        if let Some(kept) = &mut self.journal {
            self.rooms.keys().for_each(|name| kept.changes(name));
        }
        self.collect();
    }

    fn client_row(&self) -> ClientRow {
        let Self { peer, producer, attempt, session, .. } = self;
        ClientRow { peer: *peer, producer: *producer, attempt: *attempt, session: session.clone() }
    }

    fn collect_room(&mut self, name: &RoomName, kept: &mut ClientJournal) {
        let room = self.rooms.get(name);
        let is_parting = self.parting.contains_key(name) || self.leaving.values().any(|leaving| leaving == name);
        let numbered = room.map(Room::last_number).or_else(|| self.numbered.get(name).copied()).unwrap_or_default();
        let stage = match room {
            Some(room) => Stage::In(room.standing()),
            None if is_parting => Stage::Parting,
            None => Stage::Left,
        };
        let ClientJournal { journal, rooms, numbered: last, .. } = kept;
        let before = rooms.entry(name.clone()).or_insert_with(|| {
            *last = last.saturating_add(1);
            KeptRoom { number: *last, ..KeptRoom::default() }
        });
        let number = before.number;
        journal.put(Key::Place(number), write(&RoomRow { name: name.clone(), numbered, stage }));
        let waits_after = room.map_or(numbered, Room::waits_after);
        let log = room.and_then(Room::place).map(|(epoch, _)| epoch);
        let (after, to) = mem::replace(&mut before.waiting, (waits_after, numbered));
        let gone = after.next().0..=to.min(waits_after).0;
        gone.for_each(|cmid| journal.push(Key::Waiting(number, Cmid(cmid)), None));
        // In another log they refer to nothing.
        let changed_after = if mem::replace(&mut before.log, log) == log { to } else { after };
        let changed = room.into_iter().flat_map(|room| room.waiting_after(changed_after));
        changed.for_each(|(cmid, body)| journal.push(Key::Waiting(number, cmid), write(body)));
    }
}

#[cfg(test)]
impl Client {
    /// The last message number that was used in a room.
    pub(crate) fn numbered(&self, room: &RoomName) -> Cmid {
        let numbered = || self.numbered.get(room).copied().unwrap_or_default();
        self.rooms.get(room).map_or_else(numbered, Room::last_number)
    }

    /// All rows as they have to be kept by now.
    pub(crate) fn all_rows(&mut self) -> BTreeMap<Key, Bytes> {
        let numbers = |kept: &ClientJournal| -> BTreeMap<RoomName, KeptRoom> {
            let numbered = kept.rooms.iter().map(|(name, KeptRoom { number, .. })| (name.clone(), *number));
            numbered.map(|(name, number)| (name, KeptRoom { number, ..KeptRoom::default() })).collect()
        };
        let Some(kept) = self.journal.take() else { return BTreeMap::new() };
        let rooms = numbers(&kept);
        let mut all = ClientJournal::new(BTreeMap::new(), BTreeMap::new());
        all.has_identity_changed = kept.journal.rows().contains_key(&Key::Client);
        all.changed = rooms.keys().cloned().collect();
        (all.rooms, all.numbered) = (rooms, kept.numbered);
        self.journal = Some(all);
        self.collect();
        let all = self.journal.replace(kept).into_iter().flat_map(|all| all.journal.into_changes());
        all.filter_map(|change| Some((change.key, change.row?))).collect()
    }
}
