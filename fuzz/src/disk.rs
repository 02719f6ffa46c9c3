//! Where a host keeps its rows, as a disk that may be late and loses what it has not written when the host dies.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use exchange_core::{
    Input,
    store::{Change, Key},
};

/// Rows, and the batches that are on their way to be among them.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub rows: BTreeMap<Key, Bytes>,
    waiting: VecDeque<(u64, Vec<Change>)>,
    last: u64,
}

impl Disk {
    /// Takes a batch, which must be the next.
    pub fn take(&mut self, batch: u64, changes: Vec<Change>) {
        assert_eq!(batch, self.last + 1, "batches come in order");
        assert!(!changes.is_empty(), "a batch changes something");
        self.last = batch;
        self.waiting.push_back((batch, changes));
    }

    /// Keeps the batch that has waited longest; what the host is to be told then.
    pub fn sync(&mut self) -> Option<Input<'static>> {
        let (batch, changes) = self.waiting.pop_front()?;
        for Change { key, row } in changes {
            match row {
                Some(row) => drop(self.rows.insert(key, row)),
                None => assert!(self.rows.remove(&key).is_some(), "{key} is there before it goes"),
            }
        }
        Some(Input::Stored { batch })
    }

    /// Whether something is on its way.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The host is another, which counts anew. What was on its way is lost.
    pub fn crash(&mut self) {
        self.waiting.clear();
        self.last = 0;
    }
}
