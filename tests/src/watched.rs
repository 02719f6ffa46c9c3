//! A runtime that counts what is alive on it, and whose clock can be put forward.

use std::{
    fmt,
    future::{Future, pending, poll_fn},
    io::{self, IoSlice},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use exchange_driver::{
    ByteStream, Listener, Runtime, Timer,
    core::{Seed, Time, Timestamp},
};
use futures_util::FutureExt as _;

/// Whoever connects to this address waits for ever; it is one of those that are nobody's.
pub const BLACK_HOLE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// A runtime under observation. All clones are one.
#[derive(Clone, Debug)]
pub struct Watched<R> {
    inner: R,
    watch: Watch,
}

/// What is there and not gone yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alive {
    pub tasks: usize,
    pub timers: usize,
    pub listeners: usize,
    pub streams: usize,
    /// Connections that are asked for.
    pub connecting: usize,
}

impl<R: Runtime> Watched<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, watch: Watch::default() }
    }

    /// The runtime beneath, whose clock nobody puts forward.
    pub fn inner(&self) -> &R {
        &self.inner
    }

    pub fn alive(&self) -> Alive {
        self.watch.lock().alive
    }

    /// Waits until what is alive is so.
    pub async fn until(&self, mut is_so: impl FnMut(Alive) -> bool) {
        poll_fn(|cx| {
            let mut state = self.watch.lock();
            if is_so(state.alive) {
                return Poll::Ready(());
            }
            keep(&mut state.waiting, cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// Puts the clock forward: what was to happen within that time happens now.
    pub fn skip(&self, time: Duration) {
        let mut state = self.watch.lock();
        state.skipped += time;
        let sleeping = std::mem::take(&mut state.sleeping);
        drop(state);
        sleeping.into_iter().for_each(Waker::wake);
    }

    /// What tasks have panicked with.
    pub fn panics(&self) -> Vec<String> {
        self.watch.lock().panics.clone()
    }
}

impl<R: Runtime> Runtime for Watched<R> {
    type Stream = WatchedStream<R::Stream>;
    type Listener = WatchedListener<R::Listener>;
    type Timer = WatchedTimer<R::Timer>;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let counted = self.watch.count(|alive| &mut alive.tasks);
        self.inner.spawn(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let message = panic.downcast_ref::<String>().cloned();
                let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                counted.watch.lock().panics.push(message.unwrap_or_default());
            }
        });
    }

    fn now(&self) -> Time {
        self.inner.now() + self.watch.lock().skipped
    }

    fn wall_clock(&self) -> Timestamp {
        self.inner.wall_clock()
    }

    fn seed(&self) -> io::Result<Seed> {
        self.inner.seed()
    }

    fn has_aes(&self) -> bool {
        self.inner.has_aes()
    }

    fn timer(&self) -> Self::Timer {
        let counted = self.watch.count(|alive| &mut alive.timers);
        WatchedTimer { inner: Box::pin(self.inner.timer()), at: None, skipped: Duration::ZERO, counted }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        let _asking = self.watch.count(|alive| &mut alive.connecting);
        if address == BLACK_HOLE {
            return pending().await;
        }
        let inner = self.inner.connect(address).await?;
        Ok(WatchedStream { inner, _counted: self.watch.count(|alive| &mut alive.streams) })
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<Self::Listener> {
        let inner = self.inner.bind(address).await?;
        Ok(WatchedListener { inner, counted: self.watch.count(|alive| &mut alive.listeners) })
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.inner.resolve(host, port).await
    }
}

#[derive(Debug)]
pub struct WatchedStream<S> {
    inner: S,
    _counted: Counted,
}

impl<S: ByteStream> ByteStream for WatchedStream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.inner.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.inner.poll_write(cx, buffers)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_close(cx)
    }
}

#[derive(Debug)]
pub struct WatchedListener<L> {
    inner: L,
    counted: Counted,
}

impl<L: Listener> Listener for WatchedListener<L> {
    type Stream = WatchedStream<L::Stream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>> {
        self.inner.poll_accept(cx).map_ok(|(inner, from)| {
            (WatchedStream { inner, _counted: self.counted.watch.count(|alive| &mut alive.streams) }, from)
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

#[derive(Debug)]
pub struct WatchedTimer<T> {
    inner: Pin<Box<T>>,
    at: Option<Time>,
    /// What the inner one was set with.
    skipped: Duration,
    counted: Counted,
}

impl<T: Timer> WatchedTimer<T> {
    fn set_inner(&mut self, at: Time, skipped: Duration) {
        self.skipped = skipped;
        let at = at.as_nanos().saturating_sub(u64::try_from(skipped.as_nanos()).unwrap_or(u64::MAX));
        self.inner.as_mut().set(Time::ZERO + Duration::from_nanos(at));
    }
}

impl<T: Timer> Timer for WatchedTimer<T> {
    fn set(mut self: Pin<&mut Self>, at: Time) {
        self.at = Some(at);
        let skipped = self.counted.watch.lock().skipped;
        self.set_inner(at, skipped);
    }

    fn poll_ring(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.counted.watch.lock();
        keep(&mut state.sleeping, cx.waker());
        let skipped = state.skipped;
        drop(state);
        if let Some(at) = self.at.filter(|_| self.skipped != skipped) {
            self.set_inner(at, skipped);
        }
        self.inner.as_mut().poll_ring(cx)
    }
}

#[derive(Clone, Default)]
struct Watch(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    alive: Alive,
    skipped: Duration,
    panics: Vec<String>,
    waiting: Vec<Waker>,
    sleeping: Vec<Waker>,
}

type Which = fn(&mut Alive) -> &mut usize;

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, which: Which) -> Counted {
        self.change(|alive| *which(alive) += 1);
        Counted { watch: self.clone(), which }
    }

    fn change(&self, change: impl FnOnce(&mut Alive)) {
        let mut state = self.lock();
        change(&mut state.alive);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().alive.fmt(f)
    }
}

/// One thing that is alive as long as this is.
#[derive(Debug)]
struct Counted {
    watch: Watch,
    which: Which,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.watch.change(|alive| *(self.which)(alive) -= 1);
    }
}

fn keep(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|kept| kept.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}
