//! What the host says, and what follows from it.

use alloc::{collections::BTreeSet, vec::Vec};
use core::mem;

use super::{
    Client, Joint, State,
    paging::Announced,
    proofs::{Finding, Proofs, Word},
    room::{Room, Taken},
};
use crate::{
    event::{Event, Fields, MessageId, Peer, Session},
    ids::{Cmid, MemberId, PeerId, Rev, RoomId, Seq},
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
            ToClient::Gap { room, to, reason, chain } => {
                let Some(room) = self.room_of(room)? else { return Ok(()) };
                let from = self.rooms.get_mut(&room).ok_or(Violation::Unexpected)?.skip(to, chain)?;
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
            ToClient::Page { room, after, entries, more, start, head, chain } => {
                self.page(room, Announced { after, entries, more, start, head, chain }, out)?;
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

    /// Whether that is this client itself.
    pub(super) fn is_me(&self, record: &MemberRecord) -> bool {
        (record.peer, record.producer) == (self.peer, self.producer)
    }

    /// Who hosts, if the present link has proven that.
    fn proven_host(&self) -> Option<PeerId> {
        match &self.state {
            State::Linked(link) => link.proven,
            _ => None,
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

    fn roster(&mut self, rev: Rev, members: Vec<MemberRecord>, out: &mut Outbox) -> Result<(), Violation> {
        let host = self.proven_host();
        for record in members {
            let is_another = record.member == MemberId::OWNER && host.is_some_and(|host| host != record.peer);
            if is_another || record.identity.is_some_and(|identity| identity.peer() != record.peer) {
                return Err(Violation::Impostor);
            }
            let is_me = self.is_me(&record);
            let known = self.roster.insert(record.member, record.clone());
            // Whoever is new in a snapshot is part of how things stand.
            let before = match known {
                None if self.confirmed.is_some() => None,
                known => Some(known.map_or((Status::Offline, None), |known| (known.status, known.note))),
            };
            let (peer, now) = (record.peer(), (record.status, record.note));
            if !is_me && before.is_some_and(|before| before != now) {
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
        let (epoch, places, chained) = (joined.epoch, (joined.after, joined.head), joined.chained.as_deref().copied());
        let is_proven = self.proven_host().is_some();
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
        if is_proven && chained.is_none() {
            return Err(Violation::Unsigned);
        }
        let is_same = room.proves(&taken, epoch, places, chained.filter(|_| is_proven));
        let doubtful: Vec<Cmid> = (!known).then(|| room.doubtful()).into_iter().flatten().collect();
        if !is_same {
            self.is_forked(&name, MemberId::OWNER, places.0, out);
        }
        if taken == Taken::Members {
            return Ok(());
        }
        let name = self.show_as(name);
        self.room_names.insert(number, name.clone());
        self.lost.remove(&number);
        if taken == Taken::Lost {
            self.paging.fail(&name, Refusal::HistoryLost, out);
            out.event(Event::HistoryLost { room: name.clone() });
        }
        for cmid in doubtful {
            self.settle(&name, cmid, Outcome::Unknown, out);
        }
        self.changes_room(&name);
        self.watch_seen(now, &name);
        let members = self.members(&name).collect();
        out.event(Event::RoomJoined { room: name, members, resumed: taken == Taken::Resumed });
        Ok(())
    }

    /// A room is known by the name it was opened with, whichever it was asked for by. Wherever it is named from then on,
    /// it is by one and the same in memory: so it is found at once.
    fn show_as(&mut self, name: RoomName) -> RoomName {
        if let Some((asked, room)) = self.rooms.remove_entry(&name) {
            let name = if asked.as_str() == name.as_str() { asked } else { name };
            self.rooms.insert(name.clone(), room);
            return name;
        }
        name
    }

    fn entry(&mut self, now: Time, entry: Entry, out: &mut Outbox) -> Result<(), Violation> {
        let Entry { seq, author, cmid, at, .. } = entry;
        let Some(name) = self.room_of(entry.room)? else { return Ok(()) };
        let record = self.roster.get(&author).ok_or(Violation::UnknownMember)?;
        let (producer, peer, mine) = (record.producer, record.peer(), self.is_me(record));
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        room.step(seq)?;
        self.moves(&name);
        let word = self.word_of(&name, &entry, out)?;
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        if word == Some(Word::Forged) && !cfg!(exchange_bug = "forged-told-as-said") {
            // What was said there, if anything was, is as good as missing.
            room.signals.skip(seq);
            self.changes_room(&name);
            self.watch_seen(now, &name);
            if mine {
                self.settle(&name, cmid, Outcome::Unknown, out);
            }
            out.event(Event::Forged { room: name, peer, seq });
            return Ok(());
        }
        let replayed = room.is_history(seq);
        if cmid != Cmid::ZERO {
            if !mine {
                room.signals.heard(seq);
                self.watch_seen(now, &name);
            }
            self.stops_typing(now, &name, author, out);
        }
        let body = entry.body;
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
                let first = cmid == Cmid::ZERO || room.given.is_first((peer.id, producer), cmid, seq);
                if mine {
                    let outcome = self.logged(Some(seq));
                    self.settle(&name, cmid, outcome, out);
                }
                if first {
                    let id = MessageId { room: name.clone(), producer, cmid };
                    let proven = word == Some(Word::Proven);
                    let event = Event::said(Fields { id, seq, sender: peer, at, body, mine, replayed, proven });
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

    /// How certain a room's next entry is, where that can be told.
    fn word_of(&mut self, name: &RoomName, entry: &Entry, out: &mut Outbox) -> Result<Option<Word>, Violation> {
        let proofs = self.rooms.get_mut(name).and_then(|room| room.proofs.as_mut());
        let Some(proofs) = proofs else { return Ok(None) };
        let record = self.roster.get(&entry.author).ok_or(Violation::UnknownMember)?;
        let Finding { word, forked } = proofs.hear(name, entry, record)?;
        if let Some(seq) = forked {
            self.is_forked(name, entry.author, seq, out);
        }
        Ok(Some(word))
    }

    /// Somebody has not been shown the log of a room that this client was, up to that place.
    pub(super) fn is_forked(&mut self, name: &RoomName, by: MemberId, seq: Seq, out: &mut Outbox) {
        let proofs = self.rooms.get_mut(name).and_then(|room| room.proofs.as_mut());
        if let Some(record) = self.roster.get(&by)
            && proofs.is_some_and(Proofs::fork)
        {
            out.event(Event::Forked { room: name.clone(), peer: record.peer(), seq });
        }
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
