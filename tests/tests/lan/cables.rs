//! Interfaces that go and come.

use std::time::Instant;

use exchange_tests::lan::Lan;

use crate::{PATIENCE, TO_FORGET, appears, disappears, figure, has_addresses, host, join, messages, session, watch};

#[test]
fn a_cable_that_is_out_for_a_while_costs_time_but_no_message() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = [("h2", "bo"), ("h3", "cy")].map(|(at, nick)| join(&lan, at, nick, &[]));
    bo.event("connected");
    cy.event("connected");

    // So short that nobody notices, and then so long that the link is given up.
    lan.ip("-n h2 link set eth0 down");
    bo.say("one from bo");
    cy.say("one from cy");
    let mut heard_by_ana = messages(&mut ana, 1);
    lan.ip("-n h2 link set eth0 up");
    heard_by_ana.extend(messages(&mut ana, 1));

    lan.ip("-n h2 link set eth0 down");
    bo.say("two from bo");
    cy.say("two from cy");
    heard_by_ana.extend(messages(&mut ana, 1));
    let unplugged = Instant::now();
    let heard_by_bo = messages(&mut bo, 2);
    let left = TO_FORGET.saturating_sub(unplugged.elapsed());
    bo.until("disconnected", left, |event| (event["event"] == "disconnected").then_some(()));
    figure("that the cable was out was noticed", unplugged.elapsed());
    lan.ip("-n h2 link set eth0 up");
    let plugged = Instant::now();
    assert_eq!(bo.event("connected")["resumed"], true);
    figure("the link was back", plugged.elapsed());
    bo.say("the end");

    heard_by_ana.extend(messages(&mut ana, 2));
    let heard_by_bo = [heard_by_bo, messages(&mut bo, 3)].concat();
    let texts: Vec<_> = heard_by_ana.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one from cy", "one from bo", "two from cy", "two from bo", "the end"]);
    assert_eq!(heard_by_bo, heard_by_ana);
    assert_eq!(messages(&mut cy, 5), heard_by_ana);
}

#[test]
fn who_looks_forgets_everybody_with_the_network_and_finds_them_with_it() {
    let Some(lan) = Lan::new(2) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = watch(&lan, "h2");
    let listed = session(&mut watcher, &["appeared"], "Lab 3");
    for time in ["for the first time", "for the second time"] {
        lan.ip("-n h2 link set eth0 down");
        disappears(&mut watcher, &listed, Instant::now(), &format!("the cable being out {time}"));
        lan.ip("-n h2 link set eth0 up");
        appears(&mut watcher, "Lab 3", Instant::now(), &format!("the cable being in again {time}"));
    }
}

#[test]
fn a_host_that_starts_without_a_network_is_found_when_it_has_one() {
    let Some(lan) = Lan::new(2) else { return };
    lan.ip("-n h1 link set eth0 down");
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = watch(&lan, "h2");
    watcher.says("Watching");
    lan.ip("-n h1 link set eth0 up");
    appears(&mut watcher, "Lab 3", Instant::now(), "once its host had a network");
}

#[test]
fn a_host_that_is_given_another_address_is_found_there_and_not_where_it_was() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = watch(&lan, "h2");
    has_addresses(&mut watcher, "Lab 3", &lan.addresses("h1", "eth0"));
    let mut bo = join(&lan, "h2", "bo", &[]);
    bo.event("connected");
    // Right after an announcement: what is announced within a second of it does not say what is no longer true.
    watcher.until("two people are announced", PATIENCE, |event| (event["people"] == 2).then_some(()));
    lan.ip("-n h1 addr del 10.77.0.1/24 dev eth0");
    lan.ip("-n h1 addr add 10.77.0.101/24 dev eth0");
    let moved = Instant::now();
    has_addresses(&mut watcher, "Lab 3", &lan.addresses("h1", "eth0"));
    figure("the other address was announced and the old one forgotten", moved.elapsed());
    bo.say("where are you?");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "where are you?");
    figure("a message was there", moved.elapsed());
}
