//! Sealing and opening what a link is given in one round.

use bytes::BytesMut;
use exchange_tokio::core::{
    Encoding, Identity, Seed,
    wire::{Keyring, Offer, Received, Wire},
};
use gungraun::{library_benchmark, library_benchmark_group};

use super::frames;

const TIMES: usize = 100;

struct Ends {
    client: Wire,
    host: Wire,
    /// So many frames as go into a round, and room for them sealed.
    frames: BytesMut,
    sealed: BytesMut,
}

/// Two ends through with their handshake.
fn ends(has_aes: bool, count: u64) -> Ends {
    let mut keyrings = [1, 2]
        .map(|seed| Keyring::new(Identity::from_seed([seed; 32]), &Seed::from_number(seed.into())).with_aes(has_aes));
    let [for_client, for_host] = &mut keyrings;
    let mut client = Wire::client(Offer::default()).secured(Some(for_client.keys()));
    let mut host = Wire::host(Offer::default()).secured(Some(for_host.keys()));
    let (mut to_host, mut to_client) = (client.opening(), bytes::Bytes::new());
    while !to_host.is_empty() || !to_client.is_empty() {
        to_client = hear(&mut host, &to_host);
        to_host = hear(&mut client, &to_client);
    }
    let frames = (1..=count).flat_map(|seq| frames::to_client(Encoding::Postcard, &frames::entry(seq))).collect();
    Ends { client, host, frames, sealed: BytesMut::with_capacity(1024 * 1024 * 2) }
}

/// What an end answers.
fn hear(end: &mut Wire, mut said: &[u8]) -> bytes::Bytes {
    let mut answers = BytesMut::new();
    while let Some(received) = end.receive(&mut said).expect("the other end keeps to the protocol") {
        match received {
            Received::Answer(answer) | Received::Opened { answer, .. } => answers.extend_from_slice(&answer),
            Received::Frame(_) => {}
        }
    }
    answers.freeze()
}

#[library_benchmark]
#[bench::a_message_by_chacha(ends(false, 1))]
#[bench::a_message_by_aes(ends(true, 1))]
#[bench::a_hundred_messages_by_chacha(ends(false, 100))]
#[bench::a_hundred_messages_by_aes(ends(true, 100))]
fn seal_and_open(mut ends: Ends) -> Ends {
    for _ in 0..TIMES {
        ends.sealed.clear();
        ends.host.seal(&ends.frames, &mut ends.sealed);
        let mut said = &ends.sealed[..];
        while let Some(received) = ends.client.receive(&mut said).expect("it was sealed for it") {
            std::hint::black_box(received);
        }
    }
    ends
}

library_benchmark_group!(name = sealing; benchmarks = seal_and_open);
