//! Whether multicast gets through: asks everybody on the network, and hears who answers.
//!
//! What is sent to a multicast group comes back to the machine that sent it, through the same firewall that what others
//! send has to pass. If not even that is heard, nothing will be.

use std::{
    collections::BTreeSet,
    future::pending,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use exchange_tokio::{core::discovery::SERVICE_TYPE, discovery::MdnsConfig};
use if_addrs::IfAddr;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::{
    net::UdpSocket,
    time::{sleep, timeout},
};

use crate::local::Interface;

const PORT: u16 = MdnsConfig::PORT;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// What every machine answers that speaks multicast DNS and has anything to offer.
const ANYTHING: &str = "_services._dns-sd._udp.local.";

/// The largest packet of multicast DNS.
const LARGEST: usize = 9000;

/// Whoever has answered within the last second keeps silent.
const ASK_AGAIN: Duration = Duration::from_millis(1100);

/// What was heard on an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// What this machine sends itself.
    pub(super) own: bool,
    /// What others send, by their addresses: those of IPv4, if there are any, so that most machines count once.
    pub(super) others: BTreeSet<IpAddr>,
}

/// Asks on each of these interfaces, and listens for as long as that.
///
/// # Errors
///
/// If there is no listening at the port of multicast DNS, in either family.
pub(super) async fn probe(interfaces: &[Interface], patience: Duration) -> io::Result<Vec<Heard>> {
    let sockets = Sockets::open(interfaces)?;
    let mut heard = vec![Heard::default(); interfaces.len()];
    let listening = async {
        while let Ok(from) = sockets.receive().await {
            note(interfaces, &mut heard, from);
        }
        pending::<()>().await;
    };
    let asking = async {
        sockets.ask(interfaces).await;
        sleep(ASK_AGAIN).await;
        sockets.ask(interfaces).await;
        pending::<()>().await;
    };
    // Neither ever ends.
    let _ = timeout(patience, async { tokio::join!(listening, asking) }).await;
    for heard in &mut heard {
        if heard.others.iter().any(IpAddr::is_ipv4) {
            heard.others.retain(IpAddr::is_ipv4);
        }
    }
    Ok(heard)
}

fn note(interfaces: &[Interface], heard: &mut [Heard], from: SocketAddr) {
    let scope = match from {
        SocketAddr::V6(from) if from.ip().is_unicast_link_local() => Some(from.scope_id()),
        _ => None,
    };
    for (interface, heard) in interfaces.iter().zip(heard) {
        if scope.is_some_and(|scope| scope != interface.index) {
            continue;
        }
        if interface.ips().any(|own| own == from.ip()) {
            heard.own = true;
        } else if interface.leads_to(from.ip()) {
            heard.others.insert(from.ip());
        }
    }
}

/// One for each family, if the machine has it.
struct Sockets {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

impl Sockets {
    fn open(interfaces: &[Interface]) -> io::Result<Self> {
        let v4 = socket(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, PORT).into());
        let v6 = socket(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, PORT).into());
        let (v4, v6) = match (v4, v6) {
            (Err(error), Err(_)) => return Err(error),
            (v4, v6) => (v4.ok(), v6.ok()),
        };
        // An interface on which that cannot be done is one on which nothing is heard.
        for interface in interfaces {
            for address in &interface.addresses {
                let _ = match (address, &v4, &v6) {
                    (IfAddr::V4(own), Some(v4), _) => v4.join_multicast_v4(GROUP_V4, own.ip),
                    (IfAddr::V6(_), _, Some(v6)) => v6.join_multicast_v6(&GROUP_V6, interface.index),
                    _ => Ok(()),
                };
            }
        }
        Ok(Self { v4, v6 })
    }

    async fn ask(&self, interfaces: &[Interface]) {
        let question = question();
        for interface in interfaces {
            for address in &interface.addresses {
                // What cannot be sent is not heard either.
                let _ = match (address, &self.v4, &self.v6) {
                    (IfAddr::V4(own), Some(v4), _) if SockRef::from(v4).set_multicast_if_v4(&own.ip).is_ok() => {
                        v4.send_to(&question, (GROUP_V4, PORT)).await
                    }
                    (IfAddr::V6(own), _, Some(v6))
                        if own.ip.is_unicast_link_local()
                            && SockRef::from(v6).set_multicast_if_v6(interface.index).is_ok() =>
                    {
                        v6.send_to(&question, (GROUP_V6, PORT)).await
                    }
                    _ => Ok(0),
                };
            }
        }
    }

    /// Waits for a packet, and tells from whom.
    async fn receive(&self) -> io::Result<SocketAddr> {
        tokio::select! {
            from = receive(self.v4.as_ref()) => from,
            from = receive(self.v6.as_ref()) => from,
        }
    }
}

async fn receive(socket: Option<&UdpSocket>) -> io::Result<SocketAddr> {
    match socket {
        // What it says does not matter.
        Some(socket) => socket.recv_from(&mut vec![0; LARGEST]).await.map(|(_, from)| from),
        None => pending().await,
    }
}

/// A socket beside those of whoever else speaks multicast DNS on this machine.
fn socket(family: Domain, address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(family, Type::DGRAM, Some(Protocol::UDP))?;
    if family == Domain::IPV6 {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Which sessions are there, and what else is.
fn question() -> Vec<u8> {
    const HEADER: [u8; 12] = [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0];
    const PTR_IN: [u8; 4] = [0, 12, 0, 1];
    let mut packet = HEADER.to_vec();
    for name in [SERVICE_TYPE, ANYTHING] {
        for label in name.split_terminator('.') {
            packet.push(u8::try_from(label.len()).unwrap_or_default());
            packet.extend(label.as_bytes());
        }
        packet.push(0);
        packet.extend(PTR_IN);
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_two_names_made_of_labels() {
        let question = question();
        assert!(question.starts_with(b"\0\0\0\0\0\x02\0\0\0\0\0\0\x09_exchange\x04_tcp\x05local\0\0\x0c\0\x01"));
        assert!(question.ends_with(b"\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01"));
    }
}
