//! What the driver needs of an async runtime. Everything else about it stays unknown here.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use exchange_core::{Seed, Time, Timestamp};
use futures_core::Stream;

use crate::{network, processor};

/// An async runtime: sockets, clocks, tasks.
///
/// A driver is one implementation of this trait; [`write_a_driver`](crate::write_a_driver) goes through one. Its values are
/// handles: cheap to clone, and all clones share one clock.
pub trait Runtime: Clone + fmt::Debug + Send + Sync + 'static {
    /// A TCP connection.
    type Stream: ByteStream;
    /// A TCP socket that accepts connections.
    type Listener: Listener<Stream = Self::Stream>;
    /// An alarm.
    type Timer: Timer;

    /// Runs a task to its end in the background: nobody holds on to it, and it goes on as long as the runtime does.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// The same for a task that lets the others have their turn by itself, however much there is for it to do. A runtime that
    /// stops tasks in the midst of what they do to that end need not stop this one.
    fn spawn_yielding(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(task);
    }

    /// Has the task that is polled with `cx` polled again, after others had their turn and it was looked what sockets have
    /// become ready. To a runtime that looks only now and then while tasks wake themselves, it has to be said.
    fn yield_now(&self, cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }

    /// The monotonic clock. Its origin is any moment, the same for all clones.
    fn now(&self) -> Time;

    /// The wall clock: the operating system's, unless the runtime's world has another.
    #[expect(clippy::disallowed_methods, reason = "this is where the time of the driver comes from")]
    fn wall_clock(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Fresh randomness: the operating system's, unless the runtime's world has another.
    ///
    /// # Errors
    ///
    /// If there is none to be had.
    fn seed(&self) -> io::Result<Seed> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Seed::new(bytes))
    }

    /// Whether the processor has instructions for AES-GCM: then links to others that have them are sealed by it.
    fn has_aes(&self) -> bool {
        processor::has_aes()
    }

    /// An alarm that is not set: until it is, it does not ring.
    fn timer(&self) -> Self::Timer;

    /// Connects to an address, without delay for small writes (`TCP_NODELAY`).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the attempt is over and nothing stays behind.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Listens at an address; port 0 is any that is free.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    fn bind(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// The addresses of a host name, each with this port.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nobody waits for the answer any more.
    fn resolve(&self, host: String, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// An item whenever this machine's network may have changed: clients then look at once whether their link is still
    /// there, or whether there can be one again. It is the operating system's network, unless the runtime's world has
    /// another.
    ///
    /// An item comes about half a second after an interface has come up, gone down or changed its addresses, or after the
    /// machine has woken from sleep; the loopback interface and
    /// [virtual ones](crate::discovery::is_virtual_interface) do not count. One thread looks for all there are who ask.
    fn network_changes(&self) -> impl Stream<Item = ()> + Send + 'static {
        network::changes()
    }
}

/// A stream of bytes in both directions, over TCP or anything else that keeps them in order.
///
/// The methods follow the rules of [`Future::poll`]: whoever was told `Pending` last, by a method, is woken when that method
/// is worth another try. A stream that is dropped is closed, whatever state it is in.
pub trait ByteStream: Send + Unpin + 'static {
    /// Reads into `buffer`, which is not empty; zero bytes mean that the other side has ended its direction.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `buffers`, and tells how many bytes it took. Those are on their way: nobody flushes.
    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;

    /// Ends this side's direction, after everything written; the other side reads the end. It does not wait for the other
    /// side, and what that still says can be read.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A socket that accepts connections.
pub trait Listener: Send + Unpin + 'static {
    /// A connection that was accepted.
    type Stream: ByteStream;

    /// The next connection, without delay for small writes, and where it comes from. Whoever was told `Pending` last is
    /// woken when there is one.
    ///
    /// After an error it can be polled again.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// If the operating system cannot tell.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// An alarm that can be set anew, to a later time or an earlier one, before it has rung or after.
pub trait Timer: Send + 'static {
    /// Sets it. A time that has passed rings at once.
    fn set(self: Pin<&mut Self>, at: Time);

    /// Ready once the time it was last set to has come, and not before. Whoever was told `Pending` last is woken then.
    ///
    /// What it says after it was ready, and before it is set again, does not matter.
    fn poll_ring(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
}

/// Any stream of bytes behind one pointer.
pub type BoxStream = Box<dyn ByteStream>;

impl ByteStream for BoxStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        (**self).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        (**self).poll_write(cx, buffers)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_close(cx)
    }
}

/// A runtime's own kind of stream, without a pointer in between, or any other kind.
pub(crate) enum Transport<S> {
    Native(S),
    Other(BoxStream),
}

impl<S: ByteStream> ByteStream for Transport<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Native(stream) => stream.poll_read(cx, buffer),
            Self::Other(stream) => stream.poll_read(cx, buffer),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Native(stream) => stream.poll_write(cx, buffers),
            Self::Other(stream) => stream.poll_write(cx, buffers),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Native(stream) => stream.poll_close(cx),
            Self::Other(stream) => stream.poll_close(cx),
        }
    }
}

impl<S> fmt::Debug for Transport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native(_) => "Native",
            Self::Other(_) => "Other",
        })
    }
}
