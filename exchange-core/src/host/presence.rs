//! How members are and what they are called, as they wish it and as their links allow.
//!
//! What a member wishes is granted at once, and what it wishes within half a second after that when the half second is
//! over: of many changes the last one counts, so that nobody who flips back and forth costs the others anything.

use core::mem;

use super::{Alarm, Host, OWNER};
use crate::{
    event::Event,
    ids::{Cmid, MemberId},
    message::{Body, Presence, Status, ToClient},
    name::{Nick, Note},
    reason::Refusal,
    seam::Outbox,
    time::Time,
};

/// What a member wants to be, as far as it is not granted yet.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) presence: Option<Presence>,
    pub(super) nick: Option<Nick>,
}

impl Host {
    /// A member wants to be something else from now on.
    pub(super) fn wish(&mut self, now: Time, member: MemberId, wish: Wish, out: &mut Outbox) {
        let pace = self.timing.pace;
        let Some(state) = self.members.get_mut(&member) else { return };
        let is_waiting = state.wish.presence.is_some() || state.wish.nick.is_some();
        if !(is_waiting && cfg!(exchange_bug = "first-change-wins")) {
            state.wish.presence = wish.presence.or_else(|| state.wish.presence.take());
            state.wish.nick = wish.nick.or_else(|| state.wish.nick.take());
        }
        // Whoever was not there is waited for.
        let is_there = self.roster.record(member).is_some_and(|record| record.status.is_reachable());
        match state.changed.map(|changed| changed + pace).filter(|next| is_there && now < *next) {
            Some(next) => self.timers.set(Alarm::Change(member), next),
            None => self.grant(now, member, out),
        }
    }

    /// It is time for a member's next change.
    pub(super) fn grant(&mut self, now: Time, member: MemberId, out: &mut Outbox) {
        let Some(peer) = self.roster.record(member).map(|record| record.peer) else { return };
        let Some(state) = self.members.get_mut(&member) else { return };
        let wish = mem::take(&mut state.wish);
        self.timers.cancel(Alarm::Change(member));
        let renamed = wish.nick.is_some_and(|nick| match self.nicks.take(member, peer, &nick) {
            Ok(nick) => self.call(now, member, &nick, out),
            Err(error) => {
                self.refuse_nick(now, member, nick, Refusal::Name(error), out);
                false
            }
        });
        let changed = wish
            .presence
            .is_some_and(|Presence { availability, note }| self.show(member, availability.into(), note, out));
        if let Some(state) = self.members.get_mut(&member).filter(|_| renamed || changed) {
            state.changed = Some(now);
        }
    }

    fn refuse_nick(&mut self, now: Time, member: MemberId, nick: Nick, refusal: Refusal, out: &mut Outbox) {
        let link = self.members.get(&member).and_then(|state| state.link());
        if let Some((link, kept)) = link.zip(self.nicks.of(member).cloned()) {
            self.control(now, link, &ToClient::RenameRefused { nick, kept, refusal }, out);
        }
    }

    /// A member is called this from now on, which its rooms are told; whether it was called otherwise.
    pub(super) fn call(&mut self, now: Time, member: MemberId, nick: &Nick, out: &mut Outbox) -> bool {
        let Some(before) = self.roster.record(member).map(|record| record.nick.clone()) else { return false };
        if !self.roster.set_nick(member, nick.clone()) {
            return false;
        }
        self.roster_grown = true;
        self.changes_member(member);
        let rooms = self.members.get(&member).map(|state| state.rooms.clone()).unwrap_or_default();
        for room in rooms {
            let body = Body::Rename { before: before.clone(), nick: nick.clone() };
            self.append(now, room, member, Cmid::ZERO, body, out);
        }
        true
    }

    /// A member's link is not there, or it has left: until it is back it is neither what it said nor what it wished.
    pub(super) fn lose(&mut self, member: MemberId, status: Status, out: &mut Outbox) {
        self.timers.cancel(Alarm::Unreachable(member));
        if !cfg!(exchange_bug = "late-change-resurrects") {
            self.timers.cancel(Alarm::Change(member));
            if let Some(state) = self.members.get_mut(&member) {
                state.wish = Wish::default();
            }
        }
        self.show(member, status, None, out);
    }

    fn show(&mut self, member: MemberId, status: Status, note: Option<Note>, out: &mut Outbox) -> bool {
        if !self.roster.set_status(member, status, note.clone()) {
            return false;
        }
        self.roster_grown = true;
        if let Some(peer) = self.roster.peer(member).filter(|_| member != OWNER) {
            out.event(Event::Presence { peer, status, note });
        }
        true
    }

    pub(super) fn set_owner_presence(&mut self, now: Time, presence: Presence, out: &mut Outbox) {
        self.own.choose(now, presence);
        self.tell_owners_presence(now, out);
    }

    pub(super) fn owner_is_active(&mut self, now: Time, out: &mut Outbox) {
        if self.own.active(now) {
            self.tell_owners_presence(now, out);
        }
    }

    /// The alarm of idleness: it looks when there was last a sign of the owner.
    pub(super) fn look_after_owner(&mut self, now: Time, out: &mut Outbox) {
        self.own.look(now);
        self.tell_owners_presence(now, out);
    }

    pub(super) fn watch_owner(&mut self) {
        match self.own.idle_at() {
            Some(at) => self.timers.set(Alarm::Idle, at),
            None => self.timers.cancel(Alarm::Idle),
        }
    }

    fn tell_owners_presence(&mut self, now: Time, out: &mut Outbox) {
        self.watch_owner();
        self.wish(now, OWNER, Wish { presence: Some(self.own.shown()), nick: None }, out);
    }
}
