//! Which way out this machine takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address that this machine has towards everywhere to which it knows no nearer way, if it has a way there. Nothing is
/// sent for that.
pub(super) fn outward() -> Option<IpAddr> {
    // Addresses for documentation, which nobody has.
    const V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    towards(V4.into()).or_else(|| towards(V6.into()))
}

/// The address that this machine has towards another, if it has a way there. Nothing is sent for that.
pub(super) fn towards(there: IpAddr) -> Option<IpAddr> {
    const ANY_PORT: u16 = 9;
    let any = if there.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(there, ANY_PORT)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}
