//! Exchange on smol: what a runtime needs that has no driver yet, in one file.

use std::{
    future::Future,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use exchange_driver::{ByteStream, Listener, Runtime, Timer, core::Time};
use smol::{
    Async,
    io::{AsyncRead as _, AsyncWrite as _},
};

/// A hosted session.
pub type Host = exchange_driver::Host<Smol>;
/// A client of a session.
pub type Client = exchange_driver::Client<Smol>;

/// A handle to smol's global executor and reactor.
#[derive(Clone, Debug)]
pub struct Smol {
    origin: Instant,
}

impl Default for Smol {
    fn default() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Runtime for Smol {
    type Stream = SmolStream;
    type Listener = SmolListener;
    type Timer = SmolTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // A task of smol's ends when its handle is dropped.
        smol::spawn(task).detach();
    }

    fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    fn timer(&self) -> SmolTimer {
        SmolTimer { alarm: smol::Timer::never(), origin: self.origin }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<SmolStream> {
        let stream = Async::<TcpStream>::connect(address).await?;
        stream.get_ref().set_nodelay(true)?;
        Ok(SmolStream(stream))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<SmolListener> {
        Async::<TcpListener>::bind(address).map(SmolListener)
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        smol::net::resolve((host, port)).await
    }
}

/// A TCP connection.
#[derive(Debug)]
pub struct SmolStream(Async<TcpStream>);

impl ByteStream for SmolStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, buffers)
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // `poll_close` of an `Async` only flushes, and the other side would never see the end.
        Poll::Ready(self.0.get_ref().shutdown(Shutdown::Write))
    }
}

/// A TCP socket that accepts connections.
#[derive(Debug)]
pub struct SmolListener(Async<TcpListener>);

impl Listener for SmolListener {
    type Stream = SmolStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(SmolStream, SocketAddr)>> {
        loop {
            // Only a socket that was asked wakes anybody.
            ready!(self.0.poll_readable(cx))?;
            match self.0.get_ref().accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                accepted => {
                    let (stream, from) = accepted?;
                    // It can only fail if the connection is gone again; then reading says so.
                    let _ = stream.set_nodelay(true);
                    return Poll::Ready(Ok((SmolStream(Async::new(stream)?), from)));
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }
}

/// An alarm of smol's.
#[derive(Debug)]
pub struct SmolTimer {
    alarm: smol::Timer,
    origin: Instant,
}

impl Timer for SmolTimer {
    fn set(mut self: Pin<&mut Self>, at: Time) {
        let at = self.origin + Duration::from_nanos(at.as_nanos());
        self.alarm.set_at(at);
    }

    fn poll_ring(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.alarm).poll(cx).map(drop)
    }
}
