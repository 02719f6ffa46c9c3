//! How far members are, and who is typing: taken in, and told to the others of the room in time.

use super::{Alarm, Host, OWNER};
use crate::{
    event::{Event, Peer, SeenBy},
    ids::{MemberId, RoomId, Seq},
    name::RoomName,
    reason::Violation,
    room::Seen,
    seam::{LinkId, Outbox},
    time::Time,
};

impl Host {
    /// Who has the message at a place in a room's log; `None` if it is not kept, or there are too many members for
    /// them to say so.
    pub fn seen_by(&self, room: &RoomName, seq: Seq) -> Option<SeenBy> {
        let room = self.room(room).filter(|room| !room.signals.are_off())?;
        let author = self.roster.record(room.author(seq)?)?.peer;
        let members = room.present().filter_map(|member| Some((self.roster.peer(member)?, room.signals.seen(member))));
        Some(SeenBy::count(seq, author, members))
    }

    /// Who is typing in a room, the host itself aside.
    pub fn typing(&self, room: &RoomName) -> impl Iterator<Item = Peer> + '_ {
        let told = self.room(room).into_iter().flat_map(|room| room.signals.told());
        let typing = told.filter(|(member, latest)| *member != OWNER && latest.typing.is_some());
        typing.filter_map(|(member, _)| self.roster.peer(member))
    }

    /// A member says how far it is.
    pub(super) fn seen(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        room: RoomId,
        seen: Seen,
        out: &mut Outbox,
    ) {
        if !seen.is_sound() {
            return self.close_link(now, link, Violation::Malformed.into(), out);
        }
        // Of a room that it was in until just now it may not know yet that it is not.
        let Some(cursor) = self.links.get(&link).and_then(|link| link.cursor(room)) else { return };
        if seen.delivered > cursor.after {
            return self.close_link(now, link, Violation::Unexpected.into(), out);
        }
        if let Some(room) = self.rooms.get_mut(&room)
            && room.signals.see(member, seen)
        {
            self.signalled.insert(room.id);
        }
    }

    /// A member says whether it is typing. Of one that may not say anything nobody is told.
    pub(super) fn types(&mut self, now: Time, link: LinkId, member: MemberId, room: RoomId, typing: bool) {
        if self.links.get(&link).is_some_and(|link| link.cursor(room).is_some()) {
            self.note_typing(now, member, room, typing);
        }
    }

    fn note_typing(&mut self, now: Time, member: MemberId, room: RoomId, typing: bool) {
        let may_speak = self.rooms.get(&room).is_some_and(|room| self.may_speak(now, room, member));
        let until = (typing && may_speak).then(|| now + self.timing.typing);
        if let Some(room) = self.rooms.get_mut(&room)
            && room.signals.typing(member, until)
        {
            self.signalled.insert(room.id);
        }
    }

    /// A member's link is gone: whoever it speaks for types nowhere.
    pub(super) fn stop_typing(&mut self, member: MemberId) {
        let rooms = self.members.get(&member).into_iter().flat_map(|state| &state.rooms);
        for room in rooms {
            if let Some(room) = self.rooms.get_mut(room)
                && room.signals.is_typing(member)
                && room.signals.typing(member, None)
            {
                self.signalled.insert(room.id);
            }
        }
    }

    pub(super) fn read_as_owner(&mut self, name: &RoomName, up_to: Seq) {
        let Some(room) = self.room_ids.get(name).and_then(|id| self.rooms.get_mut(id)) else { return };
        room.reading.read(up_to);
        let head = room.log.head();
        if self.own.tells_read() && room.is_member(OWNER) {
            let seen = Seen { after: Seq::ZERO, delivered: head, read: Some(up_to.min(head)) };
            if room.signals.see(OWNER, seen) {
                self.signalled.insert(room.id);
            }
        }
    }

    pub(super) fn type_as_owner(&mut self, now: Time, name: &RoomName, typing: bool) {
        let room = self.room(name).filter(|room| room.is_member(OWNER));
        if let Some(room) = room.map(|room| room.id) {
            self.note_typing(now, OWNER, room, typing);
        }
    }

    /// Tells the rooms in which somebody signalled something, those whose turn it is; the others when it is.
    pub(super) fn tell_signals(&mut self, now: Time, out: &mut Outbox) {
        while let Some(id) = self.signalled.pop_first() {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            let (changes, next) = room.signals.tell(now, self.timing.pace);
            match next {
                Some(at) => self.timers.set(Alarm::Signals(id), at),
                None => self.timers.cancel(Alarm::Signals(id)),
            }
            if !changes.is_empty() {
                self.grown.insert(id);
            }
            for change in changes.iter().filter(|change| change.member != OWNER) {
                if change.before.seen != change.now.seen {
                    self.tell_owner_of_seen(id, change.member, change.now.seen, out);
                }
                if change.before.typing.is_some() != change.now.typing.is_some() {
                    self.tell_owner_of_typing(id, change.member, change.now.typing.is_some(), out);
                }
            }
        }
    }

    fn tell_owner_of_seen(&self, room: RoomId, member: MemberId, seen: Seen, out: &mut Outbox) {
        if let Some((room, peer)) = self.as_owner_sees(room, member) {
            out.event(Event::Seen { room, peer, delivered: seen.delivered, read: seen.read });
        }
    }

    pub(super) fn tell_owner_of_typing(&self, room: RoomId, member: MemberId, typing: bool, out: &mut Outbox) {
        if let Some((room, peer)) = self.as_owner_sees(room, member).filter(|_| member != OWNER) {
            out.event(Event::Typing { room, peer, typing });
        }
    }

    fn as_owner_sees(&self, room: RoomId, member: MemberId) -> Option<(RoomName, Peer)> {
        let room = self.rooms.get(&room).filter(|room| room.is_member(OWNER))?;
        Some((room.name.clone(), self.roster.peer(member)?))
    }
}
