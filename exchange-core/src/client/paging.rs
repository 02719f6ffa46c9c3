//! Pages of a room's log that the application has asked for. They are asked for again after a reconnect, one of a room at
//! a time, until the host has told or refused them, or the room is no more.
//!
//! A host is not believed: what it tells has to be what was asked for, without holes, and no more.

use alloc::{collections::VecDeque, vec::Vec};

use super::{
    Client, State,
    proofs::{Authors, Word},
};
use crate::{
    digest::Digest,
    event::{Event, Page, PageId},
    ids::{MemberId, RoomId, Seq},
    limits::Limits,
    message::{Entry, PageFrom, ToHost},
    name::RoomName,
    reason::{Refusal, Violation},
    room::Chain,
    seam::Outbox,
    time::Time,
};

/// Pages that may be asked for at once.
const ASKED_FOR: usize = 16;

/// Everything that was fetched and is not there yet.
#[derive(Debug, Default)]
pub(super) struct Paging {
    next: PageId,
    /// In the order in which they were asked for.
    fetches: VecDeque<Fetch>,
    /// Entries that have to come before anything else does.
    open: Option<Open>,
}

#[derive(Debug)]
struct Fetch {
    id: PageId,
    room: RoomName,
    from: PageFrom,
    count: u32,
    /// What came of it on the present link, on which the host was asked.
    told: Option<Told>,
}

/// What the host has told of a page.
#[derive(Debug)]
struct Told {
    /// How far the room had been told when the page was asked for: there was at least so much in the log.
    known: Seq,
    /// The place before the first entry and that of the last; `None` before the first head has come.
    span: Option<(Seq, Seq)>,
    events: Vec<Event>,
    proofs: Option<PageProofs>,
    /// Entries and bytes in all, those included that the host then said are gone.
    entries: u32,
    bytes: usize,
    start: Seq,
    head: Seq,
}

/// What is known of a page by itself.
#[derive(Debug)]
struct PageProofs {
    authors: Authors,
    /// The chain where the page begins, and how it goes on from there.
    base: Digest,
    chain: Chain,
}

/// The entries that a page's head has announced.
#[derive(Debug)]
struct Open {
    room: RoomId,
    /// What they are for; `None` if the room is left, and nothing about it matters any more.
    page: Option<PageId>,
    left: u32,
    more: bool,
}

/// What the head of a page says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    pub(super) after: Seq,
    pub(super) entries: u32,
    pub(super) more: bool,
    pub(super) start: Seq,
    pub(super) head: Seq,
    pub(super) chain: Option<Digest>,
}

impl Paging {
    /// How many pages are waited for.
    pub(super) fn len(&self) -> usize {
        self.fetches.len()
    }

    /// Whether entries have to come now.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// With the link, what was not told whole is gone.
    pub(super) fn unlink(&mut self) {
        self.open = None;
        if !cfg!(exchange_bug = "page-not-asked-again") {
            self.fetches.iter_mut().for_each(|fetch| fetch.told = None);
        }
    }

    /// No page of that room can be had any more.
    pub(super) fn fail(&mut self, room: &RoomName, refusal: Refusal, out: &mut Outbox) {
        self.fetches.retain(|fetch| {
            let fails = fetch.room == *room && !cfg!(exchange_bug = "page-of-a-left-room");
            if fails {
                // Entries that were announced before come all the same.
                if let Some(open) = self.open.as_mut().filter(|open| open.page == Some(fetch.id)) {
                    open.page = None;
                }
                out.event(Event::Page { id: fetch.id, page: Err(refusal) });
            }
            !fails
        });
    }

    fn asked(&mut self, room: &RoomName) -> Option<&mut Fetch> {
        self.fetches.iter_mut().find(|fetch| fetch.room == *room && fetch.told.is_some())
    }

    fn take(&mut self, id: PageId) -> Option<Fetch> {
        let place = self.fetches.iter().position(|fetch| fetch.id == id)?;
        self.fetches.remove(place)
    }
}

impl Fetch {
    /// Whether these can be the next entries of what was asked for.
    fn takes(&mut self, announced: Announced) -> Result<(), Violation> {
        let told = self.told.as_mut().ok_or(Violation::Unexpected)?;
        let Announced { after, entries, more, start, head, chain } = announced;
        if told.entries.saturating_add(entries) > self.count {
            return Err(Violation::TooMuch);
        }
        let end = after.0.checked_add(entries.into()).ok_or(Violation::OutOfOrder)?;
        if more && entries == 0 {
            return Err(Violation::Unexpected);
        }
        let begins = match (told.span, self.from) {
            (Some((_, to)), _) => after == to || (after > to && after == start),
            (None, PageFrom::After(seq)) => after == seq.max(start) || (after < seq && after >= told.known),
            (None, PageFrom::Before(_)) => true,
        };
        let ends = match self.from {
            PageFrom::Before(seq) => entries == 0 || end < seq.0,
            PageFrom::After(_) => true,
        };
        if !begins || !ends || after < start || end > head.0 || head < told.known.max(told.head) || start < told.start {
            return Err(Violation::OutOfOrder);
        }
        if told.span.is_none_or(|(_, to)| to != after) {
            // Whatever came before this has gone from the log.
            told.span = Some((after, after));
            if !cfg!(exchange_bug = "page-keeps-what-is-gone") {
                told.events.clear();
            }
            let begins = |base| PageProofs { authors: Authors::default(), base, chain: Chain::at(after, base) };
            told.proofs = chain.map(begins);
        }
        told.entries += entries;
        (told.start, told.head) = (start, head);
        Ok(())
    }

    /// Whether it was told whole.
    fn is_whole(&self) -> bool {
        let Some(Told { span: Some((after, to)), known, entries, start, head, .. }) = &self.told else { return false };
        match self.from {
            // There is always one entry at least, if there is any.
            _ if *entries > 0 && after == to => after == start,
            PageFrom::Before(seq) if *entries > 0 => to.next() == seq || to >= known,
            PageFrom::Before(seq) => after == start && (start.next() >= seq || start >= known),
            PageFrom::After(_) => *entries > 0 || after == head,
        }
    }
}

impl Client {
    pub(super) fn fetch(&mut self, room: &RoomName, from: PageFrom, count: u32) -> Result<PageId, Refusal> {
        self.check_open()?;
        if !self.rooms.contains_key(room) {
            return Err(Refusal::NotMember);
        }
        if self.paging.fetches.len() >= ASKED_FOR {
            return Err(Refusal::TooMany { limit: u32::try_from(ASKED_FOR).unwrap_or(u32::MAX) });
        }
        let id = self.paging.next;
        self.paging.next = id.next();
        let from = match from {
            PageFrom::Before(seq) => PageFrom::Before(seq.min(Seq::LAST)),
            PageFrom::After(seq) => PageFrom::After(seq.min(Seq::LAST)),
        };
        let count = count.clamp(1, Limits::MAX_PAGE);
        self.paging.fetches.push_back(Fetch { id, room: room.clone(), from, count, told: None });
        Ok(id)
    }

    /// Asks the host for what waits to be asked for, of each room one.
    pub(super) fn ask_for_pages(&mut self) {
        let State::Linked(link) = &mut self.state else { return };
        for place in 0..self.paging.fetches.len() {
            let Some(Fetch { room, from, count, told: None, .. }) = self.paging.fetches.get(place) else { continue };
            let Some(state) = self.rooms.get(room) else { continue };
            let (Some(number), Some((_, known))) = (state.joined_number(), state.place()) else { continue };
            if !link.has_credit() || self.paging.fetches.iter().any(|other| other.room == *room && other.told.is_some())
            {
                continue;
            }
            link.say(&ToHost::Fetch { room: number, from: *from, count: *count });
            if let Some(fetch) = self.paging.fetches.get_mut(place) {
                let (start, head) = (Seq::ZERO, Seq::ZERO);
                let (events, proofs) = (Vec::new(), None);
                fetch.told = Some(Told { known, span: None, events, proofs, entries: 0, bytes: 0, start, head });
            }
        }
    }

    pub(super) fn page(&mut self, number: RoomId, announced: Announced, out: &mut Outbox) -> Result<(), Violation> {
        let page = match self.room_of(number)? {
            Some(name) => {
                let is_chained = self.rooms.get(&name).is_some_and(|room| room.proofs.is_some());
                if is_chained && announced.chain.is_none() {
                    return Err(Violation::Unsigned);
                }
                let fetch = self.paging.asked(&name).ok_or(Violation::Unexpected)?;
                fetch.takes(announced)?;
                Some(fetch.id)
            }
            None => None,
        };
        self.paging.open = Some(Open { room: number, page, left: announced.entries, more: announced.more });
        self.page_ends(out)
    }

    /// An entry came while a page is open: it belongs to that.
    pub(super) fn page_entry(&mut self, entry: Entry, out: &mut Outbox) -> Result<(), Violation> {
        let open = self.paging.open.as_mut().filter(|open| open.room == entry.room).ok_or(Violation::Unexpected)?;
        open.left = open.left.saturating_sub(1);
        if let Some(page) = open.page {
            let fetch = self.paging.fetches.iter_mut().find(|fetch| fetch.id == page).ok_or(Violation::Unexpected)?;
            let told = fetch.told.as_mut().ok_or(Violation::Unexpected)?;
            let (_, to) = told.span.as_mut().ok_or(Violation::Unexpected)?;
            if entry.seq <= *to || entry.seq != to.next() {
                return Err(Violation::OutOfOrder);
            }
            *to = entry.seq;
            told.bytes += entry.body.payload_len();
            if told.bytes > Limits::MAX_PAGE_BYTES && told.entries > 1 {
                return Err(Violation::TooMuch);
            }
            let record = self.roster.get(&entry.author).ok_or(Violation::UnknownMember)?;
            let mine = (record.peer, record.producer) == (self.peer, self.producer);
            let proofs = self.rooms.get(&fetch.room).and_then(|room| room.proofs.as_ref());
            let page = told.proofs.as_mut().map(|page| (&mut page.authors, &mut page.chain));
            let found = proofs.zip(page).map(|(proofs, page)| proofs.hear_page(page, &fetch.room, &entry, record));
            let word = found.as_ref().map(|found| found.word);
            let forked = found.and_then(|found| found.forked).map(|seq| (fetch.room.clone(), entry.author, seq));
            if word == Some(Word::Forged) {
                out.event(Event::Forged { room: fetch.room.clone(), peer: record.peer(), seq: entry.seq });
            } else {
                told.events.push(Event::of_entry(fetch.room.clone(), entry, record.author_of(word, mine), true));
            }
            if let Some((room, by, seq)) = forked {
                self.is_forked(&room, by, seq, out);
            }
        }
        self.page_ends(out)
    }

    /// Tells the application of the page, if nothing of it is left to come.
    fn page_ends(&mut self, out: &mut Outbox) -> Result<(), Violation> {
        let Some(Open { page, more, .. }) = self.paging.open.take_if(|open| open.left == 0) else { return Ok(()) };
        let Some(id) = page.filter(|_| !more) else { return Ok(()) };
        // One that is not what was asked for is asked for again.
        if !self.paging.fetches.iter().any(|fetch| fetch.id == id && fetch.is_whole()) {
            return Err(Violation::OutOfOrder);
        }
        let Some(Fetch { room: name, told: Some(told), .. }) = self.paging.take(id) else { return Ok(()) };
        let Told { span: Some((after, to)), events, proofs: page, start, head, .. } = told else { return Ok(()) };
        let proofs = self.rooms.get_mut(&name).and_then(|room| room.proofs.as_mut());
        if let Some((proofs, page)) = proofs.zip(page)
            && !proofs.take_page((after, page.base), (to, page.chain.head()))
        {
            self.is_forked(&name, MemberId::OWNER, to, out);
        }
        let later = self.rooms.get(&name).into_iter().flat_map(|room| room.later.after(to));
        let later = later.filter(|_| !cfg!(exchange_bug = "page-shows-old-text"));
        let page = Page::new(name.clone(), (after, to), (start, head), events, later);
        out.event(Event::Page { id, page: Ok(page) });
        Ok(())
    }

    pub(super) fn fetch_refused(
        &mut self,
        now: Time,
        number: RoomId,
        refusal: Refusal,
        out: &mut Outbox,
    ) -> Result<(), Violation> {
        let Some(name) = self.room_of(number)? else { return Ok(()) };
        let fetch =
            self.paging.asked(&name).filter(|fetch| fetch.told.as_ref().is_some_and(|told| told.span.is_none()));
        let fetch = fetch.ok_or(Violation::Unexpected)?;
        fetch.told = None;
        if let Refusal::RateLimited { retry_after_ms } = refusal {
            self.pause(now, retry_after_ms);
            return Ok(());
        }
        let id = fetch.id;
        self.paging.take(id);
        out.event(Event::Page { id, page: Err(refusal) });
        Ok(())
    }
}
