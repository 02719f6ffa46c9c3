//! A host made of what was said in another session.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::ToString,
    vec::Vec,
};

use bytes::Bytes;
use proptest::prelude::*;

use super::{Bench, WINDOW, config, den, hello, join, text};
use crate::{
    Durability, Limits, Timestamp,
    event::{MessageView, Peer},
    host::{Archive, Host, HostConfig, Import, Imported, Misfit},
    ids::{Cmid, MemberId, PeerId, ProducerId, Seq},
    message::{Body, Data, Encoding, JoinFrom, Mentions, Post, Rules, ToClient},
    name::{Reaction, RoomName},
    reason::Refusal,
    seam::{Effect, Input, Outbox},
    seed::Seed,
    store::{Change, Key},
    time::Time,
};

fn keeping() -> HostConfig {
    HostConfig { store: Some(Durability::Fsynced), ..config() }
}

fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 16])
}

fn import() -> Import {
    Import::new(keeping(), Some((peer(9), None)), &Seed::from_number(1), Time::ZERO)
}

/// What the client of that number says.
fn said(room: &RoomName, seq: u64, number: u8, cmid: u64, body: Body) -> Imported {
    Imported {
        room: room.clone(),
        seq: Seq(seq),
        at: Timestamp::from_millis(seq),
        author: Peer { id: peer(number), nick: alloc::format!("client {number}").parse().unwrap() },
        producer: ProducerId::from_bytes([number; 8]),
        cmid: Cmid(cmid),
        body,
        edited: false,
        reactions: BTreeMap::new(),
    }
}

/// What a host has kept when it has been told everything.
fn rows(import: Import) -> BTreeMap<Key, Bytes> {
    let (mut host, mut out) = (import.finish().unwrap(), Outbox::new());
    host.handle(Time::ZERO, Input::Tick, &mut out);
    let changes = out.drain().find_map(|effect| match effect {
        Effect::Store { changes, .. } => Some(changes),
        _ => None,
    });
    changes.unwrap().into_iter().map(|Change { key, row }| (key, row.unwrap())).collect()
}

#[test]
fn a_host_is_made_of_what_was_said_elsewhere_and_everybody_goes_on_in_it() {
    let mut import = import();
    let rules = Rules { private: true, slow: 0, ..Rules::default() };
    import.room(&den(), "optics".parse().ok(), rules, Some(peer(1))).unwrap();
    assert_eq!(import.room(&den(), None, rules, None), Err(Misfit::Twice));
    import.message(said(&den(), 7, 1, 3, Body::text("a lens"))).unwrap();
    let reply = Post { reply_to: Some(Seq(7)), mentions: Mentions::default(), text: "which?".into() };
    let reactions = BTreeMap::from([("👍".parse().unwrap(), BTreeSet::from([peer(1), peer(3)]))]);
    import.message(Imported { edited: true, reactions, ..said(&den(), 9, 2, 1, Body::Post(reply)) }).unwrap();
    import.person(Peer { id: peer(3), nick: "cy".parse().unwrap() });

    let rows = rows(import);
    let host = Host::restore(keeping(), &Seed::from_number(2), Time::ZERO, Timestamp::default(), rows.clone()).unwrap();
    assert_eq!(host.me().map(|me| me.id), Some(peer(9)));
    assert_eq!((host.topic(&den()).map(crate::Remark::as_str), host.rules(&den())), (Some("optics"), Some(rules)));
    let archive = Archive::read(rows.clone());
    let nicks: Vec<&str> = archive.people.iter().map(|person| person.nick.as_str()).collect();
    assert_eq!(nicks, ["client 1", "client 2", "cy", "host"]);
    assert_eq!(archive.rooms[0].founder, Some(peer(1)));
    let views: Vec<MessageView> = host.messages(&den()).filter(|view| !view.is_deleted()).collect();
    let places: Vec<_> = views.iter().map(|view| (view.message().seq(), view.message().reply_to())).collect();
    assert_eq!(places, [(Seq(7), None), (Seq(9), Some(Seq(7)))]);
    assert!(views[0].edited().is_none() && views[1].edited().is_some());
    assert_eq!(views[1].reactions().map(|(_, people)| people.len()).collect::<Vec<_>>(), [2]);

    // Whoever has said something there may come back into the private room, and numbers count on.
    let mut bench = Bench { host, ..Bench::new() };
    bench.disk.rows = rows;
    let link = bench.open(2, Encoding::Postcard, WINDOW);
    bench.say_all(link, &[hello(2, 1, None), join(&RoomName::lobby(), JoinFrom::Head), join(&den(), JoinFrom::Start)]);
    let room = bench.host.room_ids[&den()];
    bench.say_all(link, &[text(room, 2, "again"), text(room, 3, "new")]);
    while let Some(stored) = bench.disk.sync() {
        bench.input(stored);
    }
    let heard = bench.heard(link);
    let numbers = heard.iter().filter_map(|said| match said {
        ToClient::Entry(entry) if entry.room == room && entry.author == MemberId(2) => Some(entry.cmid),
        _ => None,
    });
    assert_eq!(numbers.last(), Some(Cmid(3)), "{heard:?}");
    assert!(bench.host.messages(&den()).all(|view| view.text() != "again"), "that number has been used, by the edit");
}

#[test]
fn what_cannot_have_been_said_is_refused() {
    let mut import = import();
    let mut message = |seq, number, cmid, body| import.message(said(&den(), seq, number, cmid, body));
    let hi = || Body::text("hi");
    assert_eq!(message(5, 1, 2, hi()), Ok(()));
    assert_eq!(message(5, 2, 1, hi()), Err(Misfit::Order), "that place is taken");
    assert_eq!(message(6, 1, 2, hi()), Err(Misfit::Order), "that number is taken");
    assert_eq!(message(6, 2, 1, Body::text(" ")), Err(Misfit::Refused(Refusal::Empty)));
    assert_eq!(message(6, 2, 0, hi()), Err(Misfit::Refused(Refusal::Kind)));
    assert_eq!(message(0, 2, 1, hi()), Err(Misfit::Refused(Refusal::Kind)));
    assert_eq!(message(6, 2, 1, Body::Opaque { kind: 40, payload: Bytes::new() }), Err(Misfit::Refused(Refusal::Kind)));
    assert_eq!(message(200_000, 2, 1, hi()), Err(Misfit::Gap));
    assert_eq!(message(u64::MAX, 2, 1, hi()), Err(Misfit::Refused(Refusal::Kind)));
    assert_eq!(message(6, 2, 1, hi()), Ok(()));
    let limits = Limits { rooms: 1, ..keeping().limits };
    let mut import = Import::new(HostConfig { limits, ..keeping() }, None, &Seed::from_number(1), Time::ZERO);
    let refused = Err(Misfit::Refused(Refusal::TooManyRooms));
    assert_eq!(import.room(&den(), None, Rules::default(), None), refused);
    assert_eq!(import.room(&RoomName::lobby(), None, Rules::default(), None), Ok(()));
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        "[a-z ]{0,6}".prop_map(|text| Body::text(&text)),
        ("[a-z]{1,6}", proptest::option::of(0..20_u64)).prop_map(|(text, to)| {
            Body::Post(Post { reply_to: to.map(Seq), mentions: Mentions::default(), text: text.as_str().into() })
        }),
        Just(Body::Data(Data { content_type: "text/plain".parse().unwrap(), payload: Bytes::from_static(b"x") })),
        (0x7ff0..0x8010_u16).prop_map(|kind| Body::Opaque { kind, payload: Bytes::from_static(b"x") }),
    ]
}

prop_compose! {
    fn any_message()(
        room in prop_oneof![Just("lobby"), Just("den"), Just("~two")],
        seq in 0..40_u64,
        (number, cmid) in (0..4_u8, 0..30_u64),
        at in 0..9_u64,
        body in any_body(),
        edited in any::<bool>(),
        reactions in proptest::collection::btree_map(
            prop_oneof![Just("👍"), Just("ok")].prop_map(|reaction| Reaction::new(reaction).unwrap()),
            proptest::collection::btree_set((0..6_u8).prop_map(|number| PeerId::from_bytes([number; 16])), 0..3),
            0..2,
        ),
    ) -> Imported {
        let room = if room == "~two" { RoomName::direct(peer(1), peer(2)) } else { room.parse().unwrap() };
        let at = Timestamp::from_millis(at);
        Imported { at, edited, reactions, ..said(&room, seq, number, cmid, body) }
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_is_there_again_as_it_was(
        mut messages in proptest::collection::vec(any_message(), 0..60),
        history_entries in prop_oneof![Just(5), Just(usize::MAX)],
    ) {
        messages.sort_by_key(|message| message.seq);
        let limits = Limits { history_entries, ..keeping().limits };
        let mut import =
            Import::new(HostConfig { limits, ..keeping() }, None, &Seed::from_number(1), Time::ZERO);
        messages.retain(|message| import.message(message.clone()).is_ok());
        let rows = rows(import);
        let host = Host::restore(keeping(), &Seed::from_number(2), Time::ZERO, Timestamp::default(), rows.clone());
        prop_assert!(host.is_ok(), "{:?}", host.err());
        let archive = Archive::read(rows);
        prop_assert_eq!(&archive.damage, &[]);
        if history_entries < usize::MAX {
            return Ok(());
        }
        messages.sort_by(|one, other| one.room.cmp(&other.room).then(one.seq.cmp(&other.seq)));
        let views = archive.rooms.iter().flat_map(|room| &room.messages).filter(|view| !view.is_deleted());
        let views: Vec<&MessageView> = views.collect();
        prop_assert_eq!(views.len(), messages.len());
        for (view, message) in views.into_iter().zip(messages) {
            let Imported { room, seq, at, author, producer, cmid, body, edited, reactions } = message;
            let found = view.message();
            prop_assert_eq!((found.room(), found.seq(), found.sender(), found.body()), (&room, seq, &author, &body));
            prop_assert_eq!((found.id().producer, found.id().cmid), (producer, cmid));
            prop_assert!(found.timestamp() >= at);
            let is_written = matches!(body, Body::Text(_) | Body::Post(_));
            prop_assert_eq!(view.edited().is_some(), edited && is_written);
            prop_assert!(!is_written || view.text() == found.text());
            let people = reactions.iter().filter(|(_, people)| !people.is_empty());
            prop_assert_eq!(view.reactions().collect::<Vec<_>>(), people.collect::<Vec<_>>());
            prop_assert!(author.nick.to_string().starts_with("client"));
        }
    }
}
