//! Where a machine keeps its rows: a disk that takes its time, loses what was on its way, and fails.
//!
//! What is given out at the same moment is one write, as a driver has it that puts all it has into one transaction. Writes
//! are done in their order, and those behind a slow one at the same time as it.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    time::Duration,
};

use bytes::Bytes;
use exchange_core::{
    RoomId, Seq, Time,
    store::{Change, Key},
};

use crate::{net::Latency, random::Random, scenario::DiskFault};

/// A disk, and how far the program that uses it has come.
#[derive(Debug)]
pub(crate) struct Disk {
    rows: BTreeMap<Key, Bytes>,
    /// The last entry of each room that ever was among them.
    heads: BTreeMap<RoomId, Seq>,
    random: Random,
    latency: Latency,
    waiting: VecDeque<Write>,
    /// The last batch that the program gave out, that is kept, that is known to be, and that it was told is.
    given: u64,
    kept: u64,
    done: u64,
    told: u64,
    /// Writes that are left until something happens to one, and what.
    fault: Option<(u32, DiskFault)>,
    is_full: bool,
    state: State,
}

#[derive(Debug)]
struct Write {
    given: Time,
    done: Time,
    batch: u64,
    changes: Vec<Change>,
}

/// How it stands between the disk and the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Works,
    /// The program is to be told that a write has failed, or was.
    Fails {
        told: bool,
    },
    /// The program is dead, with or without its machine's power, and has only not been taken away yet.
    Dead {
        power: bool,
    },
}

/// What a program is told of what it gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// All up to that batch is kept.
    Stored(u64),
    /// Nothing is kept any more.
    Failed,
}

/// What a crash has left of what a program gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remains {
    /// The last batch of it that is kept; 0 if none is.
    pub(crate) batch: u64,
    /// How many writes are lost,
    pub(crate) lost: usize,
    /// and whether more is kept than the program knew.
    pub(crate) untold: bool,
}

impl Disk {
    pub(crate) fn new(latency: Latency, random: Random) -> Self {
        Self {
            rows: BTreeMap::new(),
            heads: BTreeMap::new(),
            random,
            latency,
            waiting: VecDeque::new(),
            given: 0,
            kept: 0,
            done: 0,
            told: 0,
            fault: None,
            is_full: false,
            state: State::Works,
        }
    }

    pub(crate) fn rows(&self) -> &BTreeMap<Key, Bytes> {
        &self.rows
    }

    /// The last batch that is kept.
    pub(crate) fn kept(&self) -> u64 {
        self.kept
    }

    /// The place of the last entry of a room that was kept.
    pub(crate) fn head(&self, room: RoomId) -> Seq {
        self.heads.get(&room).copied().unwrap_or_default()
    }

    /// Whether a room was kept, and it is kept that there is none any more.
    pub(crate) fn is_closed(&self, room: RoomId) -> bool {
        self.heads.contains_key(&room) && !self.rows.contains_key(&Key::Room(room))
    }

    /// Takes a batch, which must be the next.
    ///
    /// # Panics
    ///
    /// If it is another, or changes nothing.
    pub(crate) fn give(&mut self, now: Time, batch: u64, changes: Vec<Change>) {
        assert!(batch == self.given + 1 && !changes.is_empty(), "batch {batch} of {changes:?} after {}", self.given);
        self.given = batch;
        if self.state != State::Works {
            return;
        }
        match self.waiting.back_mut() {
            Some(write) if write.given == now => {
                write.batch = batch;
                write.changes.extend(changes);
            }
            last => {
                let done = now + self.latency.draw(&mut self.random).max(Duration::from_micros(1));
                let done = last.map_or(done, |last| last.done.max(done));
                self.waiting.push_back(Write { given: now, done, batch, changes });
            }
        }
        self.lose();
    }

    /// When there is something to tell next.
    pub(crate) fn next_at(&self) -> Option<Time> {
        match self.state {
            State::Works => self.waiting.front().map(|write| write.done),
            State::Fails { told } => (!told).then_some(Time::ZERO),
            State::Dead { .. } => None,
        }
    }

    /// What the program is to be told by now.
    pub(crate) fn due(&mut self, now: Time) -> Option<Word> {
        self.work(now);
        if let State::Dead { .. } = self.state {
            return None;
        }
        if self.told < self.done {
            self.told = self.done;
            return Some(Word::Stored(self.done));
        }
        let fails = self.state == State::Fails { told: false };
        fails.then(|| {
            self.state = State::Fails { told: true };
            Word::Failed
        })
    }

    /// Whether the program was told that nothing is kept any more.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Fails { .. })
    }

    /// Whether there was no room.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether a fault has killed the program, and if so, whether its machine has lost power.
    pub(crate) fn has_killed(&self) -> Option<bool> {
        if let State::Dead { power } = self.state { Some(power) } else { None }
    }

    /// Something is going to happen to a write, unless something else is: the first is 1.
    pub(crate) fn arm(&mut self, write: u32, how: DiskFault) {
        self.fault.get_or_insert((write, how));
        self.lose();
    }

    /// Nothing is going to happen any more.
    pub(crate) fn disarm(&mut self) {
        (self.fault, self.is_full) = (None, false);
    }

    /// The program is gone. Of what was on its way, the first few writes may be done.
    pub(crate) fn crash(&mut self, now: Time) -> Remains {
        self.work(now);
        let survive = if self.state == State::Works { self.random.index(self.waiting.len() + 1) } else { 0 };
        for write in self.waiting.drain(..survive).collect::<Vec<_>>() {
            self.keep(write);
        }
        let lost = mem::take(&mut self.waiting).len() + usize::from(self.state == State::Dead { power: true });
        let remains = Remains { batch: self.kept, lost, untold: self.told < self.kept };
        (self.given, self.kept, self.done, self.told, self.state) = (0, 0, 0, 0, State::Works);
        remains
    }

    /// Does what can be done by now.
    fn work(&mut self, now: Time) {
        while self.state == State::Works && self.waiting.front().is_some_and(|write| write.done <= now) {
            if let Some(write) = self.waiting.pop_front() {
                self.write(write);
            }
        }
    }

    /// It comes to a write: it is done, if nothing happens to it.
    fn write(&mut self, write: Write) {
        let fault = match &mut self.fault {
            Some((1, _)) => self.fault.take().map(|(_, how)| how),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        self.is_full |= fault == Some(DiskFault::Full);
        match fault {
            _ if self.is_full => self.state = State::Fails { told: false },
            Some(DiskFault::Error) => {
                if self.random.chance(500) {
                    self.keep(write);
                }
                self.state = State::Fails { told: false };
            }
            Some(DiskFault::Torn) => self.state = State::Dead { power: true },
            Some(DiskFault::Untold) => {
                self.keep(write);
                self.state = State::Dead { power: false };
            }
            Some(DiskFault::Full | DiskFault::Lost) | None => {
                self.done = write.batch;
                self.keep(write);
            }
        }
    }

    /// The program dies with a write on its way that is not to be done.
    fn lose(&mut self) {
        let Some((write, DiskFault::Lost)) = self.fault else { return };
        let before = write.saturating_sub(1) as usize;
        if self.state == State::Works && self.waiting.len() > before {
            self.fault = None;
            self.state = State::Dead { power: false };
            for write in self.waiting.drain(..before).collect::<Vec<_>>() {
                self.keep(write);
            }
        }
    }

    fn keep(&mut self, write: Write) {
        self.kept = write.batch;
        for Change { key, row } in write.changes {
            if let (Key::Entry(room, seq), Some(_)) = (key, &row) {
                let head = self.heads.entry(room).or_default();
                *head = seq.max(*head);
            }
            match row {
                Some(row) => drop(self.rows.insert(key, row)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ROOM: RoomId = RoomId(1);

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn disk(seed: u64) -> Disk {
        Disk::new(Latency::Constant(10_000), Random::new(seed, "disk", 0))
    }

    /// Gives out so many batches, a millisecond apart: entries of one room, the first at 1.
    fn give(disk: &mut Disk, batches: u64) {
        for batch in 1..=batches {
            let change = Change { key: Key::Entry(ROOM, Seq(batch)), row: Some(Bytes::new()) };
            disk.give(at(batch), batch, vec![change]);
        }
    }

    fn told(disk: &mut Disk, now: Time) -> Vec<Word> {
        std::iter::from_fn(|| disk.due(now)).collect()
    }

    #[test]
    fn writes_are_done_in_order_and_what_is_given_out_at_once_is_one() {
        let mut disk = disk(1);
        give(&mut disk, 2);
        disk.give(at(2), 3, vec![Change { key: Key::Session, row: Some(Bytes::new()) }]);
        assert_eq!((disk.next_at(), told(&mut disk, at(10)), disk.head(ROOM)), (Some(at(11)), vec![], Seq(0)));
        assert_eq!((told(&mut disk, at(11)), disk.head(ROOM)), (vec![Word::Stored(1)], Seq(1)));
        assert_eq!((disk.next_at(), told(&mut disk, at(12))), (Some(at(12)), vec![Word::Stored(3)]));
        assert_eq!((disk.next_at(), disk.rows().len(), disk.kept()), (None, 3, 3));
    }

    #[test]
    fn a_crash_leaves_what_was_done_and_any_number_of_the_writes_on_their_way() {
        let mut left = BTreeSet::new();
        for seed in 0..100 {
            let mut disk = disk(seed);
            give(&mut disk, 4);
            assert_eq!(told(&mut disk, at(11)), [Word::Stored(1)]);
            let Remains { batch, lost, untold } = disk.crash(at(12));
            assert_eq!((disk.head(ROOM), disk.rows().len() + lost, untold), (Seq(batch), 4, true));
            left.insert(batch);
        }
        assert_eq!(left, BTreeSet::from([2, 3, 4]));
    }

    #[test]
    fn what_happens_to_a_write_leaves_those_before_it_and_none_behind() {
        use DiskFault::{Error, Full, Lost, Torn, Untold};
        for (how, says, kept, power) in [
            (Full, vec![Word::Stored(1), Word::Failed], &[1][..], None),
            (Error, vec![Word::Stored(1), Word::Failed], &[1, 2], None),
            (Torn, vec![], &[1], Some(true)),
            (Untold, vec![], &[2], Some(false)),
            (Lost, vec![], &[1], Some(false)),
        ] {
            let mut left = BTreeSet::new();
            for seed in 0..20 {
                let mut disk = disk(seed);
                disk.arm(2, how);
                give(&mut disk, 3);
                assert_eq!((told(&mut disk, at(100)), disk.has_killed()), (says.clone(), power), "{how:?}");
                assert_eq!((disk.has_failed(), disk.next_at()), (power.is_none(), None));
                // Who has failed, or is dead, comes to no other end.
                disk.arm(1, Lost);
                assert!(disk.crash(at(100)).lost > 0);
                left.insert(disk.rows().len());
            }
            assert_eq!(left, kept.iter().copied().collect(), "{how:?}");
        }
    }

    #[test]
    fn a_full_disk_takes_nothing_until_there_is_room() {
        let mut disk = disk(1);
        disk.arm(1, DiskFault::Full);
        for is_kept in [false, false, true] {
            if is_kept {
                disk.disarm();
            }
            give(&mut disk, 1);
            assert_eq!(told(&mut disk, at(100)), [if is_kept { Word::Stored(1) } else { Word::Failed }]);
            assert_eq!((disk.is_full(), disk.rows().len()), (!is_kept, usize::from(is_kept)));
            disk.crash(at(100));
        }
    }
}
