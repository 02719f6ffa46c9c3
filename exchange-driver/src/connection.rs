//! The low level: frames over a byte stream, and nothing else. For programs that want the wire without the chat.

use std::{
    fmt,
    future::poll_fn,
    io::IoSlice,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use exchange_core::{
    Violation,
    message::MAX_FRAME,
    wire::{Choice, Offer, Received, Wire, put_frame},
};

use crate::{
    error::NetworkError,
    runtime::{ByteStream, Listener as _, Runtime},
};

const READ_BUFFER: usize = 16 * 1024;

/// Accepts connections.
pub struct Server<R: Runtime> {
    listener: R::Listener,
}

impl<R: Runtime> Server<R> {
    /// Listens at an address; port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// [`NetworkError::AddressInUse`] or what else keeps it from listening.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    pub async fn bind(address: SocketAddr) -> Result<Self, NetworkError>
    where
        R: Default,
    {
        Self::bind_on(&R::default(), address).await
    }

    /// Listens at an address, on this runtime; see [`bind`](Self::bind).
    ///
    /// # Errors
    ///
    /// Those of [`bind`](Self::bind).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    pub async fn bind_on(runtime: &R, address: SocketAddr) -> Result<Self, NetworkError> {
        let bound = runtime.bind(address).await;
        Ok(Self { listener: bound.map_err(|error| NetworkError::of_bind(address, error))? })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// [`NetworkError::Io`] if the operating system cannot tell.
    pub fn local_addr(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.listener.local_addr()?)
    }

    /// The next connection, and where it comes from.
    ///
    /// # Errors
    ///
    /// [`NetworkError::Io`] if accepting failed; it may succeed when tried again.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no connection is lost.
    pub async fn accept(&mut self) -> Result<(Connection<R::Stream>, SocketAddr), NetworkError> {
        let (stream, from) = poll_fn(|cx| self.listener.poll_accept(cx)).await?;
        Ok((Connection::host(stream), from))
    }
}

impl<R: Runtime> fmt::Debug for Server<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.listener.local_addr().ok()).finish()
    }
}

/// Connects to a [`Server`].
///
/// # Errors
///
/// [`NetworkError`] says what kept it from connecting.
///
/// # Cancel safety
///
/// If it is dropped before it is ready, nothing stays behind.
pub async fn connect<R: Runtime + Default>(address: SocketAddr) -> Result<Connection<R::Stream>, NetworkError> {
    connect_on(&R::default(), address).await
}

/// Connects to a [`Server`], on this runtime; see [`connect()`].
///
/// # Errors
///
/// Those of [`connect()`].
///
/// # Cancel safety
///
/// If it is dropped before it is ready, nothing stays behind.
pub async fn connect_on<R: Runtime>(runtime: &R, address: SocketAddr) -> Result<Connection<R::Stream>, NetworkError> {
    let connected = runtime.connect(address).await;
    Ok(Connection::client(connected.map_err(|error| NetworkError::of_connect(address, error))?))
}

/// Frames in both directions over one byte stream, of any kind.
///
/// The two ends begin with the preamble of [`exchange_core::wire`]; what is in the frames is the program's affair.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    wire: Wire,
    opened: Option<Choice>,
    unread: Bytes,
    unsent: BytesMut,
}

impl<S: ByteStream> Connection<S> {
    /// The end of whoever has connected.
    pub fn client(stream: S) -> Self {
        let wire = Wire::client(Offer::default());
        let opening = BytesMut::from(&wire.opening()[..]);
        Self { stream, wire, opened: None, unread: Bytes::new(), unsent: opening }
    }

    /// The end of whoever was connected to.
    pub fn host(stream: S) -> Self {
        let wire = Wire::host(Offer::default()).first_frame_at_most(MAX_FRAME);
        Self { stream, wire, opened: None, unread: Bytes::new(), unsent: BytesMut::new() }
    }

    /// Sends a frame of 1 to 65,536 bytes. Ready when the operating system has taken it.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if the frame is empty or too long, or the connection is gone.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the frame is sent by a later call, whole and in its order, or not at all.
    pub async fn send(&mut self, frame: &[u8]) -> Result<(), NetworkError> {
        if frame.is_empty() || frame.len() > MAX_FRAME {
            return Err(NetworkError::Violation(Violation::Oversize));
        }
        // The other side's preamble comes before anything is said to it.
        poll_fn(|cx| self.poll_open(cx)).await?;
        put_frame(frame, &mut self.unsent);
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// The next frame; `None` when the other side has ended the connection between two frames.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if what comes is not this protocol, or the connection broke.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no frame is lost.
    pub async fn recv(&mut self) -> Result<Option<Bytes>, NetworkError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Ends this side's direction, after everything sent. What the other side still sends can be received.
    ///
    /// # Errors
    ///
    /// [`NetworkError::Io`] if the connection broke before.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: what is left to do the next call does.
    pub async fn close(&mut self) -> Result<(), NetworkError> {
        poll_fn(|cx| self.poll_flush(cx)).await?;
        Ok(poll_fn(|cx| self.stream.poll_close(cx)).await?)
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NetworkError>> {
        while self.opened.is_none() {
            ready!(self.poll_flush(cx))?;
            if let Step::Dry = self.step()?
                && !ready!(self.poll_fill(cx))?
            {
                return Poll::Ready(Err(NetworkError::ClosedByPeer { reason: None }));
            }
        }
        self.poll_flush(cx)
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, NetworkError>> {
        loop {
            // What there is to say must not wait for what there is to hear.
            if let Poll::Ready(Err(error)) = self.poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
            match self.step()? {
                Step::Frame(frame) => return Poll::Ready(Ok(Some(frame))),
                Step::Begun => {}
                Step::Dry if ready!(self.poll_fill(cx))? => {}
                Step::Dry => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// The next whole thing out of what was read.
    fn step(&mut self) -> Result<Step, NetworkError> {
        let unread = self.unread.clone();
        let mut input = &unread[..];
        let step = match self.wire.receive(&mut input) {
            Ok(Some(Received::Frame(frame))) => Step::Frame(Bytes::copy_from_slice(frame)),
            Ok(Some(Received::Answer(answer))) => {
                self.unsent.extend_from_slice(&answer);
                Step::Begun
            }
            Ok(Some(Received::Opened { choice, answer, .. })) => {
                self.opened = Some(choice);
                self.unsent.extend_from_slice(&answer);
                Step::Begun
            }
            Ok(None) => Step::Dry,
            Err(fault) => {
                self.unsent.extend_from_slice(&fault.answer);
                return Err(NetworkError::of_loss(fault.loss));
            }
        };
        self.unread.advance(unread.len() - input.len());
        Ok(step)
    }

    /// Reads more; `false` at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, NetworkError>> {
        let mut buffer = BytesMut::zeroed(READ_BUFFER);
        let length = ready!(self.stream.poll_read(cx, &mut buffer))?;
        buffer.truncate(length);
        self.unread = buffer.freeze();
        Poll::Ready(Ok(length > 0))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NetworkError>> {
        while !self.unsent.is_empty() {
            match ready!(self.stream.poll_write(cx, &[IoSlice::new(&self.unsent)]))? {
                0 => return Poll::Ready(Err(NetworkError::ClosedByPeer { reason: None })),
                written => self.unsent.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What reading has come to.
enum Step {
    Frame(Bytes),
    Begun,
    Dry,
}
