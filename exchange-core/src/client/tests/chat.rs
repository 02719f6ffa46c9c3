//! People who talk: clients and a host in a world where bytes are cut anywhere.

use alloc::{format, string::String, vec, vec::Vec};

use super::{den, secs};
use crate::{
    client::ClientConfig,
    event::{Ended, Event},
    host::HostConfig,
    message::{Body, Encoding, JoinFrom, LeaveReason, Status},
    name::RoomName,
    reason::{CloseReason, Durability, Outcome, Refusal},
    testing::{World, messages, texts},
};

fn host() -> HostConfig {
    HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap())
}

fn named(nick: &str) -> ClientConfig {
    ClientConfig { lobby_from: JoinFrom::Start, ..ClientConfig::new(nick.parse().unwrap()) }
}

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// A host with so many clients, every other of which speaks JSON.
fn world(clients: usize) -> World {
    let mut world = World::new(host(), 1);
    for number in 0..clients {
        let encoding = if number % 2 == 0 { Encoding::Postcard } else { Encoding::Json };
        world.add(named(&format!("client {number}")), encoding);
    }
    world.run(secs(1));
    world
}

#[test]
fn everybody_gets_the_same_messages_in_the_same_order_the_sender_and_the_host_included() {
    let mut world = world(3);
    for round in 0..20 {
        for client in 0..3 {
            world.post(client, &lobby(), &format!("{round} from {client}")).unwrap();
        }
        world.host(|host| host.post(&lobby(), Body::text("from the host"))).unwrap();
        world.step();
    }
    world.run(secs(1));
    let facts = |told: &[Event]| -> Vec<_> {
        messages(told, &lobby())
            .map(|m| (m.seq(), m.id().clone(), m.sender().clone(), String::from(m.text())))
            .collect()
    };
    let expected = facts(&world.told);
    assert_eq!(expected.len(), 80);
    assert!(expected.is_sorted_by(|a, b| a.0 < b.0));
    for (number, node) in world.clients.iter().enumerate() {
        assert_eq!(facts(&node.told), expected);
        assert_eq!(messages(&node.told, &lobby()).filter(|message| message.is_mine()).count(), 20);
        let logged = node.told.iter().filter(|event| {
            matches!(event, Event::Receipt { outcome: Outcome::Logged { durability: Durability::Memory, .. }, .. })
        });
        assert_eq!(logged.count(), 20, "client {number}");
    }
}

#[test]
fn everybody_sees_everybody() {
    let mut world = world(3);
    let nicks = |peers: &mut dyn Iterator<Item = crate::Peer>| -> Vec<String> {
        let mut nicks: Vec<String> = peers.map(|peer| peer.nick.as_str().into()).collect();
        nicks.sort();
        nicks
    };
    let expected = ["client 0", "client 1", "client 2", "host"];
    assert_eq!(nicks(&mut world.host.people().map(|person| person.peer)), expected);
    for node in &world.clients {
        assert_eq!(nicks(&mut node.client.people().map(|person| person.peer)), expected);
        assert_eq!(nicks(&mut node.client.members(&lobby())), expected);
        assert_eq!(node.client.session(), Some(world.host.session()));
    }
    world.client(2, |client| {
        client.close();
    });
    world.run(secs(1));
    assert_eq!(
        nicks(&mut world.host.people().map(|person| person.peer)),
        expected[..2].iter().chain(&expected[3..]).copied().collect::<Vec<_>>()
    );
    let gone = world.clients[2].client.me();
    for node in &world.clients[..2] {
        assert_eq!(nicks(&mut node.client.people().map(|person| person.peer)).len(), 3);
        assert!(node.told.contains(&Event::Presence { peer: gone.clone(), status: Status::Offline, note: None }));
        let left = |event: &&Event| matches!(event, Event::PeerLeft { reason: LeaveReason::Left, .. });
        assert_eq!(node.told.iter().filter(left).count(), 1);
    }
}

#[test]
fn a_latecomer_gets_the_history_it_asked_for_marked_as_such() {
    let mut world = world(1);
    (0..10).for_each(|number| drop(world.post(0, &lobby(), &format!("{number}")).unwrap()));
    world.run(secs(1));
    let late = ClientConfig { lobby_from: JoinFrom::Last(3), ..named("late") };
    let late = world.add(late, Encoding::Json);
    world.run(secs(1));
    world.post(0, &lobby(), "news").unwrap();
    world.run(secs(1));
    let heard: Vec<(&str, bool)> =
        messages(&world.clients[late].told, &lobby()).map(|message| (message.text(), message.is_replayed())).collect();
    assert_eq!(heard, [("7", true), ("8", true), ("9", true), ("news", false)]);
}

#[test]
fn what_is_said_in_a_room_stays_in_it() {
    let mut world = world(3);
    for client in 0..2 {
        world.client(client, |round| round.join(&den(), JoinFrom::Start)).unwrap();
    }
    world.run(secs(1));
    world.post(0, &den(), "psst").unwrap();
    world.post(1, &lobby(), "hello all").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &den()), ["psst"]);
    assert_eq!(texts(&world.clients[2].told, &den()), [""; 0]);
    assert_eq!(texts(&world.told, &den()), [""; 0], "not even the host is told, as it is no member");
    assert_eq!(texts(&world.clients[2].told, &lobby()), ["hello all"]);
    assert_eq!(world.post(2, &den(), "let me in"), Err(Refusal::NotMember));

    world.client(1, |round| round.leave(&den())).unwrap();
    world.run(secs(1));
    assert!(world.clients[1].told.contains(&Event::RoomLeft { room: den() }));
    world.post(0, &den(), "alone again").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &den()), ["psst"]);
    assert_eq!(world.clients[0].client.members(&den()).count(), 1);
}

#[test]
fn a_host_that_closes_tells_everybody_and_they_try_again() {
    let mut world = world(2);
    world.host(|host| {
        host.close();
    });
    world.run(secs(0));
    for node in &world.clients {
        let told =
            |event: &Event| matches!(event, Event::Disconnected { cause: Ended::Told(CloseReason::HostClosed), .. });
        assert!(node.told.iter().any(told), "{:?}", node.told.last());
    }
    world.restart_host(host(), 2);
    world.run(secs(10));
    assert_eq!(world.host.people().count(), 3);
}

#[test]
fn the_same_seeds_and_the_same_inputs_give_the_same_outputs() {
    let run = || {
        let mut world = world(3);
        for number in 0..30 {
            world.post(number % 3, &lobby(), &format!("{number}")).unwrap();
            world.step();
            if number % 10 == 9 {
                world.cut(number % 3, crate::testing::Cut::Lost);
            }
        }
        world.run(secs(60));
        let told: Vec<String> = world.clients.iter().map(|node| format!("{:?}", node.told)).collect();
        (told, format!("{:?}", world.told), format!("{:?}", world.host), world.sent)
    };
    let (one, two) = (run(), run());
    assert_eq!(one.3, two.3, "every byte that was sent, and when");
    assert!(one == two);
    assert!(one.3 > 0);
}

#[test]
fn a_new_session_has_other_ids_than_one_of_another_seed() {
    let id = |seed| World::new(host(), seed).host.session().id;
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}

#[test]
fn a_client_that_is_full_of_rooms_has_them_all_back_after_a_reconnect() {
    let mut world = world(2);
    let rooms: Vec<RoomName> = (0..32).map(|number| RoomName::new(&format!("room {number}")).unwrap()).collect();
    for room in &rooms {
        world.client(0, |round| round.join(room, JoinFrom::Start)).unwrap();
    }
    world.run(secs(1));
    world.cut(0, crate::testing::Cut::Lost);
    world.clients[0].told.clear();
    world.run(secs(5));
    let resumed = world.clients[0].told.iter().filter(|event| matches!(event, Event::RoomJoined { resumed: true, .. }));
    assert_eq!(resumed.count(), 33);
    for room in &rooms {
        world.post(0, room, "here").unwrap();
    }
    world.run(secs(1));
    assert_eq!(world.clients[0].client.pending(), 0);
    assert_eq!(vec![world.clients[1].client.rooms().count()], vec![1]);
}
