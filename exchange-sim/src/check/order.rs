//! Whether a host keeps order: who is let in, who is heard, and whether whoever is not was refused for what is so.
//!
//! Everything that is done is in the logs, so it follows from them who stands how. A step of the host may be several of
//! its rounds: what it refused in one, it refused somewhere between where the log ended before the step and after it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use exchange_core::{
    Act, Body, CloseReason, Cmid, Epoch, JoinFrom, MemberId, MessageId, PeerId, ProducerId, Refusal, RoomId, RoomName,
    Seq, Time,
    message::{Joined, ToClient, ToHost},
};

use super::{
    Check, Invariant, Scene,
    deeds::{Sanction, millis},
    model::{Log, Model},
    ranks::{Rank, may},
};
use crate::{
    marks::Mark,
    net::Socket,
    scenario::{Allowance, HostSetup},
};

/// What was asked of a host and what it has answered, beside what is in its logs.
#[derive(Debug, Default)]
pub(super) struct Order {
    messages: Option<Allowance>,
    requests: Option<Allowance>,
    /// How each link asked for a room last.
    asked: BTreeMap<(Socket, RoomName), Asked>,
    /// What was refused, and why: it is refused for the same when it is sent again.
    refused: BTreeMap<(RoomId, MemberId, Cmid), Refusal>,
    /// What may have been refused when nobody was there to hear it: why, shows when it is sent again.
    unanswered: BTreeSet<(RoomId, MemberId, Cmid)>,
    /// When each peer's last messages were logged, where that is bounded.
    spent: BTreeMap<PeerId, VecDeque<Time>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ToJoin(JoinFrom),
    ToOpen,
}

/// Whom the host speaks to, and in which rooms.
pub(super) struct Talk<'a> {
    pub(super) member: MemberId,
    pub(super) peer: PeerId,
    pub(super) producer: ProducerId,
    /// Whether the host may have forgotten it in between.
    pub(super) is_back: bool,
    pub(super) rooms: &'a BTreeMap<RoomId, (RoomName, Epoch)>,
}

impl Order {
    pub(super) fn new(setup: &HostSetup) -> Self {
        Self { messages: setup.messages, requests: setup.requests, ..Self::default() }
    }

    pub(super) fn heard(&mut self, socket: Socket, said: &ToHost) {
        let (room, asked) = match said {
            ToHost::Join { room, from, .. } => (room, Asked::ToJoin(*from)),
            ToHost::Open { room, .. } => (room, Asked::ToOpen),
            _ => return,
        };
        if let Ok(room) = RoomName::new(room) {
            self.asked.insert((socket, room), asked);
        }
    }

    pub(super) fn forget(&mut self, socket: Socket) {
        self.asked.retain(|(of, _), _| *of != socket);
    }

    pub(super) fn leaves_unanswered(&mut self, room: RoomId, member: MemberId, cmid: Cmid) {
        self.unanswered.insert((room, member, cmid));
    }

    /// Nobody says more in any time than may be said in it.
    pub(super) fn spends(&mut self, peer: PeerId, now: Time) -> Check {
        /// So many messages beyond a burst are looked at.
        const BEYOND: u64 = 64;
        let Some(Allowance { per_second, burst }) = self.messages else { return Ok(()) };
        let token = (Duration::from_secs(1) / per_second.max(1)).as_nanos();
        let times = self.spent.entry(peer).or_default();
        times.push_back(now);
        let most =
            |since: &Time| u64::from(burst) + u64::try_from(now.since(*since).as_nanos() / token).unwrap_or(u64::MAX);
        if let Some((since, count)) = times.iter().rev().zip(1..).find(|(since, count)| *count > most(since)) {
            return Err((
                Invariant::S32,
                format!("{peer} has said {count} things since {since:?}: {:?}", self.messages),
            ));
        }
        if times.len() as u64 > u64::from(burst) + BEYOND {
            times.pop_front();
        }
        Ok(())
    }

    /// Somebody is known by a number for the first time: of what they said by another, the host may have forgotten all.
    pub(super) fn is_new(&mut self, peer: PeerId) {
        self.spent.remove(&peer);
    }

    /// What is known again of what a host had kept: what was refused, but not who asks for what, nor what anybody spent.
    pub(super) fn kept(&self) -> Self {
        let (refused, unanswered) = (self.refused.clone(), self.unanswered.clone());
        Self { messages: self.messages, requests: self.requests, refused, unanswered, ..Self::default() }
    }

    /// Looks at what the host says to somebody.
    pub(super) fn said(&mut self, socket: Socket, to: &Talk<'_>, said: &ToClient, scene: &mut Scene<'_>) -> Check {
        match said {
            ToClient::Joined(joined) => self.joined(socket, to, joined, scene),
            ToClient::Reject { room, cmid, refusal } => self.rejected(to, *room, *cmid, *refusal, scene),
            ToClient::JoinRefused { room, refusal } => self.not_joined(socket, to, room, *refusal, scene),
            ToClient::ListRefused { refusal } => limited(self.requests, *refusal),
            ToClient::Removed { room, refusal, reason } => {
                let Some((_, epoch)) = to.rooms.get(room) else { return Ok(()) };
                let Some(log) = scene.model.logs.get(epoch) else { return Ok(()) };
                let (from, end) = scene.model.span(*epoch);
                let is_true = match refusal {
                    Refusal::Kicked => log.deeds.did(
                        from,
                        end,
                        |act| matches!(act, Act::Kick { who, reason: why } if who.id == to.peer && why == reason),
                    ),
                    Refusal::Banned { retry_after_ms } => log.deeds.did(from, end, |act| {
                        matches!(act, Act::Ban { who, seconds, reason: why }
                            if who.id == to.peer && why == reason && millis_of(*seconds) == *retry_after_ms)
                    }),
                    Refusal::RoomClosed => log.is_closed,
                    _ => false,
                };
                scene.marks.sometimes(log.is_closed, Mark::RoomClosed);
                is_so(is_true || !log.is_certain, || format!("{} is removed from {:?}: {refusal}", to.peer, log.room))
            }
            _ => Ok(()),
        }
    }

    fn joined(&self, socket: Socket, to: &Talk<'_>, joined: &Joined, scene: &mut Scene<'_>) -> Check {
        let Joined { name, epoch, .. } = joined;
        let Some(log) = scene.model.logs.get(epoch) else { return Ok(()) };
        let asked = self.asked.get(&(socket, name.clone()));
        if let Some(Asked::ToJoin(JoinFrom::After { epoch: asked, .. })) = asked {
            let other = scene.model.logs.get(asked).filter(|_| asked != epoch);
            if other.is_some_and(|other| other.is_closed) {
                let what =
                    format!("{} is taken into another {name:?} than the one it was in, which is closed", to.peer);
                return Err((Invariant::S31, what));
            }
            // Whoever comes back without knowing that it was made to go is told so first.
            let came = log.deeds.came_at(to.member, log.head());
            let is_new = came.filter(|came| *came > scene.model.span(*epoch).0);
            if log.is_certain
                && asked == epoch
                && is_new.is_some_and(|came| log.deeds.is_removed(to.member, came.back(1)))
            {
                let what = format!("{} is back in {name:?} as if it had not been made to go", to.peer);
                return Err((Invariant::S31, what));
            }
        }
        scene.marks.sometimes(asked == Some(&Asked::ToOpen), Mark::PrivateRoomOpened);
        scene.marks.sometimes(name.direct_between().is_some(), Mark::RoomOfTwo);
        let is_member = || scene.model.sometimes(*epoch, |at| log.deeds.is_member(to.member, at));
        if log.is_certain && !is_member() {
            return Err((Invariant::S31, format!("{} is told it is in {name:?}, where it is not", to.peer)));
        }
        Ok(())
    }

    fn rejected(&mut self, to: &Talk<'_>, room: RoomId, cmid: Cmid, refusal: Refusal, scene: &mut Scene<'_>) -> Check {
        let Some((name, epoch)) = to.rooms.get(&room) else { return Ok(()) };
        if matches!(refusal, Refusal::RateLimited { .. }) {
            scene.marks.hit(Mark::RateLimited);
            return limited(self.messages, refusal);
        }
        let Some(log) = scene.model.logs.get(epoch).filter(|log| log.is_certain) else { return Ok(()) };
        let model = &*scene.model;
        if matches!(refusal, Refusal::NotMember | Refusal::SendGap) {
            let is_true =
                refusal == Refusal::SendGap || model.sometimes(*epoch, |at| !log.deeds.is_member(to.member, at));
            return is_so(is_true, || format!("{} is no member of {name:?}, it is told", to.peer));
        }
        if let Some(before) = self.refused.get(&(room, to.member, cmid)) {
            return is_so(*before == refusal, || format!("message {cmid} was refused: {before}, and is: {refusal}"));
        }
        self.refused.insert((room, to.member, cmid), refusal);
        if self.unanswered.remove(&(room, to.member, cmid)) {
            return Ok(());
        }
        let id = MessageId { room: name.clone(), producer: to.producer, cmid };
        let act = scene.posted.get(&id).and_then(Body::act);
        let (least, _) = model.roles.of(to.peer, log.founder);
        let is_true = match refusal {
            Refusal::Muted { retry_after_ms } => {
                let is_muted =
                    |epoch: Epoch, rank| least < rank && model.lasts(epoch, Sanction::Muted, to.peer, retry_after_ms);
                scene.marks.hit(Mark::Muted);
                is_muted(*epoch, Rank::Founder) || model.lobby().is_none_or(|lobby| is_muted(lobby, Rank::Moderator))
            }
            Refusal::Locked => {
                scene.marks.hit(Mark::Locked);
                least < Rank::Founder && model.sometimes(*epoch, |at| log.deeds.rules(at).locked)
            }
            Refusal::SlowMode { retry_after_ms } => {
                scene.marks.hit(Mark::TooEarly);
                let is_early =
                    |at| model.too_early(log, to.member, at).is_some_and(|left| millis(left) == retry_after_ms);
                least < Rank::Founder && model.sometimes(*epoch, is_early)
            }
            Refusal::NotAllowed => act.is_none_or(|act| {
                scene.marks.hit(Mark::NotAllowed);
                let on = act.target().map_or(Rank::Member, |who| model.roles.of(who.id, log.founder).1);
                model.sometimes(*epoch, |at| !may(least, on, act, name, log.deeds.rules(at)))
            }),
            Refusal::NoSuchPeer => act.is_none_or(|act| model.sometimes(*epoch, |at| model.misses(log, act, at))),
            _ => true,
        };
        is_so(is_true, || format!("{} is refused {act:?} in {name:?} at {:?}: {refusal}", to.peer, model.now))
    }

    fn not_joined(
        &self,
        socket: Socket,
        to: &Talk<'_>,
        name: &RoomName,
        refusal: Refusal,
        scene: &mut Scene<'_>,
    ) -> Check {
        let asked = self.asked.get(&(socket, name.clone()));
        let marks = &mut *scene.marks;
        let model = &*scene.model;
        let log = model.open.get(name).and_then(|epoch| Some((*epoch, model.logs.get(epoch)?)));
        let in_log = |is_such: &dyn Fn(Epoch, &Log) -> bool| {
            log.is_some_and(|(epoch, log)| !log.is_certain || is_such(epoch, log)) || model.has_closed(name)
        };
        let is_true = match refusal {
            Refusal::RateLimited { .. } => {
                marks.hit(Mark::AskedTooOften);
                return limited(self.requests, refusal);
            }
            Refusal::Private => {
                marks.hit(Mark::Private);
                let is_out = |log: &Log, at| log.deeds.rules(at).private && (to.is_back || !log.is_guest(to.peer, at));
                in_log(&|epoch, log| model.sometimes(epoch, |at| is_out(log, at)))
            }
            Refusal::Banned { retry_after_ms } => {
                marks.hit(Mark::Banned);
                in_log(&|epoch, _| model.lasts(epoch, Sanction::Banned, to.peer, retry_after_ms))
            }
            Refusal::Kicked => {
                marks.hit(Mark::KickedWhileAway);
                in_log(&|epoch, log| model.sometimes(epoch, |at| log.deeds.is_removed(to.member, at)))
            }
            Refusal::RoomClosed => {
                let Some(Asked::ToJoin(JoinFrom::After { epoch, .. })) = asked else {
                    return is_so(model.has_closed(name), || format!("{name:?} is closed, {} is told", to.peer));
                };
                marks.hit(Mark::ClosedWhileAway);
                model.logs.get(epoch).is_none_or(|log| log.is_closed) || model.has_closed(name)
            }
            Refusal::Taken => asked == Some(&Asked::ToOpen) && in_log(&|_, _| true),
            Refusal::NotAllowed => is_not_of(name, to.peer),
            _ => true,
        };
        is_so(is_true, || format!("{} is refused {name:?} at {:?}: {refusal}", to.peer, model.now))
    }

    /// Whoever is removed or banned from the session is in it no more, and is not let in again.
    pub(super) fn welcomed(member: MemberId, peer: PeerId, scene: &Scene<'_>) -> Check {
        let model = &*scene.model;
        let Some((epoch, lobby)) = model.lobby().and_then(|epoch| Some((epoch, model.logs.get(&epoch)?))) else {
            return Ok(());
        };
        if !lobby.is_certain {
            return Ok(());
        }
        let is_barred = |at| lobby.deeds.lasts(Sanction::Banned, peer, at, model.now).is_some();
        if model.always(epoch, |at| is_barred(at) || lobby.deeds.is_removed(member, at)) {
            return Err((Invariant::S31, format!("{peer} is let in as member {member}, which was removed for good")));
        }
        Ok(())
    }

    /// Whether somebody is turned out of the session, or not let in, for what is so.
    pub(super) fn turned_out(peer: PeerId, reason: CloseReason, scene: &mut Scene<'_>) -> Check {
        let model = &*scene.model;
        let Some((epoch, lobby)) = model.lobby().and_then(|epoch| Some((epoch, model.logs.get(&epoch)?))) else {
            return Ok(());
        };
        let is_true = match reason {
            CloseReason::Kicked => lobby.deeds.did(
                Seq::ZERO,
                lobby.head(),
                |act| matches!(act, Act::Kick { who, .. } | Act::Ban { who, .. } if who.id == peer),
            ),
            CloseReason::Banned { retry_after_ms } => model.lasts(epoch, Sanction::Banned, peer, retry_after_ms),
            _ => return Ok(()),
        };
        // Who may not come in at all is not told that it only had to go.
        let is_banned = |at| lobby.deeds.lasts(Sanction::Banned, peer, at, model.now).is_some();
        let is_whole = reason != CloseReason::Kicked || !model.always(epoch, is_banned);
        scene.marks.hit(Mark::OutOfTheSession);
        is_so(!lobby.is_certain || (is_true && is_whole), || {
            format!("{peer} is turned out at {:?}: {reason}", model.now)
        })
    }
}

/// Whether what was done is what was wanted. Whom it is done to is called as the host knows them.
pub(super) fn is_done(wanted: &Act, done: &Act) -> bool {
    use Act::{Ban, Invite, Kick, Mute, Role, Unban, Unmute};
    let is_same = match (wanted, done) {
        (Kick { reason, .. }, Kick { reason: given, .. }) => reason == given,
        (Ban { seconds, reason, .. }, Ban { seconds: given, reason: why, .. }) => (seconds, reason) == (given, why),
        (Mute { seconds, .. }, Mute { seconds: given, .. }) => seconds == given,
        (Role { role, .. }, Role { role: given, .. }) => role == given,
        (Invite(_), Invite(_)) | (Unban(_), Unban(_)) | (Unmute(_), Unmute(_)) => true,
        _ => return wanted == done,
    };
    is_same && wanted.target().map(|who| who.id) == done.target().map(|who| who.id)
}

impl Model {
    /// Whether an entry may be where it is.
    pub(super) fn judge(&self, epoch: Epoch, seq: Seq, author: MemberId) -> Check {
        let Some(log) = self.logs.get(&epoch).filter(|log| log.is_certain) else { return Ok(()) };
        let Some(logged) = log.entry(seq) else { return Ok(()) };
        let (peer, before, deeds) = (logged.peer.id, seq.back(1), &log.deeds);
        let wrong = |invariant, what: &str| {
            Err((
                invariant,
                format!("{}, {what}, made entry {seq} of {:?}: {:?}", logged.peer.nick, log.room, logged.body),
            ))
        };
        match &logged.body {
            Body::Join { .. } => {
                if deeds.lasts(Sanction::Banned, peer, before, self.now).is_some() {
                    return wrong(Invariant::S31, "who is banned");
                }
                if is_not_of(&log.room, peer) {
                    return wrong(Invariant::S31, "who is neither of the two");
                }
                if before > Seq::ZERO && deeds.rules(before).private && !log.is_guest(peer, before) {
                    return wrong(Invariant::S31, "who was not invited");
                }
                Ok(())
            }
            Body::Act(Act::Knock) => {
                let is_guest = log.is_guest(peer, before) && !self.returned.contains(&peer);
                if !deeds.rules(before).private || is_guest {
                    return wrong(Invariant::S31, "who could come in");
                }
                if deeds.is_at_the_door(author, peer, before) {
                    return wrong(Invariant::S31, "who was at the door already");
                }
                Ok(())
            }
            Body::Leave { .. } | Body::Rename { .. } => Ok(()),
            body => self.may_say(log, before, (author, peer), body).or_else(|what| wrong(Invariant::S32, what)),
        }
    }

    /// Whether somebody may say that, as far as it can be known.
    fn may_say(&self, log: &Log, at: Seq, (member, peer): (MemberId, PeerId), body: &Body) -> Result<(), &'static str> {
        let (_, most) = self.roles.of(peer, log.founder);
        if let Some(act) = body.act() {
            let on = act.target().map_or(Rank::Member, |who| self.roles.of(who.id, log.founder).0);
            if !may(most, on, act, &log.room, log.deeds.rules(at)) {
                return Err("who may not do that");
            }
        }
        let is_muted = |log: &Log, at| log.deeds.lasts(Sanction::Muted, peer, at, self.now).is_some();
        let lobby = self.lobby().and_then(|epoch| Some((epoch, self.logs.get(&epoch)?)));
        if let Some((epoch, lobby)) = lobby.filter(|(_, lobby)| !lobby.deeds.is_free && lobby.is_certain)
            && most < Rank::Moderator
            && self.always(epoch, |at| is_muted(lobby, at))
        {
            return Err("who is muted everywhere");
        }
        if log.deeds.is_free || most >= Rank::Founder {
            return Ok(());
        }
        if is_muted(log, at) {
            return Err("who is muted");
        }
        if log.deeds.rules(at).locked {
            return Err("who moderates nothing in a locked room");
        }
        if body.act().is_none() && self.too_early(log, member, at).is_some() {
            return Err("who said something just before");
        }
        Ok(())
    }

    /// How long somebody has to wait until they may say something again.
    fn too_early(&self, log: &Log, member: MemberId, at: Seq) -> Option<Duration> {
        let pace = Duration::from_secs(log.deeds.rules(at).slow.into());
        let left = (log.deeds.last_said(member, at).filter(|_| !pace.is_zero())? + pace).since(self.now);
        (!left.is_zero()).then_some(left)
    }

    /// Whether that was done to somebody somewhere in this step, and lasts as long as is said.
    fn lasts(&self, epoch: Epoch, sanction: Sanction, peer: PeerId, said: Option<u64>) -> bool {
        let Some(log) = self.logs.get(&epoch) else { return true };
        !log.is_certain || self.sometimes(epoch, |at| log.deeds.lasts_for(sanction, peer, at, self.now, said))
    }

    /// Whether there is nobody to whom that could be done.
    fn misses(&self, log: &Log, act: &Act, at: Seq) -> bool {
        let lasts = |sanction, peer| log.deeds.lasts(sanction, peer, at, self.now).is_some();
        match act {
            Act::Kick { who, .. } => !log.members_of(who.id).any(|member| log.deeds.is_member(member, at)),
            Act::Unban(who) => !lasts(Sanction::Banned, who.id),
            Act::Unmute(who) => !lasts(Sanction::Muted, who.id),
            _ => true,
        }
    }
}

/// Whether something is refused for what was done in a room, so that it may be otherwise in another log.
pub(super) fn hangs_on_log(refusal: Refusal) -> bool {
    use Refusal::{Locked, Muted, NoMessage, NoSuchPeer, NotAllowed, SlowMode};
    matches!(refusal, NoMessage | NotAllowed | NoSuchPeer | Locked | Muted { .. } | SlowMode { .. })
}

/// Whether a room is one of two others. Nobody has one alone.
fn is_not_of(room: &RoomName, peer: PeerId) -> bool {
    room.direct_between().is_some_and(|two| two[0] == two[1] || !two.contains(&peer))
}

fn is_so(is_so: bool, what: impl FnOnce() -> String) -> Check {
    if is_so { Ok(()) } else { Err((Invariant::S32, what())) }
}

/// Whether a host that bounds how often something is done says how long one has to wait: never longer than for one more.
fn limited(allowance: Option<Allowance>, refusal: Refusal) -> Check {
    let Refusal::RateLimited { retry_after_ms } = refusal else { return Ok(()) };
    let most = allowance.map(|allowance| 1000_u64.div_ceil(allowance.per_second.into()));
    let is_true = most.is_some_and(|most| (1..=most).contains(&retry_after_ms));
    is_so(is_true, || format!("one has to wait for {retry_after_ms} ms, where {allowance:?} is allowed"))
}

fn millis_of(seconds: Option<u32>) -> Option<u64> {
    seconds.map(|seconds| u64::from(seconds) * 1000)
}
