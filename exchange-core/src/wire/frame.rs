//! Frames out of bytes, however the bytes are cut.

use alloc::vec::Vec;
use core::{fmt, mem};

use bytes::{BufMut as _, BytesMut};

use crate::{message::FRAME_HEADER, reason::Violation, shown};

/// A partial frame's memory beyond this is given back when the frame is done.
const KEPT_CAPACITY: usize = 512;

/// Cuts a stream of bytes into frames.
pub(super) struct Cutter {
    /// The beginning of a frame whose end has not come yet, its length included.
    partial: Vec<u8>,
    /// Whether `partial` is a whole frame that was lent out by the last call.
    lent: bool,
    limit: usize,
    next_limit: usize,
    failed: Option<Violation>,
}

/// Where a whole frame is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    /// In the bytes that were taken for it.
    Taken,
    /// Its beginning came before: it was put together here.
    Kept,
}

impl fmt::Debug for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partial = shown::Bytes(self.partial.len());
        f.debug_struct("Cutter").field("partial", &partial).field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl Cutter {
    /// A cutter that takes at most `first_limit` bytes for the first frame and `limit` for those after it.
    pub(super) fn new(first_limit: usize, limit: usize) -> Self {
        Self { partial: Vec::new(), lent: false, limit: first_limit, next_limit: limit, failed: None }
    }

    /// The next frame, without its length; `None` when all of `input` is taken.
    pub(super) fn next<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Result<Option<&'a [u8]>, Violation> {
        let before = *input;
        let whole = self.cut(input)?;
        Ok(whole.map(|whole| self.body(whole, &before[..before.len() - input.len()])))
    }

    /// Takes bytes up to the end of a frame, and tells where all of it is; `None` when all of `input` is taken.
    pub(super) fn cut(&mut self, input: &mut &[u8]) -> Result<Option<Whole>, Violation> {
        if let Some(violation) = self.failed {
            return Err(violation);
        }
        if mem::take(&mut self.lent) {
            self.partial.clear();
            if self.partial.capacity() > KEPT_CAPACITY {
                self.partial = Vec::new();
            }
        }
        if self.partial.is_empty()
            && let Some(end) = frame_end(input, self.limit).inspect_err(|&violation| self.failed = Some(violation))?
            && let Some((_, rest)) = input.split_at_checked(end)
        {
            *input = rest;
            self.limit = self.next_limit;
            return Ok(Some(Whole::Taken));
        }
        self.fill(FRAME_HEADER, input);
        if let Some(end) =
            frame_end(&self.partial, self.limit).inspect_err(|&violation| self.failed = Some(violation))?
        {
            self.fill(end, input);
            if self.partial.len() == end {
                self.lent = true;
                self.limit = self.next_limit;
                return Ok(Some(Whole::Kept));
            }
        } else if cfg!(exchange_bug = "length-cut-short") {
            self.partial.clear();
        }
        Ok(None)
    }

    /// What is in the frame that was cut off last, by taking those bytes.
    pub(super) fn body<'a>(&'a self, whole: Whole, taken: &'a [u8]) -> &'a [u8] {
        match whole {
            Whole::Taken => &taken[FRAME_HEADER..],
            Whole::Kept => &self.partial[FRAME_HEADER..],
        }
    }

    /// How many bytes of memory are held for an incomplete frame.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.partial.capacity()
    }

    fn fill(&mut self, length: usize, input: &mut &[u8]) {
        let missing = length.saturating_sub(self.partial.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.partial.extend_from_slice(taken);
        *input = rest;
    }
}

/// Where the frame at the front of `bytes` ends, once its length is there.
fn frame_end(bytes: &[u8], limit: usize) -> Result<Option<usize>, Violation> {
    let Some(header) = bytes.first_chunk::<FRAME_HEADER>() else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes(*header)) {
        Ok(0) => Err(Violation::Malformed),
        Ok(length) if length <= limit || cfg!(exchange_bug = "frame-limit-unchecked") => {
            Ok(Some(FRAME_HEADER + length))
        }
        _ => Err(Violation::Oversize),
    }
}

/// Appends `body` to `out` as a frame.
pub fn put_frame(body: &[u8], out: &mut BytesMut) {
    out.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(body);
}

/// The frames in what a machine sends, each without its length: for transports that keep boundaries of their own.
pub fn frames(sent: &[u8]) -> Frames<'_> {
    Frames(sent)
}

/// An iterator over frames; see [`frames`].
#[derive(Clone, Debug)]
pub struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = frame_end(self.0, usize::MAX - FRAME_HEADER).ok()??;
        let (frame, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(&frame[FRAME_HEADER..])
    }
}
