//! What a room is, said a second time: a list of entries, as different from the real one as can be.
//!
//! It forgets nothing, shares nothing, encodes nothing. It does not foretell what a host logs, for a host may log late
//! or not at all; it judges what was logged: whether it can follow what is there.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{
    Act, Body, Cmid, Epoch, MemberId, Peer, PeerId, ProducerId, RoomName, Seq, Timestamp, message::Entry,
};

use super::{
    Invariant,
    said::{Logged, is_blank},
    standing::Changed,
};

/// Every log there ever was.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) logs: BTreeMap<Epoch, Log>,
}

/// One log, from its first entry on.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) room: RoomName,
    /// Nothing is known of entries that came and went within one round.
    entries: Vec<Option<Logged>>,
    places: BTreeMap<(ProducerId, Cmid), Seq>,
    /// Who has joined, by the number they had, and who of them is a member now.
    people: BTreeMap<MemberId, (Peer, ProducerId)>,
    /// Who opened the room.
    founder: Option<PeerId>,
    members: BTreeSet<MemberId>,
    /// Whether the entries that are not known can have changed who is a member.
    pub(crate) is_certain: bool,
    last: BTreeMap<ProducerId, Cmid>,
    last_at: Timestamp,
    pub(super) changed: Changed,
    /// The place before the oldest entry that the host still has.
    pub(crate) tail: Seq,
}

pub(crate) type Wrong = (Invariant, String);

impl Model {
    pub(crate) fn log(&mut self, epoch: Epoch, room: &RoomName) -> Result<&mut Log, Wrong> {
        let log = self.logs.entry(epoch).or_insert_with(|| Log::new(room.clone()));
        if log.room != *room {
            return Err((Invariant::S15, format!("{room:?} and {:?} have one log", log.room)));
        }
        Ok(log)
    }
}

impl Log {
    fn new(room: RoomName) -> Self {
        Self {
            room,
            entries: Vec::new(),
            places: BTreeMap::new(),
            people: BTreeMap::new(),
            founder: None,
            members: BTreeSet::new(),
            is_certain: true,
            last: BTreeMap::new(),
            last_at: Timestamp::default(),
            changed: Changed::default(),
            tail: Seq::ZERO,
        }
    }

    pub(crate) fn head(&self) -> Seq {
        Seq(self.entries.len() as u64)
    }

    pub(crate) fn entry(&self, seq: Seq) -> Option<&Logged> {
        self.entries.get(usize::try_from(seq.0.checked_sub(1)?).ok()?)?.as_ref()
    }

    pub(crate) fn place(&self, producer: ProducerId, cmid: Cmid) -> Option<Seq> {
        self.places.get(&(producer, cmid)).copied()
    }

    /// An entry was logged and forgotten within one round. All that is known of it is what the host's owner was told.
    pub(crate) fn append_unseen(&mut self, told: Option<Logged>) -> Result<(), Wrong> {
        let seq = self.head().next();
        let Some(logged) = told else {
            self.is_certain = false;
            self.entries.push(None);
            return Ok(());
        };
        self.put(seq, logged)
    }

    fn put(&mut self, seq: Seq, logged: Logged) -> Result<(), Wrong> {
        self.number(seq, &logged)?;
        let target = logged.body.changes().and_then(|of| self.entry(of)).cloned();
        // Whoever opened the room and whoever hosts the session may take away what others said.
        let owner = self.people.get(&MemberId(0)).map(|(peer, _)| peer.id);
        let moderates = [owner, self.founder].contains(&Some(logged.peer.id));
        self.changed.take(seq, &logged, target.as_ref(), moderates)?;
        self.entries.push(Some(logged));
        Ok(())
    }

    /// Whether the entry can follow what is there; if so, it does. Gives what it is.
    ///
    /// What the host's owner was told of it is asked for where the log does not tell.
    pub(crate) fn append(
        &mut self,
        entry: &Entry,
        told: impl Fn() -> Option<Logged>,
    ) -> Result<Option<&Logged>, Wrong> {
        let Entry { seq, author, cmid, at, ref body, .. } = *entry;
        let room = &self.room;
        if seq != self.head().next() {
            return Err((Invariant::S1, format!("entry {seq} of {room:?} follows {}", self.head())));
        }
        if at < self.last_at {
            return Err((Invariant::S18, format!("entry {seq} of {room:?} is of {at}, after one of {}", self.last_at)));
        }
        self.last_at = at;
        let known = match body {
            Body::Join { peer, producer, nick } => {
                let joined = (Peer { id: *peer, nick: nick.clone() }, *producer);
                if !self.members.insert(author) && self.is_certain {
                    return Err((Invariant::S10, format!("{author} joins {room:?} as a member, with entry {seq}")));
                }
                if self.entries.is_empty() && !room.is_lobby() {
                    self.founder = Some(*peer);
                }
                self.people.insert(author, joined.clone());
                Some(joined)
            }
            _ => self.people.get(&author).cloned(),
        };
        let by = || told().map(|told| (told.peer, told.producer));
        let Some((peer, producer)) = known.or_else(by) else {
            if self.is_certain {
                return Err((Invariant::S10, format!("{author}, who never joined {room:?}, made entry {seq}")));
            }
            self.entries.push(None);
            return Ok(None);
        };
        let is_member = match body {
            Body::Leave { .. } => self.members.remove(&author),
            _ => self.members.contains(&author),
        };
        if let Body::Act(Act::Kick { who, .. } | Act::Ban { who, .. }) = body {
            let people = &self.people;
            self.members.retain(|member| people.get(member).is_none_or(|(peer, _)| peer.id != who.id));
        }
        if !is_member && self.is_certain {
            return Err((Invariant::S10, format!("{}, no member of {room:?}, made entry {seq}", peer.nick)));
        }
        let logged = Logged { peer, producer, cmid, at, body: body.clone() };
        // What was deleted in the very step in which it was said may have been given to others in between.
        let said = if is_blank(body) { told().filter(|told| logged.is_what_is_left_of(told)) } else { None };
        self.put(seq, said.unwrap_or(logged))?;
        Ok(self.entry(seq))
    }

    fn number(&mut self, seq: Seq, Logged { producer, cmid, peer, .. }: &Logged) -> Result<(), Wrong> {
        let room = &self.room;
        if *cmid == Cmid::ZERO {
            return Ok(());
        }
        if let Some(before) = self.places.insert((*producer, *cmid), seq) {
            return Err((
                Invariant::S5,
                format!("message {cmid} of {} is at {before} and {seq} of {room:?}", peer.nick),
            ));
        }
        let last = self.last.insert(*producer, *cmid).unwrap_or_default();
        if *cmid <= last {
            return Err((Invariant::S7, format!("message {cmid} of {} is in {room:?} after its {last}", peer.nick)));
        }
        Ok(())
    }
}
