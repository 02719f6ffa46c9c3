//! Frames that nobody else can read or change: they go in records, each sealed by itself.
//!
//! ```text
//! record   length u16, sealed (18 bytes)   what it holds, sealed (length + 16 bytes)
//! ```
//!
//! What the records hold, one after the other, is the stream of frames; where one record ends and where one frame does have
//! nothing to do with each other. A length of zero, which nothing follows, says that the records after it are sealed with
//! the next key.
//!
//! The length is sealed by itself because whoever has read it waits for so many bytes: if anybody could change it, a link
//! would look alive for as long as it takes until they have come, and nothing would come through.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use bytes::{BufMut as _, BytesMut};
use snow::TransportState;

use super::{frame::Cutter, handshake::forged};
use crate::{message::MAX_FRAME, reason::Violation, shown};

/// By how many bytes what is sealed is longer.
pub(super) const TAG: usize = 16;

const LENGTH: usize = 2;
const HEADER: usize = LENGTH + TAG;

/// What fits into one record.
const ROOM: usize = u16::MAX as usize - TAG;

/// Records that are sealed with one key.
const PER_KEY: u32 = 1 << 16;

/// Memory beyond this is given back when nothing is in it any more.
const KEPT_CAPACITY: usize = 512;

/// Both directions of one stream, once it is known who is at its other end.
pub(super) struct Records {
    transport: Box<TransportState>,
    /// Records that were sealed with the present key, and may be.
    sealed: u32,
    pub(super) per_key: u32,
    awaited: Awaited,
    /// The beginning of it.
    partial: Vec<u8>,
    /// What the last record held, and up to where it was cut into frames.
    opened: Vec<u8>,
    cut: usize,
    cutter: Cutter,
    is_broken: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    Length,
    /// So many bytes, and the tag.
    Held(usize),
}

impl Records {
    /// A frame may be of `first_limit` bytes at most if it is the first, of [`MAX_FRAME`] afterwards.
    pub(super) fn new(transport: TransportState, first_limit: usize) -> Self {
        Self {
            transport: Box::new(transport),
            sealed: 0,
            per_key: PER_KEY,
            awaited: Awaited::Length,
            partial: Vec::new(),
            opened: Vec::new(),
            cut: 0,
            cutter: Cutter::new(first_limit, MAX_FRAME),
            is_broken: false,
        }
    }

    /// The next frame, without its length; `None` when all of `input` is taken.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, Violation> {
        if self.is_broken {
            return Err(Violation::Forged);
        }
        loop {
            if self.cut == self.opened.len() && !self.open_next(input)? {
                return Ok(None);
            }
            let (begin, mut uncut) = (self.cut, &self.opened[self.cut..]);
            let whole = self.cutter.cut(&mut uncut)?;
            self.cut = self.opened.len() - uncut.len();
            if let Some(whole) = whole {
                return Ok(Some(self.cutter.body(whole, &self.opened[begin..self.cut])));
            }
        }
    }

    /// Appends records that hold these bytes to `out`.
    pub(super) fn seal(&mut self, frames: &[u8], out: &mut BytesMut) {
        for piece in frames.chunks(ROOM) {
            if self.sealed == self.per_key {
                self.put(&[0; LENGTH], out);
                self.transport.rekey_outgoing();
                self.sealed = 0;
            }
            self.put(&u16::try_from(piece.len()).unwrap_or(u16::MAX).to_be_bytes(), out);
            self.put(piece, out);
            self.sealed += 1;
        }
    }

    fn put(&mut self, piece: &[u8], out: &mut BytesMut) {
        let begin = out.len();
        out.put_bytes(0, piece.len() + TAG);
        // It fails when as many were sealed as there are numbers, which nobody lives to see; nothing may go out unsealed.
        if self.transport.write_message(piece, &mut out[begin..]).is_err() {
            out.truncate(begin);
        }
    }

    /// Opens the next record that holds anything; `false` when all of `input` is taken.
    fn open_next(&mut self, input: &mut &[u8]) -> Result<bool, Violation> {
        self.cut = 0;
        self.opened.clear();
        self.opened.shrink_to(KEPT_CAPACITY);
        loop {
            match self.awaited {
                Awaited::Length => {
                    let Some(sealed) = take(&mut self.partial, HEADER, input) else { return Ok(false) };
                    let mut length = [0; HEADER];
                    let opened = self.transport.read_message(sealed, &mut length);
                    opened.map_err(forged).inspect_err(|_| self.is_broken = true)?;
                    self.partial.clear();
                    match u16::from_be_bytes([length[0], length[1]]) {
                        0 => self.transport.rekey_incoming(),
                        length => self.awaited = Awaited::Held(length.into()),
                    }
                }
                Awaited::Held(length) => {
                    let Some(sealed) = take(&mut self.partial, length + TAG, input) else { return Ok(false) };
                    self.opened.resize(sealed.len(), 0);
                    let opened = self.transport.read_message(sealed, &mut self.opened);
                    // What could not be opened may have been put there all the same.
                    self.opened.truncate(opened.as_ref().copied().unwrap_or(0));
                    opened.map_err(forged).inspect_err(|_| self.is_broken = true)?;
                    self.partial.clear();
                    self.partial.shrink_to(KEPT_CAPACITY);
                    self.awaited = Awaited::Length;
                    return Ok(true);
                }
            }
        }
    }

    /// How many bytes of memory are held for what is not whole.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.partial.capacity() + self.opened.capacity() + self.cutter.memory()
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partial = shown::Bytes(self.partial.len());
        f.debug_struct("Records").field("partial", &partial).field("cutter", &self.cutter).finish_non_exhaustive()
    }
}

/// So many bytes, off the front of `input` if all of them are there, else out of what came of them before.
fn take<'a, 'b: 'a>(partial: &'a mut Vec<u8>, length: usize, input: &mut &'b [u8]) -> Option<&'a [u8]> {
    if partial.is_empty()
        && let Some((whole, rest)) = input.split_at_checked(length)
    {
        *input = rest;
        return Some(whole);
    }
    let missing = length.saturating_sub(partial.len()).min(input.len());
    let (taken, rest) = input.split_at(missing);
    partial.extend_from_slice(taken);
    *input = rest;
    (partial.len() == length).then_some(&partial[..])
}
