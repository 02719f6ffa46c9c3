//! Links that are cut and stalled in the middle of everything.

use std::time::Duration;

use exchange_driver::{
    Events, RequestError, Runtime,
    core::{Event, RoomName},
};
use exchange_tests::{messages, proxy::Proxy, wait_for};
use futures_util::future::join;

use crate::bed::Bed;

const CUTS: usize = 50;
const PER_CUT: usize = 8;

pub(crate) async fn a_client_that_is_cut_off_fifty_times_ends_with_every_message_once<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let unlucky = bed.client_builder("unlucky").join(proxy.address()).await.unwrap();
    let lucky = bed.join(&host, "lucky").await;
    let (mut seen_by_unlucky, mut seen_by_lucky) = (unlucky.events(), lucky.events());

    let talk = async {
        let mut events = unlucky.events();
        let mut receipts = Vec::new();
        for round in 0..CUTS {
            for number in 0..PER_CUT {
                receipts.push(unlucky.room("lobby").send(format!("u{round}.{number}")).await.unwrap());
                lucky.room("lobby").send(format!("l{round}.{number}")).await.unwrap();
            }
            // What was just said is on its way, in pieces: some of it stalls, and all of it is cut.
            if round % 3 == 0 {
                proxy.stall(true);
                receipts.push(unlucky.room("lobby").send(format!("stalled {round}")).await.unwrap());
            }
            proxy.cut();
            proxy.stall(false);
            wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
            // Whoever is cut off that often would wait longer and longer; this one is told to try at once.
            unlucky.network_changed().await.unwrap();
            wait_for(&mut events, |event| matches!(event, Event::Connected { resumed: true, .. }).then_some(())).await;
        }
        for receipt in receipts {
            receipt.delivered().await.unwrap();
        }
    };

    let stalled = CUTS.div_ceil(3);
    let total = CUTS * PER_CUT * 2 + stalled;
    let lobby = RoomName::lobby();
    let listen = join(messages(&mut seen_by_unlucky, &lobby, total), messages(&mut seen_by_lucky, &lobby, total));
    let ((at_unlucky, at_lucky), ()) = join(listen, talk).await;
    assert_eq!(at_unlucky, at_lucky);

    let mut texts: Vec<&str> = at_lucky.iter().map(|(_, _, text)| text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), total, "every message is there once");
    let from = |prefix: &str| {
        let texts = at_lucky.iter().map(|(.., text)| text.clone());
        texts.filter(|text| text.starts_with(prefix)).collect::<Vec<_>>()
    };
    let in_order = |prefix: &str| {
        let sent = (0..CUTS).flat_map(|round| (0..PER_CUT).map(move |number| (round, number)));
        sent.map(|(round, number)| format!("{prefix}{round}.{number}")).collect::<Vec<_>>()
    };
    assert_eq!(from("u"), in_order("u"), "each in its sender's order");
    assert_eq!(from("l"), in_order("l"), "each in its sender's order");

    assert_eq!(unlucky.shutdown(Duration::MAX).await.undelivered, 0);
}

pub(crate) async fn a_message_that_is_sent_while_disconnected_arrives_later<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    let mut at_host = host.events();
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let receipt = client.room("lobby").send("from the tunnel").await.unwrap();
    let delivered = receipt.delivered().await.unwrap();
    let arrived = messages(&mut at_host, &RoomName::lobby(), 1).await;
    assert_eq!(arrived, [(delivered.seq.unwrap().0, "bo".into(), "from the tunnel".into())]);
}

async fn disconnected(events: &mut Events) {
    wait_for(events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
}

async fn connected(events: &mut Events) {
    wait_for(events, |event| matches!(event, Event::Connected { .. }).then_some(())).await;
}

pub(crate) async fn receipts_outlast_links<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    connected(&mut events).await;
    let mut receipts = Vec::new();
    for round in 0..3 {
        // Some are lost on their way, and some were never on it.
        proxy.stall(true);
        receipts.push(client.room("lobby").send(format!("{round} stalled")).await.unwrap());
        proxy.cut();
        proxy.stall(false);
        disconnected(&mut events).await;
        receipts.push(client.room("lobby").send(format!("{round} disconnected")).await.unwrap());
        client.network_changed().await.unwrap();
        connected(&mut events).await;
    }
    let mut places = Vec::new();
    for receipt in receipts {
        places.push(receipt.delivered().await.unwrap().seq.unwrap());
    }
    assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
}

pub(crate) async fn a_link_that_is_stalled_is_given_up_and_made_anew<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    connected(&mut events).await;
    proxy.stall(true);
    let mut seconds = 0;
    while !std::iter::from_fn(|| events.try_event()).any(|event| matches!(event, Event::Disconnected { .. })) {
        seconds += 1;
        bed.runtime.skip(Duration::from_secs(1));
        // When it is answered, it has seen what time it is.
        client.rooms().await.unwrap();
    }
    assert!(seconds > 5, "nobody may be given up that early");
    proxy.cut();
    proxy.stall(false);
    connected(&mut events).await;
    client.room("lobby").send("back").await.unwrap().delivered().await.unwrap();
}

pub(crate) async fn what_may_wait_is_bounded<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    proxy.stall(true);
    let (mut waiting, room) = (Vec::new(), client.room("lobby"));
    let refused = loop {
        match room.send("hello?").await {
            Ok(receipt) => waiting.push(receipt),
            Err(refused) => break refused,
        }
        assert!(waiting.len() < 5000, "anything may wait");
    };
    assert!(matches!(refused, RequestError::Refused(_)), "{refused:?}");
    assert!(waiting.len() >= 100, "{} may wait", waiting.len());
    proxy.stall(false);
    for receipt in waiting {
        receipt.delivered().await.unwrap();
    }
    room.send("there is room again").await.unwrap().delivered().await.unwrap();
}
