//! What readers of a log get, and what it keeps for them.

use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{
    ids::RoomId,
    message::{Body, ToClient},
    time::Timestamp,
};

const AUTHOR: (PeerId, ProducerId) = (PeerId::from_bytes([2; 16]), ProducerId::from_bytes([2; 8]));

const NEVER: Time = Time::from_nanos(u64::MAX);

fn entry(seq: u64, text: &str) -> Entry {
    Entry {
        room: RoomId(1),
        seq: Seq(seq),
        author: MemberId(2),
        cmid: Cmid(seq),
        at: Timestamp::from_millis(7),
        body: Body::text(text),
        commitment: None,
        blanked: None,
    }
}

fn log_of(entries: u64, max_entries: usize, max_bytes: usize) -> Log {
    let mut log = Log::new(Epoch::from_bytes([1; 16]), max_entries, max_bytes);
    for seq in 1..=entries {
        log.append(entry(seq, "text"), None, || Some(AUTHOR), NEVER, |_| ());
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

/// How many bytes an entry of [`log_of`] has.
fn entry_length() -> usize {
    slices(&log_of(1, 1, usize::MAX))[0].len()
}

/// What a reader gets that begins with the oldest entry and has credit for anything.
fn slices(log: &Log) -> Vec<Bytes> {
    let (mut after, mut slices) = (log.tail(), Vec::new());
    while let Next::Frames(bytes, next) = log.next(after, Encoding::Postcard, usize::MAX) {
        slices.push(bytes);
        after = next;
    }
    slices
}

#[test]
fn caught_up_readers_share_the_memory_of_a_round() {
    let mut log = log_of(3, 100, 10_000);
    log.append(entry(4, "a"), None, || Some(AUTHOR), NEVER, |_| ());
    log.append(entry(5, "b"), None, || Some(AUTHOR), NEVER, |_| ());
    log.seal();
    let (one, two) = (log.next(Seq(3), Encoding::Postcard, 999), log.next(Seq(3), Encoding::Postcard, 999));
    let (Next::Frames(one, at), Next::Frames(two, _)) = (one, two) else { panic!("nothing to read") };
    assert_eq!(at, Seq(5));
    assert_eq!(one.as_ptr(), two.as_ptr());
}

#[test]
fn a_reader_that_is_far_behind_gets_large_slices_of_many_small_rounds() {
    let log = log_of(2000, usize::MAX, usize::MAX);
    assert_eq!(read_all(&log, Seq::ZERO, Encoding::Postcard, usize::MAX).1.len(), 2000);
    let slices = slices(&log).len();
    assert!(slices <= 2000 / 64 + 64, "{slices} slices");
}

#[test]
fn a_slice_of_many_rounds_has_some_sixteen_kibibytes() {
    let mut log = log_of(0, usize::MAX, usize::MAX);
    for seq in 1..=600 {
        log.append(entry(seq, &"x".repeat(300)), None, || Some(AUTHOR), NEVER, |_| ());
        log.seal();
    }
    let slices: Vec<usize> = slices(&log).iter().map(Bytes::len).collect();
    assert!(slices.iter().all(|length| *length < 17 * 1024), "{slices:?}");
    assert!(slices.len() < 12 + 64, "{slices:?}");
}

#[test]
fn small_rounds_that_follow_each_other_share_a_piece_of_memory() {
    let (mut pieces, mut end) = (0, core::ptr::null());
    for slice in slices(&log_of(60, usize::MAX, usize::MAX)) {
        pieces += usize::from(slice.as_ptr() != end);
        end = slice.as_ptr_range().end;
    }
    assert!(pieces <= 4, "{pieces} pieces");
}

#[test]
fn a_reader_gets_as_many_entries_of_a_round_as_it_has_credit_for_and_at_least_one() {
    let mut log = log_of(0, usize::MAX, usize::MAX);
    for seq in 1..=10 {
        log.append(entry(seq, "text"), None, || Some(AUTHOR), NEVER, |_| ());
    }
    log.seal();
    let length = entry_length();
    for (after, max, reached) in
        [(0, 1, 1), (0, 3 * length - 1, 2), (0, 3 * length, 3), (4, 3 * length, 7), (4, 6 * length, 10), (9, 1, 10)]
    {
        let Next::Frames(bytes, next) = log.next(Seq(after), Encoding::Postcard, max) else {
            panic!("nothing to read")
        };
        assert_eq!(
            (next, bytes.len() as u64),
            (Seq(reached), (reached - after) * length as u64),
            "{max} after {after}"
        );
    }
}

#[test]
fn nothing_is_readable_before_it_is_sealed() {
    let mut log = log_of(1, 100, 10_000);
    log.append(entry(2, "a"), None, || Some(AUTHOR), NEVER, |_| ());
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
fn the_byte_bound_keeps_as_many_entries_as_fit_into_it_in_however_few_rounds_they_came() {
    for round in [1, 7, 50] {
        let mut log = Log::new(Epoch::from_bytes([1; 16]), usize::MAX, 5 * entry_length());
        for seq in 1..=50 {
            log.append(entry(seq, "text"), None, || Some(AUTHOR), NEVER, |_| ());
            if seq % round == 0 {
                log.seal();
            }
        }
        log.seal();
        let expected = (vec![Seq(45)], (46..=50).map(Seq).collect());
        assert_eq!(read_all(&log, Seq::ZERO, Encoding::Postcard, 999), expected, "{round} in a round");
    }
}

#[test]
fn what_is_no_longer_kept_takes_no_memory_but_what_shares_a_block_with_the_oldest_entry() {
    for (entries, kept, gone) in [(30, 10, 20), (1000, 10, 926), (1000, 100, 836)] {
        let log = log_of(entries, kept, usize::MAX);
        assert_eq!(log.postcard.slice(Seq(gone), 1, 1), None, "{kept} kept of {entries}");
        assert!(log.postcard.slice(log.first, 1, 1).is_some(), "{kept} kept of {entries}");
    }
}

#[test]
fn rounds_that_go_before_they_are_a_block_are_never_copied_into_one() {
    let mut log = log_of(0, 5, usize::MAX);
    for seq in 1..=1000 {
        log.append(entry(seq, "text"), None, || Some(AUTHOR), NEVER, |_| ());
        log.seal();
        assert_eq!(slices(&log).len() as u64, seq.min(5), "after {seq} rounds");
    }
}

#[test]
fn the_authors_of_forgotten_entries_are_told() {
    let mut log = log_of(3, 3, usize::MAX);
    let mut forgotten = Vec::new();
    log.append(entry(4, "d"), None, || Some(AUTHOR), NEVER, |author| forgotten.push(author));
    assert_eq!(forgotten, [MemberId(2)]);
}

#[test]
fn a_json_reader_that_comes_late_sees_the_same_entries() {
    // The oldest entry that is kept is the first of a round, or in the middle of a block.
    for (entries, kept) in [(30, 20), (150, 70)] {
        let mut log = log_of(entries, kept, usize::MAX);
        log.offer(Encoding::Json);
        log.append(entry(entries + 1, "late"), None, || Some(AUTHOR), NEVER, |_| ());
        log.seal();
        assert_eq!(read_all(&log, Seq(5), Encoding::Json, 300), read_all(&log, Seq(5), Encoding::Postcard, 300));
    }
}

#[test]
fn a_log_that_nobody_reads_in_json_is_not_kept_in_it() {
    let mut log = log_of(3, 3, usize::MAX);
    log.offer(Encoding::Postcard);
    assert!(log.json.is_none());
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
            log.append(entry(seq, &"x".repeat(*length)), None, || Some(AUTHOR), NEVER, |_| ());
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

/// The texts that a reader gets who begins with the oldest entry, in slices of at most so many bytes.
fn read_texts(log: &Log, encoding: Encoding, max: usize) -> Vec<(Seq, Body)> {
    let (mut after, mut read) = (log.tail(), Vec::new());
    while let Next::Frames(bytes, next) = log.next(after, encoding, max) {
        for frame in crate::wire::frames(&bytes) {
            let Ok(ToClient::Entry(entry)) = encoding.decode(frame) else { panic!("not an entry") };
            read.push((entry.seq, entry.body));
        }
        after = next;
    }
    read
}

proptest! {
    #![proptest_config(crate::testing::cases(64))]

    #[test]
    fn what_is_blanked_says_nothing_in_either_encoding_and_all_else_is_as_it_was(
        rounds in proptest::collection::vec(1_u64..40, 1..90),
        blanked in proptest::collection::vec(0_u64..900, 1..12),
        max in 1_usize..2000,
    ) {
        let mut log = Log::new(Epoch::from_bytes([1; 16]), 500, 20_000);
        log.offer(Encoding::Json);
        let mut seq = 0;
        for round in rounds {
            for _ in 0..round {
                seq += 1;
                log.append(entry(seq, &alloc::format!("{seq:.>30}")), None, || Some(AUTHOR), NEVER, |_| ());
            }
            log.seal();
        }
        let bytes = log.bytes;
        for seq in &blanked {
            log.blank(Seq(*seq));
        }
        for encoding in [Encoding::Postcard, Encoding::Json] {
            let read = read_texts(&log, encoding, max);
            prop_assert_eq!(read.len() as u64, log.head().0 - log.tail().0);
            for (place, body) in read {
                let text = if blanked.contains(&place.0) { alloc::string::String::new() } else { alloc::format!("{:.>30}", place.0) };
                prop_assert_eq!(body, Body::text(&text), "{}", place);
            }
        }
        let gone = blanked.iter().filter(|seq| (log.tail().next()..=log.head()).contains(&Seq(**seq)));
        let gone: alloc::collections::BTreeSet<_> = gone.collect();
        prop_assert_eq!(bytes - log.bytes, gone.len() * 30);
        log.append(entry(seq + 1, "goes on"), None, || Some(AUTHOR), NEVER, |_| ());
        log.seal();
        prop_assert_eq!(read_texts(&log, Encoding::Postcard, max).pop(), Some((Seq(seq + 1), Body::text("goes on"))));
    }
}

proptest! {
    #![proptest_config(crate::testing::cases(64))]

    #[test]
    fn what_is_kept_is_what_is_young_enough_and_among_the_last_in_both_encodings(
        steps in proptest::collection::vec((0_u64..60, 0_u64..50), 1..120),
        age in 1_u64..200,
        most in 1_usize..100,
        max in 1_usize..2000,
    ) {
        let mut log = Log::new(Epoch::from_bytes([1; 16]), most, usize::MAX);
        log.offer(Encoding::Json);
        let (mut now, mut model, mut forgotten) = (0, VecDeque::new(), 0);
        for (pause, round) in steps {
            now += pause;
            let kept_before = model.len();
            let expired = log.expire(Time::from_nanos(now), |_| forgotten += 1);
            model.retain(|(_, until)| *until > now);
            prop_assert_eq!(expired, model.len() < kept_before);
            for _ in 0..round {
                let seq = log.head().next();
                log.append(entry(seq.0, "text"), None, || Some(AUTHOR), Time::from_nanos(now + age), |_| forgotten += 1);
                model.push_back((seq, now + age));
            }
            log.seal();
            model.drain(..model.len().saturating_sub(most));
            let places: Vec<Seq> = model.iter().map(|(seq, _)| *seq).collect();
            for encoding in [Encoding::Postcard, Encoding::Json] {
                let (gaps, seen) = read_all(&log, Seq::ZERO, encoding, max);
                prop_assert_eq!(&seen, &places);
                prop_assert_eq!(gaps, if log.tail() > Seq::ZERO { vec![log.tail()] } else { vec![] });
            }
            prop_assert_eq!(log.entries(log.tail().next()).map(|entry| entry.seq).collect::<Vec<_>>(), places);
            prop_assert_eq!(log.oldest_until(), model.front().map(|(_, until)| Time::from_nanos(*until)));
            prop_assert_eq!(forgotten + model.len() as u64, log.head().0);
            if model.is_empty() {
                prop_assert_eq!((log.bytes, log.postcard.slice(Seq(1), 1, 1)), (0, None));
            }
        }
    }
}
