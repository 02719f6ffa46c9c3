//! Who one is and whom one knows, from one run of the program to the next.

use std::{
    env,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use etcetera::BaseStrategy as _;
use exchange_tokio::{
    core::{Identity, PeerId, SessionName, Timestamp},
    device::{self, KnownHost, KnownHosts},
};

use crate::{
    args::Common,
    exit::{Exit, Failure},
};

/// Where both are kept, if there is a place for them.
#[derive(Debug)]
pub(crate) struct Home {
    identity: Option<Identity>,
    hosts: Option<KnownHosts>,
}

/// How well one knows the host of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nobody has proven anything.
    Insecure,
    /// It is whoever was met first, just now.
    New,
    /// It is whoever it was the last time.
    Known,
    /// Somebody has made sure that it is whom they mean.
    Verified,
}

impl Home {
    /// Opens it, and makes it if there is none.
    pub(crate) fn open(common: &Common) -> Result<Self, Failure> {
        let Some(folder) = folder(common) else { return Ok(Self { identity: None, hosts: None }) };
        let identity = device::identity(&folder.join("identity")).map_err(|error| failure(&error))?;
        Ok(Self { identity: Some(identity), hosts: Some(KnownHosts::at(folder.join("hosts"))) })
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Is somebody new from now on: who hosts a session cannot be its own guest.
    pub(crate) fn become_somebody_new(&mut self) -> bool {
        self.identity.take().is_some()
    }

    /// Who has to host that session, as far as one knows.
    pub(crate) fn host_of(&self, session: &SessionName) -> Result<Option<PeerId>, Failure> {
        Ok(self.known(session)?.map(|known| known.peer))
    }

    /// Somebody has proven to host that session; keeps that, unless it is somebody else than before.
    pub(crate) fn meet(&self, session: &SessionName, host: Option<PeerId>) -> Result<Trust, Failure> {
        let Some(peer) = host else { return Ok(Trust::Insecure) };
        match self.known(session)? {
            Some(known) if known.peer != peer => Err(somebody_else(session, known.peer, peer)),
            Some(known) => Ok(if known.is_verified { Trust::Verified } else { Trust::Known }),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let since = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
                let known = KnownHost { peer, since, is_verified: false };
                self.hosts
                    .as_ref()
                    .map_or(Ok(()), |hosts| hosts.put(session, known))
                    .map_err(|error| failure(&error))?;
                Ok(Trust::New)
            }
        }
    }

    fn known(&self, session: &SessionName) -> Result<Option<KnownHost>, Failure> {
        let known = self.hosts.as_ref().map(|hosts| hosts.get(session)).transpose();
        Ok(known.map_err(|error| failure(&error))?.flatten())
    }
}

/// What there is to say, and to do, if a session is hosted by somebody else than before.
pub(crate) fn somebody_else(session: &SessionName, known: PeerId, found: PeerId) -> Failure {
    Failure::new(
        Exit::Stranger,
        format!("Whoever hosts \"{session}\" now is not who did before: {found}, and not {known}."),
        "It may be somebody else's session of that name, or somebody who wants to be taken for its host.",
    )
}

fn folder(common: &Common) -> Option<PathBuf> {
    let named = common.home.clone().or_else(|| env::var_os("EXCHANGE_HOME").map(PathBuf::from));
    named.or_else(|| Some(etcetera::choose_base_strategy().ok()?.config_dir().join("exchange")))
}

fn failure(error: &impl ToString) -> Failure {
    Failure::new(
        Exit::Store,
        format!("Cannot tell who you are: {}.", error.to_string()),
        "--home names another folder.",
    )
}
