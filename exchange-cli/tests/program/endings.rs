//! How sessions end, and come back.

use std::{
    io::Read as _,
    net::{SocketAddr, TcpListener},
};

use crate::process::{Program, guest, host, host_at};

#[test]
fn when_the_host_closes_everybody_is_told_and_goes() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = Program::start(&["join", &address, "--nick", "cy", "--plain"]);
    cy.err.wait_for_words("You are in \"Lab 3\" as cy.");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    assert_eq!(
        ana.out.all().last().unwrap(),
        r#"{"event":"closed","reason":"host_closed","explanation":"host closed the session"}"#
    );
    assert_eq!(bo.event("disconnected")["reason"], "host_closed");
    assert_eq!((bo.exit_code(), cy.exit_code()), (0, 0));
    assert!(cy.err.all().iter().any(|line| line.contains("The host closed the session.")));
}

#[test]
fn whoever_waits_is_there_again_when_the_host_is() {
    // An address of its own, so that nobody else can be given the port in between.
    let address = if cfg!(target_os = "linux") { "127.0.0.77:0" } else { "127.0.0.1:0" };
    let (mut ana, address) = host_at(address, &[]);
    let mut bo = guest(&address, "bo", &["--wait"]);
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    bo.err.wait_for_words("Waiting for it to come back.");
    bo.say("said to nobody yet");
    let (mut ana, _) = host_at(&address, &[]);
    bo.err.wait_for_words("You are in \"Lab 3\" again.");
    assert_eq!(ana.message(), "said to nobody yet");
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
}

#[test]
fn a_session_that_is_not_there_yet_is_waited_for() {
    // Until somebody answers like a host, there is none.
    let reserved = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = reserved.local_addr().unwrap().to_string();
    let mut bo = Program::start(&["join", &address, "--wait", "--json"]);
    drop(reserved.accept().unwrap());
    bo.err.wait_for_words("Waiting for it.");
    drop(reserved);
    let (_ana, _) = host_at(&address, &[]);
    bo.event("room_joined");
}

#[test]
fn whoever_is_interrupted_before_there_is_a_session_has_not_been_in_one() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut bo = Program::start(&["join", &silent.local_addr().unwrap().to_string()]);
    let (mut stream, _) = silent.accept().unwrap();
    stream.read_exact(&mut [0; 8]).unwrap();
    bo.interrupt();
    assert_eq!(bo.exit_code(), 130);
}

#[test]
fn a_second_interrupt_ends_the_program_at_once() {
    let (_ana, address) = host(&[]);
    let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut bo = Program::start(&["join", &proxy.local_addr().unwrap().to_string(), "--json"]);
    let (client, _) = proxy.accept().unwrap();
    let to_host = std::net::TcpStream::connect(address.parse::<SocketAddr>().unwrap()).unwrap();
    let (mut up, mut down) = (client.try_clone().unwrap(), to_host.try_clone().unwrap());
    let (mut from, mut to) = (to_host, client);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // Once it is stopped, nothing that is said gets there, and so there is something to wait for.
        while let Ok(length @ 1..) = up.read(&mut buffer) {
            if stopped.try_recv().is_ok() || std::io::Write::write_all(&mut down, &buffer[..length]).is_err() {
                break;
            }
        }
        (up, down, stopped)
    });
    bo.event("room_joined");
    stop.send(()).unwrap();
    bo.say("into the void");
    bo.say("/who");
    bo.event("person");
    bo.interrupt();
    bo.err.wait_for_words("Leaving");
    bo.interrupt();
    assert_eq!(bo.exit_code(), 130);
}
