//! A room's log: dense, bounded, encoded once in each encoding that somebody reads.

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::track::Track;
use crate::{
    ids::{Cmid, Epoch, MemberId, Seq},
    message::{Encoding, Entry, ToClient},
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
}

/// What is kept of an entry beside its bytes.
#[derive(Debug)]
struct Indexed {
    author: MemberId,
    cmid: Cmid,
    bytes: u32,
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
        }
    }

    /// Makes this log, in which nothing is yet, go on after that place.
    #[cfg(test)]
    pub(crate) fn begin_after(&mut self, seq: Seq) {
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

    /// Appends the entry, which must be numbered [`head`](Self::head)` + 1`. `forgotten` is told the author of every
    /// entry that has to go for it.
    pub(crate) fn append(&mut self, entry: Entry, mut forgotten: impl FnMut(MemberId)) {
        debug_assert_eq!(entry.seq, self.head().next());
        let (author, cmid) = (entry.author, entry.cmid);
        let message = ToClient::Entry(entry);
        let bytes = self.postcard.append(&message);
        if let Some(json) = &mut self.json {
            json.append(&message);
        }
        self.sealed = false;
        self.bytes += bytes;
        self.index.push_back(Indexed { author, cmid, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) });
        while self.index.len() > self.max_entries || (self.bytes > self.max_bytes && self.index.len() > 1) {
            let Some(gone) = self.index.pop_front() else { break };
            self.bytes -= gone.bytes as usize;
            self.first = self.first.next();
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
        let track = match (encoding, &self.json) {
            (Encoding::Json, Some(json)) => json,
            _ => &self.postcard,
        };
        match track.slice(after.next(), max) {
            Some((frames, next)) => Next::Frames(frames, next.back(1)),
            None => Next::Head,
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
                json.append(&ToClient::Entry(entry));
            }
            json.seal();
            self.json = Some(json);
        }
    }

    /// Gives back what only readers of JSON needed.
    pub(crate) fn retire_json(&mut self) {
        self.json = None;
    }

    /// Where the author's message is, if it is still kept.
    pub(crate) fn find(&self, author: MemberId, cmid: Cmid) -> Option<Seq> {
        let back = self.index.iter().rev().position(|entry| entry.author == author && entry.cmid == cmid)?;
        Some(self.head().back(back as u64))
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{ids::RoomId, message::Body, time::Timestamp};

    fn entry(seq: u64, text: &str) -> Entry {
        Entry {
            room: RoomId(1),
            seq: Seq(seq),
            author: MemberId(2),
            cmid: Cmid(seq),
            at: Timestamp::from_millis(7),
            body: Body::text(text),
        }
    }

    fn log_of(entries: u64, max_entries: usize, max_bytes: usize) -> Log {
        let mut log = Log::new(Epoch::from_bytes([1; 16]), max_entries, max_bytes);
        for seq in 1..=entries {
            log.append(entry(seq, "text"), |_| ());
            log.seal();
        }
        log
    }

    fn read_all(log: &Log, mut after: Seq, encoding: Encoding, max: usize) -> (Vec<Seq>, Vec<Seq>) {
        let (mut gaps, mut seen) = (Vec::new(), Vec::new());
        loop {
            match log.next(after, encoding, max) {
                Next::Head => return (gaps, seen),
                Next::Gap(to) => {
                    gaps.push(to);
                    after = to;
                }
                Next::Frames(bytes, next) => {
                    for frame in crate::wire::frames(&bytes) {
                        let Ok(ToClient::Entry(entry)) = encoding.decode(frame) else { panic!("not an entry") };
                        seen.push(entry.seq);
                    }
                    assert_eq!(seen.last(), Some(&next));
                    after = next;
                }
            }
        }
    }

    #[test]
    fn caught_up_readers_share_the_memory_of_a_round() {
        let mut log = log_of(3, 100, 10_000);
        log.append(entry(4, "a"), |_| ());
        log.append(entry(5, "b"), |_| ());
        log.seal();
        let (one, two) = (log.next(Seq(3), Encoding::Postcard, 999), log.next(Seq(3), Encoding::Postcard, 999));
        let (Next::Frames(one, at), Next::Frames(two, _)) = (one, two) else { panic!("nothing to read") };
        assert_eq!(at, Seq(5));
        assert_eq!(one.as_ptr(), two.as_ptr());
    }

    #[test]
    fn a_reader_that_is_far_behind_gets_large_slices_of_many_small_rounds() {
        let log = log_of(2000, usize::MAX, usize::MAX);
        let (mut after, mut slices) = (Seq::ZERO, 0);
        while let Next::Frames(_, next) = log.next(after, Encoding::Postcard, usize::MAX) {
            (after, slices) = (next, slices + 1);
        }
        assert_eq!(after, Seq(2000));
        assert!(slices <= 2000 / 64 + 64, "{slices} slices");
    }

    #[test]
    fn nothing_is_readable_before_it_is_sealed() {
        let mut log = log_of(1, 100, 10_000);
        log.append(entry(2, "a"), |_| ());
        assert_eq!(log.next(Seq(1), Encoding::Postcard, 999), Next::Head);
    }

    #[test]
    fn the_entry_bound_is_reached_and_held() {
        let log = log_of(50, 10, usize::MAX);
        assert_eq!(read_all(&log, Seq::ZERO, Encoding::Postcard, 999), (vec![Seq(40)], (41..=50).map(Seq).collect()));
    }

    #[test]
    fn the_byte_bound_is_reached_and_held_but_for_the_newest_entry() {
        let log = log_of(50, usize::MAX, 1);
        assert_eq!(read_all(&log, Seq::ZERO, Encoding::Postcard, 999), (vec![Seq(49)], vec![Seq(50)]));
    }

    #[test]
    fn the_authors_of_forgotten_entries_are_told() {
        let mut log = log_of(3, 3, usize::MAX);
        let mut forgotten = Vec::new();
        log.append(entry(4, "d"), |author| forgotten.push(author));
        assert_eq!(forgotten, [MemberId(2)]);
    }

    #[test]
    fn a_json_reader_that_comes_late_sees_the_same_entries() {
        let mut log = log_of(30, 20, usize::MAX);
        log.offer(Encoding::Json);
        log.append(entry(31, "late"), |_| ());
        log.seal();
        assert_eq!(read_all(&log, Seq(5), Encoding::Json, 300), read_all(&log, Seq(5), Encoding::Postcard, 300));
    }

    #[test]
    fn a_message_is_found_by_its_authors_number_while_it_is_kept() {
        let log = log_of(30, 20, usize::MAX);
        assert_eq!(log.find(MemberId(2), Cmid(25)), Some(Seq(25)));
        assert_eq!(log.find(MemberId(2), Cmid(3)), None);
        assert_eq!(log.find(MemberId(3), Cmid(25)), None);
    }

    proptest! {
        #[test]
        fn any_reader_sees_a_gap_and_then_every_entry_that_is_kept(
            lengths in prop::collection::vec(0_usize..2000, 1..200),
            rounds in prop::collection::vec(any::<bool>(), 200),
            kept in 1_usize..150,
            after in 0_u64..220,
            max in 1_usize..40_000,
        ) {
            let mut log = Log::new(Epoch::from_bytes([1; 16]), kept, usize::MAX);
            for ((seq, length), seal) in (1..).zip(&lengths).zip(&rounds) {
                log.append(entry(seq, &"x".repeat(*length)), |_| ());
                if *seal {
                    log.seal();
                }
            }
            log.seal();
            let head = lengths.len() as u64;
            let first = (head + 1).saturating_sub(kept as u64).max(1);
            let (gaps, seen) = read_all(&log, Seq(after), Encoding::Postcard, max);
            let expected: Vec<Seq> = (first.max(after + 1)..=head).map(Seq).collect();
            prop_assert_eq!(seen, expected);
            prop_assert_eq!(gaps, if after + 1 < first { vec![Seq(first - 1)] } else { vec![] });
        }
    }
}
