//! The program `exchange`, among people on one local network with no way out and no name server.
//!
//! What people are promised is held to here, and the figures are printed. Tests start in the order of their names:
//! `absence` holds the one that takes minutes, and the others run beside it.
#![cfg(target_os = "linux")]

mod absence;
mod avahi;
mod cables;
mod chatting;
mod containers;
mod crowd;
mod doctor;
mod doctors;
mod families;
mod floods;
mod leaving;
mod moving;
mod names;
mod two_networks;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use exchange_tests::{
    PATIENCE,
    lan::{self, Lan, Program},
};
use serde_json::Value;

/// As long as people are promised it takes to find a session.
const TO_FIND: Duration = Duration::from_secs(2);

/// As long as they are promised that one is still listed which has ended in an orderly way, and that a link seems to be
/// there after the network that it went through has gone.
const TO_FORGET: Duration = Duration::from_secs(3);

fn host(lan: &Lan, at: &str, nick: &str, name: &str) -> Program {
    lan.start(at, nick, &["host", name, "--nick", nick, "--json"])
}

fn join(lan: &Lan, at: &str, nick: &str, more: &[&str]) -> Program {
    lan.start(at, nick, &[&["join", "--nick", nick, "--json"], more].concat())
}

/// Waits until somebody who has just begun to look for a session is in it.
fn found(person: &mut Program, how: &str) {
    let left = TO_FIND.saturating_sub(person.age());
    person.until("connected", left, |event| (event["event"] == "connected").then_some(()));
    figure(&format!("{} was in, {how},", person.name()), person.age());
}

/// Somebody who watches sessions come and go.
fn watch(lan: &Lan, at: &str) -> Program {
    lan.start(at, "the watcher", &["ls", "--watch", "--json"])
}

/// Waits until a session of this name is listed: as long as is promised, from when both it and the watcher were there.
fn appears(watcher: &mut Program, name: &str, since: Instant, how: &str) -> Value {
    let left = TO_FIND.saturating_sub(since.elapsed());
    let listed = watcher.until(name, left, |event| is_news(event, "appeared", name).then(|| event.clone()));
    figure(&format!("{name:?} was listed, {how},"), since.elapsed());
    listed
}

/// Waits until a session that was listed so is no more: as long as is promised.
fn disappears(watcher: &mut Program, listed: &Value, since: Instant, how: &str) {
    let left = TO_FORGET.saturating_sub(since.elapsed());
    let is_gone = |event: &Value| event["event"] == "disappeared" && event["session_id"] == listed["session_id"];
    watcher.until("it is no longer listed", left, |event| is_gone(event).then_some(()));
    figure(&format!("{} was no longer listed, {how},", listed["session"]), since.elapsed());
}

/// The next messages: what of them is the same for everybody.
fn messages(person: &mut Program, count: usize) -> Vec<Value> {
    (0..count).map(|_| person.event("message")).map(|message| {
        serde_json::json!({ "seq": message["seq"], "id": message["id"], "sender": message["sender"], "text": message["text"] })
    }).collect()
}

/// The next news, of one of these kinds, of a session of this name.
fn session(watcher: &mut Program, kinds: &[&str], name: &str) -> Value {
    let is_meant = |event: &Value| kinds.iter().any(|kind| is_news(event, kind, name));
    watcher.until(name, PATIENCE, |event| is_meant(event).then(|| event.clone()))
}

/// The first news of sessions of these names, whichever comes first.
fn sessions<const N: usize>(watcher: &mut Program, names: [&str; N]) -> [Value; N] {
    let mut listed = names.map(|_| None);
    watcher.until("all of them are listed", PATIENCE, |event| {
        let number = names.iter().position(|name| is_news(event, "appeared", name))?;
        listed[number].get_or_insert_with(|| event.clone());
        listed.iter().all(Option::is_some).then_some(())
    });
    listed.map(Option::unwrap_or_default)
}

fn is_news(event: &Value, kind: &str, name: &str) -> bool {
    event["event"] == kind && event["session"] == name
}

/// Waits until a session is announced with exactly these addresses, in any order.
fn has_addresses(watcher: &mut Program, name: &str, wanted: &[String]) {
    let wanted: BTreeSet<_> = wanted.iter().cloned().collect();
    watcher.until(&format!("{name} at {wanted:?}"), PATIENCE, |event| {
        let is_meant = is_news(event, "appeared", name) || is_news(event, "changed", name);
        (is_meant && addresses(event).into_iter().collect::<BTreeSet<_>>() == wanted).then_some(())
    });
}

/// The addresses in an event, without their ports and scopes.
fn addresses(event: &Value) -> Vec<String> {
    let listed = event["addresses"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ip = |address: &str| Some(address.parse::<std::net::SocketAddr>().ok()?.ip().to_string());
    listed.filter_map(ip).collect()
}

fn figure(what: &str, after: Duration) {
    lan::say(&format!("{what} after {} ms", after.as_millis()));
}
