//! What whoever runs a host can see of it.

use std::{io::Write as _, net::TcpStream};

use serde_json::Value;

use crate::process::{Program, guest, host};

#[test]
fn every_link_that_ends_is_told_of_once_with_its_reason_and_whose_it_was() {
    let (mut ana, address) = host(&["-vv"]);
    let mut bo = guest(&address, "bo", &[]);
    let peer = ana.event("joined")["peer"].as_str().unwrap().to_owned();
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
    ana.event("left");
    let mut cy = guest(&address, "cy", &[]);
    ana.until("joined", "nick", "cy");
    cy.kill();
    ana.event("link_closed");
    TcpStream::connect(&address).unwrap().write_all(b"GET / HTTP/1.1\r\n").unwrap();
    ana.event("link_closed");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);

    let told = ana.err.all().iter().filter(|line| line.contains("link ended")).collect::<Vec<_>>();
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains(&format!("peer={peer} nick=bo reason=left")), "{}", told[0]);
    assert!(told[1].contains("nick=cy reason=connection"), "{}", told[1]);
    assert!(told[2].contains("reason=protocol violation: not this protocol"), "{}", told[2]);
    assert!(!told[2].contains("peer="), "{}", told[2]);
}

#[test]
fn a_host_says_what_has_happened_as_often_as_it_is_asked_to() {
    let (mut ana, address) = host(&["--stats=0.1", "-q"]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("hi");
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
    let is_over = |stats: &Value| stats["closes"]["left"] == 1;
    let stats = std::iter::repeat_with(|| ana.event("stats")).find(is_over).unwrap();
    // Two who came, one who said something and left.
    assert_eq!((&stats["links"], &stats["links_ever"], &stats["entries"]), (&0.into(), &1.into(), &4.into()));
    assert_eq!(stats["closes"]["lost"], 0);
    assert!(stats["bytes_in"].as_u64() > stats["frames_in"].as_u64(), "{stats}");

    let usual = ["host", "--bind", "127.0.0.1:0", "--no-discovery", "--plain", "-q", "--stats=0.1"];
    Program::start(&usual).err.wait_for_words("-- Links: 0 now, 0 behind, 0 ever. Entries: 1. Refused: 0, 0 of");
}

#[test]
fn the_program_that_is_told_to_say_everything_says_why_it_wakes_up() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &["-vv"]);
    ana.kill();
    bo.err.wait_for_words("woken reason=Redial");
}
