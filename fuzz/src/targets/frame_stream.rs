//! Any bytes behind a preamble give the same frames and the same fault however they are cut, at both ends; what was put
//! into frames comes out of them.

use crate::{Got, body_of, encoding, feed, pieces, to_client, to_host};
use arbitrary::{Result, Unstructured};
use bytes::BytesMut;
use exchange_core::{
    LinkLoss, Violation,
    message::{FRAME_HEADER, MAX_FIRST_FRAME, MAX_FRAME},
    wire::{Offer, Wire, put_frame},
};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

fn opened(is_host: bool) -> Wire {
    let opening = Wire::client(Offer::default()).opening();
    let mut host = Wire::host(Offer::default());
    let (got, _) = feed(&mut host, [&opening[..]]);
    let [Got::Opened { answer, .. }] = &got[..] else { panic!("two of a kind understand each other") };
    let mut client = Wire::client(Offer::default());
    assert_eq!(feed(&mut client, [&answer[..]]).0.len(), 1);
    if is_host { host } else { client }
}

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    let is_host = u.arbitrary()?;
    let lengths: Vec<u8> = u.arbitrary::<[u8; 6]>()?.into();
    let (mut stream, mut frames, mut fault) = (BytesMut::new(), Vec::new(), None);
    let mut most = if is_host { MAX_FIRST_FRAME } else { MAX_FRAME };
    for _ in 0..u.int_in_range(0..=12_u8)? {
        let encoding = encoding(u)?;
        let body = match u.int_in_range(0..=7)? {
            0..=2 => body_of(encoding, &to_host(u)?),
            3 | 4 => body_of(encoding, &to_client(u)?),
            5 => vec![7; u.int_in_range(0..=2000)?].into(),
            6 => vec![7; u.choose(&[MAX_FIRST_FRAME, MAX_FRAME])? + u.int_in_range(0..=2_usize)? - 1].into(),
            _ => u.arbitrary::<Vec<u8>>()?.into(),
        };
        put_frame(&body, &mut stream);
        if fault.is_none() {
            match body.len() {
                0 => fault = Some(Violation::Malformed),
                length if length > most => fault = Some(Violation::Oversize),
                _ => frames.push(Got::Frame(body.into())),
            }
        }
        most = MAX_FRAME;
    }
    let (mut whole, mut cut) = (opened(is_host), opened(is_host));
    let got = feed(&mut whole, [&stream[..]]);
    assert_eq!(got, feed(&mut cut, pieces(&stream, &lengths)));
    assert_eq!(got.0, frames);
    assert_eq!(got.1.map(|fault| fault.loss), fault.map(LinkLoss::Violation));
    if fault.is_some() {
        assert!(whole.receive(&mut &[][..]).is_err() && cut.receive(&mut &[0, 0, 0, 1, 7][..]).is_err());
        return Ok(());
    }

    // And then bytes that nobody has put into frames.
    let rest = u.bytes(u.len())?;
    let got = feed(&mut whole, [rest]);
    assert_eq!(got, feed(&mut cut, pieces(rest, &lengths)));
    let taken: usize =
        got.0.iter().map(|got| if let Got::Frame(frame) = got { FRAME_HEADER + frame.len() } else { 0 }).sum();
    assert!(taken <= rest.len());
    Ok(())
}
