//! What everybody has to receive: the entries, in the order in which whoever was first received them.

use std::io;

/// Forgotten entries' bytes from which on it is worth moving the others.
const FORGETTABLE: usize = 1024 * 1024;

/// Entries that somebody still has to receive.
#[derive(Debug, Default)]
pub(super) struct Order {
    bytes: Vec<u8>,
    entries: Vec<Place>,
    /// How many came before the first of `entries`.
    before: usize,
    /// How many everybody has.
    complete: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    end: usize,
    talker: usize,
}

impl Order {
    /// How many entries anybody has received.
    pub(super) fn len(&self) -> usize {
        self.before + self.entries.len()
    }

    /// How many entries everybody has received.
    pub(super) fn complete(&self) -> usize {
        self.complete
    }

    /// The entry at this place, if anybody has received it.
    pub(super) fn at(&self, place: usize) -> Option<&[u8]> {
        let index = place.checked_sub(self.before)?;
        let end = self.entries.get(index)?.end;
        let start = index.checked_sub(1).map_or(0, |before| self.entries[before].end);
        Some(&self.bytes[start..end])
    }

    /// Somebody is the first to receive the next one.
    pub(super) fn push(&mut self, entry: &[u8], talker: usize) {
        self.bytes.extend_from_slice(entry);
        self.entries.push(Place { end: self.bytes.len(), talker });
    }

    /// Everybody has the first so many. Tells whose those are that had not been complete.
    pub(super) fn completed(&mut self, count: usize, mut whose: impl FnMut(usize)) -> io::Result<()> {
        let (from, to) = (self.complete - self.before, count - self.before);
        for entry in self.entries.get(from..to).ok_or_else(|| io::Error::other("an entry nobody sent"))? {
            whose(entry.talker);
        }
        self.complete = count;
        let Some(last) = to.checked_sub(1).map(|last| self.entries[last].end) else { return Ok(()) };
        if last == self.bytes.len() || last > FORGETTABLE {
            self.bytes.drain(..last);
            self.entries.drain(..to);
            self.entries.iter_mut().for_each(|entry| entry.end -= last);
            self.before = count;
        }
        Ok(())
    }
}
