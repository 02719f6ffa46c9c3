//! A room's log: dense, bounded, encoded once in each encoding that somebody reads.

#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::{
    chain::{Chain, ChainLink},
    changes::Content,
    track::Track,
};
use crate::{
    digest::Digest,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Seq},
    message::{Chained, Encoding, Entry, PageFrom},
    time::Time,
};

/// The durable record of what happened in one room.
#[derive(Debug)]
pub(crate) struct Log {
    epoch: Epoch,
    first: Seq,
    index: VecDeque<Indexed>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
    postcard: Track,
    json: Option<Track>,
    sealed: bool,
    /// Where authors sign what they say; and up to where they need not have.
    chain: Option<Chain>,
    unsigned: Seq,
}

/// What is kept of an entry beside its bytes.
#[derive(Debug)]
struct Indexed {
    author: MemberId,
    cmid: Cmid,
    bytes: u32,
    content: Content,
    /// It is too old from then on.
    until: Time,
}

/// What a cursor gets next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: it is at the head.
    Head,
    /// It has fallen off the log: what it lacks up to this place is gone.
    Gap(Seq),
    /// These frames, and where it stands after them.
    Frames(Bytes, Seq),
}

impl Log {
    /// An empty log that keeps at most this many entries and about this many bytes; the newest entry always.
    pub(crate) fn new(epoch: Epoch, max_entries: usize, max_bytes: usize) -> Self {
        Self {
            epoch,
            first: Seq(1),
            index: VecDeque::new(),
            bytes: 0,
            max_entries: max_entries.max(1),
            max_bytes,
            postcard: Track::new(Encoding::Postcard, Seq(1)),
            json: None,
            sealed: true,
            chain: None,
            unsigned: Seq::ZERO,
        }
    }

    /// The same, in which authors sign what they say.
    pub(crate) fn chained(self) -> Self {
        Self { chain: Some(Chain::begin(self.epoch)), ..self }
    }

    /// The same, whose chain is that before the first entry that is kept. Up to that place nothing need be signed.
    pub(super) fn chained_from(self, tail: Digest, unsigned: Seq) -> Self {
        Self { chain: Some(Chain::at(self.tail(), tail)), unsigned, ..self }
    }

    /// Makes this log, in which nothing is yet, go on after that place.
    pub(crate) fn begin_after(&mut self, seq: Seq) {
        if let Some(chain) = &mut self.chain {
            *chain = Chain::at(seq, chain.base());
        }
        self.first = seq.next();
        self.index.clear();
        self.bytes = 0;
        self.postcard = Track::new(Encoding::Postcard, self.first);
        self.json = None;
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The place before the oldest entry that is kept.
    pub(crate) fn tail(&self) -> Seq {
        self.first.back(1)
    }

    /// The last entry's place; zero when nothing has been appended yet.
    pub(crate) fn head(&self) -> Seq {
        Seq(self.first.0 - 1 + self.index.len() as u64)
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// What can be proven of it, to somebody who has it up to that place.
    pub(crate) fn provable(&self, after: Seq) -> Option<Chained> {
        self.is_chained().then(|| Chained { chain: self.chain_at(after), since: self.unsigned })
    }

    /// The chain at a place, if that is kept.
    pub(crate) fn chain_at(&self, seq: Seq) -> Option<Digest> {
        self.chain.as_ref()?.get(seq)
    }

    /// Whether authors sign what they say in it.
    pub(crate) fn is_chained(&self) -> bool {
        self.chain.is_some()
    }

    /// Of the chain, what cannot be made of the entries that are kept: what it was at the tail, and up to where nothing need
    /// be signed.
    pub(super) fn chain_tail(&self) -> Option<(Digest, Seq)> {
        Some((self.chain.as_ref()?.base(), self.unsigned))
    }

    /// Nothing that is in it by now need be signed.
    pub(crate) fn is_unsigned_so_far(&mut self) {
        self.unsigned = self.head();
    }

    /// The same, in which nothing need be signed that comes before it [is whole](Self::is_whole).
    pub(super) fn unsigned_until_whole(self) -> Self {
        Self { unsigned: Seq::LAST, ..self }
    }

    /// It is restored: all that was kept is in it.
    pub(crate) fn is_whole(&mut self) {
        self.unsigned = self.unsigned.min(self.head());
    }

    /// Appends the entry, which must be numbered [`head`](Self::head)` + 1` and be kept no shorter than those before it.
    /// If its digest is known, it need not be made. `forgotten` is told the author of every entry that has to go for it.
    /// Gives the entry back.
    pub(crate) fn append(
        &mut self,
        entry: Entry,
        digest: Option<Digest>,
        author: impl FnOnce() -> Option<(PeerId, ProducerId)>,
        until: Time,
        mut forgotten: impl FnMut(MemberId),
    ) -> Entry {
        debug_assert_eq!(entry.seq, self.head().next());
        if let Some(chain) = &mut self.chain
            && let Some(author) = author()
        {
            chain.append(&ChainLink::of(&entry, digest.unwrap_or_else(|| entry.digest()), author));
        }
        let bytes = self.postcard.append(&entry);
        if let Some(json) = &mut self.json {
            json.append(&entry);
        }
        self.sealed = false;
        self.bytes += bytes;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let (author, cmid, content) = (entry.author, entry.cmid, Content::of(&entry.body));
        self.index.push_back(Indexed { author, cmid, bytes, content, until });
        while self.index.len() > self.max_entries || (self.bytes > self.max_bytes && self.index.len() > 1) {
            self.forget_oldest(&mut forgotten);
        }
        entry
    }

    /// Forgets what is too old by now, be it the newest entry; whether there was anything.
    pub(crate) fn expire(&mut self, now: Time, mut forgotten: impl FnMut(MemberId)) -> bool {
        let before = self.first;
        while self.oldest_until().is_some_and(|until| until <= now) {
            self.forget_oldest(&mut forgotten);
        }
        for track in core::iter::once(&mut self.postcard).chain(&mut self.json) {
            track.truncate(self.first);
        }
        self.first != before
    }

    /// From when on the oldest entry is too old.
    pub(crate) fn oldest_until(&self) -> Option<Time> {
        self.index.front().map(|oldest| oldest.until)
    }

    fn forget_oldest(&mut self, forgotten: &mut impl FnMut(MemberId)) {
        if let Some(gone) = self.index.pop_front() {
            self.bytes -= gone.bytes as usize;
            self.first = self.first.next();
            if let Some(chain) = &mut self.chain {
                chain.forget_first();
            }
            forgotten(gone.author);
        }
    }

    /// Makes everything appended readable. To be called once before a round's reading.
    pub(crate) fn seal(&mut self) {
        if !core::mem::replace(&mut self.sealed, true) {
            for track in core::iter::once(&mut self.postcard).chain(&mut self.json) {
                track.seal();
                track.truncate(self.first);
            }
        }
    }

    /// What a reader that has everything up to `after` gets next, within `max` bytes but at least one entry.
    pub(crate) fn next(&self, after: Seq, encoding: Encoding, max: usize) -> Next {
        let slack = u64::from(cfg!(exchange_bug = "retention-off-by-one"));
        if after.next() < self.first.back(slack) {
            return Next::Gap(self.first.back(1));
        }
        match self.track(encoding).slice(after.next(), usize::MAX, max) {
            Some((frames, next)) => Next::Frames(frames, next.back(1)),
            None => Next::Head,
        }
    }

    /// Readable entries after `after`, as many as lie together up to `to` and fit into `max` bytes, but at least one; and
    /// the last one's place. `None` if there are none.
    pub(crate) fn part(&self, after: Seq, to: Seq, encoding: Encoding, max: usize) -> Option<(Bytes, Seq)> {
        let most = usize::try_from(to.0.checked_sub(after.0)?).ok().filter(|most| *most > 0)?;
        let (frames, next) = self.track(encoding).slice(after.next(), most, max)?;
        Some((frames, next.back(1)))
    }

    /// The entries after `start` that are asked for, but at most `bytes` of them in postcard unless it is one alone: the
    /// place before the first of them, and that of the last.
    pub(crate) fn range(&self, start: Seq, from: PageFrom, count: u32, bytes: usize) -> (Seq, Seq) {
        let (tail, head) = (self.tail(), self.head());
        let start = start.clamp(tail, head);
        let place = |seq: Seq| usize::try_from(seq.0 - tail.0).unwrap_or(usize::MAX);
        match from {
            PageFrom::After(seq) => {
                let after = seq.clamp(start, head);
                (after, Seq(after.0 + fitting(self.index.range(place(after)..), count, bytes)))
            }
            PageFrom::Before(seq) => {
                let before = if cfg!(exchange_bug = "page-one-too-far") { seq } else { seq.back(1) };
                let to = before.clamp(start, head);
                (to.back(fitting(self.index.range(place(start)..place(to)).rev(), count, bytes)), to)
            }
        }
    }

    fn track(&self, encoding: Encoding) -> &Track {
        match (encoding, &self.json) {
            (Encoding::Json, Some(json)) => json,
            _ => &self.postcard,
        }
    }

    /// Every readable entry from that place on.
    pub(crate) fn entries(&self, from: Seq) -> impl Iterator<Item = Entry> + use<'_> {
        self.postcard.entries(from)
    }

    /// Sees to it that the log can be read in this encoding.
    pub(crate) fn offer(&mut self, encoding: Encoding) {
        if encoding == Encoding::Json && self.json.is_none() {
            self.seal();
            let mut json = Track::new(Encoding::Json, self.first);
            for entry in self.postcard.entries(self.first) {
                json.append(&entry);
            }
            json.seal();
            self.json = Some(json);
        }
    }

    /// Gives back what only readers of JSON needed.
    pub(crate) fn retire_json(&mut self) {
        self.json = None;
    }

    /// Whose the entries are that are kept.
    pub(crate) fn authors(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.index.iter().map(|entry| entry.author)
    }

    /// Whose an entry is that is kept, and what kind of message it is.
    pub(super) fn content(&self, seq: Seq) -> Option<(MemberId, Content)> {
        self.index.get(self.place(seq)?).map(|entry| (entry.author, entry.content))
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.0.checked_sub(self.first.0)?).ok()
    }

    /// Takes out what an entry says. Its place, its author and its number stay.
    pub(super) fn blank(&mut self, seq: Seq) {
        self.seal();
        let Some(index) = self.place(seq).and_then(|place| self.index.get_mut(place)) else { return };
        let Some(entry) = self.postcard.entries(seq).next().filter(|entry| entry.seq == seq) else { return };
        let is_chained = self.chain.is_some() && !cfg!(exchange_bug = "blanked-without-digest");
        let blanked = is_chained.then(|| entry.digest().into());
        let blank = Entry { body: entry.body.blank(), blanked, ..entry };
        let bytes = self.postcard.replace(seq, &blank);
        if let Some(json) = &mut self.json {
            json.replace(seq, &blank);
        }
        self.bytes = self.bytes + bytes - index.bytes as usize;
        index.bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    /// Where the author's message is, if it is still kept.
    pub(crate) fn find(&self, author: MemberId, cmid: Cmid) -> Option<Seq> {
        let back = self.index.iter().rev().position(|entry| entry.author == author && entry.cmid == cmid)?;
        Some(self.head().back(back as u64))
    }
}

/// How many of the first entries, at most so many, are no more than `bytes`; the first always.
fn fitting<'a>(entries: impl Iterator<Item = &'a Indexed>, count: u32, bytes: usize) -> u64 {
    let mut taken = 0_usize;
    let fits = |entry: &&Indexed| {
        let is_first = taken == 0;
        taken = taken.saturating_add(entry.bytes as usize);
        is_first || taken <= bytes
    };
    entries.take(count as usize).take_while(fits).count() as u64
}
