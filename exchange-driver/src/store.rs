//! What hosts and clients keep beyond their life: where rows go, and where they come from.

use std::{error::Error, future::Future, pin::Pin};

use bytes::Bytes;
use exchange_core::{
    Durability, SessionName,
    store::{Change, Damage, Key},
};

/// What becomes of something that a [`Store`] is asked to do.
pub type Storing<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// Where a host keeps what happens, or a client what waits, so that another may go on with it; see
/// [`exchange_core::store`].
///
/// It is asked for one thing at a time. What it is asked for it must not do in the caller's thread if that takes long: a
/// database has a thread of its own, and the futures wait for that.
pub trait Store: Send + 'static {
    /// How safely something is kept once [`keep`](Self::keep) has said so.
    fn durability(&self) -> Durability;

    /// Everything that is kept; nothing, if it is new. It is asked for before anything else.
    fn load(&mut self) -> Storing<Vec<(Key, Bytes)>>;

    /// Keeps all of these changes or none, after all that were kept before. Once it has failed it is not asked again.
    fn keep(&mut self, changes: Vec<Change>) -> Storing<()>;
}

/// Why something is not kept, or cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It can be read, and does not make sense.
    #[error("what was kept cannot be used: {0}")]
    Damage(#[from] Damage),
    /// It was kept in another session, where what waits belongs.
    #[error("what was kept is of the session \"{0}\"")]
    OtherSession(SessionName),
    /// Whatever else it may be.
    #[error("{0}")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}
