//! What is read of a session in its rows, whatever is left of them.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{Bench, LOBBY, WINDOW, config, den, hello, join, text};
use crate::{
    Durability,
    host::{Archive, HostConfig},
    ids::{MemberId, RoomId, Seq},
    message::{Act, Body, Delete, Edit, Encoding, JoinFrom, Mentions, React, ToHost},
    name::RoomName,
    store::{Damage, Key, read_entry},
};

const DEN: RoomId = RoomId(2);

/// A host that has kept what a client said in the lobby and in the den.
fn talked() -> Bench {
    let mut bench = Bench::with(HostConfig { store: Some(Durability::Fsynced), ..config() });
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.round(|round| round.post(&den(), Body::Act(Act::Topic("optics".parse().ok())))).unwrap();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    let rooms = [join(&RoomName::lobby(), JoinFrom::Head), join(&den(), JoinFrom::Head)];
    bench.say_all(link, &[&[hello(1, 1, None)][..], &rooms].concat());
    bench.say_all(link, &[text(LOBBY, 1, "one"), text(DEN, 1, "two"), text(DEN, 2, "tree"), text(DEN, 3, "four")]);
    let of = |bench: &Bench, said: &str| {
        let den = den();
        let mut messages = bench.host.messages(&den);
        messages.find(|view| view.text() == said).map(|view| view.message().seq()).unwrap()
    };
    let (tree, four) = (of(&bench, "tree"), of(&bench, "four"));
    let edit = Edit { of: tree, mentions: Mentions::default(), text: "three".into() };
    let changes = [Body::Edit(edit), Body::Delete(Delete { of: four })];
    for (body, cmid) in changes.into_iter().zip(4..) {
        bench.say(link, &ToHost::Send { room: DEN, cmid: crate::Cmid(cmid), body, commitment: None });
    }
    let react = React { to: tree, reaction: "👍".parse().unwrap(), add: true };
    bench.round(|round| round.post(&den(), Body::React(react))).unwrap();
    while let Some(stored) = bench.disk.sync() {
        bench.input(stored);
    }
    bench
}

fn read(bench: &Bench) -> Archive {
    Archive::read(bench.disk.rows.clone())
}

/// What is said in a room, and by whom.
fn said(archive: &Archive, room: usize) -> Vec<(String, String)> {
    let views = archive.rooms[room].messages.iter().filter(|view| !view.is_deleted());
    views.map(|view| (view.message().sender().nick.to_string(), view.text().to_string())).collect()
}

fn one(nick: &str, text: &str) -> (String, String) {
    (nick.to_string(), text.to_string())
}

#[test]
fn of_all_rows_everything_is_read_as_the_host_itself_has_it() {
    let bench = talked();
    let archive = read(&bench);
    assert_eq!((&archive.damage[..], archive.owner), (&[][..], bench.host.me().map(|me| me.id)));
    let names: Vec<&RoomName> = archive.rooms.iter().map(|room| &room.name).collect();
    assert_eq!(names, bench.host.rooms().collect::<Vec<_>>());
    for room in &archive.rooms {
        assert_eq!(room.messages, bench.host.messages(&room.name).collect::<Vec<_>>());
        assert_eq!((room.topic.as_ref(), room.gaps.len()), (bench.host.topic(&room.name), 0));
    }
    assert_eq!(archive.rooms[0].founder, archive.owner);
    assert_eq!(said(&archive, 0), [one("client 1", "two"), one("client 1", "three")]);
}

#[test]
fn what_is_missing_is_told_and_the_rest_is_read() {
    let mut bench = talked();
    bench.disk.rows.remove(&Key::Session);
    bench.disk.rows.remove(&Key::Room(DEN));
    bench.disk.rows.insert(Key::Member(MemberId(1)), "nobody".into());
    let of = |bench: &Bench, said: &str| {
        let rows = bench.disk.rows.iter();
        let mut entries = rows.filter(|(_, row)| read_entry(row).is_some_and(|entry| entry.body == Body::text(said)));
        *entries.next().unwrap().0
    };
    let (two, one_key) = (of(&bench, "two"), of(&bench, "one"));
    bench.disk.rows.remove(&two);
    let archive = read(&bench);
    let missing = [Damage::Missing(Key::Member(MemberId(1))), Damage::Missing(Key::Room(DEN))];
    let damage = [&[Damage::Missing(Key::Session), Damage::Row(Key::Member(MemberId(1)))][..], &missing].concat();
    assert_eq!(archive.damage, damage);
    assert_eq!(archive.rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["lobby", "room 2"]);
    let Key::Entry(_, seq) = two else { panic!() };
    assert_eq!(archive.rooms[1].gaps, [(seq, seq)]);
    assert_eq!(said(&archive, 1), [one("client 1", "three")], "as who they came");

    // Of its coming nothing is left either, and an entry is under another's key.
    let moved = bench.disk.rows.remove(&one_key).unwrap();
    bench.disk.rows.retain(|key, row| {
        let came = read_entry(row).is_some_and(|entry| matches!(entry.body, Body::Join { .. }));
        !(came && matches!(key, Key::Entry(..)))
    });
    bench.disk.rows.insert(Key::Entry(LOBBY, Seq(77)), moved);
    bench.disk.rows.insert(Key::Room(LOBBY), "no room".into());
    let archive = read(&bench);
    assert_eq!(said(&archive, 0), [one("member 1", "three")], "by a number");
    assert!(archive.damage.contains(&Damage::Row(Key::Entry(LOBBY, Seq(77)))));
    assert!(archive.damage.contains(&Damage::Row(Key::Room(LOBBY))));
}

#[test]
fn two_rooms_of_one_name_are_told_apart() {
    let mut bench = talked();
    let row = bench.disk.rows[&Key::Room(DEN)].clone();
    for id in [3, 4] {
        bench.disk.rows.insert(Key::Room(RoomId(id)), row.clone());
    }
    let names: Vec<String> = read(&bench).rooms.iter().map(|room| room.name.to_string()).collect();
    assert_eq!(names, ["den", "lobby", "room 3", "room 4"]);
    assert_eq!(Archive::read([]).damage, [Damage::Missing(Key::Session)]);
}
