//! Lines that are messages, whatever they look like.

use crate::{
    endings::piped,
    process::{Program, guest, host},
};

fn pipe(address: &str, more: &[&str]) -> Program {
    Program::start(&[&["pipe", address, "--nick", "bo"], more].concat())
}

#[test]
fn every_line_is_said_as_it_is() {
    let (mut ana, address) = host(&[]);
    let mut bo = pipe(&address, &[]);
    let lines = ["/quit", "//help", "  /etc/passwd", "", " \t", "plain"];
    for line in lines {
        bo.say(line);
    }
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
    assert_eq!([(); 4].map(|()| ana.message()), ["/quit", "//help", "  /etc/passwd", "plain"]);
    assert_eq!(ana.event("left")["reason"], "left");
    assert_eq!((bo.out.all().len(), bo.err.all().len()), (0, 0), "{:?}", bo.err.all());
}

#[test]
fn a_long_text_is_delivered_whole_and_each_line_has_its_receipt() {
    const LINES: usize = 1000;
    // More than may wait in the program, at the pace of this host: the rest waits in the pipe.
    let (mut ana, address) = host(&["--rate", "150"]);
    let mut bo = pipe(&address, &["--json"]);
    for number in 0..LINES {
        bo.say(&format!("line {number}"));
    }
    bo.hang_up();
    for number in 0..LINES {
        let message = ana.event("message");
        assert_eq!(message["text"], format!("line {number}"));
        let receipt = bo.event("receipt");
        assert_eq!((&receipt["id"], &receipt["seq"]), (&message["id"], &message["seq"]));
    }
    assert_eq!(bo.exit_code(), 0);
    assert_eq!(bo.out.all().len(), LINES);
}

#[test]
fn what_is_refused_is_said_and_the_others_are_delivered() {
    let (mut ana, address) = host(&[]);
    let mut bo = pipe(&address, &[]);
    for line in ["before", &"x".repeat(10_000), "after"] {
        bo.say(line);
    }
    bo.hang_up();
    assert_eq!(bo.exit_code(), 5);
    assert_eq!((ana.message(), ana.message()), ("before".into(), "after".into()));
    let err = bo.err.all().join("\n");
    assert!(err.contains("too long") && err.contains("1 message was not delivered"), "{err}");
}

#[test]
fn a_slow_host_is_waited_for_as_long_as_it_takes_messages() {
    // All that it takes in three seconds are five.
    let (mut ana, address) = host(&["--rate", "1"]);
    let mut bo = pipe(&address, &["--timeout", "3"]);
    for number in 1..=7 {
        bo.say(&format!("line {number}"));
    }
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0, "{:?}", bo.err.all());
    ana.until("message", "text", "line 7");
}

#[test]
fn what_the_host_does_not_take_in_time_is_not_delivered() {
    let (mut ana, address) = host(&[]);
    let (address, valve) = piped(&address);
    let mut bo = pipe(&address, &["--timeout", "2"]);
    bo.say("one");
    assert_eq!(ana.message(), "one");
    valve.shut();
    bo.say("two");
    bo.hang_up();
    assert_eq!(bo.exit_code(), 5);
    assert_eq!(bo.err.all(), ["-- 1 message was not delivered, as far as is known."]);
}

#[test]
fn a_host_that_closes_before_the_end_of_the_input_has_not_been_told_all() {
    let (mut ana, address) = host(&[]);
    let mut bo = pipe(&address, &[]);
    bo.say("one");
    assert_eq!(ana.message(), "one");
    ana.interrupt();
    assert_eq!(bo.exit_code(), 5);
    assert_eq!(bo.err.all(), ["exchange: The host closed the session before the end of the input."]);
}

#[test]
fn whoever_is_interrupted_or_removed_ends_as_in_a_conversation() {
    let (mut ana, address) = host(&[]);
    let mut bo = pipe(&address, &[]);
    bo.say("one");
    assert_eq!(ana.message(), "one");
    bo.interrupt();
    assert_eq!(bo.exit_code(), 0);

    let mut cy = guest(&address, "cy", &["--room", "den"]);
    cy.until("room_joined", "room", "den");
    let mut bo = pipe(&address, &["--room", "den"]);
    bo.say("two");
    assert_eq!(cy.until("message", "room", "den")["text"], "two");
    cy.say("/kick bo too loud");
    assert_eq!(bo.exit_code(), 4);
    let err = bo.err.all().join("\n");
    assert!(err.contains("You are not in #den any more") && err.contains("too loud"), "{err}");
}
