//! Pages: what was fetched has to be a part of the log, and has to be told.

use std::collections::BTreeMap;

use exchange_core::{Body, Client, Epoch, Event, Host, Page, PageFrom, PageId, PeerId, Refusal, RoomId, RoomName, Seq};

use super::{
    Check, Invariant, Scene,
    model::{Log, Model},
    place::{Given, Place},
    said::{Logged, Told},
};
use crate::{
    chat::station::Fetched,
    marks::{Mark, Marks},
};

/// No page holds more entries.
const MOST: u64 = 200;

/// A page of so many bytes may hold less than was asked for: there was no room for the next entry.
const FULL: usize = 200 * 1024;

/// What somebody has fetched, and what was seen to come of it.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    waiting: BTreeMap<PageId, Asked>,
    /// How many pages were fetched, and how often the host was asked.
    fetched: usize,
    asked: usize,
    /// Where a page ended of which there is more.
    piece: Option<(RoomId, Seq)>,
    /// Rooms of which no page was told, for want of a membership.
    in_vain: Vec<RoomName>,
}

/// A page that is waited for, and what was in the log when it was asked for.
#[derive(Debug)]
struct Asked {
    room: RoomName,
    from: PageFrom,
    count: u64,
    epoch: Option<Epoch>,
    head: Seq,
    tail: Seq,
}

/// What somebody knows of a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) epoch: Epoch,
    /// Up to where it was told of it.
    pub(super) seq: Seq,
    /// Who it is, and what it was told of: everything, if it is not said.
    pub(super) given: Option<(PeerId, &'a Given)>,
}

impl<'a> Known<'a> {
    pub(super) fn of(me: PeerId, place: &'a Place) -> Self {
        Self { epoch: place.epoch, seq: place.seq, given: Some((me, &place.given)) }
    }
}

impl Fetching {
    pub(super) fn fetch(&mut self, Fetched { id, room, from, count }: &Fetched, epoch: Option<Epoch>, model: &Model) {
        let count = u64::from(*count).clamp(1, MOST);
        let log = epoch.and_then(|epoch| model.logs.get(&epoch));
        let (head, tail) = log.map_or((Seq::ZERO, Seq::ZERO), |log| (log.head(), log.tail));
        self.waiting.insert(*id, Asked { room: room.clone(), from: *from, count, epoch, head, tail });
        self.fetched += 1;
    }

    /// The host has died, and a log ends where it was kept.
    pub(super) fn roll_back(&mut self, model: &Model) {
        for asked in self.waiting.values_mut() {
            let Some(log) = asked.epoch.and_then(|epoch| model.logs.get(&epoch)) else { continue };
            (asked.head, asked.tail) = (asked.head.min(log.head()), asked.tail.min(log.tail));
        }
    }

    /// The host is asked.
    pub(super) fn asks(&mut self, marks: &mut Marks) {
        self.asked += 1;
        marks.sometimes(self.asked > self.fetched, Mark::PageAskedAgain);
    }

    /// A page is begun, or goes on.
    pub(super) fn piece(&mut self, room: RoomId, after: Seq, entries: u32, more: bool, marks: &mut Marks) {
        let before = self.piece.take();
        marks.sometimes(before.is_some_and(|(at, to)| at == room && after > to), Mark::PageShortened);
        marks.sometimes(more, Mark::PageInPieces);
        self.piece = Some((room, Seq(after.0 + u64::from(entries)))).filter(|_| more);
    }

    /// Somebody is told what they have fetched, or why they cannot have it.
    pub(super) fn told(
        &mut self,
        id: PageId,
        page: Result<&Page, &Refusal>,
        known: Option<Known<'_>>,
        scene: &mut Scene<'_>,
    ) -> Check {
        let Some(asked) = self.waiting.remove(&id) else {
            return Err((Invariant::S28, "it is told of a page that it does not wait for".into()));
        };
        let page = match page {
            Ok(page) => page,
            Err(Refusal::RateLimited { .. } | Refusal::TooMany { .. }) => {
                return Err((Invariant::S28, "a page that could be had later is not told".into()));
            }
            Err(refusal) => {
                scene.marks.hit(Mark::PageInVain);
                self.in_vain.extend(Some(asked.room).filter(|_| *refusal == Refusal::NotMember));
                return Ok(());
            }
        };
        scene.marks.hit(Mark::PageTold);
        let Some(Known { epoch, seq, given }) = known else {
            return Err((Invariant::S28, format!("it is told a page of {:?}, where it is not", page.room())));
        };
        let Some(log) = scene.model.logs.get(&epoch) else { return Ok(()) };
        asked.is_answered(page, (epoch, log), floors(log, seq, given.map(|(me, _)| me)))?;
        // Of what was changed after the page, it knows what it was told.
        let is_missed = |place| {
            let given = given.filter(|_| place > page.to()).zip(log.entry(place));
            given.is_some_and(|((_, given), change)| !given.contains(change.producer, change.cmid))
        };
        page.messages().iter().try_for_each(|view| log.stands(view, seq.max(page.to()), is_missed))
    }

    /// The host's owner is told at once. What follows in the same step it does not know yet.
    pub(super) fn told_owner(
        &mut self,
        id: PageId,
        page: Result<&Page, &Refusal>,
        host: &Host,
        scene: &mut Scene<'_>,
    ) -> Check {
        let known = page.ok().and_then(|page| {
            let epoch = host.history(page.room())?.epoch();
            Some(Known { epoch, seq: page.head(), given: None })
        });
        self.told(id, page, known, scene)
    }

    /// What a client says of itself is what follows from what it was seen to be told.
    pub(super) fn agrees_with(&mut self, client: &Client) -> Check {
        if client.fetching() != self.waiting.len() {
            let what = format!("{} pages are waited for, but it says {}", self.waiting.len(), client.fetching());
            return Err((Invariant::S28, what));
        }
        match self.in_vain.drain(..).find(|room| client.place(room).is_some()) {
            Some(room) => Err((Invariant::S28, format!("it is told no page of {room:?}, though it is in there"))),
            None => Ok(()),
        }
    }
}

impl Asked {
    /// Whether that is the page, as the log was at some moment since it was asked for. What is up to the lower of the
    /// floors is not for whoever asks, what is after the higher is.
    fn is_answered(&self, page: &Page, (epoch, log): (Epoch, &Log), (lower, higher): (Seq, Seq)) -> Check {
        let (after, to, start) = (page.after(), page.to(), page.start());
        let wrong = |what: &str| {
            let asked = format!("{:?} of {:?}, {} entries", self.from, self.room, self.count);
            Err((Invariant::S28, format!("{asked}: it is told those after {after} up to {to}: {what}")))
        };
        if self.epoch.is_some_and(|asked| asked != epoch) {
            return wrong("they are of another log");
        }
        if after < lower || start < lower {
            return wrong("they are not for it");
        }
        if start < self.tail || start > log.tail.max(higher) || after < self.tail {
            return wrong(&format!("the log began after {} when it asked, then {start}, then {}", self.tail, log.tail));
        }
        let entries = to.0.saturating_sub(after.0);
        if to < after || to > log.head() || entries != page.events().len() as u64 || entries > self.count {
            return wrong("so many there are not, or not so many were asked for");
        }
        let is_there = match self.from {
            PageFrom::Before(seq) => to.next() == seq || (to < seq && to >= self.head) || (after == to && to == start),
            // Where the log began when its first entry was told, or after what has gone since.
            PageFrom::After(seq) if after == to && to < seq => to >= self.head,
            PageFrom::After(seq) => after == seq || (after > seq && after <= start),
        };
        if !is_there {
            return wrong("they do not lie there");
        }
        let is_at_end = match self.from {
            PageFrom::Before(_) => after <= start,
            PageFrom::After(_) => to >= self.head || start > self.tail,
        };
        let bytes = || page.events().iter().filter_map(Told::of).map(|told| format!("{:?}", told.body).len());
        if entries < self.count && !is_at_end && bytes().sum::<usize>() < FULL {
            return wrong("there are more");
        }
        for (event, seq) in page.events().iter().zip(after.0 + 1..) {
            let Some(logged) = log.entry(Seq(seq)) else { continue };
            let of = logged.body.changes().unwrap_or(Seq(seq));
            if !tells(event, Seq(seq), logged, log.changed.is_deleted(of)) {
                return wrong(&format!("{event:?} where {logged:?} is logged"));
            }
        }
        Ok(())
    }
}

/// Up to where what was said is not for somebody, at the least and at the most: whoever was removed and is back, or has
/// not come to its own coming yet, may be of either membership.
fn floors(log: &Log, seq: Seq, me: Option<PeerId>) -> (Seq, Seq) {
    let Some(me) = me else { return (Seq::ZERO, Seq::ZERO) };
    if !log.is_certain {
        return (Seq::ZERO, log.head());
    }
    let floor = |member| [log.deeds.floor(member, seq), log.deeds.floor(member, log.head())];
    let floors = || log.members_of(me).flat_map(floor);
    (floors().min().unwrap_or_default(), floors().max().unwrap_or_default())
}

/// Whether an event tells of that entry.
fn tells(event: &Event, at: Seq, logged: &Logged, is_deleted: bool) -> bool {
    if let Some(told) = Told::of(event) {
        return told.seq == at && told.is_of(logged, is_deleted);
    }
    match (event, &logged.body) {
        (Event::PeerJoined { peer, seq, .. }, Body::Join { .. }) => (*seq, peer.id) == (at, logged.peer.id),
        (Event::PeerLeft { peer, seq, reason: told, .. }, Body::Leave { reason }) => {
            (*seq, peer.id, told) == (at, logged.peer.id, reason)
        }
        (Event::Renamed { peer, before: told, seq, .. }, Body::Rename { before, nick }) => {
            (*seq, peer.id, told, &peer.nick) == (at, logged.peer.id, before, nick)
        }
        (Event::Acted { by, act: told, seq, .. }, Body::Act(act)) => (*seq, by.id, told) == (at, logged.peer.id, act),
        _ => false,
    }
}
