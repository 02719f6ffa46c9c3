//! What a client keeps beyond its life, what it does not say before that, and what becomes of it at the end.

use alloc::{collections::BTreeMap, vec::Vec};

use bytes::Bytes;

use super::{config, den, secs};
use crate::{
    client::{Client, ClientConfig},
    event::{Ended, Event},
    host::HostConfig,
    identity::Identity,
    ids::Cmid,
    message::{Body, Encoding, JoinFrom},
    name::RoomName,
    reason::{CloseReason, Outcome, Refusal},
    seam::{Effect, Input, Outbox},
    seed::Seed,
    store::{Damage, Key},
    testing::{Cut, World, texts},
    time::Time,
};

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// A host, and a client that keeps what waits, in the lobby.
fn world() -> World {
    let mut world = World::new(HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap()), 1);
    world.add(ClientConfig { keeps: true, lobby_from: JoinFrom::Start, ..config() }, Encoding::Postcard);
    world.run(secs(1));
    assert!(world.clients[0].client.is_connected());
    world
}

fn outcomes(told: &[Event]) -> Vec<(Cmid, Outcome)> {
    let outcome = |event: &Event| match event {
        Event::Receipt { id, outcome } => Some((id.cmid, *outcome)),
        _ => None,
    };
    told.iter().filter_map(outcome).collect()
}

fn is_logged((_, outcome): &(Cmid, Outcome)) -> bool {
    matches!(outcome, Outcome::Logged { .. })
}

#[test]
fn nothing_is_said_before_it_is_kept() {
    let mut world = world();
    world.clients[0].syncs = false;
    world.post(0, &lobby(), "hi").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.told, &lobby()), [""; 0]);
    let held: Vec<&Effect> = world.clients[0].client.held().collect();
    assert!(matches!(held[0], Effect::Send { .. }), "{held:?}");
    assert!(world.sync_client(0));
    world.run(secs(1));
    assert_eq!(texts(&world.told, &lobby()), ["hi"]);
}

#[test]
fn what_waits_is_sent_by_whoever_goes_on() {
    let mut world = world();
    let (me, sent) = (world.clients[0].client.me().id, world.post(0, &lobby(), "one").unwrap());
    world.run(secs(1));
    world.client(0, |client| client.join(&den(), JoinFrom::Start)).unwrap();
    world.run(secs(1));
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    let waits = [world.post(0, &lobby(), "two").unwrap(), world.post(0, &den(), "three").unwrap()];
    world.restore_client(0, 7);
    let client = &world.clients[0].client;
    assert_eq!((client.me().id, client.pending()), (me, 2));
    assert!(client.rooms().eq([&den(), &lobby()]), "it is where it was");
    world.clients[0].reachable = true;
    world.run(secs(20));
    assert_eq!(texts(&world.told, &lobby()), ["one", "two"]);
    let ids: Vec<_> = world.host.messages(&den()).map(|view| view.message().id().clone()).collect();
    assert_eq!(ids, waits[1..], "under the number it had");
    let outcomes = outcomes(&world.clients[0].told);
    assert!(outcomes.len() == 2 && outcomes.iter().all(is_logged), "{outcomes:?}");
    assert_eq!(world.post(0, &lobby(), "four").unwrap().cmid, sent.cmid.next().next(), "no number is used twice");
}

#[test]
fn what_was_sent_and_not_heard_of_is_not_logged_twice() {
    let mut world = world();
    world.post(0, &lobby(), "once").unwrap();
    while texts(&world.told, &lobby()).is_empty() {
        assert!(world.step());
    }
    assert_eq!(world.clients[0].client.pending(), 1, "it does not know yet");
    world.restore_client(0, 7);
    world.run(secs(20));
    assert_eq!(texts(&world.told, &lobby()), ["once"]);
    assert!(outcomes(&world.clients[0].told).iter().all(is_logged));
    assert_eq!(world.clients[0].client.pending(), 0);
}

#[test]
fn it_is_kept_what_was_ever_sent() {
    let mut world = world();
    let sent = |world: &World| world.clients[0].client.rooms[&lobby()].sent();
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.post(0, &lobby(), "one").unwrap();
    world.restore_client(0, 7);
    assert_eq!(sent(&world), Cmid(0));
    world.clients[0].reachable = true;
    while texts(&world.told, &lobby()).is_empty() {
        if !world.step() {
            world.pass(secs(1), false);
        }
    }
    world.restore_client(0, 8);
    assert_eq!((sent(&world), world.clients[0].client.pending()), (Cmid(1), 1));
    // Not all that waits is sent at once.
    world.window = 20;
    world.cut(0, Cut::Lost);
    world.run(secs(5));
    world.clients[0].reads = false;
    world.post(0, &lobby(), "one that fills the window").unwrap();
    world.post(0, &lobby(), "and another").unwrap();
    assert_eq!(sent(&world), Cmid(2));
    while texts(&world.told, &lobby()).len() < 3 {
        assert!(world.step());
    }
    world.restore_client(0, 9);
    assert_eq!(sent(&world), Cmid(3));
}

#[test]
fn a_client_that_ends_leaves_what_waits_to_whoever_goes_on() {
    let mut world = world();
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    let id = world.post(0, &lobby(), "later").unwrap();
    world.client(0, |client| {
        client.close();
    });
    assert_eq!(outcomes(&world.clients[0].told), [(id.cmid, Outcome::Kept)]);
    world.restore_client(0, 7);
    world.clients[0].reachable = true;
    world.run(secs(20));
    assert_eq!(texts(&world.told, &lobby()), ["later"]);
}

#[test]
fn whoever_goes_on_is_shown_what_is_new_and_a_little_of_what_was_before() {
    let mut world = world();
    let config = ClientConfig { keeps: true, lobby_from: JoinFrom::Last(2), ..config() };
    let other = world.add(config, Encoding::Postcard);
    world.run(secs(1));
    for number in ["0", "1", "2", "3"] {
        world.host(|host| host.post(&lobby(), Body::text(number))).unwrap();
    }
    world.run(secs(1));
    world.client(other, |client| {
        client.close();
    });
    world.run(secs(1));
    world.host(|host| host.post(&lobby(), Body::text("new"))).unwrap();
    world.restore_client(other, 7);
    world.run(secs(1));
    let told = &world.clients[other].told;
    assert_eq!(texts(told, &lobby()), ["2", "3", "new"]);
    assert_eq!(world.clients[other].client.unread(&lobby()).messages, 1, "what was told before is not new");
}

#[test]
fn rooms_that_were_left_stay_left() {
    let mut world = world();
    world.client(0, |client| client.join(&den(), JoinFrom::Start)).unwrap();
    world.run(secs(1));
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.client(0, |client| client.leave(&den())).unwrap();
    world.restore_client(0, 7);
    world.clients[0].reachable = true;
    world.run(secs(20));
    assert!(world.clients[0].client.rooms().eq([&lobby()]));
    assert_eq!(world.host.members(&den()).count(), 0, "and the host was told");
    world.clients[0].reachable = false;
    world.restore_client(0, 8);
    assert!(world.clients[0].client.parting.is_empty(), "it has not to be told again");
}

#[test]
fn what_is_kept_already_is_not_kept_again() {
    let mut world = world();
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.post(0, &lobby(), "hi").unwrap();
    world.clients[0].syncs = false;
    world.restore_client(0, 7);
    let kept = world.clients[0].disk.rows.clone();
    world.clients[0].client.collect_rooms();
    world.client(0, |_| {});
    while world.sync_client(0) {}
    let is_new = |(key, row): &(&Key, &Bytes)| kept.get(*key) != Some(*row);
    assert!(world.clients[0].disk.rows.iter().filter(is_new).map(|(key, _)| *key).eq([Key::Client]));
    assert_eq!(world.clients[0].disk.changed, 1, "that it dials");
}

#[test]
fn when_nothing_can_be_kept_any_more_what_was_not_is_not_sent() {
    let mut world = world();
    world.clients[0].syncs = false;
    let id = world.post(0, &lobby(), "lost").unwrap();
    world.client(0, |client| client.handle(Input::StoreFailed));
    world.run(secs(1));
    let told = &world.clients[0].told;
    assert_eq!(told.last(), Some(&Event::Closed { cause: Ended::Here(CloseReason::StoreFailed) }));
    assert_eq!(outcomes(told), [(id.cmid, Outcome::Unknown)]);
    assert_eq!(texts(&world.told, &lobby()), [""; 0]);
    assert_eq!(world.client(0, |client| client.post(&lobby(), Body::text("more"))), Err(Refusal::Closed));
}

#[test]
fn rows_that_are_not_those_of_a_client_are_told_apart_from_those_that_are() {
    let mut world = world();
    world.client(0, |client| client.join(&den(), JoinFrom::Start)).unwrap();
    world.run(secs(1));
    world.cut(0, Cut::Lost);
    (0..3).for_each(|_| drop(world.post(0, &lobby(), "hi").unwrap()));
    let restore = |rows: BTreeMap<Key, Bytes>| Client::restore(config(), &Seed::from_number(4), rows).err();
    let whole = world.clients[0].disk.rows.clone();
    assert_eq!(whole.keys().filter(|key| matches!(key, Key::Waiting(..))).count(), 3);
    assert_eq!(restore(whole.clone()), None);
    for key in whole.keys().copied() {
        let mut rows = whole.clone();
        rows.insert(key, Bytes::from_static(&[9; 3]));
        assert!(restore(rows).is_some(), "with a damaged row of {key}");
        let mut rows = whole.clone();
        rows.remove(&key);
        // Of the first ones, nobody could tell whether they had their outcome.
        let has_hole = matches!(key, Key::Waiting(_, Cmid(2..)) | Key::Client);
        let is_whole = !has_hole && !whole.keys().any(|waiting| is_in(*waiting, key));
        assert_eq!(restore(rows).is_none(), is_whole, "without {key}");
    }
    let mut later = whole.clone();
    later.insert(Key::Client, [&[3][..], &whole[&Key::Client][1..]].concat().into());
    assert_eq!(restore(later), Some(Damage::Later { form: 3 }));
    let mut foreign = whole;
    foreign.insert(Key::Session, Bytes::from_static(b"a host's"));
    assert_eq!(restore(foreign), Some(Damage::OfHost));
}

#[test]
fn whoever_goes_on_is_who_it_was_whoever_it_would_be_otherwise() {
    let [ana, bo] = [1, 2].map(|seed| Some(Identity::from_seed([seed; 32])));
    let config = |identity| ClientConfig { keeps: true, identity, ..config() };
    let mut client = Client::new(config(ana.clone()), &Seed::from_number(1));
    let peer = ana.as_ref().map(Identity::peer);
    assert_eq!(Some(client.me().id), peer);
    client.round(Time::ZERO, &mut Outbox::new()).connect();
    let rows = client.all_rows();
    for identity in [None, bo] {
        let client = Client::restore(config(identity), &Seed::from_number(2), rows.clone()).unwrap();
        assert_eq!((client.identity().map(Identity::peer), Some(client.me().id)), (peer, peer));
    }
    let mut damaged = rows;
    damaged.insert(Key::Identity, Bytes::from_static(&[1; 31]));
    let restored = Client::restore(config(None), &Seed::from_number(2), damaged);
    assert_eq!(restored.err(), Some(Damage::Row(Key::Identity)));
}

#[test]
fn whatever_a_row_says_a_client_is_made_of_it_or_it_is_damaged() {
    let mut world = world();
    world.client(0, |client| client.join(&den(), JoinFrom::Last(3))).unwrap();
    world.run(secs(1));
    world.cut(0, Cut::Lost);
    (0..2).for_each(|_| drop(world.post(0, &den(), "hi").unwrap()));
    let whole = world.clients[0].disk.rows.clone();
    let (mut made, mut damaged) = (0, 0);
    for (key, row) in &whole {
        for place in 0..row.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = row.to_vec();
                bytes[place] = value;
                let mut rows = whole.clone();
                rows.insert(*key, bytes.into());
                let config = ClientConfig { keeps: true, ..config() };
                let Ok(mut client) = Client::restore(config, &Seed::from_number(4), rows) else {
                    damaged += 1;
                    continue;
                };
                made += 1;
                let mut out = Outbox::new();
                client.round(world.now, &mut out).connect();
                let _ = client.round(world.now, &mut out).post(&den(), Body::text("more"));
                let _ = client.round(world.now, &mut out).leave(&den());
                client.round(world.now, &mut out).close();
            }
        }
    }
    assert!(made > 100 && damaged > 50, "{made} and {damaged}");
}

/// Whether a row is of a message that waits in the room of another.
fn is_in(waiting: Key, place: Key) -> bool {
    matches!((waiting, place), (Key::Waiting(number, _), Key::Place(place)) if number == place)
}
