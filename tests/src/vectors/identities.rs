//! Who somebody is: one seed, and all that is public of it.

use exchange_tokio::core::{Identity, PeerId};
use serde_json::{Value, json};

use super::{Vector, hex};

pub(super) fn vectors() -> Vec<Vector> {
    let mut counting = [0; 32];
    counting.iter_mut().zip(0..).for_each(|(byte, number)| *byte = number);
    [("zeros", [0; 32]), ("ones", [0xff; 32]), ("counting", counting), ("ana", [1; 32]), ("bo", [2; 32])]
        .map(|(name, seed)| {
            Vector::new(name).bytes("bytes", &seed).with("meaning", &public_meaning(&Identity::from_seed(seed)))
        })
        .into()
}

/// What everybody may know of somebody, as vectors have it.
pub fn public_meaning(identity: &Identity) -> Value {
    let public = identity.public();
    let peer: PeerId = public.peer();
    json!({ "agreement": hex(public.agreement_key()), "signing": hex(public.signing_key()), "peer": peer })
}
