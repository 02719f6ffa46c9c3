//! What a host has kept, has to keep, and may not show before it is kept.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};
use core::fmt;

use bytes::Bytes;

use super::{Host, kept::write};
use crate::{
    ids::{MemberId, RoomId, Seq},
    reason::Durability,
    room::Unkept,
    seam::{Effect, Outbox},
    store::{Change, Key},
};

/// The host's record of what is kept.
pub(super) struct Journal {
    pub(super) durability: Durability,
    /// The rows as they were kept last, but for those of entries,
    rows: BTreeMap<Key, Bytes>,
    /// of which it is the place before the first, and that of the last.
    logs: BTreeMap<RoomId, (Seq, Seq)>,
    /// Of whom something may have changed since.
    members: BTreeSet<MemberId>,
    rooms: BTreeSet<RoomId>,
    /// The last batch that was given out, and the last that is known to be kept.
    batch: u64,
    stored: u64,
    /// What may be done once a batch is kept.
    held: VecDeque<(u64, VecDeque<Effect>)>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { durability, rows, batch, stored, held, .. } = self;
        let mut shown = f.debug_struct("Journal");
        shown.field("durability", durability).field("batch", batch).field("stored", stored).field("held", held);
        shown.field("rows", &rows.len()).finish_non_exhaustive()
    }
}

impl Journal {
    pub(super) fn new(durability: Durability) -> Self {
        Self {
            durability,
            rows: BTreeMap::new(),
            logs: BTreeMap::new(),
            members: BTreeSet::new(),
            rooms: BTreeSet::new(),
            batch: 0,
            stored: 0,
            held: VecDeque::new(),
        }
    }

    /// All of these are kept.
    pub(super) fn restored(durability: Durability, kept: BTreeMap<Key, Bytes>) -> Self {
        let mut journal = Self::new(durability);
        for (key, row) in kept {
            if let Key::Entry(room, seq) = key {
                let (_, to) = journal.logs.entry(room).or_insert_with(|| (seq.back(1), seq));
                *to = seq;
            } else {
                journal.rows.insert(key, row);
            }
        }
        journal
    }

    /// Everything up to that batch is kept.
    pub(super) fn stored(&mut self, batch: u64) {
        let batch = batch.saturating_add(u64::from(cfg!(exchange_bug = "stored-frees-the-next")));
        self.stored = self.stored.max(batch.min(self.batch));
    }

    /// What is held back.
    pub(super) fn into_held(self) -> impl Iterator<Item = Effect> {
        self.held.into_iter().flat_map(|(_, effects)| effects)
    }

    fn put(&mut self, key: Key, row: Option<Bytes>, changes: &mut Vec<Change>) {
        let before = match &row {
            Some(row) => self.rows.insert(key, row.clone()),
            None => self.rows.remove(&key),
        };
        if before != row {
            changes.push(Change { key, row });
        }
    }
}

impl Host {
    /// How safely what is acknowledged is kept.
    pub fn durability(&self) -> Durability {
        self.journal.as_ref().map_or(Durability::Memory, |journal| journal.durability)
    }

    /// A member may not be what it was when it was kept.
    pub(super) fn changes_member(&mut self, member: MemberId) {
        if let Some(journal) = &mut self.journal {
            journal.members.insert(member);
        }
    }

    /// A room may not be what it was when it was kept.
    pub(super) fn changes_room(&mut self, room: RoomId) {
        if let Some(journal) = &mut self.journal {
            journal.rooms.insert(room);
        }
    }

    /// Somebody is not remembered any more, in whatever room.
    pub(super) fn changes_all_rooms(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.rooms.extend(self.rooms.keys());
        }
    }

    /// What was brought about and may be done once it is kept, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Effect> {
        self.journal.iter().flat_map(|journal| &journal.held).flat_map(|(_, effects)| effects)
    }

    /// At a round's end: has kept what has changed, and holds what the round brought about, which begins at a place in
    /// the outbox, until that is kept.
    pub(super) fn keep(&mut self, began: usize, out: &mut Outbox) {
        let Some(mut journal) = self.journal.take() else { return };
        let changes = self.collect(&mut journal);
        let effects = out.split_off(began);
        if !changes.is_empty() {
            journal.batch += 1;
            out.store(journal.batch, changes);
        }
        if !effects.is_empty() {
            let after = if cfg!(exchange_bug = "shown-before-kept") { journal.stored } else { journal.batch };
            journal.held.push_back((after, effects));
        }
        while journal.held.front().is_some_and(|(batch, _)| *batch <= journal.stored) {
            out.extend(journal.held.pop_front().map(|(_, effects)| effects).unwrap_or_default());
        }
        self.journal = Some(journal);
    }

    fn collect(&mut self, journal: &mut Journal) -> Vec<Change> {
        let (members, rooms) = (core::mem::take(&mut journal.members), core::mem::take(&mut journal.rooms));
        let mut changes = Vec::new();
        if members.is_empty() && rooms.is_empty() {
            return changes;
        }
        journal.put(Key::Session, write(&self.session_row()), &mut changes);
        for member in members {
            let row = self.member_row(member).and_then(|row| write(&row));
            journal.put(Key::Member(member), row, &mut changes);
        }
        for room in rooms {
            if self.rooms.contains_key(&room) {
                self.collect_room(room, journal, &mut changes);
            } else {
                forget_room(room, journal, &mut changes);
            }
        }
        changes
    }

    fn collect_room(&mut self, id: RoomId, journal: &mut Journal, changes: &mut Vec<Change>) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Unkept { memberships, blanked } = core::mem::take(room.unkept.get_or_insert_default());
        journal.put(Key::Room(id), write(&room.row()), changes);
        for member in memberships {
            let row = room.membership_row(member).and_then(|row| write(&row));
            journal.put(Key::Membership(id, member), row, changes);
        }
        let (tail, head) = (room.log.tail(), room.log.head());
        let (after, to) = journal.logs.insert(id, (tail, head)).unwrap_or_default();
        for seq in (after.next().0..=to.0.min(tail.0)).map(Seq) {
            changes.push(Change { key: Key::Entry(id, seq), row: None });
        }
        let blanked = blanked.into_iter().filter(|seq| *seq <= to);
        let rows = blanked.flat_map(|seq| room.entry_rows(seq.back(1), seq));
        for (seq, row) in rows.chain(room.entry_rows(to, head)) {
            changes.push(Change { key: Key::Entry(id, seq), row: Some(row) });
        }
    }
}

fn forget_room(id: RoomId, journal: &mut Journal, changes: &mut Vec<Change>) {
    if cfg!(exchange_bug = "closed-rooms-stay-kept") {
        return;
    }
    let memberships = Key::Membership(id, MemberId(0))..=Key::Membership(id, MemberId(u32::MAX));
    let memberships: Vec<Key> = journal.rows.range(memberships).map(|(key, _)| *key).collect();
    for key in memberships.into_iter().chain([Key::Room(id)]) {
        journal.put(key, None, changes);
    }
    let (after, to) = journal.logs.remove(&id).unwrap_or_default();
    for seq in (after.next().0..=to.0).map(Seq) {
        changes.push(Change { key: Key::Entry(id, seq), row: None });
    }
}

#[cfg(test)]
impl Host {
    /// All rows as they have to be kept by now.
    pub(crate) fn all_rows(&mut self) -> BTreeMap<Key, Bytes> {
        let mut journal = Journal::new(Durability::Memory);
        journal.members = self.members.keys().copied().collect();
        journal.rooms = self.rooms.keys().copied().collect();
        let all = |room: &mut crate::room::Room| {
            let all = room.all_unkept();
            (room.id, room.unkept.replace(all))
        };
        let unkept: Vec<(RoomId, Option<Unkept>)> = self.rooms.values_mut().map(all).collect();
        let rows = self.collect(&mut journal).into_iter().filter_map(|Change { key, row }| Some((key, row?)));
        for (room, unkept) in unkept {
            self.rooms.get_mut(&room).unwrap().unkept = unkept;
        }
        rows.collect()
    }
}
