//! How what holds frames or rows is shown: without their bytes, because tokens travel and are kept in them.

use core::fmt::{self, Debug, Formatter};

use crate::{
    seam::{Effect, Input},
    wire::Received,
};

/// So many bytes, none of which are shown.
pub(crate) struct Bytes(pub(crate) usize);

impl Debug for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

impl Debug for Input<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick => f.write_str("Tick"),
            Self::WallClock { at } => f.debug_struct("WallClock").field("at", at).finish(),
            Self::LinkUp { link, credit, from } => {
                f.debug_struct("LinkUp").field("link", link).field("credit", credit).field("from", from).finish()
            }
            Self::Opened { link, encoding, proven } => {
                let mut shown = f.debug_struct("Opened");
                shown.field("link", link).field("encoding", encoding).field("proven", proven).finish()
            }
            Self::Bytes { link } => f.debug_struct("Bytes").field("link", link).finish(),
            Self::Frame { link, body } => {
                f.debug_struct("Frame").field("link", link).field("body", &Bytes(body.len())).finish()
            }
            Self::Credit { link, bytes } => f.debug_struct("Credit").field("link", link).field("bytes", bytes).finish(),
            Self::Fault { link, violation } => {
                f.debug_struct("Fault").field("link", link).field("violation", violation).finish()
            }
            Self::LinkDown { link, loss } => {
                f.debug_struct("LinkDown").field("link", link).field("loss", loss).finish()
            }
            Self::NetworkChanged => f.write_str("NetworkChanged"),
            Self::Activity => f.write_str("Activity"),
            Self::Stored { batch } => f.debug_struct("Stored").field("batch", batch).finish(),
            Self::StoreFailed => f.write_str("StoreFailed"),
        }
    }
}

impl Debug for Effect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { link, frames } => {
                f.debug_struct("Send").field("link", link).field("frames", &Bytes(frames.len())).finish()
            }
            Self::Close { link, reason } => {
                f.debug_struct("Close").field("link", link).field("reason", reason).finish()
            }
            Self::Dial { link } => f.debug_struct("Dial").field("link", link).finish(),
            Self::Store { batch, changes } => {
                f.debug_struct("Store").field("batch", batch).field("changes", changes).finish()
            }
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
        }
    }
}

impl Debug for Received<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) => f.debug_tuple("Answer").field(answer).finish(),
            Self::Opened { choice, peer, answer } => {
                f.debug_struct("Opened").field("choice", choice).field("peer", peer).field("answer", answer).finish()
            }
            Self::Frame(frame) => f.debug_tuple("Frame").field(&Bytes(frame.len())).finish(),
        }
    }
}
