//! Links that are cut and stalled in the middle of everything.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use exchange_tests::{PATIENCE, join, local_host, messages, proxy::Proxy, wait_for};
use exchange_tokio::{
    Client,
    core::{Event, RoomName},
};

const CUTS: usize = 50;
const PER_CUT: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_cut_off_fifty_times_ends_with_every_message_once() {
    let host = local_host("Lab 3").start().await.unwrap();
    let proxy = Proxy::to(host.addresses()[0]).await;
    let unlucky = Client::builder().nick("unlucky").join(proxy.address()).await.unwrap();
    let lucky = join(&host, "lucky").await;
    let (mut seen_by_unlucky, mut seen_by_lucky) = (unlucky.events(), lucky.events());

    let talking = tokio::spawn({
        let unlucky = unlucky.clone();
        async move {
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
                wait_for(&mut events, |event| matches!(event, Event::Connected { resumed: true, .. }).then_some(()))
                    .await;
            }
            for receipt in receipts {
                receipt.delivered().await.unwrap();
            }
            (proxy, lucky)
        }
    });

    let stalled = CUTS.div_ceil(3);
    let total = CUTS * PER_CUT * 2 + stalled;
    let lobby = RoomName::lobby();
    let at_unlucky = messages(&mut seen_by_unlucky, &lobby, total).await;
    let at_lucky = messages(&mut seen_by_lucky, &lobby, total).await;
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

    let _ends = tokio::time::timeout(PATIENCE, talking).await.unwrap().unwrap();
    assert_eq!(unlucky.shutdown(Duration::from_secs(5)).await.undelivered, 0);
}

#[tokio::test]
async fn a_message_sent_while_disconnected_arrives_when_the_link_is_back() {
    let host = local_host("Lab 3").start().await.unwrap();
    let proxy = Proxy::to(host.addresses()[0]).await;
    let client = Client::builder().nick("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    let mut at_host = host.events();
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let receipt = client.room("lobby").send("from the tunnel").await.unwrap();
    let delivered = tokio::time::timeout(PATIENCE, receipt.delivered()).await.unwrap().unwrap();
    let arrived = messages(&mut at_host, &RoomName::lobby(), 1).await;
    assert_eq!(arrived, [(delivered.seq.unwrap().0, "bo".into(), "from the tunnel".into())]);
}
