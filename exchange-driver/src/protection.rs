//! What links are secured with, and who may come.

use exchange_core::{Admission, Identity, JoinCode, JoinSecret, Seed, wire::Keyring};

/// Which newcomers come in.
#[derive(Debug, Default)]
pub(crate) enum Newcomers {
    #[default]
    All,
    /// Those who know a code that nobody has seen yet.
    ByNewCode,
    By(JoinSecret),
    ByApproval,
}

impl Newcomers {
    pub(crate) fn admission(&self) -> Admission {
        match self {
            Self::All => Admission::Open,
            Self::ByNewCode | Self::By(_) => Admission::BySecret,
            Self::ByApproval => Admission::ByApproval,
        }
    }

    /// What they have to know, if they have to know something.
    pub(crate) fn secret(self, seed: &Seed) -> Option<JoinSecret> {
        match self {
            Self::All | Self::ByApproval => None,
            Self::ByNewCode => Some(JoinCode::draw(seed).into()),
            Self::By(secret) => Some(secret),
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
    pub(crate) fn keyring(&self, identity: Option<&Identity>, seed: &Seed, has_aes: bool) -> Option<Keyring> {
        match self {
            Self::None => None,
            Self::AsAnybody | Self::As(_) => {
                identity.map(|identity| Keyring::new(identity.clone(), seed).with_aes(has_aes))
            }
        }
    }
}
