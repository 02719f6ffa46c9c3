//! Who may come into a locked session: whoever has proven on its link that it knows the secret, and whoever has before.

use alloc::collections::BTreeSet;

use super::Host;
use crate::{
    ids::PeerId,
    seam::{LinkId, Proven},
};

#[derive(Debug)]
pub(super) struct Lock {
    pub(super) is_locked: bool,
    /// Who has come in by the secret; remembered also while everybody may.
    pub(super) let_in: BTreeSet<PeerId>,
}

impl Lock {
    pub(super) fn new(is_locked: bool) -> Self {
        Self { is_locked, let_in: BTreeSet::new() }
    }
}

impl Host {
    /// Whether somebody whom nobody has met yet may come in.
    pub(super) fn lets_in(&self, peer: PeerId, proven: Option<Proven>) -> bool {
        let has_been_here = proven.is_some() && self.lock.let_in.contains(&peer);
        let is_locked = self.lock.is_locked && !cfg!(exchange_bug = "locked-lets-everybody-in");
        !is_locked || has_been_here || proven.is_some_and(|proven| proven.by_secret)
    }

    /// Whoever has come in by the secret needs it no more, in whichever run, until so many others have that it may be
    /// forgotten.
    pub(super) fn has_come_in(&mut self, link: LinkId) {
        let Some(Proven { peer, by_secret: true }) = self.links.get(&link).and_then(|link| link.proven) else { return };
        if !self.lock.let_in.insert(peer) {
            return;
        }
        self.changes_let_in(peer);
        // Ids are hashes: the first is anybody.
        let others = self.lock.let_in.iter().copied().filter(|other| *other != peer);
        let too_many = self.lock.let_in.len() > self.limits.remembered;
        if let Some(other) = others.take(usize::from(too_many)).next() {
            self.shut_out(other);
        }
    }

    /// Whoever comes as that peer needs the secret again.
    pub(super) fn shut_out(&mut self, peer: PeerId) {
        if self.lock.let_in.remove(&peer) {
            self.changes_let_in(peer);
        }
    }
}
