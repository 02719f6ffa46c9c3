//! People: how they are, and what they are called.

use std::time::Duration;

use exchange_driver::{
    Events, RequestError, Runtime,
    core::{Availability, Event, NameError, Refusal, Status},
};
use exchange_tests::{proxy::Proxy, wait_for};

use crate::bed::Bed;

/// Waits until somebody is told to be like that; gives their note.
async fn until_is(events: &mut Events, who: &str, how: Status) -> Option<String> {
    wait_for(events, |event| match event {
        Event::Presence { peer, status, note } if &*peer.nick == who && status == how => {
            Some(note.map(|note| note.as_str().to_owned()))
        }
        _ => None,
    })
    .await
}

/// Waits until somebody has another nick; gives the one they had.
async fn until_called(events: &mut Events, nick: &str) -> String {
    wait_for(events, |event| match event {
        Event::Renamed { peer, before, .. } if &*peer.nick == nick => Some(before.as_str().to_owned()),
        _ => None,
    })
    .await
}

pub(crate) async fn how_people_say_they_are_is_told_to_all_and_can_be_looked_up<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().nick("ana").start().await.unwrap();
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    bo.set_status(Availability::Away, " lunch ").await.unwrap();
    host.set_status(Availability::Busy, "").await.unwrap();
    for mut events in [host.events(), cy.events()] {
        assert_eq!(until_is(&mut events, "bo", Status::Away).await.as_deref(), Some("lunch"));
    }
    assert_eq!(until_is(&mut cy.events(), "ana", Status::Busy).await, None);
    let found = cy.whois("bo").await.unwrap();
    assert_eq!(found, host.whois(&format!("bo~{}", bo.me().tag())).await.unwrap());
    let [person] = &found[..] else { panic!("{found:?}") };
    assert_eq!((person.peer.id, person.status, person.note.as_deref()), (bo.me().id, Status::Away, Some("lunch")));
    let unshowable = bo.set_status(Availability::Away, "\u{1b}[2J").await;
    assert_eq!(unshowable, Err(RequestError::Name(NameError::Unshowable)));
}

pub(crate) async fn nicks_are_changed_and_one_that_looks_like_anothers_is_refused<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().nick("ana").start().await.unwrap();
    let (bo, cy) = (bed.join(&host, "bo").await, bed.join(&host, "cy").await);
    let mut at_bo = bo.events();
    wait_for(&mut at_bo, |event| matches!(event, Event::PeerJoined { .. }).then_some(())).await;
    bo.rename("bob").await.unwrap();
    for mut events in [at_bo.clone(), host.events(), cy.events()] {
        assert_eq!(until_called(&mut events, "bob").await, "bo");
    }
    bo.rename("Cy").await.unwrap();
    let refused = wait_for(&mut at_bo, |event| match event {
        Event::RenameRefused { nick, refusal } => Some((nick.as_str().to_owned(), refusal)),
        _ => None,
    });
    let confusable = Refusal::Name(NameError::Confusable);
    assert_eq!(refused.await, ("Cy".to_owned(), confusable));
    assert_eq!(host.rename("CY").await, Err(RequestError::Refused(confusable)));
    host.rename("anna").await.unwrap();
    assert_eq!(until_called(&mut at_bo, "anna").await, "ana");
    assert_eq!(bo.rename("").await, Err(RequestError::Name(NameError::Empty)));
    let mut nicks: Vec<String> = bo.people().await.unwrap().iter().map(ToString::to_string).collect();
    nicks.sort();
    assert_eq!(nicks, ["anna", "bob", "cy"]);
}

pub(crate) async fn whoever_gives_no_sign_of_life_is_away_until_they_do<R: Runtime>(bed: Bed<R>) {
    let idle = Duration::from_millis(700);
    let host = bed.host_builder().nick("ana").idle(idle).start().await.unwrap();
    let bo = bed.client_builder("bo").idle(idle).join(host.addresses()[0]).await.unwrap();
    let (mut at_host, mut at_bo) = (host.events(), bo.events());
    until_is(&mut at_host, "bo", Status::Away).await;
    bo.active().await.unwrap();
    until_is(&mut at_host, "bo", Status::Online).await;
    until_is(&mut at_bo, "ana", Status::Away).await;
    host.active().await.unwrap();
    until_is(&mut at_bo, "ana", Status::Online).await;
}

pub(crate) async fn what_is_said_of_oneself_without_a_link_is_told_when_there_is_one<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().nick("ana").start().await.unwrap();
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let (mut at_host, mut at_bo) = (host.events(), bo.events());
    proxy.stall(true);
    bo.set_status(Availability::Busy, "in a tunnel").await.unwrap();
    bo.rename("bob").await.unwrap();
    proxy.cut();
    proxy.stall(false);
    wait_for(&mut at_bo, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    bo.network_changed().await.unwrap();
    let note = wait_for(&mut at_host, |event| match event {
        Event::Presence { status: Status::Busy, note, .. } => Some(note),
        _ => None,
    });
    assert_eq!(note.await.as_deref(), Some("in a tunnel"));
    assert_eq!(until_called(&mut host.events(), "bob").await, "bo");
}
