//! Frames as they are sent and as they arrive, and what may be sent at all.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use exchange_core::{CloseReason, Encoding, Violation, message::MAX_FRAME, wire::frames};

use super::{Check, Invariant};
use crate::{
    chat::station::{Cut, Seen, is_host_end},
    marks::{Mark, Marks},
    net::{ConnId, Socket},
    report::Counts,
};

/// What a host says before its first frame. It is no frame, so the machine does not count it.
const PREAMBLE: usize = 28;

/// How far answers may go beyond what a link was given; see `Limits` of the protocol.
const CONTROL_ALLOWANCE: usize = 64 * 1024;

/// What is on its way to each end.
#[derive(Debug, Default)]
pub(super) struct Frames {
    to: BTreeMap<Socket, VecDeque<Bytes>>,
    encodings: BTreeMap<ConnId, Encoding>,
    credit: usize,
}

/// Whether a frame of a host's is an entry, without decoding it.
pub(super) fn is_entry(encoding: Encoding, body: &[u8]) -> bool {
    match encoding {
        Encoding::Postcard => body.first() == Some(&0),
        Encoding::Json => body.starts_with(b"{\"entry\""),
    }
}

/// Whether a frame of a client's is a message for a log, without decoding it.
pub(super) fn is_send(encoding: Encoding, body: &[u8]) -> bool {
    match encoding {
        Encoding::Postcard => body.first() == Some(&3),
        Encoding::Json => body.starts_with(b"{\"send\""),
    }
}

impl Frames {
    pub(super) fn observe(
        &mut self,
        seen: &Seen,
        is_honest: bool,
        peer_is_honest: impl Fn(Socket) -> bool,
        is_meddled_with: impl Fn(ConnId) -> bool,
        marks: &mut Marks,
        counts: &mut Counts,
    ) -> Check {
        match seen {
            Seen::Opened { socket, choice } => {
                self.encodings.insert(socket.conn, choice.encoding);
            }
            Seen::Sent { socket, frames: sent, backlog } => self.sent(*socket, sent, *backlog, marks)?,
            Seen::Heard { socket, body } => {
                counts.frames += 1;
                let sent = self.to.get_mut(socket).and_then(VecDeque::pop_front);
                if !is_honest || !peer_is_honest(socket.other()) {
                    return Ok(());
                }
                if sent.as_ref() != Some(body) {
                    return Err((Invariant::S19, format!("a frame was heard that was not sent next: {body:?}")));
                }
            }
            Seen::Closed { socket: Some(socket), reason, .. } => {
                self.to.remove(socket);
                if let CloseReason::Violation(violation) = reason
                    && is_honest
                    && peer_is_honest(socket.other())
                {
                    if is_meddled_with(socket.conn) {
                        marks.sometimes(*violation == Violation::Forged, Mark::ForgeryFound);
                        return Ok(());
                    }
                    return Err((Invariant::S17, format!("it accuses an honest peer: {violation}")));
                }
            }
            Seen::Lost { socket, .. } => drop(self.to.remove(socket)),
            Seen::Cut(cut) => marks.hit(match cut {
                Cut::Length => Mark::CutInLength,
                Cut::Body => Mark::CutInFrame,
                Cut::Several => Mark::SeveralInOneRead,
            }),
            _ => {}
        }
        Ok(())
    }

    /// The host gives each of its links so many bytes at once.
    pub(super) fn set_credit(&mut self, credit: u32) {
        self.credit = credit as usize;
    }

    fn sent(&mut self, socket: Socket, sent: &Bytes, backlog: usize, marks: &mut Marks) -> Check {
        let under_way = self.to.entry(socket.other()).or_default();
        let encoding = self.encodings.get(&socket.conn).copied().unwrap_or(Encoding::Postcard);
        if is_host_end(socket) && self.credit > 0 && backlog > self.credit + CONTROL_ALLOWANCE + MAX_FRAME {
            return Err((Invariant::S16, format!("{backlog} bytes wait for a link that was given {}", self.credit)));
        }
        for body in frames(sent) {
            under_way.push_back(sent.slice_ref(body));
        }
        let first = frames(sent).next();
        if is_host_end(socket) && first.is_some_and(|body| is_entry(encoding, body)) && self.credit > 0 {
            marks.sometimes(backlog > 0, Mark::ReaderLagged);
            if backlog >= self.credit + PREAMBLE {
                let what = format!("entries are sent to a link that has {backlog} of {} bytes waiting", self.credit);
                return Err((Invariant::S16, what));
            }
        }
        Ok(())
    }
}
