//! What others say is shown, and never obeyed.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{talking::Two, terminal::Terminal};

/// Whoever says this wants the terminal to do something.
const HOSTILE: [&str; 8] = [
    "\u{1b}[2Jcleared",
    "\u{1b}]0;titled\u{7}",
    "\u{1b}]52;c;c3RvbGVu\u{7}copied",
    "\u{9b}31mred",
    "turned \u{202e}around",
    "isolated \u{2066}too",
    "back\u{8}\u{8}\u{8}\u{8}spaced",
    "\u{1b}P+q544e\u{1b}\\asked",
];

/// Everything below a blank, DEL, the other controls and what turns text around, but for what the program itself says to
/// the terminal.
fn obeyed(bytes: &[u8]) -> Vec<char> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut rest = text.as_str();
    let mut found = Vec::new();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            // What the program says begins so and ends with a letter: colours, places, modes.
            '\u{1b}' if rest.starts_with('[') => {
                let end = rest[1..].find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |end| end + 2);
                let known = "mHJKhlABCDq".contains(&rest[end - 1..end]);
                if !known {
                    found.push(c);
                }
                rest = &rest[end..];
            }
            '\r' | '\n' => {}
            c if c.is_control() => found.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => found.push(c),
            _ => {}
        }
    }
    found
}

#[test]
fn no_byte_that_a_terminal_obeys_comes_from_what_others_say() {
    let Two { ana, bo, homes, address } = Two::meet();
    let plain =
        Terminal::start(&homes.path().join("dan"), &["join", &address, "--nick", "dan", "--no-discovery", "--plain"]);
    plain.see("You are in \"Lab\"");
    let mut cy = Command::new(env!("CARGO_BIN_EXE_exchange"))
        .args(["join", &address, "--nick", "cy", "--no-discovery"])
        .env("EXCHANGE_HOME", homes.path().join("cy"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = cy.stdin.take().unwrap();
    for text in HOSTILE {
        writeln!(input, "{text}").unwrap();
        writeln!(input, "/topic {text}").unwrap();
        writeln!(input, "/away {text}").unwrap();
        writeln!(input, "/react {text}").unwrap();
        writeln!(input, "/join {text}").unwrap();
        writeln!(input, "/room lobby").unwrap();
    }
    writeln!(input, "that was all").unwrap();
    for terminal in [&ana, &bo, &plain] {
        terminal.see("that was all");
        assert_eq!(obeyed(&terminal.bytes()), Vec::<char>::new(), "{}", terminal.screen());
    }
    drop(input);
    assert!(cy.wait().unwrap().code().is_some());
}

#[test]
fn where_a_link_really_leads_is_said_on_the_whole_screen_and_in_lines() {
    let Two { mut ana, bo, homes, address } = Two::meet();
    let dan = ["join", &address, "--nick", "dan", "--no-discovery", "--plain"];
    let plain = Terminal::start(&homes.path().join("dan"), &dan);
    plain.see("You are in \"Lab\"");
    ana.see("dan joined");
    ana.type_line("https://example.com@evil.test/x");
    for terminal in [&ana, &bo, &plain] {
        terminal.see("https://example.com@evil.test/x [evil.test]");
    }
}

#[test]
fn what_would_be_obeyed_is_seen() {
    for text in HOSTILE {
        assert!(!obeyed(text.as_bytes()).is_empty() || text.starts_with("\u{1b}["), "{text:?}");
    }
    assert_eq!(obeyed("\u{1b}[2;5Hhello\u{1b}[?25h\r\n".as_bytes()), []);
}
