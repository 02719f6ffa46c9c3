//! What an entry says, in both encodings.

use alloc::vec::Vec;

use bytes::Bytes;

use super::*;
use crate::{
    event::Peer,
    name::{ContentType, Reaction},
};

fn postcard_of(body: &Body) -> Vec<u8> {
    postcard::to_allocvec(body).unwrap()
}

#[test]
fn a_text_costs_its_bytes_and_two() {
    assert_eq!(postcard_of(&Body::text("hi")), [0, 2, b'h', b'i']);
}

#[test]
fn a_text_is_readable_in_json() {
    assert_eq!(serde_json::to_string(&Body::text("hi")).unwrap(), r#"{"kind":"text","payload":"hi"}"#);
}

#[test]
fn an_unknown_kind_is_kept_whole_in_both_encodings() {
    let body = Body::Opaque { kind: 700, payload: Bytes::from_static(&[0, 255, 7]) };
    assert_eq!(postcard::from_bytes::<Body>(&postcard_of(&body)).unwrap(), body);
    let json = serde_json::to_string(&body).unwrap();
    assert_eq!(json, r#"{"kind":700,"payload":"AP8H"}"#);
    assert_eq!(serde_json::from_str::<Body>(&json).unwrap(), body);
}

#[test]
fn a_payload_that_does_not_fit_its_kind_is_an_error() {
    assert!(postcard::from_bytes::<Body>(&[0, 1, 0xff]).is_err(), "text that is not UTF-8");
    assert!(postcard::from_bytes::<Body>(&[2, 2, 0, 0]).is_err(), "bytes left over");
    assert!(serde_json::from_str::<Body>(r#"{"kind":"text","payload":7}"#).is_err());
    assert!(serde_json::from_str::<Body>(r#"{"kind":"nonsense","payload":""}"#).is_err());
}

fn peer(byte: u8) -> PeerId {
    PeerId::from_bytes([byte; 16])
}

#[test]
fn what_refers_to_something_is_readable_in_json() {
    let post =
        Body::Post(Post { reply_to: Some(Seq(7)), mentions: [peer(1)].into_iter().collect(), text: "@bo".into() });
    let id = "01".repeat(16);
    let data = Data { content_type: ContentType::new("game/move").unwrap(), payload: Bytes::from_static(&[1, 255]) };
    let react = React { to: Seq(7), reaction: Reaction::new("👍").unwrap(), add: true };
    for (body, json) in [
        (post, alloc::format!(r#"{{"kind":"post","payload":{{"reply_to":7,"mentions":["{id}"],"text":"@bo"}}}}"#)),
        (Body::Delete(Delete { of: Seq(7) }), r#"{"kind":"delete","payload":{"of":7}}"#.into()),
        (Body::React(react), r#"{"kind":"react","payload":{"to":7,"reaction":"👍","add":true}}"#.into()),
        (Body::Data(data), r#"{"kind":"data","payload":{"content_type":"game/move","payload":"Af8="}}"#.into()),
    ] {
        assert_eq!(serde_json::to_string(&body).unwrap(), json);
        assert_eq!(serde_json::from_str::<Body>(&json).unwrap(), body);
        assert_eq!(postcard::from_bytes::<Body>(&postcard_of(&body)).unwrap(), body);
    }
}

#[test]
fn more_mentions_than_there_may_be_are_an_error() {
    let many = |count: u8| {
        let ids: Vec<_> = (0..count).map(|byte| alloc::format!("{}", peer(byte))).collect();
        serde_json::json!({"kind": "edit", "payload": {"of": 1, "mentions": ids, "text": "hi"}})
    };
    assert!(serde_json::from_value::<Body>(many(16)).is_ok());
    assert!(serde_json::from_value::<Body>(many(17)).is_err());
}

fn called(people: &[(u8, &str)]) -> impl Iterator<Item = Peer> {
    people.iter().map(|(byte, nick)| Peer { id: peer(*byte), nick: nick.parse().unwrap() })
}

#[test]
fn an_at_and_a_name_mean_whoever_is_called_that() {
    let people = [(1, "bo"), (2, "bob"), (3, "bo"), (4, "Ann Lee"), (5, "é")];
    let meant = |text: &str| Mentions::resolve(text, called(&people)).to_vec();
    assert_eq!(meant("@bo: hi"), [peer(1), peer(3)], "two are called that");
    assert_eq!(meant("and @bob!"), [peer(2)]);
    assert_eq!(meant("@ann lee, @Bob and @bob"), [peer(4), peer(2)], "each once");
    assert_eq!(meant("@é?"), [peer(5)]);
    for text in ["@bobby", "bo@bo", "@ bo", "@", "x@", "@bo_", "@e\u{301}", "@ann"] {
        assert_eq!(meant(text), [], "{text:?}");
    }
}

#[test]
fn only_so_many_people_can_be_meant() {
    let nicks: Vec<alloc::string::String> = (0..20).map(|n| alloc::format!("n{n}x")).collect();
    let people: Vec<(u8, &str)> = (0..).zip(nicks.iter().map(alloc::string::String::as_str)).collect();
    let text = alloc::format!("@{}", nicks.join(" @"));
    assert_eq!(Mentions::resolve(&text, called(&people)).len(), Mentions::MAX);
}
