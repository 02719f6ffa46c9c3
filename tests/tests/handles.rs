//! What handles, events and callbacks promise.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{sync::Arc, time::Duration};

use exchange_tests::{PATIENCE, join, local_host, messages, next_message, proxy::Proxy, wait_for};
use exchange_tokio::{
    Client, DeliveryError, RequestError,
    core::{CloseReason, Ended, Event, JoinFrom, LeaveReason, Refusal, RoomName},
};
use futures_util::FutureExt as _;

#[tokio::test]
async fn a_callback_that_fails_or_panics_becomes_an_event_and_is_called_again() {
    let host = local_host("Lab 3")
        .on_message(|host, message| async move {
            match message.text() {
                "fail" => Err("it did not work".into()),
                "panic" => panic!("it went wrong"),
                "hello" => {
                    host.room(message.room()).send("hello too").await?;
                    Ok(())
                }
                _ => Ok(()),
            }
        })
        .start()
        .await
        .unwrap();
    let mut events = host.events();
    for text in ["fail", "panic", "hello"] {
        host.room("lobby").send(text).await.unwrap();
    }
    for expected in ["it did not work", "panicked: it went wrong"] {
        let error = wait_for(&mut events, |event| match event {
            Event::CallbackFailed { error } => Some(error),
            _ => None,
        });
        assert_eq!(&*error.await, expected);
    }
    let seen = messages(&mut host.events(), &RoomName::lobby(), 4).await;
    assert_eq!(seen[3].2, "hello too");
}

#[tokio::test]
async fn a_callback_that_takes_its_time_holds_up_nobody() {
    let release = Arc::new(tokio::sync::Notify::new());
    let held = Arc::clone(&release);
    let host = local_host("Lab 3")
        .on_message(move |_, _| {
            let held = Arc::clone(&held);
            async move {
                held.notified().await;
                Ok(())
            }
        })
        .start()
        .await
        .unwrap();
    let client = join(&host, "bo").await;
    for number in 0..10 {
        client.room("lobby").send(format!("{number}")).await.unwrap().delivered().await.unwrap();
    }
    release.notify_waiters();
}

#[tokio::test]
async fn events_that_nobody_reads_in_time_are_counted() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut events = host.events();
    let room = host.room("lobby");
    for number in 0..5000 {
        room.send(format!("{number}")).await.unwrap();
    }
    let Some(Event::Lagged { missed }) = events.try_event() else { panic!("nothing was missed") };
    assert!(missed > 0);
    let mut rest = 0;
    while events.try_event().is_some() {
        rest += 1;
    }
    assert_eq!(rest, 4096, "the newest are kept");
}

#[tokio::test]
async fn try_event_never_waits() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut events = host.events();
    while events.try_event().is_some() {}
    host.room("lobby").send("now").await.unwrap();
    let Some(Event::Message(message)) = events.try_event() else { panic!("it is there") };
    assert_eq!(message.text(), "now");
}

#[tokio::test]
async fn shutting_down_a_client_delivers_what_is_under_way_and_the_others_see_it_leave() {
    let host = local_host("Lab 3").start().await.unwrap();
    let (bo, cy) = (join(&host, "bo").await, join(&host, "cy").await);
    let mut events = cy.events();
    let receipt = bo.room("lobby").send("last words").await.unwrap();
    assert_eq!(bo.shutdown(PATIENCE).await.undelivered, 0);
    receipt.delivered().await.unwrap();
    assert_eq!(next_message(&mut events).await.text(), "last words");
    let (nick, reason) = wait_for(&mut events, |event| match event {
        Event::PeerLeft { peer, reason, .. } => Some((peer.nick, reason)),
        _ => None,
    })
    .await;
    assert_eq!((nick.as_str(), reason), ("bo", LeaveReason::Left));
    assert_eq!(bo.room("lobby").send("too late").await.unwrap_err(), RequestError::Closed);
}

#[tokio::test]
async fn shutting_down_while_disconnected_says_what_was_not_delivered() {
    let host = local_host("Lab 3").start().await.unwrap();
    let proxy = Proxy::to(host.addresses()[0]).await;
    let client = Client::builder().nick("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    drop(proxy);
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let receipt = client.room("lobby").send("into the void").await.unwrap();
    assert_eq!(client.shutdown(Duration::ZERO).await.undelivered, 1);
    assert_eq!(receipt.delivered().await.unwrap_err(), DeliveryError::Refused(Refusal::Closed));
}

#[tokio::test]
async fn dropping_the_last_handle_of_a_client_says_goodbye() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut events = host.events();
    let client = join(&host, "bo").await;
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

#[tokio::test]
async fn dropping_the_last_handle_of_a_host_tells_the_clients() {
    let host = local_host("Lab 3").start().await.unwrap();
    let client = join(&host, "bo").await;
    let mut events = client.events();
    drop(host);
    let cause = wait_for(&mut events, |event| match event {
        Event::Disconnected { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Told(CloseReason::HostClosed));
}

#[tokio::test]
async fn events_end_after_the_session_is_closed() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut events = host.events();
    host.shutdown(Duration::ZERO).await;
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    assert_eq!(last, Some(Event::Closed { cause: Ended::Here(CloseReason::HostClosed) }));
}

#[tokio::test]
async fn a_join_that_is_given_up_leaves_nothing_behind() {
    let silent = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut joining = Box::pin(Client::builder().join(silent.local_addr().unwrap()));
    assert!((&mut joining).now_or_never().is_none());
    let (mut stream, _) = tokio::select! {
        accepted = silent.accept() => accepted.unwrap(),
        joined = &mut joining => panic!("nobody lets it in: {joined:?}"),
    };
    drop(joining);
    let mut heard = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut heard);
    tokio::time::timeout(PATIENCE, reading).await.expect("the connection is ended").unwrap();
}

#[tokio::test]
async fn rooms_are_apart_and_their_members_are_known() {
    let host = local_host("Lab 3").start().await.unwrap();
    let (bo, cy) = (join(&host, "bo").await, join(&host, "cy").await);
    let (mut at_bo, mut at_cy) = (bo.events(), cy.events());
    bo.room("ops").join_from(JoinFrom::Head).await.unwrap();
    let members = wait_for(&mut at_bo, |event| match event {
        Event::RoomJoined { room, members, .. } if &*room == "ops" => Some(members),
        _ => None,
    });
    assert_eq!(members.await, [bo.me().clone()]);
    bo.room("ops").send("psst").await.unwrap().delivered().await.unwrap();
    bo.room("lobby").send("hello").await.unwrap();
    assert_eq!(next_message(&mut at_cy).await.text(), "hello", "cy is not in ops");
    assert_eq!(cy.room("ops").send("let me in").await.unwrap_err(), RequestError::Refused(Refusal::NotMember));
    bo.room("ops").leave().await.unwrap();
    wait_for(&mut at_bo, |event| matches!(event, Event::RoomLeft { .. }).then_some(())).await;
    assert_eq!(bo.room("lobby").leave().await.unwrap_err(), RequestError::Refused(Refusal::Lobby));
    let mut people: Vec<String> = bo.people().await.unwrap().iter().map(ToString::to_string).collect();
    people.sort();
    assert_eq!(people, ["bo", "cy", "host"]);
}

#[tokio::test]
async fn a_receipt_that_is_dropped_does_not_keep_the_message_back() {
    let host = local_host("Lab 3").start().await.unwrap();
    let client = join(&host, "bo").await;
    drop(client.room("lobby").send("said anyway").await.unwrap());
    assert_eq!(next_message(&mut host.events()).await.text(), "said anyway");
}
