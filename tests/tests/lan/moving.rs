//! People and sessions that turn up elsewhere, and networks that swallow everything for a while.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use exchange_tests::lan::{Lan, Program};
use serde_json::Value;

use crate::{PATIENCE, TO_FORGET, figure, host, join, messages};

#[test]
fn whoever_is_given_another_address_is_back_and_nothing_is_lost_or_doubled() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = both(&lan);
    let mut told = in_turn(&mut ana, &mut bo, &mut cy, "before");

    lan.ip("-n h2 addr del 10.77.0.2/24 dev eth0");
    let moved = Instant::now();
    bo.say("while I have no address");
    cy.say("while bo has no address");
    told.extend(messages(&mut ana, 1));
    lan.ip("-n h2 addr add 10.77.0.102/24 dev eth0");
    told.extend(messages(&mut ana, 1));
    figure("what somebody said whose address had changed was there", moved.elapsed());
    told.extend(in_turn(&mut ana, &mut bo, &mut cy, "after"));
    assert_eq!(texts(&told)[2..4], ["while bo has no address", "while I have no address"]);
    agree(&told, [&mut bo, &mut cy]);
}

#[test]
fn a_session_that_goes_on_at_another_address_and_port_is_found_and_nothing_is_lost_or_doubled() {
    let Some(lan) = Lan::new(4) else { return };
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("lab.exchange");
    let mut ana = keeping(&lan, "h1", &kept, "4001");
    let [mut bo, mut cy] = both(&lan);
    let mut told = in_turn(&mut ana, &mut bo, &mut cy, "before");
    bo.say("the last word");
    told.extend(messages(&mut ana, 1));
    drop(ana);
    lan.ip("-n h1 link set eth0 down");
    for person in [&mut bo, &mut cy] {
        person.event("disconnected");
    }
    bo.say("while there is no host");

    let moved = Instant::now();
    let mut ana = keeping(&lan, "h4", &kept, "4002");
    for person in [&mut bo, &mut cy] {
        assert_eq!(person.event("connected")["resumed"], true);
        figure(&format!("{} was back in a session that had moved", person.name()), moved.elapsed());
    }
    told.extend(until(&mut ana, "while there is no host"));
    told.extend(in_turn(&mut ana, &mut bo, &mut cy, "after"));
    agree(&told, [&mut bo, &mut cy]);
}

#[test]
fn thirty_seconds_in_which_everything_is_swallowed_cost_time_but_no_message() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = both(&lan);
    let mut told = in_turn(&mut ana, &mut bo, &mut cy, "before");

    // Nobody is told, as no cable is out; it is only that nothing arrives.
    lan.ip("-n switch link set p2 nomaster");
    let swallowed = Instant::now();
    bo.say("into the hole");
    cy.say("beside it");
    told.extend(messages(&mut ana, 1));
    bo.event("disconnected");
    figure("that everything was swallowed was noticed", swallowed.elapsed());
    let left = Duration::from_secs(30).saturating_sub(swallowed.elapsed());
    bo.hears_not("it is back while it cannot be", left, |event| event["event"] == "connected");
    lan.ip("-n switch link set p2 master br0");
    let healed = Instant::now();
    assert_eq!(bo.event("connected")["resumed"], true);
    figure("after 30 s in which everything was swallowed, the link was back", healed.elapsed());
    told.extend(messages(&mut ana, 1));
    figure("and what was said meanwhile was there", healed.elapsed());
    told.extend(in_turn(&mut ana, &mut bo, &mut cy, "after"));
    agree(&told, [&mut bo, &mut cy]);
}

#[test]
fn whoever_wakes_from_sleep_does_not_wait_for_a_heartbeat_to_know_that_the_network_is_gone() {
    let Some(lan) = Lan::new(2) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut bo = join(&lan, "h2", "bo", &["Lab 3"]);
    bo.event("connected");
    bo.say("good night");
    messages(&mut ana, 1);
    lan.ip("-n switch link set p2 nomaster");
    bo.stop();
    ana.hears_not("it is missed so soon", Duration::from_secs(8), |event| event["event"] == "left");
    bo.go_on();
    let woken = Instant::now();
    bo.until("disconnected", TO_FORGET, |event| (event["event"] == "disconnected").then_some(()));
    figure("whoever woke up without a network knew", woken.elapsed());
    lan.ip("-n switch link set p2 master br0");
    bo.event("connected");
    figure("and was back", woken.elapsed());
}

fn keeping(lan: &Lan, at: &str, kept: &Path, port: &str) -> Program {
    let store = &*kept.to_string_lossy();
    lan.start(at, "ana", &["host", "Lab 3", "--nick", "ana", "--store", store, "--port", port, "--json"])
}

/// Two who have joined.
fn both(lan: &Lan) -> [Program; 2] {
    [("h2", "bo"), ("h3", "cy")].map(|(at, nick)| {
        let mut person = join(lan, at, nick, &["Lab 3"]);
        person.event("connected");
        person
    })
}

/// Has both say something, one after the other; gives what came of it.
fn in_turn(ana: &mut Program, bo: &mut Program, cy: &mut Program, word: &str) -> Vec<Value> {
    let mut told = Vec::new();
    for person in [bo, cy] {
        person.say(&format!("{word}, {}", person.name()));
        told.extend(until(ana, &format!("{word}, {}", person.name())));
    }
    told
}

/// The next messages, up to the one of this text.
fn until(person: &mut Program, text: &str) -> Vec<Value> {
    let mut told = messages(person, 1);
    while told.last().is_some_and(|message| message["text"] != text) {
        told.extend(messages(person, 1));
    }
    told
}

/// All of them were told just that, each once, in that order.
fn agree(told: &[Value], people: [&mut Program; 2]) {
    let last = &told[told.len() - 1];
    for person in people {
        person.until("the last word", PATIENCE, |event| {
            (event["event"] == "message" && event["id"] == last["id"]).then_some(())
        });
        let heard = person.events().into_iter().filter(|event| event["event"] == "message");
        let heard: Vec<_> = heard.map(|message| (message["seq"].clone(), message["text"].clone())).collect();
        let told: Vec<_> = told.iter().map(|message| (message["seq"].clone(), message["text"].clone())).collect();
        assert_eq!(heard, told, "{}", person.name());
    }
}

fn texts(told: &[Value]) -> Vec<&str> {
    told.iter().filter_map(|message| message["text"].as_str()).collect()
}
