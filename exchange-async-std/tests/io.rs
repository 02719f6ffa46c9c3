//! Streams of one's own, brought in by `io`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    future::poll_fn,
    io::{Error, IoSlice},
    time::Duration,
};

use async_std::{future::timeout, os::unix::net::UnixStream};
use exchange_async_std::{ByteStream as _, Client, Host, io};
use futures_util::io::BufWriter;

/// Only a failure takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

#[async_std::test]
async fn nothing_waits_in_a_stream_that_keeps_bytes_until_it_is_flushed() {
    let host = Host::builder("Nowhere").no_listening().no_discovery().start().await.unwrap();
    let near = host.clone();
    let client = Client::builder().join_by(move || {
        let host = near.clone();
        async move {
            let (mine, theirs) = UnixStream::pair()?;
            host.accept(io(BufWriter::new(theirs))).await.map_err(Error::other)?;
            Ok(io(BufWriter::new(mine)))
        }
    });
    let client = timeout(PATIENCE, client).await.unwrap().unwrap();
    let sent = client.room("lobby").send("hello").await.unwrap();
    timeout(PATIENCE, sent.delivered()).await.unwrap().unwrap();
}

#[async_std::test]
async fn the_end_of_a_unix_socket_is_read_at_its_other_end_which_can_still_answer() {
    let (mine, theirs) = UnixStream::pair().unwrap();
    let (mut mine, mut theirs) = (io(mine), io(theirs));
    let mut buffer = [0; 8];
    poll_fn(|cx| mine.poll_close(cx)).await.unwrap();
    let end = timeout(PATIENCE, poll_fn(|cx| theirs.poll_read(cx, &mut buffer))).await.unwrap();
    assert_eq!(end.unwrap(), 0);
    poll_fn(|cx| theirs.poll_write(cx, &[IoSlice::new(b"thanks")])).await.unwrap();
    let read = timeout(PATIENCE, poll_fn(|cx| mine.poll_read(cx, &mut buffer))).await.unwrap();
    assert_eq!(&buffer[..read.unwrap()], b"thanks");
}
