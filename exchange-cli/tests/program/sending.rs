//! One message of a script's.

use std::net::TcpListener;

use serde_json::Value;

use crate::process::{Program, guest, host, hosting_at};

/// What becomes of it, without anything on standard input.
fn send(arguments: &[&str]) -> (i32, Vec<String>, String) {
    let mut bo = Program::start(&[&["send", "--nick", "bo"], arguments].concat());
    bo.hang_up();
    (bo.exit_code(), bo.out.all().to_vec(), bo.err.all().join("\n"))
}

#[test]
fn a_message_is_delivered_as_it_is_and_nothing_is_said_of_it() {
    let (mut ana, address) = host(&[]);
    let quiet = (0, Vec::new(), String::new());
    for (arguments, text) in [
        (&["the", "build is", "done"][..], "the build is done"),
        (&["/quit"], "/quit"),
        (&["--", "-v", "//"], "-v //"),
        (&["-m", "-"], "-"),
    ] {
        assert_eq!(send(&[&[&address[..]], arguments].concat()), quiet);
        let message = ana.event("message");
        assert_eq!((&message["sender"], &message["text"]), (&"bo".into(), &text.into()));
        assert_eq!(ana.event("left")["reason"], "left");
    }
}

#[test]
fn a_receipt_is_printed_for_programs() {
    let (mut ana, address) = host(&[]);
    let (code, out, err) = send(&[&address, "--json", "hi"]);
    assert_eq!((code, out.len(), &err[..]), (0, 1, ""));
    let (receipt, message) = (serde_json::from_str::<Value>(&out[0]).unwrap(), ana.event("message"));
    assert_eq!((&receipt["event"], &receipt["outcome"]), (&"receipt".into(), &"logged".into()));
    assert_eq!((&receipt["id"], &receipt["seq"]), (&message["id"], &message["seq"]));
}

#[test]
fn standard_input_is_one_message() {
    let (mut ana, address) = host(&[]);
    for arguments in [&["send", &address[..]][..], &["send", &address, "-"]] {
        let mut bo = Program::start(arguments);
        for line in ["", "one", "  /two", "", "three", "", ""] {
            bo.say(line);
        }
        bo.hang_up();
        assert_eq!(bo.exit_code(), 0, "{:?}", bo.err.all());
        assert_eq!(ana.message(), "\none\n  /two\n\nthree");
    }
    assert_eq!(send(&[&address]), (2, Vec::new(), "exchange: There is nothing to send.".into()));
}

#[test]
fn a_message_goes_to_a_room_or_to_one_person_alone() {
    let (mut ana, address) = host(&[]);
    let mut cy = guest(&address, "cy", &["--room", "den"]);
    cy.until("room_joined", "room", "den");
    assert_eq!(send(&[&address, "--room", "den", "for the den"]).0, 0);
    assert_eq!(send(&[&address, "--to", "cy", "for cy"]).0, 0);
    assert_eq!(send(&[&address, "for all"]).0, 0);
    let heard = ["for the den", "for cy", "for all"].map(|text| cy.until("message", "text", text)["room"].clone());
    assert_eq!((&heard[0], &heard[2]), (&"den".into(), &"lobby".into()));
    assert!(heard[1] != "den" && heard[1] != "lobby", "{heard:?}");
    assert_eq!(ana.message(), "for all", "and nothing else");

    for nobody in ["zoe", "bo"] {
        let (code, _, err) = send(&[&address, "--to", nobody, "for nobody"]);
        assert_eq!((code, err), (3, format!("exchange: Nobody else here is called {nobody}.")));
    }
}

#[test]
fn what_is_not_delivered_is_said_and_makes_the_exit_code_5() {
    let (_ana, address) = host(&[]);
    let (code, _, err) = send(&[&address, &"x".repeat(10_000)]);
    assert_eq!(code, 5);
    assert!(err.contains("Your message in #lobby was not delivered: too long"), "{err}");
    // Whoever connects there is never answered.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (code, _, err) = send(&[&silent.local_addr().unwrap().to_string(), "--timeout", "0.1", "hi"]);
    assert_eq!((code, err.contains("no answer in time")), (5, true), "{err}");
}

#[test]
fn who_is_not_let_in_is_told_why_and_by_the_exit_code() {
    let (_ana, address) = host(&[]);
    let mut cy = guest(&address, "cy", &[]);
    cy.say("/private den");
    cy.until("room_joined", "room", "den");
    let (code, _, err) = send(&[&address, "--room", "den", "hi"]);
    assert_eq!((code, err.starts_with("exchange: You cannot join #den: the room is private")), (4, true), "{err}");

    let (mut ana, hosting) = hosting_at("127.0.0.1:0", &["--code"]);
    let (address, secret) = (hosting["addresses"][0].as_str().unwrap(), hosting["code"].as_str().unwrap());
    let (code, _, err) = send(&[address, "hi"]);
    assert_eq!((code, err.contains("the session asks for a code")), (4, true), "{err}");
    let mut bo = Program::start(&["send", address, "--nick", "bo", "--code", "-"]);
    bo.say(secret);
    bo.say("the code is no part of it");
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0, "{:?}", bo.err.all());
    assert_eq!(ana.message(), "the code is no part of it");

    let (code, _, err) = send(&["Lab 3", "--no-discovery", "hi"]);
    assert_eq!((code, err.contains("session \"Lab 3\" was not found")), (3, true), "{err}");
    assert!(err.contains("exchange join ADDRESS"), "what can be done is said too: {err}");
}
