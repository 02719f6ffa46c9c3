//! A whole conversation, as the machines themselves hold it: a client joins, chats, loses its link in the middle of a
//! frame, comes back to a gap, and leaves. What each side sends on each link is one stream.

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use exchange_tokio::core::{
    Body, Client, ClientConfig, Effect, Encoding, Host, HostConfig, Input, JoinFrom, LinkId, LinkLoss, Outbox,
    RoomName, Seed, SessionName, Time, Timestamp, client, host,
    message::{ToClient, ToHost},
    wire::{Offer, Received, Versions, Wire, frames},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Vector, encoding_name, messages};

const WINDOW: u32 = 64 * 1024;

pub(super) fn vectors() -> Vec<Vector> {
    [Encoding::Postcard, Encoding::Json].into_iter().flat_map(conversation).collect()
}

fn conversation(encoding: Encoding) -> Vec<Vector> {
    let mut talk = Talk::new(encoding);
    let (lobby, den) = (RoomName::lobby(), messages::den());
    talk.client(|client| {
        client.connect();
    });
    talk.client(|client| {
        client.post(&lobby, Body::text("hé")).unwrap();
        client.join(&den, JoinFrom::Start).unwrap();
    });
    talk.host(|host| host.post(&lobby, Body::text("hello, bo")).map(drop).unwrap());
    talk.cut_while_saying(&lobby, "this is only heard in part");
    talk.client(|client| client.post(&lobby, Body::text("said while the link was down")).map(drop).unwrap());
    for text in ["one", "two", "three", "four", "five"] {
        talk.host(|host| host.post(&lobby, Body::text(text)).map(drop).unwrap());
    }
    talk.pass(Duration::from_secs(1));
    talk.client(|client| client.leave(&den).unwrap());
    talk.client(|client| {
        client.close();
    });
    talk.into_vectors()
}

/// A host, a client, and what was said on the links between them.
struct Talk {
    encoding: Encoding,
    now: Time,
    host: Host,
    client: Client,
    links: Vec<Streams>,
    on_the_way: VecDeque<(Side, LinkId, Bytes)>,
}

#[derive(Clone, Copy)]
enum Side {
    Host,
    Client,
}

#[derive(Default)]
struct Streams {
    to_host: BytesMut,
    to_client: BytesMut,
}

impl Talk {
    fn new(encoding: Encoding) -> Self {
        let mut config = HostConfig::new(SessionName::new("Lab 3").unwrap(), messages::nick("ana"));
        config.limits.history_entries = 4;
        let mut host = Host::new(config, &Seed::from_number(1), Time::ZERO);
        host.handle(Time::ZERO, Input::WallClock { at: Timestamp::from_millis(1_790_000_000_000) }, &mut Outbox::new());
        let client = Client::new(ClientConfig::new(messages::nick("bo")), &Seed::from_number(2));
        Self { encoding, now: Time::ZERO, host, client, links: Vec::new(), on_the_way: VecDeque::new() }
    }

    fn client(&mut self, act: impl FnOnce(&mut client::Round<'_>)) {
        self.now = self.now + Duration::from_millis(10);
        let mut out = Outbox::new();
        act(&mut self.client.round(self.now, &mut out));
        self.said_by_client(out);
        self.deliver();
    }

    fn host(&mut self, act: impl FnOnce(&mut host::Round<'_>)) {
        self.now = self.now + Duration::from_millis(10);
        let mut out = Outbox::new();
        act(&mut self.host.round(self.now, &mut out));
        self.said_by_host(out);
        self.deliver();
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.at_client(Input::Tick);
        self.at_host(Input::Tick);
        self.deliver();
    }

    fn at_client(&mut self, input: Input<'_>) {
        let mut out = Outbox::new();
        self.client.handle(self.now, input, &mut out);
        self.said_by_client(out);
    }

    fn at_host(&mut self, input: Input<'_>) {
        let mut out = Outbox::new();
        self.host.handle(self.now, input, &mut out);
        self.said_by_host(out);
    }

    fn said_by_client(&mut self, mut out: Outbox) {
        for effect in out.drain() {
            match effect {
                Effect::Dial { link } => self.open(link),
                Effect::Send { link, frames } => {
                    self.links.last_mut().unwrap().to_host.extend_from_slice(&frames);
                    self.on_the_way.push_back((Side::Host, link, frames));
                }
                Effect::Close { .. } | Effect::Store { .. } | Effect::Event(_) => {}
            }
        }
    }

    fn said_by_host(&mut self, mut out: Outbox) {
        for effect in out.drain() {
            if let Effect::Send { link, frames } = effect {
                self.links.last_mut().unwrap().to_client.extend_from_slice(&frames);
                self.on_the_way.push_back((Side::Client, link, frames));
            }
        }
    }

    fn deliver(&mut self) {
        while let Some((to, link, said)) = self.on_the_way.pop_front() {
            let bytes = u32::try_from(said.len()).unwrap();
            match to {
                Side::Host => {
                    self.at_client(Input::Credit { link, bytes });
                    frames(&said).for_each(|body| self.at_host(Input::Frame { link, body }));
                }
                Side::Client => {
                    self.at_host(Input::Credit { link, bytes });
                    frames(&said).for_each(|body| self.at_client(Input::Frame { link, body }));
                }
            }
        }
    }

    fn open(&mut self, link: LinkId) {
        let mut streams = Streams::default();
        let opening = Wire::client(Offer::new(Versions::SUPPORTED, &[self.encoding])).opening();
        let Ok(Some(Received::Opened { answer, .. })) = Wire::host(Offer::default()).receive(&mut &opening[..]) else {
            panic!("two of a kind understand each other")
        };
        streams.to_host.extend_from_slice(&opening);
        streams.to_client.extend_from_slice(&answer);
        self.links.push(streams);
        let encoding = self.encoding;
        self.at_host(Input::LinkUp { link, credit: WINDOW, from: None });
        self.at_host(Input::Opened { link, encoding, proven: None });
        self.at_client(Input::LinkUp { link, credit: WINDOW, from: None });
        self.at_client(Input::Opened { link, encoding, proven: None });
    }

    /// The host says something, and the link is gone before the last of it is through.
    fn cut_while_saying(&mut self, room: &RoomName, text: &str) {
        let mut out = Outbox::new();
        self.host.round(self.now, &mut out).post(room, Body::text(text)).unwrap();
        let said =
            out.drain().find_map(|effect| if let Effect::Send { frames, .. } = effect { Some(frames) } else { None });
        let said = said.unwrap();
        self.links.last_mut().unwrap().to_client.extend_from_slice(&said[..said.len() - 7]);
        let (link, loss) = (LinkId(1), LinkLoss::Broken);
        self.at_host(Input::LinkDown { link, loss });
        self.at_client(Input::LinkDown { link, loss });
    }

    fn into_vectors(self) -> Vec<Vector> {
        let encoding = self.encoding;
        let links = self.links.into_iter().zip(1..);
        let streams = links.flat_map(|(link, number)| {
            let name = |direction| format!("{}.link_{number}.{direction}", encoding_name(encoding));
            let opening = Wire::client(Offer::new(Versions::SUPPORTED, &[encoding])).opening().len();
            let one = |direction, stream: &Bytes| {
                Vector::new(name(direction))
                    .with("direction", direction)
                    .with("encoding", encoding_name(encoding))
                    .bytes("bytes", stream)
            };
            let (to_host, to_client) = (link.to_host.freeze(), link.to_client.freeze());
            [
                one("to_host", &to_host).with("messages", &decoded::<ToHost>(encoding, &to_host[opening..])),
                // A choice has eight bytes.
                one("to_client", &to_client)
                    .with("messages", &decoded::<ToClient>(encoding, &to_client[opening + 8..])),
            ]
        });
        streams.collect()
    }
}

fn decoded<T: Serialize + DeserializeOwned>(encoding: Encoding, stream: &[u8]) -> Vec<T> {
    frames(stream).map(|body| encoding.decode(body).unwrap()).collect()
}
