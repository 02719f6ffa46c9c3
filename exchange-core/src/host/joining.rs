//! Joining and leaving rooms.

use core::time::Duration;

use super::{Host, OWNER, budget::Asked, link::Cursor};
use crate::{
    event::Event,
    ids::{Cmid, Epoch, MemberId, PeerId, Rev, RoomId, Seq},
    message::{Body, JoinFrom, LeaveReason, ToClient},
    name::RoomName,
    reason::{CloseReason, Refusal, Violation},
    room::{Log, Room, Unkept},
    seam::{LinkId, Outbox},
    time::Time,
};

/// How a room is opened if there is none of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Public,
    /// For those alone who are invited, and only if there is none.
    Private,
}

pub(super) fn rate_limited(wait: Duration) -> Refusal {
    let millis = wait.as_nanos().div_ceil(1_000_000);
    Refusal::RateLimited { retry_after_ms: u64::try_from(millis).unwrap_or(u64::MAX) }
}

impl Host {
    pub(super) fn join(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        (name, opening): (&RoomName, Opening),
        (from, settled, sent): (JoinFrom, Cmid, Cmid),
        out: &mut Outbox,
    ) {
        if settled > sent {
            return self.close_link(now, link, Violation::Malformed.into(), out);
        }
        // Everyone is in the lobby: it is what a client joins first.
        if !name.is_lobby() && self.member_rooms(member) == 0 {
            return self.close_link(now, link, Violation::Unexpected.into(), out);
        }
        // A place is taken before the member's own entry, so that every join begins with seeing oneself come.
        let before = self.room(name).map_or(Seq::ZERO, |room| room.log.head());
        let entered = self.may_ask(now, member, name, from).and_then(|()| self.enter(now, member, name, opening, out));
        let room = match entered {
            Ok(room) => room,
            // Who cannot be in the lobby cannot be in the session.
            Err(_) if name.is_lobby() => return self.close_link(now, link, CloseReason::Full, out),
            Err(refusal) if self.ignores(now, link, Asked::Join(name.clone()), refusal) => {
                return self.close_link(now, link, CloseReason::Flood, out);
            }
            Err(refusal) => {
                let refused = ToClient::JoinRefused { room: name.clone(), refusal };
                return self.control(now, link, &refused, out);
            }
        };
        self.changes_room(room);
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let Some(state) = self.links.get_mut(&link) else { return };
        if !name.is_lobby() {
            state.postponed.granted();
        }
        let Some(encoding) = state.encoding() else { return };
        room.log.offer(encoding);
        let resumed = room.resumes(from);
        let known = room.resume_numbering(member, settled, sent, resumed);
        let floor = room.floor(member);
        let after = room.begins_after(member, from, before);
        let after = if cfg!(exchange_bug = "resume-one-back") && resumed { after.back(1) } else { after };
        let after = if cfg!(exchange_bug = "resume-skips-one") && resumed { after.next() } else { after };
        room.subscribe(link);
        let fetch = state.cursor(room.id).and_then(|cursor| cursor.fetch);
        state.cursors.retain(|cursor| cursor.room != room.id);
        let (unannounced, members_told, signals) = (Some(known), Seq::ZERO, Rev(0));
        state.cursors.reserve_exact(1);
        state.cursors.push(Cursor { room: room.id, after, floor, unannounced, members_told, signals, fetch });
        self.touched.push(link);
    }

    pub(super) fn leave(&mut self, now: Time, link: LinkId, member: MemberId, room: RoomId, out: &mut Outbox) {
        if self.rooms.get(&room).is_some_and(|room| room.name.is_lobby()) {
            let refused = ToClient::LeaveRefused { room, refusal: Refusal::Lobby };
            return self.control(now, link, &refused, out);
        }
        // Once it has left, the answers to what it said before mean nothing to it.
        self.acknowledge(now, link, out);
        if let Some(state) = self.links.get_mut(&link) {
            state.cursors.retain(|cursor| cursor.room != room || cfg!(exchange_bug = "left-room-goes-on"));
        }
        if let Some(room) = self.rooms.get_mut(&room) {
            room.unsubscribe(link);
        }
        self.depart(now, member, room, LeaveReason::Left, out);
        self.control(now, link, &ToClient::Parted { room }, out);
    }

    pub(super) fn join_as_owner(
        &mut self,
        now: Time,
        name: &RoomName,
        from: JoinFrom,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        self.enter_as_owner(now, name, (from, Opening::Public), out)
    }

    pub(super) fn open_as_owner(&mut self, now: Time, name: &RoomName, out: &mut Outbox) -> Result<(), Refusal> {
        self.enter_as_owner(now, name, (JoinFrom::Head, Opening::Private), out)
    }

    fn enter_as_owner(
        &mut self,
        now: Time,
        name: &RoomName,
        (from, opening): (JoinFrom, Opening),
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let known = self.room(name);
        let was_in = known.is_some_and(|room| room.is_member(OWNER));
        let before = known.map_or(Seq::ZERO, |room| room.log.head());
        let id = self.enter(now, OWNER, name, opening, out)?;
        let Some(room) = self.rooms.get_mut(&id) else { return Ok(()) };
        room.log.seal();
        let (name, resumed) = (room.name.clone(), room.resumes(from));
        let after = if was_in { before } else { room.begins_after(OWNER, from, before) };
        let members = self.members(&name).collect();
        out.event(Event::RoomJoined { room: name.clone(), members, resumed });
        let after = after.max(before.back(self.limits.page_entries.into()));
        let said_before = self.history(&name).into_iter().flat_map(|history| history.after(after));
        for entry in said_before.take_while(|entry| entry.seq <= before) {
            self.told_of(name.clone(), entry, true).into_iter().for_each(|event| out.event(event));
        }
        Ok(())
    }

    pub(super) fn leave_as_owner(&mut self, now: Time, name: &RoomName, out: &mut Outbox) -> Result<(), Refusal> {
        if name.is_lobby() {
            return Err(Refusal::Lobby);
        }
        let room = *self.room_ids.get(name).ok_or(Refusal::NotMember)?;
        if !self.depart(now, OWNER, room, LeaveReason::Left, out) {
            return Err(Refusal::NotMember);
        }
        if let Some(room) = self.rooms.get_mut(&room) {
            room.reading.clear();
        }
        out.event(Event::RoomLeft { room: name.clone() });
        Ok(())
    }

    /// Whether somebody may ask to be in a room now, and for the log it asks for.
    fn may_ask(&mut self, now: Time, member: MemberId, name: &RoomName, from: JoinFrom) -> Result<(), Refusal> {
        let room = self.room(name);
        if let JoinFrom::After { epoch, .. } = from {
            let is_another = room.is_none_or(|room| room.log.epoch() != epoch);
            if is_another && self.was_closed(epoch) {
                return Err(Refusal::RoomClosed);
            }
            // It does not know yet that it was removed. Whoever does asks from elsewhere.
            if room.is_some_and(|room| room.was_removed(member)) && !cfg!(exchange_bug = "removed-not-told") {
                return Err(Refusal::Kicked);
            }
        }
        if name.is_lobby() { Ok(()) } else { self.spend_request(now, member) }
    }

    /// Counts something that a peer asks for.
    pub(super) fn spend_request(&mut self, now: Time, member: MemberId) -> Result<(), Refusal> {
        let rate = self.limits.requests;
        let member = self.members.get_mut(&member).ok_or(Refusal::NotMember)?;
        member.requests.take(now, rate).map_err(rate_limited)
    }

    /// Whether somebody who is no member may come in.
    fn may_enter(&self, now: Time, peer: PeerId, name: &RoomName, room: Option<&Room>) -> Result<(), Refusal> {
        if let Some(two) = name.direct_between() {
            let Some(other) = two.iter().find(|one| **one != peer).filter(|_| two.contains(&peer)) else {
                return Err(Refusal::NotAllowed);
            };
            return if self.roster.clients_of(*other).next().is_some() { Ok(()) } else { Err(Refusal::NoSuchPeer) };
        }
        let Some(room) = room else { return Ok(()) };
        if let Some(lasts) = room.standing.bans.holds(now, peer) {
            return Err(Refusal::Banned { retry_after_ms: lasts.millis() });
        }
        if room.rules.private && !room.standing.is_guest(peer) {
            return Err(Refusal::Private);
        }
        Ok(())
    }

    /// Makes somebody a member of a room, which is opened if need be; nothing happens if they are one.
    pub(super) fn enter(
        &mut self,
        now: Time,
        member: MemberId,
        name: &RoomName,
        opening: Opening,
        out: &mut Outbox,
    ) -> Result<RoomId, Refusal> {
        let known = self.room(name);
        if let Some(room) = known
            && room.is_member(member)
        {
            return Ok(room.id);
        }
        if known.is_some() && opening == Opening::Private {
            return Err(Refusal::Taken);
        }
        let peer = self.roster.record(member).ok_or(Refusal::NotMember)?.peer;
        if let Err(refusal) = self.may_enter(now, peer, name, known) {
            if let (Refusal::Private, Some(id)) = (refusal, known.map(|room| room.id)) {
                self.knock(now, id, member, out);
            }
            return Err(refusal);
        }
        let (member_count, exhausted) = known.map_or((0, false), |room| (room.size(), room.log.head().is_last()));
        if member_count >= self.limits.members_per_room {
            return Err(Refusal::RoomFull);
        }
        if self.member_rooms(member) >= self.limits.rooms_per_member {
            return Err(Refusal::TooManyRooms);
        }
        if exhausted {
            return Err(Refusal::LogExhausted);
        }
        let id = match known {
            Some(room) => room.id,
            None => self.open(now, peer, name, opening, out)?,
        };
        if let Some(state) = self.members.get_mut(&member) {
            state.rooms.insert(id);
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.enter(member);
            room.standing.admit(peer);
        }
        // There may be too many members for signals now.
        self.signalled.insert(id);
        if let Some(record) = self.roster.record(member) {
            let body = Body::Join { peer: record.peer, producer: record.producer, nick: record.nick.clone() };
            self.append(now, id, member, Cmid::ZERO, body, out);
        }
        // The room of two needs no invitation; it is how the other learns of it.
        let other = name.direct_between().and_then(|two| two.into_iter().find(|other| *other != peer));
        if let (Some(other), Some(room)) = (other, self.rooms.get_mut(&id))
            && !room.standing.is_guest(other)
        {
            room.standing.invite(other);
            self.tell_invited(now, id, member, other, out);
        }
        Ok(id)
    }

    pub(super) fn open(
        &mut self,
        now: Time,
        founder: PeerId,
        name: &RoomName,
        opening: Opening,
        out: &mut Outbox,
    ) -> Result<RoomId, Refusal> {
        let opened = self.rooms.values().filter(|room| room.standing.founder == Some(founder)).count();
        if opened >= self.limits.rooms_per_founder && !name.is_lobby() {
            return Err(Refusal::TooManyRooms);
        }
        if self.rooms.len() >= self.limits.rooms {
            // A room that nobody is in gives way, the one that was opened first.
            let empty = self.rooms.values().find(|room| !room.name.is_lobby() && room.present().next().is_none());
            let empty = empty.map(|room| room.id).ok_or(Refusal::TooManyRooms)?;
            self.close_room(now, empty, out);
        }
        let id = self.next_room;
        self.next_room = RoomId(id.0.checked_add(1).ok_or(Refusal::TooManyRooms)?);
        let epoch = Epoch::from_bytes(self.random.bytes());
        let log = Log::new(epoch, self.limits.history_entries, self.limits.history_bytes);
        let log = if self.identity.is_some() { log.chained() } else { log };
        let mut room = Room::new(id, name.clone(), log, self.limits.signalled);
        let is_direct = name.direct_between().is_some();
        room.rules.private = opening == Opening::Private || is_direct;
        room.standing.founder = Some(founder).filter(|_| !is_direct && !name.is_lobby());
        room.unkept = self.journal.as_ref().map(|_| Unkept::default());
        self.rooms.insert(id, room);
        self.room_ids.insert(name.clone(), id);
        Ok(id)
    }

    /// Ends a membership; whether there was one.
    pub(super) fn depart(
        &mut self,
        now: Time,
        member: MemberId,
        room: RoomId,
        reason: LeaveReason,
        out: &mut Outbox,
    ) -> bool {
        if let Some(state) = self.members.get_mut(&member) {
            state.rooms.remove(&room);
        }
        if !self.rooms.get_mut(&room).is_some_and(|room| room.depart(member)) {
            return false;
        }
        self.append(now, room, member, Cmid::ZERO, Body::Leave { reason }, out);
        true
    }

    fn member_rooms(&self, member: MemberId) -> usize {
        self.members.get(&member).map_or(0, |state| state.rooms.len())
    }
}
