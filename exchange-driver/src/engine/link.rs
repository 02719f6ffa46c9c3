//! One byte stream of the engine's: what is read goes through its wire to the machine at once; what the socket does not
//! take waits here, bounded by the link's credit. Where links are secured it waits as it is, and is sealed together when
//! the socket takes more.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes, BytesMut};
use exchange_core::{
    Input, LinkId, LinkLoss, Peer, Time,
    wire::{Received, Wire},
};

use super::ready::LinkWaker;
use crate::{
    error::loss_of,
    runtime::{ByteStream, Transport},
    stats::Stats,
};

/// Bytes a link is given at once. What it has not passed on of them is all that it can hold, beside answers.
pub(super) const WINDOW: u32 = 64 * 1024;

/// Written bytes are reported once they are this many: well below the window, so that a link never runs dry of credit
/// with nothing left to write.
const REPORT: u32 = WINDOW / 4;

/// Reads of one link in one round: nobody who talks much keeps the others waiting.
const READS: usize = 4;

/// What sealing adds to what is sealed together, mostly.
const SEAL: usize = 64;

/// What is this long gets a record of its own: to seal one costs less than to copy it.
const ALONE: usize = 4 * 1024;

/// Pieces that there is room for while nothing waits: a link that is idle is to cost little.
const KEPT: usize = 8;

/// Slices in one write.
const SLICES: usize = 64;

#[derive(Debug)]
pub(super) struct LinkIo<S> {
    pub(super) id: LinkId,
    /// Who is at the other end, once it is known.
    pub(super) peer: Option<Peer>,
    stream: Transport<S>,
    wire: Wire,
    /// What has to be sealed before it is written.
    unsealed: Vec<Bytes>,
    queue: VecDeque<Piece>,
    unreported: u32,
    signal: Arc<LinkWaker>,
    waker: Waker,
    /// It is on the list of those to be written.
    pub(super) dirty: bool,
    pub(super) ending: Option<Ending>,
}

/// What is to be written, and how many bytes of what the machine has said are in it.
#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    worth: usize,
}

/// A link that the machine has forgotten: it passes on what it has, then waits for the other side to see it.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) until: Time,
    shut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// All there was has been read.
    Dry,
    /// There may be more.
    More,
    /// The machine has been told that the link is gone; what is queued should still be written.
    Over(LinkLoss),
    /// The stream is gone.
    Gone(LinkLoss),
}

impl<S: ByteStream> LinkIo<S> {
    pub(super) fn new(id: LinkId, stream: Transport<S>, wire: Wire, signal: Arc<LinkWaker>) -> Self {
        let waker = Waker::from(Arc::clone(&signal));
        let (unsealed, queue) = (Vec::new(), VecDeque::new());
        Self { id, peer: None, stream, wire, unsealed, queue, unreported: 0, signal, waker, dirty: false, ending: None }
    }

    /// Whether frames can go.
    pub(super) fn is_opened(&self) -> bool {
        self.wire.is_opened()
    }

    /// Passes on what the machine says.
    pub(super) fn say(&mut self, frames: Bytes) {
        if self.wire.is_sealed() {
            self.unsealed.push(frames);
        } else if !frames.is_empty() {
            self.queue.push_back(Piece { worth: frames.len(), bytes: frames });
        }
    }

    /// Passes on what the wire says, of which the machine knows nothing.
    pub(super) fn say_for_wire(&mut self, bytes: Bytes) {
        self.queue.extend(of_wire(bytes));
    }

    pub(super) fn end(&mut self, until: Time) {
        if cfg!(exchange_bug = "bye-cut-off") {
            self.queue.clear();
            self.unsealed.clear();
        }
        self.ending = Some(Ending { until, shut: false });
    }

    /// Puts it on the list of links that are ready.
    pub(super) fn wake(&self) {
        self.waker.wake_by_ref();
    }

    /// Is ready in the next round, which comes by itself.
    pub(super) fn again(&self) {
        self.signal.again();
    }

    pub(super) fn taken(&self) {
        self.signal.taken();
    }

    /// Reads what is there into `buffer`, and tells the machine of it.
    pub(super) fn read(&mut self, buffer: &mut [u8], stats: &mut Stats, mut tell: impl FnMut(Input<'_>)) -> Reading {
        let Self { id, stream, wire, queue, waker, .. } = self;
        let link = *id;
        let mut cx = Context::from_waker(waker);
        for _ in 0..READS {
            let length = match stream.poll_read(&mut cx, buffer) {
                Poll::Pending => return Reading::Dry,
                Poll::Ready(Ok(0)) => {
                    tell(Input::LinkDown { link, loss: LinkLoss::Closed });
                    return Reading::Gone(LinkLoss::Closed);
                }
                Poll::Ready(Ok(length)) => length,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Poll::Ready(Err(error)) => {
                    let loss = loss_of(&error);
                    tell(Input::LinkDown { link, loss });
                    return Reading::Gone(loss);
                }
            };
            stats.bytes_in += length as u64;
            let (mut input, mut is_part) = (&buffer[..length], true);
            loop {
                match wire.receive(&mut input) {
                    Ok(None) if is_part => break tell(Input::Bytes { link }),
                    Ok(None) => break,
                    Ok(Some(Received::Frame(body))) => {
                        is_part = false;
                        stats.frames_in += 1;
                        tell(Input::Frame { link, body });
                        if cfg!(exchange_bug = "one-frame-per-read") {
                            break;
                        }
                    }
                    Ok(Some(Received::Answer(answer))) => queue.extend(of_wire(answer)),
                    Ok(Some(Received::Opened { choice, peer, answer })) => {
                        queue.extend(of_wire(answer));
                        tell(Input::Opened { link, encoding: choice.encoding, proven: choice.proven(peer) });
                    }
                    Err(fault) => {
                        queue.extend(of_wire(fault.answer));
                        tell(match fault.loss {
                            LinkLoss::Violation(violation) => Input::Fault { link, violation },
                            loss => Input::LinkDown { link, loss },
                        });
                        return Reading::Over(fault.loss);
                    }
                }
            }
            if length == buffer.len() {
                break;
            }
        }
        Reading::More
    }

    /// Writes as much as the stream takes.
    pub(super) fn write(&mut self, stats: &mut Stats) -> Result<(), LinkLoss> {
        let Self { stream, wire, unsealed, queue, waker, unreported, .. } = self;
        let mut cx = Context::from_waker(waker);
        loop {
            if queue.is_empty() {
                queue.extend(sealed(wire, unsealed));
            }
            let Some(front) = queue.front() else { break };
            let polled = if queue.len() == 1 {
                stream.poll_write(&mut cx, &[IoSlice::new(&front.bytes)])
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                for (slice, piece) in slices.iter_mut().zip(&*queue) {
                    *slice = IoSlice::new(&piece.bytes);
                }
                stream.poll_write(&mut cx, &slices[..queue.len().min(SLICES)])
            };
            match polled {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) => return Err(LinkLoss::Broken),
                Poll::Ready(Ok(written)) => {
                    stats.bytes_out += written as u64;
                    let passed_on = u32::try_from(advance(queue, written)).unwrap_or(u32::MAX);
                    *unreported = unreported.saturating_add(passed_on);
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(loss_of(&error)),
            }
        }
        // A phase is over in which much had to wait: its memory is given back.
        if queue.capacity() > KEPT {
            *queue = VecDeque::new();
        }
        if unsealed.capacity() > KEPT {
            *unsealed = Vec::new();
        }
        Ok(())
    }

    /// What the machine should be told of bytes written, if it is worth it.
    pub(super) fn credit(&mut self) -> Option<Input<'static>> {
        (self.unreported >= REPORT).then(|| Input::Credit { link: self.id, bytes: mem::take(&mut self.unreported) })
    }

    /// Goes on ending; whether it is done.
    pub(super) fn finish(&mut self, buffer: &mut [u8], stats: &mut Stats) -> bool {
        if self.write(stats).is_err() {
            return true;
        }
        let mut cx = Context::from_waker(&self.waker);
        let Some(ending) = &mut self.ending else { return false };
        if self.queue.is_empty() && !ending.shut {
            match self.stream.poll_close(&mut cx) {
                Poll::Pending => return false,
                Poll::Ready(Err(_)) => return true,
                Poll::Ready(Ok(())) => ending.shut = true,
            }
        }
        // Closing with unread bytes would reset the connection and destroy what is still on its way to the other side.
        for _ in 0..READS {
            match self.stream.poll_read(&mut cx, buffer) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0) | Err(_)) => return ending.shut,
                Poll::Ready(Ok(_)) => {}
            }
        }
        self.wake();
        false
    }
}

fn of_wire(bytes: Bytes) -> Option<Piece> {
    (!bytes.is_empty()).then_some(Piece { bytes, worth: 0 })
}

/// All of it in as few records as are worth copying for.
fn sealed(wire: &mut Wire, unsealed: &mut Vec<Bytes>) -> Option<Piece> {
    let worth = unsealed.iter().map(Bytes::len).sum();
    let mut bytes = BytesMut::with_capacity(worth + SEAL);
    match &unsealed[..] {
        [] => return None,
        [only] => wire.seal(only, &mut bytes),
        several => {
            for together in several.chunk_by(|one, next| one.len().max(next.len()) < ALONE) {
                match together {
                    [alone] => wire.seal(alone, &mut bytes),
                    short => wire.seal(&short.concat(), &mut bytes),
                }
            }
        }
    }
    unsealed.clear();
    Some(Piece { bytes: bytes.freeze(), worth })
}

/// Takes what was written off the queue; how much of it the machine had said. What sealing has added comes first.
fn advance(queue: &mut VecDeque<Piece>, mut written: usize) -> usize {
    let mut passed_on = 0;
    while let Some(front) = queue.front_mut() {
        if front.bytes.len() > written {
            front.bytes.advance(written);
            if front.worth > front.bytes.len() {
                passed_on += front.worth - front.bytes.len();
                front.worth = front.bytes.len();
            }
            if cfg!(exchange_bug = "partial-write-drops") && written > 0 {
                queue.pop_front();
            }
            break;
        }
        written -= front.bytes.len();
        passed_on += front.worth;
        queue.pop_front();
    }
    passed_on
}
