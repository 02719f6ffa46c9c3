//! How sessions end, and come back.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
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
    let (mut bo, _valve) = said_into_the_void(&address);
    bo.interrupt();
    bo.err.wait_for_words("Leaving");
    bo.interrupt();
    assert_eq!(bo.exit_code(), 130);
}

#[test]
fn a_host_that_is_told_to_end_tells_the_others_whoever_told_it() {
    for signal in signals() {
        let (mut ana, address) = host(&[]);
        let mut bo = guest(&address, "bo", &[]);
        ana.say("last words");
        ana.message();
        ana.signal(signal);
        assert_eq!(ana.exit_code(), 0, "{signal}");
        assert!(ana.out.all().last().unwrap().contains("host_closed"), "{signal}");
        assert_eq!(bo.message(), "last words");
        assert_eq!(bo.event("disconnected")["reason"], "host_closed", "{signal}");
        assert_eq!(bo.exit_code(), 0);
    }
}

#[test]
fn a_guest_that_is_told_to_end_delivers_what_is_under_way_and_says_goodbye() {
    for signal in signals() {
        let (mut ana, address) = host(&[]);
        let (mut bo, valve) = said_into_the_void(&address);
        bo.signal(signal);
        bo.err.wait_for_words("Leaving");
        // A terminal that is closed says it more than once, and whoever ends a login says it in two ways.
        bo.signal("HUP");
        bo.signal("TERM");
        valve.open();
        assert_eq!(ana.message(), "into the void", "{signal}");
        assert_eq!(ana.until("left", "nick", "bo")["reason"], "left", "{signal}");
        assert_eq!(bo.exit_code(), 0, "{signal}");
        assert!(bo.out.all().last().unwrap().contains(r#""event":"closed""#), "{signal}");
    }
}

#[test]
fn a_guest_that_is_told_to_end_says_what_was_not_delivered() {
    let (_ana, address) = host(&[]);
    let guests = signals().map(|signal| (signal, said_into_the_void(&address))).collect::<Vec<_>>();
    for (signal, (bo, _)) in &guests {
        bo.signal(signal);
    }
    for (signal, (mut bo, _valve)) in guests {
        assert_eq!(bo.exit_code(), 5, "{signal}");
        let said = bo.err.all().iter().any(|line| line.contains("1 message was not delivered"));
        assert!(said, "{signal}: {:?}", bo.err.all());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_that_is_to_outlast_its_terminal_does_and_ends_in_order_all_the_same() {
    let usual = ["host", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery", "--json"];
    let mut ana = Program::start_without_hangups(&usual);
    let address = ana.event("hosting")["addresses"][0].as_str().unwrap().to_owned();
    ana.signal("HUP");
    for nick in ["bo", "cy"] {
        let mut guest = guest(&address, nick, &[]);
        guest.hang_up();
        assert_eq!(guest.exit_code(), 0);
    }
    ana.signal("TERM");
    assert_eq!(ana.exit_code(), 0);
    assert!(ana.out.all().last().unwrap().contains("host_closed"));
}

/// Those that end the program in order; the end of a terminal only if these tests were not started to outlast one.
fn signals() -> impl Iterator<Item = &'static str> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    let is_hangup_ignored = u64::from_str_radix(ignored.trim(), 16).unwrap() & 1 == 1;
    ["INT", "TERM", "HUP"].into_iter().filter(move |signal| *signal != "HUP" || !is_hangup_ignored)
}

/// A guest of that host that has said something which is still on its way, until the valve is opened.
fn said_into_the_void(address: &str) -> (Program, Valve) {
    let (address, valve) = piped(address);
    let mut bo = guest(&address, "bo", &[]);
    valve.shut();
    bo.say("into the void");
    // It is asked what it knows only after it has said that.
    bo.say("/who");
    bo.event("person");
    (bo, valve)
}

/// An address that leads to that host, for one, and what can keep back what is said to it.
pub(crate) fn piped(host: &str) -> (String, Valve) {
    let (listener, valve) = (TcpListener::bind(("127.0.0.1", 0)).unwrap(), Valve::default());
    let (address, at_valve) = (listener.local_addr().unwrap().to_string(), valve.clone());
    let to_host = TcpStream::connect(host.parse::<SocketAddr>().unwrap()).unwrap();
    thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        let (mut up, mut down) = (client.try_clone().unwrap(), to_host.try_clone().unwrap());
        let (mut from, mut to) = (to_host, client);
        thread::spawn(move || {
            // Whichever side ends first, the other is told.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = up.read(&mut buffer) {
            at_valve.pass();
            if down.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = down.shutdown(Shutdown::Write);
    });
    (address, valve)
}

#[derive(Clone, Default)]
pub(crate) struct Valve(Arc<(Mutex<bool>, Condvar)>);

impl Valve {
    pub(crate) fn shut(&self) {
        *self.0.0.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |is_shut| *is_shut).unwrap());
    }
}
