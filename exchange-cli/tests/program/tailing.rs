//! What was said last, and what is said from then on.

use serde_json::Value;

use crate::process::{Program, guest, host, host_at};

fn tail(arguments: &[&str]) -> (i32, Vec<String>, Vec<String>) {
    Program::run(&[&["tail", "--nick", "cy"], arguments].concat())
}

/// Says it as somebody who sees it said.
fn say(ana: &mut Program, texts: &[&str]) {
    for text in texts {
        ana.say(text);
        ana.until("message", "text", text);
    }
}

#[test]
fn the_last_messages_are_shown_as_they_stand() {
    let (mut ana, address) = host(&[]);
    let none: [&str; 0] = [];
    assert_eq!(tail(&[&address]), (0, Vec::new(), Vec::new()), "nothing was said");
    say(&mut ana, &["one", "two", "three", "four"]);
    ana.say("/delete");
    ana.event("deleted");
    ana.say("/edit drei");
    ana.event("edited");
    let (code, out, err) = tail(&[&address, "-n", "2"]);
    assert_eq!((code, err), (0, Vec::new()));
    assert_eq!(out, ["<ana> two", "<ana> drei (edited)"]);
    assert_eq!(tail(&[&address]).1.len(), 3);
    assert_eq!(tail(&[&address, "-n", "0"]).1, none);

    let (_, out, _) = tail(&[&address, "--json", "-n", "1"]);
    let held: Value = serde_json::from_str(&out[0]).unwrap();
    assert_eq!((&held["event"], &held["text"], &held["edited"]), (&"held".into(), &"drei".into(), &true.into()));
    assert_eq!(out.len(), 1);
}

#[test]
fn more_than_is_given_to_newcomers_is_fetched() {
    let (mut ana, address) = host(&["--rate", "100000"]);
    for number in 1..=450 {
        ana.say(&format!("number {number}"));
    }
    ana.until("message", "text", "number 450");
    let (code, out, _) = tail(&[&address, "-n", "430"]);
    assert_eq!(code, 0);
    assert!(out.into_iter().eq((21..=450).map(|number| format!("<ana> number {number}"))));
    assert_eq!(tail(&[&address, "-n", "9999"]).1.len(), 450);
}

#[test]
fn what_is_said_from_then_on_follows_without_a_seam() {
    let (mut ana, address) = host(&["--room", "den"]);
    say(&mut ana, &["before"]);
    let mut cy = Program::start(&["tail", &address, "--nick", "cy", "--room", "den", "-f", "--json"]);
    assert_eq!(cy.event("held")["text"], "before");
    let mut bo = guest(&address, "bo", &[]);
    bo.say("in the lobby");
    ana.until("message", "text", "in the lobby");
    say(&mut ana, &["after"]);
    ana.say("/edit later");
    let after = cy.event("message");
    assert_eq!((&after["text"], &after["room"]), (&"after".into(), &"den".into()));
    let edited = cy.event("edited");
    assert_eq!((&edited["of"], &edited["text"]), (&after["seq"], &"later".into()));
    ana.interrupt();
    assert_eq!(cy.exit_code(), 0);
    assert_eq!(cy.out.all().len(), 3, "{:?}", cy.out.all());
    assert_eq!(cy.err.all(), [""; 0]);
}

#[test]
fn whoever_waits_reads_on_when_the_host_is_back() {
    let address = if cfg!(target_os = "linux") { "127.0.0.82:0" } else { "127.0.0.1:0" };
    let (mut ana, address) = host_at(address, &[]);
    say(&mut ana, &["before", "and once more"]);
    let mut cy = Program::start(&["tail", &address, "--nick", "cy", "-f", "--json", "--wait"]);
    cy.until("held", "text", "and once more");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    let (mut ana, _) = host_at(&address, &[]);
    ana.until("joined", "nick", "cy");
    say(&mut ana, &["again"]);
    cy.event("history_lost");
    assert_eq!(cy.event("message")["text"], "again");
    cy.interrupt();
    assert_eq!(cy.exit_code(), 0);
    assert_eq!(cy.err.all(), [""; 0]);
}

#[test]
fn whoever_is_interrupted_has_seen_enough() {
    let (mut ana, address) = host(&[]);
    say(&mut ana, &["before"]);
    let mut cy = Program::start(&["tail", &address, "--nick", "cy", "--follow"]);
    cy.out.wait_for_words("<ana> before");
    cy.interrupt();
    assert_eq!(cy.exit_code(), 0);
    assert_eq!(ana.event("left")["reason"], "left");
    assert_eq!(cy.err.all(), [""; 0]);
}

#[test]
fn a_room_that_cannot_be_read_is_4_and_a_session_that_is_not_there_is_3() {
    let (_ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/private den");
    bo.until("room_joined", "room", "den");
    let (code, out, err) = tail(&[&address, "--room", "den"]);
    assert_eq!((code, out), (4, Vec::new()));
    assert!(err[0].starts_with("exchange: You cannot join #den: the room is private"), "{err:?}");
    assert_eq!(tail(&["Lab 3", "--no-discovery"]).0, 3);
}

#[test]
fn when_nobody_reads_it_it_ends_quietly() {
    let (mut ana, address) = host(&[]);
    say(&mut ana, &["before"]);
    let mut cy = Program::start(&["tail", &address, "--nick", "cy", "-f", "--json"]);
    cy.event("held");
    cy.out.close();
    let is_gone =
        |line: &str| (line.contains("\"message\"") || line.contains("\"left\"")).then(|| line.contains("\"left\""));
    ana.say("anybody?");
    while !ana.out.wait_for(is_gone) {
        ana.say("anybody?");
    }
    assert_eq!(cy.exit_code(), 0);
    assert_eq!(cy.err.all(), [""; 0]);
}
