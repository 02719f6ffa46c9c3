//! Many clients in several rooms, all talking at once over real sockets.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use exchange_tests::{PATIENCE, join, local_host, messages, wait_for};
use exchange_tokio::{
    Client,
    core::{Event, JoinFrom, RoomName},
};
use futures_util::future::{join_all, try_join_all};

const CLIENTS: usize = 20;
const MESSAGES: usize = 40;

async fn talk(client: Client, rooms: [RoomName; 2]) {
    let sends = (0..MESSAGES).map(|number| (number, rooms[number % 2].clone()));
    for (number, room) in sends {
        let receipt = client.room(room.as_str()).send(format!("message {number}")).await.unwrap();
        // The last one is waited for; that tells that all before it have arrived too.
        if number + 1 == MESSAGES {
            receipt.delivered().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_sees_the_same_entries_in_the_same_order_and_a_late_joiner_sees_them_too() {
    let host = local_host("Lab 3").start().await.unwrap();
    let rooms = [RoomName::lobby(), RoomName::new("ops").unwrap()];
    host.room("ops").join().await.unwrap();

    let clients = join_all((0..CLIENTS).map(|number| {
        let host = &host;
        async move { join(host, &format!("client {number}")).await }
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
            tokio::spawn(async move { (room.clone(), messages(&mut events, &room, total).await) })
        })
    });
    let histories: Vec<_> = histories.collect();
    let talks = clients.iter().map(|client| tokio::spawn(talk(client.clone(), rooms.clone())));
    tokio::time::timeout(PATIENCE, try_join_all(talks)).await.unwrap().unwrap();
    let histories = try_join_all(histories).await.unwrap();

    for room in &rooms {
        let mut seen = histories.iter().filter(|(of, _)| of == room).map(|(_, history)| history);
        let first = seen.next().unwrap();
        assert_eq!(first.len(), total);
        assert!(first.is_sorted_by(|(one, ..), (next, ..)| one < next));
        assert!(seen.all(|other| other == first), "all see {room} alike");

        let late = Client::builder().nick("late").lobby_from(JoinFrom::Start).join(host.addresses()[0]).await.unwrap();
        late.room(room.as_str()).join_from(JoinFrom::Start).await.unwrap();
        assert_eq!(messages(&mut late.events(), room, total).await, *first);
    }
}
