//! The wire without the chat: a server that sends back every frame, and a client that checks it does.
//!
//! `cargo run -p exchange-async-std --example async_std_echo`

use std::net::{Ipv4Addr, SocketAddr};

use exchange_async_std::{BoxError, Server, connect};
use futures_util::future::try_join;

#[async_std::main]
async fn main() -> Result<(), BoxError> {
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into()).await?;
    let address = server.local_addr()?;
    try_join(serve(server), ask(address)).await?;
    Ok(())
}

async fn serve(mut server: Server) -> Result<(), BoxError> {
    let (mut connection, from) = server.accept().await?;
    println!("server: somebody came from {}", from.ip());
    while let Some(frame) = connection.recv().await? {
        connection.send(&frame).await?;
    }
    connection.close().await?;
    Ok(())
}

async fn ask(server: SocketAddr) -> Result<(), BoxError> {
    let mut connection = connect(server).await?;
    for text in ["hello", "how long can it be?", &"very ".repeat(10_000)] {
        connection.send(text.as_bytes()).await?;
        let echo = connection.recv().await?.ok_or("the server hung up")?;
        assert_eq!(echo, text.as_bytes());
        println!("client: {} bytes came back", echo.len());
    }
    connection.close().await?;
    assert_eq!(connection.recv().await?, None);
    Ok(())
}
