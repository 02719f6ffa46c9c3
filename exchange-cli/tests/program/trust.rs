//! Who one is and whom one knows, from one run of the program to the next.

use std::fs;

use crate::process::{Program, guest, host, reader};

const STRANGER: i32 = 9;

#[test]
fn the_same_person_is_the_same_the_next_time_and_so_is_the_host() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.err.wait_for_words("whom you meet for the first time");
    let peer = ana.event("joined")["peer"].clone();
    bo.say("/quit");
    assert_eq!(bo.exit_code(), 0);
    let mut bo = guest(&address, "bo", &[]);
    bo.err.wait_for_words("whom you met here before");
    ana.event("left");
    assert_eq!(ana.event("joined")["peer"], peer);
}

#[test]
fn a_session_that_is_hosted_by_somebody_else_than_before_is_left_with_a_word_on_it() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/quit");
    assert_eq!(bo.exit_code(), 0);
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);

    let home = tempfile::tempdir().unwrap();
    let (_other, address) = host(&["--home", home.path().to_str().unwrap()]);
    let (code, out, err) = Program::run(&["join", &address, "--nick", "bo", "--json"]);
    assert_eq!(code, STRANGER);
    assert!(out.iter().all(|line| !line.contains("connected")), "{out:?}");
    for words in ["is not who did before", "exchange id trust \"Lab 3\" ", "exchange id forget \"Lab 3\""] {
        assert!(err.iter().any(|line| line.contains(words)), "{err:?}");
    }
}

#[test]
fn whoever_joins_the_session_that_they_host_themselves_is_somebody_new_there() {
    let home = tempfile::tempdir().unwrap();
    let home = ["--home", home.path().to_str().unwrap()];
    let (mut ana, address) = host(&home);
    let _bo = guest(&address, "bo", &home);
    let joined = ana.event("joined");
    ana.say("/who");
    let people: Vec<_> = (0..2).map(|_| ana.event("person")).collect();
    assert!(people.iter().any(|person| person["peer"] == joined["peer"] && person["you"] == false), "{people:?}");
    assert!(people.iter().any(|person| person["peer"] != joined["peer"] && person["you"] == true), "{people:?}");
}

#[test]
fn a_guest_and_its_host_are_shown_the_same_number_to_compare() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    bo.say("/verify");
    let seen = bo.event("safety_number");
    assert_eq!((&seen["nick"], &seen["trust"]), (&"ana".into(), &"new".into()));
    ana.say("/verify bo");
    let at_host = ana.event("safety_number");
    assert_eq!((&at_host["nick"], &at_host["trust"]), (&"bo".into(), &"own".into()));
    assert_eq!(at_host["safety_number"], seen["safety_number"]);
    ana.say("/safety cy");
    let with_cy = ana.event("safety_number")["safety_number"].as_str().unwrap().to_owned();
    assert_ne!(seen["safety_number"], *with_cy);
    cy.say("/verify ana");
    cy.err.wait_for_words("whom you meet for the first time");
    cy.err.wait_for_words("whom you meet for the first time");
    cy.err.wait_for_words(&with_cy);
    cy.err.wait_for_words("exchange id verify \"Lab 3\" --yes");
    cy.say("/verify bo");
    cy.err.wait_for_words("Only the host has proven");
    ana.say("/verify");
    ana.err.wait_for_words("/verify WHO");
}

#[test]
fn who_talks_in_the_clear_talks_to_nobody_who_does_not() {
    let (_ana, address) = host(&["--insecure"]);
    let mut bo = guest(&address, "bo", &["--insecure"]);
    bo.err.wait_for_words("Not encrypted");
    bo.say("/verify");
    bo.err.wait_for_words("nothing to compare");
    let (code, _, err) = Program::run(&["join", &address, "--nick", "cy"]);
    assert_eq!(code, 6);
    assert!(err.iter().any(|line| line.contains("--insecure")), "{err:?}");

    let (_ana, address) = host(&[]);
    let (code, _, err) = Program::run(&["join", &address, "--nick", "cy", "--insecure"]);
    assert_eq!(code, 6);
    assert!(err.iter().any(|line| line.contains("Leave out --insecure")), "{err:?}");
}

#[test]
fn what_is_no_identity_is_left_as_it_is_and_said() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("identity"), "my diary").unwrap();
    let home_flag = ["--home", home.path().to_str().unwrap()];
    let (code, _, err) = Program::run(&[&["join", "127.0.0.1:1"][..], &home_flag].concat());
    assert_eq!(code, 8);
    assert!(err.iter().any(|line| line.contains("holds no identity")), "{err:?}");
    assert_eq!(fs::read_to_string(home.path().join("identity")).unwrap(), "my diary");
}
