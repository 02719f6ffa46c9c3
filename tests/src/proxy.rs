//! A TCP proxy between clients and a host that cuts and stalls them, and listens.

use std::{
    future::poll_fn,
    io::IoSlice,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use exchange_driver::{ByteStream, Listener as _, Runtime};
use futures_util::future::{Either, select};

use crate::stream::accept;

/// Forwards to one host, until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    valve: Arc<Valve>,
}

impl Proxy {
    pub async fn to<R: Runtime>(runtime: &R, host: SocketAddr) -> Self {
        let mut listener = runtime.bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let valve = Arc::new(Valve::default());
        let (open, on) = (Arc::clone(&valve), runtime.clone());
        runtime.spawn(async move {
            loop {
                let closed = pin!(open.closed());
                let Either::Right((accepted, _)) = select(closed, pin!(accept(&mut listener))).await else { return };
                let (from, open) = (accepted.unwrap().0, Arc::clone(&open));
                let (cuts, host) = {
                    let state = open.lock();
                    (state.cuts, state.host.unwrap_or(host))
                };
                let to = on.clone();
                on.spawn(async move {
                    if let Ok(to) = to.connect(host).await {
                        forward(from, to, &open, cuts).await;
                    }
                });
            }
        });
        Self { address, valve }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection there is, wherever in a frame it happens to be.
    pub fn cut(&self) {
        self.valve.change(|state| state.cuts += 1);
    }

    /// Forwards new connections to another host from now on.
    pub fn turn_to(&self, host: SocketAddr) {
        self.valve.change(|state| state.host = Some(host));
    }

    /// Forwards nothing from now on, until told to again; connections stay.
    pub fn stall(&self, stall: bool) {
        self.valve.change(|state| state.is_stalled = stall);
    }

    /// Keeps what passes from now on.
    pub fn listen(&self) {
        self.valve.change(|state| state.overheard = Some(Overheard::default()));
    }

    /// What has passed since it [listens](Self::listen), on all connections together.
    pub fn overheard(&self) -> Overheard {
        self.valve.lock().overheard.clone().unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.valve.change(|state| {
            state.is_closed = true;
            state.cuts += 1;
        });
    }
}

/// What has passed through a [`Proxy`].
#[derive(Clone, Debug, Default)]
pub struct Overheard {
    pub to_host: Vec<u8>,
    pub to_client: Vec<u8>,
}

#[derive(Debug, Default)]
struct Valve(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    cuts: u64,
    /// Where to, if not to the first host any more.
    host: Option<SocketAddr>,
    is_stalled: bool,
    is_closed: bool,
    overheard: Option<Overheard>,
    waiting: Vec<Waker>,
}

impl Valve {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn overhear(&self, bytes: &[u8], of: impl FnOnce(&mut Overheard) -> &mut Vec<u8>) {
        if let Some(overheard) = &mut self.lock().overheard {
            of(overheard).extend_from_slice(bytes);
        }
    }

    async fn closed(&self) {
        poll_fn(|cx| self.poll(cx, |state| state.is_closed)).await;
    }

    fn poll(&self, cx: &Context<'_>, is_so: impl FnOnce(&State) -> bool) -> Poll<()> {
        let mut state = self.lock();
        if is_so(&state) {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// Forwards both directions until one ends or both are cut.
async fn forward<S: ByteStream>(mut client: S, mut host: S, valve: &Valve, cuts: u64) {
    let (mut up, mut down) = (Piece::default(), Piece::default());
    poll_fn(|cx| {
        if valve.poll(cx, |state| state.cuts != cuts).is_ready() {
            return Poll::Ready(());
        }
        ready!(valve.poll(cx, |state| !state.is_stalled));
        let overhear_client = |bytes: &[u8]| valve.overhear(bytes, |overheard| &mut overheard.to_host);
        let overhear_host = |bytes: &[u8]| valve.overhear(bytes, |overheard| &mut overheard.to_client);
        let ends = [
            up.poll_pump(cx, &mut client, &mut host, overhear_client),
            down.poll_pump(cx, &mut host, &mut client, overhear_host),
        ];
        if ends.iter().any(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// What is on its way in one direction; pieces have nothing to do with frames.
struct Piece {
    buffer: [u8; 1009],
    begin: usize,
    end: usize,
}

impl Default for Piece {
    fn default() -> Self {
        Self { buffer: [0; 1009], begin: 0, end: 0 }
    }
}

impl Piece {
    /// Forwards until there is nothing to; ready at the end.
    fn poll_pump(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut impl ByteStream,
        to: &mut impl ByteStream,
        overhear: impl Fn(&[u8]),
    ) -> Poll<()> {
        loop {
            while self.begin < self.end {
                match ready!(to.poll_write(cx, &[IoSlice::new(&self.buffer[self.begin..self.end])])) {
                    Ok(written) if written > 0 => self.begin += written,
                    _ => return Poll::Ready(()),
                }
            }
            match ready!(from.poll_read(cx, &mut self.buffer)) {
                Ok(length) if length > 0 => {
                    overhear(&self.buffer[..length]);
                    (self.begin, self.end) = (0, length);
                }
                _ => return Poll::Ready(()),
            }
        }
    }
}
