//! Messages that refer to messages.

use std::collections::BTreeMap;

use exchange_driver::{
    DeliveryError, Receipt, RequestError, Room, Runtime,
    core::{Event, NameError, Refusal, Search, Seq, Unread},
};
use exchange_tests::{next_message, proxy::Proxy, wait_for};

use crate::bed::Bed;

/// Where it is logged.
async fn place(receipt: Result<Receipt, RequestError>) -> Seq {
    receipt.unwrap().delivered().await.unwrap().seq.unwrap()
}

/// The messages of a room as somebody sees them: what they say, and how many have reacted how.
async fn standing(room: &Room) -> Vec<(Seq, String, BTreeMap<String, usize>)> {
    let messages = room.messages().await.unwrap();
    let facts = messages.iter().map(|view| {
        let reactions = view.reactions().map(|(reaction, people)| (reaction.to_string(), people.len())).collect();
        (view.message().seq(), view.text().to_owned(), reactions)
    });
    facts.collect()
}

pub(crate) async fn messages_are_answered_edited_reacted_to_and_deleted<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (at_bo, at_cy, at_host) = (bo.room("lobby"), cy.room("lobby"), host.room("lobby"));
    let asked = place(at_bo.send("lnuch?").await).await;
    place(at_bo.edit(asked, "lunch?").await).await;
    // Whom it answers it has heard, and so knows.
    assert_eq!(next_message(&mut cy.events()).await.seq(), asked);
    let answered = place(at_cy.reply(asked, "@bo yes").await).await;
    let gone = place(at_cy.send("said in error").await).await;
    place(at_cy.react(asked, "👍").await).await;
    place(at_host.react(asked, "👍").await).await;
    place(at_bo.react(asked, "🎉").await).await;
    place(at_bo.unreact(asked, "🎉").await).await;
    let last = place(at_cy.delete(gone).await).await;

    let thumbs = BTreeMap::from([("👍".to_owned(), 2)]);
    let expected = [
        (asked, "lunch?".to_owned(), thumbs),
        (answered, "@bo yes".to_owned(), BTreeMap::new()),
        (gone, String::new(), BTreeMap::new()),
    ];
    for mut events in [bo.events(), cy.events(), host.events()] {
        wait_for(&mut events, |event| matches!(event, Event::Deleted { change } if change.seq == last).then_some(()))
            .await;
    }
    for room in [&at_bo, &at_cy, &at_host] {
        assert_eq!(standing(room).await, expected);
        let found = room.search(&Search { words: vec!["LUNCH".into()], ..Search::default() }).await.unwrap();
        assert_eq!(found.iter().map(|view| view.message().seq()).collect::<Vec<_>>(), [asked]);
    }

    // Whoever comes late sees the same, and has never been given what is deleted.
    let late = bed.join(&host, "late").await;
    let mut events = late.events();
    for said in ["lnuch?", "@bo yes", ""] {
        let message = next_message(&mut events).await;
        assert_eq!((message.text(), message.is_deleted()), (said, said.is_empty()));
        if message.seq() == answered {
            assert_eq!((message.reply_to(), message.mentions()), (Some(asked), &[bo.me().id][..]));
        }
    }
    wait_for(&mut events, |event| matches!(event, Event::Deleted { .. }).then_some(())).await;
    assert_eq!(standing(&late.room("lobby")).await, expected);
}

pub(crate) async fn what_may_not_be_changed_is_refused_with_its_reason<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let (at_bo, at_cy) = (bo.room("lobby"), cy.room("lobby"));
    // Nobody else comes while places are counted.
    wait_for(&mut cy.events(), |event| matches!(event, Event::RoomJoined { .. }).then_some(())).await;
    let said = place(at_bo.send("mine").await).await;
    let refused = [
        (at_cy.edit(said, "mine now").await, Refusal::NotYours),
        (at_cy.delete(said).await, Refusal::NotYours),
        (at_cy.unreact(said, "👍").await, Refusal::NothingToChange),
        (at_cy.react(Seq(999), "👍").await, Refusal::NoMessage),
    ];
    for (receipt, refusal) in refused {
        assert_eq!(receipt.unwrap().delivered().await, Err(DeliveryError::Refused(refusal)));
    }
    assert_eq!(host.room("lobby").edit(said, "mine now").await.unwrap_err(), RequestError::Refused(Refusal::NotYours));
    assert_eq!(at_bo.edit(said, " ").await.unwrap_err(), RequestError::Refused(Refusal::Empty));
    assert_eq!(at_bo.react(said, "\u{200b}").await.unwrap_err(), RequestError::Name(NameError::Empty));
    // The others have seen nothing of all that: what comes next is what is said next.
    let next = place(at_bo.send("next").await).await;
    assert_eq!(next, Seq(said.0 + 1));
}

pub(crate) async fn what_is_changed_while_disconnected_waits_in_its_order<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let (mut events, mut at_host) = (bo.events(), host.events());
    let room = bo.room("lobby");
    let said = place(room.send("helo").await).await;
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let mut receipts = vec![room.edit(said, "hello").await.unwrap(), room.send("then").await.unwrap()];
    receipts.push(room.edit(said, "hello!").await.unwrap());
    let mut places = Vec::new();
    for receipt in receipts {
        places.push(receipt.delivered().await.unwrap().seq);
    }
    assert!(places.is_sorted());
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let text = wait_for(&mut at_host, |event| match event {
            Event::Message(message) => Some(message.text().to_owned()),
            Event::Edited { change, text, .. } => Some(format!("{} {}", change.of, text.as_str())),
            _ => None,
        });
        seen.push(text.await);
    }
    assert_eq!(seen, ["helo".to_owned(), format!("{said} hello"), "then".to_owned(), format!("{said} hello!")]);
}

pub(crate) async fn what_an_application_says_comes_with_its_content_type<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let bo = bed.join(&host, "bo").await;
    let payload = [0, 255, 7];
    bo.room("lobby").send_data("game/move", payload.to_vec()).await.unwrap();
    let message = next_message(&mut host.events()).await;
    let (content_type, given) = message.data().unwrap();
    assert_eq!((content_type.as_str(), &given[..], message.text()), ("game/move", &payload[..], ""));
    let error = bo.room("lobby").send_data("x".repeat(65).as_str(), payload.to_vec()).await.unwrap_err();
    assert_eq!(error, RequestError::Name(NameError::TooLong { limit: 64 }));
}

pub(crate) async fn what_is_unread_outlasts_a_lost_link<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let (mut events, room, at_host) = (bo.events(), bo.room("lobby"), host.room("lobby"));
    // Who is meant has to be there.
    wait_for(&mut host.events(), |event| matches!(event, Event::PeerJoined { .. }).then_some(())).await;
    place(room.send("my own").await).await;
    let first = place(at_host.send("one").await).await;
    let second = place(at_host.send("@bo two").await).await;
    let last = place(at_host.send("three").await).await;
    wait_for(&mut events, |event| matches!(event, Event::Message(said) if said.seq() == last).then_some(())).await;
    assert_eq!(room.unread().await.unwrap(), Unread { messages: 3, mentions: 1 });
    room.mark_read(first).await.unwrap();
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    place(at_host.delete(second).await).await;
    let away = place(at_host.send("four").await).await;
    wait_for(&mut events, |event| matches!(event, Event::Message(said) if said.seq() == away).then_some(())).await;
    assert_eq!(room.unread().await.unwrap(), Unread { messages: 2, mentions: 0 });
    room.mark_read(Seq(u64::MAX)).await.unwrap();
    assert_eq!(room.unread().await.unwrap(), Unread::default());
    assert_eq!(at_host.unread().await.unwrap().messages, 1, "the host reads by itself");
}
