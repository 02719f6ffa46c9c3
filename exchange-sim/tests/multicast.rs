//! What anybody on a network can announce, and what it does to a session: nothing that lasts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use std::time::Duration;

use exchange_driver::{
    NetworkError,
    core::{
        Ended, Event, LinkLoss, SessionName,
        discovery::{PeerRecord, SessionEvent, SessionTable},
    },
};
use exchange_sim::driver::{Client, Host, Sim, SimRuntime};
use futures_util::StreamExt as _;

const SECOND: Duration = Duration::from_secs(1);

/// A record like that of a session, at an address of somebody else's.
fn forged(host: &Host, eve: &SimRuntime) -> PeerRecord {
    let mut record = PeerRecord::new(host.session().id, host.session().name.clone(), host.me().nick.clone(), 9);
    record.addresses.push((eve.ip(), 9).into());
    record
}

/// Whether a client has lost its link since it was last asked.
fn was_lost(events: &mut exchange_driver::Events) -> bool {
    let mut lost = false;
    while let Some(event) = events.try_event() {
        lost |= matches!(event, Event::Disconnected { .. });
    }
    lost
}

async fn is_heard(client: &Client) {
    client.room("lobby").send("still here").await.unwrap().delivered().await.unwrap();
}

#[test]
fn a_forged_goodbye_and_a_forged_address_cost_nobody_their_link() {
    let mut sim = Sim::new(5);
    let (ana, bo, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let client = bo.client().nick("bo").join("Lab 3").await.unwrap();
        let (mut events, mut browse) = (client.events(), bo.discovery().browse().unwrap());
        while !matches!(browse.next().await.unwrap(), SessionEvent::Appeared(_)) {}
        faults.false_goodbye(&eve, host.session().id);
        while !matches!(browse.next().await.unwrap(), SessionEvent::Disappeared(_)) {}
        faults.spoof(&eve, &forged(&host, &eve), 3600 * SECOND);
        while !matches!(browse.next().await.unwrap(), SessionEvent::Appeared(_)) {}
        faults.sleep(60 * SECOND).await;
        is_heard(&client).await;
        assert!(!was_lost(&mut events));

        faults.reset((&ana, Some(SECOND)), (&bo, Some(SECOND)));
        faults.sleep(2 * SECOND).await;
        is_heard(&client).await;
        assert!(was_lost(&mut events));
        assert_eq!(client.session().await.unwrap().unwrap().id, host.session().id, "it is back where it was");
    })
    .unwrap();
}

#[test]
fn what_is_announced_of_a_host_is_a_hint_that_its_handshake_has_to_prove() {
    let mut sim = Sim::new(5);
    let (ana, bo, cy, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("cy"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let ours = ana.host("Lab 3").start().await.unwrap();
        let mut browse = bo.discovery().browse().unwrap();
        let Some(SessionEvent::Appeared(record)) = browse.next().await else { panic!("it is there") };
        assert_eq!(record.peer, Some(ours.me().id));
        let client = bo.client().nick("bo").join("Lab 3").await.unwrap();
        let mut events = client.events();

        // Somebody else hosts a session of that name and that id, says so, and says that it is ana's.
        let theirs = eve.host("Lab 3").no_discovery().start().await.unwrap();
        let mut lie = record.clone();
        lie.addresses = theirs.addresses().iter().map(|address| (eve.ip(), address.port()).into()).collect();
        let misled = cy.client().nick("cy").join(lie.clone()).await;
        let (ana_id, eve_id) = (ours.me().id, theirs.me().id);
        assert!(
            matches!(misled, Err(NetworkError::Stranger { expected, found }) if (expected, found) == (ana_id, eve_id)),
            "{misled:?}"
        );
        // Whoever has met ana does not take anybody else for her, whatever is announced.
        lie.peer = Some(eve_id);
        faults.power_off(&ana);
        faults.spoof(&eve, &lie, 3600 * SECOND);
        let is_turned_away =
            |event: &Event| matches!(event, Event::Disconnected { cause: Ended::Lost(LinkLoss::Stranger { .. }), .. });
        while !events.next().await.is_some_and(|event| is_turned_away(&event)) {}
        assert_eq!(client.host().await.unwrap(), Some(ana_id));
        assert_eq!(theirs.people().await.unwrap().len(), 1, "nobody was with eve");
    })
    .unwrap();
}

#[test]
fn a_forged_goodbye_hides_a_session_until_somebody_asks_for_it() {
    let mut sim = Sim::new(5);
    let (ana, bo, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        faults.sleep(10 * SECOND).await;
        faults.false_goodbye(&eve, host.session().id);
        faults.sleep(SECOND).await;
        is_heard(&bo.client().join("Lab 3").await.unwrap()).await;
    })
    .unwrap();
}

#[test]
fn a_hundred_thousand_sessions_that_do_not_exist_fill_no_memory_and_hide_nobody_who_was_known() {
    let mut sim = Sim::new(5);
    let (ana, bo, eve, faults) = (sim.node("ana"), sim.node("bo"), sim.node("eve"), sim.faults());
    sim.run(async move {
        let host = ana.host("Lab 3").start().await.unwrap();
        let mut browse = bo.discovery().browse().unwrap();
        let Some(SessionEvent::Appeared(first)) = browse.next().await else { panic!("it is there") };
        let mut there = SessionTable::new();
        there.resolved(first);
        faults.flood(&eve, 100_000, SECOND);
        faults.sleep(SECOND / 2).await;
        let mut told = 0;
        while there.len() < SessionTable::MAX_SESSIONS {
            there.apply(browse.next().await.unwrap());
            told += 1;
            assert!(told <= SessionTable::MAX_SESSIONS);
        }
        assert!(there.get(host.session().id).is_some());
        is_heard(&bo.client().join("Lab 3").await.unwrap()).await;
        // It is over when those who announced it say nothing more.
        while there.len() > 1 {
            there.apply(browse.next().await.unwrap());
        }
        let name = SessionName::new("Lab 3").unwrap();
        assert!(there.iter().map(|record| &record.name).eq([&name]));
    })
    .unwrap();
}
