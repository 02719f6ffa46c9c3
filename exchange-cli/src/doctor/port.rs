//! Whether a session can be hosted here, and reached.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use exchange_tokio::core::{
    discovery::DEFAULT_PORT,
    wire::{Offer, Wire},
};
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
pub(super) enum Port {
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

/// Looks at the port that hosts use.
pub(super) async fn look(interfaces: &[Interface]) -> Port {
    // The address of IPv6 stands for both families, where there is IPv6.
    let listener = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT)).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT)).await
        }
        bound => bound,
    };
    match listener {
        Ok(_listener) => {
            let ips = interfaces.iter().flat_map(Interface::ips).filter(IpAddr::is_ipv4);
            let mut silent = Vec::new();
            for address in ips.map(|ip| SocketAddr::new(ip, DEFAULT_PORT)) {
                if !answers(&[address]).await {
                    silent.push(address);
                }
            }
            if silent.is_empty() { Port::Free } else { Port::Unreachable(silent) }
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            match timeout(PATIENCE, speaks_exchange((Ipv4Addr::LOCALHOST, DEFAULT_PORT).into())).await {
                Ok(Ok(true)) => Port::Session,
                _ => Port::Taken,
            }
        }
        Err(_) => Port::Forbidden,
    }
}

/// Whether whoever listens there answers as a host does, of whatever version.
async fn speaks_exchange(address: SocketAddr) -> io::Result<bool> {
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
