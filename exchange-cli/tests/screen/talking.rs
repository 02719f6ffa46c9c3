//! Two or three people in terminals talk.

use tempfile::TempDir;

use crate::terminal::{ESCAPE, F1, PAGE_DOWN, PAGE_UP, TAB, Terminal, UP, alt, control};

/// A host and a guest in their terminals, and where they keep who they are.
pub(crate) struct Two {
    pub(crate) ana: Terminal,
    pub(crate) bo: Terminal,
    pub(crate) homes: TempDir,
    pub(crate) address: String,
}

impl Two {
    pub(crate) fn meet() -> Self {
        let homes = TempDir::new().unwrap();
        let ana = Terminal::start(
            &homes.path().join("ana"),
            &["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery"],
        );
        let screen = ana.see("exchange join 127.0.0.1:");
        let address = screen.split("exchange join ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let bo = Self::guest(&homes, "bo", &address);
        ana.see("bo joined");
        Self { ana, bo, homes, address }
    }

    pub(crate) fn guest(homes: &TempDir, nick: &str, address: &str) -> Terminal {
        let guest = Terminal::start(&homes.path().join(nick), &["join", address, "--nick", nick, "--no-discovery"]);
        guest.see("You are in \"Lab\"");
        guest
    }
}

#[test]
fn people_talk_and_what_becomes_of_what_they_say_is_shown_in_place() {
    let Two { mut ana, mut bo, .. } = Two::meet();
    ana.type_line("good morning");
    bo.see("ana good morning");
    ana.see("good morning ✓ delivered to 1 of 1");
    bo.press(&alt('r'));
    bo.type_line("and to you");
    let screen = ana.see("bo and to you");
    assert!(screen.contains("↳ ana: good morning"), "{screen}");
    bo.type_line("/edit and a good day");
    ana.see("bo and a good day (edited)");
    ana.type_line("/react 👍");
    bo.see("👍 1");
    bo.type_line("/delete");
    let screen = ana.see("bo (deleted)");
    assert!(!screen.contains("good day") && !screen.contains("👍"), "{screen}");
    bo.press("\u{1b}[200~one\rtwo\u{1b}[201~");
    bo.press("\r");
    ana.wait(|screen| screen.contains("bo one") && screen.lines().any(|row| row.trim() == "two"));
}

#[test]
fn rooms_have_what_is_new_in_them_until_somebody_looks() {
    let Two { mut ana, mut bo, homes, address } = Two::meet();
    let mut cy = Two::guest(&homes, "cy", &address);
    for (who, name) in [(&mut ana, "ana"), (&mut bo, "bo")] {
        who.type_line("/join ops");
        who.wait(|screen| screen.lines().next().is_some_and(|title| title.starts_with(" #ops")));
        let _ = name;
    }
    ana.press(&alt('1'));
    ana.wait(|screen| screen.starts_with(" #lobby"));
    bo.type_line("@ana are you there?");
    ana.see("#ops 1!");
    ana.press(&alt('a'));
    let screen = ana.see("bo @ana are you there?");
    assert!(screen.starts_with(" #ops") && !screen.contains("#ops 1"), "{screen}");
    cy.type_line("anybody in the lobby?");
    ana.see("#lobby 1");
    ana.press(&control('p'));
    ana.wait(|screen| screen.starts_with(" #lobby") && screen.contains("cy anybody in the lobby?"));
    cy.type_line("/msg ana psst");
    ana.see("@cy 1");
    ana.press(&control('n'));
    ana.wait(|screen| screen.starts_with(" #ops"));
    ana.press(&control('n'));
    ana.wait(|screen| screen.starts_with(" @cy") && screen.contains("cy psst"));
}

#[test]
fn who_is_typing_is_said_and_nicks_are_completed() {
    let Two { mut ana, mut bo, .. } = Two::meet();
    bo.press("hm");
    ana.see("bo is typing");
    bo.press(&control('c'));
    ana.press("b");
    ana.press(TAB);
    ana.see("> bo:");
    ana.type_line("tea?");
    bo.see("ana bo: tea?");
    ana.press(UP);
    ana.see("> bo: tea?");
}

/// Each does something, or says why not; none is taken for a message.
#[test]
fn every_command_of_help_is_done() {
    let Two { mut ana, mut bo, .. } = Two::meet();
    ana.type_line("hello");
    bo.see("ana hello");
    bo.type_line("hi");
    ana.see("bo hi");
    ana.type_line("/help");
    ana.see("join a room and talk there");
    ana.press(ESCAPE);
    ana.wait(|screen| !screen.contains("join a room and talk there"));
    let by_host = [
        ("/react 🎉", "🎉 1"),
        ("/unreact 🎉", "hi"),
        ("/topic tea at four", "— tea at four"),
        ("/private den", " #den"),
        ("/invite bo", "invited bo"),
        ("/room lobby", " #lobby"),
        ("/room", "#lobby"),
        ("/rooms", "You are in"),
        ("/list", "#den"),
        ("/who", "bo"),
        ("/whois bo", "bo~"),
        ("/verify bo", "afety number"),
        ("/code", "code"),
        ("/admit zoe", "zoe"),
        ("/refuse zoe", "zoe"),
        ("/mute bo 5m", "bo"),
        ("/unmute bo", "bo"),
        ("/lock", "ana"),
        ("/unlock", "ana"),
        ("/slow 1", "ana"),
        ("/slow 0", "ana"),
        ("/rule history 50", "50"),
        ("/op bo", "bo"),
        ("/deop bo", "bo"),
        ("/nick anna", "anna"),
        ("/nick ana", "ana"),
        ("/away lunch", "You are away"),
        ("/busy", "You are busy"),
        ("/back", "You are here"),
        ("/ignore bo", "bo"),
        ("/ignore bo", "bo"),
        ("/reply yes", "yes"),
        ("/edit no", "no (edited)"),
        ("/history 3", "hello"),
        ("/search hello", "Esc comes back"),
        ("/seen", "#"),
        ("/unread", "othing new"),
        ("/copy #3", "Copied"),
        ("/mouse on", "othing new"),
        ("/mouse off", "othing new"),
        ("/me waves", "*waves*"),
        ("/msg bo between us", "between us"),
        ("/room lobby", " #lobby"),
        ("//text", "/text"),
        ("/delete", "(deleted)"),
        ("/join #side", " #side"),
        ("/close", "#side"),
        ("/room lobby", " #lobby"),
        ("/unban nobody", "nobody"),
        ("/ban bo 5m rude", "bo"),
    ];
    for (line, seen) in by_host {
        ana.type_line(line);
        ana.see(seen);
        let screen = ana.screen();
        if let Some(front) = ["any other key closes", "Esc comes back"].into_iter().find(|front| screen.contains(front))
        {
            ana.press(ESCAPE);
            ana.wait(|screen| !screen.contains(front));
        }
        assert!(!screen.contains("there is no command"), "{line}: {screen}");
        let name = line.split_whitespace().next().unwrap();
        assert!(line.starts_with("//") || !screen.contains(&format!("ana {name}")), "{line} was said: {screen}");
    }
    bo.wait_until(|bo| (!bo.is_whole()).then_some(()));
}

#[test]
fn every_key_of_help_does_what_it_says() {
    let Two { mut ana, bo, .. } = Two::meet();
    ana.press(F1);
    ana.see("Help: arrows scroll");
    ana.press("x");
    ana.wait(|screen| !screen.contains("Help: arrows scroll"));
    ana.press(&alt('m'));
    ana.see("Nobody has meant you so far.");
    ana.press(ESCAPE);
    ana.wait(|screen| !screen.contains("Nobody has meant you"));
    ana.press(&control('f'));
    ana.see("Esc comes back");
    ana.press(ESCAPE);
    ana.wait(|screen| !screen.contains("Esc comes back"));
    ana.press(&alt('w'));
    ana.see("Enter shows who it is");
    ana.press("\r");
    ana.see("any key closes");
    ana.press(ESCAPE);
    ana.wait(|screen| !screen.contains("any key closes"));
    let number = |number: u32| format!("number {number} of many");
    for message in 1..=80 {
        ana.type_line(&number(message));
    }
    bo.see(&number(80));
    // Not where it is typed: what comes later does not move what one reads.
    ana.see(&format!("{} ✓", number(80)));
    ana.press(PAGE_UP);
    ana.wait(|screen| !screen.contains(&number(80)) && screen.contains("reading above"));
    ana.press(PAGE_DOWN);
    ana.see(&number(80));
    ana.press(PAGE_UP);
    ana.wait(|screen| !screen.contains(&number(80)));
    ana.press(ESCAPE);
    ana.see(&number(80));
    ana.press("one");
    ana.press(&alt('\r'));
    ana.press("two");
    ana.press(&control('j'));
    ana.press("three words here");
    ana.press(&control('w'));
    ana.press(&alt('b'));
    ana.press(&alt('d'));
    ana.press(&control('a'));
    ana.press(&control('e'));
    ana.press(&control('u'));
    ana.press("four");
    ana.press(&control('a'));
    ana.press(&alt('f'));
    ana.press(&control('k'));
    ana.press(&control('l'));
    ana.press("\r");
    let screen = bo.wait(|screen| screen.contains("ana one") && screen.contains("four"));
    let rows: Vec<&str> = screen.lines().map(str::trim).collect();
    let one = rows.iter().position(|row| row.ends_with("ana one")).unwrap();
    assert_eq!(rows[one + 1..one + 3], ["two", "four"], "{screen}");
    ana.press("gone");
    ana.see("> gone");
    ana.press(&control('c'));
    ana.wait(|screen| !screen.contains("> gone"));
    ana.press(&control('d'));
    assert_eq!(ana.exit_code(), Some(0));
}
