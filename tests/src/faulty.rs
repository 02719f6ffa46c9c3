//! A runtime that breaks its contract in one way: what a test of the contract has to notice.

use std::{
    future::{Future, pending},
    io::{self, IoSlice},
    mem,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use exchange_driver::{
    ByteStream, Listener, Runtime, Timer,
    core::{Seed, Time, Timestamp},
};

/// The ways to break it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    SpawnForgets,
    ClockGoesBack,
    SeedIsFixed,
    TimerRingsAtOnce,
    TimerNeverRings,
    TimerBornRinging,
    TimerKeepsFirstTime,
    TimerRingsOnce,
    TimerIgnoresThePast,
    TimerWrapsAround,
    TimerKeepsFirstWaker,
    ReadLosesBytes,
    ReadLosesWaker,
    ReadKeepsFirstWaker,
    ReadSeesNoEnd,
    ReadHidesReset,
    WriteTellsTooMuch,
    WriteReversesBuffers,
    WriteRefusesManyBuffers,
    WriteLosesWaker,
    WriteHidesReset,
    WriteStopsReading,
    CloseDoesNothing,
    CloseEndsBothWays,
    StreamsLeak,
    ListenersLeak,
    ListenerHidesPort,
    AcceptHidesPeer,
    AcceptLosesWaker,
    AcceptsOnce,
    ErrorsAreUnkind,
    NoIpv6,
    ConnectHangs,
    ConnectGoesOn,
    ResolveForgetsPort,
    ResolveFindsAnything,
    ResolveFindsNothing,
}

/// A runtime with a fault, or none.
#[derive(Clone, Debug)]
pub struct Faulty<R> {
    inner: R,
    fault: Option<Fault>,
    calls: Arc<AtomicU64>,
}

impl<R: Runtime> Faulty<R> {
    pub fn new(inner: R, fault: Option<Fault>) -> Self {
        Self { inner, fault, calls: Arc::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn told<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| if self.has(Fault::ErrorsAreUnkind) { io::Error::other(error) } else { error })
    }

    /// Connects in a task of its own, which holds on to what nobody waits for any more.
    async fn connect_apart(&self, address: SocketAddr) -> io::Result<R::Stream> {
        let (told, connected) = futures_channel::oneshot::channel();
        let inner = self.inner.clone();
        self.inner.spawn(async move {
            if let Err(unwanted) = told.send(inner.connect(address).await) {
                pending::<()>().await;
                drop(unwanted);
            }
        });
        connected.await.map_err(io::Error::other)?
    }
}

impl<R: Runtime> Runtime for Faulty<R> {
    type Stream = FaultyStream<R::Stream>;
    type Listener = FaultyListener<R::Listener>;
    type Timer = FaultyTimer<R::Timer>;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if !self.has(Fault::SpawnForgets) {
            self.inner.spawn(task);
        }
    }

    fn now(&self) -> Time {
        let now = self.inner.now();
        let ahead = Duration::from_secs(self.calls.fetch_add(1, Ordering::Relaxed) % 2);
        if self.has(Fault::ClockGoesBack) { now + ahead } else { now }
    }

    fn wall_clock(&self) -> Timestamp {
        self.inner.wall_clock()
    }

    fn seed(&self) -> io::Result<Seed> {
        if self.has(Fault::SeedIsFixed) { Ok(Seed::new([7; 32])) } else { self.inner.seed() }
    }

    fn has_aes(&self) -> bool {
        self.inner.has_aes()
    }

    fn timer(&self) -> Self::Timer {
        let (inner, now) = (Box::pin(self.inner.timer()), self.inner.now());
        FaultyTimer { inner, fault: self.fault, now, is_set: false, has_rung: false, waker: None }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        let inner = match self.fault {
            Some(Fault::ConnectHangs) => pending().await,
            Some(Fault::ConnectGoesOn) => self.connect_apart(address).await,
            _ => self.inner.connect(address).await,
        };
        self.told(inner).map(|inner| FaultyStream::new(inner, self.fault))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<Self::Listener> {
        if self.has(Fault::NoIpv6) && address.is_ipv6() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let inner = Held::new(self.told(self.inner.bind(address).await)?, self.has(Fault::ListenersLeak));
        Ok(FaultyListener { inner, fault: self.fault, has_accepted: false })
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self.fault {
            Some(Fault::ResolveFindsAnything) => Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]),
            Some(Fault::ResolveFindsNothing) => Ok(Vec::new()),
            Some(Fault::ResolveForgetsPort) => self.inner.resolve(host, 0).await,
            _ => self.inner.resolve(host, port).await,
        }
    }
}

#[derive(Debug)]
pub struct FaultyStream<S> {
    inner: Held<S>,
    fault: Option<Fault>,
    waker: Option<Waker>,
    is_closed: bool,
    is_full: bool,
}

impl<S> FaultyStream<S> {
    fn new(inner: S, fault: Option<Fault>) -> Self {
        let inner = Held::new(inner, fault == Some(Fault::StreamsLeak));
        Self { inner, fault, waker: None, is_closed: false, is_full: false }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

impl<S: ByteStream> ByteStream for FaultyStream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let waker = match self.fault {
            Some(Fault::ReadLosesWaker) => Waker::noop().clone(),
            Some(Fault::ReadKeepsFirstWaker) => self.waker.get_or_insert_with(|| cx.waker().clone()).clone(),
            _ => cx.waker().clone(),
        };
        if self.has(Fault::CloseEndsBothWays) && self.is_closed {
            return Poll::Ready(Ok(0));
        }
        if self.has(Fault::WriteStopsReading) && self.is_full {
            return Poll::Pending;
        }
        match (ready!(self.inner.lock().poll_read(&mut Context::from_waker(&waker), buffer)), self.fault) {
            (Ok(0), Some(Fault::ReadSeesNoEnd)) => Poll::Pending,
            (Ok(length), Some(Fault::ReadLosesBytes)) if length > 1 => Poll::Ready(Ok(length - 1)),
            (Err(_), Some(Fault::ReadHidesReset)) => Poll::Ready(Ok(0)),
            (result, _) => Poll::Ready(result),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        let waker = if self.has(Fault::WriteLosesWaker) { Waker::noop() } else { cx.waker() };
        let mut cx = Context::from_waker(waker);
        let polled = match self.fault {
            Some(Fault::WriteReversesBuffers) => {
                let reversed: Vec<_> = buffers.iter().rev().map(|buffer| IoSlice::new(buffer)).collect();
                self.inner.lock().poll_write(&mut cx, &reversed)
            }
            Some(Fault::WriteRefusesManyBuffers) if buffers.len() > 1024 => {
                Poll::Ready(Err(io::ErrorKind::InvalidInput.into()))
            }
            _ => self.inner.lock().poll_write(&mut cx, buffers),
        };
        self.is_full = polled.is_pending();
        match (ready!(polled), self.fault) {
            (Ok(_), Some(Fault::WriteTellsTooMuch)) | (Err(_), Some(Fault::WriteHidesReset)) => Poll::Ready(Ok(wanted)),
            (result, _) => Poll::Ready(result),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_closed = true;
        if self.has(Fault::CloseDoesNothing) { Poll::Ready(Ok(())) } else { self.inner.lock().poll_close(cx) }
    }
}

#[derive(Debug)]
pub struct FaultyListener<L> {
    inner: Held<L>,
    fault: Option<Fault>,
    has_accepted: bool,
}

impl<L: Listener> Listener for FaultyListener<L> {
    type Stream = FaultyStream<L::Stream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>> {
        if self.fault == Some(Fault::AcceptsOnce) && self.has_accepted {
            return Poll::Pending;
        }
        let waker = if self.fault == Some(Fault::AcceptLosesWaker) { Waker::noop() } else { cx.waker() };
        let (stream, from) = ready!(self.inner.lock().poll_accept(&mut Context::from_waker(waker)))?;
        self.has_accepted = true;
        let is_hidden = self.fault == Some(Fault::AcceptHidesPeer);
        let from = if is_hidden { (Ipv4Addr::UNSPECIFIED, 0).into() } else { from };
        Poll::Ready(Ok((FaultyStream::new(stream, self.fault), from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        let mut address = self.inner.lock().local_addr()?;
        if self.fault == Some(Fault::ListenerHidesPort) {
            address.set_port(0);
        }
        Ok(address)
    }
}

#[derive(Debug)]
pub struct FaultyTimer<T> {
    inner: Pin<Box<T>>,
    fault: Option<Fault>,
    now: Time,
    is_set: bool,
    has_rung: bool,
    waker: Option<Waker>,
}

impl<T: Timer> Timer for FaultyTimer<T> {
    fn set(mut self: Pin<&mut Self>, at: Time) {
        let is_first = !mem::replace(&mut self.is_set, true);
        let at = match self.fault {
            Some(Fault::TimerRingsAtOnce) => Time::ZERO,
            Some(Fault::TimerNeverRings) => return,
            Some(Fault::TimerKeepsFirstTime) if !is_first => return,
            Some(Fault::TimerRingsOnce) if self.has_rung => return,
            Some(Fault::TimerIgnoresThePast) if at <= self.now => return,
            Some(Fault::TimerWrapsAround) if at.as_nanos() > u64::MAX / 2 => Time::ZERO,
            _ => at,
        };
        self.has_rung = false;
        self.inner.as_mut().set(at);
    }

    fn poll_ring(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.fault == Some(Fault::TimerBornRinging) && !self.is_set {
            return Poll::Ready(());
        }
        if self.fault == Some(Fault::TimerRingsOnce) && self.has_rung {
            return Poll::Pending;
        }
        let waker = self.waker.get_or_insert_with(|| cx.waker().clone()).clone();
        let waker = if self.fault == Some(Fault::TimerKeepsFirstWaker) { waker } else { cx.waker().clone() };
        ready!(self.inner.as_mut().poll_ring(&mut Context::from_waker(&waker)));
        self.has_rung = true;
        Poll::Ready(())
    }
}

/// Something that may never be let go of.
#[derive(Debug)]
struct Held<T>(Arc<Mutex<T>>);

impl<T> Held<T> {
    fn new(held: T, for_ever: bool) -> Self {
        let held = Arc::new(Mutex::new(held));
        if for_ever {
            mem::forget(Arc::clone(&held));
        }
        Self(held)
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
