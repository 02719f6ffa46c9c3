//! A client without a machine: says and reads single messages, and does nothing by itself. For tests of what a host does
//! with clients that are slow, wrong or hostile.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::{Buf as _, Bytes, BytesMut};
use exchange_driver::{
    ByteStream, Runtime,
    core::{
        Cmid, JoinFrom, PeerId, Presence, ProducerId, RoomId,
        message::{Encoding, Hello, ToClient, ToHost},
        wire::{Offer, Received, Versions, Wire},
    },
};

use crate::stream::{read, write_all};

/// One connection to a host.
#[derive(Debug)]
pub struct RawClient<S> {
    pub stream: S,
    wire: Wire,
    encoding: Encoding,
    unread: Bytes,
}

impl<S: ByteStream> RawClient<S> {
    /// Connects and gets through the preamble.
    pub async fn connect<R: Runtime<Stream = S>>(runtime: &R, host: SocketAddr, encoding: Encoding) -> Self {
        let stream = runtime.connect(host).await.unwrap();
        Self::open(stream, encoding).await.expect("the host opens")
    }

    /// Gets through the preamble on a connection; `None` when the host would not have it.
    pub async fn open(mut stream: S, encoding: Encoding) -> Option<Self> {
        let wire = Wire::client(Offer::new(Versions::SUPPORTED, &[encoding]));
        write_all(&mut stream, &wire.opening()).await.ok()?;
        let mut client = Self { stream, wire, encoding, unread: Bytes::new() };
        client.next_received().await.filter(Option::is_none).map(|_| client)
    }

    /// Connects, says hello, and joins the lobby from its start; it is a member, and the number of the lobby is told.
    pub async fn join<R: Runtime<Stream = S>>(runtime: &R, host: SocketAddr, nick: &str) -> (Self, RoomId) {
        let mut client = Self::connect(runtime, host, Encoding::Postcard).await;
        client.say(&hello(nick)).await;
        client.wait_for(|message| matches!(message, ToClient::Welcome(_)).then_some(())).await;
        let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
        client.say(&ToHost::Join { room: "lobby".into(), from: JoinFrom::Start, settled, sent }).await;
        let joined = |message| match message {
            ToClient::Joined(joined) => Some(joined.room),
            _ => None,
        };
        let lobby = client.wait_for(joined).await;
        (client, lobby)
    }

    /// Says something.
    pub async fn say(&mut self, message: &ToHost) {
        let mut frame = BytesMut::new();
        self.encoding.encode(message, &mut frame);
        self.say_bytes(&frame).await;
    }

    /// Sends bytes that may be anything.
    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        // A host that has had enough may have closed the connection already; what it said first is still to be read.
        let _ = write_all(&mut self.stream, bytes).await;
    }

    /// The next message; `None` when the host has ended the connection.
    pub async fn hear(&mut self) -> Option<ToClient> {
        let frame = self.next_received().await?.expect("only frames follow the preamble");
        Some(self.encoding.decode(&frame).expect("a host speaks the protocol"))
    }

    /// The first message that `pick` makes something of.
    pub async fn wait_for<T>(&mut self, mut pick: impl FnMut(ToClient) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(self.hear().await.expect("the host goes on")) {
                return picked;
            }
        }
    }

    /// The next frame, or `Some(None)` for the end of the preamble.
    async fn next_received(&mut self) -> Option<Option<Bytes>> {
        loop {
            let unread = self.unread.clone();
            let mut input = &unread[..];
            let received = self.wire.receive(&mut input).unwrap().map(|received| match received {
                Received::Frame(frame) => Some(Bytes::copy_from_slice(frame)),
                Received::Answer(_) | Received::Opened { .. } => None,
            });
            self.unread.advance(unread.len() - input.len());
            if received.is_some() {
                return received;
            }
            let mut buffer = BytesMut::zeroed(64 * 1024);
            let length = read(&mut self.stream, &mut buffer).await.unwrap_or(0);
            if length == 0 {
                return None;
            }
            buffer.truncate(length);
            self.unread = buffer.freeze();
        }
    }
}

/// A greeting from somebody of that name, whom nobody has met before.
pub fn hello(nick: &str) -> ToHost {
    static GREETINGS: AtomicU64 = AtomicU64::new(1);
    let number = GREETINGS.fetch_add(1, Ordering::Relaxed);
    ToHost::Hello(Hello {
        peer: PeerId::from_bytes(u128::from(number).to_be_bytes()),
        producer: ProducerId::from_bytes(number.to_be_bytes()),
        token: None,
        attempt: 1,
        nick: nick.into(),
        presence: Presence::default(),
    })
}
