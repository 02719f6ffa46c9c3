//! What newcomers have to know, and what becomes of it once wrong guesses have spent it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use exchange_core::{JoinCode, JoinSecret, Time, wire::Keyring};

/// How long a secret is locked with at the least: so long has whoever guesses to wait after twenty guesses, for twenty more.
const AT_LEAST: Duration = Duration::from_secs(60);

/// The code that lets newcomers in, where it is a code that does.
#[derive(Clone, Debug, Default)]
pub(crate) struct CurrentCode(Arc<Mutex<Option<JoinCode>>>);

impl CurrentCode {
    pub(crate) fn get(&self) -> Option<JoinCode> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, code: Option<JoinCode>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = code;
    }
}

#[derive(Debug)]
pub(super) struct Lock {
    code: CurrentCode,
    since: Time,
}

impl Lock {
    pub(super) fn new(keyring: &Keyring, now: Time) -> Self {
        let code = CurrentCode::default();
        code.set(keyring.secret().and_then(JoinSecret::code));
        Self { code, since: now }
    }

    pub(super) fn code(&self) -> CurrentCode {
        self.code.clone()
    }

    /// When the secret is to be renewed, if it has to be.
    pub(super) fn wake(&self, keyring: &Keyring) -> Option<Time> {
        keyring.is_spent().then_some(self.since + AT_LEAST)
    }

    /// Draws a new code where the one before is spent, and lets a passphrase be tried again. The code, if there is a new one.
    pub(super) fn renew(&mut self, keyring: &mut Keyring, now: Time) -> Option<JoinCode> {
        self.wake(keyring).filter(|at| *at <= now)?;
        let secret = keyring.secret()?.clone();
        self.since = now;
        let fresh = secret.code().map(|_| keyring.draw_code());
        keyring.lock(fresh.map_or(secret, Into::into));
        self.code.set(fresh);
        fresh
    }
}
