//! Sessions that are for those who know a code or a passphrase.

use crate::process::{Program, guest, host, hosting_at};

const REFUSED: i32 = 4;

/// A host by code, where others reach it, and the code.
fn locked_host() -> (Program, String, String) {
    let (ana, hosting) = hosting_at("127.0.0.1:0", &["--code"]);
    assert_eq!(hosting["locked"], true);
    (ana, hosting["addresses"][0].as_str().unwrap().into(), hosting["code"].as_str().unwrap().into())
}

#[test]
fn whoever_has_the_code_comes_in_and_has_verified_the_host_by_it() {
    let (mut ana, address, code) = locked_host();
    ana.err.wait_for_words(&format!("They are asked for the code {code}."));
    let mut bo =
        Program::start_with_code(&code.to_uppercase().replace('-', " "), &["join", &address, "--nick", "bo", "--json"]);
    bo.err.wait_for_words("Encrypted, with a host who knows the code as well.");
    ana.event("joined");
    bo.say("/verify");
    assert_eq!(bo.event("safety_number")["trust"], "verified");
    bo.say("/code");
    bo.err.wait_for_words("Only the host knows it.");
    ana.say("/code");
    ana.err.wait_for_words(&format!("Others come in by the code {code}."));
    bo.say("/quit");
    assert_eq!(bo.exit_code(), 0);

    // The next time it is not needed, and the host is known.
    let mut bo = guest(&address, "bo", &[]);
    bo.err.wait_for_words("Encrypted, with the host whom you have verified.");
}

#[test]
fn whoever_has_none_or_another_stays_outside_and_is_told_what_to_do() {
    let (_ana, address, _) = locked_host();
    let (code, _, err) = Program::run(&["join", &address, "--nick", "bo"]);
    assert_eq!(code, REFUSED);
    assert!(
        err.iter().any(|line| line.contains("the session asks for a code. Whoever hosts it knows the code")),
        "{err:?}"
    );
    let mut bo = Program::start_with_code("a wrong passphrase", &["join", &address, "--nick", "bo"]);
    bo.err.wait_for_words("Cannot join: wrong code.");
    assert_eq!(bo.exit_code(), REFUSED);

    let (_open, address) = host(&[]);
    let mut bo = Program::start_with_code("7-orbit-kitten", &["join", &address, "--nick", "bo"]);
    bo.err.wait_for_words("Cannot join: the session asks for no code.");
    assert_eq!(bo.exit_code(), REFUSED);
}

#[test]
fn a_code_that_is_typed_with_the_command_comes_with_a_warning_and_one_that_is_none_is_told_apart() {
    let (_ana, address, code) = locked_host();
    let mut bo = Program::start(&["join", &address, "--nick", "bo", "--code", &code]);
    bo.err.wait_for_words("Everybody on this machine can see the code");
    bo.err.wait_for_words("You are in");
    let mut cy = Program::start(&["join", &address, "--nick", "cy", "--code", "-"]);
    cy.say(&code);
    cy.err.wait_for_words("You are in");
    cy.say("what follows is said");
    assert_eq!(bo.out.wait_for(|line| line.contains("what follows").then_some(())), ());
    let (code, _, err) = Program::run(&["join", &address, "--nick", "bo", "--code", "7-orbit-kitteh"]);
    assert_eq!(code, 2);
    assert!(err.iter().any(|line| line.contains("no code has the word \"kitteh\"")), "{err:?}");
}

#[test]
fn a_passphrase_is_read_from_the_first_line_or_the_environment() {
    let mut ana =
        Program::start(&["host", "Lab 3", "--bind", "127.0.0.1:0", "--no-discovery", "--json", "--passphrase"]);
    ana.say("correct horse battery staple");
    let hosting = ana.event("hosting");
    assert_eq!((&hosting["locked"], &hosting["code"]), (&true.into(), &serde_json::Value::Null));
    ana.err.wait_for_words("They are asked for the passphrase.");
    ana.say("/code");
    ana.err.wait_for_words("There is no code by which others come in.");
    let address = hosting["addresses"][0].as_str().unwrap();
    let mut bo = Program::start_with_code("correct horse battery staple", &["join", address, "--nick", "bo", "--json"]);
    bo.event("connected");
    ana.say("hello");
    assert_eq!(bo.message(), "hello");

    let short = Program::start_with_code("short", &["host", "Lab 4", "--no-discovery", "--passphrase"]).exit_code();
    assert_eq!(short, 2);
    let (code, _, _) = Program::run(&["host", "Lab 4", "--no-discovery", "--passphrase", "--insecure"]);
    assert_eq!(code, 2);
}

#[test]
fn the_host_is_told_when_its_code_was_guessed_at() {
    let (mut ana, address, code) = locked_host();
    let (wrong, _, _) = Program::run(&["join", &address, "--nick", "bo", "--code", "1-zoo-zoo"]);
    assert_eq!(wrong, REFUSED);
    assert_eq!(ana.event("link_closed")["reason"], "wrong_code");
    ana.say("/quit");
    assert_eq!(ana.exit_code(), 0);
    assert!(ana.err.all().iter().filter(|line| line.contains(&code)).count() == 1, "only where it is shown");
}

#[test]
fn whoever_knocks_waits_until_they_are_let_in() {
    let (mut ana, hosting) = hosting_at("127.0.0.1:0", &["--ask"]);
    ana.err.wait_for_words("You are told who knocks");
    let address = hosting["addresses"][0].as_str().unwrap();
    let (code, _, err) = Program::run(&["join", address, "--nick", "cy"]);
    assert_eq!(code, REFUSED);
    assert!(err.iter().any(|line| line.contains("whoever hosts has to let you in")), "{err:?}");
    assert_eq!(ana.event("knocked")["nick"], "cy");
    let mut bo = Program::start(&["join", address, "--nick", "bo", "--wait"]);
    bo.err.wait_for_words("You have knocked. Waiting until you are let in.");
    assert_eq!(ana.event("knocked")["nick"], "bo");
    ana.say("/admit zoe");
    ana.err.wait_for_words("Nobody knocks who is called zoe.");
    ana.say("/admit bo");
    ana.err.wait_for_words("bo may come in.");
    bo.err.wait_for_words("You are in \"Lab 3\" as bo.");
    bo.say("/admit cy");
    bo.err.wait_for_words("Only the host lets others in.");
    ana.say("/refuse cy");
    ana.err.wait_for_words("cy is turned away.");
    let (code, _, err) = Program::run(&["join", address, "--nick", "cy", "--wait"]);
    assert_eq!(code, REFUSED);
    assert!(err.iter().any(|line| line.contains("whoever hosts does not let you in")), "{err:?}");
}

#[test]
fn a_link_says_where_a_session_is_who_hosts_it_and_how_to_come_in() {
    let (mut ana, hosting) = hosting_at("127.0.0.1:0", &["--code", "--qr"]);
    let text = |field: &str| hosting[field].as_str().unwrap().to_owned();
    let (address, peer, code) = (hosting["addresses"][0].as_str().unwrap(), text("peer"), text("code"));
    let link = format!("exchange://{address}/?host={peer}&code={code}");
    ana.err.wait_for_words("Or by this link");
    ana.err.wait_for_words(&format!("exchange join \"{link}\""));
    let mut bo = guest(&link, "bo", &[]);
    bo.err.wait_for_words("Encrypted, with a host who knows the code as well.");

    let other = link.replace(&peer, "c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4");
    let (exit, _, err) = Program::run(&["join", &other, "--nick", "cy"]);
    assert_eq!(exit, 9);
    assert!(err.iter().any(|line| line.contains("It is not whom the announcement or the link says")), "{err:?}");
    let (exit, _, _) = Program::run(&["join", "exchange://nowhere", "--nick", "cy"]);
    assert_eq!(exit, 2);
}
