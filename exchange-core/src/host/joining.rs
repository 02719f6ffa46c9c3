//! Joining and leaving rooms.

use super::{Host, OWNER, link::Cursor};
use crate::{
    event::Event,
    ids::{Cmid, Epoch, MemberId, RoomId, Seq},
    message::{Body, JoinFrom, LeaveReason, ToClient},
    name::RoomName,
    reason::{CloseReason, Refusal, Violation},
    room::{Log, Room},
    seam::{LinkId, Outbox},
    time::Time,
};

impl Host {
    pub(super) fn join(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        name: &RoomName,
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
        let before =
            self.room_ids.get(name).and_then(|id| self.rooms.get(id)).map_or(Seq::ZERO, |room| room.log.head());
        let room = match self.enter(now, member, name, out) {
            Ok(room) => room,
            // Who cannot be in the lobby cannot be in the session.
            Err(_) if name.is_lobby() => return self.close_link(now, link, CloseReason::Full, out),
            Err(refusal) => {
                let refused = ToClient::JoinRefused { room: name.clone(), refusal };
                return self.control(now, link, &refused, out);
            }
        };
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let Some(state) = self.links.get_mut(&link) else { return };
        let Some(encoding) = state.encoding() else { return };
        room.log.offer(encoding);
        let any_log = cfg!(exchange_bug = "epoch-not-compared");
        let resumed = matches!(from, JoinFrom::After { epoch, .. } if epoch == room.log.epoch() || any_log);
        let known = room.resume_numbering(member, settled, sent, resumed);
        let after = match from {
            JoinFrom::Head => before,
            JoinFrom::Last(entries) => before.back(u64::from(entries)).max(room.log.tail()),
            JoinFrom::After { seq, .. } if resumed => seq.min(before),
            JoinFrom::Start => room.log.tail(),
            JoinFrom::After { .. } => Seq::ZERO,
        };
        let after = if cfg!(exchange_bug = "resume-one-back") && resumed { after.back(1) } else { after };
        let after = if cfg!(exchange_bug = "resume-skips-one") && resumed { after.next() } else { after };
        room.subscribe(link);
        state.cursors.retain(|cursor| cursor.room != room.id);
        state.cursors.push(Cursor { room: room.id, after, unannounced: Some(known), members_told: Seq::ZERO });
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

    pub(super) fn join_as_owner(&mut self, now: Time, name: &RoomName, out: &mut Outbox) -> Result<(), Refusal> {
        let id = self.enter(now, OWNER, name, out)?;
        let name = self.rooms.get(&id).map_or(name, |room| &room.name).clone();
        let members = self.members(&name).collect();
        out.event(Event::RoomJoined { room: name, members, resumed: false });
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
        out.event(Event::RoomLeft { room: name.clone() });
        Ok(())
    }

    /// Makes somebody a member of a room, which is opened if need be; nothing happens if they are one.
    pub(super) fn enter(
        &mut self,
        now: Time,
        member: MemberId,
        name: &RoomName,
        out: &mut Outbox,
    ) -> Result<RoomId, Refusal> {
        let known = self.room_ids.get(name).and_then(|id| self.rooms.get(id));
        if let Some(room) = known
            && room.is_member(member)
        {
            return Ok(room.id);
        }
        let (member_count, exhausted) =
            known.map_or((0, false), |room| (room.present().count(), room.log.head().is_last()));
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
            None => self.open(name)?,
        };
        if let Some(state) = self.members.get_mut(&member) {
            state.rooms.insert(id);
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.enter(member);
        }
        if let Some(record) = self.roster.record(member) {
            let body = Body::Join { peer: record.peer, producer: record.producer, nick: record.nick.clone() };
            self.append(now, id, member, Cmid::ZERO, body, out);
        }
        Ok(id)
    }

    fn open(&mut self, name: &RoomName) -> Result<RoomId, Refusal> {
        if self.rooms.len() >= self.limits.rooms {
            return Err(Refusal::TooManyRooms);
        }
        let id = self.next_room;
        self.next_room = RoomId(id.0.checked_add(1).ok_or(Refusal::TooManyRooms)?);
        let epoch = Epoch::from_bytes(self.random.bytes());
        let log = Log::new(epoch, self.limits.history_entries, self.limits.history_bytes);
        self.rooms.insert(id, Room::new(id, name.clone(), log));
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
