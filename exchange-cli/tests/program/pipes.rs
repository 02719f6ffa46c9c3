//! Between other programs.

use std::process::Stdio;

use serde_json::Value;

use crate::process::{Program, guest, host, host_at};

#[test]
fn what_is_piped_in_is_delivered_before_the_program_ends() {
    let (mut host, address) = host(&[]);
    let mut echo = Program::start(&["join", &address, "--nick", "bo", "--plain"]);
    echo.say("hi");
    echo.hang_up();
    assert_eq!(echo.exit_code(), 0);
    assert_eq!(echo.out.all(), ["<bo> hi"]);
    let message = host.event("message");
    assert_eq!((&message["sender"], &message["text"]), (&"bo".into(), &"hi".into()));
}

#[test]
fn a_long_text_is_delivered_whole_and_in_order() {
    const LINES: usize = 3000;
    let (mut host, address) = host(&["--rate", "100000"]);
    let mut cat = Program::start(&["join", &address, "--plain", "-q"]);
    for number in 0..LINES {
        cat.say(&format!("line {number}"));
    }
    cat.hang_up();
    for number in 0..LINES {
        assert_eq!(host.message(), format!("line {number}"));
    }
    assert_eq!(cat.exit_code(), 0);
    assert_eq!(cat.err.all(), [""; 0]);
}

#[test]
fn a_host_without_input_goes_on_until_it_is_told_to_end() {
    let usual = ["host", "--bind", "127.0.0.1:0", "--no-discovery", "--json"];
    let mut host = Program::start_with(&usual, Stdio::null());
    let address = host.event("hosting")["addresses"][0].as_str().unwrap().to_owned();
    let mut bo = guest(&address, "bo", &[]);
    bo.say("still there?");
    assert_eq!(host.message(), "still there?");
    host.interrupt();
    assert_eq!(host.exit_code(), 0);
}

#[test]
fn when_nobody_reads_its_output_the_program_ends_quietly() {
    let (mut host, address) = host(&[]);
    let mut reader = Program::start(&["join", &address, "--nick", "bo", "--json"]);
    host.event("joined");
    reader.out.close();
    let is_gone =
        |line: &str| (line.contains("\"message\"") || line.contains("\"left\"")).then(|| line.contains("\"left\""));
    host.say("anybody?");
    while !host.out.wait_for(is_gone) {
        host.say("anybody?");
    }
    assert_eq!(reader.exit_code(), 0);
    let is_greeting = |line: &str| ["-- You are in", "-- Here", "-- Encrypted"].iter().any(|own| line.starts_with(own));
    assert!(reader.err.all().iter().all(|line| is_greeting(line)));
}

#[test]
fn nothing_that_somebody_says_is_obeyed_by_a_terminal() {
    let (mut host, address) = host_at("127.0.0.1:0", &[]);
    let mut reader = Program::start(&["join", &address, "--nick", "reader", "--plain"]);
    reader.err.wait_for_words("You are in");
    let hostile =
        ["\u{1b}[2J\u{1b}]0;title\u{7}", "\u{9b}31m", "exe\u{202e}txt", "a\u{2028}b\u{85}c", "\rforged", "end"];
    let mut writer = guest(&address, "writer", &[]);
    for text in hostile {
        writer.say(text);
    }
    reader.out.wait_for_words("<writer> end");
    let is_obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}');
    for line in reader.out.all() {
        assert!(!line.contains(is_obeyed), "{line:?}");
    }
    // In JSON it is what was said, and yet nothing that is obeyed.
    for text in hostile {
        let line = host.out.wait_for(|line| line.contains("\"message\"").then(|| line.to_owned()));
        assert!(!line.contains(is_obeyed), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["text"], text);
    }
}
