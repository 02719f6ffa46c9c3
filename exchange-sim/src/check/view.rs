//! What one client is given, in order, against what is in the logs.

mod entries;
mod lies;
mod outbox;
mod receipts;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot},
    time::Duration,
};

use exchange_core::{
    Client, CloseReason, Encoding, Ended, Epoch, Event, GapReason, JoinFrom, LinkLoss, MemberId, MessageId, PeerId,
    Refusal, Rev, RoomName, RoomSummary, Seq, Time, Unread,
    message::{Joined, MemberRecord, ToClient, ToHost},
    wire::frames,
};

use self::{lies::Forks, outbox::Outbox};
use super::{
    Check, Invariant, Scene,
    abreast::Abreast,
    model::Model,
    pages::{Fetching, Known},
    patience::Patience,
    people::person,
    place::{Place, quietly},
    said::{Told, is_blank},
    signals::{self, Far},
    wire::{is_entry, is_send},
};
use crate::{
    chat::station::{Seen, Station},
    marks::Mark,
    scenario::ClientSetup,
};

/// So often it is looked at what it says of all rooms, not only of those that it was told something of.
const THOROUGH: u64 = 32;

/// One client, for as long as it remembers anything.
#[derive(Debug)]
pub(super) struct View {
    me: PeerId,
    encoding: Encoding,
    rooms: BTreeMap<RoomName, Place>,
    /// What the host said of rooms it was to join, in this step.
    joined: BTreeMap<RoomName, Joined>,
    /// Rooms that are joined on the present link, by number.
    on_link: BTreeMap<exchange_core::RoomId, RoomName>,
    waiting: BTreeSet<MessageId>,
    /// How many of those are for the lobby.
    in_lobby: usize,
    settled: BTreeSet<MessageId>,
    people: BTreeMap<MemberId, MemberRecord>,
    snapshot: Option<(Rev, BTreeSet<MemberId>)>,
    life: Option<(Epoch, MemberId)>,
    /// Whether the last welcome was of the same life and to the same member as the one before.
    is_known: bool,
    leaving: BTreeSet<exchange_core::RoomId>,
    is_over: Option<Ended>,
    is_live: bool,
    newest_version: u16,
    window: usize,
    patience: Patience,
    fetching: Fetching,
    /// Messages that were changed, as it was told in this step.
    changed: Vec<(RoomName, Seq)>,
    /// Whether it was told of people since it was last looked at whom it sees.
    has_news_of_people: bool,
    looks: u64,
    abreast: Abreast,
    /// The rooms it was told of last, as the host listed them.
    listed: Vec<RoomSummary>,
    signals: signals::Told,
    /// What it keeps, if it does.
    outbox: Option<Outbox>,
    forks: Forks,
}

impl View {
    pub(super) fn new(me: PeerId, setup: &ClientSetup) -> Self {
        Self {
            me,
            encoding: Encoding::Postcard,
            rooms: BTreeMap::new(),
            joined: BTreeMap::new(),
            on_link: BTreeMap::new(),
            waiting: BTreeSet::new(),
            in_lobby: 0,
            settled: BTreeSet::new(),
            people: BTreeMap::new(),
            snapshot: None,
            life: None,
            is_known: false,
            leaving: BTreeSet::new(),
            is_over: None,
            is_live: false,
            newest_version: setup.versions.1,
            window: setup.window as usize,
            patience: Patience::new(Duration::from_millis(setup.backoff_max_ms.into())),
            fetching: Fetching::default(),
            changed: Vec::new(),
            has_news_of_people: false,
            looks: 0,
            abreast: Abreast::default(),
            listed: Vec::new(),
            signals: signals::Told::new(setup.read_receipts),
            outbox: setup.keeps.map(|_| Outbox::default()),
            forks: Forks::default(),
        }
    }

    pub(super) fn observe(
        &mut self,
        station: &Station<Client>,
        seen: &[Seen],
        now: Time,
        scene: &mut Scene<'_>,
    ) -> Check {
        let client = &station.machine;
        self.outbox.as_mut().map_or(Ok(()), |outbox| outbox.observe(client, seen))?;
        self.joined.clear();
        let seen_all = seen;
        // What comes just when its link is given up for its silence is not listened to any more.
        let gives_up = self.gives_up(seen);
        for seen in seen {
            match seen {
                Seen::Heard { .. } if gives_up => {}
                Seen::Posted { id, body } => {
                    scene.marks.sometimes(!self.is_live && body.changes().is_some(), Mark::ChangeWaited);
                    self.in_lobby += usize::from(id.room.is_lobby());
                    self.waiting.insert(id.clone());
                }
                Seen::TurnedDown(refusal) => scene.marks.sometimes(*refusal == Refusal::OutboxFull, Mark::OutboxFull),
                Seen::Read { room } => {
                    if let Some(place) = self.rooms.get_mut(room) {
                        place.unread.clear();
                        place.has_news = true;
                        place.reads = true;
                    }
                }
                Seen::Fetched(fetched) => {
                    let epoch = client.place(&fetched.room).map(|(epoch, _)| epoch);
                    self.fetching.fetch(fetched, epoch, scene.model);
                }
                Seen::NetworkChanged if self.is_live => scene.marks.hit(Mark::ProbedAfterChange),
                Seen::NetworkChanged => {
                    // Whoever is told so tries as if it were for the first time.
                    self.patience.begins_anew();
                    let dials = seen_all.iter().any(|seen| matches!(seen, Seen::Dialled { .. }));
                    scene.marks.sometimes(dials, Mark::DialledAtOnce);
                }
                Seen::Told(event) => {
                    self.told(event, scene)?;
                    match signals::ends(event) {
                        Some((room, Some(peer))) => self.signals.stops(room, peer),
                        Some((room, None)) => self.signals.forget(room),
                        None => {}
                    }
                }
                Seen::Heard { body, .. } if !is_entry(self.encoding, body) => self.heard(body, scene),
                Seen::Heard { body, .. } => self.hears_the_truth(body, scene),
                Seen::Sent { frames: sent, .. } => self.sent(sent, scene),
                Seen::Opened { choice, .. } => {
                    self.encoding = choice.encoding;
                    scene.marks.sometimes(choice.version < self.newest_version, Mark::NegotiatedDown);
                }
                Seen::Dialled { .. } => {
                    if let Some(cause) = self.is_over {
                        return Err((Invariant::S11, format!("it dials again after it was over: {cause}")));
                    }
                }
                Seen::Closed { socket, reason, .. } => self.closed(*reason, socket.is_some(), scene),
                Seen::Lost { loss, .. } => {
                    scene.marks.sometimes(*loss == LinkLoss::Refused, Mark::DialRefused);
                    scene.marks.sometimes(matches!(loss, LinkLoss::Versions { .. }), Mark::NoVersionInCommon);
                    self.unlinked();
                }
                _ => {}
            }
        }
        self.has_found_out(client)?;
        self.is_live = client.is_connected();
        scene.marks.sometimes(self.is_live && self.in_lobby > self.window, Mark::WindowFull);
        self.abreast.agrees_with(client, scene)?;
        self.agrees_with(client, scene)?;
        let Self { signals, people, rooms, life, me, .. } = self;
        signals.check_own(rooms, (*me, *life), scene)?;
        signals.look(client, scene, now, |member| people.get(&member).map(|record| record.peer))
    }

    /// Whether it ends its link because nothing had come on it.
    fn gives_up(&self, seen: &[Seen]) -> bool {
        let bye = ToHost::Bye { reason: CloseReason::Silent };
        // Seldom, and first of all because it is quickly seen.
        let is_over = seen.iter().any(|seen| matches!(seen, Seen::Closed { reason: CloseReason::Silent, .. }));
        is_over
            && seen.iter().any(|seen| match seen {
                Seen::Sent { frames: sent, .. } => {
                    frames(sent).any(|body| self.encoding.decode::<ToHost>(body).is_ok_and(|said| said == bye))
                }
                _ => false,
            })
    }

    /// The host has died; what it had shown is in the logs that it had kept.
    pub(super) fn outlives(&mut self, model: &Model) -> Check {
        self.fetching.roll_back(model);
        self.rooms.iter().try_for_each(|(room, place)| place.is_in(model, room))
    }

    fn unlinked(&mut self) {
        self.on_link.clear();
        self.signals.unlinked();
    }

    fn closed(&mut self, reason: CloseReason, was_up: bool, scene: &mut Scene<'_>) {
        scene.marks.sometimes(reason == CloseReason::Silent, Mark::HalfOpenAtClient);
        scene.marks.sometimes(reason == CloseReason::HandshakeTimeout && was_up, Mark::DialHung);
        // Whoever asked for another nick meanwhile comes back by the one it had, and whom the host has forgotten by the code.
        let may_come_back = matches!(reason, CloseReason::Name(_) | CloseReason::Locked);
        scene.marks.sometimes(reason == CloseReason::Locked, Mark::AskedForTheCodeAgain);
        if reason.is_final() && !may_come_back {
            self.is_over = Some(Ended::Told(reason));
        }
        self.unlinked();
    }

    /// What the client must make of what it is told, beside entries.
    fn heard(&mut self, body: &bytes::Bytes, scene: &mut Scene<'_>) {
        let Ok(message) = self.encoding.decode::<ToClient>(body) else { return };
        match message {
            ToClient::Welcome(welcome) => {
                let life = (welcome.life, welcome.you);
                let before = self.life.replace(life);
                self.is_known = before == Some(life);
                let forgotten = before.is_some_and(|(life, me)| life == welcome.life && me != welcome.you);
                scene.marks.sometimes(forgotten, Mark::BackAsSomebodyNew);
                if before.is_some_and(|(life, _)| life != welcome.life) {
                    self.people.clear();
                    self.leaving.clear();
                }
                self.snapshot = Some((welcome.roster, BTreeSet::new()));
            }
            ToClient::Roster { rev, members } => {
                self.has_news_of_people = true;
                for record in members {
                    if let Some((_, told)) = &mut self.snapshot {
                        told.insert(record.member);
                    }
                    self.people.insert(record.member, record);
                }
                if let Some((_, told)) = self.snapshot.take_if(|(at, _)| rev >= *at) {
                    self.people.retain(|member, _| told.contains(member));
                }
            }
            ToClient::Joined(joined) => {
                self.abreast.heard(&joined);
                // Said again of a room that is joined, it only tells who is in it now.
                if let Slot::Vacant(slot) = self.on_link.entry(joined.room) {
                    slot.insert(joined.name.clone());
                    self.joined.insert(joined.name.clone(), joined);
                }
            }
            ToClient::Signals { room, signals } => {
                scene.marks.sometimes(signals.iter().any(|signal| signal.typing_ms > 0), Mark::SomebodyTyped);
                // Whoever is leaving passes over what it is still told.
                let Some(name) = self.on_link.get(&room).filter(|_| !self.leaving.contains(&room)) else { return };
                // Its application is told of a log that is joined after it has heard what follows.
                let joined = self.joined.get(name).map(|joined| joined.epoch);
                if let Some(epoch) = joined.or_else(|| Some(self.rooms.get(name)?.epoch)) {
                    self.signals.hear(name, epoch, signals);
                }
            }
            ToClient::NoSignals { .. } => scene.marks.hit(Mark::NoSignals),
            // Its application is told of both where it is removed right after it has joined.
            ToClient::Removed { room, .. } => drop(self.on_link.remove(&room)),
            ToClient::Rooms { rooms, .. } => self.listed = rooms,
            ToClient::Page { room, after, entries, more, .. } => {
                self.fetching.piece(room, after, entries, more, scene.marks);
            }
            ToClient::Parted { room } => {
                self.leaving.remove(&room);
                if let Some(name) = self.on_link.remove(&room) {
                    self.joined.remove(&name);
                }
            }
            _ => {}
        }
    }

    fn sent(&mut self, sent: &bytes::Bytes, scene: &mut Scene<'_>) {
        for body in frames(sent).filter(|body| !is_send(self.encoding, body)) {
            match self.encoding.decode::<ToHost>(body) {
                Ok(ToHost::Fetch { .. }) => self.fetching.asks(scene.marks),
                Ok(ToHost::Leave { room }) => drop(self.leaving.insert(room)),
                Ok(ToHost::Seen { room, after, delivered, read }) => {
                    let Some(name) = self.on_link.get(&room) else { continue };
                    self.signals.say(name, Far { after, delivered, read });
                    if let Some(place) = self.rooms.get_mut(name) {
                        place.has_news = true;
                    }
                }
                Ok(ToHost::Join { room, from, .. }) => {
                    let again =
                        self.on_link.iter().any(|(id, name)| *name.as_str() == *room && self.leaving.contains(id));
                    scene.marks.sometimes(again, Mark::LeftAndBackAtOnce);
                    let history = matches!(from, JoinFrom::Start | JoinFrom::Last(1..));
                    scene.marks.sometimes(history, Mark::JoinedWithHistory);
                }
                _ => {}
            }
        }
    }

    fn told(&mut self, event: &Event, scene: &mut Scene<'_>) -> Check {
        self.abreast.told(event);
        match event {
            Event::RoomJoined { room, resumed, .. } => self.room_joined(room, *resumed, scene),
            Event::RoomLeft { room } | Event::RoomRefused { room, .. } | Event::Removed { room, .. } => {
                self.rooms.remove(room);
                Ok(())
            }
            Event::HistoryLost { room } => {
                scene.marks.hit(Mark::HistoryLost);
                scene.marks.sometimes(!self.waiting.is_empty(), Mark::NewLogWhilePending);
                self.history_lost(room, scene)
            }
            Event::Gap { room, from, to, reason } => self.gap(room, *from, *to, *reason, scene),
            Event::Rooms { rooms } if *rooms != self.listed => {
                Err((Invariant::S34, format!("it tells of {rooms:?}, where the host told of {:?}", self.listed)))
            }
            Event::Message(_) | Event::Edited { .. } | Event::Deleted { .. } | Event::Reacted { .. } => {
                Told::of(event).map_or(Ok(()), |told| self.said(&told, scene))?;
                self.reads(event);
                Ok(())
            }
            Event::PeerJoined { room, peer, seq, .. } => self.membership(room, peer, *seq, true, scene),
            Event::PeerLeft { room, peer, seq, .. } => self.membership(room, peer, *seq, false, scene),
            Event::Acted { room, by, act, seq, .. } => self.acted(room, by, act, *seq, scene),
            Event::Renamed { room, peer, before, seq, .. } => self.renamed(room, peer, before, *seq, scene),
            Event::Receipt { id, outcome } => self.receipt(id, *outcome, scene),
            Event::Connected { resumed, .. } => {
                self.patience.begins_anew();
                if *resumed && !self.is_known {
                    return Err((Invariant::S12, "it says it is known to a host that never knew it".into()));
                }
                Ok(())
            }
            Event::Page { id, page } => {
                let place = page.as_ref().ok().and_then(|page| self.rooms.get(page.room()));
                self.fetching.told(*id, page.as_ref(), place.map(|place| Known::of(self.me, place)), scene)
            }
            Event::RenameRefused { .. } => {
                scene.marks.hit(Mark::RenameRefused);
                Ok(())
            }
            Event::Disconnected { retry_in, .. } => self.patience.waits(*retry_in),
            Event::Forged { .. } | Event::Forked { .. } => self.finds_out(event, scene),
            Event::Closed { cause } => {
                self.is_over = Some(*cause);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// It is told of an entry that a member made.
    fn said(&mut self, told: &Told<'_>, scene: &mut Scene<'_>) -> Check {
        scene.counts.delivered += 1;
        let (room, seq) = (told.room, told.seq);
        let place = self.given(room, seq, scene)?;
        let first = place.given.insert(told.producer, told.cmid);
        let log = scene.model.logs.get(&place.epoch);
        let of = told.body.changes().unwrap_or(seq);
        let is_deleted = log.is_some_and(|log| log.changed.is_deleted(of));
        scene.marks.sometimes(is_deleted && is_blank(&told.body), Mark::DeletedBeforeGiven);
        let logged = log.and_then(|log| log.entry(seq));
        let another = logged.filter(|logged| !told.is_of(logged, is_deleted)).cloned();
        let epoch = place.epoch;
        if let Some(logged) = another {
            self.lied_to(told, &logged, epoch, scene)?;
        }
        if !first {
            let what = format!("it was given message {} of {} in {room:?} again, at {seq}", told.cmid, told.producer);
            return Err((Invariant::S6, what));
        }
        if of != seq {
            self.changed.push((room.clone(), of));
        }
        Ok(())
    }

    /// What it is told of is not read yet, if somebody else has said it since it came.
    fn reads(&mut self, event: &Event) {
        match event {
            Event::Message(message) if !(message.is_mine() || message.is_replayed() || message.is_deleted()) => {
                if let Some(place) = self.rooms.get_mut(message.room()) {
                    place.unread.push_back(message.seq());
                    if place.unread.len() > Unread::MOST {
                        place.unread.pop_front();
                    }
                }
            }
            Event::Deleted { change } => {
                if let Some(place) = self.rooms.get_mut(change.room()) {
                    place.unread.retain(|seq| *seq != change.of);
                }
            }
            _ => {}
        }
    }

    fn room_joined(&mut self, room: &RoomName, resumed: bool, scene: &mut Scene<'_>) -> Check {
        let Some(joined) = self.joined.remove(room) else {
            return Err((Invariant::S3, format!("it says it has joined {room:?}, which the host never said")));
        };
        let Joined { epoch, after, head, .. } = joined;
        if let Some(place) = self.rooms.get_mut(room).filter(|_| resumed) {
            if place.epoch != epoch {
                return Err((Invariant::S3, format!("it takes up {room:?} in another log as if it were the same")));
            }
            // What it is not told of, it has been given or need not know.
            let skipped = quietly(scene, place, after, self.me);
            if place.seq != after && !skipped {
                return Err((
                    Invariant::S3,
                    format!("it takes up {room:?} after {after}, but it was at {}", place.seq),
                ));
            }
            scene.marks.hit(if after < head { Mark::ResumedWithBacklog } else { Mark::ResumedCaughtUp });
            (place.seq, place.has_news) = (after, true);
            return Ok(());
        }
        self.begins_anew(room);
        let given = self.rooms.remove(room).map(|place| place.given).unwrap_or_default();
        self.rooms.insert(room.clone(), Place::new(epoch, after, given));
        Ok(())
    }

    fn history_lost(&mut self, room: &RoomName, scene: &Scene<'_>) -> Check {
        let lost = self.rooms.get(room).zip(self.joined.get(room));
        // What is not for it, it need not know.
        let hides = |Joined { epoch, head, after, .. }: &Joined| {
            let log = scene.model.logs.get(epoch)?;
            Some(!log.is_certain || log.members_of(self.me).any(|me| log.deeds.floor(me, *head) >= *after))
        };
        match lost {
            Some((place, joined))
                if place.epoch != joined.epoch && !hides(joined).unwrap_or(joined.after == Seq::ZERO) =>
            {
                let after = joined.after;
                Err((Invariant::S3, format!("it begins after {after} in a log of {room:?} of which it knows nothing")))
            }
            Some((place, joined)) if place.epoch != joined.epoch => Ok(()),
            _ => Err((Invariant::S3, format!("it says the log of {room:?} is lost, which it is not"))),
        }
    }

    fn gap(&mut self, room: &RoomName, from: Seq, to: Seq, reason: GapReason, scene: &mut Scene<'_>) -> Check {
        let Some(place) = self.rooms.get_mut(room) else {
            return Err((Invariant::S3, format!("it is told of a gap in {room:?}, where it is not")));
        };
        let before = Seq(from.0.saturating_sub(1));
        if place.seq != before && !quietly(scene, place, before, self.me) {
            return Err((Invariant::S3, format!("a gap in {room:?} begins at {from}, after {}", place.seq)));
        }
        let is_kept = scene.model.logs.get(&place.epoch).is_none_or(|log| to > log.tail);
        if is_kept && reason == GapReason::Retention {
            return Err((Invariant::S3, format!("a gap in {room:?} goes up to {to}, which the host still has")));
        }
        (place.seq, place.has_news) = (to, true);
        place.gaps.push((from, to));
        self.begins_anew(room);
        Ok(())
    }

    /// Steps to an entry that the client was given.
    fn given(&mut self, room: &RoomName, seq: Seq, scene: &mut Scene<'_>) -> Result<&mut Place, (Invariant, String)> {
        let Some(place) = self.rooms.get_mut(room) else {
            return Err((Invariant::S10, format!("it is given entry {seq} of {room:?}, where it is not")));
        };
        if seq <= place.seq {
            return Err((Invariant::S1, format!("it is given entry {seq} of {room:?} after {}", place.seq)));
        }
        let before = seq.back(1);
        if place.seq != before && !quietly(scene, place, before, self.me) {
            let what = format!("it is given entry {seq} of {room:?} after {}, and nothing between", place.seq);
            return Err((Invariant::S3, what));
        }
        if scene.model.logs.get(&place.epoch).is_none_or(|log| seq > log.head()) {
            return Err((Invariant::S2, format!("it is given entry {seq} of {room:?}, which is in no log")));
        }
        (place.seq, place.has_news) = (seq, true);
        Ok(place)
    }

    /// What the client says of itself is what follows from what it was seen to be given.
    fn agrees_with(&mut self, client: &Client, scene: &mut Scene<'_>) -> Check {
        if client.pending() != self.waiting.len() {
            let what = format!("{} messages wait, but it says {}", self.waiting.len(), client.pending());
            return Err((Invariant::S9, what));
        }
        self.fetching.agrees_with(client)?;
        self.looks += 1;
        let is_thorough = self.looks.is_multiple_of(THOROUGH);
        for (room, place) in &mut self.rooms {
            if !std::mem::take(&mut place.has_news) && !is_thorough {
                continue;
            }
            let Some((epoch, seq)) = client.place(room) else { continue };
            if epoch != place.epoch {
                return Err((Invariant::S3, format!("it is in another log of {room:?} than it was told")));
            }
            if seq < place.seq || (seq > place.seq && !quietly(scene, place, seq, self.me)) {
                let what = format!("it is at {seq} of {room:?}, but was given only what is up to {}", place.seq);
                return Err((Invariant::S3, what));
            }
            place.seq = seq;
            if std::mem::take(&mut place.reads) {
                place.read = place.read.max(seq);
            }
            let unread = client.unread(room).messages;
            if unread != place.unread.len() {
                let what = format!("{unread} messages of {room:?} are unread, it says, but {:?} are", place.unread);
                return Err((Invariant::S24, what));
            }
        }
        for (room, of) in self.changed.drain(..) {
            let Some(place) = self.rooms.get(&room) else { continue };
            let log = scene.model.logs.get(&place.epoch);
            if let (Some(view), Some(log)) = (client.message(&room, of), log) {
                let is_missed = |seq| place.gaps.iter().any(|(from, to)| (*from..=*to).contains(&seq));
                log.stands(view, place.seq, is_missed)?;
            }
        }
        if client.is_connected() && self.snapshot.is_none() && std::mem::take(&mut self.has_news_of_people) {
            let there = self.people.values().filter(|record| record.status.is_there()).map(person);
            let (there, seen): (BTreeSet<_>, BTreeSet<_>) = (there.collect(), client.people().collect());
            if there != seen {
                return Err((Invariant::S13, format!("it sees {seen:?} where it was told of {there:?}")));
            }
        }
        Ok(())
    }
}
