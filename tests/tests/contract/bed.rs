//! What a case is given: a runtime, and what it needs again and again.

use std::{
    future::{Future, poll_fn},
    net::{Ipv4Addr, SocketAddr},
    pin::{Pin, pin},
    task::Poll,
};

use exchange_driver::{Client, ClientBuilder, Host, HostBuilder, Listener as _, Runtime};
use exchange_tests::{
    faulty::{Fault, Faulty},
    stream::accept,
    watched::{Alive, Watched},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};

/// The runtime that cases run on: counted, and with a fault or none.
pub(crate) type On<R> = Watched<Faulty<R>>;
pub(crate) type StreamOn<R> = <On<R> as Runtime>::Stream;
pub(crate) type ListenerOn<R> = <On<R> as Runtime>::Listener;

pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[derive(Clone, Debug)]
pub(crate) struct Bed<R> {
    pub(crate) runtime: On<R>,
}

impl<R: Runtime> Bed<R> {
    pub(crate) fn new(runtime: R, fault: Option<Fault>) -> Self {
        Self { runtime: Watched::new(Faulty::new(runtime, fault)) }
    }

    /// A host on loopback that nobody else can find, to be set up further.
    pub(crate) fn host_builder(&self) -> HostBuilder<On<R>> {
        exchange_tests::local_host(&self.runtime, "Lab 3")
    }

    /// A host on loopback that nobody else can find.
    pub(crate) async fn host(&self) -> Host<On<R>> {
        self.host_builder().start().await.unwrap()
    }

    pub(crate) fn client_builder(&self, nick: &str) -> ClientBuilder<On<R>> {
        Client::builder_on(self.runtime.clone()).nick(nick).no_discovery()
    }

    pub(crate) async fn join(&self, host: &Host<On<R>>, nick: &str) -> Client<On<R>> {
        self.client_builder(nick).join(host.addresses()[0]).await.unwrap()
    }

    pub(crate) async fn listener(&self) -> (ListenerOn<R>, SocketAddr) {
        let listener = self.runtime.bind(LOOPBACK).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address on loopback where nobody listens.
    pub(crate) async fn nobody(&self) -> SocketAddr {
        self.listener().await.1
    }

    /// The two ends of a connection: of whoever has connected, and of whoever was connected to.
    pub(crate) async fn pair(&self) -> (StreamOn<R>, StreamOn<R>) {
        let (mut listener, address) = self.listener().await;
        let near = self.runtime.connect(address).await.unwrap();
        (near, accept(&mut listener).await.unwrap().0)
    }

    /// Waits until everything is gone but this.
    pub(crate) async fn until_only(&self, expected: Alive) {
        self.runtime.until(|alive| alive == expected).await;
    }
}

/// What a future comes to when it is given up after so many polls, each when it was woken: `None` if it was.
pub(crate) async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Runs both to their end, each polled only when it was woken itself.
pub(crate) async fn apart(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    let both: FuturesUnordered<_> = [one.left_future(), other.right_future()].into_iter().collect();
    both.collect::<()>().await;
}

/// Lets other tasks have a turn.
pub(crate) async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whether a future is ready when it is looked at once.
pub(crate) async fn now_or_never<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
