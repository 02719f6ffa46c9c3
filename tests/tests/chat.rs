//! A host and a client over loopback, as the README has them.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use exchange_tests::{join, local_host, next_message, wait_for};
use exchange_tokio::core::{CloseReason, Ended, Event};

#[tokio::test]
async fn a_host_answers_a_client_and_says_goodbye() {
    let host = local_host("Lab 3")
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
    let client = join(&host, "bo").await;
    let mut events = client.events();
    let delivered = client.room("lobby").send("!ping").await.unwrap().delivered().await.unwrap();
    let asked = next_message(&mut events).await;
    assert_eq!((asked.text(), asked.is_mine(), Some(asked.seq())), ("!ping", true, delivered.seq));
    let answered = next_message(&mut events).await;
    assert_eq!((answered.sender().nick.as_str(), answered.text(), answered.is_mine()), ("ana", "pong", false));

    assert_eq!(host.shutdown(Duration::from_secs(1)).await.undelivered, 0);
    let cause = wait_for(&mut events, |event| match event {
        Event::Disconnected { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Told(CloseReason::HostClosed));
}
