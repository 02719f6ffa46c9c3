//! Which rooms there are, as far as somebody may know.

use alloc::vec::Vec;
use core::ops::Bound;

use super::{Host, OWNER, budget::Asked};
use crate::{
    event::Event,
    ids::{MemberId, PeerId},
    message::{RoomSummary, ToClient},
    name::RoomName,
    reason::CloseReason,
    room::Room,
    seam::{LinkId, Outbox},
    text::Text,
    time::Time,
};

/// Rooms told of at once: all that is known of so many fits into a frame whatever their topics are made of.
const PAGE: usize = 32;

impl Host {
    pub(super) fn list(&mut self, now: Time, link: LinkId, member: MemberId, after: Option<&Text>, out: &mut Outbox) {
        let after = match after.map(|after| RoomName::new(after)).transpose() {
            Ok(after) => after,
            Err(error) => return self.close_link(now, link, CloseReason::Name(error), out),
        };
        if let Err(refusal) = self.spend_request(now, member) {
            if self.ignores(now, link, Asked::List, refusal) {
                return self.close_link(now, link, CloseReason::Flood, out);
            }
            return self.control(now, link, &ToClient::ListRefused { refusal }, out);
        }
        let Some(peer) = self.roster.record(member).map(|record| record.peer) else { return };
        let mut rooms: Vec<RoomSummary> = self.listed(member, peer, after.as_ref()).take(PAGE + 1).collect();
        let more = rooms.len() > PAGE;
        rooms.truncate(PAGE);
        self.control(now, link, &ToClient::Rooms { rooms, more }, out);
    }

    pub(super) fn list_for_owner(&self, out: &mut Outbox) {
        if let Some(record) = self.roster.record(OWNER) {
            out.event(Event::Rooms { rooms: self.listed(OWNER, record.peer, None).collect() });
        }
    }

    fn listed(
        &self,
        member: MemberId,
        peer: PeerId,
        after: Option<&RoomName>,
    ) -> impl Iterator<Item = RoomSummary> + '_ {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rooms = self.room_ids.range((from, Bound::Unbounded)).filter_map(|(_, id)| self.rooms.get(id));
        rooms.filter(move |room| may_know(member, peer, room)).map(|room| RoomSummary {
            name: room.name.clone(),
            topic: room.topic.clone(),
            members: u32::try_from(room.size()).unwrap_or(u32::MAX),
            private: room.rules.private,
        })
    }
}

fn may_know(member: MemberId, peer: PeerId, room: &Room) -> bool {
    cfg!(exchange_bug = "private-rooms-listed")
        || !room.rules.private
        || room.is_member(member)
        || room.standing.is_guest(peer)
}
