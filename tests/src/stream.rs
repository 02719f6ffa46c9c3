//! Byte streams and listeners, awaited.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::SocketAddr,
};

use exchange_driver::{ByteStream, Listener};

pub async fn accept<L: Listener>(listener: &mut L) -> io::Result<(L::Stream, SocketAddr)> {
    poll_fn(|cx| listener.poll_accept(cx)).await
}

pub async fn read<S: ByteStream>(stream: &mut S, buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| stream.poll_read(cx, buffer)).await
}

/// Reads so many bytes.
pub async fn read_exactly<S: ByteStream>(stream: &mut S, length: usize) -> io::Result<Vec<u8>> {
    let (mut bytes, mut filled) = (vec![0; length], 0);
    while filled < length {
        match read(stream, &mut bytes[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => filled += more,
        }
    }
    Ok(bytes)
}

pub async fn read_to_end<S: ByteStream>(stream: &mut S) -> io::Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        match read(stream, &mut buffer).await? {
            0 => return Ok(bytes),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

pub async fn write<S: ByteStream>(stream: &mut S, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    poll_fn(|cx| stream.poll_write(cx, buffers)).await
}

pub async fn write_all<S: ByteStream>(stream: &mut S, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(stream, &[IoSlice::new(bytes)]).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

pub async fn close<S: ByteStream>(stream: &mut S) -> io::Result<()> {
    poll_fn(|cx| stream.poll_close(cx)).await
}
