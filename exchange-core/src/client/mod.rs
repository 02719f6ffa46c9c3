//! A client's machine: it dials, says who it is, takes up its rooms where it left them, and delivers every entry once.
//!
//! ```text
//!          dial          opened, hello         welcome
//!  waiting ────▶ dialing ────────────▶ greeting ────▶ live
//!     ▲             │                     │             │
//!     └─────────────┴──── lost: back off ─┴─────────────┘
//! ```
//!
//! What the application posts waits in its room until the host has said what became of it; where the link breaks in
//! between, it is sent again under the same number, and the host tells the copy from the original.

mod acting;
mod alarms;
mod given;
mod hearing;
mod journal;
mod leaving;
mod link;
mod paging;
mod proofs;
mod restore;
mod room;
mod signals;
mod talking;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot};
use core::time::Duration;

use self::{
    acting::Listing,
    alarms::{Alarm, Alarms},
    journal::ClientJournal,
    link::Link,
    paging::Paging,
    room::Room,
};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::{event::Event, reason::Outcome};
use crate::{
    event::{Ended, MessageId, MessageView, PageId, Peer, Person, Session, Unread},
    identity::Identity,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, Token},
    limits::Limits,
    message::{Body, JoinFrom, MemberRecord, Mentions, PageFrom, Presence},
    name::{Nick, RoomName},
    presence::Own,
    reason::{CloseReason, Durability, Refusal},
    refusals::Refusals,
    room::{Later, Transcript},
    seam::{Input, LinkId, Outbox, Wake},
    seed::{Random, Seed},
    time::{Time, WallClock},
};

/// What a client is made with.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What it wants to be called.
    pub nick: Nick,
    /// Who it is, where links prove that; `None` for anybody. A client that [keeps](Self::keeps) keeps it.
    pub identity: Option<Identity>,
    /// Who has to host the session, where links prove that; `None` for whoever does when it comes first. It has to be the
    /// same ever after.
    pub host: Option<PeerId>,
    /// Whether it can prove, where links do that, that it knows the [secret](crate::wire::Keyring::lock) of the session.
    pub has_secret: bool,
    /// Where in the lobby's log it wants to begin.
    pub lobby_from: JoinFrom,
    /// Messages that wait for their outcome at once, over all rooms.
    pub pending: usize,
    /// Bytes of them at once.
    pub pending_bytes: usize,
    /// Messages on the wire without an outcome at once, in one room.
    pub window: usize,
    /// Messages of one room that are held after they were told, to be looked at as they stand.
    pub held: usize,
    /// Bytes of them; the newest message is held whatever its length. As many changes are held besides, and bytes of them.
    pub held_bytes: usize,
    /// From dialling until the host has let it in.
    pub handshake: Duration,
    /// The first wait after a lost link is up to this long, every further one up to twice as long,
    pub backoff_min: Duration,
    /// up to this long.
    pub backoff_max: Duration,
    /// A link that held this long makes earlier failures forgotten.
    pub healthy_after: Duration,
    /// How long without [`Input::Activity`] until it is shown as away; `None` for never.
    pub idle: Option<Duration>,
    /// Whether others are told how far was [read](Round::read). How far this client is they are told anyway.
    pub read_receipts: bool,
    /// Whether it asks for what waits to be [kept](crate::store), so that it is sent even if the client ends before. Then
    /// nothing is sent and nothing told before it is kept, and at its end the client does not give up what waits, but
    /// leaves that to whoever [goes on](Client::restore) with it.
    pub keeps: bool,
}

impl ClientConfig {
    /// The usual times and bounds, for a client of this name that begins with the last 50 entries of the lobby.
    pub fn new(nick: Nick) -> Self {
        Self {
            nick,
            identity: None,
            host: None,
            has_secret: false,
            lobby_from: JoinFrom::Last(50),
            pending: 512,
            pending_bytes: 1024 * 1024,
            window: 32,
            held: 500,
            held_bytes: 512 * 1024,
            handshake: Duration::from_secs(10),
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(8),
            healthy_after: Duration::from_secs(30),
            idle: None,
            read_receipts: false,
            keeps: false,
        }
    }
}

impl ClientConfig {
    /// What is held of a room is its newest messages, and as many changes of such as are not held; at first nothing.
    fn nothing_held(&self) -> (Transcript, Later) {
        (Transcript::new(self.held, self.held_bytes), Later::new(self.held, self.held_bytes))
    }
}

/// One participant of a session that somebody else hosts.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    /// What it wants to be called, and what a host last let it be called.
    nick: Nick,
    agreed: Nick,
    own: Own,
    peer: PeerId,
    host: Option<PeerId>,
    /// Whether the host has proven that it knows the secret, and whether it asks for it though this client was in.
    host_has_secret: bool,
    is_locked_out: bool,
    producer: ProducerId,
    random: Random,
    /// What the clock on the wall showed last, once it was told.
    wall: Option<WallClock>,
    state: State,
    attempt: u32,
    refusals: Refusals,
    failures: u32,
    alarms: Alarms,
    /// What the host has told of itself; kept over a lost link, so that it can be taken up again.
    session: Option<Joint>,
    roster: BTreeMap<MemberId, MemberRecord>,
    /// Whom the host has told of since its welcome, until it has told of everybody.
    confirmed: Option<BTreeSet<MemberId>>,
    rooms: BTreeMap<RoomName, Room>,
    room_names: BTreeMap<RoomId, RoomName>,
    /// Rooms that were left, until the host has said so.
    leaving: BTreeMap<RoomId, RoomName>,
    /// Rooms that were left before the host said what number they have, and whether it was asked on this link: they
    /// have to be joined to be left.
    parting: BTreeMap<RoomName, bool>,
    /// The last message number used in rooms that were left: numbers are never used twice.
    numbered: BTreeMap<RoomName, Cmid>,
    /// The numbers of rooms that it is no member of any more, and did not leave; of the present link.
    lost: BTreeSet<RoomId>,
    /// The rooms that the host is asked to tell of.
    listing: Option<Listing>,
    /// The parts of rooms that it is asked for.
    paging: Paging,
    /// Whether the host wants to be asked nothing for a while.
    is_paused: bool,
    pending: usize,
    pending_bytes: usize,
    /// What is kept; `None` if nothing is, or cannot be any more.
    journal: Option<ClientJournal>,
}

/// What client and host have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Joint {
    session: Session,
    life: Epoch,
    me: MemberId,
    token: Token,
    max_text: u32,
    /// How safely what it is shown is kept.
    durability: Durability,
    /// Changes of the roster up to here are how things stood.
    #[serde(skip)]
    snapshot: Rev,
}

#[derive(Debug)]
enum State {
    Idle,
    Waiting,
    Linked(Link),
    Closed,
}

impl Client {
    /// A client that is nowhere yet: [`Round::connect`] makes it dial.
    pub fn new(config: ClientConfig, seed: &Seed) -> Self {
        let mut random = seed.fork("client");
        let lobby = Room::new(config.lobby_from, Cmid::ZERO, config.nothing_held());
        let anybody = PeerId::from_bytes(random.bytes());
        Self {
            peer: config.identity.as_ref().map_or(anybody, Identity::peer),
            host: config.host,
            host_has_secret: false,
            is_locked_out: false,
            nick: config.nick.clone(),
            agreed: config.nick.clone(),
            own: Own::new(config.idle, Time::ZERO).with_receipts(config.read_receipts),
            journal: config.keeps.then(ClientJournal::empty),
            config,
            producer: ProducerId::from_bytes(random.bytes()),
            random,
            wall: None,
            state: State::Idle,
            attempt: 0,
            refusals: Refusals::default(),
            failures: 0,
            alarms: Alarms::default(),
            session: None,
            roster: BTreeMap::new(),
            confirmed: None,
            rooms: BTreeMap::from([(RoomName::lobby(), lobby)]),
            room_names: BTreeMap::new(),
            leaving: BTreeMap::new(),
            parting: BTreeMap::new(),
            numbered: BTreeMap::new(),
            lost: BTreeSet::new(),
            listing: None,
            paging: Paging::default(),
            is_paused: false,
            pending: 0,
            pending_bytes: 0,
        }
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
        Round { client: self, now, out, began }
    }

    /// This client, as the others see it.
    pub fn me(&self) -> Peer {
        let record = self.session.as_ref().and_then(|joint| self.roster.get(&joint.me));
        record.map_or_else(|| Peer { id: self.peer, nick: self.nick.clone() }, MemberRecord::peer)
    }

    /// The session it is in, or was in last.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref().map(|joint| &joint.session)
    }

    /// Who it proves to be, where links do that.
    pub fn identity(&self) -> Option<&Identity> {
        self.config.identity.as_ref()
    }

    /// Who hosts the session, as a handshake has proven or [has to](ClientConfig::host). `None` if no link was secured yet.
    pub fn host(&self) -> Option<PeerId> {
        self.host
    }

    /// Whether the host has let it in on the present link.
    pub fn is_connected(&self) -> bool {
        matches!(&self.state, State::Linked(link) if link.is_live())
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// How long a ping and its answer took last.
    pub fn round_trip(&self) -> Option<Duration> {
        match &self.state {
            State::Linked(link) => link.round_trip,
            _ => None,
        }
    }

    /// Everybody who is there, as far as the host has told.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.roster.values().filter(|record| record.status.is_there()).map(MemberRecord::person)
    }

    /// The rooms it is in or wants to be in.
    pub fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.rooms.keys()
    }

    /// The members of a room it is in.
    pub fn members(&self, room: &RoomName) -> impl Iterator<Item = Peer> + '_ {
        let members = self.rooms.get(room).into_iter().flat_map(Room::members);
        members.filter_map(|member| self.roster.get(member)).map(MemberRecord::peer)
    }

    /// How far it has read a room: the log's life, and the last entry it was given or told is gone. `None` before it has
    /// joined.
    pub fn place(&self, room: &RoomName) -> Option<(Epoch, Seq)> {
        self.rooms.get(room)?.place()
    }

    /// The newest messages of a room as they stand, oldest first; at most [`held`](ClientConfig::held) of them.
    ///
    /// They are those that it was told of, with all changes that it was told of.
    pub fn messages(&self, room: &RoomName) -> impl DoubleEndedIterator<Item = &MessageView> {
        self.rooms.get(room).into_iter().flat_map(|room| room.transcript.messages())
    }

    /// The message at a place in a room's log as it stands, if it is held.
    pub fn message(&self, room: &RoomName, seq: Seq) -> Option<&MessageView> {
        self.rooms.get(room)?.transcript.message(seq)
    }

    /// What it was told of a room and has not [read](Round::read) yet; kept over reconnects.
    pub fn unread(&self, room: &RoomName) -> Unread {
        self.rooms.get(room).map(|room| room.reading.unread()).unwrap_or_default()
    }

    /// The messages of a room that wait for their outcome, oldest first.
    pub fn waiting(&self, room: &RoomName) -> impl Iterator<Item = (MessageId, &Body)> {
        let id = |room: &RoomName, cmid| MessageId { room: room.clone(), producer: self.producer, cmid };
        let room = self.rooms.get_key_value(room);
        room.into_iter().flat_map(move |(name, room)| room.unsettled().map(move |(cmid, body)| (id(name, cmid), body)))
    }

    /// How many of its messages wait for their outcome.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// How many pages it [waits for](Round::fetch).
    pub fn fetching(&self) -> usize {
        self.paging.len()
    }

    fn ring(&mut self, now: Time, out: &mut Outbox) {
        while let Some(alarm) = self.alarms.pop_due(now) {
            match alarm {
                Alarm::Redial => self.dial(now, out),
                Alarm::Handshake => self.give_up(now, CloseReason::HandshakeTimeout, out),
                Alarm::Heartbeat => self.beat(now, out),
                Alarm::Healthy => self.failures = 0,
                Alarm::Idle => self.own.look(now),
                Alarm::Pause => self.is_paused = false,
                Alarm::Seen => self.tell_seen(now),
                Alarm::Typing => self.look_who_types(now, out),
            }
        }
    }

    fn wake(&self) -> Option<Wake> {
        self.alarms.next().map(|(at, alarm)| Wake { at, reason: alarm.reason() })
    }
}

/// One round of a [`Client`]: inputs and commands that belong to one moment. It ends when it is dropped.
#[derive(Debug)]
pub struct Round<'a> {
    client: &'a mut Client,
    now: Time,
    out: &'a mut Outbox,
    /// Where in the outbox this round begins.
    began: usize,
}

impl Round<'_> {
    /// The client as it is at this point of the round.
    pub fn client(&self) -> &Client {
        self.client
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input<'_>) {
        let (now, out) = (self.now, &mut *self.out);
        let client = &mut *self.client;
        match input {
            Input::Tick => {}
            Input::Stored { batch } => client.stored(batch),
            Input::StoreFailed => client.lose_store(self.began, out),
            Input::WallClock { at } => client.wall_clock(now, at, out),
            Input::NetworkChanged => client.network_changed(now, out),
            Input::LinkUp { link, credit, .. } => client.link_up(link, credit),
            Input::Opened { link, encoding, proven } => client.opened(now, link, encoding, proven, out),
            Input::Bytes { link } => client.hears(now, link),
            Input::Frame { link, body } => client.frame(now, link, body, out),
            Input::Credit { link, bytes } => client.credit(link, bytes),
            Input::Fault { link, violation } => client.fault(now, link, violation.into(), out),
            Input::LinkDown { link, loss } => client.link_down(now, link, loss, out),
            Input::Activity => drop(client.own.active(now)),
        }
    }

    /// Begins to dial, and from then on does what it takes to be in the session.
    pub fn connect(&mut self) {
        if matches!(self.client.state, State::Idle) {
            let _ = self.client.own.active(self.now);
            self.client.dial(self.now, self.out);
        }
    }

    /// Posts a message, or a change of one, to a room. [`Event::Receipt`] tells what becomes of it, also over a reconnect.
    ///
    /// Where a text names nobody by [`mentions`](crate::message::Post::mentions), it means the members of the room whose
    /// nicks it has behind an `@`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the room was not joined, the message could not be sent anyway, or too many wait already.
    pub fn post(&mut self, room: &RoomName, body: Body) -> Result<MessageId, Refusal> {
        let _ = self.client.own.active(self.now);
        self.client.post(room, body)
    }

    /// How it is from now on, also over reconnects. Others are told at most twice a second.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the client is closed.
    pub fn set_presence(&mut self, presence: Presence) -> Result<(), Refusal> {
        self.client.check_open()?;
        self.client.own.choose(self.now, presence);
        Ok(())
    }

    /// Asks to be called this from now on. [`Event::Renamed`] tells that it is so, [`Event::RenameRefused`] that it
    /// cannot be.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the client is closed.
    pub fn rename(&mut self, nick: Nick) -> Result<(), Refusal> {
        self.client.check_open()?;
        let _ = self.client.own.active(self.now);
        self.client.nick = nick;
        Ok(())
    }

    /// Joins a room, and stays in it over reconnects. [`Event::RoomJoined`] tells when it is so.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the client is closed. What the host says against it comes as [`Event::RoomRefused`].
    pub fn join(&mut self, room: &RoomName, from: JoinFrom) -> Result<(), Refusal> {
        self.client.check_open()?;
        if let Slot::Vacant(slot) = self.client.rooms.entry(room.clone()) {
            let numbered = self.client.numbered.remove(room).unwrap_or_default();
            let numbered = if cfg!(exchange_bug = "numbers-start-again") { Cmid::ZERO } else { numbered };
            slot.insert(Room::new(from, numbered, self.client.config.nothing_held()));
            self.client.changes_room(room);
        }
        Ok(())
    }

    /// Opens a private room, which only those may join who are invited, and stays in it over reconnects.
    /// [`Event::RoomJoined`] tells when it is so, [`Event::RoomRefused`] if there is such a room already.
    ///
    /// # Errors
    ///
    /// [`Refusal::Taken`] if it was joined already, [`Refusal::Closed`] if the client is closed.
    pub fn open(&mut self, room: &RoomName) -> Result<(), Refusal> {
        self.client.check_open()?;
        match self.client.rooms.entry(room.clone()) {
            Slot::Occupied(_) => Err(Refusal::Taken),
            Slot::Vacant(slot) => {
                let numbered = self.client.numbered.remove(room).unwrap_or_default();
                slot.insert(Room::to_open(numbered, self.client.config.nothing_held()));
                self.client.changes_room(room);
                Ok(())
            }
        }
    }

    /// Asks which rooms there are: [`Event::Rooms`] tells, now or when the host is there again.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] if the client is closed.
    pub fn list_rooms(&mut self) -> Result<(), Refusal> {
        self.client.check_open()?;
        self.client.listing.get_or_insert_default();
        Ok(())
    }

    /// Fetches a part of a room's log, at most [`Limits::MAX_PAGE`] entries of it: [`Event::Page`] tells, now or when the
    /// host is there again. What is new in the room goes on beside it.
    ///
    /// Places are those of the log as it is: where the host turns out to have lost that, [`Refusal::HistoryLost`] is told.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotMember`] if the room was not joined, [`Refusal::TooMany`] if so many are waited for already,
    /// [`Refusal::Closed`] if the client is closed.
    pub fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal> {
        self.client.fetch(room, from, count)
    }

    /// Leaves a room. Its messages that were not sent yet are refused; of those that were and have no outcome yet, none
    /// can be told any more. [`Event::RoomLeft`] tells when it is so.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the room was not joined, or it is the lobby.
    pub fn leave(&mut self, room: &RoomName) -> Result<(), Refusal> {
        self.client.check_open()?;
        self.client.leave(room, self.out)
    }

    /// Leaves the session, says goodbye, and ends the link. Messages that wait get an outcome, be it that they are
    /// [kept](Outcome::Kept).
    pub fn close(&mut self) {
        self.client.close(Ended::Here(CloseReason::Left), self.out);
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        self.client.talk(self.now, self.out);
        self.client.keep(self.began, self.out);
        self.out.set_wake(self.client.wake());
    }
}

#[cfg(test)]
impl Client {
    pub(crate) fn token(&self) -> Option<Token> {
        self.session.as_ref().map(|joint| joint.token)
    }
}

impl Client {
    fn check_open(&self) -> Result<(), Refusal> {
        if self.is_closed() { Err(Refusal::Closed) } else { Ok(()) }
    }

    fn post(&mut self, name: &RoomName, body: Body) -> Result<MessageId, Refusal> {
        self.check_open()?;
        let body = body.with_mentions(|text| Mentions::resolve(text, self.members(name)));
        let room = self.rooms.get_mut(name).ok_or(Refusal::NotMember)?;
        body.check(self.session.as_ref().map_or(Limits::MAX_TEXT, |joint| joint.max_text.min(Limits::MAX_TEXT)))?;
        if self.pending >= self.config.pending || self.pending_bytes + body.payload_len() > self.config.pending_bytes {
            return Err(Refusal::OutboxFull);
        }
        if room.last_number().is_last() {
            return Err(Refusal::LogExhausted);
        }
        room.signals.posted();
        self.pending += 1;
        self.pending_bytes += body.payload_len();
        let cmid = room.push(body);
        if !cfg!(exchange_bug = "post-not-kept") {
            self.changes_room(name);
        }
        Ok(MessageId { room: name.clone(), producer: self.producer, cmid })
    }

    fn link(&mut self, id: LinkId) -> Option<&mut Link> {
        match &mut self.state {
            State::Linked(link) if link.id == id => Some(link),
            _ => None,
        }
    }

    /// With the link, the numbers of rooms are gone, and what is on its way in them.
    fn unlink_rooms(&mut self) {
        self.room_names.clear();
        self.rooms.values_mut().for_each(Room::unlinked);
        self.parting.values_mut().for_each(|asked| *asked = false);
        self.lost.clear();
        self.is_paused = false;
        // Rooms may have come and gone meanwhile: it begins anew.
        self.listing = self.listing.take().map(|_| Listing::default());
        self.paging.unlink();
    }
}
