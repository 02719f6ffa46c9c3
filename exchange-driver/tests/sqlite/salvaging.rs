//! What can still be read in a damaged file.

use std::{collections::BTreeMap, fs, path::Path};

use bytes::Bytes;
use exchange_driver::{
    core::{
        RoomId, Seq,
        store::{Change, Key},
    },
    sqlite::{SqliteError, SqliteStore, salvage},
};
use rusqlite::Connection;

use crate::{Folder, keep, load};

const PAGE: usize = 4096;

/// Every hundredth takes more than a page.
fn text(number: u64) -> String {
    format!("{number} {}", "lorem ipsum ".repeat(if number.is_multiple_of(100) { 1000 } else { 5 }))
}

fn entries(count: u64) -> Vec<Change> {
    (1..=count).map(|seq| Change { key: Key::Entry(RoomId(1), Seq(seq)), row: Some(text(seq).into()) }).collect()
}

fn salvaged(path: &Path) -> BTreeMap<Key, Bytes> {
    let (folder, before) = (path.parent().unwrap(), fs::read(path).unwrap());
    let files = || fs::read_dir(folder).unwrap().count();
    let count = files();
    let rows = salvage(path).unwrap();
    assert!(fs::read(path).unwrap() == before && files() == count, "it is left as it is");
    rows.into_iter().collect()
}

/// A file of so many entries, and what is in it.
fn file(folder: &Folder, count: u64) -> (Vec<u8>, BTreeMap<Key, Bytes>) {
    let mut store = SqliteStore::open(folder.file()).unwrap();
    entries(count).chunks(100).for_each(|part| keep(&mut store, part));
    drop(store);
    (fs::read(folder.file()).unwrap(), load(&folder.file()).into_iter().collect())
}

fn is_part(rows: &BTreeMap<Key, Bytes>, of: &BTreeMap<Key, Bytes>) -> bool {
    rows.iter().all(|(key, row)| of.get(key) == Some(row))
}

#[test]
fn all_is_read_in_a_sound_file_and_in_what_a_crash_leaves() {
    let folder = Folder::new();
    let (_, rows) = file(&folder, 1000);
    assert!(salvaged(&folder.file()) == rows);

    let mut store = SqliteStore::open(folder.file()).unwrap();
    let entry = |seq| Key::Entry(RoomId(1), Seq(seq));
    let blank = Bytes::from_static(b"blank");
    let put = |seq| Change { key: entry(seq), row: Some(blank.clone()) };
    keep(&mut store, &[put(1), put(500), Change { key: entry(501), row: None }]);
    let left = Folder::new();
    fs::copy(folder.file(), left.file()).unwrap();
    let log = left.0.path().join("lab.exchange-wal");
    fs::copy(folder.0.path().join("lab.exchange-wal"), &log).unwrap();
    let mut later = rows.clone();
    later.extend([(entry(1), blank.clone()), (entry(500), blank.clone())]);
    later.remove(&entry(501));
    assert!(salvaged(&left.file()) == later);
    // A transaction that did not come to its end is none.
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 1]).unwrap();
    assert!(salvaged(&left.file()) == rows);
}

/// As it may be when power is lost while pages are written back.
#[test]
fn of_two_rows_under_one_key_that_counts_which_says_less() {
    let folder = Folder::new();
    let (before, _) = file(&folder, 300);
    let key = Key::Entry(RoomId(1), Seq(150));
    let mut store = SqliteStore::open(folder.file()).unwrap();
    keep(&mut store, &[Change { key, row: Some(Bytes::from_static(b"blank")) }]);
    drop(store);
    let after = fs::read(folder.file()).unwrap();
    for (one, other) in [(&before, &after), (&after, &before)] {
        let pages = one.chunks(PAGE).zip(other.chunks(PAGE));
        let others: Vec<&[u8]> = pages.filter(|(one, other)| one != other).map(|(_, other)| other).collect();
        fs::write(folder.file(), [&one[..], &others.concat()].concat()).unwrap();
        assert_eq!(salvaged(&folder.file())[&key], "blank");
    }
}

/// SQLite begins its log anew once all of it is in the file, and what it has not written over is still in there.
#[test]
fn what_is_left_in_a_log_of_earlier_times_does_not_count() {
    let folder = Folder::new();
    let (_, mut rows) = file(&folder, 1000);
    let mut store = SqliteStore::open(folder.file()).unwrap();
    let log = folder.0.path().join("lab.exchange-wal");
    let (mut longest, mut has_begun_anew) = (0, false);
    for round in 1..80_u64 {
        // Some in every page.
        let keys = rows.keys().copied().skip(usize::try_from(round % 20).unwrap()).step_by(20);
        let changes: Vec<Change> = keys.map(|key| Change { key, row: Some(text(round).into()) }).collect();
        keep(&mut store, &changes);
        rows.extend(changes.into_iter().filter_map(|Change { key, row }| Some((key, row?))));
        let length = fs::metadata(&log).unwrap().len();
        has_begun_anew |= length == longest;
        longest = length;
        if has_begun_anew || round % 20 == 0 {
            let left = Folder::new();
            for name in ["lab.exchange", "lab.exchange-wal"] {
                fs::copy(folder.0.path().join(name), left.0.path().join(name)).unwrap();
            }
            assert!(salvaged(&left.file()) == rows, "round {round}");
        }
    }
    assert!(has_begun_anew);
}

#[test]
fn a_bad_page_costs_what_was_in_it_alone() {
    let folder = Folder::new();
    let (sound, rows) = file(&folder, 500);
    for page in 0..sound.len() / PAGE {
        let mut damaged = sound.clone();
        damaged[page * PAGE..][..PAGE].fill(0xa5);
        fs::write(folder.file(), &damaged).unwrap();
        let left = salvaged(&folder.file());
        let same = left.iter().filter(|(key, row)| rows.get(key) == Some(row)).count();
        // Where a row goes on in a page of its own, nothing tells whether it is as it was.
        assert!(left.len() - same <= 1, "page {page}");
        assert!(same + 80 > rows.len(), "page {page}: {same}");
    }
}

#[test]
fn what_is_left_of_a_file_that_was_cut_off_is_read() {
    let folder = Folder::new();
    let (sound, rows) = file(&folder, 1000);
    let mut before = rows.len();
    for half in 1..4 {
        fs::write(folder.file(), &sound[..sound.len() >> half]).unwrap();
        let error = SqliteStore::open(folder.file()).unwrap_err();
        assert!(matches!(error, SqliteError::Damaged { .. }), "{error:?}");
        let left = salvaged(&folder.file());
        assert!(is_part(&left, &rows) && left.len() <= before && !left.is_empty(), "{}", left.len());
        before = left.len();
    }
    fs::write(folder.file(), "").unwrap();
    assert_eq!(salvage(&folder.file()).unwrap(), []);
}

/// SQLite knows no checksums: a byte within a row may be another, but what is read has a key and comes to an end.
#[test]
fn whatever_the_bytes_are_something_or_nothing_is_read() {
    let folder = Folder::new();
    let (sound, rows) = file(&folder, 300);
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..50 {
        let mut damaged = sound.clone();
        for _ in 0..1 << random(12) {
            let place = random(damaged.len());
            damaged[place] = u8::try_from(random(256)).unwrap();
        }
        damaged.truncate(sound.len() - random(2) * random(sound.len()));
        fs::write(folder.file(), &damaged).unwrap();
        assert!(salvaged(&folder.file()).len() <= 2 * rows.len());
    }
}

/// In a file of the first layout, which wrote nothing over.
#[test]
fn what_was_deleted_is_not_found_again_in_pages_that_are_free() {
    let folder = Folder::new();
    let connection = Connection::open(folder.file()).unwrap();
    let table = "CREATE TABLE rows (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID";
    connection.execute(table, []).unwrap();
    for Change { key, row } in entries(1000) {
        connection.execute("INSERT INTO rows VALUES (?1, ?2)", (key.to_bytes(), row.unwrap().to_vec())).unwrap();
    }
    connection.execute("DELETE FROM rows WHERE key < ?1", [Key::Entry(RoomId(1), Seq(900)).to_bytes()]).unwrap();
    drop(connection);
    assert!(folder.holds("450 lorem ipsum"), "it is still in the file");
    let places: Vec<u64> =
        salvaged(&folder.file()).into_keys().map(|key| if let Key::Entry(_, seq) = key { seq.0 } else { 0 }).collect();
    assert_eq!(places, (900..=1000).collect::<Vec<u64>>());
}
