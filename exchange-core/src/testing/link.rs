//! A byte stream in memory, and what waits at its two ends.

use alloc::vec::Vec;

use bytes::BytesMut;

use crate::{
    message::Encoding,
    reason::Violation,
    seam::{Input, LinkId, LinkLoss, Proven},
    wire::{Received, Wire},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Host,
}

pub(super) struct Link {
    pub(super) node: usize,
    pub(super) client: End,
    pub(super) host: End,
}

pub(super) struct End {
    pub(super) id: LinkId,
    wire: Wire,
    pub(super) inbox: Vec<u8>,
    /// What becomes of the link once the inbox is empty.
    pub(super) loss: Option<LinkLoss>,
    pub(super) open: bool,
}

pub(super) enum Got {
    Opened(Encoding, Option<Proven>),
    Frame(Vec<u8>),
    Fault(Violation),
    Down(LinkLoss),
}

impl Link {
    /// The end of that side, then the other.
    pub(super) fn ends(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Client => (&mut self.client, &mut self.host),
            Side::Host => (&mut self.host, &mut self.client),
        }
    }

    /// Has the other side receive these frames.
    pub(super) fn say(&mut self, side: Side, frames: &[u8]) {
        let (end, other) = self.ends(side);
        let mut sealed = BytesMut::new();
        end.wire.seal(frames, &mut sealed);
        other.arrive(&sealed);
    }

    pub(super) fn hang_up(&mut self, side: Side) {
        let (end, other) = self.ends(side);
        end.open = false;
        other.loss.get_or_insert(LinkLoss::Closed);
    }
}

impl End {
    pub(super) fn new(id: LinkId, wire: Wire) -> Self {
        Self { id, wire, inbox: Vec::new(), loss: None, open: true }
    }

    pub(super) fn arrive(&mut self, bytes: &[u8]) {
        if self.open && self.loss.is_none() {
            self.inbox.extend_from_slice(bytes);
        }
    }

    /// Reads at most `limit` bytes: how many there were, what they say, and what has to be answered.
    pub(super) fn receive(&mut self, limit: usize) -> (usize, Vec<Got>, Vec<u8>) {
        if self.inbox.is_empty() {
            return (0, self.loss.take().map(Got::Down).into_iter().collect(), Vec::new());
        }
        let bytes: Vec<u8> = self.inbox.drain(..limit.min(self.inbox.len())).collect();
        let (mut got, mut answer, mut input) = (Vec::new(), Vec::new(), &bytes[..]);
        let failed = loop {
            match self.wire.receive(&mut input) {
                Ok(None) => break None,
                Ok(Some(Received::Frame(body))) => got.push(Got::Frame(body.to_vec())),
                Ok(Some(Received::Answer(bytes))) => answer.extend_from_slice(&bytes),
                Ok(Some(Received::Opened { choice, peer, answer: bytes })) => {
                    got.push(Got::Opened(choice.encoding, choice.proven(peer)));
                    answer.extend_from_slice(&bytes);
                }
                Err(fault) => break Some(fault),
            }
        };
        if let Some(fault) = failed {
            answer.extend_from_slice(&fault.answer);
            got.push(match fault.loss {
                LinkLoss::Violation(violation) => Got::Fault(violation),
                loss => Got::Down(loss),
            });
        }
        (bytes.len(), got, answer)
    }
}

impl Got {
    pub(super) fn input(&self, link: LinkId) -> Input<'_> {
        match self {
            Self::Opened(encoding, proven) => Input::Opened { link, encoding: *encoding, proven: *proven },
            Self::Frame(body) => Input::Frame { link, body },
            Self::Fault(violation) => Input::Fault { link, violation: *violation },
            Self::Down(loss) => Input::LinkDown { link, loss: *loss },
        }
    }
}
