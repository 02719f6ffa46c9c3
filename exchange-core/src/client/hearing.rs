//! What the host says, and what follows from it.

use alloc::collections::BTreeSet;
use core::mem;

use super::{
    Client, Joint, State,
    paging::Announced,
    room::{Room, Taken},
};
use crate::{
    event::{Event, Fields, MessageId, Peer, Session},
    ids::{Cmid, MemberId, Rev, RoomId, Seq},
    message::{Body, Entry, Joined, MemberRecord, Status, ToClient, ToHost, Welcome},
    name::RoomName,
    reason::{Durability, Outcome, Refusal, Violation},
    refusals::Refusals,
    seam::{LinkId, Outbox},
    time::Time,
};

/// More members than any host has; a host that tells of more is not believed.
const MAX_MEMBERS: usize = 65_536;

impl Client {
    /// How often its host has turned down what it asked for.
    pub fn refusals(&self) -> Refusals {
        self.refusals
    }

    pub(super) fn frame(&mut self, now: Time, link: LinkId, body: &[u8], out: &mut Outbox) {
        let Some(state) = self.link(link) else { return };
        state.heard(now);
        let live = state.is_live();
        let Some(encoding) = state.encoding() else {
            return self.fault(now, link, Violation::Unexpected.into(), out);
        };
        let heard = encoding.decode::<ToClient>(body).and_then(|message| match message {
            ToClient::Bye { reason } => {
                self.dismissed(now, reason, out);
                Ok(())
            }
            ToClient::Welcome(welcome) if !live => {
                self.welcome(now, welcome, out);
                Ok(())
            }
            message if live => self.hear(now, message, out),
            _ => Err(Violation::Unexpected),
        });
        if let Err(violation) = heard {
            self.fault(now, link, violation.into(), out);
        }
    }

    fn hear(&mut self, now: Time, message: ToClient, out: &mut Outbox) -> Result<(), Violation> {
        if let Some(refusal) = message.refusal() {
            self.refusals.count(refusal);
        }
        match message {
            ToClient::Entry(entry) if self.paging.is_open() => self.page_entry(entry, out)?,
            _ if self.paging.is_open() => return Err(Violation::Unexpected),
            ToClient::Entry(entry) => self.entry(now, entry, out)?,
            ToClient::Roster { rev, members } => self.roster(rev, members, out)?,
            ToClient::Joined(joined) => self.joined(now, joined, out)?,
            ToClient::JoinRefused { room, refusal } => self.join_refused(now, room, refusal, out)?,
            ToClient::Parted { room } => {
                let room = self.leaving.remove(&room).ok_or(Violation::Unexpected)?;
                self.changes_room(&room);
                out.event(Event::RoomLeft { room });
            }
            ToClient::LeaveRefused { room, refusal } => {
                let room = self.leaving.remove(&room).ok_or(Violation::Unexpected)?;
                self.changes_room(&room);
                out.event(Event::RoomRefused { room, refusal });
            }
            ToClient::Gap { room, to, reason } => {
                let Some(room) = self.room_of(room)? else { return Ok(()) };
                let from = self.rooms.get_mut(&room).ok_or(Violation::Unexpected)?.skip(to)?;
                self.moves(&room);
                self.changes_room(&room);
                self.watch_seen(now, &room);
                if !cfg!(exchange_bug = "gap-swallowed") {
                    out.event(Event::Gap { room, from, to, reason });
                }
            }
            ToClient::Ack { room, cmid, seq } => {
                let Some(room) = self.room_of(room)? else { return Ok(()) };
                self.settle(&room, cmid, self.logged(seq), out);
            }
            ToClient::Reject { room, cmid, refusal } => {
                let Some(room) = self.room_of(room)? else { return Ok(()) };
                self.rejected(now, &room, cmid, refusal, out);
            }
            ToClient::Ping { nonce } => {
                if let State::Linked(link) = &mut self.state {
                    link.say(&ToHost::Pong { nonce });
                }
            }
            ToClient::Pong { nonce } => {
                if let State::Linked(link) = &mut self.state {
                    link.pong(now, nonce);
                }
            }
            ToClient::RenameRefused { nick, kept, refusal } => {
                self.agreed = kept.clone();
                // A later wish goes on.
                if self.nick == nick {
                    self.nick = kept.clone();
                    if let State::Linked(link) = &mut self.state
                        && let Some((told, _)) = &mut link.told
                    {
                        *told = kept;
                    }
                }
                out.event(Event::RenameRefused { nick, refusal });
            }
            ToClient::Rooms { rooms, more } => self.listed(rooms, more, out)?,
            ToClient::ListRefused { refusal } => self.list_refused(now, refusal)?,
            ToClient::Invited { room, by } => out.event(Event::Invited { room, by }),
            ToClient::Removed { room, refusal, reason } => self.removed(room, refusal, reason, out)?,
            ToClient::Signals { room, signals } => self.signals(now, room, signals, out)?,
            ToClient::NoSignals { room } => self.no_signals(room, out)?,
            ToClient::Page { room, after, entries, more, start, head } => {
                self.page(room, Announced { after, entries, more, start, head }, out)?;
            }
            ToClient::FetchRefused { room, refusal } => self.fetch_refused(now, room, refusal, out)?,
            ToClient::Welcome(_) | ToClient::Bye { .. } => return Err(Violation::Unexpected),
        }
        Ok(())
    }

    /// The room of that number; `None` if it is being left, and nothing about it matters any more.
    pub(super) fn room_of(&self, number: RoomId) -> Result<Option<RoomName>, Violation> {
        match self.room_names.get(&number) {
            Some(name) => Ok(Some(name.clone())),
            None if self.leaving.contains_key(&number) || self.lost.contains(&number) => Ok(None),
            None => Err(Violation::Unexpected),
        }
    }

    fn join_refused(&mut self, now: Time, name: RoomName, refusal: Refusal, out: &mut Outbox) -> Result<(), Violation> {
        if let Refusal::RateLimited { retry_after_ms } = refusal {
            return self.ask_later(now, &name, retry_after_ms);
        }
        if self.parting.remove(&name).is_some() {
            self.changes_room(&name);
            out.event(Event::RoomLeft { room: name });
            return Ok(());
        }
        // Everyone is in the lobby.
        if name.is_lobby() || !self.rooms.get(&name).is_some_and(Room::is_asked) {
            return Err(Violation::Unexpected);
        }
        if let Some(room) = self.rooms.remove(&name) {
            self.numbered.insert(name.clone(), room.last_number());
            let was_removed = matches!(refusal, Refusal::Kicked | Refusal::RoomClosed) && room.place().is_some();
            self.discard(&name, room, if was_removed { Refusal::NotMember } else { refusal }, out);
            out.event(if was_removed {
                Event::Removed { room: name, why: refusal, reason: None }
            } else {
                Event::RoomRefused { room: name, refusal }
            });
        }
        Ok(())
    }

    fn welcome(&mut self, now: Time, welcome: Welcome, out: &mut Outbox) {
        self.enliven(now, &welcome);
        let Welcome { session: id, name, life, you: me, token, max_text, durability, roster: snapshot, .. } = welcome;
        let session = Session { id, name };
        let same_life =
            self.session.as_ref().is_some_and(|joint| joint.life == life || cfg!(exchange_bug = "life-ignored"));
        let resumed = self.session.as_ref().is_some_and(|joint| same_life && joint.me == me);
        if !same_life {
            // Another life numbers members and rooms anew, and knows nothing of what was to be left.
            self.roster.clear();
            self.rooms.values_mut().for_each(Room::renumber);
            let parting = mem::take(&mut self.parting).into_keys();
            for room in mem::take(&mut self.leaving).into_values().chain(parting) {
                self.changes_room(&room);
                out.event(Event::RoomLeft { room });
            }
        }
        self.confirmed = Some(BTreeSet::new());
        self.session = Some(Joint { session: session.clone(), life, me, token, max_text, durability, snapshot });
        self.changes_identity();
        out.event(Event::Connected { session, resumed });
        self.ask_again();
    }

    /// Says again what the host may not have heard on an earlier link.
    fn ask_again(&mut self) {
        if let State::Linked(link) = &mut self.state {
            for room in self.leaving.keys() {
                link.say(&ToHost::Leave { room: *room });
            }
        }
    }

    fn roster(&mut self, rev: Rev, members: alloc::vec::Vec<MemberRecord>, out: &mut Outbox) -> Result<(), Violation> {
        let proven = match &self.state {
            State::Linked(link) => link.proven,
            _ => None,
        };
        for record in members {
            if record.member == MemberId::OWNER && proven.is_some_and(|host| host.peer != record.peer) {
                return Err(Violation::Impostor);
            }
            let known = self.roster.insert(record.member, record.clone());
            // Whoever is new in a snapshot is part of how things stand.
            let before = match known {
                None if self.confirmed.is_some() => None,
                known => Some(known.map_or((Status::Offline, None), |known| (known.status, known.note))),
            };
            let (peer, now) = (record.peer(), (record.status, record.note));
            if record.producer != self.producer && before.is_some_and(|before| before != now) {
                let (status, note) = now;
                out.event(Event::Presence { peer, status, note });
            }
            if let Some(confirmed) = &mut self.confirmed {
                confirmed.insert(record.member);
            }
        }
        let snapshot = self.session.as_ref().map_or(Rev(0), |joint| joint.snapshot);
        if let Some(confirmed) = self.confirmed.take_if(|_| rev >= snapshot) {
            // Whom the host has not told of it has forgotten, and whom it forgets is not there.
            self.roster.retain(|member, record| {
                let told = confirmed.contains(member);
                if !told && record.status.is_there() {
                    out.event(Event::Presence { peer: record.peer(), status: Status::Offline, note: None });
                }
                told
            });
        }
        if let Some(me) = self.session.as_ref().and_then(|joint| self.roster.get(&joint.me)) {
            self.agreed = me.nick.clone();
        }
        let told = self.confirmed.as_ref().map_or(self.roster.len(), BTreeSet::len);
        if told > MAX_MEMBERS { Err(Violation::TooMuch) } else { Ok(()) }
    }

    fn joined(&mut self, now: Time, joined: Joined, out: &mut Outbox) -> Result<(), Violation> {
        let (name, number, known) = (joined.name.clone(), joined.room, joined.known);
        if self.leaving.contains_key(&number) {
            // Said before the host heard that the room is left: the answer to a later wish comes after it has.
            return Ok(());
        }
        if self.parting.remove(&name).is_some() {
            self.part(number, name);
            return Ok(());
        }
        if joined.members.iter().any(|member| !self.roster.contains_key(member)) {
            return Err(Violation::UnknownMember);
        }
        // A number is one room's: of what is said of it nobody could tell which is meant.
        if self.room_names.get(&number).is_some_and(|other| *other != name) {
            return Err(Violation::Unexpected);
        }
        self.void_signals(&name, out);
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        let taken = room.joined(joined)?;
        if taken == Taken::Members {
            return Ok(());
        }
        self.room_names.insert(number, name.clone());
        self.lost.remove(&number);
        if taken == Taken::Lost {
            self.paging.fail(&name, Refusal::HistoryLost, out);
            out.event(Event::HistoryLost { room: name.clone() });
        }
        let doubtful = (!known).then(|| room.doubtful()).into_iter().flatten();
        for cmid in doubtful {
            self.settle(&name, cmid, Outcome::Unknown, out);
        }
        self.changes_room(&name);
        self.watch_seen(now, &name);
        self.show_as(&name);
        let members = self.members(&name).collect();
        out.event(Event::RoomJoined { room: name, members, resumed: taken == Taken::Resumed });
        Ok(())
    }

    /// A room is known by the name it was opened with, whichever it was asked for by.
    fn show_as(&mut self, name: &RoomName) {
        if let Some((asked, room)) = self.rooms.remove_entry(name) {
            let name = if asked.as_str() == name.as_str() { asked } else { name.clone() };
            self.rooms.insert(name, room);
        }
    }

    fn entry(&mut self, now: Time, entry: Entry, out: &mut Outbox) -> Result<(), Violation> {
        let Entry { room: number, seq, author, cmid, at, body } = entry;
        let Some(name) = self.room_of(number)? else { return Ok(()) };
        let record = self.roster.get(&author).ok_or(Violation::UnknownMember)?;
        let (producer, peer, mine) = (record.producer, record.peer(), record.producer == self.producer);
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        room.step(seq)?;
        self.moves(&name);
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        let replayed = room.is_history(seq);
        if cmid != Cmid::ZERO {
            if !mine {
                room.signals.heard(seq);
                self.watch_seen(now, &name);
            }
            self.stops_typing(now, &name, author, out);
        }
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        match body {
            Body::Join { .. } => {
                room.change(author, true, seq);
                if !mine {
                    out.event(Event::PeerJoined { room: name, peer, seq, replayed });
                }
            }
            Body::Leave { reason } => {
                room.change(author, false, seq);
                self.forget_signals(&name, author, out);
                if !mine {
                    out.event(Event::PeerLeft { room: name, peer, reason, seq, replayed });
                }
            }
            Body::Rename { before, nick } => {
                let peer = Peer { nick, ..peer };
                out.event(Event::Renamed { room: name, peer, before, seq, replayed });
            }
            Body::Act(act) => self.acted(name, (peer, producer), (seq, cmid, replayed), act, out),
            body => {
                let first = cmid == Cmid::ZERO || room.given.is_first(producer, cmid, seq);
                if mine {
                    let outcome = self.logged(Some(seq));
                    self.settle(&name, cmid, outcome, out);
                }
                if first {
                    let id = MessageId { room: name.clone(), producer, cmid };
                    let event = Event::said(Fields { id, seq, sender: peer, at, body, mine, replayed });
                    if let Some(room) = self.rooms.get_mut(&name) {
                        room.transcript.take(&event);
                        room.later.take(&event);
                        room.reading.take(&event, self.peer);
                    }
                    out.event(event);
                }
            }
        }
        Ok(())
    }

    /// What became of a message that is in the host's log, at that place if it is known.
    pub(super) fn logged(&self, seq: Option<Seq>) -> Outcome {
        let durability = self.session.as_ref().map_or(Durability::Memory, |joint| joint.durability);
        Outcome::Logged { seq, durability }
    }

    pub(super) fn settle(&mut self, name: &RoomName, cmid: Cmid, outcome: Outcome, out: &mut Outbox) {
        let Some(bytes) = self.rooms.get_mut(name).and_then(|room| room.settle(cmid)) else {
            if cfg!(exchange_bug = "double-receipt") {
                let id = MessageId { room: name.clone(), producer: self.producer, cmid };
                out.event(Event::Receipt { id, outcome });
            }
            return;
        };
        self.changes_room(name);
        self.pending -= 1;
        self.pending_bytes -= bytes;
        let id = MessageId { room: name.clone(), producer: self.producer, cmid };
        out.event(Event::Receipt { id, outcome });
    }
}
