//! Bytes that nobody writes and that have a meaning all the same: those that everybody has to read, and those that a
//! reader may take either for their meaning or for malformed.

use exchange_tokio::core::Encoding;
use serde_json::{Value, json};

use super::{Vector, encoding_name, unhex};

/// What a reader does with a message that is not as a writer would write it.
#[derive(Clone, Copy)]
enum Reader {
    Must,
    May,
}

use Reader::{May, Must};

pub(super) fn to_host() -> Vec<Vector> {
    let leave = json!({"leave": {"room": 3}});
    let ping = json!({"ping": {"nonce": 1000}});
    let large = json!({"ping": {"nonce": u64::MAX}});
    let bye = json!({"bye": {"reason": "left"}});
    let head = json!({"join": {"room": "den", "from": "head", "settled": 0, "sent": 0}});
    let hello = |token| {
        let (peer, producer) = ("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "b2b2b2b2b2b2b2b2");
        let presence = json!({"availability": "online", "note": null});
        json!({"hello": {"peer": peer, "producer": producer, "token": token, "attempt": 1, "nick": "bo", "presence": presence}})
    };
    let send = |body| json!({"send": {"room": 3, "cmid": 12, "body": body, "commitment": null}});
    let bytes = send(json!({"kind": 32768, "payload": "AP8H/w=="}));
    let postcard = [
        (May, "varint.longer", "028300", &leave),
        (May, "varint.u32.longest", "028380808000", &leave),
        (May, "varint.variant.longer", "820003", &leave),
        (May, "varint.length.longer", "018300 64656e 00 00 00", &head),
        (May, "varint.u64.longest", "04e887808080808080 8000", &ping),
        (May, "number.beyond_2_53", "04ffffffffffffffffff01", &large),
    ]
    .map(|(reader, name, bytes, meaning)| {
        one(reader, "to_host", (Encoding::Postcard, name), &unhex(&bytes.replace(' ', "")), meaning)
    });
    let deep = format!(r#"{{"ping":{{"nonce":1000,"x":{}{}}}}}"#, "[".repeat(2000), "]".repeat(2000));
    let body = |kind: &str, payload: &str| {
        format!(r#"{{"send":{{"room":3,"cmid":12,"body":{{"kind":{kind},"payload":{payload}}}}}}}"#)
    };
    let upper = r#"{"hello":{"peer":"A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1","producer":"B2b2B2b2B2b2B2b2","token":null,"attempt":1,"nick":"bo","presence":{"availability":"online","note":null}}}"#;
    let tokenless = r#"{"hello":{"peer":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","producer":"b2b2b2b2b2b2b2b2","attempt":1,"nick":"bo","presence":{"availability":"online"}}}"#;
    let joiner =
        r#"{"peer":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","producer":"b2b2b2b2b2b2b2b2","nick":"bo","mood":"good"}"#;
    let joins = json!({"peer": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "producer": "b2b2b2b2b2b2b2b2", "nick": "bo"});
    let twice = r#"{"reason":"left","reason":"timed_out"}"#;
    let json = [
        (Must, "white_space", " {\t\"ping\" :\r\n{ \"nonce\" : 1000 } }\n".into(), &ping),
        (Must, "member.unknown", r#"{"ping":{"hops":[{"a":1}],"nonce":1000}}"#.into(), &ping),
        (Must, "member.other_order", r#"{"join":{"sent":0,"from":"head","settled":0,"room":"den"}}"#.into(), &head),
        (Must, "option.left_out", tokenless.into(), &hello(Value::Null)),
        (Must, "id.upper_case", upper.into(), &hello(Value::Null)),
        (
            Must,
            "text.escaped",
            body("\"text\"", r#""\u0068\u00E9\/\ud83d\udc4d""#),
            &send(json!({"kind": "text", "payload": "hé/👍"})),
        ),
        (Must, "variant.escaped", r#"{"\u0070ing":{"nonce":1000}}"#.into(), &ping),
        (Must, "payload.member.unknown", body("\"join\"", joiner), &send(json!({"kind": "join", "payload": joins}))),
        (May, "member.twice", r#"{"ping":{"nonce":1,"nonce":1000}}"#.into(), &ping),
        (
            May,
            "payload.member.twice",
            body("\"leave\"", twice),
            &send(json!({"kind": "leave", "payload": {"reason": "timed_out"}})),
        ),
        (May, "structure.as_array", r#"{"ping":[1000]}"#.into(), &ping),
        (May, "variant.with_null", r#"{"bye":{"reason":{"left":null}}}"#.into(), &bye),
        (May, "number.whole_fraction", r#"{"ping":{"nonce":1000.0}}"#.into(), &ping),
        (May, "number.exponent", r#"{"ping":{"nonce":1e3}}"#.into(), &ping),
        (May, "number.minus_zero", r#"{"ping":{"nonce":-0}}"#.into(), &json!({"ping": {"nonce": 0}})),
        (May, "number.beyond_2_53", r#"{"ping":{"nonce":18446744073709551615}}"#.into(), &large),
        (May, "kind.number_of_a_known_one", body("0", "\"hi\""), &send(json!({"kind": "text", "payload": "hi"}))),
        (May, "base64.without_padding", body("32768", "\"AP8H/w\""), &bytes),
        (May, "base64.bits_left_over", body("32768", "\"AP8H/x==\""), &bytes),
        (May, "nested_deeply", deep, &ping),
    ]
    .map(|(reader, name, text, meaning): (_, _, String, _)| {
        one(reader, "to_host", (Encoding::Json, name), text.as_bytes(), meaning)
    });
    postcard.into_iter().chain(json).collect()
}

pub(super) fn to_client() -> Vec<Vector> {
    let spaced = "02090107a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b20520626f200a00000000";
    let record = json!({
        "member": 7, "peer": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "producer": "b2b2b2b2b2b2b2b2",
        "nick": "bo", "role": "member", "status": "online", "note": null, "identity": null,
    });
    let roster = json!({"roster": {"rev": 9, "members": [record]}});
    let ack = json!({"ack": {"room": 3, "cmid": 12, "seq": null}});
    let seqless = r#"{"ack":{"room":3,"cmid":12}}"#;
    let refused = json!({"join_refused": {"room": "den", "refusal": "room_full"}});
    let spaced_json = r#"{"join_refused":{"room":"\tden\u3000","refusal":"room_full"}}"#;
    vec![
        one(Must, "to_client", (Encoding::Postcard, "name.with_white_space"), &unhex(spaced), &roster),
        one(Must, "to_client", (Encoding::Json, "name.with_white_space"), spaced_json.as_bytes(), &refused),
        one(Must, "to_client", (Encoding::Json, "option.left_out"), seqless.as_bytes(), &ack),
    ]
}

fn one(reader: Reader, direction: &str, (encoding, name): (Encoding, &str), bytes: &[u8], meaning: &Value) -> Vector {
    let vector = Vector::new(format!("lenient.{name}"))
        .with("direction", direction)
        .with("encoding", encoding_name(encoding))
        .bytes("bytes", bytes)
        .with("meaning", meaning);
    match reader {
        Must => vector.with("written", &false),
        May => vector.with("written", &false).with("error", "malformed"),
    }
}
