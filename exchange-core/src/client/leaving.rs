//! Leaving a room, or the session, and what becomes of the messages that wait there.

use core::mem;

use super::{Client, State, room::Room};
use crate::{
    event::{Ended, Event, MessageId},
    ids::{Cmid, RoomId},
    message::ToHost,
    name::RoomName,
    reason::{CloseReason, Outcome, Refusal},
    seam::{Effect, Outbox},
};

impl Client {
    pub(super) fn leave(&mut self, name: &RoomName, out: &mut Outbox) -> Result<(), Refusal> {
        if name.is_lobby() {
            return Err(Refusal::Lobby);
        }
        let room = self.rooms.remove(name).ok_or(Refusal::NotMember)?;
        self.numbered.insert(name.clone(), room.last_number());
        if let Some(number) = room.number().filter(|_| !room.is_asked()) {
            self.part(number, name.clone());
        } else if room.was_asked() {
            self.parting.insert(name.clone(), room.is_asked());
        } else if !self.parting.contains_key(name) {
            out.event(Event::RoomLeft { room: name.clone() });
        }
        if !cfg!(exchange_bug = "left-messages-vanish") {
            self.discard(name, room, Refusal::NotMember, out);
        }
        Ok(())
    }

    /// Tells the host that a room is left, now or when it is there again; it says so in turn.
    pub(super) fn part(&mut self, number: RoomId, name: RoomName) {
        self.room_names.remove(&number);
        self.leaving.insert(number, name);
        if let State::Linked(link) = &mut self.state
            && link.is_live()
        {
            link.say(&ToHost::Leave { room: number });
        }
    }

    /// Gives every message that waits in a room that is no more its outcome: those that were ever sent may be logged.
    pub(super) fn discard(&mut self, name: &RoomName, room: Room, refusal: Refusal, out: &mut Outbox) {
        self.changes_room(name);
        self.paging.fail(name, refusal, out);
        let sent = room.sent();
        self.settle_all(
            name,
            room,
            |cmid| if cmid <= sent { Outcome::Unknown } else { Outcome::Refused(refusal) },
            out,
        );
    }

    fn settle_all(&mut self, name: &RoomName, room: Room, outcome: impl Fn(Cmid) -> Outcome, out: &mut Outbox) {
        for (cmid, bytes) in room.into_unsettled() {
            self.pending -= 1;
            self.pending_bytes -= bytes;
            let id = MessageId { room: name.clone(), producer: self.producer, cmid };
            out.event(Event::Receipt { id, outcome: outcome(cmid) });
        }
    }

    pub(super) fn close(&mut self, cause: Ended, out: &mut Outbox) {
        match mem::replace(&mut self.state, State::Closed) {
            State::Closed => return,
            State::Linked(link) => {
                if let Ended::Here(reason) = cause {
                    link.goodbye(reason, out);
                } else {
                    out.close(link.id, CloseReason::Left);
                }
            }
            State::Idle | State::Waiting => {}
        }
        self.alarms.clear();
        // What is kept is so as it is now, for whoever goes on with it.
        self.collect_rooms();
        for (name, room) in mem::take(&mut self.rooms) {
            if self.journal.is_some() {
                self.paging.fail(&name, Refusal::Closed, out);
                self.settle_all(&name, room, |_| Outcome::Kept, out);
            } else {
                self.discard(&name, room, Refusal::Closed, out);
            }
        }
        out.event(Event::Closed { cause });
    }

    /// Nothing is said to the host that could not be kept; what it said is told.
    pub(super) fn lose_store(&mut self, began: usize, out: &mut Outbox) {
        let Some(kept) = self.journal.take() else { return };
        let held = kept.journal.into_held().chain(out.split_off(began));
        let told = held.filter(|effect| matches!(effect, Effect::Event(_) | Effect::Close { .. })).collect();
        out.extend(told);
        self.close(Ended::Here(CloseReason::StoreFailed), out);
    }
}
