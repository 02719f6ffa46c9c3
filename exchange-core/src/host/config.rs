//! What a host is made with.

use core::time::Duration;

#[cfg(doc)]
use super::Round;
#[cfg(doc)]
use crate::seam::{Effect, Input};
use crate::{
    identity::Identity,
    limits::{Limits, Timing},
    name::{Nick, SessionName},
    reason::Durability,
};

/// Whom a host lets into its session. Whoever has come in once comes back, in whichever run, unless they were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// Everybody.
    #[default]
    Open,
    /// Those who have proven that they know a [secret](crate::wire::Keyring::lock).
    BySecret,
    /// Those whom somebody [lets in](Round::admit) when they [knock](crate::Event::Knocked), which only those can who prove
    /// who they are.
    ByApproval,
}

/// What a host is made with.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// What the session is called.
    pub name: SessionName,
    /// What the host itself is called.
    pub nick: Nick,
    /// Who the host itself is, where links prove that; `None` for anybody. With a [store](Self::store), it is kept there.
    pub identity: Option<Identity>,
    /// Whom it lets in.
    pub admission: Admission,
    /// What it bounds.
    pub limits: Limits,
    /// How long it waits for what.
    pub timing: Timing,
    /// How long without [`Input::Activity`] until its owner is shown as away; `None` for never.
    pub idle: Option<Duration>,
    /// Whether others are told how far its owner has [read](Round::read).
    pub read_receipts: bool,
    /// How safely [`Effect::Store`] keeps what happens; `None` if nothing is to be kept beyond the
    /// host's life.
    pub store: Option<Durability>,
}

impl HostConfig {
    /// A session of this name, hosted by somebody of that name, with the usual limits.
    pub fn new(name: SessionName, nick: Nick) -> Self {
        let (limits, timing) = (Limits::default(), Timing::default());
        Self {
            name,
            nick,
            identity: None,
            admission: Admission::Open,
            limits,
            timing,
            idle: None,
            read_receipts: false,
            store: None,
        }
    }
}
