//! A test of an application of one's own, a bot that counts what is said, under a fault: it takes no time and no luck.

use std::{error::Error, time::Duration};

use exchange_core::Event;
use exchange_sim::driver::{Sim, SimRuntime};

/// The application: joins a session, and says how many messages there were when somebody asks.
async fn bot(node: SimRuntime) -> Result<(), Box<dyn Error + Send + Sync>> {
    let client = node.client().nick("bot").join("Lab 3").await?;
    let (mut events, mut count) = (client.events(), 0);
    while let Some(event) = events.next().await {
        let Event::Message(message) = event else { continue };
        if message.text() == "!count" {
            client.room("lobby").send(format!("{count} messages")).await?;
        } else if !message.is_mine() {
            count += 1;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    for seed in 0..20 {
        let mut sim = Sim::new(seed);
        let (office, cellar, faults) = (sim.node("office"), sim.node("cellar"), sim.faults());
        let answer = sim.run(async move {
            let host = office.host("Lab 3").nick("ana").start().await?;
            let _bot = cellar.start("bot", bot(cellar.clone()));
            faults.sleep(Duration::from_secs(2)).await;
            // Somebody stumbles over the cable, and needs half a minute to find the socket.
            faults.partition(&office, &cellar);
            for text in ["one", "two", "three", "!count"] {
                host.room("lobby").send(text).await?;
            }
            faults.sleep(Duration::from_secs(30)).await;
            faults.heal(&office, &cellar);
            let mut events = host.events();
            loop {
                match events.next().await {
                    Some(Event::Message(message)) if !message.is_mine() => break Ok(message.text().to_owned()),
                    Some(_) => {}
                    None => break Err(Box::<dyn Error>::from("it is over, and the bot said nothing")),
                }
            }
        })??;
        assert_eq!(answer, "3 messages");
    }
    Ok(())
}
