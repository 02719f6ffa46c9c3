//! What is kept is there again, and what cannot be used is left as it is.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use exchange_driver::{
    Store as _,
    core::{
        Durability, MemberId, RoomId, Seq,
        store::{Change, Key},
    },
    sqlite::{SqliteError, SqliteStore},
};
use rusqlite::Connection;

use crate::{Folder, keep, load, put};

#[test]
fn what_was_kept_is_there_again_as_it_was_kept_last() {
    let folder = Folder::new();
    let (member, entry) = (Key::Member(MemberId(1)), |seq| Key::Entry(RoomId(1), Seq(seq)));
    let mut store = SqliteStore::open(folder.file()).unwrap();
    assert!(store.was_empty() && store.durability() == Durability::Fsynced);
    assert_eq!(smol::block_on(store.load()).unwrap(), []);
    keep(&mut store, &[put(member, "bo"), put(Key::Session, "one"), put(entry(255), "a"), put(entry(256), "b")]);
    keep(&mut store, &[put(Key::Session, "two"), Change { key: entry(255), row: None }, put(entry(257), "c")]);
    drop(store);
    let rows = load(&folder.file());
    let rows: Vec<(Key, &[u8])> = rows.iter().map(|(key, row)| (*key, &row[..])).collect();
    assert_eq!(
        rows,
        [(Key::Session, &b"two"[..]), (member, b"bo"), (entry(256), b"b"), (entry(257), b"c")],
        "in the order of their keys"
    );
    assert!(!SqliteStore::open(folder.file()).unwrap().was_empty());
}

#[test]
fn a_batch_is_kept_though_nobody_waits_for_it() {
    let folder = Folder::new();
    let mut store = SqliteStore::open(folder.file()).unwrap();
    drop(store.keep(vec![put(Key::Session, "one")]));
    drop(store);
    assert_eq!(load(&folder.file()).len(), 1);
}

#[test]
fn a_file_is_of_one_host_at_a_time() {
    let folder = Folder::new();
    let mut store = SqliteStore::open(folder.file()).unwrap();
    keep(&mut store, &[put(Key::Session, "one")]);
    let error = SqliteStore::open(folder.file()).unwrap_err();
    assert!(matches!(error, SqliteError::InUse { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("{} is in use", folder.file().display()));
    keep(&mut store, &[put(Key::Session, "two")]);
}

#[cfg(unix)]
#[test]
fn nobody_but_its_owner_reads_a_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let mut store = SqliteStore::open(folder.file()).unwrap();
    keep(&mut store, &[put(Key::Session, "one")]);
    for file in fs::read_dir(&folder.0).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o77, 0, "{:?}", file.path());
    }
}

/// Every reason why a file is not used, with the file as it was before.
#[test]
fn what_is_no_such_file_is_left_as_it_is() {
    let folder = Folder::new();
    let path = folder.file();
    fs::write(&path, "a letter to somebody, and long enough to be taken for a database by whoever does not look")
        .unwrap();
    is_left(&path, |error| matches!(error, SqliteError::Foreign { .. }));

    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute("CREATE TABLE letters (text)", []).unwrap();
    is_left(&path, |error| matches!(error, SqliteError::Foreign { .. }));

    fs::remove_file(&path).unwrap();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    is_left(&path, |error| matches!(error, SqliteError::Later { layout: 3, .. }));

    let error = SqliteStore::open(folder.0.path().join("nowhere/lab.exchange")).unwrap_err();
    assert!(matches!(error, SqliteError::Io { .. }), "{error:?}");
}

#[test]
fn a_damaged_file_is_told_and_left_as_it_is() {
    let folder = Folder::new();
    let path = folder.file();
    let mut store = SqliteStore::open(&path).unwrap();
    let entries: Vec<Change> =
        (1..2000).map(|seq| put(Key::Entry(RoomId(1), Seq(seq)), "some words of somebody")).collect();
    keep(&mut store, &entries);
    drop(store);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "what is closed is one file");
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096 * 3)).unwrap();
    file.write_all(&[0xa5; 4096]).unwrap();
    drop(file);
    is_left(&path, |error| matches!(error, SqliteError::Damaged { .. }));
}

fn is_left(path: &Path, is_it: impl Fn(&SqliteError) -> bool) {
    let before = fs::read(path).unwrap();
    let error = SqliteStore::open(path).unwrap_err();
    assert!(is_it(&error), "{error:?}");
    assert!(fs::read(path).unwrap() == before, "{error}");
}
