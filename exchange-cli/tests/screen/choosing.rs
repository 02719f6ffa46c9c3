//! `exchange` alone: from what there is to a session, and back to the shell.

use std::fs;

use tempfile::TempDir;

use crate::terminal::{ESCAPE, Terminal, control};

fn start(homes: &TempDir) -> Terminal {
    let alone = Terminal::start(&homes.path().join("bo"), &["--no-discovery"]);
    alone.see("Sessions on this network");
    alone
}

#[test]
fn a_session_is_joined_by_its_address_and_its_code_is_asked_for() {
    let homes = TempDir::new().unwrap();
    let arguments = ["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery", "--code"];
    let ana = Terminal::start(&homes.path().join("ana"), &arguments);
    let screen = ana.see("Type a message and press Enter.");
    let address = screen.split("exchange join ").nth(1).unwrap().split_whitespace().next().unwrap();
    // Wherever the row ends: a number and two words.
    let is_code = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.split('-').count() == 3;
    let code = screen.split_whitespace().find(is_code).unwrap();
    let mut bo = start(&homes);
    bo.press("a");
    bo.see("Address, link or name:");
    bo.type_line(address);
    bo.see("The session asks for a code.");
    bo.type_line("1-orbit-kitten");
    bo.see("That is not the code of this session.");
    bo.type_line(code.trim_end_matches('.'));
    bo.see("You are in \"Lab\"");
    ana.see("tester joined");
    bo.type_line("hello");
    ana.see("tester hello");
    bo.press(&control('c'));
    assert_eq!(bo.exit_code(), Some(0));
    ana.see("tester left");
}

#[test]
fn what_cannot_be_joined_is_said_and_something_else_can_be_chosen() {
    let homes = TempDir::new().unwrap();
    let mut bo = start(&homes);
    bo.see("Nothing was looked for, because of --no-discovery.");
    bo.press("a");
    bo.type_line("127.0.0.1:1");
    bo.see("Cannot join:");
    bo.see("Enter joins");
    bo.press("a");
    bo.see("Address, link or name:");
    bo.press("no\u{1b}[200~thing\u{1b}[201~");
    bo.see("nothing");
    bo.press(ESCAPE);
    bo.wait(|screen| !screen.contains("nothing"));
    bo.press("q");
    assert_eq!(bo.exit_code(), Some(0));
    bo.wait_until(|bo| (!bo.is_whole() && bo.echoes()).then_some(()));
}

#[test]
fn a_session_is_hosted_under_a_name_of_ones_own() {
    let homes = TempDir::new().unwrap();
    let mut bo = start(&homes);
    bo.press("h");
    bo.see("What the session is called");
    bo.type_line("Kitchen");
    bo.see("Hosting \"Kitchen\" as tester.");
    bo.press(&control('d'));
    assert_eq!(bo.exit_code(), Some(0));
}

#[test]
fn what_is_set_counts_for_a_session_that_is_chosen() {
    let homes = TempDir::new().unwrap();
    let home = homes.path().join("bo");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("config.toml"), "nick = 'bo'\nno_discovery = true\nhost.port = 0").unwrap();
    let mut bo = Terminal::start(&home, &[]);
    bo.see("Nothing was looked for");
    bo.press("h");
    bo.see("What the session is called");
    bo.type_line("Kitchen");
    bo.see("Hosting \"Kitchen\" as bo.");
    bo.press(&control('d'));
    assert_eq!(bo.exit_code(), Some(0));
}
