//! What links are secured with, and who may come.

use exchange_core::{Identity, JoinCode, JoinSecret, Seed, wire::Keyring};

/// What newcomers have to know.
#[derive(Debug)]
pub(crate) enum Secret {
    /// A code that nobody has seen yet.
    NewCode,
    This(JoinSecret),
}

impl Secret {
    pub(crate) fn draw(self, seed: &Seed) -> JoinSecret {
        match self {
            Self::NewCode => JoinCode::draw(seed).into(),
            Self::This(secret) => secret,
        }
    }
}

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
