//! Networks on which somebody announces without end, and readers who do not keep up.

use std::time::Instant;

use exchange_tests::lan::{Lan, Program};

use crate::{PATIENCE, appears, disappears, found, host, is_news, join, messages, session, watch};

/// Somebody who floods the network from now on.
fn flood(lan: &Lan, at: &str) -> Program {
    // Packets go out where packets of their kind do.
    lan.ip(&format!("-n {at} route add 224.0.0.0/4 dev eth0"));
    let address = at.replace('h', "10.77.0.");
    let mut flood = lan.start_example(at, "flood", &[&address]);
    flood.says("flooding");
    flood
}

#[test]
fn amid_a_flood_of_foreign_and_malformed_answers_people_meet_and_part_as_ever() {
    let Some(lan) = Lan::new(4) else { return };
    let mut watcher = watch(&lan, "h3");
    watcher.says("Watching");
    let _flood = flood(&lan, "h4");
    session(&mut watcher, &["appeared"], "Lab 4");
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let listed = appears(&mut watcher, "Lab 3", Instant::now(), "amid a flood");
    let mut bo = join(&lan, "h2", "bo", &["Lab 3"]);
    found(&mut bo, "amid a flood");
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    ana.interrupt();
    disappears(&mut watcher, &listed, Instant::now(), "amid a flood");
    assert_eq!(ana.ended(), 0);
    assert!(!watcher.story().contains('\u{1b}'));
}

#[test]
fn who_reads_too_slowly_is_told_what_is_there_when_it_reads_again() {
    let Some(lan) = Lan::new(3) else { return };
    let mut slow = lan.start_unread("h2", "a slow reader", &["ls", "--watch", "--json"]);
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let flood = flood(&lan, "h3");
    let mut quick = watch(&lan, "h2");
    let mut news = 0;
    // A pipe takes a few hundred, and a thousand wait to be written.
    quick.until("more events than can wait", PATIENCE, |event| {
        news += usize::from(event["event"] == "changed");
        (news > 1500).then_some(())
    });
    drop(flood);
    let mut bo = host(&lan, "h3", "bo", "Lab 5");
    bo.event("hosting");
    ana.interrupt();
    slow.say("go");
    let mut names = Vec::new();
    slow.until("Lab 5 is there", PATIENCE, |event| {
        names.extend(event["session"].as_str().map(str::to_owned));
        is_news(event, "appeared", "Lab 5").then_some(())
    });
    assert!(names.iter().any(|name| name == "Lab 4"), "{names:?}");
}
