//! Whether a session can be hosted here, and reached.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use exchange_tokio::core::wire::{Offer, Wire};
use futures_util::{FutureExt as _, future::select_ok};
use tokio::{
    io::Interest,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::local::Interface;

/// How long an answer may take. On a local network, most take a millisecond.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What the protocol begins with, in bytes: the same in both directions and in every version.
const MAGIC: usize = 8;

/// The port that a host listens on, on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    /// A session is hosted here.
    Session,
    /// Another program listens there.
    Taken,
    /// It may not be listened at.
    Forbidden,
    /// It is free, but who connects to it by these addresses of this very machine gets no answer.
    Unreachable(Vec<SocketAddr>),
}

/// Looks at the port that hosts use, and listens there if it can be had.
pub(super) async fn look(interfaces: &[Interface], number: u16) -> (Port, Option<TcpListener>) {
    match listen(number).await {
        Ok(listener) => {
            // Whoever wants any gets some.
            let number = listener.local_addr().map_or(number, |address| address.port());
            let ips = interfaces.iter().flat_map(Interface::ips).filter(IpAddr::is_ipv4);
            let mut silent = Vec::new();
            for address in ips.map(|ip| SocketAddr::new(ip, number)) {
                if !answers(&[address]).await {
                    silent.push(address);
                }
            }
            let state = if silent.is_empty() { State::Free } else { State::Unreachable(silent) };
            (Port { number, state }, Some(listener))
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let state = match timeout(PATIENCE, speaks_exchange((Ipv4Addr::LOCALHOST, number).into())).await {
                Ok(Ok(true)) => State::Session,
                _ => State::Taken,
            };
            (Port { number, state }, None)
        }
        Err(_) => (Port { number, state: State::Forbidden }, None),
    }
}

/// Listens at all addresses of this machine, at this port or, if it is 0, at any.
pub(super) async fn listen(number: u16) -> io::Result<TcpListener> {
    // The address of IPv6 stands for both families, where there is IPv6.
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, number)).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).await
        }
        bound => bound,
    }
}

/// Whether whoever listens there answers as a host does, of whatever version.
pub(super) async fn speaks_exchange(address: SocketAddr) -> io::Result<bool> {
    let opening = Wire::client(Offer::default()).opening();
    let stream = TcpStream::connect(address).await?;
    stream.async_io(Interest::WRITABLE, || stream.try_write(&opening)).await?;
    let mut answer = [0; MAGIC];
    let length = stream.async_io(Interest::READABLE, || stream.try_read(&mut answer)).await?;
    Ok(length == MAGIC && opening.starts_with(&answer))
}

/// Whether anybody answers at one of these addresses.
pub(super) async fn answers(addresses: &[SocketAddr]) -> bool {
    let attempts: Vec<_> = addresses.iter().map(|address| TcpStream::connect(*address).boxed()).collect();
    !attempts.is_empty() && timeout(PATIENCE, select_ok(attempts)).await.is_ok_and(|first| first.is_ok())
}
