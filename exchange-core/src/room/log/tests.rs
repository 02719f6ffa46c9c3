//! What readers of a log get, and what it keeps for them.

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
