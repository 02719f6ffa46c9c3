//! What hosts and clients keep beyond their own life.

use std::time::Duration;

use exchange_driver::{
    DeliveryError, NetworkError, RequestError, Runtime, StoreError,
    core::{
        CloseReason, Durability, Ended, Event, JoinFrom, MessageView, Refusal, SessionId, discovery::PeerRecord,
        store::Damage,
    },
};
use exchange_tests::{next_message, proxy::Proxy, shelf::Shelf, wait_for};

use crate::bed::{Bed, polled};

pub(crate) async fn a_host_goes_on_with_what_an_earlier_one_has_kept<R: Runtime>(bed: Bed<R>) {
    let shelf = Shelf::default();
    let host = bed.host_builder().store(shelf.store()).start().await.unwrap();
    let (session, me) = (host.session().clone(), host.me().clone());
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let kept = bo.room("lobby").send("before").await.unwrap().delivered().await.unwrap();
    assert_eq!(kept.durability, Durability::Fsynced);
    host.room("den").join().await.unwrap();
    host.room("den").send("in the den").await.unwrap().delivered().await.unwrap();
    host.shutdown(Duration::from_secs(5)).await;
    drop(host);

    let again = bed.host_builder().store(shelf.store()).start().await.unwrap();
    proxy.turn_to(again.addresses()[0]);
    assert_eq!((again.session(), again.me()), (&session, &me));
    // It was told that the session is over, and comes back to it all the same, with what it says meanwhile.
    let mut events = bo.events();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    bo.room("lobby").send("after").await.unwrap().delivered().await.unwrap();
    let late = bed.client_builder("late").lobby_from(JoinFrom::Start).join(proxy.address()).await.unwrap();
    let mut at_late = late.events();
    assert_eq!(next_message(&mut at_late).await.text(), "before");
    assert_eq!(next_message(&mut at_late).await.text(), "after");
    let den = again.room("den").messages().await.unwrap();
    assert_eq!(den.iter().map(MessageView::text).collect::<Vec<_>>(), ["in the den"]);
    let lost = |event| match event {
        Event::HistoryLost { room } => Some(Some(room)),
        Event::Message(message) if message.text() == "after" => Some(None),
        _ => None,
    };
    assert_eq!(wait_for(&mut events, lost).await, None, "it is the same log");
}

pub(crate) async fn nothing_is_shown_before_it_is_kept<R: Runtime>(bed: Bed<R>) {
    let shelf = Shelf::default();
    let host = bed.host_builder().store(shelf.store()).start().await.unwrap();
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (mut at_host, mut at_cy) = (host.events(), cy.events());
    wait_for(&mut at_cy, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    shelf.hold(true);
    let said = bo.room("lobby").send("hi").await.unwrap();
    shelf.is_asked().await;
    let mut delivered = Box::pin(said.delivered());
    assert!(polled(1, &mut delivered).await.is_none());
    for events in [&mut at_host, &mut at_cy] {
        while let Some(event) = events.try_event() {
            assert!(!matches!(event, Event::Message(_)), "{event:?}");
        }
    }
    shelf.hold(false);
    assert_eq!(delivered.await.unwrap().durability, Durability::Fsynced);
    for events in [&mut at_host, &mut at_cy] {
        assert_eq!(next_message(events).await.text(), "hi");
    }
}

pub(crate) async fn a_session_that_cannot_be_kept_ends_and_says_why<R: Runtime>(bed: Bed<R>) {
    let shelf = Shelf::default();
    let host = bed.host_builder().store(shelf.store()).start().await.unwrap();
    let bo = bed.join(&host, "bo").await;
    let mut at_bo = bo.events();
    wait_for(&mut at_bo, |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    shelf.break_down();
    host.room("lobby").send("lost").await.unwrap_err();
    let cause = |event| match event {
        Event::Closed { cause } => Some(cause),
        Event::Message(message) => panic!("{message:?} is not kept"),
        _ => None,
    };
    assert_eq!(wait_for(&mut host.events(), cause).await, Ended::Here(CloseReason::StoreFailed));
    let told = |event| match event {
        Event::Disconnected { cause, .. } => Some(cause),
        _ => None,
    };
    assert_eq!(wait_for(&mut at_bo, told).await, Ended::Told(CloseReason::StoreFailed));
    let closed = host.room("lobby").send("more").await.unwrap_err();
    assert!(matches!(closed, RequestError::Closed | RequestError::Refused(Refusal::Closed)));
    bo.shutdown(Duration::ZERO).await;
    // What was kept before is as it was.
    shelf.mend();
    bed.host_builder().store(shelf.store()).start().await.unwrap();
    shelf.damage();
    let damaged = bed.host_builder().store(shelf.store()).start().await.unwrap_err();
    assert!(matches!(damaged, NetworkError::Store(StoreError::Damage(_))), "{damaged:?}");
}

pub(crate) async fn what_a_client_has_kept_is_sent_by_whoever_goes_on<R: Runtime>(bed: Bed<R>) {
    let (host, shelf) = (bed.host().await, Shelf::default());
    let mut at_host = host.events();
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").store(shelf.store()).join(proxy.address()).await.unwrap();
    assert_eq!(bo.carried_over(), 0);
    bo.room("lobby").send("before").await.unwrap().delivered().await.unwrap();
    let (id, mut events) = (bo.me().id, bo.events());
    proxy.turn_to(bed.nobody().await);
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    shelf.hold(true);
    let room = bo.room("lobby");
    let mut sending = Box::pin(room.send("queued"));
    assert!(polled(1, &mut sending).await.is_none());
    assert_eq!(bo.stats().await.unwrap().undelivered, 1, "it is taken");
    assert!(polled(1, &mut sending).await.is_none(), "it is not promised before it is kept");
    shelf.hold(false);
    let queued = sending.await.unwrap();
    assert_eq!(bo.shutdown(Duration::ZERO).await.undelivered, 1);
    assert_eq!(queued.delivered().await, Err(DeliveryError::Kept));
    drop(bo);

    proxy.turn_to(host.addresses()[0]);
    let again = bed.client_builder("bo").store(shelf.store()).join(proxy.address()).await.unwrap();
    assert_eq!((again.me().id, again.carried_over()), (id, 1));
    assert_eq!(next_message(&mut at_host).await.text(), "before");
    assert_eq!(next_message(&mut at_host).await.text(), "queued");
    again.room("lobby").send("after").await.unwrap().delivered().await.unwrap();
    assert_eq!(next_message(&mut at_host).await.text(), "after", "and nothing twice");
    again.shutdown(Duration::from_secs(5)).await;
    // What waits belongs where it was said.
    let other = PeerRecord::new(SessionId::from_bytes([9; 16]), "other".parse().unwrap(), "cy".parse().unwrap(), 9);
    let elsewhere = bed.client_builder("bo").store(shelf.store()).join(other).await.unwrap_err();
    let NetworkError::Store(StoreError::OtherSession(own)) = elsewhere else { panic!("{elsewhere:?}") };
    assert_eq!(own, host.session().name);
    let other = bed.host_builder().store(shelf.store()).start().await.unwrap_err();
    assert!(matches!(other, NetworkError::Store(StoreError::Damage(Damage::OfClient))), "{other:?}");
}
