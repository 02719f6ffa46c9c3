//! A session without TCP: one client comes through memory, another through a Unix socket, and they talk.
//!
//! `cargo run -p exchange-tokio --example custom_transport`

use std::time::Duration;

use exchange_tokio::{
    BoxError, Client, Host,
    core::{Event, text::display_safe},
    io,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let host = Host::builder("Nowhere").no_listening().no_discovery().start().await?;

    // Whenever the client wants a connection, it makes a pair of ends and hands one of them to the host.
    let near = host.clone();
    let through_memory = Client::builder().nick("bo").join_by(move || {
        let host = near.clone();
        async move {
            let (mine, theirs) = tokio::io::duplex(4096);
            host.accept(io(theirs)).await.map_err(std::io::Error::other)?;
            Ok(io(mine))
        }
    });
    let bo = through_memory.await?;
    let mut seen = bo.events();

    #[cfg(unix)]
    let cy = {
        let near = host.clone();
        let through_a_socket = Client::builder().nick("cy").join_by(move || {
            let host = near.clone();
            async move {
                let (mine, theirs) = tokio::net::UnixStream::pair()?;
                host.accept(io(theirs)).await.map_err(std::io::Error::other)?;
                Ok(io(mine))
            }
        });
        through_a_socket.await?
    };
    #[cfg(not(unix))]
    let cy = &host;

    cy.room("lobby").send("no network here").await?.delivered().await?;
    while let Some(event) = seen.next().await {
        if let Event::Message(message) = event {
            println!("{} sees {}: {}", bo.me(), message.sender(), display_safe(message.text()));
            break;
        }
    }
    host.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
