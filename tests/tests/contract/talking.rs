//! Hosts and clients that talk.

use std::time::Duration;

use exchange_driver::{
    Client, RequestError, Runtime,
    core::{CloseReason, Ended, Event, JoinFrom, Refusal, RoomName},
};
use exchange_tests::{messages, next_message, wait_for};
use futures_util::future::{join, join_all};

use crate::bed::Bed;

pub(crate) async fn a_host_answers_a_client_and_says_goodbye<R: Runtime>(bed: Bed<R>) {
    let host = bed
        .host_builder()
        .nick("ana")
        .on_message(|host, message| async move {
            if message.text() == "!ping" {
                host.room(message.room()).send("pong").await?;
            }
            Ok(())
        })
        .start()
        .await
        .unwrap();
    let client = bed.join(&host, "bo").await;
    let mut events = client.events();
    let delivered = client.room("lobby").send("!ping").await.unwrap().delivered().await.unwrap();
    let asked = next_message(&mut events).await;
    assert_eq!((asked.text(), asked.is_mine(), Some(asked.seq())), ("!ping", true, delivered.seq));
    let answered = next_message(&mut events).await;
    assert_eq!((answered.sender().nick.as_str(), answered.text(), answered.is_mine()), ("ana", "pong", false));

    assert_eq!(host.shutdown(Duration::MAX).await.undelivered, 0);
    let cause = wait_for(&mut events, |event| match event {
        Event::Disconnected { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Told(CloseReason::HostClosed));
}

pub(crate) async fn rooms_are_apart_and_their_members_are_known<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
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

const CLIENTS: usize = 20;
const MESSAGES: usize = 40;

async fn talk<R: Runtime>(client: &Client<R>, rooms: [RoomName; 2]) {
    let sends = (0..MESSAGES).map(|number| (number, rooms[number % 2].clone()));
    for (number, room) in sends {
        let receipt = client.room(room.as_str()).send(format!("message {number}")).await.unwrap();
        // The last one is waited for; that tells that all before it have arrived too.
        if number + 1 == MESSAGES {
            receipt.delivered().await.unwrap();
        }
    }
}

pub(crate) async fn all_see_the_same_in_the_same_order_and_so_does_one_who_comes_late<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let rooms = [RoomName::lobby(), RoomName::new("ops").unwrap()];
    host.room("ops").join().await.unwrap();

    let clients = join_all((0..CLIENTS).map(|number| {
        let (bed, host) = (&bed, &host);
        async move { bed.join(host, &format!("client {number}")).await }
    }))
    .await;
    let mut listeners = Vec::new();
    for client in &clients {
        client.room("ops").join_from(JoinFrom::Start).await.unwrap();
        listeners.push(client.events());
    }
    listeners.push(host.events());
    for events in &mut listeners {
        wait_for(events, |event| matches!(event, Event::RoomJoined { room, .. } if &*room == "ops").then_some(()))
            .await;
    }

    let total = CLIENTS * MESSAGES / 2;
    let histories = clients.iter().map(Client::events).chain([host.events()]).flat_map(|events| {
        rooms.clone().map(|room| {
            let mut events = events.clone();
            async move { (room.clone(), messages(&mut events, &room, total).await) }
        })
    });
    let talks = join_all(clients.iter().map(|client| talk(client, rooms.clone())));
    let (histories, _) = join(join_all(histories), talks).await;

    for room in &rooms {
        let mut seen = histories.iter().filter(|(of, _)| of == room).map(|(_, history)| history);
        let first = seen.next().unwrap();
        assert_eq!(first.len(), total);
        assert!(first.is_sorted_by(|(one, ..), (next, ..)| one < next));
        assert!(seen.all(|other| other == first), "all see {room} alike");

        let late = bed.client_builder("late").lobby_from(JoinFrom::Start).join(host.addresses()[0]).await.unwrap();
        late.room(room.as_str()).join_from(JoinFrom::Start).await.unwrap();
        assert_eq!(messages(&mut late.events(), room, total).await, *first);
    }
}

pub(crate) async fn several_hosts_and_clients_in_one_process<R: Runtime>(bed: Bed<R>) {
    let hosts = [bed.host().await, bed.host().await, bed.host().await];
    let mut clients = Vec::new();
    for host in &hosts {
        for nick in ["bo", "cy", "di"] {
            clients.push((host, bed.join(host, nick).await));
        }
    }
    for (host, client) in &clients {
        assert_eq!(client.session().await.unwrap().as_ref(), Some(host.session()));
        client.room("lobby").send(host.session().id.to_string()).await.unwrap();
    }
    for (host, client) in &clients {
        for (.., text) in messages(&mut client.events(), &RoomName::lobby(), 3).await {
            assert_eq!(text, host.session().id.to_string(), "sessions are apart");
        }
    }
    // One that ends is none of the others' business.
    assert_eq!(hosts[0].shutdown(Duration::MAX).await.undelivered, 0);
    for (host, client) in &clients[3..] {
        client.room("lobby").send("still here").await.unwrap().delivered().await.unwrap();
        assert_eq!(host.people().await.unwrap().len(), 4);
    }
}
