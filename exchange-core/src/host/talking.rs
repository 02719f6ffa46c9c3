//! Messages into logs: each once, in its sender's order, with an outcome for every one.

use alloc::boxed::Box;

use super::{Host, OWNER, budget::Asked, joining::rate_limited, link::Logged, news::News};
use crate::{
    digest::Digest,
    event::{Event, MessageId},
    ids::{Cmid, MemberId, RoomId, Seq},
    message::{Body, Commitment, Entry, Mentions, ToClient},
    name::RoomName,
    reason::{CloseReason, Outcome, Refusal, Violation},
    room::{Committed, Numbered},
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
        (body, commitment): (Body, Option<Box<Commitment>>),
        out: &mut Outbox,
    ) {
        let reject = |refusal| ToClient::Reject { room, cmid, refusal };
        let Ok(digest) = self.check_signed((room, member), cmid, &body, commitment) else {
            return self.close_link(now, link, Violation::Unsigned.into(), out);
        };
        self.changes_room(room);
        let state = self.rooms.get_mut(&room);
        let Some(numbered) = state.and_then(|room| Some(room.membership(member)?.classify(cmid))) else {
            return self.control(now, link, &reject(Refusal::NotMember), out);
        };
        let answer = match numbered {
            Numbered::New => match self.take_next(now, link, member, (room, cmid), (body, digest), out) {
                Ok(()) => return,
                Err(refusal) if self.ignores(now, link, Asked::Message(room, cmid), refusal) => {
                    return self.close_link(now, link, CloseReason::Flood, out);
                }
                Err(refusal) => reject(refusal),
            },
            Numbered::Refused(refusal) => reject(refusal),
            Numbered::AfterGap => reject(Refusal::SendGap),
            Numbered::Logged => {
                let seq = self.rooms.get(&room).and_then(|room| room.log.find(member, cmid));
                ToClient::Ack { room, cmid, seq }
            }
        };
        self.control(now, link, &answer, out);
    }

    /// Checks that a member has signed a message, where members do; gives the message's digest if it took one to tell. That
    /// the signature is theirs everybody finds out who reads it: to a host, which knows who is at the other end, it proves
    /// nothing.
    fn check_signed(
        &mut self,
        (room, member): (RoomId, MemberId),
        cmid: Cmid,
        body: &Body,
        commitment: Option<Box<Commitment>>,
    ) -> Result<Option<Digest>, Violation> {
        let Some(room) = self.rooms.get_mut(&room).filter(|room| room.log.is_chained()) else { return Ok(None) };
        if self.roster.record(member).is_none_or(|record| record.identity.is_none()) {
            return Ok(None);
        }
        if let Some(new) = &commitment {
            // Whoever has seen another log than this one was not told of it here.
            let is_seen = room.log.chain_at(new.seen).is_none_or(|chain| chain.short() == new.chain);
            if !new.is_sound() || new.seen > room.log.head() || !is_seen {
                return Err(Violation::Unsigned);
            }
        }
        // Of somebody who is no member, nothing is logged.
        let Some(membership) = room.membership(member) else { return Ok(None) };
        if let Some(new) = commitment {
            membership.said().committed = Some(Committed::new(new));
        }
        let digest = body.digest();
        let is_covered = membership.said().committed.as_ref().is_some_and(|new| new.covers(cmid, digest.short()));
        if is_covered { Ok(Some(digest)) } else { Err(Violation::Unsigned) }
    }

    /// Logs a member's next message.
    ///
    /// # Errors
    ///
    /// Why not. Where that may be otherwise when it is sent again, its number is not used up.
    fn take_next(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        (room, cmid): (RoomId, Cmid),
        (body, digest): (Body, Option<Digest>),
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let rate = self.limits.messages;
        let budget = &mut self.members.get_mut(&member).ok_or(Refusal::NotMember)?.messages;
        let limited = budget.take(now, rate).map_err(rate_limited);
        if let Err(refusal) = limited
            && cfg!(exchange_bug = "limit-uses-number")
        {
            let state = self.rooms.get_mut(&room).ok_or(Refusal::NotMember)?;
            state.membership(member).ok_or(Refusal::NotMember)?.refused(refusal);
        }
        limited?;
        if let Some(state) = self.links.get_mut(&link) {
            state.postponed.granted();
        }
        let verdict = self.permit(now, room, member, &body);
        let state = self.rooms.get_mut(&room).ok_or(Refusal::NotMember)?;
        let (exhausted, begun) = (state.log.head().is_last(), state.begun);
        let membership = state.membership(member).ok_or(Refusal::NotMember)?;
        match verdict {
            Err(refusal) => {
                membership.refused(refusal);
                if cfg!(exchange_bug = "refused-counts-as-said") {
                    membership.said().last = Some(now);
                }
                return Err(refusal);
            }
            Ok(()) if exhausted => return Err(Refusal::LogExhausted),
            Ok(()) => membership.logged(),
        };
        let said = membership.said();
        said.last = Some(now);
        let committed = said.committed.as_mut();
        let commitment = committed.and_then(|committed| committed.for_entry(begun));
        let body = self.name_target(body);
        let act = body.act().cloned();
        let seq = self.append_signed(now, room, (member, cmid), (body, digest, commitment), out);
        if let (Some(seq), Some(state)) = (seq, self.links.get_mut(&link)) {
            state.logged.push(Logged { room, cmid, seq });
            self.touched.push(link);
        }
        if let Some(act) = act {
            self.follow(now, room, member, act, out);
        }
        Ok(())
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
        if !self.rooms.get(&id).is_some_and(|room| room.is_member(OWNER)) {
            return Err(Refusal::NotMember);
        }
        self.permit(now, id, OWNER, &body)?;
        let room = self.rooms.get_mut(&id).ok_or(Refusal::NotMember)?;
        if room.log.head().is_last() {
            return Err(Refusal::LogExhausted);
        }
        let membership = room.membership(OWNER).ok_or(Refusal::NotMember)?;
        let cmid = membership.logged();
        let producer = self.roster.record(OWNER).ok_or(Refusal::NotMember)?.producer;
        let body = self.name_target(body);
        let act = body.act().cloned();
        let seq = self.append(now, id, OWNER, cmid, body, out);
        let message = MessageId { room: name.clone(), producer, cmid };
        let outcome = Outcome::Logged { seq, durability: self.durability() };
        out.event(Event::Receipt { id: message.clone(), outcome });
        if let Some(act) = act {
            self.follow(now, id, OWNER, act, out);
        }
        Ok(message)
    }

    /// Logs what nobody has to sign: the host vouches for it.
    pub(super) fn append(
        &mut self,
        now: Time,
        room: RoomId,
        author: MemberId,
        cmid: Cmid,
        body: Body,
        out: &mut Outbox,
    ) -> Option<Seq> {
        self.append_signed(now, room, (author, cmid), (body, None, None), out)
    }

    /// The one place where a log grows, unless it has no number left.
    fn append_signed(
        &mut self,
        now: Time,
        room: RoomId,
        (author, cmid): (MemberId, Cmid),
        (body, digest, commitment): (Body, Option<Digest>, Option<Box<Commitment>>),
        out: &mut Outbox,
    ) -> Option<Seq> {
        let at = self.wall.read(now);
        let until = self.kept_until(now, at);
        let state = self.rooms.get_mut(&room).filter(|room| !room.log.head().is_last())?;
        let seq = state.log.head().next();
        if cfg!(exchange_bug = "ack-before-log") && cmid != Cmid::ZERO && self.grown.contains(&room) {
            return Some(seq);
        }
        let (change, is_news) = (body.changes().is_some().then(|| body.clone()), News::is(&body));
        let entry = Entry { room, seq, author, cmid, at: state.stamp(at), body, commitment, blanked: None };
        if let Some(member) = self.members.get_mut(&author) {
            member.entries += 1;
        }
        let (members, was_empty) = (&mut self.members, state.log.is_empty());
        let who = || self.roster.record(author).map(|record| (record.peer, record.producer));
        let entry = state.log.append(entry, digest, who, until, |forgotten| {
            if let Some(member) = members.get_mut(&forgotten) {
                member.entries -= 1;
            }
        });
        let told = state.is_member(OWNER).then(|| (state.name.clone(), entry));
        if is_news {
            self.news.of(room);
        } else {
            self.grown.insert(room);
        }
        let stops_typing = cmid != Cmid::ZERO && state.signals.said(now, author);
        if let Some(change) = change
            && let Some(record) = self.roster.record(author)
        {
            state.change(seq, record.peer, &change);
        }
        if was_empty {
            self.watch_age(room);
        }
        if stops_typing {
            self.tell_owner_of_typing(room, author, false, out);
        }
        // What the others read from their links, the host is told as it happens.
        if let Some(event) = told.and_then(|(name, entry)| self.told_of(name, entry, false)) {
            let me = self.roster.record(OWNER).map(|record| record.peer);
            if let (Some(room), Some(me)) = (self.rooms.get_mut(&room), me) {
                room.reading.take(&event, me);
            }
            out.event(event);
        }
        Some(seq)
    }

    /// What an entry tells the host itself, which is a participant like everybody.
    pub(super) fn told_of(&self, room: RoomName, entry: Entry, replayed: bool) -> Option<Event> {
        let record = self.roster.record(entry.author)?;
        let mine = entry.author == OWNER;
        if mine && matches!(entry.body, Body::Join { .. } | Body::Leave { .. }) {
            return None;
        }
        Some(Event::of_entry(room, entry, record.author(mine), replayed))
    }
}
