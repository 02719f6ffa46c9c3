//! Who may come into a session that is not for everybody: whoever has proven on its link that it knows the secret, or was
//! approved of when it knocked; and whoever has been in before.

use alloc::collections::{BTreeSet, VecDeque};

use super::{Admission, Host, Round};
use crate::{
    event::{Event, Peer},
    ids::PeerId,
    reason::{CloseReason, Refusal},
    seam::{LinkId, Outbox, Proven},
    time::Time,
};

#[derive(Debug)]
pub(super) struct Lock {
    pub(super) admission: Admission,
    /// Who has come in; remembered also while everybody may.
    pub(super) let_in: BTreeSet<PeerId>,
    /// Who waits for an answer, and who has got one that they did not want; the last of them.
    knocking: VecDeque<Peer>,
    turned_away: VecDeque<PeerId>,
}

impl Lock {
    pub(super) fn new(admission: Admission) -> Self {
        Self { admission, let_in: BTreeSet::new(), knocking: VecDeque::new(), turned_away: VecDeque::new() }
    }
}

impl Round<'_> {
    /// Lets somebody in who [knocks](Event::Knocked): when they come again, which they do by themselves.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoSuchPeer`] if they do not knock, [`Refusal::Closed`] if the session is over.
    pub fn admit(&mut self, peer: PeerId) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.answer_knock(peer, true)
    }

    /// Turns somebody away who knocks, for as long as this host lives.
    ///
    /// # Errors
    ///
    /// Those of [`admit`](Self::admit).
    pub fn turn_away(&mut self, peer: PeerId) -> Result<(), Refusal> {
        self.host.check_open()?;
        self.host.answer_knock(peer, false)
    }
}

impl Host {
    /// Whom it lets in.
    pub fn admission(&self) -> Admission {
        self.lock.admission
    }

    /// Who has knocked and waits for an answer, the first to knock first.
    pub fn knocking(&self) -> impl Iterator<Item = &Peer> {
        self.lock.knocking.iter()
    }

    /// Whether somebody whom nobody has met yet may come in, or else why not.
    pub(super) fn lets_in(&self, peer: PeerId, proven: Option<Proven>) -> Result<(), CloseReason> {
        let has_been_here = proven.is_some() && self.lock.let_in.contains(&peer);
        if has_been_here || cfg!(exchange_bug = "locked-lets-everybody-in") {
            return Ok(());
        }
        match (self.lock.admission, proven) {
            (Admission::Open, _) | (Admission::BySecret, Some(Proven { by_secret: true, .. })) => Ok(()),
            (Admission::ByApproval, Some(_)) => Err(CloseReason::Knocking),
            (Admission::BySecret | Admission::ByApproval, _) => Err(CloseReason::Locked),
        }
    }

    /// Somebody is at the door. Its link ends for the reason that this gives; while it waits for an answer, it comes again.
    pub(super) fn knocks(&mut self, now: Time, link: LinkId, who: Peer, out: &mut Outbox) -> CloseReason {
        if self.lock.turned_away.contains(&who.id) {
            return CloseReason::TurnedAway;
        }
        if let Some(known) = self.lock.knocking.iter_mut().find(|known| known.id == who.id) {
            *known = who;
            return CloseReason::Knocking;
        }
        // Whoever knocks under ever new names is heard no more often than they could come in.
        if !self.admits_newcomer(now, link) {
            return CloseReason::Full;
        }
        if self.lock.knocking.len() >= self.limits.invitations {
            self.lock.knocking.pop_front();
        }
        self.lock.knocking.push_back(who.clone());
        out.event(Event::Knocked { peer: who });
        CloseReason::Knocking
    }

    /// Gives whoever knocks an answer.
    pub(super) fn answer_knock(&mut self, peer: PeerId, may_come: bool) -> Result<(), Refusal> {
        let place = self.lock.knocking.iter().position(|known| known.id == peer).ok_or(Refusal::NoSuchPeer)?;
        self.lock.knocking.remove(place);
        if may_come {
            self.let_in(peer);
        } else {
            self.lock.turned_away.push_back(peer);
            if self.lock.turned_away.len() > self.limits.sanctions {
                self.lock.turned_away.pop_front();
            }
        }
        Ok(())
    }

    /// Whoever has come in by the secret needs it no more, in whichever run.
    pub(super) fn has_come_in(&mut self, link: LinkId) {
        if let Some(proven) =
            self.links.get(&link).and_then(|link| link.proven.as_deref()).filter(|proven| proven.by_secret)
        {
            self.let_in(proven.peer());
        }
    }

    /// That peer may come in, until so many others may that it may be forgotten.
    fn let_in(&mut self, peer: PeerId) {
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

    /// Whoever comes as that peer has to be let in again.
    pub(super) fn shut_out(&mut self, peer: PeerId) {
        if self.lock.let_in.remove(&peer) {
            self.changes_let_in(peer);
        }
    }
}
