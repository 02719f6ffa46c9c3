//! What a host has kept, has to keep, and may not show before it is kept.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::mem;

use bytes::Bytes;

use super::Host;
use crate::{
    ids::{MemberId, PeerId, RoomId, Seq},
    journal::{Journal, identity_row, write},
    reason::Durability,
    room::Unkept,
    seam::{Effect, Outbox},
    store::Key,
};

/// The host's record of what is kept.
#[derive(Debug)]
pub(super) struct HostJournal {
    pub(super) durability: Durability,
    pub(super) journal: Journal,
    /// Of the entries that are kept of a room, the place before the first, and that of the last.
    logs: BTreeMap<RoomId, (Seq, Seq)>,
    /// Of whom something may have changed since.
    members: BTreeSet<MemberId>,
    rooms: BTreeSet<RoomId>,
    let_in: BTreeSet<PeerId>,
}

impl HostJournal {
    pub(super) fn new(durability: Durability) -> Self {
        Self::restored(durability, BTreeMap::new())
    }

    /// All of these are kept.
    pub(super) fn restored(durability: Durability, mut kept: BTreeMap<Key, Bytes>) -> Self {
        let mut logs = BTreeMap::new();
        kept.retain(|key, _| {
            if let Key::Entry(room, seq) = *key {
                let (_, to) = logs.entry(room).or_insert_with(|| (seq.back(1), seq));
                *to = seq;
            }
            !matches!(key, Key::Entry(..))
        });
        let (members, rooms, let_in) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { durability, journal: Journal::new(kept), logs, members, rooms, let_in }
    }

    fn put(&mut self, key: Key, row: Option<Bytes>) {
        self.journal.put(key, row);
    }

    fn forget_room(&mut self, id: RoomId) {
        if cfg!(exchange_bug = "closed-rooms-stay-kept") {
            return;
        }
        let memberships = Key::Membership(id, MemberId(0))..=Key::Membership(id, MemberId(u32::MAX));
        let memberships: Vec<Key> = self.journal.rows().range(memberships).map(|(key, _)| *key).collect();
        for key in memberships.into_iter().chain([Key::Room(id)]) {
            self.put(key, None);
        }
        let (after, to) = self.logs.remove(&id).unwrap_or_default();
        for seq in (after.next().0..=to.0).map(Seq) {
            self.journal.push(Key::Entry(id, seq), None);
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

    /// Somebody has been let in, or comes in no more.
    pub(super) fn changes_let_in(&mut self, peer: PeerId) {
        if let Some(journal) = &mut self.journal {
            journal.let_in.insert(peer);
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
        self.journal.iter().flat_map(|kept| kept.journal.held())
    }

    /// At a round's end: has kept what has changed, and holds what the round brought about until it is.
    pub(super) fn keep(&mut self, began: usize, out: &mut Outbox) {
        if let Some(mut kept) = self.journal.take() {
            self.collect(&mut kept);
            kept.journal.commit(began, out);
            self.journal = Some(kept);
        }
    }

    fn collect(&mut self, kept: &mut HostJournal) {
        for peer in mem::take(&mut kept.let_in) {
            kept.put(Key::LetIn(peer), self.lock.let_in.contains(&peer).then(Bytes::new));
        }
        let (members, rooms) = (mem::take(&mut kept.members), mem::take(&mut kept.rooms));
        if members.is_empty() && rooms.is_empty() {
            return;
        }
        kept.put(Key::Session, write(&self.session_row()));
        kept.put(Key::Identity, self.identity.as_ref().map(identity_row));
        for member in members {
            kept.put(Key::Member(member), self.member_row(member).and_then(|row| write(&row)));
        }
        for room in rooms {
            if self.rooms.contains_key(&room) {
                self.collect_room(room, kept);
            } else {
                kept.forget_room(room);
            }
        }
    }

    fn collect_room(&mut self, id: RoomId, kept: &mut HostJournal) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Unkept { memberships, blanked } = mem::take(room.unkept.get_or_insert_default());
        kept.put(Key::Room(id), write(&room.row()));
        for member in memberships {
            kept.put(Key::Membership(id, member), room.membership_row(member).and_then(|row| write(&row)));
        }
        let (tail, head) = (room.log.tail(), room.log.head());
        let (after, to) = kept.logs.insert(id, (tail, head)).unwrap_or_default();
        for seq in (after.next().0..=to.0.min(tail.0)).map(Seq) {
            kept.journal.push(Key::Entry(id, seq), None);
        }
        let blanked = blanked.into_iter().filter(|seq| *seq <= to);
        let rows = blanked.flat_map(|seq| room.entry_rows(seq.back(1), seq));
        for (seq, row) in rows.chain(room.entry_rows(to, head)) {
            kept.journal.push(Key::Entry(id, seq), Some(row));
        }
    }
}

#[cfg(test)]
impl Host {
    /// All rows as they have to be kept by now.
    pub(crate) fn all_rows(&mut self) -> BTreeMap<Key, Bytes> {
        let mut kept = HostJournal::new(Durability::Memory);
        kept.members = self.members.keys().copied().collect();
        kept.rooms = self.rooms.keys().copied().collect();
        kept.let_in = self.lock.let_in.clone();
        let all = |room: &mut crate::room::Room| {
            let all = room.all_unkept();
            (room.id, room.unkept.replace(all))
        };
        let unkept: Vec<(RoomId, Option<Unkept>)> = self.rooms.values_mut().map(all).collect();
        self.collect(&mut kept);
        for (room, unkept) in unkept {
            self.rooms.get_mut(&room).unwrap().unkept = unkept;
        }
        kept.journal.into_changes().into_iter().filter_map(|change| Some((change.key, change.row?))).collect()
    }
}
