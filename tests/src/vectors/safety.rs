//! What two peers compare.

use exchange_tokio::core::{Identity, PeerId, SafetyNumber};

use super::{Vector, hex};

pub(super) fn vectors() -> Vec<Vector> {
    let peer = |seed| Identity::from_seed([seed; 32]).peer();
    let (low, high) = (PeerId::from_bytes([0; 16]), PeerId::from_bytes([0xff; 16]));
    // The last is one that begins with a zero.
    let zero =
        (0..=u8::MAX).map(peer).find(|other| SafetyNumber::of(low, *other).to_string().starts_with('0')).unwrap_or(low);
    [
        ("two", peer(1), peer(2)),
        ("two.the_other_way_round", peer(2), peer(1)),
        ("far_apart", low, high),
        ("zero_in_front", low, zero),
    ]
    .map(|(name, one, other)| {
        let bytes = [one, other].map(|peer| hex(peer.as_bytes())).concat();
        Vector::new(name).with("bytes", &bytes).with("meaning", &SafetyNumber::of(one, other).to_string())
    })
    .into()
}
