//! The terminal is given back, however it ends, and whatever happens in between.

use tempfile::TempDir;

use crate::terminal::{Terminal, control};

fn host(homes: &TempDir) -> Terminal {
    let arguments = ["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery"];
    let host = Terminal::start(&homes.path().join("ana"), &arguments);
    host.see("exchange join 127.0.0.1:");
    assert!(host.is_whole() && !host.echoes());
    host
}

/// Waits until the terminal is as it was found.
#[track_caller]
fn is_given_back(terminal: &Terminal) {
    const ENDS: [&str; 4] = ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?1004l", "\u{1b}[?25h"];
    terminal.wait_until(|terminal| {
        let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        let has_ended = !terminal.is_whole() && terminal.echoes();
        (has_ended && ENDS.iter().all(|end| bytes.contains(end))).then_some(())
    });
}

#[test]
fn leaving_and_being_told_to_end_give_it_back() {
    for end in ["ctrl-c", "quit", "TERM", "HUP", "INT"] {
        let homes = TempDir::new().unwrap();
        let mut host = host(&homes);
        match end {
            "ctrl-c" => host.press(&control('c')),
            "quit" => host.type_line("/quit"),
            signal => host.signal(signal),
        }
        assert_eq!(host.exit_code(), Some(0), "{end}");
        is_given_back(&host);
    }
}

#[test]
#[cfg(debug_assertions)]
fn a_bug_leaves_the_terminal_as_it_was_found_and_what_is_said_of_it_can_be_read() {
    use vt100::MouseProtocolMode;

    let homes = TempDir::new().unwrap();
    let variables = ["EXCHANGE_PANIC_AT=now", "RUST_BACKTRACE=0", env!("CARGO_BIN_EXE_exchange")];
    let arguments = ["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery"];
    let mut host = Terminal::run(&homes.path().join("ana"), "env", &[&variables[..], &arguments].concat());
    host.see("exchange join 127.0.0.1:");
    host.type_line("/mouse on");
    host.wait_until(|host| host.look(|screen| screen.mouse_protocol_mode() != MouseProtocolMode::None).then_some(()));
    assert!(host.look(|screen| screen.alternate_screen() && screen.bracketed_paste()) && !host.echoes());
    host.type_line("not now");
    host.see("ana not now");
    host.type_line("now");
    assert_eq!(host.exit_code(), Some(101));
    is_given_back(&host);
    let screen = host.see("told to fail");
    let said: Vec<&str> = screen.lines().map(str::trim_end).filter(|row| !row.is_empty()).collect();
    assert!(said.iter().any(|row| row.contains("panicked at")), "{screen}");
    assert!(
        said.contains(&"told to fail"),
        "it begins its row, as it does not where the terminal is still raw: {screen}"
    );
    host.look(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
    });
}

#[test]
fn a_session_that_is_over_says_why_where_it_can_be_read() {
    let homes = TempDir::new().unwrap();
    let mut host = host(&homes);
    let screen = host.screen();
    let address = screen.split("exchange join ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let mut bo = Terminal::start(&homes.path().join("bo"), &["join", &address, "--nick", "bo", "--no-discovery"]);
    bo.see("You are in \"Lab\"");
    host.see("bo joined");
    host.type_line("/kick bo you talk too much");
    assert_eq!(bo.exit_code(), Some(4));
    is_given_back(&bo);
    bo.see("It is over:");
}

#[test]
fn the_shell_has_the_terminal_while_it_is_stopped() {
    let homes = TempDir::new().unwrap();
    let mut shell = Terminal::run(homes.path(), "bash", &["--norc", "--noediting", "-i"]);
    shell.type_line("PS1='shell$ '");
    shell.see("shell$ ");
    shell.type_line("\"$EXCHANGE\" host Lab --nick ana --bind 127.0.0.1:0 --no-discovery");
    shell.wait_until(|shell| (shell.is_whole() && shell.screen().contains("exchange join 127.0.0.1:")).then_some(()));
    shell.press(&control('z'));
    shell.wait_until(|shell| (!shell.is_whole() && shell.screen().contains("Stopped")).then_some(()));
    shell.wait_until(|shell| shell.echoes().then_some(()));
    shell.type_line("echo $((6 * 7))");
    shell.see("42");
    shell.type_line("fg");
    shell.wait_until(|shell| (shell.is_whole() && shell.screen().contains("exchange join 127.0.0.1:")).then_some(()));
    shell.type_line("still here");
    shell.see("ana still here");
    shell.press(&control('c'));
    shell.wait_until(|shell| (!shell.is_whole() && shell.echoes()).then_some(()));
    shell.type_line("exit");
    shell.exit_code();
}

#[test]
fn it_fits_the_terminal_however_often_that_changes() {
    let homes = TempDir::new().unwrap();
    let mut host = host(&homes);
    for round in 0..40_u16 {
        host.resize(20 + round * 37 % 120, 3 + round * 11 % 40);
    }
    host.resize(90, 20);
    host.type_line("it fits");
    let screen = host.wait(|screen| screen.contains("ana it fits") && screen.lines().count() == 20);
    assert!(screen.starts_with(" #lobby"), "{screen}");
    host.press(&control('c'));
    assert_eq!(host.exit_code(), Some(0));
}

#[test]
fn what_its_parts_say_of_themselves_is_not_drawn_over_it() {
    let homes = TempDir::new().unwrap();
    let arguments = ["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery", "-v"];
    let mut host = Terminal::start(&homes.path().join("ana"), &arguments);
    let screen = host.see("exchange join 127.0.0.1:");
    let address = screen.split("exchange join ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    // It says something that is not this protocol.
    std::io::Write::write_all(&mut std::net::TcpStream::connect(&address).unwrap(), b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let screen = host.see("link ended");
    assert!(screen.starts_with(" #lobby"), "{screen}");
    let told = screen.lines().find(|row| row.contains("DEBUG")).unwrap().to_owned();
    assert!(told.contains("--"), "it is among what is said: {screen}");
    host.press(&control('c'));
    assert_eq!(host.exit_code(), Some(0));
}
