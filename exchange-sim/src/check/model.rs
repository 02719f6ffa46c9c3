//! What a room is, said a second time: a list of entries, as different from the real one as can be.
//!
//! It forgets nothing, shares nothing, encodes nothing. It does not foretell what a host logs, for a host may log late
//! or not at all; it judges what was logged: whether it can follow what is there.

mod kept;

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{
    Act, Body, Cmid, Epoch, MemberId, Peer, PeerId, ProducerId, RoomName, Seq, Time, Timestamp, message::Entry,
};

pub(super) use self::kept::Kept;
use super::{
    Invariant,
    deeds::Deeds,
    ranks::{Rank, Roles},
    said::{Logged, is_blank},
    standing::Changed,
};

/// Every log there ever was.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) logs: BTreeMap<Epoch, Log>,
    /// The logs of the rooms there are.
    pub(super) open: BTreeMap<RoomName, Epoch>,
    /// The rooms that there were before this step, and are no more.
    pub(super) closed: BTreeSet<RoomName>,
    /// Where the logs ended before this step that grew in it.
    pub(super) grown: BTreeMap<Epoch, Seq>,
    pub(super) roles: Roles,
    /// Who is known by another number than before: the host may have forgotten who let them in where.
    pub(super) returned: BTreeSet<PeerId>,
    /// When this step is, by the host's clock, and how far that on its wall is off then.
    pub(super) now: Time,
    pub(super) wall_ms: i64,
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
    pub(super) founder: Option<PeerId>,
    members: BTreeSet<MemberId>,
    /// Whether the entries that are not known can have changed who is a member.
    pub(crate) is_certain: bool,
    last: BTreeMap<ProducerId, Cmid>,
    last_at: Timestamp,
    pub(super) changed: Changed,
    pub(super) deeds: Deeds,
    /// Whether there is no such room any more, as the host knows.
    pub(super) is_closed: bool,
    /// The place before the oldest entry that the host still has.
    pub(crate) tail: Seq,
}

pub(crate) type Wrong = (Invariant, String);

impl Model {
    /// The host takes its next step.
    pub(super) fn begin(&mut self, now: Time) {
        self.now = now;
        self.grown.clear();
        self.closed.clear();
        self.roles.settle();
    }

    /// The host was started again, and remembers nothing, also of rooms that were closed.
    pub(super) fn begin_anew(&mut self) {
        self.open.clear();
        self.logs.values_mut().for_each(|log| log.is_closed = false);
        self.roles = Roles::default();
        self.begin(self.now);
    }

    pub(crate) fn log(&mut self, epoch: Epoch, room: &RoomName) -> Result<&mut Log, Wrong> {
        let log = self.logs.entry(epoch).or_insert_with(|| Log::new(room.clone()));
        if log.room != *room {
            return Err((Invariant::S15, format!("{room:?} and {:?} have one log", log.room)));
        }
        Ok(log)
    }

    /// Whether the entry can follow what is there, and may be there; if so, it does. Gives what it is.
    pub(super) fn append(
        &mut self,
        epoch: Epoch,
        entry: &Entry,
        told: impl Fn() -> Option<Logged>,
    ) -> Result<Option<&Logged>, Wrong> {
        // Whoever is at the door is in the lobby.
        let is_outside = matches!(entry.body, Body::Act(Act::Knock));
        let lobby = self.lobby().filter(|_| is_outside).and_then(|lobby| self.logs.get(&lobby));
        let stranger = lobby.and_then(|lobby| lobby.people.get(&entry.author)).cloned();
        let Self { logs, roles, now, wall_ms, .. } = self;
        let Some(log) = logs.get_mut(&epoch) else { return Ok(None) };
        log.deeds.wall_ms = *wall_ms;
        log.append(entry, told, stranger, roles, *now)?;
        if let (Body::Join { peer, .. }, MemberId(0)) = (&entry.body, entry.author) {
            roles.owner = Some(*peer);
        }
        if let Body::Act(act) = &entry.body {
            roles.take(act);
        }
        self.judge(epoch, entry.seq, entry.author)?;
        Ok(self.logs.get(&epoch).and_then(|log| log.entry(entry.seq)))
    }

    /// An entry was logged and forgotten within one round: see [`Log::append_unseen`].
    pub(super) fn append_unseen(&mut self, epoch: Epoch, told: Option<Logged>) -> Result<(), Wrong> {
        if told.is_none() && self.lobby() == Some(epoch) {
            self.roles.miss();
        }
        let Self { logs, roles, now, wall_ms, .. } = self;
        let Some(log) = logs.get_mut(&epoch) else { return Ok(()) };
        log.deeds.wall_ms = *wall_ms;
        log.append_unseen(told, roles, *now)
    }

    /// A room is seen for the first time.
    pub(super) fn open(&mut self, epoch: Epoch, room: &RoomName, is_private: bool) {
        self.close(room);
        self.open.insert(room.clone(), epoch);
        if let Some(log) = self.logs.get_mut(&epoch) {
            log.deeds.is_opened_private = is_private;
        }
    }

    /// There is no such room any more, if there was one. What was logged in the step that closed it nobody knows.
    pub(super) fn close(&mut self, room: &RoomName) {
        let Some(log) = self.open.remove(room).and_then(|epoch| self.logs.get_mut(&epoch)) else { return };
        (log.is_closed, log.is_certain) = (true, false);
        self.closed.insert(room.clone());
    }

    pub(super) fn has_closed(&self, room: &RoomName) -> bool {
        self.closed.contains(room)
    }

    pub(super) fn lobby(&self) -> Option<Epoch> {
        self.open.iter().find(|(room, _)| room.is_lobby()).map(|(_, epoch)| *epoch)
    }

    /// Where a log ended before this step, and where it ends now.
    pub(super) fn span(&self, epoch: Epoch) -> (Seq, Seq) {
        let head = self.logs.get(&epoch).map_or(Seq::ZERO, Log::head);
        (self.grown.get(&epoch).copied().unwrap_or(head), head)
    }

    /// Whether it was so at some moment of this step.
    pub(super) fn sometimes(&self, epoch: Epoch, is_so: impl Fn(Seq) -> bool) -> bool {
        let (from, to) = self.span(epoch);
        (from.0..=to.0).any(|seq| is_so(Seq(seq)))
    }

    /// Whether it was so all the time in this step.
    pub(super) fn always(&self, epoch: Epoch, is_so: impl Fn(Seq) -> bool) -> bool {
        !self.sometimes(epoch, |at| !is_so(at))
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
            deeds: Deeds::new(),
            is_closed: false,
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
    pub(super) fn append_unseen(&mut self, told: Option<Logged>, roles: &Roles, now: Time) -> Result<(), Wrong> {
        let seq = self.head().next();
        let Some(logged) = told else {
            self.is_certain = false;
            self.entries.push(None);
            return Ok(());
        };
        let author =
            self.people.iter().find(|(_, (_, producer))| *producer == logged.producer).map(|(member, _)| *member);
        if let Some(author) = author {
            self.deeds.take(seq, now, (author, logged.peer.id), &logged.body);
        }
        self.put(seq, logged, roles)
    }

    fn put(&mut self, seq: Seq, logged: Logged, roles: &Roles) -> Result<(), Wrong> {
        self.number(seq, &logged)?;
        let target = logged.body.changes().and_then(|of| self.entry(of)).cloned();
        // Whoever moderates may take away what others said.
        let moderates = roles.of(logged.peer.id, self.founder).1 > Rank::Member;
        self.changed.take(seq, &logged, target.as_ref(), moderates)?;
        self.entries.push(Some(logged));
        Ok(())
    }

    /// Whether the entry can follow what is there; if so, it does.
    ///
    /// What the host's owner was told of it is asked for where the log does not tell.
    fn append(
        &mut self,
        entry: &Entry,
        told: impl Fn() -> Option<Logged>,
        stranger: Option<(Peer, ProducerId)>,
        roles: &Roles,
        now: Time,
    ) -> Result<(), Wrong> {
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
                if self.entries.is_empty() && !room.is_lobby() && room.direct_between().is_none() {
                    self.founder = Some(*peer);
                }
                self.people.insert(author, joined.clone());
                Some(joined)
            }
            _ => self.people.get(&author).cloned(),
        };
        let by = || told().map(|told| (told.peer, told.producer));
        let is_outside = matches!(body, Body::Act(Act::Knock));
        let Some((peer, producer)) = known.or_else(by).or(stranger) else {
            if self.is_certain && !is_outside {
                return Err((Invariant::S10, format!("{author}, who never joined {room:?}, made entry {seq}")));
            }
            self.is_certain &= !is_outside;
            self.entries.push(None);
            return Ok(());
        };
        self.deeds.take(seq, now, (author, peer.id), body);
        let is_member = match body {
            Body::Leave { .. } => self.members.remove(&author),
            _ => self.members.contains(&author),
        };
        if let Body::Act(Act::Kick { who, .. } | Act::Ban { who, .. }) = body {
            let people = &self.people;
            self.members.retain(|member| people.get(member).is_none_or(|(peer, _)| peer.id != who.id));
        }
        if is_member == is_outside && self.is_certain {
            return Err((Invariant::S10, format!("{}, no member of {room:?}, made entry {seq}", peer.nick)));
        }
        let logged = Logged { peer, producer, cmid, at, body: body.clone() };
        // What was deleted in the very step in which it was said may have been given to others in between.
        let said = if is_blank(body) { told().filter(|told| logged.is_what_is_left_of(told)) } else { None };
        self.put(seq, said.unwrap_or(logged), roles)
    }

    /// Whether somebody may come in also if the room is private.
    pub(super) fn is_guest(&self, peer: PeerId, at: Seq) -> bool {
        self.room.direct_between().is_some_and(|two| two.contains(&peer)) || self.deeds.is_guest(peer, at)
    }

    /// Whose clients are members.
    pub(super) fn peers(&self) -> BTreeSet<PeerId> {
        self.members.iter().filter_map(|member| self.people.get(member)).map(|(peer, _)| peer.id).collect()
    }

    /// The members there ever were that are clients of one peer.
    pub(super) fn members_of(&self, peer: PeerId) -> impl Iterator<Item = MemberId> {
        self.people.iter().filter(move |(_, (of, _))| of.id == peer).map(|(member, _)| *member)
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
