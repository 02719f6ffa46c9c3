//! Whether somebody is told of the rooms there are, as far as they may know.

use exchange_core::{MemberId, PeerId, RoomSummary, Seq};

use super::{Check, Invariant, model::Model};

impl Model {
    /// Whether that is all that somebody may know of rooms. What a host has forgotten of somebody who `is_back` it cannot
    /// go by.
    pub(super) fn lists(&self, member: MemberId, peer: PeerId, is_back: bool, rooms: &[RoomSummary]) -> Check {
        let wrong = |what: String| Err((Invariant::S34, format!("{peer} is told of {rooms:?}: {what}")));
        if !rooms.is_sorted_by(|one, next| one.name < next.name) {
            return wrong("they are in no order".into());
        }
        for room in rooms {
            let Some(epoch) = self.open.get(&room.name) else {
                if self.has_closed(&room.name) {
                    continue;
                }
                return wrong(format!("there is no {:?}", room.name));
            };
            let Some(log) = self.logs.get(epoch).filter(|log| log.is_certain) else { continue };
            let is_as_told = |at| {
                let rules = log.deeds.rules(at);
                let may_know = !rules.private || log.deeds.is_member(member, at) || log.is_guest(peer, at);
                let members = log.deeds.members(at);
                may_know
                    && (room.private, room.topic.as_ref(), room.members as usize)
                        == (rules.private, log.deeds.topic(at), members)
            };
            if !self.sometimes(*epoch, is_as_told) {
                return wrong(format!("{:?} is otherwise, or secret", room.name));
            }
        }
        for (name, epoch) in &self.open {
            let Some(log) = self.logs.get(epoch).filter(|log| log.is_certain) else { continue };
            let is_new = self.span(*epoch).0 == Seq::ZERO;
            if is_new || rooms.iter().any(|room| room.name == *name) {
                continue;
            }
            let may_know = |at| {
                let is_known = !log.deeds.rules(at).private || log.deeds.is_member(member, at);
                is_known || (!is_back && log.is_guest(peer, at))
            };
            if self.always(*epoch, may_know) {
                return wrong(format!("{name:?} is missing"));
            }
        }
        Ok(())
    }
}
