//! Pages: parts of a room's log that a member asks for, beside what its cursor gets.
//!
//! A fetch is a second cursor in the same room, for a while. It costs two numbers however slowly its link reads, gets the
//! log's own bytes, and is gone with the membership, with the link, and with its last entry.

use super::{Host, OWNER, budget::Asked};
use crate::{
    event::{Event, Page, PageId},
    ids::{MemberId, RoomId, Seq},
    limits::Limits,
    message::{PageFrom, ToClient},
    name::RoomName,
    reason::{CloseReason, Refusal, Violation},
    room::Log,
    seam::{LinkId, Outbox},
    time::Time,
};

/// What a link has asked for of one room's log.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fetch {
    /// It is looked for in the log when the link has credit.
    Asked(PageFrom, u32),
    /// What the link lacks of it lies between these places: after the first, up to the second.
    Open(Seq, Seq),
}

/// How much of a log is told in one page.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize {
    entries: u32,
    bytes: usize,
}

impl PageSize {
    pub(super) fn of(limits: &Limits) -> Self {
        let entries = limits.page_entries.clamp(1, Limits::MAX_PAGE);
        Self { entries, bytes: limits.page_bytes.min(Limits::MAX_PAGE_BYTES) }
    }
}

impl Fetch {
    /// The places between which entries are to be told, of those after `start`. Both are the same if there are none.
    pub(super) fn find(self, log: &Log, start: Seq, size: PageSize) -> (Seq, Seq) {
        match self {
            Self::Asked(from, count) => log.range(start, from, count.clamp(1, size.entries), size.bytes),
            // What has gone from the log meanwhile is not told, and that it is gone shows.
            Self::Open(after, to) => (after.max(start), to.max(start)),
        }
    }
}

impl Host {
    pub(super) fn fetch(
        &mut self,
        now: Time,
        link: LinkId,
        member: MemberId,
        room: RoomId,
        (from, count): (PageFrom, u32),
        out: &mut Outbox,
    ) {
        let cursor = self.links.get(&link).and_then(|state| state.cursor(room));
        if cursor.is_some_and(|cursor| cursor.fetch.is_some()) {
            return self.close_link(now, link, Violation::Unexpected.into(), out);
        }
        let asked = if cursor.is_some() { self.spend_request(now, member) } else { Err(Refusal::NotMember) };
        if let Err(refusal) = asked {
            if self.ignores(now, link, Asked::Page(room), refusal) {
                return self.close_link(now, link, CloseReason::Flood, out);
            }
            return self.control(now, link, &ToClient::FetchRefused { room, refusal }, out);
        }
        let Some(state) = self.links.get_mut(&link) else { return };
        state.postponed.granted();
        if let Some(cursor) = state.cursor_mut(room) {
            cursor.fetch = Some(Fetch::Asked(from, count));
            self.touched.push(link);
        }
    }

    /// The host itself is told at once: it has the log.
    pub(super) fn fetch_as_owner(
        &mut self,
        name: &RoomName,
        (from, count): (PageFrom, u32),
        out: &mut Outbox,
    ) -> Result<PageId, Refusal> {
        let room = self.room_ids.get(name).and_then(|id| self.rooms.get_mut(id)).ok_or(Refusal::NotMember)?;
        room.log.seal();
        let (start, head) = (room.log.tail(), room.log.head());
        let (after, to) = Fetch::Asked(from, count).find(&room.log, start, PageSize::of(&self.limits));
        let (mut events, mut later) = (alloc::vec::Vec::new(), alloc::vec::Vec::new());
        for entry in room.log.entries(after.next()) {
            let Some(record) = self.roster.record(entry.author) else { continue };
            let (seq, mine) = (entry.seq, entry.author == OWNER);
            let event = Event::of_entry(name.clone(), entry, record.author(mine), true);
            if seq <= to { events.push(event) } else { later.push(event) }
        }
        let page = Page::new(name.clone(), (after, to), (start, head), events, later.iter());
        let id = self.next_page;
        self.next_page = id.next();
        out.event(Event::Page { id, page: Ok(page) });
        Ok(id)
    }
}
