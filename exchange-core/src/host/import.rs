//! A host made of what was said in another session.
//!
//! Messages keep their places, so that whatever refers to one still does. What else had been in the log is not known any
//! more: there, a place is as it would be if its message were deleted. That a message was edited, and how people reacted,
//! is said behind the last of them.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::mem;

use super::{Host, HostConfig, OWNER, joining::Opening, members::Member};
use crate::{
    event::Peer,
    ids::{Cmid, MemberId, PeerId, ProducerId, RoomId, Seq, SessionId},
    message::{Body, Edit, MemberRecord, Mentions, Post, React, Rules, Status},
    name::{Nick, Reaction, Remark, RoomName},
    reason::Refusal,
    seam::Outbox,
    seed::Seed,
    text::Text,
    time::{Time, Timestamp, WallClock},
};

/// So many places between two messages may be of something else.
const LONGEST_GAP: u64 = 100_000;

/// A host that comes to be, with what is said to it of another session: its people and rooms, and the messages of each
/// room in the order of their places.
#[derive(Debug)]
pub struct Import {
    host: Host,
    now: Time,
    out: Outbox,
    people: BTreeMap<PeerId, BTreeSet<Nick>>,
    /// Those of which more is known than what was said.
    rooms: BTreeSet<RoomId>,
    /// Whoever has said something in a room, and the last number of theirs.
    authors: BTreeMap<(RoomId, MemberId), Cmid>,
    /// What is to be said of messages in the end, by whichever client of a peer if none is named.
    changes: Vec<(RoomId, (PeerId, Option<ProducerId>), Body)>,
}

/// A message as it stood in another session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// In which room.
    pub room: RoomName,
    /// Its place there.
    pub seq: Seq,
    /// When it was said.
    pub at: Timestamp,
    /// Who said it.
    pub author: Peer,
    /// Which run of that peer's client, and its number for it.
    pub producer: ProducerId,
    /// See there.
    pub cmid: Cmid,
    /// What it says.
    pub body: Body,
    /// Whether it had said something else before.
    pub edited: bool,
    /// How people reacted.
    pub reactions: BTreeMap<Reaction, BTreeSet<PeerId>>,
}

/// Why something cannot be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// Messages come in the order of their places, and those of one author in the order of their numbers.
    #[error("it is not behind the message before it")]
    Order,
    /// More is missing before it than there can have been.
    #[error("too much is missing before it")]
    Gap,
    /// There is that room already.
    #[error("there is that room already")]
    Twice,
    /// A host would not take it.
    #[error("a host refuses it: {0}")]
    Refused(#[from] Refusal),
}

impl Import {
    /// A session in which nothing was said yet. `owner` is who hosted the other, and by which run of their program: this
    /// one is the same person's.
    pub fn new(config: HostConfig, owner: Option<(PeerId, Option<ProducerId>)>, seed: &Seed, now: Time) -> Self {
        let mut random = seed.fork("host");
        let session = SessionId::from_bytes(random.bytes());
        let (peer, producer) = (PeerId::from_bytes(random.bytes()), ProducerId::from_bytes(random.bytes()));
        let owner = owner.map_or((peer, producer), |(peer, known)| (peer, known.unwrap_or(producer)));
        let mut import = Self {
            host: Host::bare(config, session, owner, random, now),
            now,
            out: Outbox::new(),
            people: BTreeMap::new(),
            rooms: BTreeSet::new(),
            authors: BTreeMap::new(),
            changes: Vec::new(),
        };
        import.host.changes_member(OWNER);
        // There is space for it, as for the first room of every host.
        let _ = import.open(&RoomName::lobby());
        import
    }

    /// Somebody who was in the other session.
    pub fn person(&mut self, Peer { id, nick }: Peer) {
        self.people.entry(id).or_default().insert(nick);
    }

    /// A room of the other session, and how it was in the end.
    ///
    /// # Errors
    ///
    /// [`Misfit`] if it was named before, or there are as many as may be.
    pub fn room(
        &mut self,
        name: &RoomName,
        topic: Option<Remark>,
        rules: Rules,
        founder: Option<PeerId>,
    ) -> Result<(), Misfit> {
        let id = self.open(name)?;
        if !self.rooms.insert(id) {
            return Err(Misfit::Twice);
        }
        let Some(room) = self.host.rooms.get_mut(&id) else { return Ok(()) };
        room.topic = topic;
        // Those of two are always private, the lobby is never, and neither has a founder.
        if name.is_lobby() || name.direct_between().is_some() {
            room.rules = Rules { private: room.rules.private, ..rules };
        } else {
            room.rules = rules;
            room.standing.founder = founder;
            if let Some(founder) = founder {
                room.standing.admit(founder);
            }
        }
        Ok(())
    }

    /// A message of the other session.
    ///
    /// # Errors
    ///
    /// [`Misfit`] if it cannot be one, or is not the next.
    pub fn message(&mut self, message: Imported) -> Result<(), Misfit> {
        let Imported { room: name, seq, at, author, producer, cmid, body, edited, reactions } = message;
        if !body.is_message() || cmid == Cmid::ZERO || cmid.is_last() || seq == Seq::ZERO || seq.is_last() {
            return Err(Misfit::Refused(Refusal::Kind));
        }
        body.check(self.host.limits.text)?;
        if reactions.len() > self.host.limits.reactions {
            let limit = u32::try_from(self.host.limits.reactions).unwrap_or(u32::MAX);
            return Err(Misfit::Refused(Refusal::TooMany { limit }));
        }
        let id = self.open(&name)?;
        let head = self.head(id);
        let known = self.host.roster.find(author.id, producer).and_then(|member| self.authors.get(&(id, member)));
        if seq <= head || known.is_some_and(|known| cmid <= *known) {
            return Err(Misfit::Order);
        }
        if head > Seq::ZERO && seq.0 - head.0 > LONGEST_GAP {
            return Err(Misfit::Gap);
        }
        let member = self.member((author.id, Some(producer)), Some(author.nick))?;
        self.host.wall = WallClock::showing(self.now, at);
        if let Some(room) = self.host.rooms.get_mut(&id).filter(|_| head == Seq::ZERO) {
            room.log.begin_after(seq.back(1));
        }
        while self.head(id).next() < seq {
            self.say(id, OWNER, Cmid::ZERO, Body::text(""));
        }
        let edit = |mentions: &Mentions, text: &Text| {
            Body::Edit(Edit { of: seq, mentions: mentions.clone(), text: text.clone() })
        };
        let edit = match &body {
            Body::Text(text) if edited => Some(edit(&Mentions::default(), text)),
            Body::Post(Post { mentions, text, .. }) if edited => Some(edit(mentions, text)),
            _ => None,
        };
        self.say(id, member, cmid, body);
        self.authors.insert((id, member), cmid);
        self.changes.extend(edit.map(|edit| (id, (author.id, Some(producer)), edit)));
        for (reaction, people) in reactions {
            let react = Body::React(React { to: seq, reaction, add: true });
            self.changes.extend(people.into_iter().map(|peer| (id, (peer, None), react.clone())));
        }
        Ok(())
    }

    /// The host, which has been told everything. It is in the lobby, and all others have gone.
    ///
    /// # Errors
    ///
    /// [`Misfit`] if there are more people than a session can have.
    pub fn finish(mut self) -> Result<Host, Misfit> {
        for (room, client, body) in mem::take(&mut self.changes) {
            let member = self.member(client, None)?;
            let cmid = self.authors.get(&(room, member)).copied().unwrap_or_default().next();
            let limit = self.host.limits.reactions;
            let known = self.host.rooms.get(&room);
            // The message may be one that a log of that size has let go of.
            if known.is_some_and(|room| room.admit((member, client.0), false, &body, limit).is_ok()) {
                self.say(room, member, cmid, body);
                self.authors.insert((room, member), cmid);
            }
        }
        for (peer, nicks) in mem::take(&mut self.people) {
            for nick in nicks {
                let roster = &self.host.roster;
                let records = || roster.clients_of(peer).filter_map(|member| roster.record(member));
                if !records().any(|record| record.nick == nick) {
                    self.newcomer((peer, None), nick)?;
                }
            }
        }
        for ((id, member), known) in mem::take(&mut self.authors) {
            let peer = self.host.roster.record(member).map(|record| record.peer);
            if let (Some(room), Some(peer)) = (self.host.rooms.get_mut(&id), peer) {
                room.remember(member, known);
                room.standing.admit(peer);
            }
        }
        // Whoever had signed it had done so for another log.
        self.host.rooms.values_mut().for_each(|room| room.log.is_unsigned_so_far());
        self.host.enter(self.now, OWNER, &RoomName::lobby(), Opening::Public, &mut self.out)?;
        Ok(self.host)
    }

    /// The room of that name, which is opened if there is none.
    fn open(&mut self, name: &RoomName) -> Result<RoomId, Refusal> {
        if let Some(id) = self.host.room_ids.get(name) {
            return Ok(*id);
        }
        // Else one that nobody is in would have to go, and as yet there is nobody in any.
        if self.host.rooms.len() >= self.host.limits.rooms.max(1) {
            return Err(Refusal::TooManyRooms);
        }
        let nobody = PeerId::from_bytes([0; 16]);
        let id = self.host.open(self.now, nobody, name, Opening::Public, &mut self.out)?;
        if let Some(room) = self.host.rooms.get_mut(&id) {
            room.standing.founder = None;
            name.direct_between().into_iter().flatten().for_each(|guest| room.standing.admit(guest));
        }
        self.host.changes_room(id);
        Ok(id)
    }

    /// That client of a peer, or any if none is named.
    fn member(
        &mut self,
        (peer, producer): (PeerId, Option<ProducerId>),
        nick: Option<Nick>,
    ) -> Result<MemberId, Refusal> {
        let roster = &self.host.roster;
        let known = match producer {
            Some(producer) => roster.find(peer, producer),
            None => roster.clients_of(peer).next(),
        };
        if let Some(member) = known {
            return Ok(member);
        }
        let nick = nick.or_else(|| self.people.get(&peer)?.first().cloned());
        // Of whom no nick is known, it begins with their id.
        let nick = nick.unwrap_or_else(|| Nick::new(&alloc::format!("{peer}")[..8]).expect("it is short"));
        self.newcomer((peer, producer), nick)
    }

    fn newcomer(&mut self, (peer, producer): (PeerId, Option<ProducerId>), nick: Nick) -> Result<MemberId, Refusal> {
        let host = &mut self.host;
        let member = host.next_member;
        host.next_member = MemberId(member.0.checked_add(1).ok_or(Refusal::RoomFull)?);
        let producer = producer.unwrap_or_else(|| ProducerId::from_bytes(host.random.bytes()));
        let (role, status) = (host.role(peer), Status::Offline);
        host.roster.put(MemberRecord { member, peer, producer, nick, role, status, note: None, identity: None });
        host.members.insert(member, Box::new(Member::new()));
        host.gone.push_back(member);
        host.changes_member(member);
        Ok(member)
    }

    fn head(&self, room: RoomId) -> Seq {
        self.host.rooms.get(&room).map_or(Seq::ZERO, |room| room.log.head())
    }

    fn say(&mut self, room: RoomId, member: MemberId, cmid: Cmid, body: Body) {
        self.host.append(self.now, room, member, cmid, body, &mut self.out);
    }
}
