//! What newcomers have to know, and what becomes of it once wrong guesses have spent it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use exchange_core::{Event, JoinCode, JoinSecret, Time, wire::Keyring};

use super::{Engine, Machine, publish};
use crate::runtime::Runtime;

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

impl<R: Runtime, M: Machine> Engine<R, M> {
    /// Renews the secret of its keyring whenever it is spent.
    pub(crate) fn renew_secret(&mut self) -> CurrentCode {
        let now = self.runtime.now();
        let lock =
            self.keyring.as_ref().filter(|keyring| keyring.secret().is_some()).map(|keyring| Lock::new(keyring, now));
        self.lock = lock;
        self.lock.as_ref().map(Lock::code).unwrap_or_default()
    }

    /// Renews the secret that strangers have to know, if it has to be.
    pub(super) fn renew(&mut self, now: Time) {
        if let (Some(lock), Some(keyring)) = (&mut self.lock, &mut self.keyring)
            && let Some(code) = lock.renew(keyring, now)
        {
            publish(&self.events, Event::CodeRenewed { code });
        }
    }

    pub(super) fn renews_at(&self) -> Option<Time> {
        self.lock.as_ref()?.wake(self.keyring.as_ref()?)
    }
}
