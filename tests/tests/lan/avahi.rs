//! Ours and those of Avahi, which most machines with Linux have, see each other.

use std::time::Instant;

use exchange_tests::lan::{Avahi, Lan, Program};

use crate::{appears, disappears, figure, found, host, join, messages, session, sessions, watch};

const TYPE: &str = "_exchange._tcp";

/// A session that nobody of ours hosts.
const FOREIGN: &str = "0123456789abcdef0123456789abcdef";

/// What is announced of a session by somebody else, at the end of the command that announces it.
fn publish(avahi: &Avahi<'_>, instance: &str, id: &str, name: &str) -> Program {
    let (id, name) = (format!("id={id}"), format!("n={name}"));
    let mut publisher =
        avahi.run(&["avahi-publish", "--service", instance, TYPE, "27027", "v=1", &id, &name, "h=cy", "p=1"]);
    publisher.says("Established under name");
    publisher
}

/// The line that `avahi-browse` shows for a session over IPv4: one mark when it is heard of, resolved or gone.
fn shown(browser: &mut Program, mark: char, id: &str) -> String {
    let begin = format!("{mark};eth0;IPv4;{id};{TYPE};local");
    browser.line(&begin, |line| line.starts_with(&begin).then(|| line.to_owned()))
}

#[test]
fn a_session_is_resolved_by_avahi_and_gone_from_it_after_its_goodbye() {
    let Some(lan) = Lan::with_tools(2, &Avahi::TOOLS) else { return };
    let avahi = lan.avahi("h2", "carol-pc");
    let mut browser = avahi.run(&["avahi-browse", "--resolve", "--parsable", TYPE]);
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let hosting = ana.event("hosting");
    let announced = Instant::now();
    let id = hosting["session_id"].as_str().unwrap();
    let resolved = shown(&mut browser, '=', id);
    figure("avahi had resolved a session", announced.elapsed());
    let port = hosting["addresses"][0].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    for part in [";10.77.0.1;", &format!(";{port};"), r#""n=Lab 3""#, r#""h=ana""#] {
        assert!(resolved.contains(part), "{part} in {resolved}");
    }
    ana.interrupt();
    let interrupted = Instant::now();
    shown(&mut browser, '-', id);
    figure("avahi had forgotten a session", interrupted.elapsed());
}

#[test]
fn a_session_that_avahi_publishes_is_listed_until_it_does_so_no_longer() {
    let Some(lan) = Lan::with_tools(2, &Avahi::TOOLS) else { return };
    let avahi = lan.avahi("h2", "carol-pc");
    let mut watcher = watch(&lan, "h1");
    watcher.says("Watching");
    let publisher = publish(&avahi, FOREIGN, FOREIGN, "Lab 3");
    let listed = appears(&mut watcher, "Lab 3", Instant::now(), "as avahi published it");
    assert_eq!((&listed["session_id"], &listed["host"]), (&FOREIGN.into(), &"cy".into()));
    publisher.interrupt();
    disappears(&mut watcher, &listed, Instant::now(), "as avahi published it no longer");
}

#[test]
fn a_session_keeps_its_name_when_somebody_else_claims_it() {
    let Some(lan) = Lan::with_tools(3, &Avahi::TOOLS) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let id = ana.event("hosting")["session_id"].as_str().unwrap().to_owned();
    let avahi = lan.avahi("h2", "carol-pc");
    let mut browser = avahi.run(&["avahi-browse", "--resolve", "--parsable", TYPE]);
    shown(&mut browser, '=', &id);
    // The other one is given another name, and under that it is no session.
    let mut publisher = publish(&avahi, &id, &id, "Not Lab 3");
    publisher.interrupt();
    publisher.ended();
    assert!(publisher.story().contains(&format!("{id} #2")), "{}", publisher.story());

    let _publisher = publish(&avahi, &id, &id, "Not Lab 3");
    let mut watcher = watch(&lan, "h3");
    let listed = session(&mut watcher, &["appeared"], "Lab 3");
    assert_eq!(listed["session_id"], *id);
    let mut bo = join(&lan, "h3", "bo", &["Lab 3"]);
    found(&mut bo, "although somebody else claimed its name");
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    assert!(!watcher.story().contains("Not Lab 3"), "{}", watcher.story());
}

#[test]
fn avahi_on_the_same_machine_is_in_nobodys_way() {
    let Some(lan) = Lan::with_tools(2, &Avahi::TOOLS) else { return };
    let avahi = lan.avahi("h1", "carol-pc");
    let mut browser = avahi.run(&["avahi-browse", "--resolve", "--parsable", TYPE]);
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let id = ana.event("hosting")["session_id"].as_str().unwrap().to_owned();
    shown(&mut browser, '=', &id);
    let _publisher = publish(&avahi, FOREIGN, FOREIGN, "Lab 4");
    let mut bo = join(&lan, "h2", "bo", &["Lab 3"]);
    found(&mut bo, "from a machine that has avahi");
    let mut beside = watch(&lan, "h1");
    sessions(&mut beside, ["Lab 3", "Lab 4"]);
}
