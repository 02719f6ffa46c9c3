//! Two ends of a wire, and somebody in between.

use alloc::vec::Vec;

use super::secured::sealed;
use crate::{
    ids::PeerId,
    seam::LinkLoss,
    wire::{Choice, Received, Wire, WireFault},
};

/// What an end was given, and what it has said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) opened: Option<(Choice, Option<PeerId>)>,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) said: Vec<u8>,
    pub(super) fault: Option<LinkLoss>,
}

impl Heard {
    pub(super) fn hear(&mut self, wire: &mut Wire, mut bytes: &[u8]) {
        while self.fault.is_none() {
            match wire.receive(&mut bytes) {
                Ok(None) => return assert!(bytes.is_empty()),
                Ok(Some(Received::Answer(answer))) => self.said.extend_from_slice(&answer),
                Ok(Some(Received::Opened { choice, peer, answer })) => {
                    self.opened = Some((choice, peer.map(|peer| peer.peer())));
                    self.said.extend_from_slice(&answer);
                }
                Ok(Some(Received::Frame(body))) => self.frames.push(body.to_vec()),
                Err(WireFault { loss, answer }) => {
                    self.fault = Some(loss);
                    self.said.extend_from_slice(&answer);
                }
            }
        }
    }
}

/// One conversation, with everything that passes through the hands of somebody in between.
pub(super) struct Between {
    pub(super) ends: [(Wire, Heard); 2],
    /// What came of each end so far, as it was said.
    pub(super) said: [Vec<u8>; 2],
}

pub(super) const AT_CLIENT: usize = 0;
pub(super) const AT_HOST: usize = 1;

impl Between {
    pub(super) fn new(client: Wire, host: Wire) -> Self {
        let opening = Heard { said: client.opening().to_vec(), ..Heard::default() };
        Self { ends: [(client, opening), (host, Heard::default())], said: [Vec::new(), Vec::new()] }
    }

    /// Passes everything on until nobody has anything to say; `change` sees the bytes of either side, and from where in
    /// all it says they are.
    pub(super) fn pass(&mut self, mut change: impl FnMut(usize, usize, &mut Vec<u8>)) {
        while let Some(from) = self.ends.iter().position(|(_, heard)| !heard.said.is_empty()) {
            let mut bytes = core::mem::take(&mut self.ends[from].1.said);
            let at = self.said[from].len();
            self.said[from].extend_from_slice(&bytes);
            change(from, at, &mut bytes);
            let (wire, heard) = &mut self.ends[1 - from];
            heard.hear(wire, &bytes);
        }
    }

    pub(super) fn say(&mut self, from: usize, frames: &[u8]) {
        let (wire, heard) = &mut self.ends[from];
        heard.said.extend_from_slice(&sealed(wire, frames));
    }

    pub(super) fn opened(&self, end: usize) -> Option<(Choice, Option<PeerId>)> {
        self.ends[end].1.opened
    }
}
