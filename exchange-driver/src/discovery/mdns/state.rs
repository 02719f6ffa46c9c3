//! What the handles and the keeper share.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use async_channel::{Receiver, Sender};
use atomic_waker::AtomicWaker;
use exchange_core::{
    SessionId,
    discovery::{PeerRecord, SessionTable},
};
use mdns_sd::ServiceInfo;

use super::service;
use crate::discovery::DiscoveryError;

/// What keeps the keeper going.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) shared: Arc<Shared>,
    pub(super) closed: Receiver<Infallible>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>, closed: Receiver<Infallible>) -> Self {
        Self { shared, closed }
    }

    pub(super) fn ensure_open(&self) -> Result<(), DiscoveryError> {
        let is_open = !self.shared.state().is_stopping;
        is_open.then_some(()).ok_or(DiscoveryError::Closed)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.change(|state| state.is_stopping = true);
    }
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) keeper: AtomicWaker,
}

impl Shared {
    /// The state as it is. No code of others runs while it is locked, so a poisoned lock hides no half-done change.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is wanted, and has the keeper look at it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.keeper.wake();
        result
    }
}

/// What is wanted, and what is known.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) sessions: SessionTable,
    pub(super) announced: BTreeMap<SessionId, Announced>,
    /// Sessions to say goodbye for; dropping the sender says that it was said.
    pub(super) withdrawn: Vec<(SessionId, Sender<Infallible>)>,
    pub(super) suspects: BTreeSet<SessionId>,
    pub(super) readers: Vec<Weak<AtomicWaker>>,
    /// The keeper is to stop.
    pub(super) is_stopping: bool,
    /// The keeper has stopped.
    pub(super) is_stopped: bool,
}

impl State {
    pub(super) fn suspect(&mut self, session: SessionId) {
        if self.sessions.get(session).is_some() {
            self.suspects.insert(session);
        }
    }

    pub(super) fn forget_readers(&mut self) {
        self.readers.retain(|reader| reader.strong_count() > 0);
    }
}

/// A session as it is announced.
#[derive(Debug)]
pub(super) struct Announced {
    pub(super) record: PeerRecord,
    pub(super) service: ServiceInfo,
    /// When the keeper last announced it.
    pub(super) sent: Option<Instant>,
    /// Whether that was in this form.
    pub(super) is_current: bool,
}

impl Announced {
    /// People can come and go in quick succession: one announcement a second is enough.
    const SETTLE: Duration = Duration::from_secs(1);

    /// Somebody whose network was cut has forgotten us, and may not ask again: some do so at most once an hour.
    const REPEAT: Duration = Duration::from_secs(60);

    pub(super) fn new(record: &PeerRecord) -> mdns_sd::Result<Self> {
        Ok(Self { record: record.clone(), service: service::announced(record)?, sent: None, is_current: false })
    }

    /// The daemon has just announced it by itself. Whoever heard of it less than a second before takes that for an addition,
    /// so that an address that is no more would be believed in; a second later, nobody does.
    pub(super) fn repeat_soon(&mut self, now: Instant) {
        (self.sent, self.is_current) = (Some(now), false);
    }

    /// When it is to be announced the next time; none if that is at once.
    pub(super) fn due(&self) -> Option<Instant> {
        self.sent.map(|sent| sent + if self.is_current { Self::REPEAT } else { Self::SETTLE })
    }
}
