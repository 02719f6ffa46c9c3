//! Who connects from where.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use exchange_tokio::Io;
use tokio::net::{TcpSocket, TcpStream};

pub(super) const HOST: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);

pub(super) fn abuser(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 78, 1, number)
}

pub(super) fn honest(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 78, 2, number)
}

pub(super) async fn connect(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.set_nodelay(true)?;
    // A connection that has ended keeps no port: there are not enough for thousands a second.
    socket.set_zero_linger()?;
    socket.connect(to).await
}

pub(super) async fn stream(from: Ipv4Addr, to: SocketAddr) -> io::Result<Io<TcpStream>> {
    connect(from, to).await.map(exchange_tokio::io)
}
