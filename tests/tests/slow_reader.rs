//! A client that does not read costs a cursor, and no memory. The contract says what it costs in time.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::alloc::System;

use exchange_tests::{PATIENCE, join, local_host, messages, raw::RawClient};
use exchange_tokio::{
    Client, Events, Tokio,
    core::{Limits, RoomName},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KEPT: usize = 500;
const TEXT: usize = 1000;

/// More than sockets hold, and than events are kept.
const FLOOD: usize = 10_000;

fn bytes_in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Sends as many messages and waits until the listener has them all.
async fn flood(talker: &Client, listener: &mut Events) {
    let text = "x".repeat(TEXT);
    let room = talker.room("lobby");
    let sending = async {
        let mut earlier = std::collections::VecDeque::new();
        for _ in 0..FLOOD {
            earlier.push_back(room.send(&text).await.unwrap());
            if earlier.len() == 100
                && let Some(oldest) = earlier.pop_front()
            {
                oldest.delivered().await.unwrap();
            }
        }
    };
    let lobby = RoomName::lobby();
    let both = async { tokio::join!(sending, messages(listener, &lobby, FLOOD)) };
    let ((), seen) = tokio::time::timeout(PATIENCE, both).await.expect("it happens in time");
    assert_eq!(seen.len(), FLOOD);
}

#[tokio::test]
async fn a_client_that_never_reads_takes_no_memory() {
    let runtime = Tokio::default();
    let limits = Limits { history_entries: KEPT, ..exchange_tests::unhurried() };
    let host = local_host(&runtime, "Lab 3").limits(limits).start().await.unwrap();
    let (talker, listener) = (join(&runtime, &host, "talker").await, join(&runtime, &host, "listener").await);
    let mut heard = listener.events();
    let (_silent, _) = RawClient::join(&runtime, host.addresses()[0], "silent").await;

    flood(&talker, &mut heard).await;
    let before = bytes_in_use();
    flood(&talker, &mut heard).await;
    let grown = bytes_in_use().saturating_sub(before);
    assert!(grown < FLOOD * TEXT / 20, "{grown} bytes more are in use after {} were said", FLOOD * TEXT);
}
