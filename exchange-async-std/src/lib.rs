//! Local-network chat on [async-std](async_std): host a session or join one, without a server, an account or the Internet.
//!
//! async-std is discontinued: nobody mends it any more ([RUSTSEC-2025-0052], no vulnerability so far). This crate is for
//! programs that stand on it already; new ones are better off with `exchange-tokio`, whose names are the same.
//!
//! ```no_run
//! use exchange_async_std::Host;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # async_std::task::block_on(async {
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
//! # })
//! # }
//! ```
//!
//! Everything here is [`exchange_driver`], made for async-std by one type: [`AsyncStd`]. Its executor is the one that
//! async-std starts by itself, so it works in any thread and under any other executor.
//!
//! Streams of other kinds (a Unix socket, a pipe, a TLS session) come in through [`io()`]. Any future may be dropped before
//! it is ready; what that means is [in short](exchange_driver#cancel-safety) at the driver and said at each function.
//!
//! [RUSTSEC-2025-0052]: https://rustsec.org/advisories/RUSTSEC-2025-0052.html

use std::{
    any::Any,
    fmt,
    future::Future,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream, ToSocketAddrs as _},
    task,
};
#[cfg(feature = "sqlite")]
pub use exchange_driver::sqlite;
pub use exchange_driver::{
    BoxError, ByteStream, Closes, Delivered, DeliveryError, Events, Farewell, NetworkError, Receipt, RequestError,
    Room, Runtime, Stats, Store, StoreError, Storing, Target, core, device, discovery,
};
use exchange_driver::{Listener, Timer, core::Time};

// From here to `connect`, the drivers are the same but for the name of the runtime, and spelt out all the same: this is
// what their users read. `tests/tests/drivers.rs` sees that they stay so.

/// A hosted session; see [`exchange_driver::Host`].
pub type Host = exchange_driver::Host<AsyncStd>;
/// Sets up a [`Host`].
pub type HostBuilder = exchange_driver::HostBuilder<AsyncStd>;
/// A client of a session; see [`exchange_driver::Client`].
pub type Client = exchange_driver::Client<AsyncStd>;
/// Sets up a [`Client`].
pub type ClientBuilder = exchange_driver::ClientBuilder<AsyncStd>;
/// Accepts connections of frames; see [`exchange_driver::Server`].
pub type Server = exchange_driver::Server<AsyncStd>;
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
    exchange_driver::connect::<AsyncStd>(address).await
}

/// async-std, as [`Runtime`] asks for it.
#[derive(Clone, Debug)]
pub struct AsyncStd {
    origin: Instant,
}

impl AsyncStd {
    /// A handle to the one runtime that there is in a process.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for AsyncStd {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime for AsyncStd {
    type Stream = Io<TcpStream>;
    type Listener = AsyncStdListener;
    type Timer = AsyncStdTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }

    fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    fn timer(&self) -> AsyncStdTimer {
        AsyncStdTimer { alarm: async_io::Timer::never(), origin: self.origin }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Io<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(io(stream))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<AsyncStdListener> {
        let socket = Arc::new(TcpListener::bind(address).await?);
        Ok(AsyncStdListener { accepting: accept(Arc::clone(&socket)), socket })
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host.as_str(), port).to_socket_addrs().await?.collect())
    }
}

/// Any stream of async-std's kind, which is that of futures-io, for [`Host::accept`](exchange_driver::Host::accept) and
/// [`join_by`](exchange_driver::ClientBuilder::join_by).
pub fn io<T: Read + Write + Send + Unpin + 'static>(stream: T) -> Io<T> {
    Io { stream, unflushed: false }
}

/// A stream of async-std's kind as a [`ByteStream`]; see [`io()`].
#[derive(Debug)]
pub struct Io<T> {
    stream: T,
    /// It may keep bytes back that it has taken, as TLS does, until it is flushed.
    unflushed: bool,
}

impl<T: Read + Write + Send + Unpin + 'static> Io<T> {
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.unflushed {
            self.unflushed = Pin::new(&mut self.stream).poll_flush(cx)?.is_pending();
        }
        Ok(())
    }
}

impl<T: Read + Write + Send + Unpin + 'static> ByteStream for Io<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        // Whoever is woken reads, also when it was for flushing.
        self.flush(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
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
        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
        Poll::Ready(end_writing(&self.stream))
    }
}

/// Closing a socket of async-std's only flushes it, which tells the other side nothing.
fn end_writing(stream: &dyn Any) -> io::Result<()> {
    if let Some(stream) = stream.downcast_ref::<TcpStream>() {
        return stream.shutdown(Shutdown::Write);
    }
    #[cfg(unix)]
    if let Some(stream) = stream.downcast_ref::<async_std::os::unix::net::UnixStream>() {
        return stream.shutdown(Shutdown::Write);
    }
    Ok(())
}

/// A TCP socket of async-std's that accepts connections.
pub struct AsyncStdListener {
    socket: Arc<TcpListener>,
    accepting: Accepting,
}

type Accepting = Pin<Box<dyn Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send>>;

fn accept(socket: Arc<TcpListener>) -> Accepting {
    Box::pin(async move { socket.accept().await })
}

impl Listener for AsyncStdListener {
    type Stream = Io<TcpStream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Io<TcpStream>, SocketAddr)>> {
        let accepted = ready!(self.accepting.as_mut().poll(cx));
        self.accepting = accept(Arc::clone(&self.socket));
        let (stream, from) = accepted?;
        // It can only fail if the connection is gone again; then reading says so.
        let _ = stream.set_nodelay(true);
        Poll::Ready(Ok((io(stream), from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

impl fmt::Debug for AsyncStdListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncStdListener").field(&self.socket).finish()
    }
}

/// An alarm of async-io's, on which async-std stands: its own cannot be set anew.
#[derive(Debug)]
pub struct AsyncStdTimer {
    alarm: async_io::Timer,
    origin: Instant,
}

impl Timer for AsyncStdTimer {
    fn set(mut self: Pin<&mut Self>, at: Time) {
        let at = self.origin + Duration::from_nanos(at.as_nanos());
        self.alarm.set_at(at);
    }

    fn poll_ring(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.alarm).poll(cx).map(drop)
    }
}
