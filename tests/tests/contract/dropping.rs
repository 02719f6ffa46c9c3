//! Handles that are dropped: in any order, and for good.

use exchange_driver::{
    Client, Events, Host, Receipt, Room, Runtime,
    core::{CloseReason, Ended, Event, LeaveReason},
};
use exchange_tests::{next_message, wait_for, watched::Alive};

use crate::bed::{Bed, On};

enum Handle<R: Runtime> {
    Host(#[expect(dead_code, reason = "it is dropped")] Host<R>),
    Client(#[expect(dead_code, reason = "it is dropped")] Client<R>),
    Room(#[expect(dead_code, reason = "it is dropped")] Room),
    Events(#[expect(dead_code, reason = "it is dropped")] Events),
    Receipt(#[expect(dead_code, reason = "it is dropped")] Receipt),
}

pub(crate) async fn handles_in_any_order<R: Runtime>(bed: Bed<R>) {
    for order in 0..120 {
        let host = bed.host().await;
        let client = bed.join(&host, "bo").await;
        let (room, events) = (client.room("lobby"), client.events());
        let receipt = room.send("hello").await.unwrap();
        let mut handles: Vec<Handle<On<R>>> = vec![
            Handle::Host(host),
            Handle::Client(client),
            Handle::Room(room),
            Handle::Events(events),
            Handle::Receipt(receipt),
        ];
        let mut rest = order;
        while !handles.is_empty() {
            drop(handles.remove(rest % handles.len()));
            rest /= handles.len() + 1;
        }
        bed.until_only(Alive::default()).await;
    }
}

pub(crate) async fn the_last_handle_of_a_client_says_goodbye<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut events = host.events();
    let client = bed.join(&host, "bo").await;
    let clone = client.clone();
    drop(client);
    clone.room("lobby").send("still here").await.unwrap().delivered().await.unwrap();
    drop(clone);
    let reason = wait_for(&mut events, |event| match event {
        Event::PeerLeft { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, LeaveReason::Left);
}

pub(crate) async fn the_last_handle_of_a_host_tells_the_clients<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    let mut events = client.events();
    drop(host);
    let cause = wait_for(&mut events, |event| match event {
        Event::Disconnected { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Told(CloseReason::HostClosed));
}

pub(crate) async fn a_room_is_a_handle_too<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    let (room, mut events) = (client.room("lobby"), client.events());
    drop(client);
    room.send("one").await.unwrap().delivered().await.unwrap();
    let last = room.send("two").await.unwrap();
    drop(room);
    // Nobody waits for it to arrive; what became of it is told all the same.
    let _ = last.delivered().await;
    while events.next().await.is_some() {}
}

pub(crate) async fn a_receipt_does_not_keep_the_message_back<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    drop(client.room("lobby").send("said anyway").await.unwrap());
    assert_eq!(next_message(&mut host.events()).await.text(), "said anyway");
}
