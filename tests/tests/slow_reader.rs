//! A client that does not read costs a cursor: neither the others' time nor the host's memory.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::alloc::System;

use exchange_tests::{join, local_host, messages, raw::RawClient};
use exchange_tokio::{
    Client, Events,
    core::{Limits, RoomName, message::ToClient},
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
    let ((), seen) = tokio::join!(sending, messages(listener, &lobby, FLOOD));
    assert_eq!(seen.len(), FLOOD);
}

#[tokio::test]
async fn a_client_that_never_reads_delays_nobody_and_takes_no_memory_and_gets_a_gap_when_it_reads_on() {
    let limits = Limits { history_entries: KEPT, ..Limits::default() };
    let host = local_host("Lab 3").limits(limits).start().await.unwrap();
    let (talker, listener) = (join(&host, "talker").await, join(&host, "listener").await);
    let mut heard = listener.events();
    let mut silent = RawClient::join(host.addresses()[0], "silent").await;

    flood(&talker, &mut heard).await;
    let before = bytes_in_use();
    flood(&talker, &mut heard).await;
    let grown = bytes_in_use().saturating_sub(before);
    assert!(grown < FLOOD * TEXT / 20, "{grown} bytes more are in use after {} were said", FLOOD * TEXT);

    let (mut last, mut gaps) = (0, 0);
    let newest = host.room("lobby").send("the end").await.unwrap().delivered().await.unwrap().seq.unwrap().0;
    while last < newest {
        match silent.hear().await.expect("the host goes on") {
            ToClient::Entry(entry) => {
                assert_eq!(entry.seq.0, last + 1, "nothing is missing without a word");
                last = entry.seq.0;
            }
            ToClient::Gap { to, .. } => {
                assert!(to.0 > last);
                last = to.0;
                gaps += 1;
            }
            _ => {}
        }
    }
    assert_eq!(gaps, 1, "what was cut out was told of at once");
}
