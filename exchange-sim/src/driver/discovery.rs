//! The simulated multicast domain as the driver's [`Discovery`].

use std::{
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll},
};

use exchange_core::{
    SessionId,
    discovery::{PeerRecord, SessionEvent, SessionTable},
};
use exchange_driver::discovery::{Announcement, Browse, Discovery, DiscoveryError};
use futures_core::Stream;

use super::kernel::{Shared, keep};
use crate::net::NodeId;

/// How one machine announces sessions and finds them.
#[derive(Clone, Debug)]
pub(super) struct SimDiscovery {
    shared: Shared,
    node: NodeId,
}

impl SimDiscovery {
    pub(super) fn new(shared: Shared, node: NodeId) -> Self {
        Self { shared, node }
    }
}

impl Discovery for SimDiscovery {
    fn announce(&self, record: &PeerRecord) -> Result<Box<dyn Announcement>, DiscoveryError> {
        let mut kernel = self.shared.lock();
        if kernel.domain.is_announced(self.node, record.session) {
            return Err(DiscoveryError::AlreadyAnnounced);
        }
        kernel.announce(self.node, record);
        let crashes = kernel.machine(self.node).crashes;
        Ok(Box::new(SimAnnouncement { discovery: self.clone(), session: record.session, crashes }))
    }

    fn browse(&self) -> Result<Browse, DiscoveryError> {
        let number = self.shared.lock().browse(self.node);
        let reader = Reader { discovery: self.clone(), number, told: SessionTable::new() };
        let discovery = self.clone();
        let suspect = move |session: SessionId| discovery.shared.lock().suspect(discovery.node, session);
        Ok(Browse::new(reader, suspect))
    }
}

#[derive(Debug)]
struct SimAnnouncement {
    discovery: SimDiscovery,
    session: SessionId,
    crashes: u32,
}

impl Announcement for SimAnnouncement {
    fn update(&self, record: &PeerRecord) -> Result<(), DiscoveryError> {
        let SimDiscovery { shared, node } = &self.discovery;
        let mut kernel = shared.lock();
        if record.session != self.session {
            return Err(DiscoveryError::OtherSession);
        }
        if !kernel.domain.is_announced(*node, self.session) {
            return Err(DiscoveryError::Closed);
        }
        kernel.announce(*node, record);
        Ok(())
    }

    fn withdraw(self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        drop(self);
        Box::pin(ready(()))
    }
}

impl Drop for SimAnnouncement {
    fn drop(&mut self) {
        let SimDiscovery { shared, node } = &self.discovery;
        let mut kernel = shared.lock();
        // A machine that has crashed says no goodbye.
        if kernel.machine(*node).crashes == self.crashes {
            kernel.withdraw(*node, self.session);
        }
    }
}

/// Follows what one machine has heard.
struct Reader {
    discovery: SimDiscovery,
    number: u64,
    told: SessionTable,
}

impl Stream for Reader {
    type Item = SessionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SessionEvent>> {
        let Self { discovery: SimDiscovery { shared, node }, number, told } = &mut *self;
        let mut kernel = shared.lock();
        if let Some(event) = told.follow(kernel.domain.table(*node)) {
            return Poll::Ready(Some(event));
        }
        let Some(place) = kernel.domain.reader(*node, *number) else { return Poll::Ready(None) };
        let before = keep(place, cx.waker());
        drop(kernel);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let SimDiscovery { shared, node } = &self.discovery;
        let waker = shared.lock().domain.drop_reader(*node, self.number);
        drop(waker);
    }
}
