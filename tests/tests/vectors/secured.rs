//! Who somebody is, and links that nobody but their two ends can read.

use bytes::BytesMut;
use exchange_tests::vectors::{encoding_name, hex, keys, public_meaning, secret_meaning, unhex};
use exchange_tokio::core::{
    Identity, LinkLoss, PeerId, SafetyNumber,
    wire::{Offer, Versions, Wire},
};
use serde_json::{Value, json};

use super::{
    Vector,
    streams::{PIECES, encodings, error, hear},
    vectors,
};

#[test]
fn every_seed_is_who_it_says() {
    for vector in vectors("identities.json") {
        let identity = Identity::from_seed(vector.bytes("bytes").try_into().unwrap());
        assert_eq!(vector.get("meaning"), Some(&public_meaning(&identity)), "{vector}");
    }
}

#[test]
fn every_two_peers_have_the_number_that_it_says() {
    for vector in vectors("safety.json") {
        let bytes = vector.bytes("bytes");
        let peer = |bytes: &[u8]| PeerId::from_bytes(bytes.try_into().unwrap());
        let number = SafetyNumber::of(peer(&bytes[..16]), peer(&bytes[16..])).to_string();
        assert_eq!(vector.get("meaning"), Some(&json!(number)), "{vector}");
    }
}

#[test]
fn every_secret_is_what_it_says_or_is_refused() {
    for vector in vectors("secrets.json") {
        let (meaning, error) = match secret_meaning(&String::from_utf8(vector.bytes("bytes")).unwrap()) {
            Ok(meaning) => (Some(meaning), None),
            Err(error) => (None, Some(json!(error))),
        };
        assert_eq!((meaning.as_ref(), error.as_ref()), (vector.get("meaning"), vector.get("error")), "{vector}");
    }
}

#[test]
fn every_link_is_secured_or_ended_as_it_says() {
    for vector in vectors("secured.json") {
        let is_long = vector.get("times").is_some();
        for piece in PIECES.into_iter().filter(|piece| !is_long || *piece == usize::MAX) {
            let mut wire = end(&vector);
            let mut said = if vector.text("reader") == "client" { wire.opening().to_vec() } else { Vec::new() };
            let heard = hear(&mut wire, &vector.bytes("bytes"), piece);
            said.extend(&heard.answer);
            let fault = heard.fault.as_ref().map(|fault| match fault.loss {
                LinkLoss::Stranger { .. } => json!("stranger"),
                LinkLoss::WrongSecret => json!("wrong_secret"),
                LinkLoss::NoGuess => json!("no_guess"),
                loss => error(loss),
            });
            assert_eq!(fault.as_ref(), vector.get("error"), "{vector}");
            let encoding = heard.choice.map(|choice| json!(encoding_name(choice.encoding)));
            assert_eq!(encoding.as_ref(), vector.get("encoding"), "{vector}");
            assert_eq!(heard.peer.map(|peer| json!(peer.peer())).as_ref(), vector.get("peer"), "{vector}");
            let frames: Vec<String> = heard.frames.iter().map(|frame| hex(frame)).collect();
            assert_eq!(json!(frames), *vector.get("frames").unwrap_or(&json!([])), "{vector}");
            if is_long {
                assert_eq!(hex(&said), vector.text("says"), "{vector}");
                last_of_many(&vector, &mut wire);
            } else {
                said.extend(holds(&vector).iter().flat_map(|held| sealed(&mut wire, held)));
                assert_eq!(hex(&said), vector.text("says"), "{vector}");
            }
        }
    }
}

/// The end of a link that hears what is in a vector.
fn end(vector: &Vector) -> Wire {
    let own = Vector(vector.0["own"].clone());
    let key = |name| own.bytes(name).try_into().unwrap();
    let expects: Option<PeerId> = own.get("expects").map(|peer| serde_json::from_value(peer.clone()).unwrap());
    let offer = Offer::new(Versions::SUPPORTED, &encodings(&own.0["encodings"]));
    let wire = if vector.text("reader") == "client" { Wire::client(offer) } else { Wire::host(offer) };
    let secret = own.get("secret").and_then(Value::as_str);
    let has_aes = own.get("has_aes").is_some();
    wire.secured(Some(keys(key("seed"), key("random"), has_aes, expects, secret)))
}

/// What each of its records holds, in turn.
fn holds(vector: &Vector) -> Vec<Vec<u8>> {
    let held = vector.get("holds").and_then(Value::as_array).cloned().unwrap_or_default();
    held.iter().map(|held| unhex(held.as_str().unwrap())).collect()
}

/// It seals the same until it needs another key, and ends as it says.
fn last_of_many(vector: &Vector, wire: &mut Wire) {
    let (held, last) = (holds(vector).concat(), vector.bytes("last"));
    let mut said = Vec::new();
    for _ in 0..vector.0["times"].as_u64().unwrap() {
        said = [&said[said.len().saturating_sub(last.len())..], &sealed(wire, &held)].concat();
    }
    assert!(said.ends_with(&last), "{vector}");
}

fn sealed(wire: &mut Wire, held: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.seal(held, &mut out);
    out.to_vec()
}
