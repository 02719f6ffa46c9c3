//! A client that hears what others say.

use bytes::Bytes;
use exchange_tests::unhurried;
use exchange_tokio::core::{
    Body, Client, ClientConfig, Effect, Encoding, Host, HostConfig, Input, JoinFrom, LinkId, Outbox, RoomName, Seed,
    Time, wire::frames,
};
use gungraun::{library_benchmark, library_benchmark_group};

const MESSAGES: usize = 256;
const LINK: LinkId = LinkId(1);

struct Pair {
    host: Host,
    client: Client,
    /// What each has said and the other not heard.
    to_host: Outbox,
    to_client: Outbox,
}

/// A client that has heard many messages and is to hear so many more.
fn listener() -> (Pair, Vec<Bytes>) {
    let config = HostConfig {
        limits: unhurried(),
        ..HostConfig::new("Lab 3".parse().expect("a name"), "ana".parse().expect("a nick"))
    };
    let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
    let client = Client::new(ClientConfig::new("ben".parse().expect("a nick")), &Seed::from_number(2));
    let mut pair = Pair { host, client, to_host: Outbox::new(), to_client: Outbox::new() };
    let mut round = pair.client.round(Time::ZERO, &mut pair.to_host);
    round.connect();
    round.join(&RoomName::lobby(), JoinFrom::Head).expect("it may");
    drop(round);
    pair.talk();
    for _ in 0..8 {
        pair.say();
        pair.talk();
    }
    pair.say();
    let mut told = Vec::new();
    for effect in pair.to_client.drain() {
        if let Effect::Send { frames, .. } = effect {
            told.push(frames);
        }
    }
    (pair, told)
}

impl Pair {
    fn say(&mut self) {
        let mut round = self.host.round(Time::ZERO, &mut self.to_client);
        for _ in 0..MESSAGES {
            round.post(&RoomName::lobby(), Body::text(super::frames::TEXT)).expect("it may");
        }
    }

    /// Until neither has anything to say.
    fn talk(&mut self) {
        loop {
            let said: Vec<Effect> = self.to_host.drain().collect();
            let answered: Vec<Effect> = self.to_client.drain().collect();
            if said.is_empty() && answered.is_empty() {
                return;
            }
            for effect in said {
                match effect {
                    Effect::Dial { link } => {
                        let encoding = Encoding::Postcard;
                        let (credit, from) = (u32::MAX / 2, None);
                        self.host.handle(Time::ZERO, Input::LinkUp { link, credit, from }, &mut self.to_client);
                        let opened = Input::Opened { link, encoding, proven: None };
                        self.host.handle(Time::ZERO, opened, &mut self.to_client);
                        self.client.handle(Time::ZERO, Input::LinkUp { link, credit, from }, &mut self.to_host);
                        self.client.handle(Time::ZERO, opened, &mut self.to_host);
                    }
                    Effect::Send { link, frames: said } => {
                        for body in frames(&said) {
                            self.host.handle(Time::ZERO, Input::Frame { link, body }, &mut self.to_client);
                        }
                    }
                    _ => {}
                }
            }
            for effect in answered {
                if let Effect::Send { link, frames: said } = effect {
                    self.hear(link, &said);
                }
            }
        }
    }

    fn hear(&mut self, link: LinkId, said: &[u8]) {
        let mut round = self.client.round(Time::ZERO, &mut self.to_host);
        frames(said).for_each(|body| round.handle(Input::Frame { link, body }));
    }
}

#[library_benchmark]
#[bench::of_somebody_else(listener())]
fn hear_256_messages((mut pair, told): (Pair, Vec<Bytes>)) -> Pair {
    for frames in &told {
        pair.hear(LINK, frames);
    }
    pair.to_host.drain().for_each(drop);
    pair
}

library_benchmark_group!(name = hearing; benchmarks = hear_256_messages);
