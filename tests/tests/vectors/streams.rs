//! Streams: preambles, frames, conversations. Each is read whole, and in pieces of many lengths.

use exchange_tests::vectors::{encoding_name, hex};
use exchange_tokio::core::{
    Encoding, LinkLoss, PublicIdentity,
    message::{ToClient, ToHost},
    wire::{Choice, Offer, Received, Versions, Wire, WireFault},
};
use serde_json::{Value, json};

use super::{Vector, vectors};

/// The lengths of the pieces that streams arrive in.
pub(super) const PIECES: [usize; 6] = [1, 2, 3, 7, 64, usize::MAX];

/// What came out of a stream.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) choice: Option<Choice>,
    pub(super) peer: Option<PublicIdentity>,
    pub(super) answer: Vec<u8>,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) fault: Option<WireFault>,
}

pub(super) fn hear(wire: &mut Wire, bytes: &[u8], piece: usize) -> Heard {
    let mut heard = Heard::default();
    for mut piece in bytes.chunks(piece.min(bytes.len()).max(1)) {
        loop {
            match wire.receive(&mut piece) {
                Ok(None) => break,
                Ok(Some(Received::Frame(frame))) => heard.frames.push(frame.to_vec()),
                Ok(Some(Received::Answer(answer))) => heard.answer.extend(answer),
                Ok(Some(Received::Opened { choice, peer, answer })) => {
                    (heard.choice, heard.peer) = (Some(choice), peer);
                    heard.answer.extend(answer);
                }
                Err(fault) => {
                    heard.answer.extend(&fault.answer);
                    heard.fault = Some(fault);
                    return heard;
                }
            }
        }
    }
    heard
}

pub(super) fn error(loss: LinkLoss) -> Value {
    match loss {
        LinkLoss::Violation(violation) => json!(violation),
        LinkLoss::Versions { .. } => json!("versions"),
        LinkLoss::NothingInCommon | LinkLoss::NotEncrypted | LinkLoss::OnlyEncrypted | LinkLoss::NotLocked => {
            json!("nothing_in_common")
        }
        other => panic!("no wire says {other}"),
    }
}

#[test]
fn every_preamble_is_answered_or_refused_as_it_says() {
    for vector in vectors("preamble.json") {
        for piece in PIECES {
            let mut wire = match vector.text("reader") {
                "host" => Wire::host(offer(&vector)),
                "client" => Wire::client(offer(&vector)),
                other => panic!("{vector}: {other}"),
            };
            let heard = hear(&mut wire, &vector.bytes("bytes"), piece);
            assert_eq!(hex(&heard.answer), vector.get("answer").map_or("", |hex| hex.as_str().unwrap()), "{vector}");
            assert_eq!(heard.fault.map(|fault| error(fault.loss)).as_ref(), vector.get("error"), "{vector}");
            let choice = heard.choice.map(|Choice { version, encoding, .. }| (version, encoding_name(encoding)));
            let meaning = choice.map(|(version, encoding)| json!({ "version": version, "encoding": encoding }));
            assert_eq!(meaning.as_ref(), vector.get("meaning"), "{vector}");
        }
    }
}

/// What the reader of a preamble offers itself.
fn offer(vector: &Vector) -> Offer {
    let own = &vector.0["own"];
    let version = |index: usize| u16::try_from(own["versions"][index].as_u64().unwrap()).unwrap();
    Offer::new(Versions::new(version(0), version(1)).unwrap(), &encodings(&own["encodings"]))
}

/// Encodings by their names.
pub(super) fn encodings(names: &Value) -> Vec<Encoding> {
    let names = names.as_array().unwrap().iter();
    names.map(|name| if name == "json" { Encoding::Json } else { Encoding::Postcard }).collect()
}

/// The end of a link that reads what goes in that direction, after the preamble.
pub(super) fn opened(direction: &str, encoding: Encoding) -> Wire {
    let offer = || Offer::new(Versions::SUPPORTED, &[encoding]);
    let (mut host, mut client) = (Wire::host(offer()), Wire::client(offer()));
    let Ok(Some(Received::Opened { answer, .. })) = host.receive(&mut &client.opening()[..]) else {
        panic!("two of a kind understand each other")
    };
    assert!(client.receive(&mut &answer[..]).unwrap().is_some());
    if direction == "to_host" { host } else { client }
}

#[test]
fn every_stream_is_cut_into_the_frames_it_says() {
    for vector in vectors("frames.json") {
        for piece in PIECES {
            let mut wire = opened(vector.text("direction"), Encoding::Json);
            let heard = hear(&mut wire, &vector.bytes("bytes"), piece);
            assert_eq!(heard.fault.as_ref().map(|fault| error(fault.loss)).as_ref(), vector.get("error"), "{vector}");
            if heard.fault.is_none() {
                let frames: Vec<String> = heard.frames.iter().map(|frame| hex(frame)).collect();
                assert_eq!(Some(&json!(frames)), vector.get("frames"), "{vector}");
            }
        }
    }
}

#[test]
fn every_conversation_is_heard_as_it_was_held() {
    for vector in vectors("conversations.json") {
        let encoding = vector.encoding();
        for piece in PIECES {
            let offer = Offer::new(Versions::SUPPORTED, &[encoding]);
            let to_host = vector.text("direction") == "to_host";
            let mut wire = if to_host { Wire::host(Offer::default()) } else { Wire::client(offer) };
            let heard = hear(&mut wire, &vector.bytes("bytes"), piece);
            assert_eq!(heard.fault, None, "{vector}");
            assert_eq!(heard.choice.map(|choice| choice.encoding), Some(encoding), "{vector}");
            let messages: Vec<Value> = heard
                .frames
                .iter()
                .map(|frame| {
                    if to_host {
                        serde_json::to_value(encoding.decode::<ToHost>(frame).unwrap()).unwrap()
                    } else {
                        serde_json::to_value(encoding.decode::<ToClient>(frame).unwrap()).unwrap()
                    }
                })
                .collect();
            assert_eq!(Some(&json!(messages)), vector.get("messages"), "{vector}");
        }
    }
}
