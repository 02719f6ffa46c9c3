//! What is done in rooms and to people, and what they are told of it.

use exchange_driver::{
    Client, DeliveryError, Events, Receipt, RequestError, Runtime,
    core::{Event, GapReason, HistoryPolicy, JoinFrom, Limits, Rate, Refusal, RoomName, Rule},
};
use exchange_tests::{messages, next_message, unhurried, wait_for};

use crate::bed::Bed;

async fn done(receipt: Result<Receipt, RequestError>) {
    receipt.unwrap().delivered().await.unwrap();
}

async fn refused(receipt: Result<Receipt, RequestError>) -> Refusal {
    match receipt.unwrap().delivered().await {
        Err(DeliveryError::Refused(refusal)) => refusal,
        other => panic!("not refused but {other:?}"),
    }
}

/// Joins a room, and waits until that is so.
async fn enter<R: Runtime>(client: &Client<R>, events: &mut Events, room: &'static str) {
    client.room(room).join_from(JoinFrom::Start).await.unwrap();
    wait_for(events, |event| matches!(event, Event::RoomJoined { room: joined, .. } if *joined == *room).then_some(()))
        .await;
}

pub(crate) async fn whoever_is_kicked_is_told_why_and_hears_no_more<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (mut at_bo, mut at_cy) = (bo.events(), cy.events());
    enter(&bo, &mut at_bo, "den").await;
    enter(&cy, &mut at_cy, "den").await;
    assert_eq!(refused(cy.room("den").kick(bo.me().clone(), "").await).await, Refusal::NotAllowed);
    done(bo.room("den").kick(cy.me().clone(), "too loud").await).await;
    let told = wait_for(&mut at_cy, |event| match event {
        Event::Removed { room, why, reason } => Some((room, why, reason.map(|reason| reason.to_string()))),
        _ => None,
    });
    assert_eq!(told.await, (RoomName::new("den").unwrap(), Refusal::Kicked, Some("too loud".into())));
    done(bo.room("den").send("without you").await).await;
    done(bo.room("lobby").send("with you").await).await;
    assert_eq!(next_message(&mut at_cy).await.text(), "with you");
    assert_eq!(bo.room("den").members().await.unwrap(), [bo.me().clone()]);
    let said = cy.room("den").send("but").await;
    assert_eq!(said.unwrap_err(), RequestError::Refused(Refusal::NotMember));
}

pub(crate) async fn private_rooms_are_listed_and_open_for_those_alone_who_are_invited<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (mut at_bo, mut at_cy) = (bo.events(), cy.events());
    bo.room("den").open().await.unwrap();
    wait_for(&mut at_bo, |event| matches!(event, Event::RoomJoined { room, .. } if *room == *"den").then_some(()))
        .await;
    done(bo.room("den").set_topic("optics").await).await;
    let listed = |event| if let Event::Rooms { rooms } = event { Some(rooms) } else { None };
    cy.list_rooms().await.unwrap();
    assert_eq!(wait_for(&mut at_cy, listed).await.len(), 1);
    cy.room("den").join().await.unwrap();
    let answer = |event| if let Event::RoomRefused { refusal, .. } = event { Some(refusal) } else { None };
    assert_eq!(wait_for(&mut at_cy, answer).await, Refusal::Private);
    done(bo.room("den").invite(cy.me().clone()).await).await;
    let by = |event| if let Event::Invited { by, .. } = event { Some(by) } else { None };
    assert_eq!(wait_for(&mut at_cy, by).await.id, bo.me().id);
    cy.list_rooms().await.unwrap();
    let rooms = wait_for(&mut at_cy, listed).await;
    let topics: Vec<Option<&str>> = rooms.iter().map(|room| room.topic.as_deref()).collect();
    assert_eq!(topics, [Some("optics"), None]);
    enter(&cy, &mut at_cy, "den").await;
    assert_eq!(cy.room("den").topic().await.unwrap().as_deref(), Some("optics"));
}

pub(crate) async fn a_mute_says_when_it_ends_and_holds_until_it_is_taken_back<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let bo = bed.join(&host, "bo").await;
    done(host.room("lobby").mute(bo.me().clone(), Some(3600)).await).await;
    let refusal = refused(bo.room("lobby").send("but").await).await;
    assert!(matches!(refusal, Refusal::Muted { .. }) && refusal.retry_after().is_some(), "{refusal:?}");
    done(host.room("lobby").unmute(bo.me().clone()).await).await;
    done(bo.room("lobby").send("thanks").await).await;
}

pub(crate) async fn two_people_have_a_room_of_their_own<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let mut at_cy = cy.events();
    wait_for(&mut bo.events(), |event| matches!(event, Event::PeerJoined { .. }).then_some(())).await;
    let room = bo.direct(cy.me());
    room.join().await.unwrap();
    done(room.send("psst").await).await;
    let invited = |event| if let Event::Invited { room, .. } = event { Some(room) } else { None };
    let name = wait_for(&mut at_cy, invited).await;
    assert!(name.direct_between().is_some());
    cy.direct(bo.me()).join_from(JoinFrom::Start).await.unwrap();
    assert_eq!(next_message(&mut at_cy).await.text(), "psst");
}

pub(crate) async fn newcomers_read_as_far_back_as_the_room_lets_them<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (mut at_bo, mut at_cy) = (bo.events(), cy.events());
    enter(&bo, &mut at_bo, "den").await;
    done(bo.room("den").set_rule(Rule::History(HistoryPolicy::SinceJoin)).await).await;
    done(bo.room("den").send("before").await).await;
    enter(&cy, &mut at_cy, "den").await;
    done(bo.room("den").send("after").await).await;
    let first = wait_for(&mut at_cy, |event| match event {
        Event::Message(message) => Some(Ok(message.text().to_owned())),
        Event::Gap { reason, .. } => Some(Err(reason)),
        _ => None,
    });
    assert_eq!(first.await, Ok::<_, GapReason>("after".to_owned()));
}

pub(crate) async fn a_flood_is_slowed_down_and_nothing_of_it_is_lost<R: Runtime>(bed: Bed<R>) {
    let limits = Limits { messages: Rate { per_second: 50, burst: 5 }, ..unhurried() };
    let host = bed.host_builder().limits(limits).start().await.unwrap();
    let bo = bed.join(&host, "bo").await;
    let mut receipts = Vec::new();
    for number in 0..20 {
        receipts.push(bo.room("lobby").send(number.to_string()).await.unwrap());
    }
    for receipt in receipts {
        receipt.delivered().await.unwrap();
    }
    let heard = messages(&mut host.events(), &RoomName::lobby(), 20).await;
    let texts: Vec<String> = heard.into_iter().map(|(.., text)| text).collect();
    assert_eq!(texts, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}
