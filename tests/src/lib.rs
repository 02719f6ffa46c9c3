//! What the integration tests share.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::unwrap_used, reason = "this is a test library")]

#[cfg(target_os = "linux")]
pub mod lan;
pub mod proxy;
pub mod raw;
pub mod vectors;

use std::{net::Ipv4Addr, time::Duration};

use exchange_tokio::{
    Client, Events, Host, HostBuilder,
    core::{Event, Message, RoomName},
};

/// Long enough for anything on a busy machine, and never waited for unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A host on loopback that nobody else can find.
pub fn local_host(name: &str) -> HostBuilder {
    Host::builder(name).bind((Ipv4Addr::LOCALHOST, 0).into()).no_discovery()
}

/// A client of that host.
pub async fn join(host: &Host, nick: &str) -> Client {
    Client::builder().nick(nick).join(host.addresses()[0]).await.unwrap()
}

/// The first event that `pick` makes something of.
///
/// # Panics
///
/// When there is none in time, or events were missed.
pub async fn wait_for<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let waiting = async {
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
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it happens in time")
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
