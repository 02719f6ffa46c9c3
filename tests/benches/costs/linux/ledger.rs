//! Who has said what, and who has still to hear it.

use std::{collections::VecDeque, io};

use super::words::Words;

/// Forgotten deliveries' bytes from which on it is worth moving the others.
const FORGETTABLE: usize = 1024 * 1024;

/// What was said and is to be heard by everybody, each talker's in their order.
#[derive(Debug)]
pub(super) struct Ledger {
    talkers: Vec<Talker>,
    /// The order that all hear everything in, unless each may hear another.
    order: Option<Order>,
    /// What everybody has heard so far of every talker, where each may hear it in another order.
    heard: Vec<Vec<u32>>,
    receivers: u32,
    complete: usize,
}

#[derive(Clone, Debug, Default)]
struct Talker {
    said: u32,
    /// How many have still to hear each of its last words.
    missing: VecDeque<u32>,
}

/// Deliveries as they were to whoever was first to receive them: all others receive the same bytes, and nobody has to read
/// them again.
#[derive(Debug)]
struct Order {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// How many came before the first of `entries`.
    before: usize,
    /// How many each receiver has.
    received: Vec<usize>,
    /// What anybody has heard of each talker.
    heard: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    end: usize,
    words: Words,
    missing: u32,
}

impl Ledger {
    pub(super) fn new(receivers: u16, talkers: u16, is_ordered: bool) -> Self {
        let everybody = usize::from(receivers);
        let heard = vec![0; talkers.into()];
        let order = is_ordered.then(|| Order {
            bytes: Vec::new(),
            entries: Vec::new(),
            before: 0,
            received: vec![0; everybody],
            heard: heard.clone(),
        });
        let heard = if is_ordered { Vec::new() } else { vec![heard; everybody] };
        let talkers = vec![Talker::default(); talkers.into()];
        Self { talkers, order, heard, receivers: receivers.into(), complete: 0 }
    }

    /// How many of the words that were said everybody has heard.
    pub(super) fn complete(&self) -> usize {
        self.complete
    }

    /// How many words of that talker somebody has still to hear.
    pub(super) fn outstanding(&self, talker: u16) -> usize {
        self.talkers[usize::from(talker)].missing.len()
    }

    /// What that talker says next.
    pub(super) fn say(&mut self, talker: u16) -> Words {
        let Talker { said, missing } = &mut self.talkers[usize::from(talker)];
        let number = *said;
        *said += 1;
        missing.push_back(self.receivers);
        Words { talker, number }
    }

    /// Takes what somebody hears, if it is what others have heard at that place; tells which words it is.
    pub(super) fn hear_again(&mut self, receiver: u16, frame: &[u8]) -> io::Result<Option<Words>> {
        let words = self.order.as_mut().and_then(|order| order.hear_again(receiver.into(), frame));
        words.map_or(Ok(()), |words| self.heard_by_one_more(words))?;
        Ok(words)
    }

    /// Takes what somebody hears and what is said in it.
    pub(super) fn hear(&mut self, receiver: u16, frame: &[u8], words: Words) -> io::Result<()> {
        match &mut self.order {
            Some(order) => order.hear(receiver.into(), frame, words, self.receivers)?,
            None => expect(self.heard[usize::from(receiver)].get_mut(usize::from(words.talker)), words)?,
        }
        self.heard_by_one_more(words)
    }

    fn heard_by_one_more(&mut self, words: Words) -> io::Result<()> {
        let talker = &mut self.talkers[usize::from(words.talker)];
        let all_have = talker.said - u32::try_from(talker.missing.len()).unwrap_or(u32::MAX);
        let missing = words.number.checked_sub(all_have).and_then(|place| talker.missing.get_mut(place as usize));
        *missing.ok_or_else(|| io::Error::other(format!("nobody has said it, or all have it: {words:?}")))? -= 1;
        while talker.missing.front() == Some(&0) {
            talker.missing.pop_front();
            self.complete += 1;
        }
        Ok(())
    }
}

/// These are the next words of their talker.
fn expect(heard: Option<&mut u32>, words: Words) -> io::Result<()> {
    match heard {
        Some(heard) if *heard == words.number => *heard += 1,
        heard => return Err(io::Error::other(format!("after {heard:?} of theirs came {words:?}"))),
    }
    Ok(())
}

impl Order {
    fn hear_again(&mut self, receiver: usize, frame: &[u8]) -> Option<Words> {
        let place = self.received[receiver] - self.before;
        let Entry { end, words, .. } = *self.entries.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].end);
        if self.bytes[start..end] != *frame {
            return None;
        }
        self.received[receiver] += 1;
        self.entries[place].missing -= 1;
        if self.entries[place].missing == 0 {
            self.forget(place, end);
        }
        Some(words)
    }

    fn hear(&mut self, receiver: usize, frame: &[u8], words: Words, receivers: u32) -> io::Result<()> {
        let place = self.received[receiver] - self.before;
        if let Some(Entry { words: others, .. }) = self.entries.get(place) {
            return Err(io::Error::other(format!("receiver {receiver} has {words:?} where others have {others:?}")));
        }
        expect(self.heard.get_mut(usize::from(words.talker)), words)?;
        self.received[receiver] += 1;
        self.bytes.extend_from_slice(frame);
        self.entries.push(Entry { end: self.bytes.len(), words, missing: receivers - 1 });
        if receivers == 1 {
            self.forget(place, self.bytes.len());
        }
        Ok(())
    }

    /// Everybody has those up to this one.
    fn forget(&mut self, place: usize, end: usize) {
        if end == self.bytes.len() || end > FORGETTABLE {
            self.bytes.drain(..end);
            self.entries.drain(..=place);
            self.entries.iter_mut().for_each(|entry| entry.end -= end);
            self.before += place + 1;
        }
    }
}
