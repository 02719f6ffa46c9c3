//! The README's host: it answers `!ping` until it is told to end.

use exchange_tokio::{BoxError, Host};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let host = Host::builder("Lab 3").nick("ana").on_message(|host, message| async move {
        if message.text() == "!ping" {
            host.room(message.room()).send("pong").await?;
        }
        Ok(())
    });
    let host = host.start().await?;
    println!("others run: exchange join '{}'", host.session().name);
    tokio::signal::ctrl_c().await?;
    host.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
