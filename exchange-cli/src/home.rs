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
    find::quoted,
    line::Line,
};

/// Where both are kept, if there is a place for them.
#[derive(Debug)]
pub(crate) struct Home {
    identity: Option<Identity>,
    hosts: Option<KnownHosts>,
    /// Whether the user has said which place.
    is_named: bool,
}

/// The files in which both are kept, and what is set.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) config: PathBuf,
    pub(crate) identity: PathBuf,
    pub(crate) hosts: KnownHosts,
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
    /// It has proven to know the code that one knows oneself.
    ByCode,
    /// Somebody has made sure that it is whom they mean.
    Verified,
    /// It is oneself.
    Own,
}

impl Trust {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Insecure => "insecure",
            Self::New => "new",
            Self::Known => "known",
            Self::ByCode | Self::Verified => "verified",
            Self::Own => "own",
        }
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Insecure => "Not encrypted: everybody on the network can read along.",
            Self::New => "Encrypted, with a host whom you meet for the first time.",
            Self::Known => "Encrypted, with the host whom you met here before.",
            Self::ByCode => "Encrypted, with a host who knows the code as well.",
            Self::Verified => "Encrypted, with the host whom you have verified.",
            Self::Own => "Encrypted.",
        }
    }
}

impl Home {
    /// Opens it, and makes it if there is none.
    pub(crate) fn open(common: &Common) -> Result<Self, Failure> {
        let is_named = common.home.is_some();
        let Some(files) = Files::of(common) else { return Ok(Self { identity: None, hosts: None, is_named }) };
        let identity = device::identity(&files.identity).map_err(|error| failure(&error))?;
        Ok(Self { identity: Some(identity), hosts: Some(files.hosts), is_named })
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

    /// Somebody has proven to host that session, and perhaps to be whom one means; keeps that, unless it is somebody else than
    /// before.
    pub(crate) fn meet(
        &self,
        session: &SessionName,
        host: Option<PeerId>,
        meant: Option<Trust>,
    ) -> Result<Trust, Failure> {
        let Some(peer) = host else { return Ok(Trust::Insecure) };
        let known = self.known(session)?;
        if let Some(known) = known.filter(|known| known.peer != peer) {
            return Err(self.somebody_else(session, known.peer, peer));
        }
        let (is_new, was_verified) = (known.is_none(), known.is_some_and(|known| known.is_verified));
        if is_new || meant.is_some() && !was_verified {
            let known = KnownHost { is_verified: meant.is_some(), ..known.unwrap_or_else(|| met(peer)) };
            let kept = self.hosts.as_ref().map_or(Ok(()), |hosts| hosts.put(session, known));
            kept.map_err(|error| failure(&error))?;
        }
        let as_before = match (was_verified, is_new) {
            (true, _) => Trust::Verified,
            (_, true) => Trust::New,
            _ => Trust::Known,
        };
        Ok(meant.unwrap_or(as_before))
    }

    fn known(&self, session: &SessionName) -> Result<Option<KnownHost>, Failure> {
        let known = self.hosts.as_ref().map(|hosts| hosts.get(session)).transpose();
        Ok(known.map_err(|error| failure(&error))?.flatten())
    }

    /// What there is to say, and to do, if a session is hosted by somebody else than before.
    pub(crate) fn somebody_else(&self, session: &SessionName, known: PeerId, found: PeerId) -> Failure {
        let failure = Failure::new(
            Exit::Stranger,
            format!("Whoever hosts \"{session}\" now is not who did before: {found}, and not {known}."),
            "It may be somebody else's session of that name, or somebody who wants to be taken for its host.",
        );
        let name = quoted(session).unwrap_or_else(|| "NAME".into());
        let end = if self.is_named { ", with the same --home" } else { "" };
        let line = |what| Line::err(false).ours(what);
        let trust = line("If you know that it is meant so: exchange id trust ").theirs(&name).ours(" ").theirs(found);
        let forget = line("To meet its host anew: exchange id forget ").theirs(&name);
        let more = vec![trust.ours(end), forget.ours(end)];
        Failure { more, ..failure }
    }
}

impl Files {
    /// Those that the user names, or the usual ones; none where there is no place for them.
    pub(crate) fn of(common: &Common) -> Option<Self> {
        let named = common.home.clone().or_else(|| env::var_os("EXCHANGE_HOME").map(PathBuf::from));
        let folder = named.or_else(|| Some(etcetera::choose_base_strategy().ok()?.config_dir().join("exchange")))?;
        let (config, identity) = (folder.join("config.toml"), folder.join("identity"));
        Some(Self { config, identity, hosts: KnownHosts::at(folder.join("hosts")) })
    }
}

/// Somebody who is known from now on, and of whom nobody has made sure.
pub(crate) fn met(peer: PeerId) -> KnownHost {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    KnownHost { peer, since, is_verified: false }
}

pub(crate) fn failure(error: &impl ToString) -> Failure {
    Failure::new(
        Exit::Store,
        format!("Cannot tell who you are: {}.", error.to_string()),
        "--home names another folder.",
    )
}
