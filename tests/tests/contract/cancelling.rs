//! Every async function of a handle, given up at each point at which it waits: nothing stays behind, and the handle still
//! works.

use std::{future::Future, io, pin::pin, time::Duration};

use bytes::Bytes;
use exchange_driver::{
    Client, Host, NetworkError, Runtime,
    core::{Body, JoinFrom, RoomName, message::FIRST_APPLICATION_KIND},
};
use exchange_tests::{
    messages, next_message,
    stream::{accept, read_to_end},
    watched::Alive,
};
use futures_util::future::{Either, join_all, select};

use crate::bed::{Bed, On, now_or_never, polled};

/// Begins it anew and gives it up after ever more polls, until it is done before that; what it comes to. After each,
/// `check` is looked at.
async fn given_up<T, F, C>(mut begin: impl FnMut() -> F, mut check: impl FnMut(usize) -> C) -> T
where
    F: Future<Output = T>,
    C: Future<Output = ()>,
{
    for polls in 0.. {
        if let Some(output) = polled(polls, begin()).await {
            return output;
        }
        check(polls).await;
    }
    unreachable!("numbers never run out")
}

/// A session still does what it is for.
async fn works<R: Runtime>(host: &Host<On<R>>, client: &Client<On<R>>) {
    let lobby = client.room("lobby");
    let place = lobby.send("still here").await.unwrap().delivered().await.unwrap().seq;
    let mut events = host.events();
    while Some(next_message(&mut events).await.seq()) != place {}
}

const NOTHING: Alive = Alive { tasks: 0, timers: 0, listeners: 0, streams: 0, connecting: 0 };

pub(crate) async fn starting_a_host<R: Runtime>(bed: Bed<R>) {
    let start = || bed.host_builder().on_message(|_, _| async { Ok(()) }).start();
    let host = given_up(start, |_| bed.until_only(NOTHING)).await;
    let host = host.unwrap();
    works(&host, &bed.join(&host, "bo").await).await;
}

/// What is there of a host alone.
async fn alone<R: Runtime>(bed: &Bed<R>) -> (Host<On<R>>, Alive) {
    let host = bed.host().await;
    let there = Alive { tasks: 1, timers: 1, listeners: 1, ..NOTHING };
    bed.until_only(there).await;
    (host, there)
}

pub(crate) async fn joining<R: Runtime>(bed: Bed<R>) {
    let (host, there) = alone(&bed).await;
    let join = || bed.client_builder("bo").on_message(|_, _| async { Ok(()) }).join(host.addresses()[0]);
    let client = given_up(join, |_| bed.until_only(there)).await;
    works(&host, &client.unwrap()).await;
}

pub(crate) async fn joining_by_a_connector<R: Runtime>(bed: Bed<R>) {
    let (host, there) = alone(&bed).await;
    let address = host.addresses()[0];
    let join = || {
        let runtime = bed.runtime.clone();
        let connect = move || {
            let runtime = runtime.clone();
            async move { runtime.connect(address).await }
        };
        bed.client_builder("bo").join_by(connect)
    };
    let client = given_up(join, |_| bed.until_only(there)).await;
    works(&host, &client.unwrap()).await;
    let broken =
        bed.client_builder("bo").join_by(|| async { Err::<crate::bed::StreamOn<R>, _>(io::Error::other("no")) });
    assert!(matches!(broken.await, Err(NetworkError::Io(_))));
}

pub(crate) async fn joining_nobody_who_answers<R: Runtime>(bed: Bed<R>) {
    let (mut silent, address) = bed.listener().await;
    let mut joining = Box::pin(bed.client_builder("bo").join(address));
    let mut stream = match select(&mut joining, pin!(accept(&mut silent))).await {
        Either::Left((joined, _)) => panic!("nobody lets it in: {joined:?}"),
        Either::Right((accepted, _)) => accepted.unwrap().0,
    };
    drop(joining);
    // What it had begun to say it may still say.
    read_to_end(&mut stream).await.unwrap();
    drop((stream, silent));
    bed.until_only(NOTHING).await;
}

/// A host and a client of it, and what there is of them.
async fn session<R: Runtime>(bed: &Bed<R>) -> (Host<On<R>>, Client<On<R>>, Alive) {
    let (host, mut there) = alone(bed).await;
    let client = bed.join(&host, "bo").await;
    there.tasks += 1;
    there.timers += 1;
    there.streams += 2;
    bed.until_only(there).await;
    (host, client, there)
}

pub(crate) async fn requests_to_a_host<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let check = |_| bed.until_only(there);
    let people = given_up(|| host.people(), check).await;
    assert_eq!(people.unwrap().len(), 2);
    assert_eq!(given_up(|| host.rooms(), check).await.unwrap(), [RoomName::lobby()]);
    works(&host, &client).await;
    for polls in 0..2 {
        let (mut near, far) = bed.pair().await;
        let accepted = polled(polls, host.accept(far)).await;
        assert_eq!(accepted.is_some(), polls > 0);
        // Taken in and ended by this side, or dropped: it ends.
        exchange_tests::stream::close(&mut near).await.unwrap();
        read_to_end(&mut near).await.unwrap();
    }
    check(0).await;
    works(&host, &client).await;
}

pub(crate) async fn requests_to_a_client<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let check = |_| bed.until_only(there);
    let session = given_up(|| client.session(), check).await;
    assert_eq!(session.unwrap().as_ref(), Some(host.session()));
    assert_eq!(given_up(|| client.people(), check).await.unwrap().len(), 2);
    assert_eq!(given_up(|| client.rooms(), check).await.unwrap(), [RoomName::lobby()]);
    given_up(|| client.round_trip(), check).await.unwrap();
    given_up(|| client.network_changed(), check).await.unwrap();
    works(&host, &client).await;
}

pub(crate) async fn requests_that_wait_for_room_among_others<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    // More than may wait at once: some are given up while they wait for room, some while they wait for an answer.
    for polls in 0..4 {
        let asking = (0..1000).map(|number| polled(if number % 2 == 0 { polls } else { usize::MAX }, client.people()));
        let answered = join_all(asking).await;
        assert!(
            answered.iter().skip(1).step_by(2).all(|people| matches!(people, Some(Ok(people)) if people.len() == 2))
        );
    }
    bed.until_only(there).await;
    works(&host, &client).await;
}

pub(crate) async fn requests_about_a_room<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let check = |_| bed.until_only(there);
    let room = client.room("ops");
    given_up(|| room.join(), check).await.unwrap();
    given_up(|| room.join_from(JoinFrom::Start), check).await.unwrap();
    room.send("hello").await.unwrap().delivered().await.unwrap();
    assert_eq!(given_up(|| room.members(), check).await.unwrap(), [client.me().clone()]);
    // Given up, it may have been done all the same; then there is nothing to leave.
    let _ = given_up(|| room.leave(), check).await;
    assert_eq!(client.rooms().await.unwrap(), [RoomName::lobby()]);
    works(&host, &client).await;
}

pub(crate) async fn sending<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let check = |_| bed.until_only(there);
    let room = client.room("lobby");
    let mut begun = 0;
    let send = || {
        begun += 1;
        room.send("text")
    };
    let receipt = given_up(send, check).await;
    receipt.unwrap().delivered().await.unwrap();
    let custom = || Body::Opaque { kind: FIRST_APPLICATION_KIND, payload: Bytes::from_static(b"move") };
    room.send_body(custom()).await.unwrap().delivered().await.unwrap();
    let last = room.send("the end").await.unwrap().delivered().await.unwrap();
    let mut events = host.events();
    let mut seen = 0;
    while Some(next_message(&mut events).await.seq()) != last.seq {
        seen += 1;
    }
    assert!((2..=begun + 1).contains(&seen), "each is there once, or was given up: {seen}");
    works(&host, &client).await;
}

pub(crate) async fn waiting_for_a_receipt<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let room = client.room("lobby");
    let mut sent = 0;
    for polls in 0.. {
        let receipt = room.send(sent.to_string()).await.unwrap();
        sent += 1;
        if polled(polls, receipt.delivered()).await.is_some() {
            break;
        }
    }
    assert!(sent > 1);
    let heard = messages(&mut host.events(), &RoomName::lobby(), sent).await;
    assert!(heard.iter().enumerate().all(|(number, (_, _, text))| *text == number.to_string()), "{heard:?}");
    bed.until_only(there).await;
    works(&host, &client).await;
}

pub(crate) async fn waiting_for_events<R: Runtime>(bed: Bed<R>) {
    let (host, client, there) = session(&bed).await;
    let mut events = client.events();
    while now_or_never(&mut pin!(events.next())).await.is_some() {}
    let room = host.room("lobby");
    for number in 0..20 {
        assert!(polled(1, events.next()).await.is_none(), "nothing has happened");
        room.send(number.to_string()).await.unwrap();
        let message = next_message(&mut events).await;
        assert_eq!(message.text(), number.to_string());
    }
    bed.until_only(there).await;
    works(&host, &client).await;
}

pub(crate) async fn shutting_down_a_host<R: Runtime>(bed: Bed<R>) {
    for polls in 0.. {
        let (host, client, _) = session(&bed).await;
        let farewell = polled(polls, host.shutdown(Duration::MAX)).await;
        if polls == 0 {
            works(&host, &client).await;
        } else {
            // It goes on by itself, though there still is a handle.
            let mut events = host.events();
            while events.next().await.is_some() {}
        }
        drop((host, client));
        bed.until_only(NOTHING).await;
        if let Some(farewell) = farewell {
            assert_eq!(farewell.undelivered, 0);
            break;
        }
    }
}

pub(crate) async fn shutting_down_a_client<R: Runtime>(bed: Bed<R>) {
    let (host, there) = alone(&bed).await;
    for polls in 0.. {
        let client = bed.join(&host, "bo").await;
        let farewell = polled(polls, client.shutdown(Duration::MAX)).await;
        if polls == 0 {
            works(&host, &client).await;
        } else {
            let mut events = client.events();
            while events.next().await.is_some() {}
        }
        drop(client);
        bed.until_only(there).await;
        if let Some(farewell) = farewell {
            assert_eq!(farewell.undelivered, 0);
            break;
        }
    }
    works(&host, &bed.join(&host, "cy").await).await;
}
