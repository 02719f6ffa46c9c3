//! The program `exchange`, among people on one local network with no way out and no name server.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use exchange_tests::{
    PATIENCE,
    lan::{self, Lan, Program},
};
use serde_json::Value;

/// As long as people are promised it takes to find a session.
const TO_FIND: Duration = Duration::from_secs(2);

/// As long as they are promised that one is still listed which has ended in an orderly way.
const TO_FORGET: Duration = Duration::from_secs(3);

#[test]
fn people_find_a_session_without_an_address_and_see_every_message_once_in_one_order() {
    let Some(lan) = Lan::new(4) else { return };
    // All at once: two look for a session that is only just coming to be.
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = [("h2", "bo"), ("h3", "cy")].map(|(at, nick)| join(&lan, at, nick, &[]));
    found(&mut bo, "together with the host");
    found(&mut cy, "together with the host");
    ana.event("hosting");
    for line in ["one", "two"] {
        for person in [&mut ana, &mut bo, &mut cy] {
            person.say(&format!("{line} from {}", person.name()));
        }
    }
    let heard_by_ana = messages(&mut ana, 6);
    // And one later, who is told what was said before.
    let mut dee = join(&lan, "h4", "dee", &[]);
    found(&mut dee, "later");
    dee.say("what did I miss?");

    let mut everybody = vec![heard_by_ana];
    everybody[0].extend(messages(&mut ana, 1));
    everybody.extend([&mut bo, &mut cy, &mut dee].map(|person| messages(person, 7)));
    for (number, heard) in everybody.iter().enumerate() {
        assert_eq!(heard, &everybody[0], "{number}");
    }
    let mut texts: Vec<_> = everybody[0].iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts.pop(), Some("what did I miss?"));
    texts.sort_unstable();
    let said = ["one from ana", "one from bo", "one from cy", "two from ana", "two from bo", "two from cy"];
    assert_eq!(texts, said);
}

#[test]
fn a_host_that_is_interrupted_says_goodbye_and_is_found_again_when_it_is_back() {
    let Some(lan) = Lan::new(4) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut watcher = lan.start("h4", "somebody who looks", &["ls", "--watch", "--json"]);
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
    watcher.until("the session disappears", TO_FORGET, |event| {
        (event["event"] == "disappeared" && event["session_id"] == listed["session_id"]).then_some(())
    });
    figure("it was not listed any more", interrupted.elapsed());
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

#[test]
fn a_network_of_containers_is_neither_announced_nor_spoken_on() {
    let Some(lan) = Lan::new(2) else { return };
    for at in ["h1", "h2"] {
        // As container engines do it, with one container running: the same addresses on every machine.
        lan.ip(&format!("netns add {at}-container"));
        lan.ip(&format!("-n {at} link add docker0 type bridge"));
        lan.ip(&format!("link add eth0 netns {at}-container type veth peer name veth1a2b3c netns {at}"));
        lan.ip(&format!("-n {at} link set veth1a2b3c master docker0 up"));
        lan.ip(&format!("-n {at} addr add 172.17.0.1/16 dev docker0"));
        lan.ip(&format!("-n {at} link set docker0 up"));
        lan.ip(&format!("-n {at}-container addr add 172.17.0.2/16 dev eth0"));
        lan.ip(&format!("-n {at}-container link set eth0 up"));
    }
    let own = lan.addresses("h1", "eth0");
    let foreign = lan.addresses("h1", "docker0");
    assert!(foreign.iter().any(|address| address.starts_with("fe80:")), "{foreign:?}");

    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = lan.start("h2", "somebody who looks", &["ls", "--watch", "--json"]);
    watcher.until("all its addresses are known", PATIENCE, |event| {
        let listed: Vec<String> = addresses(event);
        for address in &listed {
            assert!(own.contains(address), "{address} is announced, of {own:?}");
        }
        (listed.len() == own.len()).then_some(())
    });
    let mut bo = join(&lan, "h2", "bo", &[]);
    found(&mut bo, "beside a network of containers");
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");

    let mut contained = lan.start("h1-container", "a container", &["join", "--json", "--timeout", "1.5"]);
    assert_eq!(contained.ended(), 3, "{}", contained.story());
}

#[test]
fn a_network_without_ipv4_will_do() {
    let Some(lan) = Lan::new(2) else { return };
    for at in ["h1", "h2"] {
        lan.ip(&format!("-n {at} -4 addr flush dev eth0"));
    }
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut bo = join(&lan, "h2", "bo", &[]);
    found(&mut bo, "over IPv6 only");
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    let mut watcher = lan.start("h2", "somebody who looks", &["ls", "--watch", "--json"]);
    let listed = session(&mut watcher, &["appeared", "changed"], "Lab 3");
    assert!(addresses(&listed).iter().all(|address| address.contains(':')), "{listed}");
}

#[test]
fn of_two_sessions_with_one_name_neither_is_joined_but_by_its_address() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut bo = host(&lan, "h2", "bo", "Lab 3");
    let mut watcher = lan.start("h3", "somebody who looks", &["ls", "--watch", "--json"]);
    session(&mut watcher, &["appeared"], "Lab 3");
    session(&mut watcher, &["appeared"], "Lab 3");
    ana.event("hosting");
    bo.event("hosting");

    let mut cy = join(&lan, "h3", "cy", &["Lab 3"]);
    assert_eq!(cy.ended(), 3, "{}", cy.story());
    // Which of its addresses is known first differs; the name they share is offered to nobody.
    let offered = ["ana", "bo"].map(|nick| format!("hosted by {nick}, 1 person: exchange join "));
    for words in ["there are 2 sessions called Lab 3", &offered[0], &offered[1]] {
        assert!(cy.story().contains(words), "{}", cy.story());
    }
    assert!(!cy.story().contains("exchange join \"Lab 3\""), "{}", cy.story());
    let mut cy = join(&lan, "h3", "cy", &["10.77.0.2"]);
    cy.event("connected");
    cy.say("hello, bo");
    assert_eq!(messages(&mut bo, 1)[0]["text"], "hello, bo");
}

#[test]
fn a_cable_that_is_out_for_a_while_costs_time_but_no_message() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = [("h2", "bo"), ("h3", "cy")].map(|(at, nick)| join(&lan, at, nick, &[]));
    bo.event("connected");
    cy.event("connected");

    // So short that nobody notices, and then so long that the link is given up.
    lan.ip("-n h2 link set eth0 down");
    bo.say("one from bo");
    cy.say("one from cy");
    let mut heard_by_ana = messages(&mut ana, 1);
    lan.ip("-n h2 link set eth0 up");
    heard_by_ana.extend(messages(&mut ana, 1));

    lan.ip("-n h2 link set eth0 down");
    bo.say("two from bo");
    cy.say("two from cy");
    heard_by_ana.extend(messages(&mut ana, 1));
    let unplugged = Instant::now();
    let heard_by_bo = messages(&mut bo, 2);
    bo.event("disconnected");
    figure("that the cable was out was noticed", unplugged.elapsed());
    lan.ip("-n h2 link set eth0 up");
    let plugged = Instant::now();
    assert_eq!(bo.event("connected")["resumed"], true);
    figure("the link was back", plugged.elapsed());
    bo.say("the end");

    heard_by_ana.extend(messages(&mut ana, 2));
    let heard_by_bo = [heard_by_bo, messages(&mut bo, 3)].concat();
    let texts: Vec<_> = heard_by_ana.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one from cy", "one from bo", "two from cy", "two from bo", "the end"]);
    assert_eq!(heard_by_bo, heard_by_ana);
    assert_eq!(messages(&mut cy, 5), heard_by_ana);
}

#[test]
fn the_host_and_the_client_of_the_readme_find_each_other_and_talk() {
    find_each_other_and_talk(["hello_host", "hello_client"], |host| host.interrupt());
}

#[test]
fn so_do_those_on_async_std() {
    find_each_other_and_talk(["async_std_hello_host", "async_std_hello_client"], |host| host.say(""));
}

fn find_each_other_and_talk([host, client]: [&str; 2], end: fn(&mut Program)) {
    let Some(lan) = Lan::new(2) else { return };
    let mut host = lan.start_example("h1", host);
    host.says("others run: exchange join 'Lab 3'");
    let mut client = lan.start_example("h2", client);
    client.says("bo: !ping");
    client.says("ana: pong");
    end(&mut host);
    assert_eq!(host.ended(), 0, "{}", host.story());
}

fn host(lan: &Lan, at: &str, nick: &str, name: &str) -> Program {
    lan.start(at, nick, &["host", name, "--nick", nick, "--json"])
}

fn join(lan: &Lan, at: &str, nick: &str, more: &[&str]) -> Program {
    lan.start(at, nick, &[&["join", "--nick", nick, "--json"], more].concat())
}

/// Waits until somebody who has just begun to look for a session is in it.
fn found(person: &mut Program, how: &str) {
    let left = TO_FIND.saturating_sub(person.age());
    person.until("connected", left, |event| (event["event"] == "connected").then_some(()));
    figure(&format!("{} was in, {how},", person.name()), person.age());
}

/// The next messages: what of them is the same for everybody.
fn messages(person: &mut Program, count: usize) -> Vec<Value> {
    (0..count).map(|_| person.event("message")).map(|message| {
        serde_json::json!({ "seq": message["seq"], "id": message["id"], "sender": message["sender"], "text": message["text"] })
    }).collect()
}

/// The next news, of one of these kinds, of a session of this name.
fn session(watcher: &mut Program, kinds: &[&str], name: &str) -> Value {
    watcher.until(name, PATIENCE, |event| {
        let kind = event["event"].as_str()?;
        (kinds.contains(&kind) && event["session"] == name).then(|| event.clone())
    })
}

/// The addresses in an event, without their ports and scopes.
fn addresses(event: &Value) -> Vec<String> {
    let listed = event["addresses"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ip = |address: &str| Some(address.parse::<std::net::SocketAddr>().ok()?.ip().to_string());
    listed.filter_map(ip).collect()
}

fn figure(what: &str, after: Duration) {
    lan::say(&format!("{what} after {} ms", after.as_millis()));
}
