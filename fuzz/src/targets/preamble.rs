//! Two ends agree on what they have settled on, whatever each can speak and however their bytes are cut; and no bytes
//! make either end settle on what it did not offer.

use crate::{Got, feed, pieces};
use arbitrary::{Result, Unstructured};
use exchange_core::{
    LinkLoss,
    message::Encoding,
    wire::{Offer, Versions, Wire},
};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

struct Spoken {
    versions: Versions,
    encodings: Vec<Encoding>,
}

impl Spoken {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let few = |u: &mut Unstructured<'_>| u.int_in_range(0..=5_u16);
        let (a, b) = if u.ratio(1, 8)? { u.arbitrary()? } else { (few(u)?, few(u)?) };
        let mut encodings = Vec::new();
        for encoding in [Encoding::Json, Encoding::Postcard] {
            if u.ratio(3, 4)? {
                encodings.push(encoding);
            }
        }
        Ok(Self { versions: Versions::new(a, b).unwrap_or(Versions::SUPPORTED), encodings })
    }

    fn offer(&self) -> Offer {
        Offer::new(self.versions, &self.encodings)
    }

    fn has(&self, got: &Got) -> bool {
        let Got::Opened { version, encoding, .. } = got else { return true };
        (self.versions.oldest()..=self.versions.newest()).contains(version) && self.encodings.contains(encoding)
    }
}

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    let (ours, theirs) = (Spoken::arbitrary(u)?, Spoken::arbitrary(u)?);
    let lengths = <[u8; 4]>::from(u.arbitrary::<(u8, u8, u8, u8)>()?).map(|length| length % 24);

    let opening = Wire::client(theirs.offer()).opening();
    let (at_host, fault) = feed(&mut Wire::host(ours.offer()), pieces(&opening, &lengths));
    let answer = match (&at_host[..], fault) {
        ([Got::Opened { answer, .. }], None) => answer.clone(),
        ([], Some(fault)) => fault.answer,
        other => panic!("neither opened nor failed: {other:?}"),
    };
    let (at_client, fault) = feed(&mut Wire::client(theirs.offer()), pieces(&answer, &lengths));
    assert_eq!(at_client.len(), at_host.len());
    for (got, host) in at_client.iter().zip(&at_host) {
        assert!(ours.has(got) && theirs.has(got));
        let (Got::Opened { version: v, encoding: e, .. }, Got::Opened { version, encoding, .. }) = (got, host) else {
            panic!("a frame in a preamble")
        };
        assert_eq!((v, e), (version, encoding));
    }
    if let Some(fault) = fault {
        assert!(matches!(fault.loss, LinkLoss::Versions { .. } | LinkLoss::NothingInCommon), "{fault:?}");
    }

    // The same bytes with some changed, or any at all.
    let (good, mut wires) = if u.arbitrary()? {
        (opening, [0, 1].map(|_| Wire::host(ours.offer())))
    } else {
        (answer, [0, 1].map(|_| Wire::client(ours.offer())))
    };
    let kept = u.int_in_range(0..=good.len())?;
    let bytes = [&good[..kept], u.bytes(u.len())?].concat();
    let whole = feed(&mut wires[0], [&bytes[..]]);
    assert_eq!(whole, feed(&mut wires[1], pieces(&bytes, &lengths)));
    assert!(whole.0.iter().all(|got| ours.has(got)));
    if whole.1.is_some() {
        assert!(wires.iter_mut().all(|wire| wire.receive(&mut &good[..]).is_err()), "a fault is for good");
    }
    Ok(())
}
