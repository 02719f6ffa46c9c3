//! A loop that draws frames and never waits for the network: it takes what has happened with `try_event`.
//!
//! `cargo run -p exchange-async-std --example async_std_game_loop`

use std::{net::Ipv4Addr, thread, time::Duration};

use exchange_async_std::{
    BoxError, Client, Host,
    core::{Body, Event, message::FIRST_APPLICATION_KIND},
};

/// The game's own kind of message: where a player has moved to.
const MOVED: u16 = FIRST_APPLICATION_KIND;

/// Where a player is, in two bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    x: u8,
    y: u8,
}

#[async_std::main]
async fn main() -> Result<(), BoxError> {
    let arena = Host::builder("Arena").bind((Ipv4Addr::LOCALHOST, 0).into()).no_discovery().start().await?;
    let (bo, cy) = (player(&arena, "bo").await?, player(&arena, "cy").await?);
    let mut way_of_bo = (1..=10).map(|step| Place { x: step, y: step * 2 });
    let mut seen_by_cy = cy.events();
    let mut place_of_bo = Place::default();

    while place_of_bo != (Place { x: 10, y: 20 }) {
        if let Some(Place { x, y }) = way_of_bo.next() {
            let step = Body::Opaque { kind: MOVED, payload: vec![x, y].into() };
            bo.room("lobby").send_body(step).await?;
        }
        while let Some(event) = seen_by_cy.try_event() {
            if let Event::Message(message) = event
                && let Body::Opaque { kind: MOVED, payload } = message.body()
                && let [x, y] = payload[..]
            {
                place_of_bo = Place { x, y };
            }
        }
        draw(place_of_bo);
    }
    Ok(())
}

async fn player(arena: &Host, nick: &str) -> Result<Client, BoxError> {
    Ok(Client::builder().nick(nick).join(arena.addresses()[0]).await?)
}

/// Draws a frame, and waits for the screen: the loop has its thread to itself, the network runs on others.
fn draw(place_of_bo: Place) {
    println!("bo is at {place_of_bo:?}");
    thread::sleep(Duration::from_millis(5));
}
