//! What a machine has kept, and what it may not show before more is kept; see [`crate::store`].

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};
use core::{fmt, mem};

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    identity::Identity,
    seam::{Effect, Outbox},
    store::{Change, Damage, Key},
};

/// The rows of a machine as they were kept last, and what waits for the next ones.
pub(crate) struct Journal {
    rows: BTreeMap<Key, Bytes>,
    changes: Vec<Change>,
    /// The last batch that was given out, and the last that is known to be kept.
    batch: u64,
    stored: u64,
    /// What may be done once a batch is kept.
    held: VecDeque<(u64, VecDeque<Effect>)>,
}

/// Writes a row. One that cannot be written does not occur: there is nothing in it that has no bytes.
pub(crate) fn write(row: &impl Serialize) -> Option<Bytes> {
    postcard::to_extend(row, BytesMut::new()).ok().map(BytesMut::freeze)
}

pub(crate) fn read<T: DeserializeOwned>(key: Key, row: &[u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(row) {
        Ok((row, [])) => Ok(row),
        _ => Err(Damage::Row(key)),
    }
}

/// Reads the row that begins with the form in which all of them are, of which the newest is `newest`; gives that too.
pub(crate) fn read_with_form<T: DeserializeOwned>(key: Key, row: &[u8], newest: u16) -> Result<(u16, T), Damage> {
    let (form, _) = postcard::take_from_bytes::<u16>(row).map_err(|_| Damage::Row(key))?;
    if !(1..=newest).contains(&form) {
        return Err(Damage::Later { form });
    }
    read(key, row)
}

pub(crate) fn identity_row(identity: &Identity) -> Bytes {
    Bytes::copy_from_slice(identity.seed())
}

pub(crate) fn read_identity(row: &[u8]) -> Result<Identity, Damage> {
    row.try_into().map(Identity::from_seed).map_err(|_| Damage::Row(Key::Identity))
}

impl Journal {
    /// One of a machine that has kept these rows.
    pub(crate) fn new(rows: BTreeMap<Key, Bytes>) -> Self {
        Self { rows, changes: Vec::new(), batch: 0, stored: 0, held: VecDeque::new() }
    }

    pub(crate) fn rows(&self) -> &BTreeMap<Key, Bytes> {
        &self.rows
    }

    /// How a row is from now on; nothing, if it was so before.
    pub(crate) fn put(&mut self, key: Key, row: Option<Bytes>) {
        let before = match &row {
            Some(row) => self.rows.insert(key, row.clone()),
            None => self.rows.remove(&key),
        };
        if before != row {
            self.changes.push(Change { key, row });
        }
    }

    /// Changes a row that is known to change, and not remembered: there are many of its kind.
    pub(crate) fn push(&mut self, key: Key, row: Option<Bytes>) {
        self.changes.push(Change { key, row });
    }

    /// At a round's end: has kept what has changed, and holds what the round brought about, which begins at a place in
    /// the outbox, until that is kept.
    pub(crate) fn commit(&mut self, began: usize, out: &mut Outbox) {
        let effects = out.split_off(began);
        if !self.changes.is_empty() {
            self.batch += 1;
            out.store(self.batch, mem::take(&mut self.changes));
        }
        if !effects.is_empty() {
            let after = if cfg!(exchange_bug = "shown-before-kept") { self.stored } else { self.batch };
            self.held.push_back((after, effects));
        }
        while self.held.front().is_some_and(|(batch, _)| *batch <= self.stored) {
            out.extend(self.held.pop_front().map(|(_, effects)| effects).unwrap_or_default());
        }
    }

    /// Everything up to that batch is kept.
    pub(crate) fn stored(&mut self, batch: u64) {
        let batch = batch.saturating_add(u64::from(cfg!(exchange_bug = "stored-frees-the-next")));
        self.stored = self.stored.max(batch.min(self.batch));
    }

    /// What was brought about and may be done once it is kept, oldest first.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Effect> {
        self.held.iter().flat_map(|(_, effects)| effects)
    }

    /// All of that, once nothing will be kept any more.
    pub(crate) fn into_held(self) -> impl Iterator<Item = Effect> {
        self.held.into_iter().flat_map(|(_, effects)| effects)
    }

    #[cfg(test)]
    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, changes: _, batch, stored, held } = self;
        let mut shown = f.debug_struct("Journal");
        shown.field("batch", batch).field("stored", stored).field("held", held);
        shown.field("rows", &rows.len()).finish_non_exhaustive()
    }
}
