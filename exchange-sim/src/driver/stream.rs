//! Simulated sockets: what the network model gives and takes, as streams that are polled.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use exchange_driver::{ByteStream, Listener};

use super::{
    kernel::{Stage, keep},
    runtime::SimRuntime,
};
use crate::{
    net::{Lost, Read, Side, Socket},
    random::Random,
};

/// One end of a simulated connection.
pub struct SimStream {
    runtime: SimRuntime,
    socket: Socket,
    /// Decides whether a read goes on into the next segment.
    random: Random,
    is_closed: bool,
}

impl SimStream {
    fn new(runtime: SimRuntime, socket: Socket) -> Self {
        let number = (socket.conn.0 as u64) << 1 | u64::from(socket.side == Side::Acceptor);
        let seed = runtime.shared.lock().seed;
        Self { runtime, socket, random: Random::new(seed, "coalesce", number), is_closed: false }
    }
}

impl ByteStream for SimStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut kernel = self.runtime.shared.lock();
        let (now, mut length) = (kernel.now, 0);
        if kernel.end(self.socket).is_none_or(|end| end.stage == Stage::Dead) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        while length < buffer.len() {
            match kernel.net.read(now, self.socket, buffer.len() - length) {
                Read::Data(bytes) => {
                    buffer[length..length + bytes.len()].copy_from_slice(&bytes);
                    length += bytes.len();
                    // As the operating system does, unless it is a day on which reads are cut.
                    if self.random.chance(kernel.net.weather().cut_reads) {
                        break;
                    }
                }
                _ if length > 0 => break,
                Read::Dry => {
                    let before = kernel.end(self.socket).and_then(|end| keep(&mut end.reader, cx.waker()));
                    drop(kernel);
                    drop(before);
                    return Poll::Pending;
                }
                Read::Over(Lost::Closed) => break,
                Read::Over(Lost::Broken) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            }
        }
        Poll::Ready(Ok(length))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut kernel = self.runtime.shared.lock();
        if kernel.end(self.socket).is_none_or(|end| end.stage == Stage::Dead) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let now = kernel.now;
        let data = gather(buffers, kernel.net.weather().window as usize);
        let mut rest = data.clone();
        match kernel.net.write(now, self.socket, &mut rest) {
            Ok(0) if !data.is_empty() => {
                let before = kernel.end(self.socket).and_then(|end| keep(&mut end.writer, cx.waker()));
                drop(kernel);
                drop(before);
                Poll::Pending
            }
            Ok(taken) => {
                kernel.moved(self.socket, &data[..taken]);
                Poll::Ready(Ok(taken))
            }
            Err(_) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.is_closed, true) {
            let mut kernel = self.runtime.shared.lock();
            let now = kernel.now;
            kernel.net.finish(now, self.socket);
        }
        Poll::Ready(Ok(()))
    }
}

/// What is to be written, in one piece, but not more than a window can take.
fn gather(buffers: &[IoSlice<'_>], window: usize) -> Bytes {
    let mut data = BytesMut::new();
    for buffer in buffers {
        data.extend_from_slice(&buffer[..buffer.len().min(window - data.len())]);
    }
    data.freeze()
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let mut kernel = self.runtime.shared.lock();
        let now = kernel.now;
        kernel.net.release(now, self.socket);
        let wakers = kernel.end(self.socket).map(|end| (end.reader.take(), end.writer.take()));
        drop(kernel);
        drop(wakers);
    }
}

impl fmt::Debug for SimStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimStream").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// A connection that was asked for.
pub(super) struct Connecting(Option<SimStream>);

impl Connecting {
    pub(super) fn new(runtime: SimRuntime, socket: Socket) -> Self {
        // Dropped before it is connected, it lets go of the socket as a stream does.
        Self(Some(SimStream::new(runtime, socket)))
    }
}

impl Future for Connecting {
    type Output = io::Result<SimStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<SimStream>> {
        let Some(stream) = &self.0 else { return Poll::Pending };
        let mut kernel = stream.runtime.shared.lock();
        let Some(end) = kernel.end(stream.socket) else { return Poll::Pending };
        let error = match end.stage {
            Stage::Connecting => {
                let before = keep(&mut end.reader, cx.waker());
                drop(kernel);
                drop(before);
                return Poll::Pending;
            }
            Stage::Connected => None,
            Stage::Refused => Some(io::ErrorKind::ConnectionRefused),
            Stage::TimedOut => Some(io::ErrorKind::TimedOut),
            Stage::Dead => Some(io::ErrorKind::ConnectionReset),
        };
        drop(kernel);
        let stream = self.0.take();
        match (error, stream) {
            (Some(error), _) => Poll::Ready(Err(error.into())),
            (None, Some(stream)) => Poll::Ready(Ok(stream)),
            (None, None) => Poll::Pending,
        }
    }
}

/// A simulated socket that accepts connections.
#[derive(Debug)]
pub struct SimListener {
    runtime: SimRuntime,
    address: SocketAddr,
    crashes: u32,
}

impl SimListener {
    pub(super) fn new(runtime: SimRuntime, address: SocketAddr) -> Self {
        let crashes = runtime.shared.lock().machine(runtime.node).crashes;
        Self { runtime, address, crashes }
    }
}

impl Listener for SimListener {
    type Stream = SimStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(SimStream, SocketAddr)>> {
        let mut kernel = self.runtime.shared.lock();
        let machine = kernel.machine(self.runtime.node);
        let listening = machine.listeners.get_mut(&self.address.port());
        let Some(listening) = listening.filter(|_| machine.crashes == self.crashes) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let Some((socket, from)) = listening.accepted.pop_front() else {
            let before = keep(&mut listening.waker, cx.waker());
            drop(kernel);
            drop(before);
            return Poll::Pending;
        };
        drop(kernel);
        let port = 49_152 + u16::try_from(socket.conn.0 % 16_384).unwrap_or(0);
        Poll::Ready(Ok((SimStream::new(self.runtime.clone(), socket), (from, port).into())))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        self.runtime.shared.lock().free_port(self.runtime.node, self.address.port(), self.crashes);
    }
}
