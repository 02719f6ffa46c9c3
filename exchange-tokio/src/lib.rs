//! Local-network chat on [tokio]: host a session or join one, without a server, an account or the Internet.
//!
//! ```no_run
//! use exchange_tokio::Host;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::builder("Lab 3")
//!     .nick("ana")
//!     .on_message(|host, message| async move {
//!         if message.text() == "!ping" {
//!             host.room(message.room().as_str()).send("pong").await?;
//!         }
//!         Ok(())
//!     })
//!     .start()
//!     .await?;
//! # drop(host);
//! # Ok(())
//! # }
//! ```
//!
//! Everything here is [`exchange_driver`], made for tokio by one type: [`Tokio`]. It works on the multi-thread and on the
//! current-thread runtime; the latter is a little faster, because a host is one task anyway.
//!
//! Streams of other kinds (a Unix socket, a pipe, a TLS session) come in through [`io()`]. Any future may be dropped before
//! it is ready; what that means is [in short](exchange_driver#cancel-safety) at the driver and said at each function.

use std::{
    future::Future,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

#[cfg(feature = "sqlite")]
pub use exchange_driver::sqlite;
pub use exchange_driver::{
    BoxError, ByteStream, Closes, Delivered, DeliveryError, Events, Farewell, NetworkError, Receipt, RequestError,
    Room, Runtime, Stats, Store, StoreError, Storing, Target, core, device, discovery,
};
use exchange_driver::{Listener, Timer, core::Time};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::{unconstrained, yield_now},
    time::{Instant, Sleep, sleep},
};

// From here to `connect`, the drivers are the same but for the name of the runtime, and spelt out all the same: this is
// what their users read. `tests/tests/drivers.rs` sees that they stay so.

/// A hosted session; see [`exchange_driver::Host`].
pub type Host = exchange_driver::Host<Tokio>;
/// Sets up a [`Host`].
pub type HostBuilder = exchange_driver::HostBuilder<Tokio>;
/// A client of a session; see [`exchange_driver::Client`].
pub type Client = exchange_driver::Client<Tokio>;
/// Sets up a [`Client`].
pub type ClientBuilder = exchange_driver::ClientBuilder<Tokio>;
/// Accepts connections of frames; see [`exchange_driver::Server`].
pub type Server = exchange_driver::Server<Tokio>;
/// Frames over TCP; see [`exchange_driver::Connection`].
pub type Connection = exchange_driver::Connection<Io<TcpStream>>;

/// Connects to a [`Server`].
///
/// # Errors
///
/// [`NetworkError`] says what kept it from connecting.
///
/// # Cancel safety
///
/// If it is dropped before it is ready, nothing stays behind.
pub async fn connect(address: SocketAddr) -> Result<Connection, NetworkError> {
    exchange_driver::connect::<Tokio>(address).await
}

/// The tokio runtime, as [`Runtime`] asks for it.
#[derive(Clone, Debug)]
pub struct Tokio {
    handle: Handle,
    origin: Instant,
}

impl Tokio {
    /// This runtime.
    pub fn new(handle: Handle) -> Self {
        Self { handle, origin: Instant::now() }
    }
}

impl Default for Tokio {
    /// The runtime that is around.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn default() -> Self {
        Self::new(Handle::current())
    }
}

impl Runtime for Tokio {
    type Stream = Io<TcpStream>;
    type Listener = TokioListener;
    type Timer = TokioTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    fn spawn_yielding(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Or it would be stopped after 128 reads and writes, which can be half of those whom one message goes to.
        self.handle.spawn(unconstrained(task));
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        // It is over before it says so: its first poll leaves the waker with the runtime.
        let _ = pin!(yield_now()).poll(cx);
    }

    fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    fn timer(&self) -> TokioTimer {
        let _context = self.handle.enter();
        TokioTimer { sleep: Box::pin(sleep(Duration::MAX)), origin: self.origin }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Io<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(io(stream))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<TokioListener> {
        TcpListener::bind(address).await.map(TokioListener)
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// Any stream of tokio's kind, for [`Host::accept`](exchange_driver::Host::accept) and
/// [`join_by`](exchange_driver::ClientBuilder::join_by).
pub fn io<T: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: T) -> Io<T> {
    Io { stream, unflushed: false }
}

/// A stream of tokio's kind as a [`ByteStream`]; see [`io()`].
#[derive(Debug)]
pub struct Io<T> {
    stream: T,
    /// It may keep bytes back that it has taken, as TLS does, until it is flushed.
    unflushed: bool,
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io<T> {
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.unflushed {
            self.unflushed = Pin::new(&mut self.stream).poll_flush(cx)?.is_pending();
        }
        Ok(())
    }
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for Io<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        // Whoever is woken reads, also when it was for flushing.
        self.flush(cx)?;
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = ready!(match buffers {
            [only] => stream.poll_write(cx, only),
            _ => stream.poll_write_vectored(cx, buffers),
        })?;
        self.unflushed = true;
        self.flush(cx)?;
        Poll::Ready(Ok(written))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A TCP socket of tokio's that accepts connections.
#[derive(Debug)]
pub struct TokioListener(TcpListener);

impl Listener for TokioListener {
    type Stream = Io<TcpStream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Io<TcpStream>, SocketAddr)>> {
        let (stream, from) = ready!(self.0.poll_accept(cx))?;
        // It can only fail if the connection is gone again; then reading says so.
        let _ = stream.set_nodelay(true);
        Poll::Ready(Ok((io(stream), from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// An alarm of tokio's.
#[derive(Debug)]
pub struct TokioTimer {
    sleep: Pin<Box<Sleep>>,
    origin: Instant,
}

impl Timer for TokioTimer {
    fn set(mut self: Pin<&mut Self>, at: Time) {
        let at = self.origin + Duration::from_nanos(at.as_nanos());
        self.sleep.as_mut().reset(at);
    }

    fn poll_ring(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.sleep.as_mut().poll(cx)
    }
}
