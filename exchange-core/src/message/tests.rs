//! Messages to bytes and back, in both encodings.

use alloc::{vec, vec::Vec};

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};

use super::{Body, Encoding, Entry, FRAME_HEADER, MAX_FRAME, ToClient, ToHost, arbitrary};
use crate::{
    ids::{Cmid, MemberId, Rev, RoomId, Seq},
    limits::Limits,
    message::{Joined, Rules},
    name::RoomName,
    reason::Violation,
    testing::cases,
    time::Timestamp,
};

const BOTH: [Encoding; 2] = [Encoding::Postcard, Encoding::Json];

/// A message's frame, without its length.
fn encoded<T: Serialize>(encoding: Encoding, message: &T) -> Vec<u8> {
    let mut out = BytesMut::new();
    encoding.encode(message, &mut out);
    let (length, body) = out.split_at(FRAME_HEADER);
    assert_eq!(length, u32::try_from(body.len()).unwrap().to_be_bytes());
    body.to_vec()
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(message: &T) {
    for encoding in BOTH {
        let body = encoded(encoding, message);
        assert!(body.len() <= MAX_FRAME);
        assert_eq!(encoding.decode::<T>(&body).as_ref(), Ok(message), "{encoding:?}");
        let longer = [&body[..], b"0"].concat();
        assert_eq!(encoding.decode::<T>(&longer), Err(Violation::Malformed), "{encoding:?} with a byte left over");
        let shorter = &body[..body.len() - 1];
        assert_eq!(encoding.decode::<T>(shorter), Err(Violation::Malformed), "{encoding:?} with a byte missing");
    }
}

fn entry(body: Body) -> ToClient {
    let (room, seq, author, cmid) = (RoomId(3), Seq(100_000), MemberId(200), Cmid(10_000));
    ToClient::Entry(Entry {
        room,
        seq,
        author,
        cmid,
        at: Timestamp::from_millis(1_790_000_000_000),
        body,
        commitment: None,
        blanked: None,
    })
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_message_to_a_host_survives_both_encodings_and_no_other_length(message in arbitrary::to_host()) {
        survives(&message);
    }

    #[test]
    fn any_message_to_a_client_survives_both_encodings_and_no_other_length(message in arbitrary::to_client()) {
        survives(&message);
    }

    #[test]
    fn any_bytes_are_a_message_or_malformed(bytes in vec(any::<u8>(), 0..64)) {
        for encoding in BOTH {
            if let Ok(message) = encoding.decode::<ToHost>(&bytes) {
                survives(&message);
            }
            if let Ok(message) = encoding.decode::<ToClient>(&bytes) {
                survives(&message);
            }
        }
    }

    #[test]
    fn a_message_with_a_wrong_byte_is_a_message_or_malformed(
        message in arbitrary::to_client(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for encoding in BOTH {
            let mut body = encoded(encoding, &message);
            let place = place.index(body.len());
            body[place] = byte;
            if let Ok(message) = encoding.decode::<ToClient>(&body) {
                survives(&message);
            }
        }
    }
}

#[test]
fn a_message_that_goes_the_wrong_way_is_malformed() {
    for encoding in BOTH {
        let body = encoded(encoding, &entry(Body::text("hi")));
        assert_eq!(encoding.decode::<ToHost>(&body), Err(Violation::Malformed), "{encoding:?}");
    }
}

#[test]
fn a_list_that_claims_more_than_it_holds_is_malformed_and_takes_no_memory() {
    // Whoever believed the length would ask for exabytes at once.
    let claimed = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let roster = encoded(Encoding::Postcard, &ToClient::Roster { rev: Rev(1), members: Vec::new() });
    let lying = [&roster[..roster.len() - 1], &claimed].concat();
    assert_eq!(Encoding::Postcard.decode::<ToClient>(&lying), Err(Violation::Malformed));

    let joined = Joined {
        name: RoomName::lobby(),
        room: RoomId(1),
        epoch: crate::Epoch::from_bytes([1; 16]),
        after: Seq(0),
        head: Seq(0),
        known: true,
        members: vec![MemberId(1)],
        founder: None,
        topic: None,
        rules: Rules::default(),
        chained: None,
    };
    let joined = encoded(Encoding::Postcard, &ToClient::Joined(joined));
    // What follows the list: that there is no founder and no topic, five rules, and no chain.
    let (head, tail) = joined.split_at(joined.len() - 8);
    let lying = [&head[..head.len() - 2], &claimed, &[1], tail].concat();
    assert_eq!(Encoding::Postcard.decode::<ToClient>(&lying), Err(Violation::Malformed));
}

#[test]
fn a_text_that_claims_more_than_it_holds_is_malformed() {
    let body = encoded(Encoding::Postcard, &entry(Body::text("hi")));
    let lying = [&body[..body.len() - 3], &[0xff, 0xff, 0xff, 0xff, 0x0f], b"hi"].concat();
    assert_eq!(Encoding::Postcard.decode::<ToClient>(&lying), Err(Violation::Malformed));
}

#[test]
fn json_nested_beyond_reason_is_malformed() {
    let deep =
        [br#"{"send":{"room":1,"cmid":1,"body":{"kind":40000,"payload":"#, "[".repeat(60_000).as_bytes()].concat();
    assert_eq!(Encoding::Json.decode::<ToHost>(&deep), Err(Violation::Malformed));
}

#[test]
fn an_entry_in_a_busy_room_costs_twenty_three_bytes_beyond_its_text() {
    let text = "x".repeat(64);
    let body = encoded(Encoding::Postcard, &entry(Body::text(&text)));
    assert_eq!(FRAME_HEADER + body.len() - text.len(), 23);
}

#[test]
fn the_longest_text_fits_into_a_frame_whatever_it_is_made_of() {
    for c in ['x', '\u{1}', '"', 'é', '👍'] {
        let count = usize::try_from(Limits::MAX_TEXT).unwrap() / c.len_utf8();
        let text: alloc::string::String = core::iter::repeat_n(c, count).collect();
        survives(&entry(Body::text(&text)));
    }
}

#[test]
fn a_message_in_json_reads_like_this() {
    let json = encoded(Encoding::Json, &entry(Body::text("hi")));
    assert_eq!(
        core::str::from_utf8(&json).unwrap(),
        concat!(
            r#"{"entry":{"room":3,"seq":100000,"author":200,"cmid":10000,"at":1790000000000,"#,
            r#""body":{"kind":"text","payload":"hi"},"commitment":null,"blanked":null}}"#,
        ),
    );
    let ping = encoded(Encoding::Json, &ToHost::Ping { nonce: 7 });
    assert_eq!(ping, br#"{"ping":{"nonce":7}}"#);
}
