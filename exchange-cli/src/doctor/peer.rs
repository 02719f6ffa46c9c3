//! Two doctors on two machines, one of which waits: what gets from each to the other.
//!
//! They talk over one TCP connection, which whoever does not wait makes. Each introduces itself; then each tries to connect
//! to the port at which the other hosts a session, or would, and both say something to everybody by multicast DNS; then
//! each tells what came of it. So both know all of it, and say the same of both machines.
//!
//! Whoever connects may be anybody. What they say is read in lines of bounded length, and within a time; what they name of
//! themselves is parsed, and shown through the gate that everything passes. Nobody is dialled but the address that the
//! conversation is with, once, and at no port of a system's services.

mod crossing;
mod lines;
mod meeting;
mod probe;
mod said;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::{FutureExt as _, future::select_ok};
use tokio::{
    net::{TcpListener, TcpStream, lookup_host},
    time::timeout,
};

use self::meeting::Guest;
#[cfg(test)]
pub(super) use self::meeting::Side;
pub(super) use self::{
    meeting::{Between, Own},
    said::{Crossing, Hearing, InterfaceName, Introduction, Reach, Report},
};
use super::{port, route};
use crate::args::Machine;

/// How long it may take to connect: longer than it takes to notice that nobody is there at all.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many addresses of one name are tried.
const ADDRESSES: usize = 8;

/// What came of looking for the other machine.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    Met(Box<Between>),
    Missed(Missed),
}

/// Somebody who was not met.
#[derive(Clone, Debug)]
pub(super) struct Missed {
    /// Where they were looked for.
    pub(super) place: String,
    pub(super) port: u16,
    /// The address that this machine has towards there.
    pub(super) own: Option<IpAddr>,
    pub(super) why: Why,
}

/// Why somebody was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// There is no machine of that name.
    Unknown,
    /// The machine is there, and refuses.
    Refused,
    Unanswered,
    /// There is no way there, or nobody at the end of it.
    NoWay,
    /// A session is hosted there.
    Session,
    /// Something else listens there.
    Stranger,
    /// The other program is another version.
    Version,
    /// The conversation broke off.
    Lost,
}

/// Goes to another machine, on which somebody waits.
pub(super) async fn visit(machine: &Machine, own: Own<'_>) -> Peer {
    let (addresses, place, port) = match machine {
        Machine::At(address) => (vec![*address], address.ip().to_string(), address.port()),
        Machine::Called { host, port } => {
            let found = timeout(PATIENCE, lookup_host((host.as_str(), *port))).await;
            let found = found.ok().and_then(Result::ok).into_iter().flatten();
            (found.take(ADDRESSES).collect(), host.clone(), *port)
        }
    };
    let missed = |why| {
        let own = addresses.first().and_then(|address| route::towards(address.ip()));
        Peer::Missed(Missed { place: place.clone(), port, own, why })
    };
    if addresses.is_empty() {
        return missed(Why::Unknown);
    }
    let attempts = addresses.iter().map(|address| TcpStream::connect(*address).boxed());
    let stream = match timeout(PATIENCE, select_ok(attempts)).await {
        Ok(Ok((stream, _))) => stream,
        Ok(Err(error)) => return missed(not_connected(&error)),
        Err(_) => return missed(Why::Unanswered),
    };
    let Ok(address) = stream.peer_addr() else { return missed(Why::Lost) };
    match meeting::visit(stream, own).await {
        Ok(between) => Peer::Met(Box::new(between)),
        Err(Why::Stranger) if hosts_session(address).await => missed(Why::Session),
        Err(why) => missed(why),
    }
}

/// Waits for somebody from another machine.
pub(super) async fn wait(listener: &TcpListener, own: Own<'_>) -> Peer {
    let mut guests = meeting::Door::new(listener);
    loop {
        let guest: Guest = guests.next().await;
        // Whoever has gone again was not whom one waits for.
        if let Ok(between) = meeting::receive(guest, own).await {
            return Peer::Met(Box::new(between));
        }
    }
}

fn not_connected(error: &io::Error) -> Why {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Why::Refused,
        io::ErrorKind::TimedOut => Why::Unanswered,
        _ => Why::NoWay,
    }
}

async fn hosts_session(address: SocketAddr) -> bool {
    matches!(timeout(PATIENCE, port::speaks_exchange(address)).await, Ok(Ok(true)))
}
