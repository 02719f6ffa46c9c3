//! What the members of a room signal: a log that compacts, like the roster. Only the latest of each member is kept, so a
//! link that lags gets that once.
//!
//! What changes waits until half a second after the last change that was told, and is told together then: what a room
//! costs its links does not grow with how often its members signal. A room with too many members has no signals at all.
//! What ends by itself, or by an entry that everybody gets, is not told.

use alloc::{collections::BTreeMap, vec::Vec};
use core::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::{
    ids::{MemberId, Rev, RoomId, Seq},
    message::{Encoding, Signal, ToClient},
    time::Time,
};

/// What the members of one room signal.
#[derive(Debug)]
pub(crate) struct Signals {
    by_member: BTreeMap<MemberId, Held>,
    /// How many members the room may have for there to be any.
    most: usize,
    off: bool,
    /// How many changes there were, and how many when there were none or some from then on.
    rev: Rev,
    since: Rev,
    /// When a change was told last.
    told_at: Option<Time>,
    /// Until when somebody may be typing.
    typing_until: Time,
    /// The page that was asked for last: links that are caught up all ask for the same.
    last_page: Option<Page>,
}

#[derive(Debug, Default)]
struct Held {
    rev: Rev,
    told: Latest,
    news: Latest,
}

/// How far a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// It has every entry after this place
    pub(crate) after: Seq,
    /// up to this one.
    pub(crate) delivered: Seq,
    /// Whoever it speaks for has read those up to this one, if they say so.
    pub(crate) read: Option<Seq>,
}

/// What a member signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latest {
    pub(crate) seen: Seen,
    /// Until when it is typing.
    pub(crate) typing: Option<Time>,
}

/// What others see of a member's signal from now on, and saw before.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) member: MemberId,
    pub(crate) before: Latest,
    pub(crate) now: Latest,
}

#[derive(Debug)]
struct Page {
    at: Time,
    after: Rev,
    encoding: Encoding,
    frame: Bytes,
}

impl Seen {
    /// Whether that is possible at all.
    pub(crate) fn is_sound(&self) -> bool {
        self.after <= self.delivered && self.read.is_none_or(|read| read <= self.delivered)
    }

    /// It as that of this member: the host itself has all that its logs hold, without saying so.
    pub(crate) fn of(self, member: MemberId) -> Self {
        if member == MemberId::OWNER { Self { after: Seq::ZERO, delivered: Seq::LAST, ..self } } else { self }
    }

    /// Takes in what is said later. What is behind what was said before changes nothing.
    fn merge(&mut self, later: Self) {
        self.after = self.after.max(later.after);
        self.delivered = self.delivered.max(later.delivered);
        self.read = self.read.max(later.read);
    }

    /// Whether the member has that entry.
    pub(crate) fn has(&self, seq: Seq) -> bool {
        self.after < seq && seq <= self.delivered
    }

    /// Whether it says that it was read.
    pub(crate) fn has_read(&self, seq: Seq) -> bool {
        self.after < seq && self.read.is_some_and(|read| seq <= read)
    }
}

impl Signals {
    /// Nothing yet, in a room that has signals while it has no more than so many members.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            by_member: BTreeMap::new(),
            most,
            off: false,
            rev: Rev(0),
            since: Rev(0),
            told_at: None,
            typing_until: Time::ZERO,
            last_page: None,
        }
    }

    pub(crate) fn rev(&self) -> Rev {
        self.rev
    }

    /// Whether the room is too large for any.
    pub(crate) fn are_off(&self) -> bool {
        self.off
    }

    /// The room has so many members now.
    pub(crate) fn fit(&mut self, members: usize) {
        let off = members > self.most;
        if off != self.off {
            self.off = off;
            self.rev = self.rev.next();
            self.since = self.rev;
            self.last_page = None;
        }
    }

    /// A member is one no more.
    pub(crate) fn forget(&mut self, member: MemberId) {
        if !cfg!(exchange_bug = "signals-survive-leaving") {
            self.by_member.remove(&member);
            self.last_page = None;
        }
    }

    /// A member is so far; whether that is news.
    pub(crate) fn see(&mut self, member: MemberId, seen: Seen) -> bool {
        self.note(member, |latest| latest.seen.merge(seen))
    }

    /// A member is typing until then, or not any more; whether that is news.
    pub(crate) fn typing(&mut self, member: MemberId, until: Option<Time>) -> bool {
        let until = until.filter(|_| !self.off);
        self.typing_until = until.map_or(self.typing_until, |until| until.max(self.typing_until));
        self.note(member, |latest| latest.typing = until)
    }

    fn note(&mut self, member: MemberId, change: impl FnOnce(&mut Latest)) -> bool {
        let held = self.by_member.entry(member).or_default();
        change(&mut held.news);
        held.news != held.told
    }

    /// A member has said something: it is not typing any more, as everybody knows who gets what it said. Whether it was
    /// shown as typing.
    pub(crate) fn said(&mut self, now: Time, member: MemberId) -> bool {
        if now >= self.typing_until {
            return false;
        }
        let Some(held) = self.by_member.get_mut(&member) else { return false };
        let was_typing = held.told.typing.is_some();
        held.stop_typing();
        self.last_page = None;
        was_typing
    }

    pub(crate) fn is_typing(&self, member: MemberId) -> bool {
        self.by_member.get(&member).is_some_and(|held| held.told.typing.or(held.news.typing).is_some())
    }

    /// Who is seen to signal what.
    pub(crate) fn told(&self) -> impl Iterator<Item = (MemberId, Latest)> + '_ {
        self.by_member.iter().map(|(member, held)| (*member, held.told))
    }

    /// How far others see a member to be.
    pub(crate) fn seen(&self, member: MemberId) -> Seen {
        self.by_member.get(&member).map(|held| held.told.seen).unwrap_or_default().of(member)
    }

    /// Tells what changed, if it is time, and ends what has ended. Gives what others see differently now, and when to
    /// look again.
    pub(crate) fn tell(&mut self, now: Time, pace: Duration) -> (Vec<Change>, Option<Time>) {
        let mut changes = Vec::new();
        let pace = if cfg!(exchange_bug = "signals-unpaced") { Duration::ZERO } else { pace };
        let due = self.told_at.map_or(now, |told_at| told_at + pace);
        let (rev, mut next) = (self.rev.next(), None);
        for (member, held) in &mut self.by_member {
            let before = held.told;
            let is_over = |until| self.off || now >= until;
            for latest in [&mut held.told, &mut held.news] {
                latest.typing = latest.typing.filter(|until| !is_over(*until));
            }
            let waits = held.news != held.told && !self.off;
            if waits && now >= due {
                (held.told, held.rev, self.rev, self.told_at) = (held.news, rev, rev, Some(now));
            }
            if held.told != before {
                changes.push(Change { member: *member, before, now: held.told });
            }
            for at in (waits && now < due).then_some(due).into_iter().chain(held.told.typing) {
                next = Some(next.map_or(at, |next: Time| next.min(at)));
            }
        }
        if !changes.is_empty() {
            self.last_page = None;
        }
        (changes, next)
    }

    /// The changes after `after`, as one frame. `None` when there are none.
    pub(crate) fn page(&mut self, now: Time, room: RoomId, after: Rev, encoding: Encoding) -> Option<Bytes> {
        if after >= self.rev {
            return None;
        }
        if let Some(page) = &self.last_page
            && (page.at, page.after, page.encoding) == (now, after, encoding)
        {
            return Some(page.frame.clone());
        }
        let is_anew = after < self.since;
        let changed = self.by_member.iter().filter(|(_, held)| held.rev > after || is_anew && held.rev > Rev(0));
        let signals: Vec<Signal> = changed.map(|(member, held)| held.told.signal(*member, now)).collect();
        let message = if self.off {
            ToClient::NoSignals { room }
        } else if signals.is_empty() && !is_anew {
            return None;
        } else {
            ToClient::Signals { room, signals }
        };
        let mut frame = BytesMut::new();
        encoding.encode(&message, &mut frame);
        let frame = frame.freeze();
        self.last_page = Some(Page { at: now, after, encoding, frame: frame.clone() });
        Some(frame)
    }
}

impl Held {
    fn stop_typing(&mut self) {
        (self.told.typing, self.news.typing) = (None, None);
    }
}

impl Latest {
    fn signal(&self, member: MemberId, now: Time) -> Signal {
        let left = self.typing.map_or(0, |until| until.since(now).as_millis());
        let Seen { after, delivered, read } = self.seen;
        Signal { member, after, delivered, read, typing_ms: u16::try_from(left).unwrap_or(u16::MAX) }
    }
}
