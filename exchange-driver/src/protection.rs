//! What links are secured with.

use exchange_core::{Identity, Seed, wire::Keyring};

#[derive(Debug, Default)]
pub(crate) enum Protection {
    /// As somebody new.
    #[default]
    AsAnybody,
    As(Identity),
    /// In the clear.
    None,
}

impl Protection {
    /// Who somebody is to prove to be, unless they are known already.
    pub(crate) fn identity(&self, seed: &Seed) -> Option<Identity> {
        match self {
            Self::AsAnybody => Some(Identity::anybody(seed)),
            Self::As(identity) => Some(identity.clone()),
            Self::None => None,
        }
    }

    /// The keys of whoever somebody proves to be.
    pub(crate) fn keyring(&self, identity: Option<&Identity>, seed: &Seed) -> Option<Keyring> {
        match self {
            Self::None => None,
            Self::AsAnybody | Self::As(_) => identity.map(|identity| Keyring::new(identity.clone(), seed)),
        }
    }
}
