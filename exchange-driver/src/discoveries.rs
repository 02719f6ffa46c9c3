//! Which discovery a host or a client uses.

use std::{net::SocketAddr, sync::Arc};

use crate::{discovery::Discovery, error::NetworkError};

#[derive(Debug, Default)]
pub(crate) enum Discoveries {
    /// What is built in.
    #[default]
    Usual,
    These(Arc<dyn Discovery>),
    None,
}

impl Discoveries {
    /// Which of these addresses are worth announcing; none stand for all of this machine.
    ///
    /// `None` if nobody else could reach the session. A discovery that was chosen may well be for this machine alone.
    pub(crate) fn worth_announcing(&self, bound: &[SocketAddr]) -> Option<Vec<SocketAddr>> {
        if bound.iter().any(|address| address.ip().is_unspecified()) {
            return Some(Vec::new());
        }
        let is_chosen = matches!(self, Self::These(_));
        let reached = bound.iter().copied().filter(|address| is_chosen || !address.ip().is_loopback());
        Some(reached.collect()).filter(|reached: &Vec<_>| !reached.is_empty())
    }

    pub(crate) fn open(self) -> Result<Option<Arc<dyn Discovery>>, NetworkError> {
        match self {
            Self::Usual => usual(),
            Self::These(discovery) => Ok(Some(discovery)),
            Self::None => Ok(None),
        }
    }
}

/// Multicast DNS, by one daemon for the whole process: several would answer each other.
#[cfg(feature = "mdns")]
fn usual() -> Result<Option<Arc<dyn Discovery>>, NetworkError> {
    use std::sync::{Mutex, PoisonError, Weak};

    use crate::discovery::{Mdns, MdnsConfig};

    static SHARED: Mutex<Weak<Mdns>> = Mutex::new(Weak::new());

    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mdns) = shared.upgrade() {
        return Ok(Some(mdns));
    }
    let mdns = Arc::new(Mdns::new(&MdnsConfig::default()).map_err(NetworkError::Discovery)?);
    *shared = Arc::downgrade(&mdns);
    Ok(Some(mdns))
}

#[cfg(not(feature = "mdns"))]
#[expect(clippy::unnecessary_wraps, reason = "with a discovery built in it can fail")]
fn usual() -> Result<Option<Arc<dyn Discovery>>, NetworkError> {
    Ok(None)
}
