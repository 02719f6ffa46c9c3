//! Preambles as their reader takes them: a client's offer at a host, a host's offer and choice at a client.

use serde_json::json;

use super::{Vector, unhex};

const MAGIC: &str = "45584348414e4745";
/// What a side speaks that speaks version 1 in both encodings.
const USUAL: &str = "000a 0001 0001 03 01 00000000";

pub(super) fn vectors() -> Vec<Vector> {
    let usual = Own { versions: [1, 1], encodings: &["postcard", "json"] };
    let json_only = Own { encodings: &["json"], ..usual };
    let postcard_only = Own { encodings: &["postcard"], ..usual };
    let newer = Own { versions: [2, 4], ..usual };
    let wide = Own { versions: [1, 4], ..usual };

    let (postcard, json) = (meaning(1, "postcard"), meaning(1, "json"));
    let longer = "006e 0001 0001 03 01 00000000".to_owned() + &"09".repeat(100);
    let longest = "0200 0001 0001 03 01 00000000".to_owned() + &"09".repeat(502);
    let answer = |choice: &str| format!("{USUAL} {choice}");
    let host = |name, own, bytes: &str, meaning, answer: &str| {
        vector(name, "host", own, bytes).with("meaning", meaning).bytes("answer", &with_magic(answer))
    };
    let host_refuses = |name, own, bytes: &str, error, answer: &str| {
        vector(name, "host", own, bytes).with("error", error).bytes("answer", &with_magic(answer))
    };
    let host_closes = |name, bytes: &[u8], error| raw(name, "host", usual, bytes).with("error", error);
    let client = |name, own, bytes: &str, meaning| vector(name, "client", own, bytes).with("meaning", meaning);
    let client_closes = |name, own, bytes: &str, error| vector(name, "client", own, bytes).with("error", error);
    let nothing = "0000 00 00 00000000";

    vec![
        host("both_encodings", usual, USUAL, &postcard, &answer("0001 01 01 00000000")),
        host("json_only", usual, "000a 0001 0001 02 01 00000000", &json, &answer("0001 02 01 00000000")),
        host("host_of_json_only", json_only, USUAL, &json, "000a 0001 0001 02 01 00000000 0001 02 01 00000000"),
        host(
            "newest_version_of_both",
            wide,
            "000a 0002 0009 02 01 00000000",
            &meaning(4, "json"),
            "000a 0001 0004 03 01 00000000 0004 02 01 00000000",
        ),
        host("unknown_bits", usual, "000a 0001 0001 fd ff ffffffff", &postcard, &answer("0001 01 01 00000000")),
        host("longer_offer", usual, &longer, &postcard, &answer("0001 01 01 00000000")),
        host("longest_offer", usual, &longest, &postcard, &answer("0001 01 01 00000000")),
        host_refuses("client_too_new", usual, "000a 0002 0004 03 01 00000000", "versions", &answer(nothing)),
        host_refuses("client_too_old", newer, USUAL, "versions", &format!("000a 0002 0004 03 01 00000000 {nothing}")),
        host_refuses(
            "no_common_encoding",
            json_only,
            "000a 0001 0001 01 01 00000000",
            "nothing_in_common",
            &format!("000a 0001 0001 02 01 00000000 {nothing}"),
        ),
        host_refuses("no_encoding", usual, "000a 0001 0001 00 01 00000000", "nothing_in_common", &answer(nothing)),
        host_refuses(
            "no_common_protection",
            usual,
            "000a 0001 0001 03 02 00000000",
            "nothing_in_common",
            &answer(nothing),
        ),
        host_closes("another_protocol", b"GET / HTTP/1.1\r\n", "preamble"),
        host_closes("tls", &[0x16], "preamble"),
        host_closes("wrong_last_byte_of_the_magic", b"EXCHANGF", "preamble"),
        host_closes("offer_too_short", &with_magic("0009 0001 0001 03 01 000000"), "preamble"),
        host_closes("offer_too_long", &with_magic("0201"), "oversize"),
        host_closes("versions_from_zero", &with_magic("000a 0000 0001 03 01 00000000"), "preamble"),
        host_closes("versions_that_end_before_they_begin", &with_magic("000a 0002 0001 03 01 00000000"), "preamble"),
        client("postcard", usual, &answer("0001 01 01 00000000"), &postcard),
        client("json", usual, &answer("0001 02 01 00000000"), &json),
        client("longer_offer_of_a_host", usual, &format!("{longer} 0001 01 01 00000000"), &postcard),
        client("newer_host", usual, "000a 0001 0007 0b 03 00000001 0001 01 01 00000000", &postcard),
        client_closes("host_too_new", usual, &format!("000a 0002 0004 03 01 00000000 {nothing}"), "versions"),
        client_closes("host_too_old", newer, &answer(nothing), "versions"),
        client_closes(
            "host_without_our_encoding",
            json_only,
            &format!("000a 0001 0001 01 01 00000000 {nothing}"),
            "nothing_in_common",
        ),
        client_closes("no_choice_for_no_reason", usual, &answer(nothing), "nothing_in_common"),
        client_closes("version_not_offered", usual, &answer("0002 01 01 00000000"), "preamble"),
        client_closes(
            "version_not_offered_by_us",
            usual,
            "000a 0001 0002 03 01 00000000 0002 01 01 00000000",
            "preamble",
        ),
        client_closes("no_encoding_chosen", usual, &answer("0001 00 01 00000000"), "preamble"),
        client_closes("two_encodings_chosen", usual, &answer("0001 03 01 00000000"), "preamble"),
        client_closes("encoding_not_offered_by_us", postcard_only, &answer("0001 02 01 00000000"), "preamble"),
        client_closes(
            "encoding_not_offered_by_the_host",
            usual,
            "000a 0001 0001 02 01 00000000 0001 01 01 00000000",
            "preamble",
        ),
        client_closes("protection_not_offered", usual, &answer("0001 01 02 00000000"), "preamble"),
        client_closes("no_protection_chosen", usual, &answer("0001 01 00 00000000"), "preamble"),
        client_closes("feature_not_offered", usual, &answer("0001 01 01 00000001"), "preamble"),
        client_closes("offer_of_a_host_too_short", usual, "0008 0001 0001 03 01 0000", "preamble"),
        client_closes(
            "versions_of_a_host_from_zero",
            usual,
            "000a 0000 0001 03 01 00000000 0001 01 01 00000000",
            "preamble",
        ),
        raw("another_protocol_at_a_client", "client", usual, b"SSH-2.0").with("error", "preamble"),
    ]
}

/// What the reader itself offers.
#[derive(Clone, Copy)]
struct Own {
    versions: [u16; 2],
    encodings: &'static [&'static str],
}

fn meaning(version: u16, encoding: &str) -> serde_json::Value {
    json!({ "version": version, "encoding": encoding })
}

fn vector(name: &str, reader: &str, own: Own, bytes: &str) -> Vector {
    raw(name, reader, own, &with_magic(bytes))
}

fn raw(name: &str, reader: &str, own: Own, bytes: &[u8]) -> Vector {
    let own = json!({ "versions": own.versions, "encodings": own.encodings });
    Vector::new(name).with("direction", "preamble").with("reader", reader).with("own", &own).bytes("bytes", bytes)
}

fn with_magic(digits: &str) -> Vec<u8> {
    unhex(&format!("{MAGIC}{}", digits.replace(' ', "")))
}
