//! A crowd whose host dies and is there again: all come back by themselves, and soon.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::{env, net::SocketAddr, time::Duration};

use exchange_driver::core::{Event, Limits, Rate};
use exchange_sim::driver::{Client, HostBuilder, Sim, SimRuntime};
use futures_util::future::join_all;

const SECOND: Duration = Duration::from_secs(1);
const MACHINES: usize = 20;

fn host(machine: &SimRuntime, people: usize) -> HostBuilder {
    let limits = Limits {
        links: people,
        links_per_address: people,
        members_per_room: 2 * people + 1,
        messages: Rate::UNLIMITED,
        ..Limits::default()
    };
    machine.host("Lab 3").no_discovery().limits(limits)
}

/// With `EXCHANGE_FULL_SIZE=1` there are a thousand, which takes a while.
#[test]
fn a_crowd_whose_host_died_is_all_back_within_thirty_seconds_of_its_return() {
    let people = if env::var_os("EXCHANGE_FULL_SIZE").is_some() { 1000 } else { 200 };
    let mut sim = Sim::new(1);
    let ana = sim.node("ana");
    let machines: Vec<SimRuntime> = (0..MACHINES).map(|number| sim.node(&format!("machine {number}"))).collect();
    let faults = sim.faults();
    let (reconnected, took) = sim
        .run(async move {
            let first = host(&ana, people).start().await.unwrap();
            let address = SocketAddr::from((ana.ip(), first.addresses()[0].port()));
            let join = |number: usize| {
                let client = machines[number % MACHINES].client().nick(&format!("person {number}"));
                async move { client.join(address).await.unwrap() }
            };
            let mut clients: Vec<Client> = Vec::new();
            // So many as may be half-open come at once.
            while clients.len() < people {
                let next = clients.len()..people.min(clients.len() + 32);
                clients.extend(join_all(next.map(&join)).await);
            }
            faults.crash(&ana);
            faults.sleep(10 * SECOND).await;
            let back = host(&ana, people).bind(address).start().await.unwrap();
            let since = faults.now();
            let returns = clients.iter().map(|client| async {
                let mut events = client.events();
                while let Some(event) = events.next().await {
                    if let Event::Connected { session, .. } = event
                        && session.id == back.session().id
                    {
                        return true;
                    }
                }
                false
            });
            let reconnected = join_all(returns).await;
            (reconnected, faults.now().since(since))
        })
        .unwrap();
    assert!(reconnected.into_iter().all(|is_back| is_back));
    assert!(took <= 30 * SECOND, "{took:?}");
    println!("{people} are back after {took:?}");
}
