//! Peers that do not read, beside others that do.

use std::collections::VecDeque;

use exchange_driver::{
    Client, Events, Runtime,
    core::{Body, Cmid, Event, Limits, RoomName, message::ToClient},
};
use exchange_tests::{messages, raw::RawClient, wait_for, watched::Alive};
use futures_util::future::join;

use crate::bed::{Bed, On};

/// More than sockets hold, and than events are kept.
const FLOOD: usize = 10_000;

/// Sends as many messages and waits until the listener has them all.
async fn flood<R: Runtime>(talker: &Client<On<R>>, listener: &mut Events) {
    let (text, room) = ("x".repeat(1000), talker.room("lobby"));
    let sending = async {
        let mut earlier = VecDeque::new();
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
    let ((), heard) = join(sending, messages(listener, &lobby, FLOOD)).await;
    assert_eq!(heard.len(), FLOOD);
}

pub(crate) async fn one_that_never_reads_delays_nobody_and_gets_a_gap_when_it_reads_on<R: Runtime>(bed: Bed<R>) {
    let limits = Limits { history_entries: 500, ..exchange_tests::unhurried() };
    let host = bed.host_builder().limits(limits).start().await.unwrap();
    let (talker, listener) = (bed.join(&host, "talker").await, bed.join(&host, "listener").await);
    let mut heard = listener.events();
    wait_for(&mut heard, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    let (mut silent, _) = RawClient::join(&bed.runtime, host.addresses()[0], "silent").await;
    flood::<R>(&talker, &mut heard).await;

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

pub(crate) async fn one_that_never_reads_does_not_keep_the_session_from_ending<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let talker = bed.join(&host, "talker").await;
    let _silent = RawClient::join(&bed.runtime, host.addresses()[0], "silent").await;
    flood::<R>(&talker, &mut host.events()).await;
    drop((talker, host));
    bed.until_only(Alive { streams: 1, ..Alive::default() }).await;
}

pub(crate) async fn one_that_only_talks_is_heard_and_keeps_nobody_from_talking<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    let mut events = client.events();
    // Of what was said before it is in the room, it is given the last few messages only.
    wait_for(&mut events, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    let (mut deaf, lobby) = RawClient::join(&bed.runtime, host.addresses()[0], "deaf").await;
    // More than is given to it at once, and less than is kept for those who lag.
    let body = Body::text(&"x".repeat(2000));
    let talk = async {
        for number in 1..=1000 {
            let said = deaf.signed(lobby, Cmid(number), body.clone());
            deaf.say(&said).await;
        }
    };
    let chat = async {
        for number in 0..100 {
            client.room("lobby").send(format!("bo {number}")).await.unwrap().delivered().await.unwrap();
        }
    };
    let (heard, _) = join(messages(&mut events, &RoomName::lobby(), 1100), join(talk, chat)).await;
    assert_eq!(heard.iter().filter(|(_, nick, _)| nick == "deaf").count(), 1000);
}
