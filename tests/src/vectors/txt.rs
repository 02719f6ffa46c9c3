//! What a session announces: the strings of a TXT record, each after a byte of its length.

use exchange_tokio::core::{
    SessionName,
    discovery::{Metadata, PeerRecord, instance_name},
    wire::Versions,
};
use serde_json::{Value, json};

use super::{Vector, messages};

const ID: &str = "d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4";

pub(super) fn vectors() -> Vec<Vector> {
    let mut usual =
        PeerRecord::new(messages::SESSION, SessionName::new("Lab 3").unwrap(), messages::nick("ana"), 27_027);
    usual.people = 4;
    let mut own = usual.clone();
    own.metadata.insert("topic", "optics = light").unwrap();
    own.metadata.insert("empty", "").unwrap();
    let mut proven = usual.clone();
    proven.peer = Some(messages::PEER);
    let mut locked = proven.clone();
    locked.is_locked = true;
    let mut largest = locked.clone();
    largest.name = SessionName::new(&"n".repeat(64)).unwrap();
    largest.host = messages::nick(&"h".repeat(32));
    largest.versions = Versions::new(10_000, u16::MAX).unwrap();
    largest.people = u32::MAX;
    largest.metadata.insert("k", &"v".repeat(Metadata::MAX_BYTES - Metadata::ITEM_BYTES - 1)).unwrap();

    let five = ["v=1", &format!("id={ID}"), "n=Lab 3", "h=ana", "p=4"].map(str::to_owned);
    let without = |key: &str| five.iter().filter(|item| !item.starts_with(key)).cloned().collect::<Vec<String>>();
    let with = |items: &[&str]| -> Vec<u8> {
        let keys: Vec<&str> = items.iter().map(|item| item.split('=').next().unwrap_or_default()).collect();
        let others = five.iter().filter(|item| !keys.contains(&item.split('=').next().unwrap_or_default()));
        strings(others.map(String::as_bytes).chain(items.iter().map(|item| item.as_bytes())))
    };
    let also = |items: &[&[u8]]| strings(five.iter().map(String::as_bytes).chain(items.iter().copied()));
    let first = |items: &[&[u8]]| strings(items.iter().copied().chain(five.iter().map(String::as_bytes)));
    let versions = |oldest: u16, newest: u16| changed(&usual, "versions", &json!([oldest, newest]));
    let topic = |value: &str| changed(&usual, "metadata", &json!({ "topic": value }));
    let plain = record_meaning(&usual);
    let long = "v".repeat(230);

    let mut vectors = vec![
        announced("session", &usual),
        announced("session.with_metadata", &own),
        announced("session.encrypted", &proven),
        announced("session.locked", &locked),
        announced("session.largest", &largest),
        read("range_of_one", &with(&["v=1-1"]), &plain),
        read("range", &with(&["v=1-3"]), &versions(1, 3)),
        read(
            "keys_in_upper_case",
            &strings([&b"V=1"[..], format!("ID={ID}").as_bytes(), b"N=Lab 3", b"H=ana", b"P=4"]),
            &plain,
        ),
        read("id_in_upper_case", &with(&[&format!("id={}", ID.to_uppercase())]), &plain),
        read("first_of_equal_keys", &also(&[b"n=Other", b"N=Another"]), &plain),
        read("unknown_keys", &also(&[b"zz=new", b"flag", b"sdsh"]), &plain),
        read("locked_otherwise", &also(&[b"c=yes"]), &plain),
        read("string_without_key", &also(&[b"=value", b""]), &plain),
        read("metadata.first_of_equal_keys", &also(&[b"X-Topic=a", b"x-topic=b"]), &topic("a")),
        read("metadata.with_equals_sign", &also(&[b"x-topic=a=b"]), &topic("a=b")),
        read("metadata.without_value", &also(&[b"x-topic"]), &topic("")),
        read("metadata.without_key", &also(&[b"x-=value"]), &plain),
        read("metadata.with_another_key", &also(&[b"x-a b=value", "x-é=value".as_bytes()]), &plain),
        read("metadata.not_utf8", &also(&[b"x-topic=\xff"]), &plain),
        read("metadata.too_large", &also(&[format!("x-topic={long}").as_bytes()]), &plain),
        read("name_with_white_space", &with(&["n= Lab 3 "]), &plain),
        refused(
            "too_large",
            &also(&[format!("a={long}").as_bytes(), format!("b={long}").as_bytes(), b"c=v"]),
            "too_large",
        ),
        refused("n.not_utf8", &first(&[b"n=\xff"]), "n"),
        refused("under_another_name", &with(&["id=d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5"]), "instance"),
    ];
    for key in ["v", "id", "n", "h", "p"] {
        let rest = without(&format!("{key}="));
        vectors.push(refused(&format!("{key}.missing"), &strings(rest.iter().map(String::as_bytes)), key));
    }
    let malformed = [
        ("v.zero", "v=0"),
        ("v.ends_before_it_begins", "v=2-1"),
        ("v.cut", "v=1-"),
        ("v.signed", "v=+1"),
        ("v.too_large", "v=65536"),
        ("v.without_value", "v"),
        ("id.short", "id=d4"),
        ("id.not_hex", "id=gggggggggggggggggggggggggggggggg"),
        ("n.empty", "n="),
        ("n.unshowable", "n=a\u{1b}[2J"),
        ("h.empty", "h= "),
        ("h.too_long", "h=a nick that is longer than nicks are"),
        ("k.short", "k=05"),
        ("k.not_hex", "k=gggggggggggggggggggggggggggggggg"),
        ("p.empty", "p="),
        ("p.negative", "p=-1"),
        ("p.too_large", "p=4294967296"),
    ];
    for (name, item) in malformed {
        let key = name.split('.').next().unwrap_or_default();
        vectors.push(refused(name, &with(&[item]), key));
    }
    vectors
}

/// What a record means, apart from where its session is.
pub fn record_meaning(record: &PeerRecord) -> Value {
    let metadata: Value = record.metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    json!({
        "session": record.session.to_string(),
        "name": record.name.as_str(),
        "host": record.host.as_str(),
        "versions": [record.versions.oldest(), record.versions.newest()],
        "people": record.people,
        "peer": record.peer,
        "locked": record.is_locked,
        "metadata": metadata,
    })
}

fn changed(record: &PeerRecord, member: &str, value: &Value) -> Value {
    let mut meaning = record_meaning(record);
    meaning[member] = value.clone();
    meaning
}

fn announced(name: &str, record: &PeerRecord) -> Vector {
    let items: Vec<String> = record.to_txt().into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    one(name, &strings(items.iter().map(String::as_bytes))).with("meaning", &record_meaning(record))
}

fn read(name: &str, bytes: &[u8], meaning: &Value) -> Vector {
    one(&format!("lenient.{name}"), bytes).with("meaning", meaning).with("written", &false)
}

fn refused(name: &str, bytes: &[u8], property: &str) -> Vector {
    one(&format!("refused.{name}"), bytes).with("error", property)
}

fn one(name: &str, bytes: &[u8]) -> Vector {
    Vector::new(name)
        .with("direction", "discovery")
        .with("instance", &instance_name(messages::SESSION))
        .bytes("bytes", bytes)
}

fn strings<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    strings.into_iter().flat_map(|item| [&[u8::try_from(item.len()).unwrap()][..], item].concat()).collect()
}
