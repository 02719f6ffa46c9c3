//! The README's client: it finds the host, asks, and shows what is said until the session is over.

use exchange_async_std::{BoxError, Client, core::Event, core::text::display_safe};

#[async_std::main]
async fn main() -> Result<(), BoxError> {
    let me = Client::builder().nick("bo").join("Lab 3").await?;
    let mut events = me.events();
    me.room("lobby").send("!ping").await?.delivered().await?;
    while let Some(event) = events.next().await {
        if let Event::Message(message) = event {
            println!("{}: {}", message.sender(), display_safe(message.text()));
        }
    }
    Ok(())
}
