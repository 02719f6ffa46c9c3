//! What the integration tests share.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "this is a test library"
)]

#[cfg(target_os = "linux")]
pub mod cores;
pub mod faulty;
#[cfg(target_os = "linux")]
pub mod lan;
pub mod proxy;
pub mod raw;
pub mod shelf;
pub mod stream;
pub mod usage;
pub mod vectors;
pub mod watched;

use std::{net::Ipv4Addr, time::Duration};

use exchange_driver::{
    Client, Events, Host, HostBuilder, Runtime,
    core::{Event, Limits, Message, Rate, RoomName},
};

/// Long enough for anything on a busy machine, and never waited for unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a host bounds that lets everybody say as much as they like at once: tests have no time to lose.
pub fn unhurried() -> Limits {
    Limits { messages: Rate::UNLIMITED, requests: Rate::UNLIMITED, ..Limits::default() }
}

/// A host on loopback that nobody else can find.
pub fn local_host<R: Runtime>(runtime: &R, name: &str) -> HostBuilder<R> {
    let bind = (Ipv4Addr::LOCALHOST, 0).into();
    Host::builder_on(runtime.clone(), name).bind(bind).no_discovery().limits(unhurried())
}

/// A client of that host.
pub async fn join<R: Runtime>(runtime: &R, host: &Host<R>, nick: &str) -> Client<R> {
    Client::builder_on(runtime.clone()).nick(nick).join(host.addresses()[0]).await.unwrap()
}

/// The first event that `pick` makes something of.
///
/// # Panics
///
/// When there is none, or events were missed.
pub async fn wait_for<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        match events.next().await.expect("the session goes on") {
            Event::Lagged { missed } => panic!("{missed} events were missed"),
            event => {
                if let Some(picked) = pick(event) {
                    return picked;
                }
            }
        }
    }
}

/// The next message in any room.
pub async fn next_message(events: &mut Events) -> Message {
    wait_for(events, |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    })
    .await
}

/// The next `count` messages of one room, as place, sender and text.
pub async fn messages(events: &mut Events, room: &RoomName, count: usize) -> Vec<(u64, String, String)> {
    let mut seen = Vec::with_capacity(count);
    while seen.len() < count {
        let message = next_message(events).await;
        if message.room() == room {
            seen.push((message.seq().0, message.sender().nick.to_string(), message.text().to_owned()));
        }
    }
    seen
}

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
