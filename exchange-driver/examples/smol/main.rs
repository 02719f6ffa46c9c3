//! A session on smol, for which there is no driver: `adapter.rs` is all it takes. The page
//! `exchange_driver::write_a_driver` walks through it.
//!
//! `cargo run -p exchange-driver --example smol`

#![expect(clippy::disallowed_methods, reason = "a runtime is where the driver has its time from")]

pub mod adapter;

use std::{error::Error, net::Ipv4Addr, time::Duration};

use adapter::{Client, Host};
use exchange_driver::core::{Event, text::display_safe};

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let host = Host::builder("Lab 3").bind((Ipv4Addr::LOCALHOST, 0).into()).no_discovery().start().await?;
        let bo = Client::builder().nick("bo").join(host.addresses()[0]).await?;
        let mut seen = host.events();
        bo.room("lobby").send("hello from smol").await?.delivered().await?;
        while let Some(event) = seen.next().await {
            if let Event::Message(message) = event {
                println!("{}: {}", message.sender(), display_safe(message.text()));
                break;
            }
        }
        host.shutdown(Duration::from_secs(1)).await;
        Ok(())
    })
}
