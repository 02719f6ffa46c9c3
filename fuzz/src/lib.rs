//! The fuzz targets, and what they share: messages and names out of the fuzzer's bytes, mostly such as mean something.
//!
//! Numbers are mostly small, so that messages often mean the same room, the same member, the next entry.

mod disk;
mod messages;
pub mod targets;

use arbitrary::{Result, Unstructured};
use bytes::{Bytes, BytesMut};
use exchange_core::{
    message::{Encoding, FRAME_HEADER},
    wire::{Received, Wire, WireFault},
};
use serde::Serialize;

pub use self::disk::Disk;
pub use self::messages::{name, number, page_from, presence, to_client, to_host};

/// Either encoding.
pub fn encoding(u: &mut Unstructured<'_>) -> Result<Encoding> {
    Ok(if u.arbitrary()? { Encoding::Json } else { Encoding::Postcard })
}

/// A message's frame, without its length.
pub fn body_of<T: Serialize>(encoding: Encoding, message: &T) -> Bytes {
    let mut frame = BytesMut::new();
    encoding.encode(message, &mut frame);
    frame.freeze().slice(FRAME_HEADER..)
}

/// What a wire gave, as values of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Answer(Bytes),
    Opened { version: u16, encoding: Encoding, answer: Bytes },
    Frame(Vec<u8>),
}

/// Everything that comes out of `wire` when it is fed these pieces, and what ended it.
pub fn feed<'a>(wire: &mut Wire, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Got>, Option<WireFault>) {
    let mut got = Vec::new();
    for mut piece in pieces {
        loop {
            match wire.receive(&mut piece) {
                Ok(None) => break,
                Ok(Some(Received::Answer(answer))) => got.push(Got::Answer(answer)),
                Ok(Some(Received::Opened { choice, answer, .. })) => {
                    got.push(Got::Opened { version: choice.version, encoding: choice.encoding, answer });
                }
                Ok(Some(Received::Frame(frame))) => got.push(Got::Frame(frame.to_vec())),
                Err(fault) => return (got, Some(fault)),
            }
        }
        assert!(piece.is_empty(), "a wire that asks for more has taken everything");
    }
    (got, None)
}

/// `bytes` in pieces of these lengths, over and over.
pub fn pieces<'a>(mut bytes: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().chain(&[0]).cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((1 + usize::from(*length)).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
