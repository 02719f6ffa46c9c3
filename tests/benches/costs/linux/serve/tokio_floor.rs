//! The floor on tokio: what arrives goes to every socket, with one write for each in a round, and nothing else is done.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::Ipv4Addr,
    pin::Pin,
    task::{Context, Poll},
};

use exchange_tokio::core::{message::FRAME_HEADER, wire};
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::{TcpListener, TcpStream},
};

struct Peer {
    stream: TcpStream,
    /// The beginning of an entry whose end has not come yet.
    partial: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

pub(super) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let mut peers = Vec::new();
    let (mut buffer, mut entries) = (vec![0; 64 * 1024], Vec::new());
    let everybody_goes: io::Result<()> = poll_fn(|cx| {
        while let Poll::Ready(accepted) = listener.poll_accept(cx) {
            let (stream, _) = accepted?;
            stream.set_nodelay(true)?;
            peers.push(Peer { stream, partial: Vec::new(), unsent: Vec::new() });
        }
        loop {
            entries.clear();
            let mut busy = false;
            for peer in &mut peers {
                busy |= peer.read(cx, &mut buffer, &mut entries)?;
            }
            for peer in &mut peers {
                peer.write(cx, &entries)?;
            }
            if !busy {
                return Poll::Pending;
            }
        }
    })
    .await;
    // When the generator ends, so does this.
    everybody_goes.or_else(|error| if error.kind() == io::ErrorKind::UnexpectedEof { Ok(()) } else { Err(error) })
}

impl Peer {
    /// Adds what it says to `entries`; whether there may be more.
    fn read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8], entries: &mut Vec<u8>) -> io::Result<bool> {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => return Ok(false),
            Poll::Ready(read) => read?,
        }
        if buffer.filled().is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.partial.extend_from_slice(buffer.filled());
        let whole = wire::frames(&self.partial).map(|entry| FRAME_HEADER + entry.len()).sum();
        entries.extend_from_slice(&self.partial[..whole]);
        self.partial.drain(..whole);
        Ok(true)
    }

    fn write(&mut self, cx: &mut Context<'_>, entries: &[u8]) -> io::Result<()> {
        let (mut begun, all) = (0, self.unsent.len() + entries.len());
        while begun < all {
            let first = &self.unsent[begun.min(self.unsent.len())..];
            let second = &entries[begun.saturating_sub(self.unsent.len())..];
            let stream = Pin::new(&mut self.stream);
            let written = if first.is_empty() {
                stream.poll_write(cx, second)
            } else {
                stream.poll_write_vectored(cx, &[IoSlice::new(first), IoSlice::new(second)])
            };
            match written {
                Poll::Pending => break,
                Poll::Ready(written) => begun += written?,
            }
        }
        if begun < all {
            self.unsent.extend_from_slice(entries);
            self.unsent.drain(..begun);
        } else {
            self.unsent.clear();
        }
        Ok(())
    }
}
