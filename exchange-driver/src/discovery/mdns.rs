//! Discovery by multicast DNS, with DNS-SD: no server, the local network only.
//!
//! What is wanted lies in one state that all handles share: which sessions to announce, which to doubt, who reads.
//! A thread of its own, the [keeper](keeper::Keeper), makes the network agree with it and folds what the network says
//! into the one table of sessions. So no handle ever waits, nothing is queued, and whatever goes wrong in between
//! heals at the next round. Readers follow the table at their own pace.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
    time::Instant,
};

use async_channel::Receiver;
use atomic_waker::AtomicWaker;
use exchange_core::{
    SessionId,
    discovery::{PeerRecord, SessionEvent, SessionTable},
};
use futures_core::Stream;

use self::{
    keeper::Keeper,
    state::{Announced, Handle, Shared, State},
};
use super::{Announcement, Browse, Discovery, DiscoveryError};

mod config;
mod keeper;
mod service;
mod state;
#[cfg(test)]
mod tests;

pub use self::config::{Interfaces, MdnsConfig};

/// Discovery by multicast DNS.
///
/// Clones are handles to the same one; a process needs one only. It stops when the last handle, announcement and
/// browse of it is dropped. A process that then ends at once may be too quick for its goodbyes, and the others take
/// it for present for two minutes: [shut it down](Self::shutdown) first.
#[derive(Clone, Debug)]
pub struct Mdns {
    handle: Arc<Handle>,
}

impl Mdns {
    /// Starts it on the interfaces and the port of `config`.
    ///
    /// A network that is not there yet is no error: sessions are announced and found as interfaces come up.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::Failed`] if the operating system gives it no thread or nothing to wait with.
    pub fn new(config: &MdnsConfig) -> Result<Self, DiscoveryError> {
        let daemon = config.start().map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let (open, closed) = async_channel::bounded(1);
        let keeper = Keeper::new(daemon, Arc::clone(&shared), open).map_err(failed)?;
        let handle = Arc::new(Handle::new(shared, closed));
        let thread = thread::Builder::new().name("exchange-mdns".into());
        thread.spawn(move || keeper.run()).map_err(|error: io::Error| DiscoveryError::Failed(error.into()))?;
        Ok(Self { handle })
    }

    /// Takes back all announcements, ends all browses and stops. Returns when the others have been told.
    ///
    /// # Cancel safety
    ///
    /// Once polled it stops by itself; only nobody waits for it.
    pub async fn shutdown(&self) {
        self.handle.shared.change(|state| state.is_stopping = true);
        // Nothing is ever sent: the channel closes when the keeper is done.
        let _ = self.handle.closed.recv().await;
    }
}

impl Discovery for Mdns {
    fn announce(&self, record: &PeerRecord) -> Result<Box<dyn Announcement>, DiscoveryError> {
        let session = record.session;
        let announced = Announced::new(record).map_err(failed)?;
        self.handle.ensure_open()?;
        self.handle.shared.change(|state| {
            if state.announced.contains_key(&session) {
                return Err(DiscoveryError::AlreadyAnnounced);
            }
            state.announced.insert(session, announced);
            Ok(())
        })?;
        Ok(Box::new(MdnsAnnouncement { handle: Arc::clone(&self.handle), session: Some(session) }))
    }

    fn browse(&self) -> Result<Browse, DiscoveryError> {
        self.handle.ensure_open()?;
        let waker = Arc::new(AtomicWaker::new());
        self.handle.shared.change(|state| state.readers.push(Arc::downgrade(&waker)));
        let reader = Reader { handle: Arc::clone(&self.handle), told: SessionTable::new(), waker: Some(waker) };
        let handle = Arc::clone(&self.handle);
        Ok(Browse::new(reader, move |session| handle.shared.change(|state| state.suspect(session))))
    }
}

#[derive(Debug)]
struct MdnsAnnouncement {
    handle: Arc<Handle>,
    /// None once it is withdrawn.
    session: Option<SessionId>,
}

impl MdnsAnnouncement {
    fn take_back(&mut self) -> Receiver<Infallible> {
        let (pending, done) = async_channel::bounded(1);
        if let Some(session) = self.session.take() {
            self.handle.shared.change(|state| {
                state.announced.remove(&session);
                if !state.is_stopped {
                    state.withdrawn.push((session, pending));
                }
            });
        }
        done
    }
}

impl Announcement for MdnsAnnouncement {
    fn update(&self, record: &PeerRecord) -> Result<(), DiscoveryError> {
        if self.session != Some(record.session) {
            return Err(DiscoveryError::OtherSession);
        }
        let new = Announced::new(record).map_err(failed)?;
        self.handle.ensure_open()?;
        self.handle.shared.change(|state| {
            if let Some(old) = state.announced.get_mut(&record.session)
                && old.record != new.record
            {
                *old = Announced { sent: old.sent, ..new };
            }
        });
        Ok(())
    }

    fn withdraw(mut self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let done = self.take_back();
        Box::pin(async move {
            // Holding on to the handle until then keeps the keeper going.
            let _handle = &self.handle;
            let _ = done.recv().await;
        })
    }
}

impl Drop for MdnsAnnouncement {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// Follows the table of sessions.
struct Reader {
    handle: Arc<Handle>,
    told: SessionTable,
    /// None once it is dropped.
    waker: Option<Arc<AtomicWaker>>,
}

impl Stream for Reader {
    type Item = SessionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SessionEvent>> {
        let this = &mut *self;
        if let Some(waker) = &this.waker {
            waker.register(cx.waker());
        }
        let state = this.handle.shared.state();
        match this.told.follow(&state.sessions) {
            _ if state.is_stopped => Poll::Ready(None),
            Some(event) => Poll::Ready(Some(event)),
            None => Poll::Pending,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.waker = None;
        // Where nobody reads, nobody needs to be asked.
        self.handle.shared.change(State::forget_readers);
    }
}

fn failed(error: mdns_sd::Error) -> DiscoveryError {
    DiscoveryError::Failed(error.into())
}

#[expect(clippy::disallowed_methods, reason = "multicast DNS is never simulated: what simulates has its own Discovery")]
fn now() -> Instant {
    Instant::now()
}
