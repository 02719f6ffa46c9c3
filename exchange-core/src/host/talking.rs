//! Messages into logs: each once, in its sender's order, with an outcome for every one.

use super::{Host, OWNER, link::Logged};
use crate::{
    event::{Event, Fields, Message, MessageId},
    ids::{Cmid, MemberId, RoomId, Seq},
    message::{Body, Entry, ToClient},
    name::RoomName,
    reason::{Durability, Outcome, Refusal},
    room::Numbered,
    seam::{LinkId, Outbox},
    time::Time,
};

impl Host {
    pub(super) fn send(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        (room, cmid): (RoomId, Cmid),
        body: Body,
        out: &mut Outbox,
    ) {
        let reject = |refusal| ToClient::Reject { room, cmid, refusal };
        let verdict = body.check(self.limits.text);
        let Some(state) = self.rooms.get_mut(&room) else {
            return self.control(now, link, &reject(Refusal::NotMember), out);
        };
        let exhausted = state.log.head().is_last();
        let Some(membership) = state.membership(member) else {
            return self.control(now, link, &reject(Refusal::NotMember), out);
        };
        let answer = match membership.classify(cmid) {
            Numbered::New => match verdict {
                Ok(()) if exhausted => reject(Refusal::LogExhausted),
                Ok(()) => {
                    membership.logged();
                    let seq = self.append(now, room, member, cmid, body, out);
                    if let (Some(seq), Some(state)) = (seq, self.links.get_mut(&link)) {
                        state.logged.push(Logged { room, cmid, seq });
                        self.touched.push(link);
                    }
                    return;
                }
                Err(refusal) => {
                    membership.refused(refusal);
                    reject(refusal)
                }
            },
            Numbered::Refused(refusal) => reject(refusal),
            Numbered::AfterGap => reject(Refusal::SendGap),
            Numbered::Logged => {
                let seq = state.log.find(member, cmid);
                ToClient::Ack { room, cmid, seq, durability: Durability::Memory }
            }
        };
        self.control(now, link, &answer, out);
    }

    pub(super) fn post_as_owner(
        &mut self,
        now: Time,
        name: &RoomName,
        body: Body,
        out: &mut Outbox,
    ) -> Result<MessageId, Refusal> {
        body.check(self.limits.text)?;
        let id = *self.room_ids.get(name).ok_or(Refusal::NotMember)?;
        let room = self.rooms.get_mut(&id).ok_or(Refusal::NotMember)?;
        if room.log.head().is_last() {
            return Err(Refusal::LogExhausted);
        }
        let membership = room.membership(OWNER).ok_or(Refusal::NotMember)?;
        let cmid = membership.logged();
        let producer = self.roster.record(OWNER).ok_or(Refusal::NotMember)?.producer;
        let seq = self.append(now, id, OWNER, cmid, body, out);
        let id = MessageId { room: name.clone(), producer, cmid };
        let outcome = Outcome::Logged { seq, durability: Durability::Memory };
        out.event(Event::Receipt { id: id.clone(), outcome });
        Ok(id)
    }

    /// The one place where a log grows, unless it has no number left.
    pub(super) fn append(
        &mut self,
        now: Time,
        room: RoomId,
        author: MemberId,
        cmid: Cmid,
        body: Body,
        out: &mut Outbox,
    ) -> Option<Seq> {
        let at = self.wall.read(now);
        let state = self.rooms.get_mut(&room).filter(|room| !room.log.head().is_last())?;
        let seq = state.log.head().next();
        if cfg!(exchange_bug = "ack-before-log") && cmid != Cmid::ZERO && self.grown.contains(&room) {
            return Some(seq);
        }
        let entry = Entry { room, seq, author, cmid, at: state.stamp(at), body };
        let told = state.is_member(OWNER).then(|| (state.name.clone(), entry.clone()));
        if let Some(member) = self.members.get_mut(&author) {
            member.entries += 1;
        }
        let members = &mut self.members;
        state.log.append(entry, |forgotten| {
            if let Some(member) = members.get_mut(&forgotten) {
                member.entries -= 1;
            }
        });
        self.grown.insert(room);
        if let Some((name, entry)) = told {
            self.tell_owner(name, entry, out);
        }
        Some(seq)
    }

    /// The host is a participant: what the others read from their links, it is told as it happens.
    fn tell_owner(&self, room: RoomName, entry: Entry, out: &mut Outbox) {
        let Some(record) = self.roster.record(entry.author) else { return };
        let Some(peer) = self.roster.peer(entry.author) else { return };
        let Entry { seq, at, cmid, body, author, .. } = entry;
        let mine = author == OWNER;
        out.event(match body {
            Body::Join { .. } | Body::Leave { .. } if mine => return,
            Body::Join { .. } => Event::PeerJoined { room, peer, seq, replayed: false },
            Body::Leave { reason } => Event::PeerLeft { room, peer, reason, seq, replayed: false },
            body => Event::Message(Message::new(Fields {
                id: MessageId { room, producer: record.producer, cmid },
                seq,
                sender: peer,
                at,
                body,
                mine,
                replayed: false,
            })),
        });
    }
}
