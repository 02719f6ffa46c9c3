//! The end of a round: logs are sealed, and every link that lacks something and has credit gets it.

use core::mem;

use bytes::{Bytes, BytesMut};

use super::{
    Host,
    link::{Cursor, Link},
    paging::{Fetch, PageSize},
};
use crate::{
    ids::{Rev, RoomId, Seq},
    message::{Encoding, GapReason, Joined, ToClient},
    presence::Roster,
    room::{Next, Room},
    seam::{LinkId, Outbox},
    time::Time,
};

/// What is set aside of a link's credit for the head of a page, which is longest in JSON.
const PAGE_HEAD: u32 = 240;

impl Host {
    pub(super) fn fan_out(&mut self, now: Time, out: &mut Outbox) {
        if self.has_untold {
            self.forget_members(now, out);
        }
        if !self.signalled.is_empty() {
            self.tell_signals(now, out);
        }
        let mut touched = mem::take(&mut self.touched);
        while let Some(room) = self.grown.pop_first() {
            self.seal(room);
            self.news.forget(room);
            touched.extend(self.rooms.get(&room).into_iter().flat_map(Room::subscribers));
        }
        self.tell_news(now, &mut touched);
        touched.sort_unstable();
        touched.dedup();
        for link in touched.drain(..) {
            if self.serve(now, link, out) {
                self.acknowledge(now, link, out);
            }
        }
        self.touched = touched;
    }

    /// What has been logged in a room in this round can be read from now on.
    pub(super) fn seal(&mut self, room: RoomId) {
        self.changes_room(room);
        if let Some(room) = self.rooms.get_mut(&room) {
            room.log.seal();
        }
    }

    /// Gives a link what it lacks, as far as its credit goes: members first, so that no entry names a stranger. Whether
    /// some of its messages were logged.
    fn serve(&mut self, now: Time, link: LinkId, out: &mut Outbox) -> bool {
        let size = PageSize::of(&self.limits);
        let Self { links, rooms, roster, .. } = self;
        let Some(state) = links.get_mut(&link) else { return false };
        let has_logged = !state.logged.is_empty();
        let (Some(encoding), Some(_)) = (state.encoding(), state.member()) else { return has_logged };
        let mut serving = Serving { now, link, encoding, size, state, out };
        if !cfg!(exchange_bug = "roster-comes-late") && !serving.roster(roster) {
            return has_logged;
        }
        let count = serving.state.cursors.len();
        let mut cursors = mem::take(&mut serving.state.cursors);
        for offset in 0..count {
            let cursor = &mut cursors[(serving.state.turn + offset) % count];
            if let Some(room) = rooms.get_mut(&cursor.room)
                && !serving.room(room, cursor)
            {
                // Whoever the credit ran out on goes on first, after the others had their turn.
                serving.state.turn = (serving.state.turn + offset + 1) % count;
                break;
            }
        }
        serving.state.cursors = cursors;
        if cfg!(exchange_bug = "roster-comes-late") {
            serving.roster(roster);
        }
        has_logged
    }

    /// Says of each of the link's new messages that it is logged, unless its own entry has just said so.
    pub(super) fn acknowledge(&mut self, now: Time, link: LinkId, out: &mut Outbox) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let mut logged = mem::take(&mut state.logged);
        for message in logged.drain(..) {
            let Some(state) = self.links.get(&link) else { return };
            let past = state.cursor(message.room).is_some_and(|cursor| cursor.after >= message.seq);
            // In a round with more entries than are kept, a cursor may have passed one in a gap.
            let kept = self.rooms.get(&message.room).is_some_and(|room| message.seq > room.log.tail());
            if past && kept {
                continue;
            }
            let (room, cmid, seq) = (message.room, message.cmid, Some(message.seq));
            self.control(now, link, &ToClient::Ack { room, cmid, seq }, out);
        }
        if let Some(state) = self.links.get_mut(&link) {
            state.logged = logged;
        }
    }
}

struct Serving<'a> {
    now: Time,
    link: LinkId,
    encoding: Encoding,
    size: PageSize,
    state: &'a mut Link,
    out: &'a mut Outbox,
}

impl Serving<'_> {
    /// Whether the link has every change of the roster now.
    fn roster(&mut self, roster: &mut Roster) -> bool {
        while self.state.roster != roster.rev() && self.state.credit() > 0 {
            let Some((frame, to)) = roster.page(self.state.roster, self.encoding) else {
                self.state.roster = roster.rev();
                break;
            };
            self.send(frame);
            self.state.roster = to;
        }
        self.state.roster == roster.rev()
    }

    /// Whether the link has all there is of that room now: who signals what comes last, so that it names nobody who is
    /// not known to be a member, and no place that the link has not come to.
    fn room(&mut self, room: &mut Room, cursor: &mut Cursor) -> bool {
        self.entries(room, cursor) && (cursor.signals == room.signals.rev() || self.signals(room, cursor))
    }

    fn signals(&mut self, room: &mut Room, cursor: &mut Cursor) -> bool {
        if self.state.credit() == 0 {
            return false;
        }
        if let Some(frame) = room.signals.page(self.now, room.id, cursor.signals, self.encoding) {
            self.send(frame);
        }
        cursor.signals = room.signals.rev();
        true
    }

    /// Whether the cursor is at the log's head now, and nothing was fetched that is still to be told.
    fn entries(&mut self, room: &mut Room, cursor: &mut Cursor) -> bool {
        loop {
            let credit = self.state.credit();
            if credit == 0 {
                if cfg!(exchange_bug = "slow-reader-skips") {
                    cursor.after = room.log.head();
                }
                return cursor.after == room.log.head() && cursor.unannounced.is_none() && cursor.fetch.is_none();
            }
            if let Some(known) = cursor.unannounced.take() {
                self.joined(room, cursor, known);
                continue;
            }
            if cursor.after < cursor.floor {
                self.gap(room, cursor.floor, GapReason::Policy);
                cursor.after = cursor.floor;
                continue;
            }
            let next = cursor.after.next();
            if cfg!(exchange_bug = "entry-for-everyone-but-author")
                && self.state.logged.iter().any(|own| (own.room, own.seq) == (room.id, next))
            {
                cursor.after = next;
                continue;
            }
            // What is new comes first, but where something was fetched, that is for half of what the link takes.
            let share = if cursor.fetch.is_some() { credit.div_ceil(2) } else { credit };
            match room.log.next(cursor.after, self.encoding, share as usize) {
                Next::Head if cursor.fetch.is_some() => self.page(room, cursor),
                Next::Head => return true,
                Next::Gap(to) => {
                    let to = if cfg!(exchange_bug = "gap-too-wide") { to.next() } else { to };
                    // Members may have come and gone in it.
                    if to > cursor.members_told && !cfg!(exchange_bug = "gap-hides-members") {
                        self.joined(room, cursor, true);
                    }
                    if !cfg!(exchange_bug = "gap-not-told") {
                        self.gap(room, to, GapReason::Retention);
                    }
                    cursor.after = to;
                }
                Next::Frames(frames, after) => {
                    self.send(frames);
                    cursor.after = after;
                    if self.state.credit() > 0 {
                        self.page(room, cursor);
                    }
                }
            }
        }
    }

    /// Tells some of what was fetched: a page's head and its entries go out as one, so that nothing comes between.
    fn page(&mut self, room: &Room, cursor: &mut Cursor) {
        let Some(fetch) = cursor.fetch.take() else { return };
        let floor = if cfg!(exchange_bug = "page-below-the-floor") { Seq::ZERO } else { cursor.floor };
        let (start, head) = (room.log.tail().max(floor), room.log.head());
        let (after, to) = fetch.find(&room.log, start, self.size);
        let most = self.state.credit().saturating_sub(PAGE_HEAD) as usize;
        let (mut told, mut last) = (BytesMut::new(), after);
        while let Some((frames, place)) = room.log.part(last, to, self.encoding, most.saturating_sub(told.len())) {
            if told.len() + frames.len() > most && !told.is_empty() {
                break;
            }
            told.extend_from_slice(&frames);
            last = place;
        }
        let rest = Some(Fetch::Open(last, to)).filter(|_| last < to && !told.is_empty());
        let entries = u32::try_from(last.0 - after.0).unwrap_or(u32::MAX);
        let (more, chain) = (rest.is_some(), room.log.chain_at(after));
        let head = ToClient::Page { room: room.id, after, entries, more, start, head, chain };
        let mut page = BytesMut::new();
        self.encoding.encode(&head, &mut page);
        page.unsplit(told);
        self.send(page.freeze());
        cursor.fetch = rest;
    }

    fn joined(&mut self, room: &mut Room, cursor: &mut Cursor, known: bool) {
        room.begun += 1;
        cursor.members_told = room.log.head();
        // Whoever is told anew who is a member forgets what they signalled.
        let is_told = cfg!(exchange_bug = "signals-not-told-to-resumed") && cursor.after > Seq::ZERO;
        cursor.signals = if is_told { room.signals.rev() } else { Rev(0) };
        self.say(&ToClient::Joined(Joined {
            name: room.name.clone(),
            room: room.id,
            epoch: room.log.epoch(),
            after: cursor.after,
            head: room.log.head(),
            known,
            members: room.present().collect(),
            founder: room.standing.founder,
            topic: room.topic.clone().filter(|_| !cfg!(exchange_bug = "topic-not-told")),
            rules: room.rules,
            chained: room.log.provable(cursor.after).map(Into::into),
        }));
    }

    fn gap(&mut self, room: &Room, to: Seq, reason: GapReason) {
        let (room, chain) = (room.id, room.log.chain_at(to));
        self.say(&ToClient::Gap { room, to, reason, chain });
    }

    fn say(&mut self, message: &ToClient) {
        let mut frame = BytesMut::with_capacity(64);
        self.encoding.encode(message, &mut frame);
        self.send(frame.freeze());
    }

    fn send(&mut self, frames: Bytes) {
        self.state.spend(self.now, &frames);
        self.out.send(self.link, frames);
    }
}
