//! What is done in rooms beside talking, and what is done to this client.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Alarm, Client};
use crate::{
    event::{Event, Peer},
    ids::{Cmid, MemberId, PeerId, ProducerId, RoomId, Seq},
    message::{Act, RoomSummary, Rules},
    name::{Remark, RoomName},
    reason::{Outcome, Refusal, Violation},
    seam::Outbox,
    time::Time,
};

/// More rooms than any host tells of; a host that tells of more is not believed.
const MAX_LISTED: usize = 16_384;

/// The longest that a host can have a client wait before it asks again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The rooms that a host tells of, page by page.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) is_asked: bool,
    pub(super) rooms: Vec<RoomSummary>,
}

impl Client {
    /// What a room it is in is about.
    pub fn topic(&self, room: &RoomName) -> Option<&Remark> {
        self.rooms.get(room)?.topic.as_ref()
    }

    /// Who opened a room it is in, and moderates it; nobody did the lobby, nor a room of two.
    pub fn founder(&self, room: &RoomName) -> Option<PeerId> {
        self.rooms.get(room)?.founder
    }

    /// The rules of a room it is in.
    pub fn rules(&self, room: &RoomName) -> Option<Rules> {
        let room = self.rooms.get(room)?;
        room.place().map(|_| room.rules)
    }

    pub(super) fn acted(
        &mut self,
        name: RoomName,
        (by, producer): (Peer, ProducerId),
        (seq, cmid, replayed): (Seq, Cmid, bool),
        act: Act,
        out: &mut Outbox,
    ) {
        if (by.id, producer) == (self.peer, self.producer) {
            self.settle(&name, cmid, self.logged(Some(seq)), out);
        }
        let removed: Vec<MemberId> = match &act {
            Act::Kick { who, .. } | Act::Ban { who, .. } => {
                let records = self.roster.values().filter(|record| record.peer == who.id);
                records.map(|record| record.member).collect()
            }
            _ => Vec::new(),
        };
        for member in removed {
            if let Some(room) = self.rooms.get_mut(&name) {
                room.change(member, false, seq);
            }
            self.forget_signals(&name, member, out);
        }
        let Some(room) = self.rooms.get_mut(&name) else { return };
        room.follow(&act, seq);
        if cmid == Cmid::ZERO || room.given.is_first((by.id, producer), cmid, seq) {
            out.event(Event::Acted { room: name, by, act, seq, replayed });
        }
    }

    /// This client is not a member of a room any more. Of what it said there, nothing can be told any more.
    pub(super) fn removed(
        &mut self,
        number: RoomId,
        refusal: Refusal,
        reason: Option<Remark>,
        out: &mut Outbox,
    ) -> Result<(), Violation> {
        let Some(name) = self.room_of(number)? else { return Ok(()) };
        if name.is_lobby() {
            return Err(Violation::Unexpected);
        }
        self.room_names.remove(&number);
        if !cfg!(exchange_bug = "lost-room-not-known") {
            self.lost.insert(number);
        }
        let room = self.rooms.remove(&name).ok_or(Violation::Unexpected)?;
        self.numbered.insert(name.clone(), room.last_number());
        self.discard(&name, room, Refusal::NotMember, out);
        out.event(Event::Removed { room: name, why: refusal, reason });
        Ok(())
    }

    /// A message was turned down: for good, or for now.
    pub(super) fn rejected(&mut self, now: Time, name: &RoomName, cmid: Cmid, refusal: Refusal, out: &mut Outbox) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        match refusal {
            Refusal::RateLimited { retry_after_ms } => {
                room.take_back(cmid);
                self.pause(now, retry_after_ms);
            }
            // Those that were sent after one that is to be sent again, and will be sent again as well.
            Refusal::SendGap if room.took_back() => {}
            refusal => self.settle(name, cmid, Outcome::Refused(refusal), out),
        }
    }

    /// The host wants to be asked for a room later.
    pub(super) fn ask_later(&mut self, now: Time, name: &RoomName, retry_after_ms: u64) -> Result<(), Violation> {
        if let Some(asked) = self.parting.get_mut(name) {
            *asked = false;
        } else {
            let room = self.rooms.get_mut(name).filter(|room| room.is_asked() && !name.is_lobby());
            room.ok_or(Violation::Unexpected)?.unask();
        }
        self.pause(now, retry_after_ms);
        Ok(())
    }

    /// Says nothing more that the host would have to take, until it is willing to.
    pub(super) fn pause(&mut self, now: Time, millis: u64) {
        self.is_paused = true;
        self.alarms.set(Alarm::Pause, now + Duration::from_millis(millis.max(1)).min(LONGEST_PAUSE));
    }

    pub(super) fn listed(&mut self, rooms: Vec<RoomSummary>, more: bool, out: &mut Outbox) -> Result<(), Violation> {
        let listing = self.listing.as_mut().filter(|listing| listing.is_asked).ok_or(Violation::Unexpected)?;
        listing.is_asked = false;
        let more = more && !rooms.is_empty();
        listing.rooms.extend(rooms);
        if listing.rooms.len() > MAX_LISTED {
            return Err(Violation::TooMuch);
        }
        if let Some(listing) = self.listing.take_if(|_| !more) {
            out.event(Event::Rooms { rooms: listing.rooms });
        }
        Ok(())
    }

    pub(super) fn list_refused(&mut self, now: Time, refusal: Refusal) -> Result<(), Violation> {
        let Refusal::RateLimited { retry_after_ms } = refusal else { return Err(Violation::Unexpected) };
        self.listing.as_mut().filter(|listing| listing.is_asked).ok_or(Violation::Unexpected)?.is_asked = false;
        self.pause(now, retry_after_ms);
        Ok(())
    }
}
