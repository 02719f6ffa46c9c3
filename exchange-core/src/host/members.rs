//! What a host keeps of each member beside its record in the roster: its link, its tokens, its rooms.

use alloc::{boxed::Box, collections::BTreeSet, vec::Vec};

use super::{Alarm, Host, OWNER, budget::Budget, presence::Wish, tokens::Tokens};
use crate::{
    event::{Ended, Peer},
    ids::{MemberId, PeerId, RoomId, Token},
    message::{Encoding, Hello, LeaveReason, MemberRecord, Status, ToClient, Welcome},
    name::Nick,
    reason::{CloseReason, Violation},
    seam::{LinkId, Outbox},
    time::Time,
};

#[derive(Debug)]
pub(super) struct Member {
    link: Option<LinkId>,
    pub(super) attempt: u32,
    pub(super) tokens: Tokens,
    /// The rooms it is a member of.
    pub(super) rooms: BTreeSet<RoomId>,
    /// What it wishes to be from its next change on, and when the last one was.
    pub(super) wish: Wish,
    pub(super) changed: Option<Time>,
    /// How many entries of its are kept in logs: as long as there are any, it has to be known who it was.
    pub(super) entries: usize,
    /// Whether it was removed from the session: whoever wants to come back comes as somebody new.
    pub(super) is_removed: bool,
    pub(super) messages: Budget,
    pub(super) requests: Budget,
}

impl Member {
    pub(super) fn owner() -> Self {
        Self::with(Tokens::OWNER)
    }

    pub(super) fn new() -> Self {
        Self::with(Tokens::NEW)
    }

    fn with(tokens: Tokens) -> Self {
        Self {
            link: None,
            attempt: 0,
            tokens,
            rooms: BTreeSet::new(),
            wish: Wish::default(),
            changed: None,
            entries: 0,
            is_removed: false,
            messages: Budget::default(),
            requests: Budget::default(),
        }
    }

    /// Its newest link, if it has one.
    pub(super) fn link(&self) -> Option<LinkId> {
        self.link
    }

    /// It has said something on its new link, so it has read its new token: the old one is spent. Whether it was not
    /// before.
    pub(super) fn has_welcome(&mut self) -> bool {
        self.tokens.received()
    }

    /// Its link is gone; whether it was its newest one.
    pub(super) fn unlink(&mut self, link: LinkId) -> bool {
        self.link.take_if(|newest| *newest == link || cfg!(exchange_bug = "old-link-unlinks-new")).is_some()
    }
}

impl Host {
    pub(super) fn hello(&mut self, now: Time, link: LinkId, encoding: Encoding, hello: &Hello, out: &mut Outbox) {
        let nick = match Nick::new(&hello.nick) {
            Ok(nick) => nick,
            Err(error) => return self.close_link(now, link, CloseReason::Name(error), out),
        };
        let member = match self.admit(now, link, hello) {
            Ok(member) => member,
            Err(CloseReason::Knocking) => {
                let reason = self.knocks(now, link, Peer { id: hello.peer, nick }, out);
                return self.close_link(now, link, reason, out);
            }
            Err(reason) => return self.close_link(now, link, reason, out),
        };
        self.changes_member(member);
        let is_proven = self.links.get(&link).is_some_and(|link| link.proven.is_some());
        if is_proven && !self.members.contains_key(&member) {
            self.expire_ghosts(now, hello.peer, out);
        }
        // Whoever has a nick asks for another; to everybody else it says who they are.
        let is_called = self.nicks.of(member).is_some();
        if !is_called {
            match self.nicks.take(member, hello.peer, &nick) {
                Ok(nick) => self.introduce(link, member, hello, nick),
                Err(error) => return self.close_link(now, link, CloseReason::Name(error), out),
            }
        }
        if let Some(proven) = self.links.get(&link).and_then(|link| link.proven.as_deref()) {
            self.roster_grown |= self.roster.set_identity(member, proven.identity);
        }
        self.has_come_in(link);
        let token = Token::from_bytes(self.random.bytes());
        let token = if cfg!(exchange_bug = "token-never-rotates") { Token::from_bytes([1; 16]) } else { token };
        let spent = self.spent(hello.peer);
        let (messages, requests) =
            if cfg!(exchange_bug = "limit-forgotten-with-the-link") { Default::default() } else { spent };
        let state = self.members.entry(member).or_insert_with(|| Box::new(Member::new()));
        (state.messages, state.requests) = (messages, requests);
        state.tokens.rotate(hello.token, token);
        state.attempt = hello.attempt;
        if let Some(old) = state.link.replace(link)
            && !cfg!(exchange_bug = "old-link-stays")
        {
            let _ = self.dismiss(now, old, CloseReason::Replaced, out);
        }
        self.is_not_away(member);
        self.gone.retain(|gone| *gone != member);
        self.admitted(now, link);
        if let Some(state) = self.links.get_mut(&link) {
            state.welcome(encoding, member);
            self.touched.push(link);
        }
        let welcome = Welcome {
            session: self.session.id,
            name: self.session.name.clone(),
            life: self.life,
            you: member,
            token,
            roster: self.roster.rev(),
            heartbeat_ms: u32::try_from(self.timing.heartbeat.as_millis()).unwrap_or(u32::MAX),
            max_text: self.limits.text,
            durability: self.durability(),
        };
        self.control(now, link, &ToClient::Welcome(welcome), out);
        self.wish(now, member, Wish { presence: Some(hello.presence.clone()), nick: is_called.then_some(nick) }, out);
        self.remind(now, hello.peer, out);
    }

    /// What a peer has spent, by whichever of its clients: to come as somebody new gives nobody more.
    fn spent(&self, peer: PeerId) -> (Budget, Budget) {
        let clients = self.roster.clients_of(peer).filter_map(|member| self.members.get(&member));
        clients.fold((Budget::default(), Budget::default()), |(messages, requests), client| {
            (messages.or_less(client.messages), requests.or_less(client.requests))
        })
    }

    /// Tells somebody who has come of all invitations that wait.
    fn remind(&mut self, now: Time, peer: PeerId, out: &mut Outbox) {
        let invited = self.rooms.values().filter(|room| room.standing.is_invited(peer));
        let invited: Vec<(RoomId, MemberId)> =
            invited.filter_map(|room| Some((room.id, room.present().next()?))).collect();
        for (room, by) in invited {
            self.tell_invited(now, room, by, peer, out);
        }
    }

    /// First as if it were not there, then there: so that being told of somebody and their coming are one path.
    fn introduce(&mut self, link: LinkId, member: MemberId, hello: &Hello, nick: Nick) {
        let (peer, producer) = (hello.peer, hello.producer);
        let identity = self.links.get(&link).and_then(|link| link.proven.as_deref()).map(|proven| proven.identity);
        let (role, status, note) = (self.role(peer), Status::Offline, None);
        let record = MemberRecord { member, peer, producer, nick, role, status, note, identity };
        self.roster_grown |= self.roster.put(record);
    }

    /// Which member this is, if it may come in.
    fn admit(&mut self, now: Time, link: LinkId, hello: &Hello) -> Result<MemberId, CloseReason> {
        let proven = self.links.get(&link).and_then(|link| link.proven.as_deref().copied());
        if proven.is_some_and(|proven| proven.peer() != hello.peer) {
            return Err(Violation::Impostor.into());
        }
        if let Some(reason) = self.barred(now, hello.peer) {
            return Err(reason);
        }
        if let Some(member) = self.roster.find(hello.peer, hello.producer) {
            let state = self.members.get(&member).ok_or(CloseReason::WrongToken)?;
            if !state.tokens.admit(hello.token) {
                return Err(CloseReason::WrongToken);
            }
            if hello.attempt <= state.attempt && !cfg!(exchange_bug = "old-attempt-wins") {
                return Err(CloseReason::Replaced);
            }
            if state.is_removed {
                return Err(CloseReason::Kicked);
            }
            return Ok(member);
        }
        // Where a peer id is only claimed, whoever is there has it.
        let is_had = |other| other == OWNER || (proven.is_none() && self.is_linked(other));
        if self.roster.clients_of(hello.peer).any(is_had) {
            return Err(CloseReason::WrongToken);
        }
        self.lets_in(hello.peer, proven)?;
        // Nobody's messages are to be taken for somebody else's.
        if self.roster.has_producer(hello.producer) {
            return Err(CloseReason::WrongToken);
        }
        if !self.admits_newcomer(now, link) {
            return Err(CloseReason::Full);
        }
        let member = self.next_member;
        self.next_member = MemberId(member.0.checked_add(1).ok_or(CloseReason::Full)?);
        Ok(member)
    }

    fn is_linked(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|member| member.link.is_some())
    }

    /// A member says goodbye: it leaves the session of its own accord, or only gives up a link and will be back.
    pub(super) fn bye(&mut self, now: Time, link: LinkId, member: MemberId, reason: CloseReason, out: &mut Outbox) {
        self.drop_link(now, link, Ended::Told(reason), out);
        if reason != CloseReason::Left {
            return;
        }
        self.goes(now, member, LeaveReason::Left, out);
    }

    /// A member is not in the session any more.
    pub(super) fn goes(&mut self, now: Time, member: MemberId, reason: LeaveReason, out: &mut Outbox) {
        self.is_not_away(member);
        self.leave_everything(now, member, reason, out);
    }

    /// A member's link broke: for a while it may come back. As many may be away as may be there; one more, and whoever
    /// has been away longest has had its time.
    pub(super) fn is_away(&mut self, now: Time, member: MemberId, out: &mut Outbox) {
        self.timers.set(Alarm::Unreachable(member), now + self.timing.unreachable);
        self.timers.set(Alarm::Grace(member), now + self.timing.grace);
        if !cfg!(exchange_bug = "away-for-ever") {
            self.timers.set(Alarm::Expiry(member), now + self.timing.expiry);
        }
        self.away.push_back(member);
        if self.away.len() > self.limits.links
            && let Some(longest) = self.away.front().copied()
        {
            self.expire(now, longest, out);
        }
    }

    fn is_not_away(&mut self, member: MemberId) {
        if !cfg!(exchange_bug = "grace-not-cancelled") {
            self.timers.cancel(Alarm::Unreachable(member));
            self.timers.cancel(Alarm::Grace(member));
        }
        self.timers.cancel(Alarm::Expiry(member));
        self.away.retain(|away| *away != member);
    }

    /// A member whose link broke has not come back in time.
    pub(super) fn expire(&mut self, now: Time, member: MemberId, out: &mut Outbox) {
        self.goes(now, member, LeaveReason::TimedOut, out);
    }

    /// Somebody is back for certain, by a new run of their client: nobody waits for the one before any more.
    fn expire_ghosts(&mut self, now: Time, peer: PeerId, out: &mut Outbox) {
        let clients = self.roster.clients_of(peer);
        let ghosts: Vec<MemberId> = clients.filter(|client| self.away.contains(client)).collect();
        for ghost in ghosts {
            self.expire(now, ghost, out);
        }
    }

    fn leave_everything(&mut self, now: Time, member: MemberId, reason: LeaveReason, out: &mut Outbox) {
        let rooms = self.members.get_mut(&member).map(|state| core::mem::take(&mut state.rooms));
        for room in rooms.unwrap_or_default() {
            self.depart(now, member, room, reason, out);
        }
        self.lose(member, Status::Offline, out);
        self.nicks.release(member);
        self.gone.retain(|gone| *gone != member);
        self.gone.push_back(member);
        self.has_untold = true;
    }

    /// Forgets who has been gone longest, beyond the number that is remembered, but nobody whose entries are kept, and
    /// nobody of whose going a link has not been told yet: it would show them as there for ever. Who lets so many wait
    /// to be forgotten is closed, and told anew how things stand when it comes back.
    pub(super) fn forget_members(&mut self, now: Time, out: &mut Outbox) {
        let told = self.links.values().filter(|link| link.member().is_some()).map(|link| link.roster).min();
        let mut untold = Vec::new();
        for _ in 0..self.gone.len().saturating_sub(self.limits.remembered) {
            let Some(member) = self.gone.pop_front() else { break };
            let Some(state) = self.members.get(&member) else { continue };
            if state.link.is_some() || !state.rooms.is_empty() {
                continue;
            }
            let news = self.roster.changed(member).filter(|changed| told.is_some_and(|told| told < *changed));
            untold.extend(news);
            if state.entries > 0 || news.is_some() {
                self.gone.push_back(member);
                continue;
            }
            self.changes_member(member);
            let peer = self.roster.record(member).map(|record| record.peer);
            self.members.remove(&member);
            self.roster.forget(member);
            self.rooms.values_mut().for_each(|room| room.forget(member));
            self.changes_all_rooms();
            if let Some(peer) = peer.filter(|peer| self.roster.clients_of(*peer).next().is_none()) {
                self.rooms.values_mut().for_each(|room| room.standing.forget(peer));
            }
        }
        self.has_untold = !untold.is_empty();
        if untold.len() > self.limits.links {
            let oldest = untold.into_iter().min().unwrap_or_default();
            let behind = self.links.iter().filter(|(_, link)| link.member().is_some() && link.roster < oldest);
            let behind: Vec<LinkId> = behind.map(|(link, _)| *link).collect();
            for link in behind {
                self.close_link(now, link, CloseReason::Overrun, out);
            }
        }
    }
}
