//! The seam between a machine and whoever drives it: plain data in, plain data out.
//!
//! A driver hands every [`Input`] to the machine together with an [`Outbox`], then does every [`Effect`] it finds
//! there, and calls again when the [`Wake`] is due or something happens. There is nothing to poll and no order to keep:
//! any number of inputs may go in before the effects are done.

use alloc::{collections::VecDeque, vec::Vec};
use core::{fmt, net::IpAddr};

use bytes::Bytes;

use crate::{
    event::Event,
    identity::PublicIdentity,
    ids::PeerId,
    message::Encoding,
    reason::{CloseReason, Violation},
    store::Change,
    time::{Time, Timestamp},
    wire::Versions,
};

/// One connection, by the number that whoever opened it gave: the driver of a host for each it accepts, the client
/// itself for each it dials. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What can happen to a machine.
///
/// Inputs about a link that the machine has closed or never knew are ignored: such crossings are normal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// Time has passed.
    Tick,
    /// The wall clock shows this now. Told at the start and whenever it may have been set: where it has jumped ahead of
    /// the monotonic clock, the machine has slept, and a client looks at once whether its link is still there.
    WallClock {
        /// What it shows.
        at: Timestamp,
    },
    /// A byte stream is there; its preamble is not through yet.
    LinkUp {
        /// The new link.
        link: LinkId,
        /// How many bytes the transport will take at once.
        credit: u32,
        /// The address it comes from, for a host: one address gets [so many](crate::Limits::links_per_address) and no
        /// more. `None` where addresses mean nothing; those links count for none.
        from: Option<IpAddr>,
    },
    /// The preamble is through: frames can go both ways.
    Opened {
        /// Which link.
        link: LinkId,
        /// How its messages are encoded.
        encoding: Encoding,
        /// Who is at the other end, where a handshake has proven that.
        proven: Option<Proven>,
    },
    /// Bytes came, and the frame they belong to is not whole yet: whoever sent them is there.
    Bytes {
        /// Which link.
        link: LinkId,
    },
    /// A frame came.
    Frame {
        /// Which link.
        link: LinkId,
        /// The message, without its length.
        body: &'a [u8],
    },
    /// The transport has passed on this many of the bytes it was given and takes as many more.
    Credit {
        /// Which link.
        link: LinkId,
        /// How many bytes.
        bytes: u32,
    },
    /// What came was not this protocol's; nothing more will come.
    Fault {
        /// Which link.
        link: LinkId,
        /// How the protocol was broken.
        violation: Violation,
    },
    /// The byte stream is gone, or could not be had.
    LinkDown {
        /// Which link.
        link: LinkId,
        /// Why.
        loss: LinkLoss,
    },
    /// The network may have changed or come back: try now rather than later.
    NetworkChanged,
    /// Whoever the machine speaks for is at the keyboard.
    Activity,
    /// Everything of [`Effect::Store`] up to this batch is kept, as safely as the machine was told that it would be.
    Stored {
        /// The last of the batches that are.
        batch: u64,
    },
    /// A batch cannot be kept, nor any after it. The session ends, and nobody is shown what was not kept.
    StoreFailed,
}

/// What a handshake has proven of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who is there.
    pub identity: PublicIdentity,
    /// Whether it knows the [secret](crate::JoinSecret) that this end does.
    pub by_secret: bool,
}

impl Proven {
    /// The id of who is there.
    pub fn peer(&self) -> PeerId {
        self.identity.peer()
    }
}

/// Why a byte stream is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkLoss {
    /// The other side ended it.
    #[error("connection closed by the other side")]
    Closed,
    /// It broke.
    #[error("connection lost")]
    Broken,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No answer in time.
    #[error("connection timed out")]
    TimedOut,
    /// There is no way there.
    #[error("network unreachable")]
    Unreachable,
    /// There is no such session or host name.
    #[error("not found")]
    NotFound,
    /// It did not speak this protocol.
    #[error("protocol violation: {0}")]
    Violation(Violation),
    /// The two sides have no version of the protocol in common.
    #[error("version mismatch: we speak {ours}, they speak {theirs}")]
    Versions {
        /// What this side speaks.
        ours: Versions,
        /// What the other side speaks.
        theirs: Versions,
    },
    /// The two sides have no encoding in common.
    #[error("nothing in common to speak with")]
    NothingInCommon,
    /// The other side speaks in the clear only, and this one does not.
    #[error("the other side is not encrypted")]
    NotEncrypted,
    /// The other side speaks encrypted only, and this one in the clear.
    #[error("the other side speaks encrypted only")]
    OnlyEncrypted,
    /// This side comes as one who knows the session's secret, and the session has none.
    #[error("the session asks for no code")]
    NotLocked,
    /// The other side does not know the secret that this one does, or somebody stands in between.
    #[error("wrong code")]
    WrongSecret,
    /// The secret was guessed at too often.
    #[error("wrong codes were tried too often; the host has a new one, or will let others try later")]
    NoGuess,
    /// Somebody else is there than who should be.
    #[error("somebody else is there: {found}, and not {expected}")]
    Stranger {
        /// Who should be there.
        expected: PeerId,
        /// Who is there, and has proven it.
        found: PeerId,
    },
}

impl LinkLoss {
    /// Whether trying again without any change is pointless.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Versions { .. }
                | Self::NothingInCommon
                | Self::NotEncrypted
                | Self::OnlyEncrypted
                | Self::NotLocked
                | Self::WrongSecret
                | Self::Stranger { .. }
        )
    }
}

/// What a machine wants done. Exhaustive on purpose: a driver that does not know one must not compile.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// Pass these bytes on, after all before them on that link.
    ///
    /// One or more whole frames, each led by its length. All links that get the same entries share their memory.
    Send {
        /// Which link.
        link: LinkId,
        /// The frames.
        frames: Bytes,
    },
    /// Pass on what was sent, then end the link. The machine has forgotten it already.
    Close {
        /// Which link.
        link: LinkId,
        /// Why.
        reason: CloseReason,
    },
    /// Connect to the host, under this id, and say [`Input::LinkUp`] or [`Input::LinkDown`]. Only clients ask for it.
    Dial {
        /// The id of the new link.
        link: LinkId,
    },
    /// Keep these changes of [rows](crate::store), all of them or none, after those of all batches before; then say
    /// [`Input::Stored`]. Only hosts and clients that were [made](crate::HostConfig::store)
    /// [so](crate::ClientConfig::keeps) ask for it.
    Store {
        /// The number of the batch; the first is 1.
        batch: u64,
        /// What changes.
        changes: Vec<Change>,
    },
    /// Tell the application.
    Event(Event),
}

/// In each round this part of what was usual before counts no more.
const FORGETTING: usize = 8;

/// How many times the memory that is usually needed is kept, and of how many effects in any case.
const SPARE: usize = 16;

/// Where a machine puts what it wants done. Made once and reused.
#[derive(Debug, Default)]
pub struct Outbox {
    effects: VecDeque<Effect>,
    wake: Option<Wake>,
    /// How many effects a round has left here of late.
    usual: usize,
}

impl Outbox {
    /// An empty outbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the oldest effect out.
    pub fn pop(&mut self) -> Option<Effect> {
        let effect = self.effects.pop_front();
        if effect.is_none() {
            self.give_back();
        }
        effect
    }

    /// Takes all effects out, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.effects.drain(..)
    }

    /// When the machine wants its next [`Input::Tick`] at the latest, as of the last input.
    pub fn wake(&self) -> Option<Wake> {
        self.wake
    }

    pub(crate) fn send(&mut self, link: LinkId, frames: Bytes) {
        self.effects.push_back(Effect::Send { link, frames });
    }

    pub(crate) fn close(&mut self, link: LinkId, reason: CloseReason) {
        self.effects.push_back(Effect::Close { link, reason });
    }

    pub(crate) fn dial(&mut self, link: LinkId) {
        self.effects.push_back(Effect::Dial { link });
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.effects.push_back(Effect::Event(event));
    }

    pub(crate) fn store(&mut self, batch: u64, changes: Vec<Change>) {
        self.effects.push_back(Effect::Store { batch, changes });
    }

    /// How many effects wait to be done.
    pub(crate) fn len(&self) -> usize {
        self.effects.len()
    }

    /// Takes out all but the oldest so many.
    pub(crate) fn split_off(&mut self, at: usize) -> VecDeque<Effect> {
        self.effects.split_off(at)
    }

    pub(crate) fn extend(&mut self, effects: VecDeque<Effect>) {
        self.effects.extend(effects);
    }

    /// A round is over.
    pub(crate) fn set_wake(&mut self, wake: Option<Wake>) {
        self.wake = wake;
        self.usual = self.effects.len().max(self.usual - self.usual.div_ceil(FORGETTING));
    }

    /// Memory that only an unusual round needed: many who come at once are told a hundred times as much as usual.
    fn give_back(&mut self) {
        if self.effects.capacity() > SPARE && self.effects.capacity() / SPARE > self.usual {
            self.effects.shrink_to(2 * self.usual);
        }
    }
}

/// When a machine wants to be called again, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Time,
    /// What for.
    pub reason: WakeReason,
}

/// What a machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WakeReason {
    /// A link has to complete its handshake by then.
    Handshake,
    /// A link is probed, or found dead.
    Heartbeat,
    /// A peer whose link broke is shown as unreachable, and then as offline.
    Grace,
    /// A peer that did not come back loses its memberships.
    Expiry,
    /// Others are told of a peer's last change.
    Change,
    /// The others in a room are told how far somebody is, or somebody is not typing any more.
    Signals,
    /// Entries are too old to be kept.
    Retention,
    /// Whoever the machine speaks for is shown as away, unless there is a sign of life until then.
    Idle,
    /// A client dials again.
    Redial,
    /// A link has held for long enough to forget earlier failures.
    Healthy,
    /// A client may ask its host for more again.
    Pause,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(out: &mut Outbox, effects: u64) {
        (0..effects).for_each(|link| out.dial(LinkId(link)));
        out.set_wake(None);
        while out.pop().is_some() {}
    }

    /// Beyond that a move is a call, and on its way through a machine a message is moved some twenty times.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn what_there_is_one_of_for_every_message_is_moved_without_a_call() {
        assert!(size_of::<Effect>() <= 128, "{}", size_of::<Effect>());
        assert!(size_of::<crate::message::ToClient>() <= 128);
        assert!(size_of::<crate::message::ToHost>() <= 128);
    }

    #[test]
    fn what_one_round_alone_has_needed_is_given_back_and_what_is_usual_is_kept() {
        let mut out = Outbox::new();
        round(&mut out, 10_000);
        assert!(out.effects.capacity() >= 10_000, "the next may be like it");
        (0..100).for_each(|_| round(&mut out, 10));
        assert!(out.effects.capacity() < 1000, "{}", out.effects.capacity());
        (0..100).for_each(|turn| round(&mut out, 1000 * (turn % 2)));
        let kept = out.effects.capacity();
        assert!(kept >= 1000);
        (0..100).for_each(|turn| round(&mut out, 1000 * (turn % 2)));
        assert_eq!(out.effects.capacity(), kept, "it is not taken anew each time");
    }
}
