//! Byte streams to frames and back, however the bytes are cut and whoever sends them.

mod any_bytes;
mod between;
mod frames;
mod preamble;
mod secret;
mod secured;

use alloc::{vec, vec::Vec};

use super::{Offer, Received, Stage, Versions, Wire, WireFault};
use crate::{message::Encoding, reason::Violation, seam::LinkLoss};

/// What a wire gave, with the frames as bytes of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Got {
    Opened(Encoding),
    Frame(Vec<u8>),
}

/// Everything that comes out of `wire` when it is fed these pieces.
fn receive<'a>(wire: &mut Wire, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Got>, WireFault> {
    let mut got = Vec::new();
    for mut piece in pieces {
        while let Some(received) = wire.receive(&mut piece)? {
            got.push(match received {
                Received::Answer(answer) => panic!("{answer:?} is a part of no handshake here"),
                Received::Opened { choice, .. } => Got::Opened(choice.encoding),
                Received::Frame(frame) => Got::Frame(frame.to_vec()),
            });
        }
        assert!(piece.is_empty(), "a wire that asks for more has taken everything");
    }
    Ok(got)
}

/// `bytes` in pieces of these lengths, over and over.
fn pieces<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

fn offer(encodings: &[Encoding]) -> Offer {
    Offer::new(Versions::SUPPORTED, encodings)
}

fn versions(oldest: u16, newest: u16) -> Versions {
    Versions::new(oldest, newest).unwrap()
}

/// What a host of this offer answers to a client of that one.
fn answer(host: Offer, client: Offer) -> Result<Vec<u8>, WireFault> {
    let opening = Wire::client(client).opening();
    match Wire::host(host).receive(&mut &opening[..])? {
        Some(Received::Opened { answer, .. }) => Ok(answer.to_vec()),
        other => panic!("no answer but {other:?}"),
    }
}

fn open_host() -> Wire {
    open(Wire::host(Offer::default()))
}

/// A host's end that has heard a client's offer.
fn open(mut wire: Wire) -> Wire {
    let opening = Wire::client(Offer::default()).opening();
    assert_eq!(receive(&mut wire, [&opening[..]]), Ok(vec![Got::Opened(Encoding::Postcard)]));
    wire
}

fn open_client() -> Wire {
    let mut wire = Wire::client(Offer::default());
    let answer = answer(Offer::default(), Offer::default()).unwrap();
    assert_eq!(receive(&mut wire, [&answer[..]]), Ok(vec![Got::Opened(Encoding::Postcard)]));
    wire
}

fn frame(length: usize) -> Vec<u8> {
    [&u32::try_from(length).unwrap().to_be_bytes()[..], &vec![7; length]].concat()
}

fn memory(wire: &Wire) -> usize {
    let Stage::Frames(cutter) = &wire.stage else { panic!("no frames yet") };
    cutter.memory()
}

/// Feeds what has to be a fault, and checks that nothing works any more after it.
fn fault(wire: &mut Wire, bytes: &[u8]) -> LinkLoss {
    let fault = receive(wire, [bytes]).expect_err("this is no protocol of ours");
    for mut more in [&[][..], b"EXCHANGE", &frame(3)] {
        assert!(wire.receive(&mut more).is_err(), "after a fault nothing can be read");
    }
    fault.loss
}

fn violation(wire: &mut Wire, bytes: &[u8]) -> Violation {
    match fault(wire, bytes) {
        LinkLoss::Violation(violation) => violation,
        other => panic!("no violation but {other:?}"),
    }
}
