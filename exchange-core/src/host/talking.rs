//! Messages into logs: each once, in its sender's order, with an outcome for every one.

use super::{Host, OWNER, link::Logged};
use crate::{
    event::{Event, Fields, MessageId},
    ids::{Cmid, MemberId, RoomId, Seq},
    limits::Limits,
    message::{Body, Entry, Mentions, ToClient},
    name::RoomName,
    presence::Roster,
    reason::{Durability, Outcome, Refusal},
    room::{Numbered, Room},
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
        let Some(state) = self.rooms.get_mut(&room) else {
            return self.control(now, link, &reject(Refusal::NotMember), out);
        };
        let verdict = check(&self.limits, &self.roster, state, member, &body);
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
        let body = body.with_mentions(|text| Mentions::resolve(text, self.members(name)));
        let id = *self.room_ids.get(name).ok_or(Refusal::NotMember)?;
        let room = self.rooms.get_mut(&id).ok_or(Refusal::NotMember)?;
        if !room.is_member(OWNER) {
            return Err(Refusal::NotMember);
        }
        check(&self.limits, &self.roster, room, OWNER, &body)?;
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
        let change = body.changes().is_some().then(|| body.clone());
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
        if let Some(change) = change
            && let Some(record) = self.roster.record(author)
        {
            state.change(seq, record.peer, &change);
        }
        // What the others read from their links, the host is told as it happens.
        if let Some(event) = told.and_then(|(name, entry)| self.told_of(name, entry)) {
            out.event(event);
        }
        Some(seq)
    }

    /// What an entry tells the host itself, which is a participant like everybody.
    pub(super) fn told_of(&self, room: RoomName, entry: Entry) -> Option<Event> {
        let Entry { seq, at, cmid, body, author, .. } = entry;
        let (peer, producer) = (self.roster.peer(author)?, self.roster.record(author)?.producer);
        let mine = author == OWNER;
        Some(match body {
            Body::Join { .. } | Body::Leave { .. } if mine => return None,
            Body::Join { .. } => Event::PeerJoined { room, peer, seq, replayed: false },
            Body::Leave { reason } => Event::PeerLeft { room, peer, reason, seq, replayed: false },
            Body::Rename { before, .. } => Event::Renamed { room, peer, before, seq, replayed: false },
            body => {
                let id = MessageId { room, producer, cmid };
                Event::said(Fields { id, seq, sender: peer, at, body, mine, replayed: false })
            }
        })
    }
}

/// Whether a member may make this entry.
fn check(limits: &Limits, roster: &Roster, room: &Room, member: MemberId, body: &Body) -> Result<(), Refusal> {
    body.check(limits.text)?;
    let peer = roster.record(member).ok_or(Refusal::NotMember)?.peer;
    room.admit(member, peer, body, limits.reactions)
}
