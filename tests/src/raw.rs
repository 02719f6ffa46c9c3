//! A client without a machine: says and reads single messages, and does nothing by itself. For tests of what a host does
//! with clients that are slow, wrong or hostile.

use std::net::SocketAddr;

use bytes::{Buf as _, Bytes, BytesMut};
use exchange_driver::{
    ByteStream, Runtime,
    core::{
        Body, Cmid, Epoch, Identity, JoinFrom, PeerId, Presence, ProducerId, RoomId, RoomName, Seed,
        message::{Commitment, Encoding, Hello, Place, ToClient, ToHost},
        wire::{Keyring, Offer, Received, Versions, Wire},
    },
};

use crate::stream::{read, write_all};

/// One connection to a host.
#[derive(Debug)]
pub struct RawClient<S> {
    pub stream: S,
    /// Whose it is, as has been proven.
    pub peer: PeerId,
    /// Which run of its client it says it is.
    pub producer: ProducerId,
    identity: Identity,
    /// The lobby's log, once it is in it.
    epoch: Option<Epoch>,
    wire: Wire,
    encoding: Encoding,
    unread: Bytes,
}

impl<S: ByteStream> RawClient<S> {
    /// Connects as somebody whom nobody has met before, and gets through the handshake.
    pub async fn connect<R: Runtime<Stream = S>>(runtime: &R, host: SocketAddr, encoding: Encoding) -> Self {
        let stream = runtime.connect(host).await.unwrap();
        Self::open(stream, encoding, &somebody()).await.expect("the host opens")
    }

    /// Gets through the handshake on a connection; `None` when the host would not have it.
    pub async fn open(mut stream: S, encoding: Encoding, identity: &Identity) -> Option<Self> {
        let peer = identity.peer();
        let keys = Keyring::new(identity.clone(), &Seed::new(random())).keys();
        let wire = Wire::client(Offer::new(Versions::SUPPORTED, &[encoding])).secured(Some(keys));
        write_all(&mut stream, &wire.opening()).await.ok()?;
        let (producer, identity) = (ProducerId::from_bytes([0; 8]), identity.clone());
        let unread = Bytes::new();
        let mut client = Self { stream, peer, producer, identity, epoch: None, wire, encoding, unread };
        client.next_received().await.filter(Option::is_none).map(|_| client)
    }

    /// Connects, says hello, and joins the lobby from its start; it is a member, and the number of the lobby is told.
    pub async fn join<R: Runtime<Stream = S>>(runtime: &R, host: SocketAddr, nick: &str) -> (Self, RoomId) {
        let mut client = Self::connect(runtime, host, Encoding::Postcard).await;
        client.greet(nick).await;
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

    /// Says hello by that name.
    pub async fn greet(&mut self, nick: &str) {
        let hello = self.hello(nick);
        self.say(&ToHost::Hello(hello)).await;
    }

    /// What it says then, as another run of its client each time.
    pub fn hello(&mut self, nick: &str) -> Hello {
        let producer = ProducerId::from_bytes(fastrand::u64(..).to_be_bytes());
        self.producer = producer;
        Hello { peer: self.peer, producer, token: None, attempt: 1, nick: nick.into(), presence: Presence::default() }
    }

    /// A message for the lobby, which is that room, with what has to be signed of it.
    pub fn signed(&self, room: RoomId, cmid: Cmid, body: Body) -> ToHost {
        let epoch = self.epoch.expect("it is in the lobby");
        let place = Place { room: &RoomName::lobby(), epoch, producer: self.producer };
        let commitment = Commitment::sign_unseen(&self.identity, place, (cmid, vec![body.digest().short()]));
        ToHost::Send { room, cmid, body, commitment: Some(commitment.into()) }
    }

    /// Sends bytes that may be anything, as if they were frames.
    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        let mut sealed = BytesMut::new();
        self.wire.seal(bytes, &mut sealed);
        // A host that has had enough may have closed the connection already; what it said first is still to be read.
        let _ = write_all(&mut self.stream, &sealed).await;
    }

    /// The next message; `None` when the host has ended the connection.
    pub async fn hear(&mut self) -> Option<ToClient> {
        let frame = self.next_received().await?.expect("only frames follow the handshake");
        let message = self.encoding.decode(&frame).expect("a host speaks the protocol");
        if let ToClient::Joined(joined) = &message
            && joined.name.is_lobby()
        {
            self.epoch = Some(joined.epoch);
        }
        Some(message)
    }

    /// The first message that `pick` makes something of.
    pub async fn wait_for<T>(&mut self, mut pick: impl FnMut(ToClient) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(self.hear().await.expect("the host goes on")) {
                return picked;
            }
        }
    }

    /// The next frame, or `Some(None)` for the end of the handshake.
    async fn next_received(&mut self) -> Option<Option<Bytes>> {
        loop {
            let unread = self.unread.clone();
            let mut input = &unread[..];
            let (received, answer) = match self.wire.receive(&mut input).unwrap() {
                None => (None, None),
                Some(Received::Frame(frame)) => (Some(Some(Bytes::copy_from_slice(frame))), None),
                Some(Received::Answer(answer)) => (None, Some(answer)),
                Some(Received::Opened { answer, .. }) => (Some(None), Some(answer)),
            };
            self.unread.advance(unread.len() - input.len());
            if let Some(answer) = &answer {
                write_all(&mut self.stream, answer).await.ok()?;
            }
            if received.is_some() {
                return received;
            }
            if answer.is_some() || !self.unread.is_empty() {
                continue;
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

/// Somebody whom nobody has met before.
pub fn somebody() -> Identity {
    Identity::from_seed(random())
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    fastrand::fill(&mut bytes);
    bytes
}
