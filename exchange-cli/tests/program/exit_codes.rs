//! What scripts go by.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use crate::process::{Program, host};

fn run(arguments: &[&str]) -> (i32, String) {
    let mut program = Program::start(arguments);
    program.hang_up();
    (program.exit_code(), program.err.all().join("\n"))
}

/// Somebody who is no host of ours and answers this.
fn impostor(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            // Whoever tries has gone when it has read enough.
            let _ = stream.write_all(answer);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [&["sing"][..], &["host", "--nick", ""], &["join", "x", "--timeout", "soon"], &["ls", "--bind"]] {
        assert_eq!(run(arguments).0, 2, "{arguments:?}");
    }
}

#[test]
fn what_is_not_found_is_3_and_it_is_said_what_was_tried() {
    let (code, said) = run(&["join", "Lab 3", "--no-discovery"]);
    assert_eq!(code, 3);
    assert!(said.contains("session \"Lab 3\" was not found"), "{said}");
    assert!(said.contains("--no-discovery") && said.contains("exchange join ADDRESS"), "{said}");
    assert_eq!(run(&["join", "--no-discovery"]).0, 3);
    assert_eq!(run(&["ls", "--no-discovery"]).0, 3);
}

#[test]
fn without_a_command_there_is_always_something_to_do_next() {
    let (code, said) = run(&["--no-discovery"]);
    assert_eq!(code, 0);
    assert!(said.contains("exchange host") && said.contains("exchange join ADDRESS"), "{said}");
}

#[test]
fn no_answer_in_time_is_5() {
    let address = impostor(b"");
    assert_eq!(run(&["join", &address, "--timeout", "0.1"]).0, 5);
}

#[test]
fn a_message_that_is_not_delivered_is_5() {
    let (_host, address) = host(&[]);
    let mut bo = Program::start(&["join", &address]);
    bo.say(&"x".repeat(10_000));
    bo.hang_up();
    assert_eq!(bo.exit_code(), 5);
    assert!(bo.err.all().iter().any(|line| line.contains("was not delivered: too long")), "{:?}", bo.err.all());
}

#[test]
fn a_connection_that_is_refused_is_6_and_so_is_a_port_that_is_taken() {
    let address = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let (code, said) = run(&["join", &address]);
    assert_eq!(code, 6);
    assert!(said.contains(&format!("{address} refused the connection")), "{said}");

    let (_host, address) = host(&[]);
    let (code, said) = run(&["host", "--bind", &address, "--no-discovery"]);
    assert_eq!(code, 6);
    assert!(said.contains("in use"), "{said}");
}

#[test]
fn somebody_who_speaks_something_else_is_6() {
    let (code, said) = run(&["join", &impostor(b"HTTP/1.1 400 Bad Request\r\n\r\n")]);
    assert_eq!(code, 6);
    assert!(said.contains("does not host a session"), "{said}");
}

#[test]
fn another_version_is_7() {
    // An offer of the versions 8 to 9 and no choice.
    let answer = b"EXCHANGE\x00\x0a\x00\x08\x00\x09\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    let (code, said) = run(&["join", &impostor(answer)]);
    assert_eq!(code, 7);
    assert!(said.contains("version 8-9"), "{said}");
}
