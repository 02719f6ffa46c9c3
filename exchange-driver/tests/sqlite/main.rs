//! A session in a file.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod keeping;
mod migrating;
mod salvaging;
mod searching;
mod talk;

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use exchange_driver::{
    Store as _,
    core::store::{Change, Key},
    sqlite::SqliteStore,
};
use tempfile::TempDir;

/// A folder of a test's own, which goes with it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("lab.exchange")
    }

    /// All bytes of all files in it.
    fn bytes(&self) -> Vec<u8> {
        fs::read_dir(&self.0).unwrap().flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    fn holds(&self, words: &str) -> bool {
        self.bytes().windows(words.len()).any(|bytes| bytes == words.as_bytes())
    }
}

fn put(key: Key, row: &'static str) -> Change {
    Change { key, row: Some(Bytes::from_static(row.as_bytes())) }
}

fn keep(store: &mut SqliteStore, changes: &[Change]) {
    smol::block_on(store.keep(changes.to_vec())).unwrap();
}

fn load(path: &Path) -> Vec<(Key, Bytes)> {
    smol::block_on(SqliteStore::open(path).unwrap().load()).unwrap()
}
