//! The host's machine: it appends to logs and moves cursors.
//!
//! ```text
//!              ┌ Host ──────────────────────────────────────────────┐
//!  Input ────▶ │ links ── a cursor per room ──▶ rooms ── log        │ ────▶ Outbox
//!  Round::post │       └─ a cursor ──────────▶ roster               │
//!              └────────────────────────────────────────────────────┘
//! ```
//!
//! A [`Round`] takes any number of inputs and commands; when it ends, every log that grew is sealed and every link that
//! lacks something and has credit gets it. What happens in one round is therefore coalesced across all who talk, and
//! nothing has to be remembered to be called.

mod admission;
mod archive;
mod budget;
mod config;
mod fanout;
mod history;
mod import;
mod joining;
mod journal;
mod kept;
mod link;
mod listing;
mod lock;
mod members;
mod moderation;
mod news;
mod nicks;
mod paging;
mod presence;
mod restore;
mod retention;
mod signals;
mod talking;
#[cfg(test)]
mod tests;
mod tokens;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};
use core::mem;

use bytes::BytesMut;

use self::{
    admission::{Newcomers, Shares},
    joining::Opening,
    journal::HostJournal,
    link::{Cursor, Link},
    lock::Lock,
    members::Member,
    news::News,
    nicks::Nicks,
    presence::Wish,
};
pub use self::{
    archive::{Archive, ArchivedRoom},
    config::{Admission, HostConfig},
    history::History,
    import::{Import, Imported, Misfit},
};
use crate::{
    event::{Ended, Event, MessageId, PageId, Peer, Person, Session},
    identity::Identity,
    ids::{Epoch, MemberId, PeerId, ProducerId, RoomId, Seq, SessionId},
    limits::{Limits, Timing},
    message::{Body, JoinFrom, MemberRecord, PageFrom, Presence, Role, Status, ToHost},
    name::{Nick, RoomName},
    presence::{Own, Roster},
    reason::{CloseReason, Refusal, Violation},
    refusals::Refusals,
    room::{Room, Seen},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox, Wake, WakeReason},
    seed::{Random, Seed},
    time::{Time, WallClock},
    timers::Timers,
};

/// The member that the host itself is.
const OWNER: MemberId = MemberId::OWNER;

/// The first room that is opened; it is never closed.
const LOBBY: RoomId = RoomId(1);

/// A hosted session.
#[derive(Debug)]
pub struct Host {
    limits: Limits,
    timing: Timing,
    session: Session,
    identity: Option<Identity>,
    life: Epoch,
    random: Random,
    wall: WallClock,
    links: BTreeMap<LinkId, Box<Link>>,
    shares: Shares,
    newcomers: Newcomers,
    json_links: usize,
    members: BTreeMap<MemberId, Box<Member>>,
    next_member: MemberId,
    /// Members whose link broke and who may still come back, the one away longest first.
    away: VecDeque<MemberId>,
    /// Members that are in no room any more, the one gone longest first.
    gone: VecDeque<MemberId>,
    /// Whether some of them may be forgotten once everybody has been told that they are gone.
    has_untold: bool,
    roster: Roster,
    nicks: Nicks,
    own: Own,
    rooms: BTreeMap<RoomId, Room>,
    room_ids: BTreeMap<RoomName, RoomId>,
    next_room: RoomId,
    /// The logs of rooms that were closed, the last of them: whoever was away is told when it comes back.
    closed_logs: VecDeque<Epoch>,
    moderators: BTreeSet<PeerId>,
    lock: Lock,
    /// What is kept beyond its life, if anything is.
    journal: Option<HostJournal>,
    /// What the host itself is told next of what it fetches.
    next_page: PageId,
    timers: Timers<Alarm>,
    /// What changed since the last round's end.
    grown: BTreeSet<RoomId>,
    news: News,
    signalled: BTreeSet<RoomId>,
    roster_grown: bool,
    touched: Vec<LinkId>,
    refusals: Refusals,
    /// Where answers are encoded before they take as much memory as they need.
    scratch: BytesMut,
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    Handshake(LinkId),
    Heartbeat(LinkId),
    Unreachable(MemberId),
    Grace(MemberId),
    Expiry(MemberId),
    Change(MemberId),
    News,
    Signals(RoomId),
    Retention(RoomId),
    Idle,
}

impl Host {
    /// A new session. The host itself is a member of its lobby from the start.
    pub fn new(config: HostConfig, seed: &Seed, now: Time) -> Self {
        let mut random = seed.fork("host");
        let session = SessionId::from_bytes(random.bytes());
        let anybody = PeerId::from_bytes(random.bytes());
        let peer = config.identity.as_ref().map_or(anybody, Identity::peer);
        let owner = (peer, ProducerId::from_bytes(random.bytes()));
        let mut host = Self::bare(config, session, owner, random, now);
        host.changes_member(OWNER);
        let _ = host.enter(now, OWNER, &RoomName::lobby(), Opening::Public, &mut Outbox::new());
        host
    }

    /// A session without rooms.
    fn bare(
        config: HostConfig,
        id: SessionId,
        (peer, producer): (PeerId, ProducerId),
        mut random: Random,
        now: Time,
    ) -> Self {
        let session = Session { id, name: config.name };
        let nicks = Nicks::new(peer, &config.nick);
        let owner = MemberRecord {
            member: OWNER,
            peer,
            producer,
            nick: config.nick,
            role: Role::Owner,
            status: Status::Online,
            note: None,
            identity: config.identity.as_ref().map(Identity::public).filter(|public| public.peer() == peer),
        };
        let mut host = Self {
            limits: Limits {
                text: config.limits.text.min(Limits::MAX_TEXT),
                signalled: config.limits.signalled.min(Limits::MAX_SIGNALLED),
                ..config.limits
            },
            timing: config.timing,
            session,
            identity: config.identity,
            life: Epoch::from_bytes(random.bytes()),
            random,
            wall: WallClock::default(),
            links: BTreeMap::new(),
            shares: Shares::default(),
            newcomers: Newcomers::default(),
            json_links: 0,
            members: BTreeMap::from([(OWNER, Box::new(Member::owner()))]),
            next_member: MemberId(1),
            away: VecDeque::new(),
            gone: VecDeque::new(),
            has_untold: false,
            roster: Roster::default(),
            nicks,
            own: Own::new(config.idle, now).with_receipts(config.read_receipts),
            rooms: BTreeMap::new(),
            room_ids: BTreeMap::new(),
            next_room: LOBBY,
            closed_logs: VecDeque::new(),
            moderators: BTreeSet::new(),
            lock: Lock::new(config.admission),
            journal: config.store.map(HostJournal::new),
            next_page: PageId::default(),
            timers: Timers::new(),
            grown: BTreeSet::new(),
            news: News::default(),
            signalled: BTreeSet::new(),
            roster_grown: false,
            touched: Vec::new(),
            refusals: Refusals::default(),
            scratch: BytesMut::new(),
            closed: false,
        };
        host.roster.put(owner);
        host.watch_owner();
        host
    }

    /// Takes one input: a [`round`](Self::round) of its own.
    pub fn handle(&mut self, now: Time, input: Input<'_>, out: &mut Outbox) {
        self.round(now, out).handle(input);
    }

    /// Begins a round: what is due by `now` is done first, and what the round brings about is put into `out` when the
    /// returned guard is dropped.
    pub fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> Round<'a> {
        let began = out.len();
        self.ring(now, out);
        Round { host: self, now, out, began }
    }

    /// Which session this is.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Who the host itself proves to be, where links do that.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The host itself, as the others see it.
    pub fn me(&self) -> Option<Peer> {
        self.roster.peer(OWNER)
    }

    /// Everybody who is there, the host included.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.roster.records().filter(|record| record.status.is_there()).map(MemberRecord::person)
    }

    /// The rooms there are.
    pub fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.room_ids.keys()
    }

    /// The rooms that the host itself is a member of.
    pub fn joined_rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.rooms.values().filter(|room| room.is_member(OWNER)).map(|room| &room.name)
    }

    /// The members of a room; none if there is no such room.
    pub fn members(&self, room: &RoomName) -> impl Iterator<Item = Peer> + '_ {
        self.room(room).into_iter().flat_map(Room::present).filter_map(|member| self.roster.peer(member))
    }

    /// How many links there are.
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    /// How many links have not been given everything there is for them yet, but for news of who comes and goes that is
    /// held back for all.
    pub fn lagging(&self) -> usize {
        let is_old = |cursor: &Cursor| {
            let room = self.rooms.get(&cursor.room).filter(|_| !self.news.is_held(cursor.room));
            room.is_some_and(|room| cursor.after < room.log.head() || cursor.signals < room.signals.rev())
        };
        let lacks = |cursor: &Cursor| cursor.fetch.is_some() || is_old(cursor);
        let members = self.links.values().filter(|link| link.member().is_some());
        let knows_all = |link: &Link| link.roster == self.roster.rev() || self.roster_grown;
        members.filter(|link| !knows_all(link) || link.cursors.iter().any(lacks)).count()
    }

    /// Whether the session has been closed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn room(&self, name: &RoomName) -> Option<&Room> {
        self.rooms.get(self.room_ids.get(name)?)
    }

    fn lobby(&self) -> Option<&Room> {
        self.rooms.get(&LOBBY)
    }

    fn ring(&mut self, now: Time, out: &mut Outbox) {
        while let Some(alarm) = self.timers.pop_due(now) {
            match alarm {
                Alarm::Handshake(link) => self.close_link(now, link, CloseReason::HandshakeTimeout, out),
                Alarm::Heartbeat(link) => self.probe(now, link, out),
                Alarm::Unreachable(member) => self.lose(member, Status::Unreachable, out),
                Alarm::Grace(member) => self.lose(member, Status::Offline, out),
                Alarm::Expiry(member) => self.expire(now, member, out),
                Alarm::Change(member) => self.grant(now, member, out),
                Alarm::Signals(room) => drop(self.signalled.insert(room)),
                Alarm::Retention(room) => self.forget_old(now, room),
                // It was set so that there is a round.
                Alarm::News => {}
                Alarm::Idle => self.look_after_owner(now, out),
            }
        }
    }

    fn wake(&self) -> Option<Wake> {
        let (at, alarm) = self.timers.next()?;
        let reason = match alarm {
            Alarm::Handshake(_) => WakeReason::Handshake,
            Alarm::Heartbeat(_) => WakeReason::Heartbeat,
            Alarm::Unreachable(_) | Alarm::Grace(_) => WakeReason::Grace,
            Alarm::Expiry(_) => WakeReason::Expiry,
            Alarm::Change(_) | Alarm::News => WakeReason::Change,
            Alarm::Signals(_) => WakeReason::Signals,
            Alarm::Retention(_) => WakeReason::Retention,
            Alarm::Idle => WakeReason::Idle,
        };
        Some(Wake { at, reason })
    }
}

/// One round of a [`Host`]: inputs and commands that belong to one moment. It ends when it is dropped.
#[derive(Debug)]
pub struct Round<'a> {
    host: &'a mut Host,
    now: Time,
    out: &'a mut Outbox,
    /// How much was in there before.
    began: usize,
}

impl Round<'_> {
    /// The host as it is at this point of the round.
    pub fn host(&self) -> &Host {
        self.host
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input<'_>) {
        let (now, out) = (self.now, &mut *self.out);
        let host = &mut *self.host;
        if let (Input::Stored { batch }, Some(kept)) = (input, &mut host.journal) {
            kept.journal.stored(batch);
        }
        if host.closed {
            return;
        }
        match input {
            Input::StoreFailed => self.lose_store(),
            Input::Tick | Input::NetworkChanged | Input::Stored { .. } => {}
            Input::WallClock { at } => host.wall = WallClock::showing(now, at),
            Input::LinkUp { link, credit, from } => host.link_up(now, link, credit, from, out),
            Input::Opened { link, encoding, proven } => host.opened(link, encoding, proven),
            Input::Bytes { link } => host.hears(now, link),
            Input::Frame { link, body } => host.frame(now, link, body, out),
            Input::Credit { link, bytes } => host.credit(link, bytes),
            Input::Fault { link, violation } => host.close_link(now, link, violation.into(), out),
            Input::LinkDown { link, loss } => host.link_down(now, link, loss, out),
            Input::Activity => host.owner_is_active(now, out),
        }
    }

    /// The host itself says something in a room it is in, or changes it. It is logged at once, and [`Event::Receipt`] says
    /// where.
    ///
    /// Where a text names nobody by [`mentions`](crate::message::Post::mentions), it means the members of the room whose
    /// nicks it has behind an `@`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is not in that room, the text is empty or too long, or the change may not be.
    pub fn post(&mut self, room: &RoomName, body: Body) -> Result<MessageId, Refusal> {
        self.host.check_open()?;
        self.host.owner_is_active(self.now, self.out);
        self.host.post_as_owner(self.now, room, body, self.out)
    }

    /// Says that the host itself has read everything in a room up to there. Others are told if the host was made
    /// [so](HostConfig::read_receipts).
    pub fn read(&mut self, room: &RoomName, up_to: Seq) {
        self.host.read_as_owner(room, up_to);
    }

    /// The host itself is typing in a room it is in, or not any more. To be called at every key: others are told at
    /// most twice a second, and no longer show it a while after the last call, or once something was posted.
    pub fn typing(&mut self, room: &RoomName, typing: bool) {
        self.host.owner_is_active(self.now, self.out);
        self.host.type_as_owner(self.now, room, typing);
    }

    /// The host itself joins a room, which is opened if there is none. [`Event::RoomJoined`] tells of it, and what was said
    /// there before follows as it does for clients: from where one wants to begin, but at most the last
    /// [`Limits::page_entries`].
    ///
    /// # Errors
    ///
    /// [`Refusal`] if a limit is reached.
    pub fn join(&mut self, room: &RoomName, from: JoinFrom) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.join_as_owner(self.now, room, from, self.out)
    }

    /// The host itself opens a private room, which only those may join who are invited.
    ///
    /// # Errors
    ///
    /// [`Refusal::Taken`] if there is such a room, another if a limit is reached.
    pub fn open(&mut self, room: &RoomName) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.open_as_owner(self.now, room, self.out)
    }

    /// Tells which rooms there are: [`Event::Rooms`] follows.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the session is over.
    pub fn list_rooms(&mut self) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.list_for_owner(self.out);
        Ok(())
    }

    /// Fetches a part of a room's log, at most [`Limits::page_entries`] of it, and also of one that the host itself is
    /// not in: [`Event::Page`] follows.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotMember`] if there is no such room, [`Refusal::Closed`] if the session is over.
    pub fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal> {
        self.host.check_open()?;
        self.host.fetch_as_owner(room, (from, count), self.out)
    }

    /// The host itself leaves a room.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is not in that room, or it is the lobby.
    pub fn leave(&mut self, room: &RoomName) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.leave_as_owner(self.now, room, self.out)
    }

    /// How the host itself is from now on. Others are told at most twice a second.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the session is over.
    pub fn set_presence(&mut self, presence: Presence) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.set_owner_presence(self.now, presence, self.out);
        Ok(())
    }

    /// The host itself is called this from now on; [`Event::Renamed`] tells of it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Name`] if somebody else's nick looks like it, or nobody may be called that.
    pub fn rename(&mut self, nick: &Nick) -> Result<(), Refusal> {
        self.host.check_open()?;
        let peer = self.host.roster.record(OWNER).ok_or(Refusal::NotMember)?.peer;
        let nick = self.host.nicks.take(OWNER, peer, nick).map_err(Refusal::Name)?;
        self.host.call(self.now, OWNER, &nick, self.out);
        Ok(())
    }

    /// Ends the session: every client is told, every link is closed.
    pub fn close(&mut self) {
        self.end(CloseReason::HostClosed);
    }

    /// Nobody is told what could not be kept. What was closed stays closed.
    fn lose_store(&mut self) {
        let Some(kept) = self.host.journal.take() else { return };
        let unseen = kept.journal.into_held().chain(self.out.split_off(self.began));
        self.out.extend(unseen.filter(|effect| matches!(effect, Effect::Close { .. })).collect());
        self.end(CloseReason::StoreFailed);
    }

    fn end(&mut self, cause: CloseReason) {
        if mem::replace(&mut self.host.closed, true) {
            return;
        }
        let links: Vec<LinkId> = self.host.links.keys().copied().collect();
        for link in links {
            self.host.dismiss(self.now, link, cause, self.out);
        }
        self.host.timers.clear();
        self.out.event(Event::Closed { cause: Ended::Here(cause) });
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        self.host.fan_out(self.now, self.out);
        self.host.keep(self.began, self.out);
        self.out.set_wake(self.host.wake());
    }
}

impl Host {
    fn check_open(&self) -> Result<(), Refusal> {
        if self.closed { Err(Refusal::Closed) } else { Ok(()) }
    }

    fn frame(&mut self, now: Time, link: LinkId, body: &[u8], out: &mut Outbox) {
        let Some(state) = self.links.get_mut(&link) else { return };
        state.heard = now;
        let Some(encoding) = state.encoding() else {
            return self.close_link(now, link, Violation::Unexpected.into(), out);
        };
        let message = match encoding.decode::<ToHost>(body) {
            Ok(message) => message,
            Err(violation) => return self.close_link(now, link, violation.into(), out),
        };
        let member = state.member();
        match (member, message) {
            (None, ToHost::Hello(hello)) => self.hello(now, link, encoding, &hello, out),
            (None, ToHost::Bye { reason }) => self.drop_link(now, link, Ended::Told(reason), out),
            (None, _) | (Some(_), ToHost::Hello(_)) => self.close_link(now, link, Violation::Unexpected.into(), out),
            (Some(member), message) => self.member_says(now, link, member, message, out),
        }
    }

    fn member_says(&mut self, now: Time, link: LinkId, member: MemberId, message: ToHost, out: &mut Outbox) {
        // A goodbye needs no welcome: it may come from one who waited for it in vain.
        if !matches!(message, ToHost::Bye { .. })
            && self.members.get_mut(&member).is_some_and(|state| state.has_welcome())
        {
            self.changes_member(member);
        }
        match message {
            ToHost::Join { room, from, settled, sent } => match RoomName::new(&room) {
                Ok(room) => self.join(now, link, member, (&room, Opening::Public), (from, settled, sent), out),
                Err(error) => self.close_link(now, link, CloseReason::Name(error), out),
            },
            ToHost::Open { room, settled, sent } => match RoomName::new(&room) {
                Ok(room) => {
                    let numbers = (JoinFrom::Head, settled, sent);
                    self.join(now, link, member, (&room, Opening::Private), numbers, out);
                }
                Err(error) => self.close_link(now, link, CloseReason::Name(error), out),
            },
            ToHost::List { after } => self.list(now, link, member, after.as_ref(), out),
            ToHost::Seen { room, after, delivered, read } => {
                self.seen(now, link, member, room, Seen { after, delivered, read }, out);
            }
            ToHost::Typing { room, typing } => self.types(now, link, member, room, typing),
            ToHost::Fetch { room, from, count } => self.fetch(now, link, member, room, (from, count), out),
            ToHost::Leave { room } => self.leave(now, link, member, room, out),
            ToHost::Send { room, cmid, body, commitment } => {
                self.send(now, link, member, (room, cmid), (body, commitment), out);
            }
            ToHost::Ping { nonce } => self.control(now, link, &crate::message::ToClient::Pong { nonce }, out),
            // That it came says all there is to say.
            ToHost::Pong { .. } => {}
            ToHost::Bye { reason } => self.bye(now, link, member, reason, out),
            ToHost::Presence(presence) => self.wish(now, member, Wish { presence: Some(presence), nick: None }, out),
            ToHost::Rename { nick } => match Nick::new(&nick) {
                Ok(nick) => self.wish(now, member, Wish { presence: None, nick: Some(nick) }, out),
                Err(error) => self.close_link(now, link, CloseReason::Name(error), out),
            },
            // Only the first message of a link may be one, and this is not the first.
            ToHost::Hello(_) => self.close_link(now, link, Violation::Unexpected.into(), out),
        }
    }

    fn link_down(&mut self, now: Time, link: LinkId, loss: LinkLoss, out: &mut Outbox) {
        self.drop_link(now, link, Ended::Lost(loss), out);
    }
}
