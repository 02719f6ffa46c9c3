//! Pages of a room's history.

use exchange_driver::{
    Events, RequestError, Runtime,
    core::{Event, JoinFrom, MessageView, Page, PageFrom, Refusal, RoomName, Seq},
};
use exchange_tests::{next_message, proxy::Proxy, wait_for};

use crate::bed::{Bed, polled};

fn texts(page: &Page) -> Vec<&str> {
    page.messages().iter().map(MessageView::text).collect()
}

/// Waits until a room is joined; gives which.
async fn joined(events: &mut Events) -> RoomName {
    let joined = |event| match event {
        Event::RoomJoined { room, .. } => Some(room),
        _ => None,
    };
    wait_for(events, joined).await
}

pub(crate) async fn history_is_fetched_page_by_page_from_its_end_to_its_start<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let at_host = host.room("lobby");
    for number in 0..250 {
        at_host.send(format!("number {number}")).await.unwrap();
    }
    let late = bed.client_builder("late").lobby_from(JoinFrom::Head).join(host.addresses()[0]).await.unwrap();
    for room in [&late.room("lobby"), &at_host] {
        let (mut place, mut read) = (Seq(u64::MAX), Vec::new());
        loop {
            let page = room.page(PageFrom::Before(place), 100).await.unwrap();
            assert!(page.to().0 - page.after().0 <= 100 && page.has_newer() != read.is_empty());
            read.splice(0..0, texts(&page).into_iter().map(str::to_owned).collect::<Vec<_>>());
            place = page.after().next();
            if !page.has_older() {
                break;
            }
        }
        assert!(read.into_iter().eq((0..250).map(|number| format!("number {number}"))));
        // The first entry is the host's own coming.
        let first = room.page(PageFrom::After(Seq(0)), 2).await.unwrap();
        assert!(matches!(first.events(), [Event::PeerJoined { .. }, Event::Message(_)]), "{first:?}");
    }
}

pub(crate) async fn a_page_shows_what_became_of_its_messages<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let bo = bed.client_builder("bo").lobby_from(JoinFrom::Head).join(host.addresses()[0]).await.unwrap();
    let (room, at_host, mut events) = (bo.room("lobby"), host.room("lobby"), bo.events());
    joined(&mut events).await;
    let first = at_host.send("lnuch?").await.unwrap().delivered().await.unwrap().seq.unwrap();
    let gone = at_host.send("said in error").await.unwrap().delivered().await.unwrap().seq.unwrap();
    // Neither is held any more once so much has come after them.
    for number in 0..600 {
        at_host.send(format!("number {number}")).await.unwrap();
    }
    at_host.edit(first, "lunch?").await.unwrap();
    let last = at_host.delete(gone).await.unwrap().delivered().await.unwrap().seq.unwrap();
    wait_for(&mut events, |event| match event {
        Event::Deleted { change } if change.seq == last => Some(()),
        _ => None,
    })
    .await;
    let held = room.messages().await.unwrap();
    assert!(held.iter().all(|view| view.message().seq() > gone));
    for room in [&room, &at_host] {
        let page = room.page(PageFrom::After(first.back(1)), 2).await.unwrap();
        assert_eq!(texts(&page), ["lunch?", ""]);
        assert!(page.messages()[1].is_deleted());
    }
}

pub(crate) async fn a_page_is_waited_for_over_a_lost_link<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    host.room("lobby").send("before").await.unwrap();
    assert_eq!(next_message(&mut bo.events()).await.text(), "before");
    // The host hears nothing of it on this link.
    proxy.stall(true);
    let room = bo.room("lobby");
    let mut page = Box::pin(room.page(PageFrom::Before(Seq(u64::MAX)), 1000));
    assert!(polled(1, &mut page).await.is_none());
    host.room("lobby").send("meanwhile").await.unwrap();
    proxy.cut();
    proxy.stall(false);
    let page = page.await.unwrap();
    assert_eq!((texts(&page).first(), page.has_newer()), (Some(&"before"), false));
}

pub(crate) async fn whoever_waits_for_a_page_is_told_when_there_is_none<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let (den, mut events) = (bo.room("den"), bo.events());
    let not_member = RequestError::Refused(Refusal::NotMember);
    assert_eq!(den.page(PageFrom::After(Seq(0)), 1).await.unwrap_err(), not_member);
    den.join().await.unwrap();
    while joined(&mut events).await.is_lobby() {}
    proxy.stall(true);
    let mut in_den = Box::pin(den.page(PageFrom::After(Seq(0)), 1));
    let lobby = bo.room("lobby");
    let mut in_lobby = Box::pin(lobby.page(PageFrom::After(Seq(0)), 1));
    assert!(polled(1, &mut in_den).await.is_none() && polled(1, &mut in_lobby).await.is_none());
    den.leave().await.unwrap();
    assert_eq!(in_den.await.unwrap_err(), not_member);
    bo.shutdown(std::time::Duration::ZERO).await;
    assert!(matches!(in_lobby.await.unwrap_err(), RequestError::Closed | RequestError::Refused(Refusal::Closed)));
}

pub(crate) async fn a_page_that_nobody_waits_for_any_more_keeps_nothing_back<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let bo = bed.join(&host, "bo").await;
    let room = bo.room("lobby");
    // More than may be waited for at once: each has to be done with.
    for polls in (1..4).cycle().take(60) {
        let _ = polled(polls, Box::pin(room.page(PageFrom::After(Seq(0)), 1))).await;
        room.page(PageFrom::After(Seq(0)), 1).await.unwrap();
    }
}
