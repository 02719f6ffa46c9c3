//! `exchange doctor` on two machines, as far as they can be one; and what comes of those who mean harm.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

use crate::process::{Program, host};

const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// Nothing but this machine is looked at.
const HERE: [&str; 5] = ["--port", "0", "--interface", LOOPBACK, "--no-discovery"];

/// Somebody who waits for another machine, and their address.
fn waiting(more: &[&str]) -> (Program, String) {
    let mut program = Program::start(&[&["doctor", "--wait", "--json"], &HERE[..], more].concat());
    let port = program.event("waiting")["port"].as_u64().unwrap();
    (program, format!("127.0.0.1:{port}"))
}

/// What somebody finds who goes to this address, and with what exit code.
fn visit(address: &str) -> (Vec<Value>, i32) {
    let (code, out, _) = Program::run(&[&["doctor", address, "--json"], &HERE[..]].concat());
    (out.iter().map(|line| serde_json::from_str(line).unwrap()).collect(), code)
}

fn findings(events: &[Value]) -> Vec<&str> {
    events.iter().filter(|event| event["event"] == "finding").filter_map(|event| event["code"].as_str()).collect()
}

#[test]
fn whoever_waits_and_whoever_comes_find_out_the_same() {
    let (mut waiter, address) = waiting(&[]);
    let (events, code) = visit(&address);
    assert_eq!((findings(&events), code), (vec!["same_machine"], 0), "{events:#?}");
    let theirs = events.iter().find(|event| event["event"] == "peer").unwrap();
    let ours = waiter.event("peer");
    assert_eq!((&ours["here"], &ours["there"]), (&theirs["there"], &theirs["here"]));
    assert_eq!((&ours["to_here"], &ours["to_there"]), (&theirs["to_there"], &theirs["to_here"]));
    assert_eq!((&ours["to_here"]["tcp"], &ours["to_there"]["tcp"]), (&"reached".into(), &"reached".into()));
    assert_eq!(ours["here"]["interface"], LOOPBACK);
    assert_eq!(waiter.event("finding")["code"], "same_machine");
    assert_eq!(waiter.exit_code(), 0);
}

#[test]
fn people_are_told_what_to_type_on_the_other_machine_and_what_gets_through() {
    let mut waiter = Program::start(&[&["doctor", "--wait"], &HERE[..]].concat());
    let typed = waiter.err.wait_for_words("Type on the other machine: exchange doctor 127.0.0.1:");
    let address = typed.split("exchange doctor ").nth(1).unwrap().trim_end_matches(", or ").to_owned();
    let (code, out, _) = Program::run(&[&["doctor", &address], &HERE[..]].concat());
    assert_eq!(code, 0, "{out:?}");
    for words in ["The other machine is 127.0.0.1", "of the other machine, from here: answers", "from there: answers"] {
        assert!(out.iter().any(|line| line.contains(words)), "{words}: {out:#?}");
    }
    waiter.out.wait_for_words("from here: answers");
    assert_eq!(waiter.exit_code(), 0);
}

#[test]
fn a_session_on_either_machine_is_what_the_other_has_to_reach() {
    let (mut ana, hosted) = host(&[]);
    let port = hosted.rsplit_once(':').unwrap().1;
    let arguments = ["doctor", "--wait", "--json", "--port", port, "--interface", LOOPBACK, "--no-discovery"];
    let mut waiter = Program::start(&arguments);
    let waits_at = waiter.event("waiting")["port"].as_u64().unwrap();
    assert_ne!(waits_at.to_string(), port);
    let (events, _) = visit(&format!("127.0.0.1:{waits_at}"));
    let peer = events.iter().find(|event| event["event"] == "peer").unwrap();
    assert_eq!((&peer["there"]["session"], &peer["to_there"]["tcp"]), (&true.into(), &"reached".into()), "{peer}");
    assert_eq!(waiter.exit_code(), 0);
    // Whoever goes to the session itself is told that it can be joined.
    let (events, code) = visit(&hosted);
    assert_eq!((findings(&events), code), (vec!["peer_hosts"], 0), "{events:#?}");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
}

/// Somebody who listens, and says this to whoever comes.
fn says(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            // Whoever has heard enough is gone.
            let _ = stream.write_all(&answer);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn where_nobody_waits_it_is_said_what_is_there() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().to_string();
    for (address, code) in [
        (free, "peer_refused"),
        (says(b"SSH-2.0-x\r\n\n"), "peer_stranger"),
        (says("x".repeat(100_000)), "peer_stranger"),
        (says(b"exchange-doctor/2\n"), "peer_version"),
        (says(b"exchange-doctor/1\n{}\n"), "peer_lost"),
        (says(b"exchange-doctor/1\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"), "peer_lost"),
    ] {
        let (events, exit) = visit(&address);
        assert_eq!((findings(&events), exit), (vec![code], 6), "{events:#?}");
    }
}

#[test]
fn whoever_listens_and_says_nothing_is_given_up() {
    let (events, exit) = visit(&says(b""));
    assert_eq!((findings(&events), exit), (vec!["peer_stranger"], 6), "{events:#?}");
}

/// Somebody who introduces themselves so, and gets on with what the other says.
fn guest(address: &str, introduction: &Value) -> (TcpStream, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("exchange-doctor/1\n{introduction}\n").as_bytes()).unwrap();
    let reader = BufReader::new(stream.try_clone().unwrap());
    (stream, reader)
}

fn introduction(port: u16, interface: &str) -> Value {
    json!({
        "token": "0123456789abcdef", "own": "127.0.0.1", "other": "127.0.0.1", "interface": interface, "left_out": null,
        "same_network": true, "port": port, "session": false, "firewall": null,
    })
}

#[test]
fn whoever_says_nothing_or_nonsense_or_too_much_keeps_nobody_out() {
    let (mut waiter, address) = waiting(&[]);
    // More than are listened to at once, and they stay until the end.
    let _silent: Vec<_> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let endless = ["exchange-doctor/1\n", &"x".repeat(1_000_000)].concat();
    let shells = format!("exchange-doctor/1\n{}\n", introduction(9, "$(reboot)"));
    let no_token = shells.replace("0123456789abcdef", "\\u001b[2J");
    for nonsense in [
        b"\x00\xff\n",
        &[b'x'; 1000][..],
        b"GET / HTTP/1.1\r\n\r\n",
        endless.as_bytes(),
        shells.as_bytes(),
        no_token.as_bytes(),
    ] {
        let mut stream = TcpStream::connect(&address).unwrap();
        // They are cut off while they talk.
        let _ = stream.write_all(nonsense);
        let heard = stream.read_to_end(&mut Vec::new());
        assert!(matches!(heard, Ok(0) | Err(_)), "{heard:?}");
    }
    // And somebody who introduces themselves, and goes away.
    let (stream, mut reader) = guest(&address, &introduction(9, "eth0"));
    reader.read_line(&mut String::new()).unwrap();
    drop((stream, reader));
    let (events, code) = visit(&address);
    assert_eq!((findings(&events), code), (vec!["same_machine"], 0), "{events:#?}");
    assert_eq!(waiter.exit_code(), 0);
}

#[test]
fn nobody_is_sent_to_a_port_of_a_systems_service_and_to_another_only_once() {
    let trap = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let report = json!({ "tcp": "reached", "multicast": { "ipv4": null, "ipv6": null } });
    for (port, tcp) in [(22, Value::Null), (trap.local_addr().unwrap().port(), "stranger".into())] {
        let (mut waiter, address) = waiting(&[]);
        let (mut stream, mut reader) = guest(&address, &introduction(port, "eth0"));
        stream.write_all(format!("{report}\n").as_bytes()).unwrap();
        if port != 22 {
            let (mut caller, _) = trap.accept().unwrap();
            caller.write_all(b"somebody else\n").unwrap();
        }
        // Their version, who they are, and what came of it.
        let lines: Vec<String> = (0..3)
            .map(|_| {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                line
            })
            .collect();
        assert_eq!(serde_json::from_str::<Value>(&lines[2]).unwrap()["tcp"], tcp, "{lines:?}");
        assert_eq!(waiter.event("peer")["to_there"]["tcp"], tcp);
        assert_eq!(waiter.exit_code(), 0);
    }
    trap.set_nonblocking(true).unwrap();
    assert!(trap.accept().is_err());
}
