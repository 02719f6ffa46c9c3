//! Sessions that are ended, with and without patience.

use std::time::Duration;

use exchange_driver::{
    DeliveryError, Host, RequestError, Runtime,
    core::{Event, LeaveReason, Refusal, message::ToClient},
};
use exchange_tests::{next_message, proxy::Proxy, raw::RawClient, stream::read_to_end, wait_for};
use futures_util::future::{join, join_all};

use crate::bed::{Bed, On, StreamOn, apart};

pub(crate) async fn a_client_delivers_what_is_under_way_and_the_others_see_it_leave<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let mut events = cy.events();
    let receipt = bo.room("lobby").send("last words").await.unwrap();
    assert_eq!(bo.shutdown(Duration::MAX).await.undelivered, 0);
    receipt.delivered().await.unwrap();
    assert_eq!(next_message(&mut events).await.text(), "last words");
    let (nick, reason) = wait_for(&mut events, |event| match event {
        Event::PeerLeft { peer, reason, .. } => Some((peer.nick, reason)),
        _ => None,
    })
    .await;
    assert_eq!((nick.as_str(), reason), ("bo", LeaveReason::Left));
}

pub(crate) async fn a_client_that_is_disconnected_says_what_was_not_delivered<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    drop(proxy);
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let receipt = client.room("lobby").send("into the void").await.unwrap();
    assert_eq!(client.shutdown(Duration::ZERO).await.undelivered, 1);
    assert_eq!(receipt.delivered().await.unwrap_err(), DeliveryError::Refused(Refusal::Closed));
}

/// A host that has said more than the client holds that does not read it, and how much.
async fn lagging<R: Runtime>(bed: &Bed<R>) -> (Host<On<R>>, RawClient<StreamOn<R>>, u64) {
    let host = bed.host().await;
    let (silent, _) = RawClient::join(&bed.runtime, host.addresses()[0], "silent").await;
    let (room, text) = (host.room("lobby"), "x".repeat(8000));
    let mut last = None;
    for _ in 0..2500 {
        last = room.send(&text).await.unwrap().delivered().await.unwrap().seq;
    }
    (host, silent, last.unwrap().0)
}

pub(crate) async fn a_host_waits_for_those_who_lag_until_its_patience_ends<R: Runtime>(bed: Bed<R>) {
    let (host, mut silent, _) = lagging(&bed).await;
    let (began, patience) = (bed.runtime.now(), Duration::from_millis(50));
    assert_eq!(host.shutdown(patience).await.undelivered, 1);
    assert!(bed.runtime.now() >= began + patience);
    // It is over for the silent one too, and nobody waits for it.
    let _ = read_to_end(&mut silent.stream).await;
}

pub(crate) async fn a_host_that_waits_as_long_as_it_takes_is_done_when_they_have_all<R: Runtime>(bed: Bed<R>) {
    let (host, mut silent, last) = lagging(&bed).await;
    let shut = async { assert_eq!(host.shutdown(Duration::MAX).await.undelivered, 0) };
    let listen = async {
        let mut heard = 0;
        while let Some(message) = silent.hear().await {
            match message {
                ToClient::Entry(entry) => heard = entry.seq.0,
                ToClient::Gap { to, .. } => heard = to.0,
                _ => {}
            }
        }
        assert!(heard >= last, "{heard} of {last}");
    };
    apart(shut, listen).await;
}

pub(crate) async fn all_who_ask_for_it_are_told<R: Runtime>(bed: Bed<R>) {
    let (host, _silent, _) = lagging(&bed).await;
    // Whoever has no patience does not wait for who has.
    let asking = join(host.shutdown(Duration::ZERO), host.shutdown(Duration::MAX));
    let late = async {
        let mut events = host.events();
        while events.next().await.is_some_and(|event| !matches!(event, Event::Closed { .. })) {}
        // It is about to be over; what the others are told is not told anew.
        host.shutdown(Duration::MAX).await;
    };
    let ((one, other), ()) = join(asking, late).await;
    assert_eq!((one.undelivered, other.undelivered), (1, 1));
    assert_eq!(host.shutdown(Duration::MAX).await.undelivered, 0, "it is over already");
}

pub(crate) async fn after_it_requests_are_closed<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    let room = client.room("lobby");
    client.shutdown(Duration::ZERO).await;
    assert_eq!(client.people().await, Err(RequestError::Closed));
    assert_eq!(client.network_changed().await, Err(RequestError::Closed));
    assert_eq!(room.send("too late").await.unwrap_err(), RequestError::Closed);
    assert_eq!(room.leave().await, Err(RequestError::Closed));
    let (_near, far) = bed.pair().await;
    host.shutdown(Duration::ZERO).await;
    assert_eq!(host.rooms().await, Err(RequestError::Closed));
    assert_eq!(host.accept(far).await, Err(RequestError::Closed));
}

pub(crate) async fn requests_that_wait_when_it_ends_are_closed<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let waiting = join_all((0..1000).map(|_| host.people()));
    let (_, answers) = join(host.shutdown(Duration::ZERO), waiting).await;
    assert!(answers.iter().all(|people| people.is_ok() || *people == Err(RequestError::Closed)), "{answers:?}");
    assert_eq!(answers.last(), Some(&Err(RequestError::Closed)));
}
