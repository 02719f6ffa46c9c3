//! Hosts that end, in an orderly way or not, and come back.

use std::time::Instant;

use exchange_tests::lan::Lan;

use crate::{disappears, figure, host, join, messages, session, watch};

#[test]
fn a_host_that_is_interrupted_says_goodbye_and_is_found_again_when_it_is_back() {
    let Some(lan) = Lan::new(4) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut watcher = watch(&lan, "h4");
    let listed = session(&mut watcher, &["appeared"], "Lab 3");
    let mut bo = join(&lan, "h2", "bo", &[]);
    let mut cy = join(&lan, "h3", "cy", &["--wait"]);
    bo.event("connected");
    cy.event("connected");

    ana.interrupt();
    let interrupted = Instant::now();
    for person in [&mut bo, &mut cy] {
        assert_eq!(person.event("disconnected")["reason"], "host_closed");
        figure(&format!("{} heard that the host closed", person.name()), interrupted.elapsed());
    }
    assert_eq!(bo.ended(), 0);
    disappears(&mut watcher, &listed, interrupted, "after a goodbye");
    assert_eq!(ana.ended(), 0);

    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    assert_eq!(cy.event("connected")["session"], "Lab 3");
    figure("who had waited was in it again", ana.age());
    cy.say("there you are");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "there you are");
}

#[test]
fn a_host_that_is_killed_and_started_again_is_found_again() {
    let Some(lan) = Lan::new(2) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut bo = join(&lan, "h2", "bo", &[]);
    bo.event("connected");
    drop(ana);
    bo.event("disconnected");
    // Where it is now is not where it was, and those that it was announced to still believe in that.
    let mut ana = lan.start("h1", "ana", &["host", "Lab 3", "--nick", "ana", "--json", "--port", "4711"]);
    bo.event("connected");
    figure("the link to a host that was killed and started again was back", ana.age());
    bo.say("what happened?");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "what happened?");
}
