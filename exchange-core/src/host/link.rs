//! One link of a host: its stage, its credit, its cursors, its heartbeat.

use alloc::{boxed::Box, vec::Vec};
use core::net::IpAddr;

use bytes::Bytes;

use super::{Alarm, Host, budget::Postponed, paging::Fetch};
use crate::{
    event::{Ended, Event, Peer},
    ids::{Cmid, MemberId, Rev, RoomId, Seq},
    limits::CONTROL_ALLOWANCE,
    message::{Encoding, ToClient},
    reason::CloseReason,
    refusals::Refusals,
    seam::{LinkId, Outbox, Proven},
    time::Time,
};

#[derive(Debug)]
pub(super) struct Link {
    stage: Stage,
    /// Where it comes from, if that is known.
    pub(super) from: Option<IpAddr>,
    /// Who is at the other end, where a handshake has proven that; until it is a member.
    pub(super) proven: Option<Box<Proven>>,
    /// How many bytes the transport takes at once, and how many it has.
    window: u32,
    outstanding: u32,
    pub(super) heard: Time,
    said: Time,
    pub(super) roster: Rev,
    pub(super) cursors: Vec<Cursor>,
    /// The cursor that is served first.
    pub(super) turn: usize,
    /// This link's messages that were logged in this round.
    pub(super) logged: Vec<Logged>,
    pub(super) postponed: Postponed,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Preamble,
    Greeting(Encoding),
    Member(Encoding, MemberId),
}

/// Where a link is in a room's log.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) room: RoomId,
    pub(super) after: Seq,
    /// What was made up to here is not for this member.
    pub(super) floor: Seq,
    /// Set until the link has been told that it joined; see [`Joined::known`](crate::message::Joined::known).
    pub(super) unannounced: Option<bool>,
    /// The log's head when the link was last told who is a member.
    pub(super) members_told: Seq,
    /// How many changes of what the room's members signal it has been told of, one way or another.
    pub(super) signals: Rev,
    /// What it has asked for beside.
    pub(super) fetch: Option<Fetch>,
}

/// A message that awaits its acknowledgement: its own entry, or an explicit one.
#[derive(Debug)]
pub(super) struct Logged {
    pub(super) room: RoomId,
    pub(super) cmid: Cmid,
    pub(super) seq: Seq,
}

impl Link {
    pub(super) fn new(now: Time, window: u32, from: Option<IpAddr>) -> Self {
        Self {
            stage: Stage::Preamble,
            from,
            proven: None,
            window,
            outstanding: 0,
            heard: now,
            said: now,
            roster: Rev(0),
            cursors: Vec::new(),
            turn: 0,
            logged: Vec::new(),
            postponed: Postponed::default(),
        }
    }

    pub(super) fn encoding(&self) -> Option<Encoding> {
        match self.stage {
            Stage::Preamble => None,
            Stage::Greeting(encoding) | Stage::Member(encoding, _) => Some(encoding),
        }
    }

    pub(super) fn member(&self) -> Option<MemberId> {
        match self.stage {
            Stage::Member(_, member) => Some(member),
            Stage::Preamble | Stage::Greeting(_) => None,
        }
    }

    pub(super) fn welcome(&mut self, encoding: Encoding, member: MemberId) {
        self.stage = Stage::Member(encoding, member);
        self.proven = None;
    }

    /// How many bytes the transport has room for; zero when it is full.
    pub(super) fn credit(&self) -> u32 {
        if cfg!(exchange_bug = "credit-ignored") { u32::MAX } else { self.window.saturating_sub(self.outstanding) }
    }

    /// Counts bytes that are given to the transport.
    pub(super) fn spend(&mut self, now: Time, frames: &Bytes) {
        self.said = now;
        self.outstanding = self.outstanding.saturating_add(u32::try_from(frames.len()).unwrap_or(u32::MAX));
    }

    fn is_overrun(&self) -> bool {
        self.outstanding > self.window.saturating_add(CONTROL_ALLOWANCE)
    }

    pub(super) fn cursor(&self, room: RoomId) -> Option<&Cursor> {
        self.cursors.iter().find(|cursor| cursor.room == room)
    }

    pub(super) fn cursor_mut(&mut self, room: RoomId) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.room == room)
    }
}

impl Host {
    /// Who is at the other end of a link; `None` as long as it has not said so.
    pub fn peer_at(&self, link: LinkId) -> Option<Peer> {
        self.roster.peer(self.links.get(&link)?.member()?)
    }

    /// How often it has turned down what a client asked for; what its own owner asked for is not among it.
    pub fn refusals(&self) -> Refusals {
        self.refusals
    }

    pub(super) fn opened(&mut self, link: LinkId, encoding: Encoding, proven: Option<Proven>) {
        if let Some(state) = self.links.get_mut(&link)
            && matches!(state.stage, Stage::Preamble)
        {
            state.stage = Stage::Greeting(encoding);
            state.proven = proven.map(Box::new);
            if encoding == Encoding::Json {
                self.json_links += 1;
            }
        }
    }

    pub(super) fn credit(&mut self, link: LinkId, bytes: u32) {
        if let Some(state) = self.links.get_mut(&link) {
            state.outstanding = state.outstanding.saturating_sub(bytes);
            self.touched.push(link);
        }
    }

    /// Says something to one link only, at once: answers do not wait behind what everybody gets.
    pub(super) fn control(&mut self, now: Time, link: LinkId, message: &ToClient, out: &mut Outbox) {
        if self.tell(now, link, message, out).is_some_and(Link::is_overrun) {
            self.close_link(now, link, CloseReason::Overrun, out);
        }
    }

    fn tell(&mut self, now: Time, link: LinkId, message: &ToClient, out: &mut Outbox) -> Option<&Link> {
        let state = self.links.get_mut(&link)?;
        let encoding = state.encoding()?;
        if let Some(refusal) = message.refusal() {
            self.refusals.count(refusal);
        }
        encoding.encode(message, &mut self.scratch);
        let frame = Bytes::copy_from_slice(&self.scratch);
        // At once: a token may be in there, which nobody who shows this host should see.
        self.scratch.clear();
        state.spend(now, &frame);
        out.send(link, frame);
        Some(state)
    }

    /// A frame may take longer to come than a dead peer would be waited for.
    pub(super) fn hears(&mut self, now: Time, link: LinkId) {
        if let Some(state) = self.links.get_mut(&link) {
            state.heard = now;
        }
    }

    /// The heartbeat's alarm: it looks when the link was last heard of and when it was last told something, and rings
    /// again when that could matter. A client asks at every heartbeat, so that one answered in time is not asked back. Who has not been told anything would give up in turn: its
    /// own pings may be stuck behind what else it has to say.
    pub(super) fn probe(&mut self, now: Time, link: LinkId, out: &mut Outbox) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let probe_at = state.heard.min(state.said) + self.timing.patience();
        let dead_at = state.heard + self.timing.heartbeat * 3;
        if now >= dead_at {
            return self.close_link(now, link, CloseReason::Silent, out);
        }
        if now < probe_at {
            return self.timers.set(Alarm::Heartbeat(link), probe_at);
        }
        if !cfg!(exchange_bug = "host-heartbeat-stops") {
            self.timers.set(Alarm::Heartbeat(link), dead_at.min(now + self.timing.heartbeat));
        }
        // Any sign of life will do, so that there is nothing to tell one ping from another by.
        self.control(now, link, &ToClient::Ping { nonce: 0 }, out);
    }

    /// Ends a link for a reason of the host's, and tells the peer.
    pub(super) fn close_link(&mut self, now: Time, link: LinkId, reason: CloseReason, out: &mut Outbox) {
        if self.links.contains_key(&link) {
            let member = self.dismiss(now, link, reason, out);
            self.after_link(now, member, Ended::Here(reason), out);
        }
    }

    /// Says goodbye to a link and forgets it; gives the member whose it was.
    pub(super) fn dismiss(
        &mut self,
        now: Time,
        link: LinkId,
        reason: CloseReason,
        out: &mut Outbox,
    ) -> Option<MemberId> {
        self.tell(now, link, &ToClient::Bye { reason }, out);
        out.close(link, reason);
        self.forget_link(link)
    }

    /// A link is gone without anything more to say to it.
    pub(super) fn drop_link(&mut self, now: Time, link: LinkId, cause: Ended, out: &mut Outbox) {
        if self.links.contains_key(&link) {
            if let Ended::Told(reason) = cause {
                out.close(link, reason);
            }
            let member = self.forget_link(link);
            self.after_link(now, member, cause, out);
        }
    }

    fn forget_link(&mut self, link: LinkId) -> Option<MemberId> {
        let state = self.links.remove(&link)?;
        self.timers.cancel(Alarm::Handshake(link));
        self.timers.cancel(Alarm::Heartbeat(link));
        for cursor in &state.cursors {
            if let Some(room) = self.rooms.get_mut(&cursor.room) {
                room.unsubscribe(link);
            }
        }
        if state.encoding() == Some(Encoding::Json) {
            self.json_links -= 1;
            if self.json_links == 0 {
                self.rooms.values_mut().for_each(|room| room.log.retire_json());
            }
        }
        self.shares.remove(state.from);
        let Some(member) = state.member() else {
            if !cfg!(exchange_bug = "half-open-not-counted-down") {
                self.shares.opened(state.from);
            }
            return None;
        };
        self.stop_typing(member);
        self.members.get_mut(&member)?.unlink(link).then_some(member)
    }

    /// What follows from a member's having no link.
    fn after_link(&mut self, now: Time, member: Option<MemberId>, cause: Ended, out: &mut Outbox) {
        out.event(Event::LinkClosed { peer: member.and_then(|member| self.roster.peer(member)), cause });
        if let Some(member) = member {
            self.is_away(now, member, out);
        }
    }

    pub(super) fn admitted(&mut self, now: Time, link: LinkId) {
        if let Some(state) = self.links.get(&link) {
            self.shares.opened(state.from);
        }
        self.timers.cancel(Alarm::Handshake(link));
        self.timers.set(Alarm::Heartbeat(link), now + self.timing.patience());
    }
}
