//! One log in one encoding: its entries' frames, back to back, so that what a link lacks is one slice.
//!
//! ```text
//! blocks:  [ 1 … 180 ] [ 181 … 302 ] [ 303 … 305 ] [ 306 ]        ends of entries within each
//!            merged        merged      a round       a round       + the open round: what was appended since
//! ```
//!
//! A round's entries become one immutable block when the round ends; every link that was caught up gets that very
//! memory. Small blocks are merged into large ones as they age, so that a link that is behind gets large slices.

use alloc::{collections::VecDeque, vec::Vec};
use core::mem;

use bytes::{Bytes, BytesMut};

use crate::{
    ids::Seq,
    message::{Encoding, Entry, ToClient, ToldEntry},
};

/// Blocks are merged up to about this many bytes, and memory is allocated in such pieces.
const BLOCK: usize = 16 * 1024;

/// The room left in a piece of memory below which the next one is begun.
const SPARE: usize = 256;

/// This many small blocks are merged even when they are not many bytes.
const LOOSE_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Track {
    encoding: Encoding,
    blocks: VecDeque<Block>,
    /// How many blocks at the back have not been merged yet, and their bytes.
    loose: usize,
    loose_bytes: usize,
    open: BytesMut,
    open_ends: Vec<u32>,
    next: Seq,
}

#[derive(Debug)]
struct Block {
    first: Seq,
    bytes: Bytes,
    /// Where in `bytes` each entry ends.
    ends: Vec<u32>,
}

impl Block {
    fn after(&self) -> Seq {
        Seq(self.first.0 + self.ends.len() as u64)
    }

    /// Where in `bytes` the entry begins that is `index` entries after the first.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }
}

impl Track {
    pub(super) fn new(encoding: Encoding, first: Seq) -> Self {
        Self {
            encoding,
            blocks: VecDeque::new(),
            loose: 0,
            loose_bytes: 0,
            open: BytesMut::new(),
            open_ends: Vec::new(),
            next: first,
        }
    }

    /// Appends an entry, and tells how many bytes its frame has.
    pub(super) fn append(&mut self, entry: &Entry) -> usize {
        if self.open.capacity() - self.open.len() < SPARE {
            // A busy room allocates in blocks; a quiet one should not hold a block for a handful of lines.
            self.open.reserve(self.loose_bytes.clamp(BLOCK / 16, BLOCK));
        }
        let before = self.open.len();
        self.encoding.encode(&ToldEntry::Entry(entry), &mut self.open);
        self.open_ends.push(u32::try_from(self.open.len()).unwrap_or(u32::MAX));
        self.next = self.next.next();
        self.open.len() - before
    }

    /// Makes what was appended since the last call readable.
    pub(super) fn seal(&mut self) {
        if self.open_ends.is_empty() {
            return;
        }
        let ends = mem::take(&mut self.open_ends);
        let bytes = self.open.split().freeze();
        self.loose += 1;
        self.loose_bytes += bytes.len();
        self.blocks.push_back(Block { first: self.next.back(ends.len() as u64), bytes, ends });
        if self.loose > 1 && (self.loose_bytes >= BLOCK || self.loose >= LOOSE_MAX) {
            self.merge();
        } else if self.loose_bytes >= BLOCK {
            (self.loose, self.loose_bytes) = (0, 0);
        }
    }

    fn merge(&mut self) {
        let loose = self.blocks.split_off(self.blocks.len() - self.loose);
        let Some(first) = loose.front().map(|block| block.first) else { return };
        let mut bytes = BytesMut::with_capacity(self.loose_bytes);
        let mut ends = Vec::with_capacity(loose.iter().map(|block| block.ends.len()).sum());
        for block in &loose {
            let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&block.bytes);
            ends.extend(block.ends.iter().map(|end| offset + end));
        }
        self.blocks.push_back(Block { first, bytes: bytes.freeze(), ends });
        (self.loose, self.loose_bytes) = (0, 0);
    }

    /// Forgets entries before `first`, a whole block at a time.
    pub(super) fn truncate(&mut self, first: Seq) {
        while self.blocks.len() > self.loose && self.blocks.front().is_some_and(|block| block.after() <= first) {
            self.blocks.pop_front();
        }
        // Rounds that are not merged yet go one by one as well.
        while self.blocks.len() == self.loose && self.blocks.front().is_some_and(|block| block.after() <= first) {
            if let Some(gone) = self.blocks.pop_front() {
                self.loose -= 1;
                self.loose_bytes -= gone.bytes.len();
            }
        }
    }

    /// Puts another entry into the place of a sealed one, and tells how many bytes its frame has. Slices that were given
    /// of it before stay as they are.
    pub(super) fn replace(&mut self, seq: Seq, entry: &Entry) -> usize {
        let mut frame = BytesMut::new();
        self.encoding.encode(&ToldEntry::Entry(entry), &mut frame);
        let index = self.blocks.partition_point(|block| block.after() <= seq);
        let is_loose = index >= self.blocks.len() - self.loose;
        let Some(block) = self.blocks.get_mut(index) else { return 0 };
        let Some(place) = seq.0.checked_sub(block.first.0).and_then(|place| usize::try_from(place).ok()) else {
            return 0;
        };
        let (start, end) = (block.start(place), block.start(place + 1));
        let before = block.bytes.len();
        block.bytes = [&block.bytes[..start], &frame, &block.bytes[end..]].concat().into();
        for later in &mut block.ends[place..] {
            *later = u32::try_from(*later as usize + frame.len() - (end - start)).unwrap_or(u32::MAX);
        }
        if is_loose {
            self.loose_bytes = self.loose_bytes + block.bytes.len() - before;
        }
        frame.len()
    }

    /// Sealed entries from `from` on, as many as lie together and fit into `max` bytes but at least one and at most
    /// `most`, and the place after them. `None` if there are none.
    pub(super) fn slice(&self, from: Seq, most: usize, max: usize) -> Option<(Bytes, Seq)> {
        // Nearly all readers lack the last block and nothing else.
        let last = self.blocks.back().filter(|block| block.first <= from);
        let before = || self.blocks.get(self.blocks.partition_point(|block| block.after() <= from));
        let block = last.filter(|block| from < block.after()).or_else(before)?;
        let skipped = usize::try_from(from.0.checked_sub(block.first.0)?).ok()?;
        let start = block.start(skipped);
        if block.bytes.len() - start <= max && block.ends.len() - skipped <= most {
            return Some((block.bytes.slice(start..), block.after()));
        }
        let fitting = block.ends[skipped..].partition_point(|&end| end as usize - start <= max).min(most).max(1);
        let end = block.ends[skipped + fitting - 1] as usize;
        Some((block.bytes.slice(start..end), Seq(from.0 + fitting as u64)))
    }

    /// Every sealed entry from `from` on, decoded.
    pub(super) fn entries(&self, from: Seq) -> impl Iterator<Item = Entry> + '_ {
        let index = self.blocks.partition_point(|block| block.after() <= from);
        self.blocks
            .range(index..)
            .flat_map(|block| crate::wire::frames(&block.bytes))
            .filter_map(|frame| match self.encoding.decode(frame) {
                Ok(ToClient::Entry(entry)) => Some(entry),
                _ => None,
            })
            .skip_while(move |entry| entry.seq < from)
    }
}
