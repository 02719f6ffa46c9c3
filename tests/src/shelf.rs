//! A store in memory, which can be slow and fail.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use bytes::Bytes;
use exchange_driver::{
    Store, StoreError, Storing,
    core::{
        Durability,
        store::{Change, Key},
    },
};

/// What outlasts the hosts that keep things in it.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<Key, Bytes>,
    is_held: bool,
    is_broken: bool,
    /// Whether something waits to be kept.
    is_asked: bool,
    wakers: Vec<Waker>,
}

impl Shelf {
    /// A store of one host.
    pub fn store(&self) -> impl Store + use<> {
        OnShelf(self.clone())
    }

    /// Keeps nothing until it is told otherwise.
    pub fn hold(&self, is_held: bool) {
        let mut state = self.state();
        state.is_held = is_held;
        state.wakers.drain(..).for_each(Waker::wake);
    }

    /// Waits until something waits to be kept.
    pub async fn is_asked(&self) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.is_asked {
                return Poll::Ready(());
            }
            state.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Nothing can be kept from now on.
    pub fn break_down(&self) {
        self.state().is_broken = true;
    }

    /// Everything can be kept again.
    pub fn mend(&self) {
        self.state().is_broken = false;
    }

    /// Takes a row out that has to be there.
    pub fn damage(&self) {
        self.state().rows.remove(&Key::Session);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct OnShelf(Shelf);

impl Store for OnShelf {
    fn durability(&self) -> Durability {
        Durability::Fsynced
    }

    fn load(&mut self) -> Storing<Vec<(Key, Bytes)>> {
        let rows = self.0.state().rows.iter().map(|(key, row)| (*key, row.clone())).collect();
        Box::pin(async move { Ok(rows) })
    }

    fn keep(&mut self, changes: Vec<Change>) -> Storing<()> {
        let (on, mut changes) = (self.0.clone(), Some(changes));
        Box::pin(poll_fn(move |cx| {
            let mut state = on.state();
            if state.is_broken {
                return Poll::Ready(Err(StoreError::Other(Box::new(io::Error::other("it is broken")))));
            }
            if state.is_held {
                state.is_asked = true;
                let waiting: Vec<Waker> = state.wakers.drain(..).collect();
                state.wakers.push(cx.waker().clone());
                waiting.into_iter().for_each(Waker::wake);
                return Poll::Pending;
            }
            for Change { key, row } in changes.take().into_iter().flatten() {
                match row {
                    Some(row) => drop(state.rows.insert(key, row)),
                    None => drop(state.rows.remove(&key)),
                }
            }
            state.is_asked = false;
            Poll::Ready(Ok(()))
        }))
    }
}
