//! Sockets at the port of multicast DNS.

use std::{
    future::pending,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use exchange_tokio::discovery::MdnsConfig;
use if_addrs::IfAddr;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;

use crate::local::Interface;

const PORT: u16 = MdnsConfig::PORT;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// The largest packet of multicast DNS.
const LARGEST: usize = 9000;

/// One for each family, if the machine has it.
pub(in super::super) struct Sockets {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

/// What came, and from whom.
pub(in super::super) struct Packet {
    pub(in super::super) from: SocketAddr,
    pub(in super::super) bytes: Vec<u8>,
}

impl Sockets {
    /// Listens on these interfaces.
    ///
    /// # Errors
    ///
    /// If there is no listening at the port of multicast DNS, in either family.
    pub(in super::super) fn open(interfaces: &[Interface]) -> io::Result<Self> {
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

    /// Asks everybody on these interfaces.
    pub(in super::super) async fn ask(&self, interfaces: &[Interface], question: &[u8]) {
        for interface in interfaces {
            for address in &interface.addresses {
                // What cannot be sent is not heard either.
                let _ = match (address, &self.v4, &self.v6) {
                    (IfAddr::V4(own), Some(v4), _) if SockRef::from(v4).set_multicast_if_v4(&own.ip).is_ok() => {
                        v4.send_to(question, (GROUP_V4, PORT)).await
                    }
                    (IfAddr::V6(own), _, Some(v6))
                        if own.ip.is_unicast_link_local()
                            && SockRef::from(v6).set_multicast_if_v6(interface.index).is_ok() =>
                    {
                        v6.send_to(question, (GROUP_V6, PORT)).await
                    }
                    _ => Ok(0),
                };
            }
        }
    }

    /// Waits for a packet.
    pub(in super::super) async fn receive(&self) -> io::Result<Packet> {
        tokio::select! {
            packet = receive(self.v4.as_ref()) => packet,
            packet = receive(self.v6.as_ref()) => packet,
        }
    }
}

async fn receive(socket: Option<&UdpSocket>) -> io::Result<Packet> {
    let Some(socket) = socket else { return pending().await };
    let mut bytes = vec![0; LARGEST];
    let (length, from) = socket.recv_from(&mut bytes).await?;
    bytes.truncate(length);
    Ok(Packet { from, bytes })
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
