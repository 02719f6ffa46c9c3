//! A session without TCP: one client comes through memory, another through a Unix socket, and they talk.
//!
//! `cargo run -p exchange-tokio --example custom_transport`

use std::{
    io::{self, IoSlice},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use exchange_tokio::{
    BoxError, ByteStream, Client, Host,
    core::{Event, text::display_safe},
};
use futures_channel::mpsc;
use futures_util::StreamExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let host = Host::builder("Nowhere").no_listening().no_discovery().start().await?;

    // Whenever the client wants a connection, it makes a pair of ends and hands one of them to the host.
    let near = host.clone();
    let through_memory = Client::builder().nick("bo").join_by(move || {
        let host = near.clone();
        async move {
            let (mine, theirs) = Pipe::pair();
            host.accept(theirs).await.map_err(io::Error::other)?;
            Ok(mine)
        }
    });
    let bo = through_memory.await?;
    let mut seen = bo.events();

    #[cfg(unix)]
    let cy = {
        use tokio::net::UnixStream;

        let near = host.clone();
        let through_a_socket = Client::builder().nick("cy").join_by(move || {
            let host = near.clone();
            async move {
                let (mine, theirs) = UnixStream::pair()?;
                host.accept(exchange_tokio::io(theirs)).await.map_err(io::Error::other)?;
                Ok(exchange_tokio::io(mine))
            }
        });
        through_a_socket.await?
    };
    #[cfg(not(unix))]
    let cy = &host;

    cy.room("lobby").send("no network here").await?.delivered().await?;
    while let Some(event) = seen.next().await {
        if let Event::Message(message) = event {
            println!("{} sees {}: {}", bo.me(), message.sender(), display_safe(message.text()));
            break;
        }
    }
    host.shutdown(Duration::from_secs(1)).await;
    Ok(())
}

/// One end of a pipe in memory: what one writes, the other reads.
struct Pipe {
    incoming: mpsc::Receiver<Bytes>,
    unread: Bytes,
    outgoing: mpsc::Sender<Bytes>,
}

impl Pipe {
    fn pair() -> (Self, Self) {
        // A few writes may wait to be read; then the writer waits, as with a socket.
        let ((to_right, from_left), (to_left, from_right)) = (mpsc::channel(4), mpsc::channel(4));
        let end = |outgoing, incoming| Self { incoming, unread: Bytes::new(), outgoing };
        (end(to_right, from_right), end(to_left, from_left))
    }
}

impl ByteStream for Pipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.unread.is_empty() {
            self.unread = ready!(self.incoming.poll_next_unpin(cx)).unwrap_or_default();
        }
        let read = self.unread.split_to(self.unread.len().min(buffer.len()));
        buffer[..read.len()].copy_from_slice(&read);
        Poll::Ready(Ok(read.len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let bytes: Bytes = buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect();
        let length = bytes.len();
        let sent = ready!(self.outgoing.poll_ready(cx)).and_then(|()| self.outgoing.start_send(bytes));
        Poll::Ready(sent.map(|()| length).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.close_channel();
        Poll::Ready(Ok(()))
    }
}
