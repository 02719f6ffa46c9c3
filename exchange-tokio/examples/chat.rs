//! A whole chat made of callbacks: a host that greets whoever comes, and two clients that talk.
//!
//! `cargo run -p exchange-tokio --example chat`

use std::{net::Ipv4Addr, time::Duration};

use async_channel::unbounded;
use exchange_tokio::{
    BoxError, Client, Host,
    core::{Event, text::display_safe},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let host = Host::builder("Chess club")
        .nick("ana")
        .bind((Ipv4Addr::LOCALHOST, 0).into())
        .no_discovery()
        .on_event(|host, event| async move {
            if let Event::PeerJoined { room, peer, .. } = event {
                host.room(&room).send(format!("welcome, {peer}")).await?;
            }
            Ok(())
        })
        .start()
        .await?;

    let (seen, all_seen) = unbounded();
    let mut clients = Vec::new();
    for nick in ["bo", "cy"] {
        let seen = seen.clone();
        let client = Client::builder()
            .nick(nick)
            .on_message(move |me, message| {
                let line = format!("{} sees {}: {}", me.me(), message.sender(), display_safe(message.text()));
                let told = seen.try_send(line);
                async move { Ok(told?) }
            })
            .join(host.addresses()[0])
            .await?;
        client.room("lobby").send(format!("hello from {nick}")).await?.delivered().await?;
        clients.push(client);
    }

    // Two welcomes and two hellos, each seen by both.
    for _ in 0..8 {
        println!("{}", all_seen.recv().await?);
    }
    for client in &clients {
        client.shutdown(Duration::from_secs(1)).await;
    }
    host.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
