//! Commands that take part in a session.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::process::{Program, guest, host, hosting_at};

/// Runs a script that is given these arguments.
fn run(address: &str, script: &str, arguments: &[&str]) -> Program {
    let usual = ["run", address, "--nick", "bot", "--", "sh", "-c", script, "sh"];
    Program::start(&[&usual, arguments].concat())
}

/// A file that there is not yet, in a folder that goes with it.
fn file(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

fn is_running(process: &str) -> bool {
    Path::new("/proc").join(process.trim()).exists()
}

#[test]
fn a_bot_hears_what_is_said_and_what_it_writes_is_said() {
    const PING: &str = r#"
        while read -r line; do
            case $line in *'"text":"!ping"'*'"mine":false'*) echo /pong; echo heard it >&2;; esac
        done
        echo ended > "$1"
    "#;
    let (_folder, ended) = file("ended");
    let (mut ana, address) = host(&[]);
    let mut bot = run(&address, PING, &[ended.to_str().unwrap()]);
    let mut bo = guest(&address, "bo", &[]);
    ana.until("joined", "nick", "bot");
    bo.say("!ping");
    let answer = ana.until("message", "text", "/pong");
    assert_eq!(answer["sender"], "bot");
    bot.err.wait_for_words("heard it");
    ana.interrupt();
    assert_eq!(bot.exit_code(), 0);
    assert_eq!((bot.out.all().len(), bot.err.all()), (0, &["heard it".to_owned()][..]));
    assert_eq!(fs::read_to_string(ended).unwrap(), "ended\n", "it had a moment to end by itself");
}

#[test]
fn what_happens_is_told_from_the_beginning_to_the_end() {
    let (_folder, told) = file("told");
    let (mut ana, address) = host(&[]);
    let mut bot = run(&address, r#"echo here; cat > "$1""#, &[told.to_str().unwrap()]);
    assert_eq!(ana.message(), "here");
    ana.interrupt();
    assert_eq!(bot.exit_code(), 0);
    let told = fs::read_to_string(told).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    let is = |line: &str, event: &str| line.starts_with(&format!(r#"{{"event":"{event}""#));
    assert!(is(lines[0], "connected") && is(lines.last().unwrap(), "closed"), "{told}");
    for event in ["room_joined", "receipt", "message", "disconnected"] {
        assert!(lines.iter().any(|line| is(line, event)), "{event}: {told}");
    }
}

#[test]
fn it_ends_with_the_command_and_says_how_that_ended() {
    let (mut ana, address) = host(&[]);
    let mut well = run(&address, "echo bye", &[]);
    assert_eq!(well.exit_code(), 0);
    assert_eq!(well.err.all(), [""; 0]);
    let mut badly = run(&address, "echo last words; exit 3", &[]);
    assert_eq!(badly.exit_code(), 10);
    assert_eq!(badly.err.all(), ["exchange: The command has failed: exit status: 3."]);
    assert_eq!((ana.message(), ana.message()), ("bye".into(), "last words".into()));

    let (code, _, err) = Program::run(&["run", &address, "--", "./no-such-command"]);
    assert_eq!(code, 10);
    assert!(err[0].starts_with("exchange: Cannot run ./no-such-command: "), "{err:?}");
}

#[test]
fn a_command_that_never_reads_holds_up_nobody_and_is_killed_in_the_end() {
    let (mut ana, address) = host(&["--rate", "100000"]);
    let mut bot = run(&address, "echo $$; exec sleep 1000", &[]);
    let process = ana.message();
    for number in 0..1000 {
        ana.say(&format!("number {number}"));
    }
    ana.until("message", "text", "number 999");
    assert!(!cfg!(target_os = "linux") || is_running(&process));
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    assert_eq!(bot.exit_code(), 0);
    assert!(!is_running(&process));
}

#[test]
fn what_a_command_does_not_read_in_time_is_counted() {
    const SLOW: &str = r#"
        echo here
        read -r go < "$1"
        while read -r line; do
            case $line in
                *'"event":"lagged"'*) echo "missed $line";;
                *'"text":"number 6000"'*) echo "the last was heard";;
            esac
        done
    "#;
    let (_folder, gate) = file("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let (mut ana, address) = host(&["--rate", "100000"]);
    let mut bot = run(&address, SLOW, &[gate.to_str().unwrap()]);
    assert_eq!(ana.message(), "here");
    for number in 1..=6000 {
        ana.say(&format!("number {number}"));
    }
    let last = ana.until("message", "text", "number 6000")["seq"].clone();
    while ana.until("seen", "nick", "bot")["delivered"] != last {}
    fs::OpenOptions::new().write(true).open(&gate).unwrap().write_all(b"go\n").unwrap();
    let missed = ana.message();
    let missed = missed.strip_prefix("missed {\"event\":\"lagged\",\"missed\":").unwrap_or_else(|| panic!("{missed}"));
    let missed: u64 = missed.trim_end_matches('}').parse().unwrap();
    assert!((500..6000).contains(&missed), "{missed}");
    assert_eq!(ana.message(), "the last was heard");
    ana.interrupt();
    assert_eq!(bot.exit_code(), 0);
}

#[test]
fn a_command_that_writes_much_and_reads_nothing_is_said_whole_and_in_order() {
    const LINES: usize = 3000;
    let (mut ana, address) = host(&["--rate", "100000"]);
    let count = "i=0; while [ $i -lt $1 ]; do echo \"line $i\"; i=$((i+1)); done";
    let mut bot = run(&address, count, &[&LINES.to_string()]);
    for number in 0..LINES {
        assert_eq!(ana.message(), format!("line {number}"));
    }
    assert_eq!(bot.exit_code(), 0);
}

#[test]
fn a_command_whose_program_is_interrupted_may_say_goodbye() {
    let (mut ana, address) = host(&[]);
    let mut bot = run(&address, "echo here; cat > /dev/null; echo goodbye", &[]);
    assert_eq!(ana.message(), "here");
    bot.interrupt();
    assert_eq!(ana.message(), "goodbye");
    assert_eq!(bot.exit_code(), 0);
    assert_eq!(ana.event("left")["reason"], "left");
}

#[test]
fn nothing_is_run_where_one_is_not_let_in() {
    let (_folder, started) = file("started");
    let (_ana, hosting) = hosting_at("127.0.0.1:0", &["--code"]);
    let mut bot = run(hosting["addresses"][0].as_str().unwrap(), "echo > \"$1\"", &[started.to_str().unwrap()]);
    bot.hang_up();
    assert_eq!(bot.exit_code(), 4);
    assert!(!started.exists());
}
