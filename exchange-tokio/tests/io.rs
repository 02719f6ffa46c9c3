//! Streams of one's own, brought in by `io`.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{io::Error, time::Duration};

use exchange_tokio::{Client, Host, io};
use tokio::{
    io::{BufStream, duplex},
    time::timeout,
};

/// Only a failure takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn nothing_waits_in_a_stream_that_keeps_bytes_until_it_is_flushed() {
    let host = Host::builder("Nowhere").no_listening().no_discovery().start().await.unwrap();
    let near = host.clone();
    let client = Client::builder().join_by(move || {
        let host = near.clone();
        async move {
            // So short that flushing has to wait for whoever reads.
            let (mine, theirs) = duplex(16);
            host.accept(io(BufStream::new(theirs))).await.map_err(Error::other)?;
            Ok(io(BufStream::new(mine)))
        }
    });
    let client = timeout(PATIENCE, client).await.unwrap().unwrap();
    let sent = client.room("lobby").send("longer than the stream ".repeat(100)).await.unwrap();
    timeout(PATIENCE, sent.delivered()).await.unwrap().unwrap();
}
