//! A room as it is kept beyond its host's life, and what of it has changed since it was kept last.
//!
//! The form of a row never changes but with the number of the form that the host keeps with its session: later versions
//! read it.

use alloc::{
    boxed::Box,
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    Log, Membership, Room, Said,
    standing::{Guest, Sanctions},
};
use crate::{
    digest::Digest,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, RoomId, Seq},
    journal::read,
    limits::Limits,
    message::{Encoding, Entry, Rules},
    name::{Remark, RoomName},
    reason::Refusal,
    store::{Damage, Key},
    time::{Time, Timestamp},
    wire::frames,
};

/// What is kept of a room beside its entries and memberships.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RoomRow {
    name: RoomName,
    epoch: Epoch,
    topic: Option<Remark>,
    rules: Rules,
    founder: Option<PeerId>,
    guests: Vec<(PeerId, Guest)>,
    knocking: Vec<PeerId>,
    bans: Vec<(PeerId, Option<Timestamp>)>,
    mutes: Vec<(PeerId, Option<Timestamp>)>,
    /// Of a log in which nothing is kept any more: its last place, and what the clock showed there.
    emptied: Option<(Seq, Timestamp)>,
    /// The log's chain before the first entry that is kept, and up to where nothing need be signed.
    chain: Option<(Digest, Seq)>,
}

impl RoomRow {
    /// Reads it, also in earlier forms: in the first no log had ever been emptied, up to the fifth none had a chain.
    pub(crate) fn read(key: Key, row: &[u8]) -> Result<Self, Damage> {
        let longer = |more: &[u8]| read(key, &[row, more].concat());
        read(key, row).or_else(|_| longer(&[0])).or_else(|_| longer(&[0, 0]))
    }

    pub(crate) fn name(&self) -> &RoomName {
        &self.name
    }

    /// What it is about, its rules, and who opened it.
    pub(crate) fn into_parts(self) -> (Option<Remark>, Rules, Option<PeerId>) {
        (self.topic, self.rules, self.founder)
    }
}

/// What is kept of a membership.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MembershipRow {
    pub(crate) present: bool,
    known: Option<Cmid>,
    refused: VecDeque<(Cmid, Refusal)>,
    floor: Seq,
    removed: bool,
}

/// What has to be kept anew of a room.
#[derive(Debug, Default)]
pub(crate) struct Unkept {
    pub(crate) memberships: BTreeSet<MemberId>,
    /// Entries that say nothing any more.
    pub(crate) blanked: BTreeSet<Seq>,
}

impl Room {
    pub(crate) fn row(&self) -> RoomRow {
        let standing = &self.standing;
        RoomRow {
            name: self.name.clone(),
            epoch: self.log.epoch(),
            topic: self.topic.clone(),
            rules: self.rules,
            founder: standing.founder,
            guests: standing.guests().collect(),
            knocking: standing.knocking().collect(),
            bans: standing.bans.ends().collect(),
            mutes: standing.mutes.ends().collect(),
            emptied: (self.log.is_empty() && self.log.head() > Seq::ZERO).then(|| (self.log.head(), self.last_stamp)),
            chain: self.log.chain_tail(),
        }
    }

    /// `None` if that member is not remembered.
    pub(crate) fn membership_row(&self, member: MemberId) -> Option<MembershipRow> {
        let Membership { present, known, floor, removed, said } = self.members.get(&member)?;
        let refused = said.as_ref().map(|said| said.refused.clone()).unwrap_or_default();
        Some(MembershipRow { present: *present, known: *known, refused, floor: *floor, removed: *removed })
    }

    /// The rows of the readable entries after a place, up to another.
    pub(crate) fn entry_rows(&self, after: Seq, to: Seq) -> Vec<(Seq, Bytes)> {
        let (mut rows, mut after) = (Vec::new(), after.max(self.log.tail()));
        while let Some((part, _)) = self.log.part(after, to, Encoding::Postcard, usize::MAX) {
            for body in frames(&part) {
                after = after.next();
                rows.push((after, part.slice_ref(body)));
            }
        }
        rows
    }

    /// The room of that row, with nothing in its log yet and nobody in it. `until` says when a moment on the wall is, and
    /// `is_chained` whether authors sign what they say.
    pub(crate) fn restore(
        id: RoomId,
        row: RoomRow,
        limits: &Limits,
        until: impl Fn(Timestamp) -> Time,
        is_chained: bool,
    ) -> Self {
        let RoomRow { name, epoch, topic, rules, founder, guests, knocking, bans, mutes, emptied, chain } = row;
        let log = Log::new(epoch, limits.history_entries, limits.history_bytes);
        let log = match chain.filter(|_| is_chained) {
            Some((tail, unsigned)) => log.chained_from(tail, unsigned),
            None if is_chained => log.chained().unsigned_until_whole(),
            None => log,
        };
        let mut room = Self::new(id, name, log, limits.signalled);
        (room.topic, room.rules) = (topic, rules);
        let sanctions = |ends: Vec<(PeerId, Option<Timestamp>)>| {
            let mut sanctions = Sanctions::default();
            for (peer, end) in ends {
                sanctions.put(peer, end.map(|end| (until(end), end)));
            }
            sanctions
        };
        (room.standing.bans, room.standing.mutes) = (sanctions(bans), sanctions(mutes));
        room.standing.founder = founder;
        room.standing.restore(guests, knocking);
        if let Some((head, stamp)) = emptied {
            room.log.begin_after(head);
            room.stamp(stamp);
        }
        room
    }

    /// The next entry of the log, which is kept until then. `None` if it is another; `forgotten` is told the author of each
    /// that has to go for it.
    pub(crate) fn restore_entry(
        &mut self,
        entry: Entry,
        author: (PeerId, ProducerId),
        until: Time,
        forgotten: impl FnMut(MemberId),
    ) -> Option<()> {
        if self.log.head() == Seq::ZERO {
            self.log.begin_after(entry.seq.back(1));
        }
        if entry.seq != self.log.head().next() || entry.seq == Seq::ZERO {
            return None;
        }
        let (seq, change) = (entry.seq, entry.body.changes().is_some().then(|| entry.body.clone()));
        self.stamp(entry.at);
        self.log.append(entry, None, || Some(author), until, forgotten);
        if let Some(change) = change {
            self.change(seq, author.0, &change);
        }
        self.log.seal();
        Some(())
    }

    /// Somebody was a member, and has said something up to that number.
    pub(crate) fn remember(&mut self, member: MemberId, known: Cmid) {
        self.changes_membership(member);
        self.members.insert(member, Membership { known: Some(known), ..Membership::default() });
    }

    /// Somebody is remembered as that row says.
    pub(crate) fn restore_membership(&mut self, member: MemberId, row: MembershipRow) {
        let MembershipRow { present, known, refused, floor, removed } = row;
        let known = known.filter(|_| !cfg!(exchange_bug = "dedup-not-kept"));
        self.present += usize::from(present);
        let said = (!refused.is_empty()).then(|| Box::new(Said { refused, ..Said::default() }));
        self.members.insert(member, Membership { present, known, floor, removed, said });
        self.signals.fit(self.present);
    }
}

#[cfg(test)]
impl Room {
    pub(crate) fn all_unkept(&self) -> Unkept {
        Unkept { memberships: self.members.keys().copied().collect(), blanked: BTreeSet::new() }
    }
}
