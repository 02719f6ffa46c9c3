//! Bytes that are no message of their direction.

use exchange_tokio::core::{Body, Encoding};

use super::{Vector, encoded, encoding_name, messages, unhex};

const HELLO: &str = r#""producer":"b2b2b2b2b2b2b2b2","token":null,"attempt":1,"nick":"bo","presence":{"availability":"online","note":null}}}"#;

const TO_HOST: [(&str, &str); 28] = [
    ("empty", ""),
    ("variant.unknown", "63"),
    ("variant.too_large", "ffffffff1f"),
    ("cut", "02"),
    ("trailing", "020300"),
    ("varint.cut", "02ff"),
    ("varint.u16.overflow", "03030cffff070000"),
    ("varint.u32.overflow", "02ffffffff1f"),
    ("varint.u32.endless", "02808080808000"),
    ("varint.u64.overflow", "04ffffffffffffffffff02"),
    ("varint.u64.endless", "048080808080808080808000"),
    ("option.neither", "00a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b2020102626f"),
    ("id.cut", "00a1a1a1a1a1a1a1a1"),
    ("text.not_utf8", "0102c328000000"),
    ("text.overlong_utf8", "0102c080000000"),
    ("text.surrogate", "0103eda080000000"),
    ("text.longer_than_frame", "01ffffffff0f6162"),
    ("text.longer_than_memory", "01ffffffffffffffffff016162"),
    ("join_from.unknown", "01056c6f626279040000"),
    ("payload.text.not_utf8", "03030c0001ff00"),
    ("payload.longer_than_frame", "03030c00056869"),
    ("payload.join.empty", "03030c010000"),
    ("payload.leave.trailing", "03030c0202000000"),
    ("close_reason.unknown", "0663"),
    ("name_error.unknown", "06087f"),
    ("availability.unknown", "077f00"),
    ("note.unshowable", "070001011b"),
    ("violation.unknown", "06090a"),
];

pub(super) fn to_host() -> Vec<Vector> {
    let hello = |peer: &str| format!(r#"{{"hello":{{"peer":{peer},{HELLO}"#);
    let room = |room: &str| format!(r#"{{"join":{{"room":"{room}","from":"head","settled":0,"sent":0}}}}"#);
    let from = |from: &str| format!(r#"{{"join":{{"room":"den","from":{from},"settled":0,"sent":0}}}}"#);
    let ping = |nonce: &str| format!(r#"{{"ping":{{"nonce":{nonce}}}}}"#);
    let send = |kind: &str, payload: &str| {
        format!(r#"{{"send":{{"room":3,"cmid":12,"body":{{"kind":{kind},"payload":{payload}}}}}}}"#)
    };
    let bye = |reason: &str| format!(r#"{{"bye":{{"reason":{reason}}}}}"#);
    let id = "\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"";
    let mentions = [id; 17].join(",");
    let json = [
        ("empty", String::new()),
        ("no_json", "hello".into()),
        ("cut", r#"{"ping":{"nonce":1000}"#.into()),
        ("trailing", format!("{}x", ping("1000"))),
        ("two_messages", ping("1000").repeat(2)),
        ("byte_order_mark", format!("\u{feff}{}", ping("1000"))),
        ("single_quotes", "{'ping':{'nonce':1000}}".into()),
        ("comment", ping("1000/**/")),
        ("trailing_comma", ping("1000,")),
        ("array", r#"["ping",{"nonce":1000}]"#.into()),
        ("null", "null".into()),
        ("no_variant", "{}".into()),
        ("two_variants", r#"{"ping":{"nonce":1000},"pong":{"nonce":1000}}"#.into()),
        ("variant.unknown", r#"{"dance":{}}"#.into()),
        ("variant.of_the_other_direction", r#"{"parted":{"room":3}}"#.into()),
        ("variant.other_case", r#"{"Ping":{"nonce":1000}}"#.into()),
        ("variant.without_value", r#""ping""#.into()),
        ("member.missing", r#"{"ping":{}}"#.into()),
        ("number.null", ping("null")),
        ("number.string", ping("\"1000\"")),
        ("number.bool", ping("true")),
        ("number.negative", ping("-1")),
        ("number.fraction", ping("1.5")),
        ("number.leading_zero", ping("01")),
        ("number.nan", ping("NaN")),
        ("number.infinity", ping("Infinity")),
        ("number.u64.overflow", ping("18446744073709551616")),
        ("number.u64.of_thousands_of_digits", ping(&"9".repeat(5000))),
        ("number.u32.overflow", r#"{"leave":{"room":4294967296}}"#.into()),
        ("number.u16.overflow", send("65536", "\"\"")),
        ("id.too_short", hello("\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"")),
        ("id.too_long", hello("\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"")),
        ("id.odd", hello("\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a\"")),
        ("id.not_hex", hello("\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 g\"")),
        ("id.number", hello("1")),
        ("text.number", r#"{"join":{"room":3,"from":"head","settled":0,"sent":0}}"#.into()),
        ("text.half_a_surrogate_pair", room(r"\ud83d")),
        ("text.surrogates_the_wrong_way_round", room(r"\udc4d\ud83d")),
        ("text.unknown_escape", room(r"\x41")),
        ("text.raw_control", room("a\nb")),
        ("join_from.unknown", from("\"middle\"")),
        ("join_from.without_value", from("\"last\"")),
        ("join_from.needless_value", from(r#"{"head":{}}"#)),
        ("kind.unknown_word", send("\"dance\"", "\"\"")),
        ("kind.negative", send("-1", "\"\"")),
        ("payload.text.number", send("\"text\"", "7")),
        ("payload.join.text", send("\"join\"", "\"bo\"")),
        ("payload.leave.unknown", send("\"leave\"", r#"{"reason":"bored"}"#)),
        ("payload.react.invisible", send("\"react\"", r#"{"to":1,"reaction":" ","add":true}"#)),
        (
            "payload.edit.too_many_mentions",
            send("\"edit\"", &format!(r#"{{"of":1,"mentions":[{mentions}],"text":"x"}}"#)),
        ),
        ("payload.data.not_base64", send("\"data\"", r#"{"content_type":"a/b","payload":"?"}"#)),
        ("payload.application.object", send("32768", "{}")),
        ("payload.application.not_base64", send("32768", "\"A?8H\"")),
        ("payload.application.url_base64", send("32768", "\"AP-H\"")),
        ("payload.missing", r#"{"send":{"room":3,"cmid":12,"body":{"kind":"text"}}}"#.into()),
        ("payload.nested_beyond_reason", send("32768", &"[".repeat(2000))),
        ("close_reason.unknown", bye("\"bored\"")),
        ("close_reason.without_value", bye("\"violation\"")),
        ("violation.unknown", bye(r#"{"violation":"bored"}"#)),
    ];
    let not_utf8 = [br#"{"join":{"room":"#, &b"\"\xff\""[..], br#","from":"head","settled":0,"sent":0}}"#].concat();
    let utf16: Vec<u8> = ping("1000").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wrong_way = encoded(Encoding::Postcard, &messages::entry(7, 12, Body::text("hi")));
    let mut vectors = refused("to_host", TO_HOST, json);
    vectors.push(one("to_host", Encoding::Json, "text.not_utf8", &not_utf8));
    vectors.push(one("to_host", Encoding::Json, "utf16", &utf16));
    vectors.push(one("to_host", Encoding::Postcard, "of_the_other_direction", &wrong_way));
    vectors
}

pub(super) fn to_client() -> Vec<Vector> {
    let postcard = [
        ("empty", ""),
        ("variant.unknown", "63"),
        ("bool.neither", "030364656e03f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6ac02ae02020100"),
        ("list.longer_than_frame", "0209ffffffff0f"),
        ("list.longer_than_memory", "0209ffffffffffffffffff01"),
        ("list.cut", "020901"),
        ("member.status.unknown", "02090107a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b202626f007f0000"),
        ("member.role.unknown", "02090107a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b202626f7f000000"),
        ("member.nick.unshowable", "02090107a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b2021b6f00000000"),
        ("room_name.empty", "04000004"),
        ("refusal.unknown", "040364656e7f"),
        ("gap_reason.unknown", "0703fa0163"),
        (
            "durability.unknown",
            "01d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4054c61622033e5e5e5e5e5e5e5\
             e5e5e5e5e5e5e5e5e507c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3098827804003",
        ),
        ("option.neither", "08030c0200"),
        ("payload.text.not_utf8", "0003ad02070c80d8c1a28c340002c3280000"),
        (
            "payload.join.trailing",
            "0003ad02070080d8c1a28c34011ca1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b2b2b2b2b2b2b2b202626f000000",
        ),
        ("payload.leave.unknown", "0003ad02070080d8c1a28c340201630000"),
        ("payload.knock.too_long", "0003ad02070080d8c1a28c340b01000000"),
        ("payload.rule.unknown", "0003ad02070080d8c1a28c340901630000"),
        ("payload.leave.empty", "0003ad02070080d8c1a28c3402000000"),
    ];
    let member = |nick: &str, status: &str| {
        let ids = r#""peer":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","producer":"b2b2b2b2b2b2b2b2""#;
        format!(
            r#"{{"roster":{{"rev":9,"members":[{{"member":7,{ids},"nick":"{nick}","role":"member","status":{status},"note":null}}]}}}}"#
        )
    };
    let welcome = |durability: &str| {
        let (session, life, token) = ("d4".repeat(16), "e5".repeat(16), "c3".repeat(16));
        let ids =
            format!(r#""session":"{session}","name":"Lab 3","life":"{life}","you":7,"token":"{token}","roster":9"#);
        format!(r#"{{"welcome":{{{ids},"heartbeat_ms":5000,"max_text":8192,"durability":"{durability}"}}}}"#)
    };
    let joined = |members: &str, known: &str| {
        let epoch = "f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6";
        let places = format!(r#""room":3,"epoch":"{epoch}","after":300,"head":302"#);
        let rules = r#""rules":{"history":"all","private":false,"fixed_topic":false,"locked":false,"slow":0}"#;
        format!(r#"{{"joined":{{"name":"den",{places},"known":{known},"members":{members},{rules}}}}}"#)
    };
    let json = [
        ("list.object", joined("{}", "true")),
        ("list.null", joined("null", "true")),
        ("list.of_strings", joined("[\"7\"]", "true")),
        ("bool.number", joined("[7]", "1")),
        ("member.status.unknown", member("bo", "\"asleep\"")),
        ("member.nick.empty", member(" ", "\"online\"")),
        ("member.nick.too_long", member(&"x".repeat(33), "\"online\"")),
        ("member.nick.unshowable", member("a\u{202e}b", "\"online\"")),
        ("room_name.too_long", format!(r#"{{"join_refused":{{"room":"{}","refusal":"lobby"}}}}"#, "x".repeat(65))),
        ("refusal.unknown", r#"{"reject":{"room":3,"cmid":12,"refusal":"bored"}}"#.into()),
        ("refusal.without_value", r#"{"reject":{"room":3,"cmid":12,"refusal":"too_long"}}"#.into()),
        ("refusal.without_limit", r#"{"reject":{"room":3,"cmid":12,"refusal":{"too_long":{}}}}"#.into()),
        ("gap_reason.unknown", r#"{"gap":{"room":3,"to":250,"reason":"bored"}}"#.into()),
        ("durability.unknown", welcome("stone")),
        ("variant.of_the_other_direction", r#"{"leave":{"room":3}}"#.into()),
    ];
    refused("to_client", postcard, json)
}

fn refused<const P: usize, const J: usize>(
    direction: &str,
    postcard: [(&str, &str); P],
    json: [(&str, String); J],
) -> Vec<Vector> {
    let postcard = postcard.map(|(name, bytes)| one(direction, Encoding::Postcard, name, &unhex(bytes)));
    let json = json.map(|(name, text)| one(direction, Encoding::Json, name, text.as_bytes()));
    postcard.into_iter().chain(json).collect()
}

fn one(direction: &str, encoding: Encoding, name: &str, bytes: &[u8]) -> Vector {
    Vector::new(format!("malformed.{name}"))
        .with("direction", direction)
        .with("encoding", encoding_name(encoding))
        .bytes("bytes", bytes)
        .with("error", "malformed")
}
