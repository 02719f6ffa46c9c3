//! How hosts make their sessions known, and how others find them.
//!
//! [`Discovery`] is all that the rest of Exchange knows of it. [`Mdns`] finds sessions on the local network; whoever
//! has another way, a list of addresses, a server, a simulated network, implements the trait: announcing gives an
//! [`Announcement`], browsing gives a [`Browse`], which any stream of events can be made into.
//!
//! What is discovered is a hint, never a fact, and there is always another way in: an address that somebody typed.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use exchange_core::{
    SessionId,
    discovery::{PeerRecord, SessionEvent},
};
use futures_core::Stream;

mod interfaces;
#[cfg(feature = "mdns")]
mod mdns;

pub use self::interfaces::is_virtual_interface;
#[cfg(feature = "mdns")]
pub use self::mdns::{Interfaces, Mdns, MdnsConfig};

/// A way to make sessions known and to find them.
///
/// None of its functions waits.
pub trait Discovery: fmt::Debug + Send + Sync + 'static {
    /// Makes a session known, until the announcement is dropped.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::AlreadyAnnounced`] if it is announced here already, and [`DiscoveryError::Closed`] and
    /// [`DiscoveryError::Failed`] as their names say.
    fn announce(&self, record: &PeerRecord) -> Result<Box<dyn Announcement>, DiscoveryError>;

    /// Looks for sessions, until the browse is dropped. Those that are known already come first.
    ///
    /// It finds the sessions that are announced here too.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::Closed`] and [`DiscoveryError::Failed`] as their names say.
    fn browse(&self) -> Result<Browse, DiscoveryError>;
}

/// A session that is being announced. Dropping it takes the announcement back, without waiting for that to happen.
pub trait Announcement: fmt::Debug + Send + Sync + 'static {
    /// Announces the session with this record from now on. Changes in quick succession may be announced as one.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::OtherSession`] if the record is of another session than the one announced, and
    /// [`DiscoveryError::Closed`] and [`DiscoveryError::Failed`] as their names say.
    fn update(&self, record: &PeerRecord) -> Result<(), DiscoveryError>;

    /// Takes the announcement back, at once; the future is ready when the others have been told, as far as they can
    /// be.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future only ends the waiting.
    fn withdraw(self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What sessions appear, change and disappear: a stream that ends when the discovery is closed.
///
/// It may be read at any pace. Applied in order to an empty map, its events give the sessions that are there.
///
/// ```
/// use std::pin::pin;
/// use exchange_core::{Nick, SessionId, SessionName};
/// use exchange_core::discovery::{PeerRecord, SessionEvent};
/// use exchange_driver::discovery::Browse;
/// use futures_util::{FutureExt as _, StreamExt as _, stream};
///
/// // A discovery that knows one session and nothing else.
/// let (session, name, host) = (SessionId::from_bytes([1; 16]), SessionName::new("Ops")?, Nick::new("ana")?);
/// let mut record = PeerRecord::new(session, name, host, 27027);
/// record.addresses.push("192.0.2.1:27027".parse()?);
/// let mut browse = Browse::new(stream::iter([SessionEvent::Appeared(record.clone())]), |_| {});
/// assert_eq!(browse.next().now_or_never(), Some(Some(SessionEvent::Appeared(record))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Browse {
    events: Pin<Box<dyn Stream<Item = SessionEvent> + Send>>,
    suspect: Box<dyn Fn(SessionId) + Send + Sync>,
}

impl Browse {
    /// A browse that yields these events, and calls `suspect` with each session that is [suspected](Self::suspect).
    pub fn new(
        events: impl Stream<Item = SessionEvent> + Send + 'static,
        suspect: impl Fn(SessionId) + Send + Sync + 'static,
    ) -> Self {
        Self { events: Box::pin(events), suspect: Box::new(suspect) }
    }

    /// Says that a session may be gone: nobody answers at its address, or a link to it was lost.
    ///
    /// The discovery asks for it again: if nobody answers, [`SessionEvent::Disappeared`] follows in seconds, where it
    /// would have taken minutes. Returns at once.
    pub fn suspect(&self, session: SessionId) {
        (self.suspect)(session);
    }
}

impl Stream for Browse {
    type Item = SessionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SessionEvent>> {
        self.events.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Browse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browse").finish_non_exhaustive()
    }
}

/// Why a discovery did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// It has been shut down.
    #[error("the discovery has been shut down")]
    Closed,
    /// The session is announced already; that announcement can be updated.
    #[error("the session is announced already")]
    AlreadyAnnounced,
    /// The record is of another session than the one announced.
    #[error("the record is of another session than the one announced")]
    OtherSession,
    /// The mechanism beneath failed.
    #[error("the discovery failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
