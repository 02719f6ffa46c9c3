//! What strangers can make us allocate, as the allocator counts it: little beyond what they have sent, and nothing for
//! what they do not read.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::env;

use allocation_counter::{AllocationInfo, measure};
use bytes::BytesMut;
use exchange_tests::{
    unhurried,
    vectors::{encoded, folder, unhex},
};
use exchange_tokio::core::{
    Body, Cmid, Effect, Encoding, Host, HostConfig, Input, JoinFrom, Limits, LinkId, LinkLoss, MemberId, Outbox,
    PeerId, Presence, ProducerId, RoomId, RoomName, Seed, Seq, Time, Violation,
    message::{FRAME_HEADER, Hello, MAX_FIRST_FRAME, MAX_FRAME, Signal, ToClient, ToHost},
    wire::{Offer, Received, Wire},
};
use serde_json::Value;

/// What may be taken however little has come.
const SMALL: u64 = 4 * 1024;

/// The two ends of a link that are through their preambles, and the longest first frame that each takes.
fn ends() -> [(Wire, usize); 2] {
    let (mut client, mut host) = (Wire::client(Offer::default()), Wire::host(Offer::default()));
    let opening = client.opening();
    let Ok(Some(Received::Opened { answer, .. })) = host.receive(&mut &opening[..]) else { panic!("refused") };
    assert!(matches!(client.receive(&mut &answer[..]), Ok(Some(Received::Opened { .. }))));
    [(client, MAX_FRAME), (host, MAX_FIRST_FRAME)]
}

/// What becomes of bytes that come one by one: the bytes of frames among them, how it failed if it did, and what it took.
fn receive(wire: &mut Wire, bytes: &[u8]) -> (usize, Option<LinkLoss>, AllocationInfo) {
    let (mut got, mut failed) = (0, None);
    let spent = measure(|| {
        for byte in bytes {
            match wire.receive(&mut std::slice::from_ref(byte)) {
                Ok(Some(Received::Frame(frame))) => got += frame.len(),
                Ok(_) => {}
                Err(fault) => failed = Some(fault.loss),
            }
        }
    });
    (got, failed, spent)
}

fn header(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}

#[test]
fn a_length_that_no_frame_has_is_refused_before_anything_is_allocated_for_it() {
    for (length, violation) in [
        (0xffff_ffff, Violation::Oversize),
        (1 << 31, Violation::Oversize),
        (MAX_FRAME + 1, Violation::Oversize),
        (0, Violation::Malformed),
    ] {
        for (mut wire, _) in ends() {
            let (got, failed, spent) = receive(&mut wire, &header(length));
            assert_eq!((got, failed), (0, Some(LinkLoss::Violation(violation))), "{length}");
            assert!(spent.bytes_total <= 64, "{length}: {spent:?}");
        }
    }
}

#[test]
fn a_frame_that_never_comes_takes_no_more_memory_than_what_came_of_it() {
    for sent in [0, 1, 100, 1000] {
        for (mut wire, most) in ends() {
            let bytes = [&header(most)[..], &vec![7; sent]].concat();
            let (got, failed, spent) = receive(&mut wire, &bytes);
            assert_eq!((got, failed), (0, None));
            let limit = 2 * bytes.len() as u64 + 64;
            assert!(spent.bytes_current.unsigned_abs() <= limit, "{sent} of {most}: {spent:?}");
            assert!(spent.bytes_max <= limit + SMALL, "{sent} of {most}: {spent:?}");
        }
    }
}

/// Nothing is compressed, and nothing that comes may become more than it was.
#[test]
fn frames_are_never_longer_than_the_bytes_they_came_in() {
    for (mut wire, most) in ends() {
        let zeros = [&header(most)[..], &vec![0; most]].concat();
        let (got, failed, spent) = receive(&mut wire, &zeros);
        assert_eq!((got, failed), (most, None));
        assert!(spent.bytes_max <= 3 * zeros.len() as u64, "{spent:?}");
    }
}

/// Every message there is, in both encodings.
fn messages() -> Vec<(String, Encoding, Vec<u8>)> {
    let files = ["to_host.json", "to_client.json"].map(|file| std::fs::read_to_string(folder().join(file)).unwrap());
    let vectors = files.iter().flat_map(|file| serde_json::from_str::<Vec<Value>>(file).unwrap());
    vectors
        .map(|vector| {
            let text = |key: &str| vector[key].as_str().unwrap();
            let encoding = if text("encoding") == "json" { Encoding::Json } else { Encoding::Postcard };
            (format!("{} {}", text("direction"), text("name")), encoding, unhex(text("bytes")))
        })
        .collect()
}

/// What reading these bytes as either kind of message takes at once; nothing but those bytes may speak for it.
fn reads_within(limit: u64, name: &str, encoding: Encoding, body: &[u8]) {
    let spent = measure(|| drop((encoding.decode::<ToHost>(body), encoding.decode::<ToClient>(body))));
    assert!(spent.bytes_max <= limit, "{name} in {encoding:?}, {} bytes: {spent:?}", body.len());
}

#[test]
fn what_claims_to_hold_more_than_it_does_takes_no_more_memory_than_it_is_long() {
    // A million elements, as many bytes as there are numbers for, and what begins without ever ending.
    let claims: [&[u8]; 3] =
        [&[0x80, 0x80, 0x40], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], &[b'['; 200]];
    for (name, encoding, body) in messages() {
        for place in 0..=body.len().min(300) {
            for claim in claims {
                let lying = [&body[..place], claim].concat();
                reads_within(2 * lying.len() as u64 + SMALL, &name, encoding, &lying);
                let tailed = [&body[..place], claim, &body[place..]].concat();
                reads_within(2 * tailed.len() as u64 + SMALL, &name, encoding, &tailed);
            }
        }
    }
}

#[test]
fn a_frame_full_of_the_smallest_elements_takes_a_small_multiple_of_its_length() {
    let signal = Signal { member: MemberId(1), after: Seq(0), delivered: Seq(0), read: None, typing_ms: 0 };
    let mut signals = Vec::new();
    let full = |signals: &[Signal]| {
        encoded(Encoding::Postcard, &ToClient::Signals { room: RoomId(1), signals: signals.into() })
    };
    while full(&signals).len() < MAX_FRAME / 2 {
        signals.extend(std::iter::repeat_n(signal, 1000));
    }
    let mut body = full(&signals);
    reads_within(32 * body.len() as u64, "signals", Encoding::Postcard, &body);
    body.pop();
    reads_within(32 * body.len() as u64, "signals that break off", Encoding::Postcard, &body);
}

/// A host, and how many bytes each of its links was given.
struct Room {
    host: Host,
    out: Outbox,
    given: Vec<usize>,
}

impl Room {
    fn handle(&mut self, input: Input<'_>) {
        self.host.handle(Time::ZERO, input, &mut self.out);
        self.count();
    }

    fn count(&mut self) {
        for effect in self.out.drain() {
            match effect {
                Effect::Send { link, frames } => self.given[usize::try_from(link.0).unwrap()] += frames.len(),
                Effect::Close { link, reason } => panic!("{link:?} is closed: {reason}"),
                _ => {}
            }
        }
    }

    /// A member of the lobby that takes so many bytes and reads none of them.
    fn join(&mut self, number: usize, window: u32) {
        let (link, number) = (LinkId(number as u64), number as u64);
        let hello = ToHost::Hello(Hello {
            peer: PeerId::from_bytes(u128::from(number).to_be_bytes()),
            producer: ProducerId::from_bytes(number.to_be_bytes()),
            token: None,
            attempt: 1,
            nick: format!("reader {number}").as_str().into(),
            presence: Presence::default(),
        });
        let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
        let join = ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled, sent };
        self.handle(Input::LinkUp { link, credit: window, from: None });
        self.handle(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
        for message in [hello, join] {
            let mut frame = BytesMut::new();
            Encoding::Postcard.encode(&message, &mut frame);
            self.handle(Input::Frame { link, body: &frame[FRAME_HEADER..] });
        }
    }

    /// The first says all of these in one round.
    fn hear(&mut self, burst: &[BytesMut]) {
        let mut round = self.host.round(Time::ZERO, &mut self.out);
        for frame in burst {
            round.handle(Input::Frame { link: LinkId(0), body: &frame[FRAME_HEADER..] });
        }
        drop(round);
        self.count();
    }

    /// The host itself says so many things, each in a round of its own.
    fn say(&mut self, messages: usize) {
        for _ in 0..messages {
            self.host
                .round(Time::ZERO, &mut self.out)
                .post(&RoomName::lobby(), Body::text("to whom it may concern"))
                .unwrap();
            self.count();
        }
    }
}

/// What is kept of a message is its text and what the host's own application is told of it; the frames that all others are
/// given are one piece of memory for many messages.
#[test]
fn a_message_that_is_passed_on_takes_two_pieces_of_memory_and_its_round_few_however_many_hear_it() {
    const MESSAGES: u64 = 128;
    const ROUNDS: u64 = 32;
    for readers in [1, 100] {
        let limits = Limits { links: readers, members_per_room: readers + 1, history_entries: 512, ..unhurried() };
        let config = HostConfig { limits, ..HostConfig::new("Lab 3".parse().unwrap(), "ana".parse().unwrap()) };
        let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
        let mut room = Room { host, out: Outbox::new(), given: vec![0; readers] };
        (0..readers).for_each(|number| room.join(number, u32::MAX / 2));
        let mut said = 0;
        let mut frames = |rounds| -> Vec<Vec<BytesMut>> {
            let mut next = || {
                said += 1;
                let (room, cmid, body) = (RoomId(1), Cmid(said), Body::text("to whom it may concern"));
                let mut frame = BytesMut::new();
                Encoding::Postcard.encode(&ToHost::Send { room, cmid, body, commitment: None }, &mut frame);
                frame
            };
            (0..rounds).map(|_| (0..MESSAGES).map(|_| next()).collect()).collect()
        };
        let (before, measured) = (frames(32), frames(ROUNDS));
        for burst in &before {
            room.hear(burst);
        }
        let spent = measure(|| measured.iter().for_each(|burst| room.hear(burst)));
        println!("{readers} readers: {} pieces for {} messages", spent.count_total, ROUNDS * MESSAGES);
        assert!(spent.count_total <= 2 * ROUNDS * MESSAGES + 16 * ROUNDS, "{readers}: {spent:?}");
    }
}

/// With `EXCHANGE_FULL_SIZE=1` they miss a hundred thousand messages, which takes a while.
#[test]
fn a_thousand_readers_who_never_read_cost_a_place_in_the_log_each() {
    const READERS: usize = 1000;
    const WINDOW: u32 = 16 * 1024;
    const KEPT: usize = 100;
    let messages = if env::var_os("EXCHANGE_FULL_SIZE").is_some() { 100_000 } else { 1000 };

    let limits = Limits { links: READERS, members_per_room: READERS + 1, history_entries: KEPT, ..unhurried() };
    let config = HostConfig { limits, ..HostConfig::new("Lab 3".parse().unwrap(), "ana".parse().unwrap()) };
    let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
    let mut room = Room { host, out: Outbox::new(), given: vec![0; READERS] };
    (0..READERS).for_each(|number| room.join(number, WINDOW));
    // Until nobody takes any more, and the log is full.
    room.say(messages.min(1000));
    let given = room.given.clone();
    assert!(given.iter().all(|given| *given <= WINDOW as usize + MAX_FRAME), "{given:?}");

    let spent = measure(|| room.say(messages));
    assert_eq!(room.given, given, "nobody is given anything who does not read");
    assert_eq!(room.host.lagging(), READERS);
    // Entries are not all equally long, as their numbers are not.
    assert!(spent.bytes_current.abs() < 16 * 1024, "{spent:?}");
    println!("{READERS} readers, {messages} messages: {} bytes more are in use", spent.bytes_current);
}
