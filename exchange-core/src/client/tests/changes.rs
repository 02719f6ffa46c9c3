//! Messages that are changed: what their author may have waiting, and what everybody sees.

use alloc::{string::String, vec::Vec};

use super::secs;
use crate::{
    client::ClientConfig,
    event::{Event, MessageView},
    host::HostConfig,
    ids::Seq,
    message::{Body, Delete, Edit, Encoding, JoinFrom, Mentions, React},
    name::{Reaction, RoomName},
    reason::{Outcome, Refusal},
    testing::{Cut, World, messages},
};

fn host() -> HostConfig {
    HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap())
}

fn lobby() -> RoomName {
    RoomName::lobby()
}

fn named(nick: &str) -> ClientConfig {
    ClientConfig { lobby_from: JoinFrom::Start, ..ClientConfig::new(nick.parse().unwrap()) }
}

/// A host with bo and cy.
fn world() -> World {
    let mut world = World::new(host(), 1);
    world.add(named("bo"), Encoding::Postcard);
    world.add(named("cy"), Encoding::Json);
    world.run(secs(1));
    world
}

fn edit(of: Seq, text: &str) -> Body {
    Body::Edit(Edit { of, mentions: Mentions::default(), text: text.into() })
}

fn react(to: Seq, add: bool) -> Body {
    Body::React(React { to, reaction: Reaction::new("👍").unwrap(), add })
}

/// Has a client say something, and gives the place where it is.
fn say(world: &mut World, client: usize, text: &str) -> Seq {
    world.post(client, &lobby(), text).unwrap();
    world.run(secs(1));
    messages(&world.clients[client].told, &lobby()).last().unwrap().seq()
}

/// The messages as somebody holds them: text, and how many have reacted.
fn standing<'a>(views: impl Iterator<Item = &'a MessageView>) -> Vec<(Seq, String, usize)> {
    let facts = |view: &MessageView| {
        let reactions = view.reactions().map(|(_, people)| people.len()).sum();
        (view.message().seq(), String::from(view.text()), reactions)
    };
    views.map(facts).collect()
}

fn all_see(world: &World, expected: &[(Seq, &str, usize)]) {
    let expected: Vec<_> =
        expected.iter().map(|(seq, text, reactions)| (*seq, String::from(*text), *reactions)).collect();
    for node in &world.clients {
        assert_eq!(standing(node.client.messages(&lobby())), expected, "{}", node.client.me());
    }
    let at_host: Vec<MessageView> = world.host.messages(&lobby()).collect();
    assert_eq!(standing(at_host.iter()), expected, "the host");
}

#[test]
fn everybody_sees_the_same_messages_after_all_changes() {
    let mut world = world();
    let (one, two) = (say(&mut world, 0, "one"), say(&mut world, 1, "two"));
    for (client, body) in [(0, edit(one, "1")), (0, react(two, true)), (1, react(two, true)), (1, react(two, false))] {
        world.client(client, |round| round.post(&lobby(), body)).unwrap();
        world.run(secs(1));
    }
    all_see(&world, &[(one, "1", 0), (two, "two", 1)]);
    world.client(0, |round| round.post(&lobby(), Body::Delete(Delete { of: one }))).unwrap();
    world.run(secs(1));
    // Whoever comes late has never seen what is deleted.
    world.add(named("di"), Encoding::Json);
    world.run(secs(1));
    all_see(&world, &[(one, "", 0), (two, "two", 1)]);
    assert!(world.clients[2].client.message(&lobby(), one).unwrap().is_deleted());
    assert!(messages(&world.clients[2].told, &lobby()).all(|message| !message.text().contains("one")));
}

#[test]
fn a_change_that_is_made_without_a_link_waits_in_its_order_and_is_made_once_there_is_one() {
    let mut world = world();
    let said = say(&mut world, 0, "helo");
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.run(secs(1));
    world.client(0, |round| round.post(&lobby(), edit(said, "hello"))).unwrap();
    world.post(0, &lobby(), "after the edit").unwrap();
    world.client(0, |round| round.post(&lobby(), edit(said, "hello!"))).unwrap();
    world.run(secs(20));
    world.clients[0].reachable = true;
    world.run(secs(20));
    let kinds = world.clients[1].told.iter().filter_map(|event| match event {
        Event::Edited { text, .. } => Some(String::from(text.as_str())),
        Event::Message(message) => Some(message.text().into()),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["helo", "hello", "after the edit", "hello!"]);
}

#[test]
fn a_change_of_a_message_in_a_log_that_is_lost_changes_nothing_in_the_new_one() {
    let mut world = world();
    let said = say(&mut world, 0, "in the old log");
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.client(0, |round| round.post(&lobby(), Body::Delete(Delete { of: said }))).unwrap();
    world.run(secs(1));
    world.restart_host(host(), 2);
    world.run(secs(20));
    // Somebody's own message is in the place that was meant.
    world.clients[0].reachable = true;
    world.run(secs(20));
    let (mut place, mut number) = (Seq::ZERO, 0);
    while place < said {
        number += 1;
        place = say(&mut world, 0, &alloc::format!("new {number}"));
    }
    let refused = world.clients[0].told.iter().filter_map(|event| match event {
        Event::Receipt { outcome: Outcome::Refused(refusal), .. } => Some(*refusal),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), [Refusal::NoMessage]);
    assert!(!world.clients[0].told.iter().any(|event| matches!(event, Event::Deleted { .. })));
}

#[test]
fn whom_a_text_means_stays_the_same_when_they_are_called_otherwise() {
    let mut world = world();
    let cy = world.clients[1].client.me();
    say(&mut world, 0, "@cy, are you there? not you@cy, nor @cyril");
    let told = messages(&world.clients[1].told, &lobby()).last().unwrap();
    assert_eq!(told.mentions(), [cy.id]);
    say(&mut world, 0, "an @ alone means nobody");
    assert!(messages(&world.clients[1].told, &lobby()).last().unwrap().mentions().is_empty());
}

#[test]
fn only_so_many_messages_are_held_and_the_newest_always() {
    let mut world = World::new(host(), 1);
    world.add(ClientConfig { held: 3, ..named("bo") }, Encoding::Postcard);
    world.add(ClientConfig { held_bytes: 10, ..named("cy") }, Encoding::Postcard);
    world.add(ClientConfig { held: 0, ..named("di") }, Encoding::Postcard);
    world.run(secs(1));
    for number in 0..5 {
        say(&mut world, 0, &alloc::format!("message {number}"));
    }
    let texts = |client: usize| -> Vec<String> {
        world.clients[client].client.messages(&lobby()).map(|view| view.text().into()).collect()
    };
    assert_eq!(texts(0), ["message 2", "message 3", "message 4"]);
    assert_eq!(texts(1), ["message 4"]);
    assert_eq!(texts(2), [""; 0]);
}
