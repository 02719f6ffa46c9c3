//! Has kept what the machine wants kept, as much at once as has come while the last was being kept.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use exchange_core::{
    Input,
    store::{Change, Key},
};

use crate::store::{Store, Storing};

/// So many bytes may wait; then nothing more is read that could make them more.
const ENOUGH: usize = 4 << 20;

/// A store, and what is on its way there.
pub(super) struct Keeper {
    store: Box<dyn Store>,
    /// The last batch that is being kept, if one is.
    keeping: Option<(u64, Storing<()>)>,
    /// What comes after that, each row as it is in the end; and up to which batch.
    waiting: BTreeMap<Key, Option<Bytes>>,
    waiting_bytes: usize,
    last: u64,
    /// What is done once a batch is kept.
    promised: VecDeque<(u64, Box<dyn FnOnce() + Send>)>,
    has_failed: bool,
}

impl Keeper {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        Self {
            store,
            keeping: None,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            last: 0,
            promised: VecDeque::new(),
            has_failed: false,
        }
    }

    /// Takes a batch; it has to be polled then.
    pub(super) fn take(&mut self, batch: u64, changes: Vec<Change>) {
        self.last = batch;
        for Change { key, row } in changes {
            self.waiting_bytes += row.as_ref().map_or(0, Bytes::len);
            self.waiting.insert(key, row);
        }
    }

    /// Does something once all that it was given by now is kept; never, if it cannot be.
    pub(super) fn promise(&mut self, act: impl FnOnce() + Send + 'static) {
        if self.is_idle() && !self.has_failed {
            act();
        } else {
            self.promised.push_back((self.last, Box::new(act)));
        }
    }

    /// Whether as much waits as may.
    pub(super) fn is_full(&self) -> bool {
        self.waiting_bytes >= ENOUGH
    }

    /// Whether nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.keeping.is_none() && (self.waiting.is_empty() || self.has_failed)
    }

    /// What the machine is to be told.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<Input<'static>> {
        if self.has_failed {
            return None;
        }
        if self.keeping.is_none() && !self.waiting.is_empty() {
            let changes = mem::take(&mut self.waiting).into_iter().map(|(key, row)| Change { key, row });
            self.waiting_bytes = 0;
            self.keeping = Some((self.last, self.store.keep(changes.collect())));
        }
        let (batch, keeping) = self.keeping.as_mut()?;
        let (batch, Poll::Ready(kept)) = (*batch, Pin::new(keeping).poll(cx)) else { return None };
        self.keeping = None;
        match kept {
            Ok(()) => {
                let kept = self.promised.partition_point(|(after, _)| *after <= batch);
                self.promised.drain(..kept).for_each(|(_, act)| act());
                Some(Input::Stored { batch })
            }
            Err(error) => {
                self.promised.clear();
                tracing::error!(%error, "what happens cannot be kept any more");
                self.has_failed = true;
                Some(Input::StoreFailed)
            }
        }
    }
}
