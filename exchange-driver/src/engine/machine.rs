//! What the engine needs of a machine: hosts and clients alike take inputs and seat one participant.

use std::time::Duration;

use exchange_core::{
    Admission, Body, Client, Host, Input, JoinFrom, LinkId, MessageId, MessageView, Nick, Outbox, PageFrom, PageId,
    Peer, PeerId, Person, Presence, Refusal, Refusals, Remark, RoomName, Rules, SeenBy, Seq, Session, Time, Unread,
    client, host,
};

pub(crate) trait Machine: Send + Unpin + 'static {
    type Round<'a>: Participant;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> Self::Round<'a>;

    /// How much would be lost if it ended now.
    fn unsettled(&self) -> usize;

    /// What the logs of its rooms have come to, added up.
    fn entries(&self) -> u64;

    fn refusals(&self) -> Refusals;

    fn is_closed(&self) -> bool;

    /// Who has to be at the other end of the next link, if that matters.
    fn expects(&self) -> Option<PeerId>;

    /// Whether the next link has to prove that it knows the session's secret.
    fn shows_secret(&self) -> bool;
}

/// One round of a machine, seen from the participant that sits at it.
pub(crate) trait Participant {
    fn handle(&mut self, input: Input<'_>);
    fn post(&mut self, room: &RoomName, body: Body) -> Result<MessageId, Refusal>;
    fn join(&mut self, room: &RoomName, from: JoinFrom) -> Result<(), Refusal>;
    fn leave(&mut self, room: &RoomName) -> Result<(), Refusal>;
    fn open(&mut self, room: &RoomName) -> Result<(), Refusal>;
    fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal>;
    fn list_rooms(&mut self) -> Result<(), Refusal>;
    fn set_presence(&mut self, presence: Presence) -> Result<(), Refusal>;
    fn rename(&mut self, nick: Nick) -> Result<(), Refusal>;
    fn close(&mut self);
    fn session(&self) -> Option<Session>;
    /// Who hosts, as far as a handshake has proven that.
    fn host(&self) -> Option<PeerId>;
    /// Whether who hosts has proven to know the session's secret.
    fn host_has_secret(&self) -> bool;
    /// Who is at the other end of a link, where that has to be told apart.
    fn peer_at(&self, link: LinkId) -> Option<Peer>;
    fn people(&self) -> Vec<Person>;
    fn rooms(&self) -> Vec<RoomName>;
    fn members(&self, room: &RoomName) -> Vec<Peer>;
    fn messages(&self, room: &RoomName) -> Vec<MessageView>;
    fn topic(&self, room: &RoomName) -> Option<Remark>;
    fn founder(&self, room: &RoomName) -> Option<PeerId>;
    fn rules(&self, room: &RoomName) -> Option<Rules>;
    fn unread(&self, room: &RoomName) -> Unread;
    fn read(&mut self, room: &RoomName, up_to: Seq);
    fn seen_by(&self, room: &RoomName, seq: Seq) -> Option<SeenBy>;
    fn who_types(&self, room: &RoomName) -> Vec<Peer>;
    fn types(&mut self, room: &RoomName, typing: bool);
    fn round_trip(&self) -> Option<Duration>;
    /// Who knocks, as a host; and gives them an answer.
    fn knocking(&self) -> Vec<Peer>;
    fn answer_knock(&mut self, peer: PeerId, may_come: bool) -> Result<(), Refusal>;
}

impl Machine for Host {
    type Round<'a> = host::Round<'a>;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> host::Round<'a> {
        Self::round(self, now, out)
    }

    fn unsettled(&self) -> usize {
        self.lagging()
    }

    fn entries(&self) -> u64 {
        self.histories().fold(0, |sum, (_, history)| sum.saturating_add(history.head().0))
    }

    fn refusals(&self) -> Refusals {
        Self::refusals(self)
    }

    fn is_closed(&self) -> bool {
        Self::is_closed(self)
    }

    fn expects(&self) -> Option<PeerId> {
        None
    }

    fn shows_secret(&self) -> bool {
        false
    }
}

impl Machine for Client {
    type Round<'a> = client::Round<'a>;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> client::Round<'a> {
        Self::round(self, now, out)
    }

    fn unsettled(&self) -> usize {
        self.pending()
    }

    fn entries(&self) -> u64 {
        self.rooms().filter_map(|room| self.place(room)).fold(0, |sum, (_, seq)| sum.saturating_add(seq.0))
    }

    fn refusals(&self) -> Refusals {
        Self::refusals(self)
    }

    fn is_closed(&self) -> bool {
        Self::is_closed(self)
    }

    fn expects(&self) -> Option<PeerId> {
        self.host()
    }

    fn shows_secret(&self) -> bool {
        Self::shows_secret(self)
    }
}

impl Participant for host::Round<'_> {
    fn handle(&mut self, input: Input<'_>) {
        Self::handle(self, input);
    }

    fn post(&mut self, room: &RoomName, body: Body) -> Result<MessageId, Refusal> {
        Self::post(self, room, body)
    }

    fn join(&mut self, room: &RoomName, from: JoinFrom) -> Result<(), Refusal> {
        Self::join(self, room, from)
    }

    fn leave(&mut self, room: &RoomName) -> Result<(), Refusal> {
        Self::leave(self, room)
    }

    fn open(&mut self, room: &RoomName) -> Result<(), Refusal> {
        Self::open(self, room)
    }

    fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal> {
        Self::fetch(self, room, from, count)
    }

    fn list_rooms(&mut self) -> Result<(), Refusal> {
        Self::list_rooms(self)
    }

    fn set_presence(&mut self, presence: Presence) -> Result<(), Refusal> {
        Self::set_presence(self, presence)
    }

    fn rename(&mut self, nick: Nick) -> Result<(), Refusal> {
        Self::rename(self, &nick)
    }

    fn close(&mut self) {
        Self::close(self);
    }

    fn session(&self) -> Option<Session> {
        Some(self.host().session().clone())
    }

    fn host(&self) -> Option<PeerId> {
        self.host().me().map(|me| me.id)
    }

    fn host_has_secret(&self) -> bool {
        self.host().admission() == Admission::BySecret
    }

    fn peer_at(&self, link: LinkId) -> Option<Peer> {
        self.host().peer_at(link)
    }

    fn people(&self) -> Vec<Person> {
        self.host().people().collect()
    }

    fn rooms(&self) -> Vec<RoomName> {
        self.host().joined_rooms().cloned().collect()
    }

    fn members(&self, room: &RoomName) -> Vec<Peer> {
        self.host().members(room).collect()
    }

    fn messages(&self, room: &RoomName) -> Vec<MessageView> {
        self.host().messages(room).collect()
    }

    fn topic(&self, room: &RoomName) -> Option<Remark> {
        self.host().topic(room).cloned()
    }

    fn founder(&self, room: &RoomName) -> Option<PeerId> {
        self.host().founder(room)
    }

    fn rules(&self, room: &RoomName) -> Option<Rules> {
        self.host().rules(room)
    }

    fn unread(&self, room: &RoomName) -> Unread {
        self.host().unread(room)
    }

    fn read(&mut self, room: &RoomName, up_to: Seq) {
        Self::read(self, room, up_to);
    }

    fn seen_by(&self, room: &RoomName, seq: Seq) -> Option<SeenBy> {
        self.host().seen_by(room, seq)
    }

    fn who_types(&self, room: &RoomName) -> Vec<Peer> {
        self.host().typing(room).collect()
    }

    fn types(&mut self, room: &RoomName, typing: bool) {
        Self::typing(self, room, typing);
    }

    fn round_trip(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    fn knocking(&self) -> Vec<Peer> {
        self.host().knocking().cloned().collect()
    }

    fn answer_knock(&mut self, peer: PeerId, may_come: bool) -> Result<(), Refusal> {
        if may_come { self.admit(peer) } else { self.turn_away(peer) }
    }
}

impl Participant for client::Round<'_> {
    fn handle(&mut self, input: Input<'_>) {
        Self::handle(self, input);
    }

    fn post(&mut self, room: &RoomName, body: Body) -> Result<MessageId, Refusal> {
        Self::post(self, room, body)
    }

    fn join(&mut self, room: &RoomName, from: JoinFrom) -> Result<(), Refusal> {
        Self::join(self, room, from)
    }

    fn leave(&mut self, room: &RoomName) -> Result<(), Refusal> {
        Self::leave(self, room)
    }

    fn open(&mut self, room: &RoomName) -> Result<(), Refusal> {
        Self::open(self, room)
    }

    fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal> {
        Self::fetch(self, room, from, count)
    }

    fn list_rooms(&mut self) -> Result<(), Refusal> {
        Self::list_rooms(self)
    }

    fn set_presence(&mut self, presence: Presence) -> Result<(), Refusal> {
        Self::set_presence(self, presence)
    }

    fn rename(&mut self, nick: Nick) -> Result<(), Refusal> {
        Self::rename(self, nick)
    }

    fn close(&mut self) {
        Self::close(self);
    }

    fn host(&self) -> Option<PeerId> {
        self.client().host()
    }

    fn host_has_secret(&self) -> bool {
        self.client().host_has_secret()
    }

    fn session(&self) -> Option<Session> {
        self.client().session().cloned()
    }

    fn peer_at(&self, _link: LinkId) -> Option<Peer> {
        // It is the host.
        None
    }

    fn people(&self) -> Vec<Person> {
        self.client().people().collect()
    }

    fn rooms(&self) -> Vec<RoomName> {
        self.client().rooms().cloned().collect()
    }

    fn members(&self, room: &RoomName) -> Vec<Peer> {
        self.client().members(room).collect()
    }

    fn messages(&self, room: &RoomName) -> Vec<MessageView> {
        self.client().messages(room).cloned().collect()
    }

    fn topic(&self, room: &RoomName) -> Option<Remark> {
        self.client().topic(room).cloned()
    }

    fn founder(&self, room: &RoomName) -> Option<PeerId> {
        self.client().founder(room)
    }

    fn rules(&self, room: &RoomName) -> Option<Rules> {
        self.client().rules(room)
    }

    fn unread(&self, room: &RoomName) -> Unread {
        self.client().unread(room)
    }

    fn read(&mut self, room: &RoomName, up_to: Seq) {
        Self::read(self, room, up_to);
    }

    fn seen_by(&self, room: &RoomName, seq: Seq) -> Option<SeenBy> {
        self.client().seen_by(room, seq)
    }

    fn who_types(&self, room: &RoomName) -> Vec<Peer> {
        self.client().typing(room).collect()
    }

    fn types(&mut self, room: &RoomName, typing: bool) {
        Self::typing(self, room, typing);
    }

    fn round_trip(&self) -> Option<Duration> {
        self.client().round_trip()
    }

    fn knocking(&self) -> Vec<Peer> {
        Vec::new()
    }

    fn answer_knock(&mut self, _peer: PeerId, _may_come: bool) -> Result<(), Refusal> {
        Err(Refusal::NotAllowed)
    }
}
