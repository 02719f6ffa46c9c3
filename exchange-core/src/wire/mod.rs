//! Bytes to frames: what a byte stream needs before a machine can talk over it.
//!
//! Both sides begin with a preamble. The client sends an [`Offer`]: the ranges and sets of what it speaks. The host
//! answers with an offer of its own and its choice from both. What follows are frames, each led by its length.
//!
//! ```text
//! client                                host
//!   offer ─────────────────────────────▶
//!         ◀───────────────────────────── offer, choice
//!         (a handshake, once a protection other than `CLEAR` can be chosen; bound to both complete offers)
//!   frames ◀───────────────────────────▶ frames
//! ```
//!
//! A transport that keeps message boundaries and has settled on an encoding in its own way needs none of this: it
//! hands each frame to the machine directly.

mod frame;
mod preamble;
#[cfg(test)]
mod tests;
mod version;

use alloc::vec::Vec;

use bytes::Bytes;

use self::{
    frame::Cutter,
    preamble::{Answer, Preamble},
};
pub use self::{
    frame::{Frames, frames, put_frame},
    preamble::{Choice, Features, Offer},
    version::Versions,
};
use crate::{
    message::{Encoding, MAX_FIRST_FRAME, MAX_FRAME},
    reason::Violation,
    seam::LinkLoss,
};

/// One end of one byte stream: takes its bytes however they are cut and gives whole frames.
#[derive(Debug)]
pub struct Wire {
    offer: Offer,
    stage: Stage,
    first_limit: usize,
}

#[derive(Debug)]
enum Stage {
    ClientPreamble(Preamble),
    HostPreamble(Preamble),
    Frames(Cutter),
    Failed,
}

/// What came over a byte stream.
#[derive(PartialEq, Eq)]
pub enum Received<'a> {
    /// The preamble is through.
    Opened {
        /// What the two sides have settled on.
        choice: Choice,
        /// To be sent before anything else; empty at the client.
        answer: Bytes,
    },
    /// A frame, without its length.
    Frame(&'a [u8]),
}

/// Nothing more can be read from a byte stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{loss}")]
pub struct WireFault {
    /// What is wrong.
    pub loss: LinkLoss,
    /// To be sent before the stream is closed, so that the other side knows as well; may be empty.
    pub answer: Bytes,
}

impl From<Violation> for WireFault {
    fn from(violation: Violation) -> Self {
        Self { loss: LinkLoss::Violation(violation), answer: Bytes::new() }
    }
}

impl Wire {
    /// The client's end. [`opening`](Self::opening) is to be sent first.
    pub fn client(offer: Offer) -> Self {
        Self { offer, stage: Stage::ClientPreamble(Preamble::default()), first_limit: MAX_FRAME }
    }

    /// The host's end.
    pub fn host(offer: Offer) -> Self {
        Self { offer, stage: Stage::HostPreamble(Preamble::default()), first_limit: MAX_FIRST_FRAME }
    }

    /// Takes a first frame of up to so many bytes, where the machine behind it does not begin with a greeting.
    #[must_use]
    pub fn first_frame_at_most(self, bytes: usize) -> Self {
        Self { first_limit: bytes.min(MAX_FRAME), ..self }
    }

    /// What a client sends before anything else.
    pub fn opening(&self) -> Bytes {
        self.offer.encode()
    }

    /// Takes bytes off the front of `input` until something whole has come; `None` when all are taken.
    ///
    /// What is whole in `input` is lent from there, not copied. Only an incomplete frame is kept, and memory is taken
    /// for the bytes of it that have come, whatever its length claims.
    ///
    /// # Errors
    ///
    /// [`WireFault`] when what came is not this protocol. Every later call fails too.
    pub fn receive<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Result<Option<Received<'a>>, WireFault> {
        match &mut self.stage {
            Stage::Frames(_) => {}
            Stage::ClientPreamble(preamble) => {
                return match preamble.read_answer(input) {
                    Ok(None) => Ok(None),
                    Ok(Some(answer)) => self.settle(answer),
                    Err(violation) => Err(self.fail(violation.into())),
                };
            }
            Stage::HostPreamble(preamble) => {
                return match preamble.read_offer(input) {
                    Ok(None) => Ok(None),
                    Ok(Some(theirs)) => self.choose(&theirs),
                    Err(violation) => Err(self.fail(violation.into())),
                };
            }
            Stage::Failed => return Err(Violation::Unexpected.into()),
        }
        let Stage::Frames(cutter) = &mut self.stage else { return Ok(None) };
        cutter.next(input).map(|frame| frame.map(Received::Frame)).map_err(Into::into)
    }

    /// The host's choice.
    fn choose(&mut self, theirs: &Offer) -> Result<Option<Received<'static>>, WireFault> {
        match self.offer.choose(theirs) {
            Ok(choice) => {
                self.stage = Stage::Frames(Cutter::new(self.first_limit, MAX_FRAME));
                Ok(Some(Received::Opened { choice, answer: self.offer.encode_with(Some(choice)) }))
            }
            Err(loss) => {
                let answer = self.offer.encode_with(None);
                Err(self.fail(WireFault { loss, answer }))
            }
        }
    }

    /// The client's check that the choice is one of those offered.
    fn settle(&mut self, Answer { theirs, choice }: Answer) -> Result<Option<Received<'static>>, WireFault> {
        let Some(choice) = choice else {
            let loss = self.offer.choose(&theirs).err().unwrap_or(LinkLoss::NothingInCommon);
            return Err(self.fail(WireFault { loss, answer: Bytes::new() }));
        };
        if !self.offer.allows(choice) || !theirs.allows(choice) {
            return Err(self.fail(Violation::Preamble.into()));
        }
        self.stage = Stage::Frames(Cutter::new(self.first_limit, MAX_FRAME));
        Ok(Some(Received::Opened { choice, answer: Bytes::new() }))
    }

    fn fail(&mut self, fault: WireFault) -> WireFault {
        self.stage = Stage::Failed;
        fault
    }
}

/// The encodings of an offer, best first.
fn preferred(encodings: &[Encoding]) -> Vec<Encoding> {
    let mut encodings = encodings.to_vec();
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}
