//! Hosts that are gone without a word, for minutes.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use exchange_tests::lan::Lan;
use serde_json::Value;

use crate::{figure, host, is_news, join, messages, sessions, watch};

/// What is announced is believed for two minutes.
const TO_EXPIRE: Duration = Duration::from_secs(125);

/// How long the network is broken.
const BREAK: Duration = Duration::from_secs(140);

/// As long as people are promised it takes until everything is as before, once the network is.
const TO_HEAL: Duration = Duration::from_secs(60);

#[test]
fn a_host_that_is_killed_is_forgotten_in_the_end_and_one_that_is_cut_off_is_back_when_the_network_is() {
    let Some(lan) = Lan::new(4) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut bo = host(&lan, "h2", "bo", "Lab 4");
    let mut watcher = watch(&lan, "h3");
    let [lab_3, lab_4] = sessions(&mut watcher, ["Lab 3", "Lab 4"]);
    let mut cy = join(&lan, "h4", "cy", &["Lab 3"]);
    cy.event("connected");
    ana.event("hosting");
    bo.event("hosting");

    // As when a switch is changed: no cable is out, nothing is told, and nothing arrives.
    lan.ip("-n switch link set p1 nomaster");
    let began = Instant::now();
    drop(bo);
    cy.event("disconnected");
    figure("that the network was silent was noticed", began.elapsed());
    let mut believed = BTreeMap::from([(id(&lab_3), "cut off"), (id(&lab_4), "killed")]);
    watcher.until("both are forgotten", TO_EXPIRE.saturating_sub(began.elapsed()), |event| {
        let what = believed.remove((event["event"] == "disappeared").then(|| id(event))?)?;
        figure(&format!("a host that was {what} was no longer listed"), began.elapsed());
        believed.is_empty().then_some(())
    });
    watcher.hears_not("it is back before the network is", BREAK.saturating_sub(began.elapsed()), |event| {
        is_news(event, "appeared", "Lab 3")
    });

    lan.ip("-n switch link set p1 master br0");
    let healed = Instant::now();
    watcher.until("it is back", TO_HEAL, |event| is_news(event, "appeared", "Lab 3").then_some(()));
    figure("after a silent break of 140 s, the session was listed again", healed.elapsed());
    let left = TO_HEAL.saturating_sub(healed.elapsed());
    cy.until("it is in again", left, |event| (event["event"] == "connected").then_some(()));
    figure("after a silent break of 140 s, who was in it was in it again", healed.elapsed());
    cy.say("there you are");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "there you are");
}

fn id(event: &Value) -> &str {
    event["session_id"].as_str().unwrap_or_default()
}
