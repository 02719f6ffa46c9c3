//! What encryption costs: handshakes, sealing and opening, signing, and bytes on the wire.
//!
//! ```text
//! cargo bench -p exchange-tests --bench sealing
//! ```
//!
//! Times are of one core, each the least of several repetitions. Beside them is the same work in the clear, in the same
//! run.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use exchange_driver::core::{
    Body, Cmid, Encoding, Epoch, Identity, JoinCode, ProducerId, RoomName, Seed,
    message::{Commitment, FRAME_HEADER, MAX_FRAME, Place},
    wire::{Keyring, Offer, Received, Wire, put_frame},
};

const REPETITIONS: usize = 5;
const SIZES: [usize; 3] = [64, 1024, 16 * 1024];

fn main() {
    // Cargo says `--bench` when it is to measure, and nothing when it tests.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_measured { 400 } else { 2 };
    let keyrings = || [1, 2].map(|seed| Keyring::new(Identity::from_seed([seed; 32]), &Seed::from_number(seed.into())));
    let (mut by_chacha, mut by_aes) = (keyrings(), keyrings().map(|keyring| keyring.with_aes(true)));
    let time = |how: &str, keyrings: &mut [Keyring; 2]| {
        let took = least(|| (0..rounds).for_each(|_| drop(black_box(handshake(keyrings)))), rounds);
        println!("| handshakes of both sides{how} | {:.0} in a second | {took:.1?} each |", 1.0 / took.as_secs_f64());
    };
    time("", &mut by_chacha);
    println!("|---|---|---|");
    let code = JoinCode::draw(&Seed::from_number(0));
    let mut by_code = keyrings();
    for keyring in &mut by_code {
        keyring.lock(code.into());
    }
    time(" by code", &mut by_code);
    println!("| of these, what a stranger who guesses can have a host do | | {:.1?} |", guess(&mut by_code[1], rounds));

    let rounds = rounds * 50;
    for size in SIZES {
        let clear = passing(in_the_clear, size, rounds);
        for (cipher, keyrings) in [("ChaCha20-Poly1305", &mut by_chacha), ("AES-GCM", &mut by_aes)] {
            let sealed = passing(|| handshake(keyrings), size, rounds);
            println!(
                "| {size} bytes by {cipher} | sealed in {:.0?}, in the clear {:.0?}; opened in {:.0?}, in the clear {:.0?} | \
                 {} bytes on the wire, in the clear {} |",
                sealed.sealing, clear.sealing, sealed.opening, clear.opening, sealed.bytes, clear.bytes
            );
        }
    }
    for messages in [1, 32, Commitment::MAX] {
        signing(messages, rounds / 50);
    }
}

/// What one frame costs either end.
struct Passing {
    sealing: Duration,
    opening: Duration,
    bytes: usize,
}

fn passing(mut ends: impl FnMut() -> (Wire, Wire), size: usize, rounds: u32) -> Passing {
    let mut frame = BytesMut::new();
    put_frame(&vec![7; size], &mut frame);
    let (mut client, _) = ends();
    let mut out = BytesMut::new();
    let mut seal = || {
        out.clear();
        client.seal(&frame, &mut out);
        black_box(&out);
    };
    let sealing = least(|| (0..rounds).for_each(|_| seal()), rounds);
    // As many as are opened, in the order in which they were sealed.
    let (mut client, mut host) = ends();
    let sealed: Vec<BytesMut> = (0..rounds * u32::try_from(REPETITIONS).expect("few"))
        .map(|_| {
            let mut out = BytesMut::new();
            client.seal(&frame, &mut out);
            out
        })
        .collect();
    let mut next = sealed.iter();
    let opening = least(|| (0..rounds).for_each(|_| open(&mut host, next.next().expect("enough"))), rounds);
    Passing { sealing, opening, bytes: sealed[0].len() }
}

/// What a client spends that says so many messages at once, what everybody spends who reads them, and what a host does.
fn signing(messages: usize, rounds: u32) {
    let ana = Identity::from_seed([1; 32]);
    let (room, epoch, producer) = (RoomName::lobby(), Epoch::from_bytes([1; 16]), ProducerId::from_bytes([1; 8]));
    let place = Place { room: &room, epoch, producer };
    let body = Body::text(&"x".repeat(64));
    let digests = || (0..messages).map(|_| black_box(&body).digest().short()).collect();
    let commitment = Commitment::sign_unseen(&ana, place, (Cmid(1), digests()));
    let sign = || drop(black_box(Commitment::sign_unseen(&ana, place, (Cmid(1), digests()))));
    let signing = least(|| (0..rounds).for_each(|_| sign()), rounds);
    let public = ana.public();
    let check = || assert!(black_box(&commitment).is_signed_by(&public, place));
    let checking = least(|| (0..rounds).for_each(|_| check()), rounds);
    let digesting = least(|| (0..rounds).for_each(|_| drop(black_box(digests()))), rounds);
    let each = |took: Duration| took / u32::try_from(messages).expect("few");
    let mut out = BytesMut::new();
    Encoding::Postcard.encode(&commitment, &mut out);
    println!(
        "| {messages} messages of 64 bytes at once | signed in {:.1?} each, checked in {:.1?} each, digested in {:.0?} \
         each | {} bytes each |",
        each(signing),
        each(checking) + each(digesting),
        each(digesting),
        (out.len() - FRAME_HEADER).div_ceil(messages)
    );
}

/// What it takes a host to answer a stranger's first message of a guess, which is the dearest of all steps.
fn guess(host_keys: &mut Keyring, rounds: u32) -> Duration {
    let mut keyring = Keyring::new(Identity::from_seed([3; 32]), &Seed::from_number(3));
    keyring.lock(JoinCode::draw(&Seed::from_number(1)).into());
    let mut hosts = || {
        let mut client = Wire::client(Offer::default()).secured(Some(keyring.keys()));
        let mut host = Wire::host(Offer::default()).secured(Some(host_keys.keys()));
        let opening = client.opening();
        let Ok(Some(Received::Answer(answer))) = host.receive(&mut &opening[..]) else { panic!("no answer") };
        let Ok(Some(Received::Answer(first))) = client.receive(&mut &answer[..]) else { panic!("no message") };
        (host, first)
    };
    let all = (0..REPETITIONS).map(|_| {
        let waiting: Vec<_> = (0..rounds).map(|_| hosts()).collect();
        let begun = Instant::now();
        // Dropped one by one, so that there is always a guess left.
        for (mut host, first) in waiting {
            assert!(matches!(host.receive(&mut &first[..]), Ok(Some(Received::Answer(_)))));
        }
        begun.elapsed() / rounds
    });
    all.min().unwrap_or_default()
}

/// Two ends that are through with it.
fn handshake([client_keys, host_keys]: &mut [Keyring; 2]) -> (Wire, Wire) {
    let mut client = Wire::client(Offer::default()).secured(Some(client_keys.keys()));
    let host = Wire::host(Offer::default()).first_frame_at_most(MAX_FRAME);
    let mut host = host.secured(Some(host_keys.keys()));
    let opening = client.opening();
    shake(&mut client, &mut host, &opening);
    (client, host)
}

fn in_the_clear() -> (Wire, Wire) {
    let mut client = Wire::client(Offer::default());
    let mut host = Wire::host(Offer::default()).first_frame_at_most(MAX_FRAME);
    let opening = client.opening();
    shake(&mut client, &mut host, &opening);
    (client, host)
}

/// Passes on what either says, until neither says anything.
fn shake(client: &mut Wire, host: &mut Wire, opening: &[u8]) {
    let (mut said, mut to_host) = (opening.to_vec(), true);
    while !said.is_empty() {
        let hears = if to_host { &mut *host } else { &mut *client };
        said = match hears.receive(&mut &said[..]) {
            Ok(Some(Received::Answer(answer) | Received::Opened { answer, .. })) => answer.to_vec(),
            other => panic!("no handshake: {other:?}"),
        };
        to_host = !to_host;
    }
}

fn open(wire: &mut Wire, mut bytes: &[u8]) {
    let mut frames = 0;
    while let Ok(Some(Received::Frame(body))) = wire.receive(&mut bytes) {
        frames += black_box(body).len().min(1);
    }
    assert_eq!(frames, 1);
}

/// What one of so many takes, in the repetition that takes least.
fn least(mut work: impl FnMut(), of: u32) -> Duration {
    let all = (0..REPETITIONS).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed() / of
    });
    all.min().unwrap_or_default()
}
