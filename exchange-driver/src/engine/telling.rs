//! What is told of the engine's work to whoever debugs it, and to whoever asks for numbers.

use std::fmt;

use exchange_core::{Ended, LinkId, Peer, Refusals, WakeReason};
use futures_channel::oneshot;
use tracing::field::display;

use super::{Engine, Machine};
use crate::{runtime::Runtime, stats::Stats};

/// What the engine has set its timer for.
#[derive(Clone, Copy)]
pub(super) enum Alarm {
    Machine(WakeReason),
    /// A link that has ended has had the time it has for its last bytes.
    Linger,
    /// What a session may take to end is over.
    Phase,
    /// Accepting is tried again.
    Accept,
    /// A stranger has its turn.
    Door,
    /// The secret that strangers have to know is renewed.
    Secret,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(reason) => write!(f, "{reason:?}"),
            Self::Linger => f.write_str("Linger"),
            Self::Phase => f.write_str("Phase"),
            Self::Accept => f.write_str("Accept"),
            Self::Door => f.write_str("Door"),
            Self::Secret => f.write_str("Secret"),
        }
    }
}

/// A link that stood is over; every one is told of once.
pub(super) fn link_ended(link: LinkId, peer: Option<&Peer>, cause: Ended) {
    let (nick, peer) = (peer.map(|peer| display(&peer.nick)), peer.map(|peer| display(peer.id)));
    tracing::debug!(%link, peer, nick, reason = %cause, "link ended");
}

impl<R: Runtime, M: Machine> Engine<R, M> {
    /// Says how it stands at the end of a round; of a session that is over, nothing.
    pub(super) fn count(&self, asked: Vec<oneshot::Sender<Stats>>) {
        for reply in asked.into_iter().filter(|_| !self.machine.is_closed()) {
            let Refusals { all, postponed } = self.machine.refusals();
            let _ = reply.send(Stats {
                links: self.links.len() - self.ending.len(),
                undelivered: self.machine.unsettled(),
                entries: self.machine.entries(),
                refusals: all,
                postponed,
                ..self.stats
            });
        }
    }
}
