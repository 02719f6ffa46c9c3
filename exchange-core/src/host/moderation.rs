//! What is done in rooms beside talking: who may do it, and what follows.
//!
//! Everything that is done is an entry first, so that everybody sees it in one order; what follows from it follows at
//! once. What is done in the lobby holds for the session.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Alarm, Host, OWNER};
use crate::{
    event::Event,
    ids::{Cmid, Epoch, MemberId, PeerId, RoomId},
    message::{Act, Body, LeaveReason, Role, Rule, Rules, ToClient},
    name::{Remark, RoomName},
    reason::{CloseReason, Refusal},
    room::Room,
    seam::Outbox,
    time::Time,
};

/// How much somebody may do in a room. Nothing can be done to those who may do as much as oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Member,
    /// Opened the room, and moderates it.
    Founder,
    /// Moderates all rooms.
    Moderator,
    Owner,
}

impl Host {
    /// What somebody may do in the session.
    pub fn role(&self, peer: PeerId) -> Role {
        if self.roster.record(OWNER).is_some_and(|owner| owner.peer == peer) {
            Role::Owner
        } else if self.moderators.contains(&peer) {
            Role::Moderator
        } else {
            Role::Member
        }
    }

    fn rank(&self, room: &Room, peer: PeerId) -> Rank {
        match self.role(peer) {
            Role::Owner => Rank::Owner,
            Role::Moderator => Rank::Moderator,
            Role::Member if room.standing.founder == Some(peer) => Rank::Founder,
            Role::Member => Rank::Member,
        }
    }

    /// Whether a member may speak in a room now, and as whom.
    fn heed(&self, now: Time, room: &Room, peer: PeerId) -> Result<Rank, Refusal> {
        let rank = self.rank(room, peer);
        let muted_here = Some(room).filter(|_| rank < Rank::Founder && !cfg!(exchange_bug = "mutes-ignored"));
        let muted_everywhere = self.lobby().filter(|_| rank < Rank::Moderator);
        let mut muted = muted_here.into_iter().chain(muted_everywhere);
        if let Some(lasts) = muted.find_map(|room| room.standing.mutes.holds(now, peer)) {
            return Err(Refusal::Muted { retry_after_ms: lasts.millis() });
        }
        if room.rules.locked && rank < Rank::Founder {
            return Err(Refusal::Locked);
        }
        Ok(rank)
    }

    /// Whether a member may speak in a room now.
    pub(super) fn may_speak(&self, now: Time, room: &Room, member: MemberId) -> bool {
        self.roster.record(member).is_some_and(|record| self.heed(now, room, record.peer).is_ok())
    }

    /// Whether a member may say or do that in a room now.
    pub(super) fn permit(&mut self, now: Time, room: RoomId, member: MemberId, body: &Body) -> Result<(), Refusal> {
        body.check(self.limits.text)?;
        let peer = self.roster.record(member).ok_or(Refusal::NotMember)?.peer;
        let room = self.rooms.get(&room).ok_or(Refusal::NotMember)?;
        let rank = self.heed(now, room, peer)?;
        if let Body::Act(act) = body {
            return self.permit_act(now, room.id, rank, act);
        }
        if rank < Rank::Founder {
            room.paced(now, member)?;
        }
        room.admit((member, peer), rank >= Rank::Founder, body, self.limits.reactions)
    }

    fn permit_act(&mut self, now: Time, id: RoomId, rank: Rank, act: &Act) -> Result<(), Refusal> {
        let Some(room) = self.rooms.get(&id) else { return Err(Refusal::NotMember) };
        let is_direct = room.name.direct_between().is_some();
        let is_lobby = room.name.is_lobby();
        let moderates = rank >= Rank::Founder && !is_direct;
        let allowed = match act {
            Act::Topic(_) => moderates || !room.rules.fixed_topic,
            Act::Rule(Rule::Private(private)) => moderates && !(is_lobby && *private),
            Act::Invite(_) => !is_lobby && !is_direct,
            Act::Rule(_) | Act::Unban(_) | Act::Unmute(_) => moderates,
            Act::Kick { who, .. } | Act::Ban { who, .. } | Act::Mute { who, .. } => {
                moderates && (self.rank(room, who.id) < rank || cfg!(exchange_bug = "equals-remove-each-other"))
            }
            Act::Role { who, role } => {
                is_lobby && rank == Rank::Owner && *role != Role::Owner && self.role(who.id) != Role::Owner
            }
            Act::Close => moderates && !is_lobby,
            Act::Knock => false,
        };
        if !allowed {
            return Err(Refusal::NotAllowed);
        }
        let Some(who) = act.target().map(|who| who.id) else { return Ok(()) };
        let is_there = match act {
            Act::Kick { .. } => self.roster.clients_of(who).any(|member| room.is_member(member)),
            Act::Unban(_) => room.standing.bans.holds(now, who).is_some(),
            Act::Unmute(_) => room.standing.mutes.holds(now, who).is_some(),
            _ => self.roster.clients_of(who).next().is_some(),
        };
        if !is_there {
            return Err(Refusal::NoSuchPeer);
        }
        let waiting = || self.rooms.values().filter(|room| room.standing.is_invited(who)).count();
        if matches!(act, Act::Invite(_)) && !room.standing.is_guest(who) && waiting() >= self.limits.invitations {
            let limit = u32::try_from(self.limits.invitations).unwrap_or(u32::MAX);
            return Err(Refusal::TooMany { limit });
        }
        let limit = self.limits.sanctions;
        match (act, self.rooms.get_mut(&id)) {
            (Act::Ban { .. }, Some(room)) => room.standing.bans.check(now, who, limit),
            (Act::Mute { .. }, Some(room)) => room.standing.mutes.check(now, who, limit),
            _ => Ok(()),
        }
    }

    /// The act as it is logged: whoever it is done to is called what the host knows them by.
    pub(super) fn name_target(&self, mut body: Body) -> Body {
        if let Body::Act(act) = &mut body
            && let Some(who) = act.target_mut()
            && let Some(known) = self.roster.clients_of(who.id).last().and_then(|member| self.roster.peer(member))
        {
            *who = known;
        }
        body
    }

    /// What follows from an act that was logged.
    pub(super) fn follow(&mut self, now: Time, room: RoomId, by: MemberId, act: Act, out: &mut Outbox) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let until = |seconds: Option<u32>| {
            let until = now + Duration::from_secs(seconds?.into());
            Some((until, self.wall.read(until)))
        };
        match act {
            Act::Topic(topic) => state.topic = topic,
            Act::Rule(rule) => state.rules.change(rule),
            Act::Invite(who) => {
                state.standing.invite(who.id);
                self.tell_invited(now, room, by, who.id, out);
            }
            Act::Kick { who, reason } => self.remove(now, room, who.id, Refusal::Kicked, reason.as_ref(), out),
            Act::Ban { who, seconds, reason } => {
                state.standing.bans.put(who.id, until(seconds));
                let retry_after_ms = seconds.map(|seconds| u64::from(seconds) * 1000);
                self.remove(now, room, who.id, Refusal::Banned { retry_after_ms }, reason.as_ref(), out);
            }
            Act::Unban(_) if cfg!(exchange_bug = "unban-leaves-the-ban") => {}
            Act::Unban(who) => state.standing.bans.lift(who.id),
            Act::Mute { who, seconds } => state.standing.mutes.put(who.id, until(seconds)),
            Act::Unmute(who) => state.standing.mutes.lift(who.id),
            Act::Role { role: Role::Member, .. } if cfg!(exchange_bug = "deposed-moderates-on") => {}
            Act::Role { who, role } => self.appoint(who.id, role),
            Act::Close => self.close_room(now, room, out),
            Act::Knock => {}
        }
    }

    fn appoint(&mut self, peer: PeerId, role: Role) {
        if role == Role::Moderator {
            self.moderators.insert(peer);
        } else {
            self.moderators.remove(&peer);
        }
        self.roster_grown |= self.roster.set_role(peer, role);
    }

    /// Somebody is at the door of a private room, and those in it see that, once.
    pub(super) fn knock(&mut self, now: Time, room: RoomId, member: MemberId, out: &mut Outbox) {
        let Some(peer) = self.roster.record(member).map(|record| record.peer) else { return };
        if self.rooms.get_mut(&room).is_some_and(|room| room.standing.knock(peer)) {
            self.append(now, room, member, Cmid::ZERO, Body::Act(Act::Knock), out);
        }
    }

    pub(super) fn tell_invited(&mut self, now: Time, room: RoomId, by: MemberId, who: PeerId, out: &mut Outbox) {
        let Some(state) = self.rooms.get(&room) else { return };
        let Some(by) = self.roster.peer(by) else { return };
        let members: Vec<MemberId> = self.roster.clients_of(who).filter(|member| !state.is_member(*member)).collect();
        let name = state.name.clone();
        for member in members {
            if member == OWNER {
                out.event(Event::Invited { room: name.clone(), by: by.clone() });
            } else if let Some(link) = self.members.get(&member).and_then(|state| state.link()) {
                let invited = ToClient::Invited { room: name.clone(), by: by.clone() };
                self.control(now, link, &invited, out);
            }
        }
    }

    /// Ends all memberships of a peer in a room, or in the session if the room is the lobby.
    fn remove(
        &mut self,
        now: Time,
        room: RoomId,
        peer: PeerId,
        refusal: Refusal,
        reason: Option<&Remark>,
        out: &mut Outbox,
    ) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        state.standing.expel(peer);
        let is_lobby = state.name.is_lobby();
        let members: Vec<MemberId> = self.roster.clients_of(peer).collect();
        for member in members {
            if is_lobby {
                self.remove_from_session(now, room, member, refusal, out);
            } else {
                self.remove_member(now, room, member, refusal, reason.cloned(), out);
            }
        }
    }

    /// Ends a membership of which the log says already that it has ended.
    fn remove_member(
        &mut self,
        now: Time,
        room: RoomId,
        member: MemberId,
        refusal: Refusal,
        reason: Option<Remark>,
        out: &mut Outbox,
    ) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if !state.remove(member) {
            return;
        }
        let name = state.name.clone();
        let Some(member_state) = self.members.get_mut(&member) else { return };
        member_state.rooms.remove(&room);
        if member == OWNER {
            return out.event(Event::Removed { room: name, why: refusal, reason });
        }
        let Some(link) = member_state.link() else { return };
        // Once it is told, the answers to what it said before mean nothing to it.
        self.acknowledge(now, link, out);
        let Some(state) = self.links.get_mut(&link) else { return };
        let is_told = state.cursor(room).is_some_and(|cursor| cursor.unannounced.is_none());
        let was_asked = state.cursor(room).is_some();
        let stays = cfg!(exchange_bug = "page-outlives-its-membership");
        let hears_on = cfg!(exchange_bug = "removed-hears-on");
        state.cursors.retain(|cursor| cursor.room != room || hears_on || (stays && cursor.fetch.is_some()));
        if let Some(room) = self.rooms.get_mut(&room).filter(|_| !hears_on) {
            room.unsubscribe(link);
        }
        if is_told {
            self.control(now, link, &ToClient::Removed { room, refusal, reason }, out);
        } else if was_asked {
            self.control(now, link, &ToClient::JoinRefused { room: name, refusal }, out);
        }
    }

    fn remove_from_session(&mut self, now: Time, lobby: RoomId, member: MemberId, refusal: Refusal, out: &mut Outbox) {
        let Some(state) = self.members.get_mut(&member) else { return };
        state.is_removed = true;
        state.rooms.remove(&lobby);
        let link = state.link();
        self.changes_member(member);
        if let Some(peer) = self.roster.record(member).map(|record| record.peer) {
            self.shut_out(peer);
        }
        if !self.rooms.get_mut(&lobby).is_some_and(|room| room.remove(member)) && link.is_none() {
            return;
        }
        if let Some(link) = link {
            self.acknowledge(now, link, out);
            let reason = match refusal {
                Refusal::Banned { retry_after_ms } => CloseReason::Banned { retry_after_ms },
                _ => CloseReason::Kicked,
            };
            self.close_link(now, link, reason, out);
        }
        self.goes(now, member, LeaveReason::Removed, out);
    }

    /// Why somebody may not be in the session, if that is so.
    pub(super) fn barred(&self, now: Time, peer: PeerId) -> Option<CloseReason> {
        let lasts = self.lobby()?.standing.bans.holds(now, peer).filter(|_| !cfg!(exchange_bug = "banned-let-in"))?;
        Some(CloseReason::Banned { retry_after_ms: lasts.millis() })
    }

    /// There is no such room any more: everyone in it is told, and what was kept of it is gone.
    pub(super) fn close_room(&mut self, now: Time, room: RoomId, out: &mut Outbox) {
        let Some(state) = self.rooms.get(&room) else { return };
        let members: Vec<MemberId> = state.present().collect();
        for member in members {
            self.remove_member(now, room, member, Refusal::RoomClosed, None, out);
        }
        let Some(state) = self.rooms.remove(&room) else { return };
        self.changes_room(room);
        self.room_ids.remove(&state.name);
        self.grown.remove(&room);
        self.news.forget(room);
        self.timers.cancel(Alarm::Retention(room));
        for author in state.log.authors() {
            if let Some(member) = self.members.get_mut(&author) {
                member.entries -= 1;
            }
        }
        self.closed_logs.push_back(state.log.epoch());
        if self.closed_logs.len() > self.limits.rooms {
            self.closed_logs.pop_front();
        }
    }

    /// Whether that log was one of a room that was closed.
    pub(super) fn was_closed(&self, epoch: Epoch) -> bool {
        self.closed_logs.contains(&epoch) && !cfg!(exchange_bug = "closed-room-taken-up")
    }

    /// What a room is about.
    pub fn topic(&self, room: &RoomName) -> Option<&Remark> {
        self.room(room)?.topic.as_ref()
    }

    /// Who opened a room, and moderates it; nobody did the lobby, nor a room of two.
    pub fn founder(&self, room: &RoomName) -> Option<PeerId> {
        self.room(room)?.standing.founder
    }

    /// A room's rules; `None` if there is no such room.
    pub fn rules(&self, room: &RoomName) -> Option<Rules> {
        self.room(room).map(|room| room.rules)
    }
}

impl Room {
    /// Whether a member may say something again, as the room's rules have it.
    fn paced(&self, now: Time, member: MemberId) -> Result<(), Refusal> {
        let pace = Duration::from_secs(self.rules.slow.into());
        let Some(last) = self.last_said(member).filter(|_| !pace.is_zero()) else { return Ok(()) };
        let left = (last + pace).since(now);
        if left.is_zero() {
            return Ok(());
        }
        let millis = left.as_nanos().div_ceil(1_000_000);
        Err(Refusal::SlowMode { retry_after_ms: u64::try_from(millis).unwrap_or(u64::MAX) })
    }
}
