//! What hosts and clients count says what happened.

use exchange_driver::{
    Runtime,
    core::{
        Body, Cmid, Encoding, Event, JoinFrom, Limits, Rate,
        message::{ToClient, ToHost},
    },
};
use exchange_tests::{raw::RawClient, wait_for};

use crate::bed::Bed;

const TEXT: usize = 8000;

pub(crate) async fn frames_bytes_and_entries_are_counted_on_both_sides<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut client = RawClient::connect(&bed.runtime, host.addresses()[0], Encoding::Postcard).await;
    client.greet("raw").await;
    let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
    client.say(&ToHost::Join { room: "lobby".into(), from: JoinFrom::Start, settled, sent }).await;
    let mut heard = 0;
    let lobby = loop {
        heard += 1;
        if let Some(ToClient::Joined(joined)) = client.hear().await {
            break joined.room;
        }
    };
    for number in 1..=3 {
        let body = Body::text(&"x".repeat(TEXT));
        let said = client.signed(lobby, Cmid(number), body);
        client.say(&said).await;
    }
    let mut entries = 0;
    // The host came into the room first, then the client.
    while entries < 5 {
        heard += 1;
        entries += u64::from(matches!(client.hear().await.unwrap(), ToClient::Entry(_)));
    }
    let stats = host.stats().await.unwrap();
    assert_eq!((stats.links, stats.links_ever, stats.closes.total()), (1, 1, 0));
    assert_eq!((stats.entries, stats.frames_in), (5, 5));
    let texts = 3 * TEXT as u64;
    assert!((texts..texts + 1000).contains(&stats.bytes_in), "{stats:?}");
    // Signatures and keys go with them.
    assert!((texts..texts + 1500).contains(&stats.bytes_out), "{stats:?}");
    assert!(stats.frames_out >= heard, "{stats:?}, of which {heard} have been heard");
    for _ in heard..stats.frames_out {
        client.hear().await.expect("as many as were counted come");
    }

    let other = bed.join(&host, "other").await;
    other.room("lobby").send("here").await.unwrap().delivered().await.unwrap();
    let stats = other.stats().await.unwrap();
    assert_eq!((stats.links, stats.links_ever, stats.undelivered), (1, 1, 0));
    assert_eq!(stats.entries, host.stats().await.unwrap().entries);
    assert!(stats.bytes_in > texts && stats.bytes_out < 1000, "{stats:?}");
    assert!(stats.frames_in > 5 && stats.frames_out >= 3, "{stats:?}");
}

pub(crate) async fn what_is_turned_down_is_counted_on_both_sides<R: Runtime>(bed: Bed<R>) {
    let limits = Limits { messages: Rate { per_second: 10, burst: 1 }, ..exchange_tests::unhurried() };
    let host = bed.host_builder().limits(limits).start().await.unwrap();
    let bo = bed.join(&host, "bo").await;
    for number in 0..5 {
        // The last is heard of after everything that was said before it.
        let receipt = bo.room("lobby").send(format!("{number}")).await.unwrap();
        if number == 4 {
            receipt.delivered().await.unwrap();
        }
    }
    let nobody = bo.room("lobby").delete(exchange_driver::core::Seq(100)).await.unwrap();
    nobody.delivered().await.unwrap_err();
    let (told, heard) = (host.stats().await.unwrap(), bo.stats().await.unwrap());
    assert_eq!((told.refusals, told.postponed), (heard.refusals, heard.postponed));
    assert!(told.refusals > told.postponed && told.postponed >= 1, "{told:?}");
}

pub(crate) async fn every_link_that_ended_is_counted_once_by_why_it_did<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (address, mut events) = (host.addresses()[0], host.events());
    let mut closed =
        async || wait_for(&mut events, |event| matches!(event, Event::LinkClosed { .. }).then_some(())).await;

    let leaves = bed.join(&host, "leaves").await;
    leaves.shutdown(exchange_tests::PATIENCE).await;
    assert!(leaves.stats().await.is_err(), "it is over");
    closed().await;
    let (breaks_off, _) = RawClient::join(&bed.runtime, address, "breaks off").await;
    drop(breaks_off);
    closed().await;
    for _ in 0..2 {
        let (mut babbles, _) = RawClient::join(&bed.runtime, address, "babbles").await;
        babbles.say_bytes(&[1, 0, 0, 0, 0xff]).await;
        closed().await;
    }
    let remains = bed.join(&host, "remains").await;

    let stats = host.stats().await.unwrap();
    assert_eq!((stats.closes.left, stats.closes.lost, stats.closes.violation), (1, 1, 2), "{stats:?}");
    assert_eq!((stats.closes.total(), stats.links, stats.links_ever), (4, 1, 5), "{stats:?}");
    assert_eq!(remains.stats().await.unwrap().closes.total(), 0);
}
