//! A host with many links: what it costs to take messages and hand them to everybody, and to have many who are idle.

use std::{ops::RangeInclusive, time::Duration};

use bytes::BytesMut;
use exchange_tests::unhurried;
use exchange_tokio::core::{
    Cmid, Encoding, Host, HostConfig, Input, JoinFrom, LinkId, Outbox, PeerId, Presence, ProducerId, Seed, Time,
    message::{FRAME_HEADER, Hello, ToHost},
};
use gungraun::{library_benchmark, library_benchmark_group};

use super::frames;

/// Messages that come in one round.
const BURST: u64 = 128;
const ROUNDS: usize = 2;

pub(crate) struct Hall {
    host: Host,
    out: Outbox,
    now: Time,
    said: u64,
}

/// Everybody is in the lobby, and somebody has talked for a while, so that memory is as it will be.
fn hall(links: u64) -> (Hall, Vec<BytesMut>) {
    let mut hall = idle_hall(links);
    for _ in 0..3 {
        let burst = hall.burst();
        hall.round(&burst);
    }
    let burst = (0..ROUNDS).flat_map(|_| hall.burst()).collect();
    (hall, burst)
}

fn idle_hall(links: u64) -> Hall {
    let mut hall = waiting_hall(links);
    hall.all_join(1..=links);
    hall
}

/// Everybody is in the session, and in no room.
fn waiting_hall(links: u64) -> Hall {
    let most = usize::try_from(links).unwrap_or(usize::MAX) + 50;
    let limits =
        exchange_tokio::core::Limits { links: most, half_open: most, members_per_room: most + 1, ..unhurried() };
    let config =
        HostConfig { limits, ..HostConfig::new("Lab 3".parse().expect("a name"), "ana".parse().expect("a nick")) };
    let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
    let mut hall = Hall { host, out: Outbox::new(), now: Time::ZERO, said: 0 };
    hall.all_come(1..=links);
    hall
}

impl Hall {
    fn all_come(&mut self, links: RangeInclusive<u64>) {
        let mut round = self.host.round(self.now, &mut self.out);
        for number in links {
            let link = LinkId(number);
            round.handle(Input::LinkUp { link, credit: u32::MAX / 2, from: None });
            round.handle(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
            let hello = Hello {
                peer: PeerId::from_bytes(u128::from(number).to_be_bytes()),
                producer: ProducerId::from_bytes(number.to_be_bytes()),
                token: None,
                attempt: 1,
                nick: format!("member {number}").as_str().into(),
                presence: Presence::default(),
            };
            let hello = frames::to_host(Encoding::Postcard, &ToHost::Hello(hello));
            round.handle(Input::Frame { link, body: &hello[FRAME_HEADER..] });
        }
        drop(round);
        self.settle();
    }

    fn all_join(&mut self, links: RangeInclusive<u64>) {
        let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
        let join = ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled, sent };
        let join = frames::to_host(Encoding::Postcard, &join);
        let mut round = self.host.round(self.now, &mut self.out);
        for number in links {
            round.handle(Input::Frame { link: LinkId(number), body: &join[FRAME_HEADER..] });
        }
        drop(round);
        self.settle();
    }

    /// What was held back is told.
    fn settle(&mut self) {
        self.now = self.now + Duration::from_secs(1);
        self.host.handle(self.now, Input::Tick, &mut self.out);
        self.drain();
    }

    /// The next messages of the first.
    fn burst(&mut self) -> Vec<BytesMut> {
        let first = self.said + 1;
        self.said += BURST;
        (first..=self.said).map(|cmid| frames::to_host(Encoding::Postcard, &frames::send(cmid))).collect()
    }

    fn round(&mut self, frames: &[BytesMut]) {
        let mut round = self.host.round(self.now, &mut self.out);
        for frame in frames {
            round.handle(Input::Frame { link: LinkId(1), body: &frame[FRAME_HEADER..] });
        }
        drop(round);
        self.drain();
    }

    /// Links have room for all of it.
    fn drain(&mut self) {
        self.out.drain().for_each(drop);
    }
}

#[library_benchmark]
#[bench::to_1_link(hall(1))]
#[bench::to_10_links(hall(10))]
#[bench::to_100_links(hall(100))]
#[bench::to_5000_links(hall(5000))]
fn take_256_messages_and_hand_them_out((mut hall, messages): (Hall, Vec<BytesMut>)) -> Hall {
    for burst in messages.chunks(messages.len() / ROUNDS) {
        hall.round(burst);
    }
    hall
}

#[library_benchmark]
#[bench::to_100_links(hall(100))]
fn take_256_messages_one_by_one((mut hall, messages): (Hall, Vec<BytesMut>)) -> Hall {
    messages.chunks(1).for_each(|message| hall.round(message));
    hall
}

fn asking(links: u64) -> (Hall, u64, BytesMut) {
    (waiting_hall(links), links, frames::to_host(Encoding::Postcard, &ToHost::Ping { nonce: 7 }))
}

#[library_benchmark]
#[bench::of_10000_links(asking(10_000))]
fn answer_the_heartbeat((mut hall, links, ping): (Hall, u64, BytesMut)) -> Hall {
    hall.now = hall.now + Duration::from_secs(3);
    let mut round = hall.host.round(hall.now, &mut hall.out);
    for link in 1..=links {
        round.handle(Input::Frame { link: LinkId(link), body: &ping[FRAME_HEADER..] });
    }
    drop(round);
    hall.drain();
    hall
}

#[library_benchmark]
#[bench::in_a_hall_of_100(idle_hall(100))]
#[bench::in_a_hall_of_1000(idle_hall(1000))]
fn let_50_more_in(mut hall: Hall) -> Hall {
    hall.all_come(20_001..=20_050);
    hall.all_join(20_001..=20_050);
    hall
}

library_benchmark_group!(
    name = hosting;
    benchmarks = take_256_messages_and_hand_them_out, take_256_messages_one_by_one, answer_the_heartbeat, let_50_more_in
);
