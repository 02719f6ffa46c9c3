//! Frames, and what their lengths may be.

use alloc::{vec, vec::Vec};

use bytes::BytesMut;

use super::{frame, memory, open, open_client, open_host, receive, violation};
use crate::{
    message::{MAX_FIRST_FRAME, MAX_FRAME},
    reason::Violation,
    wire::{Offer, Received, Wire, frames, put_frame},
};

#[test]
fn a_whole_frame_is_lent_from_the_input_and_not_copied() {
    let mut wire = open_host();
    let bytes = frame(100);
    let mut input = &bytes[..];
    let Ok(Some(Received::Frame(got))) = wire.receive(&mut input) else { panic!("no frame") };
    assert_eq!(got.as_ptr(), bytes[4..].as_ptr());
}

#[test]
fn an_impossible_length_is_refused_as_soon_as_it_is_there_and_before_any_memory_is_taken() {
    for length in [0xffff_ffff_u32, 1 << 31, u32::try_from(MAX_FRAME).unwrap() + 1] {
        let mut host = open_host();
        receive(&mut host, [&frame(1)[..]]).unwrap();
        assert_eq!(receive(&mut host, [&length.to_be_bytes()[..3]]), Ok(vec![]));
        assert!(memory(&host) < 64, "{length}");
        assert_eq!(violation(&mut host, &length.to_be_bytes()[3..]), Violation::Oversize, "{length}");
        assert_eq!(violation(&mut open_client(), &length.to_be_bytes()), Violation::Oversize, "{length}");
    }
}

#[test]
fn an_empty_frame_is_malformed() {
    assert_eq!(violation(&mut open_host(), &[0; 4]), Violation::Malformed);
    assert_eq!(violation(&mut open_client(), &[0; 4]), Violation::Malformed);
}

#[test]
fn the_first_frame_of_a_client_is_worth_a_kibibyte_and_those_after_it_sixty_four() {
    let mut host = open_host();
    assert_eq!(receive(&mut host, [&frame(MAX_FIRST_FRAME)[..]]).unwrap().len(), 1);
    assert_eq!(receive(&mut host, [&frame(MAX_FRAME)[..]]).unwrap().len(), 1);
    assert_eq!(violation(&mut host, &frame(MAX_FRAME + 1)), Violation::Oversize);
    assert_eq!(violation(&mut open_host(), &frame(MAX_FIRST_FRAME + 1)), Violation::Oversize);
    assert_eq!(receive(&mut open_client(), [&frame(MAX_FRAME)[..]]).unwrap().len(), 1, "a host is trusted with more");
}

#[test]
fn a_host_takes_a_first_frame_as_long_as_its_machine_wants_but_none_beyond_any_frame() {
    for (wanted, taken) in [(10, 10), (MAX_FRAME, MAX_FRAME), (usize::MAX, MAX_FRAME)] {
        let host = || open(Wire::host(Offer::default()).first_frame_at_most(wanted));
        assert_eq!(receive(&mut host(), [&frame(taken)[..]]).unwrap().len(), 1, "{wanted}");
        assert_eq!(violation(&mut host(), &frame(taken + 1)), Violation::Oversize, "{wanted}");
    }
}

#[test]
fn frames_that_are_put_together_come_apart_again_up_to_one_that_is_not_whole() {
    let mut bytes = BytesMut::new();
    for body in [&b"one"[..], &[7; 300]] {
        put_frame(body, &mut bytes);
    }
    assert_eq!(bytes, [&b"\0\0\0\x03one"[..], &frame(300)].concat());
    bytes.extend_from_slice(&frame(9)[..12]);
    assert_eq!(frames(&bytes).collect::<Vec<_>>(), [&b"one"[..], &[7; 300]]);
}

#[test]
fn an_incomplete_frame_takes_no_more_memory_than_what_came_of_it_and_gives_it_back() {
    let mut host = open_host();
    receive(&mut host, [&frame(1)[..]]).unwrap();
    let bytes = frame(MAX_FRAME);
    for (count, byte) in (1..).zip(bytes.chunks(1000)) {
        let whole = !receive(&mut host, [byte]).unwrap().is_empty();
        assert!(memory(&host) <= 2 * 1000 * count + 64, "after {count} kB");
        assert_eq!(whole, count == bytes.len().div_ceil(1000));
    }
    receive(&mut host, [&frame(1)[..]]).unwrap();
    assert!(memory(&host) <= 512);
}
