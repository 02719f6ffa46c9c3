//! Who has a message, who has read it, and who is typing.

use exchange_driver::{
    Events, Room, Runtime,
    core::{Event, Nick, SeenBy, Seq},
};
use exchange_tests::{next_message, proxy::Proxy, wait_for};

use crate::bed::Bed;

/// Waits until as many have a message and have read it.
async fn seen_by(room: &Room, events: &mut Events, seq: Seq, delivered: usize, read: usize) -> SeenBy {
    loop {
        let seen = room.seen_by(seq).await.unwrap().unwrap();
        if (seen.delivered.len(), seen.read.len()) == (delivered, read) {
            return seen;
        }
        wait_for(events, |event| matches!(event, Event::Seen { .. }).then_some(())).await;
    }
}

/// Waits until somebody is told to type, or not to any more.
async fn typing(events: &mut Events) -> (Nick, bool) {
    let typing = |event| match event {
        Event::Typing { peer, typing, .. } => Some((peer.nick, typing)),
        _ => None,
    };
    wait_for(events, typing).await
}

pub(crate) async fn who_has_a_message_is_told_and_who_has_read_it_if_they_want<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let bo = bed.client_builder("bo").read_receipts(true).join(host.addresses()[0]).await.unwrap();
    let cy = bed.join(&host, "cy").await;
    let (at_host, mut at_bo, mut at_cy) = (host.room("lobby"), bo.events(), cy.events());
    let mut events = host.events();
    wait_for(&mut at_cy, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    let sent = at_host.send("hi").await.unwrap();
    let seq = sent.delivered().await.unwrap().seq.unwrap();
    // Both have read it before it is told that they have it.
    for (client, events) in [(&cy, &mut at_cy), (&bo, &mut at_bo)] {
        assert_eq!(next_message(events).await.seq(), seq);
        client.room("lobby").mark_read(seq).await.unwrap();
    }
    let seen = seen_by(&at_host, &mut events, seq, 2, 1).await;
    assert_eq!((seen.read, seen.of), (vec![bo.me().clone()], 2));
    // The members know as much of each other, and who has said it is not among them.
    let said = bo.room("lobby").send("ho").await.unwrap().delivered().await.unwrap().seq.unwrap();
    let seen = seen_by(&bo.room("lobby"), &mut at_bo, said, 2, 0).await;
    assert_eq!((seen.to_string(), seen.of), ("delivered to 2 of 2".to_owned(), 2));
    assert_eq!(host.room("lobby").seen_by(Seq(999)).await.unwrap(), None);
}

pub(crate) async fn who_is_typing_is_told_until_they_have_said_it<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (mut at_host, mut at_cy) = (host.events(), cy.events());
    wait_for(&mut at_cy, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    wait_for(&mut bo.events(), |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    for _ in 0..10 {
        bo.room("lobby").set_typing(true).await.unwrap();
    }
    for events in [&mut at_host, &mut at_cy] {
        assert_eq!(typing(events).await, ("bo".parse().unwrap(), true));
    }
    assert_eq!(cy.room("lobby").typing().await.unwrap(), [bo.me().clone()]);
    bo.room("lobby").send("there").await.unwrap();
    // It has ended before it is heard what was said.
    for events in [&mut at_host, &mut at_cy] {
        let what = wait_for(events, |event| match event {
            Event::Typing { typing, .. } => Some(Err(typing)),
            Event::Message(message) => Some(Ok(message)),
            _ => None,
        });
        assert!(!what.await.unwrap_err());
    }
    assert_eq!(host.room("lobby").typing().await.unwrap(), []);
    // It ends by itself, and the host types as well.
    host.room("lobby").set_typing(true).await.unwrap();
    assert_eq!(typing(&mut at_cy).await, ("host".parse().unwrap(), true));
    host.room("lobby").set_typing(false).await.unwrap();
    assert_eq!(typing(&mut at_cy).await, ("host".parse().unwrap(), false));
}

pub(crate) async fn whoever_comes_back_is_told_how_far_the_others_are<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let cy = bed.join(&host, "cy").await;
    let (mut events, room) = (bo.events(), bo.room("lobby"));
    let seq = room.send("hi").await.unwrap().delivered().await.unwrap().seq.unwrap();
    seen_by(&room, &mut events, seq, 2, 0).await;
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    wait_for(&mut events, |event| matches!(event, Event::RoomJoined { resumed: true, .. }).then_some(())).await;
    let seen = seen_by(&room, &mut events, seq, 2, 0).await;
    assert!(seen.delivered.contains(cy.me()));
}
