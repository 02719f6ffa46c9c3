//! A client that reads slowly: it lags, everybody else goes on, and nothing is lost silently.

use alloc::{format, string::String, vec::Vec};

use super::secs;
use crate::{
    client::ClientConfig,
    event::Event,
    host::HostConfig,
    ids::Seq,
    limits::{Limits, Rate},
    message::{Encoding, JoinFrom},
    name::RoomName,
    testing::{World, messages, texts},
};

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// Ana, who talks, and ben, who stops to read; the transports take 500 bytes.
fn world(history_entries: usize) -> World {
    let limits = Limits { history_entries, messages: Rate::UNLIMITED, ..Limits::default() };
    let host = HostConfig { limits, ..HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap()) };
    let mut world = World::new(host, 1);
    world.window = 500;
    for (nick, encoding) in [("ana", Encoding::Postcard), ("ben", Encoding::Json)] {
        let config = ClientConfig { lobby_from: JoinFrom::Start, ..ClientConfig::new(nick.parse().unwrap()) };
        world.add(config, encoding);
    }
    world.run(secs(1));
    world.clients[1].reads = false;
    for number in 0..300 {
        world.post(0, &lobby(), &format!("{number}")).unwrap();
        while world.step() {}
    }
    world
}

fn numbered(numbers: core::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| format!("{number}")).collect()
}

#[test]
fn a_slow_client_gets_everything_in_order_once_it_reads_and_nobody_waits_for_it() {
    let mut world = world(2048);
    assert_eq!(texts(&world.clients[0].told, &lobby()), numbered(0..300));
    assert_eq!(world.clients[0].client.pending(), 0);
    assert_eq!(texts(&world.clients[1].told, &lobby()), [""; 0]);
    world.clients[1].reads = true;
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &lobby()), numbered(0..300));
}

#[test]
fn a_client_that_is_too_slow_is_told_of_exactly_one_gap() {
    let mut world = world(100);
    world.clients[1].reads = true;
    world.run(secs(1));
    let told = &world.clients[1].told;
    let gaps: Vec<(Seq, Seq)> = told
        .iter()
        .filter_map(|e| if let Event::Gap { from, to, .. } = e { Some((*from, *to)) } else { None })
        .collect();
    let [(from, to)] = gaps[..] else { panic!("not one gap but {gaps:?}") };
    let places: Vec<u64> = messages(told, &lobby()).map(|message| message.seq().0).collect();
    let (before, after): (Vec<u64>, Vec<u64>) = places.into_iter().partition(|seq| *seq < from.0);
    assert!(before.len() < 30, "what its transport took");
    assert_eq!(before.last().map_or(3, |last| *last), from.0 - 1);
    assert_eq!(after, (to.0 + 1..=303).collect::<Vec<_>>());
    assert_eq!(after.len(), 100);
}

#[test]
fn a_slow_client_that_talks_itself_hears_that_it_was_heard_before_it_has_caught_up() {
    let mut world = world(2048);
    world.post(1, &lobby(), "from behind").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[0].told, &lobby()).last().map(String::as_str), Some("from behind"));
    world.clients[1].reads = true;
    world.run(secs(1));
    let told = &world.clients[1].told;
    let receipt = told.iter().position(|event| matches!(event, Event::Receipt { .. })).unwrap();
    let own = told.iter().position(|event| matches!(event, Event::Message(message) if message.is_mine())).unwrap();
    assert!(receipt < own);
    assert_eq!(texts(told, &lobby()).len(), 301);
}
