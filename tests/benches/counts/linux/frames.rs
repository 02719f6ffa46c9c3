//! Messages to frames and back, in both encodings: those that there are most of.

use std::hint::black_box;

use bytes::BytesMut;
use exchange_tokio::core::{
    Body, Cmid, Encoding, MemberId, RoomId, Seq, Timestamp,
    message::{Entry, FRAME_HEADER, ToClient, ToHost},
};
use gungraun::{library_benchmark, library_benchmark_group};

const TIMES: usize = 100;
pub(crate) const TEXT: &str = "sixty-four bytes, as long as what is measured elsewhere, or near";

pub(crate) fn send(cmid: u64) -> ToHost {
    ToHost::Send { room: RoomId(1), cmid: Cmid(cmid), body: Body::text(TEXT), commitment: None }
}

pub(crate) fn entry(seq: u64) -> ToClient {
    let (author, at, body) = (MemberId(7), Timestamp::from_millis(1_700_000_000_000), Body::text(TEXT));
    ToClient::Entry(Entry {
        room: RoomId(1),
        seq: Seq(seq),
        author,
        cmid: Cmid(seq),
        at,
        body,
        commitment: None,
        blanked: None,
    })
}

/// A frame, with its length.
pub(crate) fn to_host(encoding: Encoding, message: &ToHost) -> BytesMut {
    let mut frame = BytesMut::new();
    encoding.encode(message, &mut frame);
    frame
}

pub(crate) fn to_client(encoding: Encoding, message: &ToClient) -> BytesMut {
    let mut frame = BytesMut::new();
    encoding.encode(message, &mut frame);
    frame
}

fn sent(encoding: Encoding) -> (Encoding, BytesMut) {
    (encoding, to_host(encoding, &send(1000)))
}

fn pinged(encoding: Encoding) -> (Encoding, BytesMut) {
    (encoding, to_host(encoding, &ToHost::Ping { nonce: 7 }))
}

fn told(encoding: Encoding) -> (Encoding, BytesMut) {
    (encoding, to_client(encoding, &entry(1000)))
}

#[library_benchmark]
#[bench::send_in_postcard(sent(Encoding::Postcard))]
#[bench::send_in_json(sent(Encoding::Json))]
#[bench::ping_in_postcard(pinged(Encoding::Postcard))]
#[bench::ping_in_json(pinged(Encoding::Json))]
fn read_to_host((encoding, frame): (Encoding, BytesMut)) {
    for _ in 0..TIMES {
        let read: Result<ToHost, _> = encoding.decode(black_box(&frame[FRAME_HEADER..]));
        black_box(read.is_ok());
    }
}

#[library_benchmark]
#[bench::entry_in_postcard(told(Encoding::Postcard))]
#[bench::entry_in_json(told(Encoding::Json))]
fn read_to_client((encoding, frame): (Encoding, BytesMut)) {
    for _ in 0..TIMES {
        let read: Result<ToClient, _> = encoding.decode(black_box(&frame[FRAME_HEADER..]));
        black_box(read.is_ok());
    }
}

fn to_write(encoding: Encoding) -> (Encoding, ToClient, BytesMut) {
    (encoding, entry(1000), BytesMut::with_capacity(TIMES * 1024))
}

#[library_benchmark]
#[bench::entry_in_postcard(to_write(Encoding::Postcard))]
#[bench::entry_in_json(to_write(Encoding::Json))]
fn write_to_client((encoding, message, mut frames): (Encoding, ToClient, BytesMut)) -> BytesMut {
    for _ in 0..TIMES {
        encoding.encode(black_box(&message), &mut frames);
    }
    frames
}

library_benchmark_group!(name = framing; benchmarks = read_to_host, read_to_client, write_to_client);
