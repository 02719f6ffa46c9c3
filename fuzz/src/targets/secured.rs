//! Whoever is between the two ends of a secured stream and changes what passes: nothing that they make up is taken for a
//! word of the other side's, in a handshake or after it, however the bytes are cut.

use crate::{Got, feed, pieces};
use arbitrary::{Result, Unstructured};
use bytes::BytesMut;
use exchange_core::{
    Identity, JoinCode, Seed,
    message::MAX_FRAME,
    wire::{Keyring, Offer, Wire, put_frame},
};

/// The last of the words of a handshake, preambles included; with a secret there are two more.
const LAST: usize = 4;

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

fn ends(by_code: bool, has_aes: bool) -> (Wire, Wire) {
    let keys = |who| {
        let mut keyring =
            Keyring::new(Identity::from_seed([who; 32]), &Seed::from_number(who.into())).with_aes(has_aes);
        if by_code {
            keyring.lock(JoinCode::draw(&Seed::from_number(0)).into());
        }
        Some(keyring.keys())
    };
    let host = Wire::host(Offer::default()).first_frame_at_most(MAX_FRAME);
    (Wire::client(Offer::default()).secured(keys(1)), host.secured(keys(2)))
}

/// The same bytes, or others.
fn meddled(u: &mut Unstructured<'_>, said: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = said.to_vec();
    if bytes.is_empty() {
        return Ok(bytes);
    }
    let at = u.int_in_range(0..=bytes.len() - 1)?;
    match u.int_in_range(0..=4_u8)? {
        0 => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
        1 => bytes.truncate(at),
        2 => {
            let own: Vec<u8> = u.arbitrary::<[u8; 40]>()?.into();
            bytes.splice(at..at, own);
        }
        3 => bytes.extend_from_slice(&said[at..]),
        _ => bytes = u.arbitrary::<Vec<u8>>()?,
    }
    Ok(bytes)
}

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    let lengths: Vec<u8> = u.arbitrary::<[u8; 6]>()?.into();
    // Which of the words of the handshake is changed, if any.
    let changed = u.int_in_range(0..=9_usize)?;
    let by_code = u.arbitrary()?;
    let (mut client, mut host) = ends(by_code, u.arbitrary()?);
    let last = if by_code { LAST + 2 } else { LAST };
    let (mut said, mut is_changed) = (client.opening().to_vec(), false);
    let mut opened = [false; 2];
    for word in 0..=last {
        let heard = if word == changed { meddled(u, &said)? } else { said.clone() };
        is_changed |= heard != said;
        if word + 1 == last && is_changed && heard.starts_with(&said) {
            // What comes behind the host's last word is no part of the handshake, but of the records that follow.
            return Ok(());
        }
        let to_host = word % 2 == 0;
        let (got, fault) = feed(if to_host { &mut host } else { &mut client }, pieces(&heard, &lengths));
        opened[usize::from(to_host)] |= got.iter().any(|got| matches!(got, Got::Opened { .. }));
        said.clear();
        for got in &got {
            if let Got::Answer(answer) | Got::Opened { answer, .. } = got {
                said.extend_from_slice(answer);
            }
        }
        if fault.is_some() || said.is_empty() {
            break;
        }
    }
    // What comes after the last word may be a record, and is none.
    assert!(opened[1] || is_changed, "nobody has changed anything");
    assert!(!opened[1] || !is_changed || changed == last, "somebody has, and nobody has noticed");
    if is_changed {
        return Ok(());
    }

    let (mut sealed, mut frames) = (BytesMut::new(), Vec::new());
    for _ in 0..u.int_in_range(1..=6_u8)? {
        let mut together = BytesMut::new();
        for _ in 0..u.int_in_range(0..=3_u8)? {
            let body = vec![7; u.int_in_range(1..=3000)?];
            put_frame(&body, &mut together);
            frames.push(Got::Frame(body));
        }
        client.seal(&together, &mut sealed);
    }
    let heard = meddled(u, &sealed)?;
    let (got, _) = feed(&mut host, pieces(&heard, &lengths));
    assert!(frames.starts_with(&got), "what was heard was said, and in that order");
    if heard[..] == sealed[..] {
        assert_eq!(got, frames);
    }
    Ok(())
}
