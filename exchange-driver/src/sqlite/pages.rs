//! The rows in a file that SQLite gives up on.
//!
//! SQLite finds a row by way of the pages above it, and with a bad page everything below is lost. Here the file is read page
//! by page, as its [format](https://sqlite.org/fileformat2.html) has it, and a page that makes no sense costs what was in it
//! alone. That works because a row of ours is told by its looks: two blobs, of which the first is a key. Pages that are
//! free are passed over, and of two rows under one key that which says less counts: what was deleted stays so.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use bytes::Bytes;
use exchange_core::store::Key;

/// What pages have if the file does not say so any more.
const USUAL: usize = 4096;

/// No row is that long.
const LONGEST: usize = 16 << 20;

/// Where a file's own header ends, and that of its first page begins.
const HEADER: usize = 100;

const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// All rows in a file and what was written to its log beside it, which may be empty.
pub(super) fn rows(file: &[u8], wal: &[u8]) -> BTreeMap<Key, Bytes> {
    let pages = Pages::of(file, wal);
    let free = pages.free();
    let mut rows = BTreeMap::new();
    for number in pages.numbers().filter(|number| !free.contains(number)) {
        for (key, row) in pages.records(number) {
            let place = rows.entry(key).or_insert_with(|| row.clone());
            if row.len() < place.len() {
                *place = row;
            }
        }
    }
    rows
}

struct Pages<'a> {
    file: &'a [u8],
    size: usize,
    /// What of a page is used.
    usable: usize,
    /// Those that were written since.
    newer: BTreeMap<u32, &'a [u8]>,
}

impl<'a> Pages<'a> {
    fn of(file: &'a [u8], wal: &'a [u8]) -> Self {
        let stated = u16_at(file, 16).map(|size| if size == 1 { 1 << 16 } else { usize::from(size) });
        let size = stated.filter(|size| size.is_power_of_two() && *size >= 512).unwrap_or(USUAL);
        let reserved = file.get(20).map_or(0, |reserved| usize::from(*reserved));
        let usable = if reserved <= 32 { size - reserved } else { size };
        Self { file, size, usable, newer: written(wal, size) }
    }

    fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let last = u32::try_from(self.file.len() / self.size).unwrap_or(u32::MAX);
        1..=last.max(self.newer.keys().next_back().copied().unwrap_or(0))
    }

    fn page(&self, number: u32) -> Option<&'a [u8]> {
        let page = self.newer.get(&number).copied().or_else(|| {
            let start = usize::try_from(number.checked_sub(1)?).ok()?.checked_mul(self.size)?;
            self.file.get(start..start.checked_add(self.size)?)
        });
        page?.get(..self.usable)
    }

    /// Pages that nothing is in, whatever was: those that list them, and those that are listed.
    fn free(&self) -> BTreeSet<u32> {
        let mut free = BTreeSet::new();
        let mut next = self.page(1).and_then(|page| u32_at(page, 32)).unwrap_or(0);
        while let Some(page) = self.page(next).filter(|_| free.insert(next)) {
            let count = u32_at(page, 4).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            free.extend((0..count).map_while(|place| u32_at(page, 8 + 4 * place)));
            next = u32_at(page, 0).unwrap_or(0);
        }
        free
    }

    /// The rows of a page, if it has any.
    fn records(&self, number: u32) -> impl Iterator<Item = (Key, Bytes)> {
        let page = self.page(number).unwrap_or_default();
        let header = if number == 1 { HEADER } else { 0 };
        // Rows without numbers of their own are in the pages of an index, also in those above others.
        let (cells, child) = match page.get(header) {
            Some(10) => (header + 8, 0),
            Some(2) => (header + 12, 4),
            _ => (page.len(), 0),
        };
        let count = u16_at(page, header + 3).map_or(0, usize::from);
        (0..count).filter_map(move |cell| {
            let start = usize::from(u16_at(page, cells + 2 * cell)?) + child;
            row(&self.payload(page, start)?)
        })
    }

    /// What a cell holds: what fits into the page, and the rest in a chain of others.
    fn payload(&self, page: &[u8], start: usize) -> Option<Vec<u8>> {
        let mut at = start;
        let length = usize::try_from(varint(page, &mut at)?).ok().filter(|length| *length <= LONGEST)?;
        let most = (self.usable - 12) * 64 / 255 - 23;
        if length <= most {
            return Some(page.get(at..at.checked_add(length)?)?.to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        let local = if fitting <= most { fitting } else { least };
        let mut payload = page.get(at..at + local)?.to_vec();
        let mut next = u32_at(page, at + local)?;
        // Every page gives something, so a chain in a circle comes to an end as well.
        while payload.len() < length {
            let page = self.page(next)?;
            let rest = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(page.get(4..4 + rest)?);
            next = u32_at(page, 0)?;
        }
        Some(payload)
    }
}

/// A record of two blobs, the first of which is a key.
fn row(record: &[u8]) -> Option<(Key, Bytes)> {
    let mut at = 0;
    let header = usize::try_from(varint(record, &mut at)?).ok()?;
    let key = blob(varint(record, &mut at)?)?;
    let row = blob(varint(record, &mut at)?)?;
    let end = header.checked_add(key)?;
    if at != header || end.checked_add(row)? != record.len() {
        return None;
    }
    Some((Key::from_bytes(&record[header..end])?, Bytes::copy_from_slice(&record[end..])))
}

/// The length of what has that type, if it is a blob.
fn blob(kind: u64) -> Option<usize> {
    let length = kind.checked_sub(12).filter(|length| length % 2 == 0)?;
    usize::try_from(length / 2).ok()
}

/// The pages in a log, as they were written last, up to the last transaction that is whole.
fn written(wal: &[u8], size: usize) -> BTreeMap<u32, &[u8]> {
    let (mut whole, mut open) = (BTreeMap::new(), Vec::new());
    let Some(header) = wal.get(..WAL_HEADER) else { return whole };
    let big = header[3] & 1 == 1;
    let sum = checksum((0, 0), &header[..24], big);
    if (u32_at(header, 24), u32_at(header, 28)) != (Some(sum.0), Some(sum.1)) {
        return whole;
    }
    let mut sum = sum;
    for frame in wal[WAL_HEADER..].chunks_exact(FRAME_HEADER + size) {
        let (head, page) = frame.split_at(FRAME_HEADER);
        sum = checksum(checksum(sum, &head[..8], big), page, big);
        let is_next =
            head[8..16] == header[16..24] && (u32_at(head, 16), u32_at(head, 20)) == (Some(sum.0), Some(sum.1));
        let (true, Some(number), Some(commit)) = (is_next, u32_at(head, 0), u32_at(head, 4)) else { break };
        open.push((number, page));
        if commit > 0 {
            whole.extend(open.drain(..));
        }
    }
    whole
}

fn checksum((mut one, mut two): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap_or_default();
        if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    for pair in bytes.chunks_exact(8) {
        one = one.wrapping_add(word(&pair[..4])).wrapping_add(two);
        two = two.wrapping_add(word(&pair[4..])).wrapping_add(one);
    }
    (one, two)
}

/// A number of one to nine bytes, of which each but the ninth gives seven bits.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if place == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(range(at, 2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(range(at, 4)?)?.try_into().ok()?))
}

fn range(at: usize, length: usize) -> Option<Range<usize>> {
    Some(at..at.checked_add(length)?)
}
