//! Where a machine of a test keeps its rows.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

use bytes::Bytes;

use crate::{
    seam::Input,
    store::{Change, Key},
};

/// Rows, and the batches that are on their way to be among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) rows: BTreeMap<Key, Bytes>,
    /// How many rows were changed since the machine began.
    pub(crate) changed: usize,
    waiting: VecDeque<(u64, Vec<Change>)>,
    last: u64,
}

impl Disk {
    /// Takes a batch, which must be the next.
    pub(crate) fn take(&mut self, batch: u64, changes: Vec<Change>) {
        assert_eq!(batch, self.last + 1, "batches come in order");
        assert!(!changes.is_empty(), "a batch changes something");
        self.last = batch;
        self.waiting.push_back((batch, changes));
    }

    /// Keeps the batch that has waited longest; what the machine is to be told then.
    pub(crate) fn sync(&mut self) -> Option<Input<'static>> {
        let (batch, changes) = self.waiting.pop_front()?;
        self.changed += changes.len();
        for Change { key, row } in changes {
            match row {
                Some(row) => drop(self.rows.insert(key, row)),
                None => assert!(self.rows.remove(&key).is_some(), "{key} is there before it goes"),
            }
        }
        Some(Input::Stored { batch })
    }

    /// Whether everything is kept.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All rows, once everything that is on its way is kept.
    pub(crate) fn all(&self) -> BTreeMap<Key, Bytes> {
        let mut all = self.clone();
        while all.sync().is_some() {}
        all.rows
    }

    /// The machine is another, which counts anew. What was on its way is lost.
    pub(crate) fn restart(&mut self) {
        self.waiting.clear();
        (self.last, self.changed) = (0, 0);
    }
}
