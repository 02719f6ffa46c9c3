//! The client in Python, `tests/python`, against a host of ours: the protocol's document is enough to write one.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    env,
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use exchange_tests::{PATIENCE, local_host, messages, proxy::Proxy, wait_for};
use exchange_tokio::{
    Client, Tokio,
    core::{Event, Identity, LeaveReason, Limits, RoomName},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, timeout, timeout_at},
};

/// How many entries the host keeps: few, so that a gap is soon made.
const KEPT: usize = 8;

#[tokio::test]
async fn a_client_in_python_reads_and_writes_what_the_vectors_say() {
    let Some(mut python) = python().await else { return };
    let Output { status, stderr, .. } =
        python.args(["-m", "unittest", "test_vectors", "test_signing"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.contains("\nRan 31 tests"), "{said}");
}

#[tokio::test]
async fn a_client_in_python_chats_comes_back_after_a_cut_and_is_told_of_a_gap() {
    let Some(python) = python().await else { return };
    let limits = Limits { history_entries: KEPT, ..exchange_tests::unhurried() };
    let runtime = Tokio::default();
    let host = local_host(&runtime, "Lab 3").nick("ana").limits(limits).start().await.unwrap();
    let proxy = Proxy::to(&runtime, host.addresses()[0]).await;
    let bo = Client::builder_on(runtime.clone()).nick("bo").join(host.addresses()[0]).await.unwrap();
    let (lobby, den) = (RoomName::lobby(), RoomName::new("den").unwrap());
    let mut heard = bo.events();

    let mut monty = Monty::start(python, proxy.address(), &[]);
    assert_eq!(monty.event("connected").await["session"], "Lab 3");
    let joined = monty.event("joined").await;
    assert_eq!(joined["members"], serde_json::json!(["ana", "bo", "monty"]));

    // It chats, in two rooms.
    monty.say("hé from python").await;
    assert_eq!(monty.event("outcome").await["outcome"], "logged");
    assert_eq!(texts(&messages(&mut heard, &lobby, 1).await), ["monty: hé from python"]);
    bo.room("lobby").send("and from rust \u{1b}[2J").await.unwrap().delivered().await.unwrap();
    assert_eq!(monty.message("lobby").await, "bo: and from rust \u{1b}[2J");
    let seen = wait_for(&mut heard, |event| match event {
        Event::Seen { room, peer, delivered, read } if peer.nick.as_str() == "monty" => Some((room, delivered, read)),
        _ => None,
    });
    let (room, delivered, read) = seen.await;
    assert_eq!((room, read), (lobby.clone(), None));
    monty.say("/typing").await;
    let typing = wait_for(&mut heard, |event| match event {
        Event::Typing { peer, typing, .. } if peer.nick.as_str() == "monty" => Some(typing),
        _ => None,
    });
    assert!(typing.await);
    let signal = monty.until(|event| event["event"] == "signal" && event["nick"] == "bo").await;
    assert_eq!(signal["room"], "lobby");
    assert!(delivered.0 > 0 && signal["delivered"].as_u64() > Some(0));
    bo.room("den").join().await.unwrap();
    monty.say("/join den").await;
    assert_eq!(monty.event("joined").await["room"], "den");
    monty.say("in here").await;
    assert_eq!(texts(&messages(&mut heard, &den, 1).await), ["monty: in here"]);
    monty.say("/leave den").await;
    assert_eq!(monty.event("left").await["room"], "den");

    // It comes back after a cut, and nothing is lost or doubled.
    proxy.cut();
    monty.event("disconnected").await;
    monty.say("from the tunnel").await;
    bo.room("lobby").send("while you were away").await.unwrap().delivered().await.unwrap();
    assert_eq!(monty.event("connected").await["resumed"], true);
    assert_eq!(monty.event("joined").await["resumed"], true);
    assert_eq!(monty.message("lobby").await, "bo: while you were away");
    let mut said = texts(&messages(&mut heard, &lobby, 2).await);
    said.sort_unstable();
    assert_eq!(said, ["bo: while you were away", "monty: from the tunnel"]);

    // More is said than the host keeps while nothing reaches it.
    proxy.stall(true);
    let mut newest = 0;
    for number in 0..5 * KEPT {
        let receipt = bo.room("lobby").send(format!("number {number}")).await.unwrap();
        newest = receipt.delivered().await.unwrap().seq.unwrap().0;
    }
    proxy.cut();
    monty.event("disconnected").await;
    proxy.stall(false);
    let gap = monty.event("gap").await;
    assert_eq!(gap["last"], newest - KEPT as u64);
    let last = monty.until(|event| event["seq"] == newest).await;
    assert_eq!(last["payload"], format!("number {}", 5 * KEPT - 1));
    assert_eq!(monty.places("lobby").last(), Some(&newest));
    let places = monty.places("lobby");
    assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1), "each place once, in order: {places:?}");

    // It goes back, as far as anything is kept, and on from there; what it had is what it is told again.
    monty.say(&format!("/before {}", newest - 2)).await;
    let page = monty.event("page").await;
    assert_eq!((&page["start"], &page["to"]), (&(newest - KEPT as u64).into(), &(newest - 3).into()));
    let pages = page["entries"].as_array().unwrap();
    assert_eq!(pages.len(), KEPT - 3);
    assert!(pages.iter().all(|entry| monty.told.iter().any(|told| {
        told["event"] == "message" && (&told["seq"], &told["payload"]) == (&entry["seq"], &entry["payload"])
    })));
    monty.say(&format!("/after {newest}")).await;
    assert_eq!(monty.event("page").await["entries"], serde_json::json!([]));
    monty.say("/join attic").await;
    assert_eq!(monty.event("joined").await["room"], "attic");
    monty.say("/before 100").await;
    assert_eq!(monty.event("page").await["entries"][0]["kind"], "join");

    monty.say("/quit").await;
    let reason = wait_for(&mut heard, |event| match event {
        Event::PeerLeft { room, peer, reason, .. } if room == lobby && peer.nick.as_str() == "monty" => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, LeaveReason::Left);
    monty.ends().await;
}

#[tokio::test]
async fn a_client_in_python_begins_anew_where_a_host_has_lost_its_logs() {
    let Some(python) = python().await else { return };
    let runtime = Tokio::default();
    let ana = Identity::from_seed([1; 32]);
    let host = local_host(&runtime, "Lab 3").identity(ana.clone()).start().await.unwrap();
    let address = host.addresses()[0];
    let mut monty = Monty::start(python, address, &[]);
    assert_eq!(monty.event("joined").await["room"], "lobby");
    monty.say("before").await;
    monty.event("outcome").await;

    host.shutdown(Duration::from_secs(5)).await;
    assert_eq!(monty.event("disconnected").await["reason"], "host_closed");
    monty.say("meanwhile").await;

    // Somebody else who takes the place of its host is told nothing.
    let stranger = local_host(&runtime, "Lab 3").bind(address).start().await.unwrap();
    monty.until(|event| event["event"] == "disconnected" && event["reason"] == "stranger").await;
    assert_eq!(stranger.stats().await.unwrap().frames_in, 0);
    stranger.shutdown(Duration::from_secs(5)).await;

    let host = local_host(&runtime, "Lab 4").identity(ana).bind(address).start().await.unwrap();
    let mut heard = host.events();
    let connected = monty.event("connected").await;
    assert_eq!((&connected["session"], &connected["resumed"]), (&"Lab 4".into(), &false.into()));
    assert_eq!(monty.event("history_lost").await["room"], "lobby");
    assert_eq!(monty.event("joined").await["resumed"], false);
    assert_eq!(texts(&messages(&mut heard, &RoomName::lobby(), 1).await), ["monty: meanwhile"]);
    let outcome = monty.event("outcome").await;
    assert_eq!((&outcome["cmid"], &outcome["outcome"]), (&2.into(), &"logged".into()));
    monty.say("/quit").await;
    monty.ends().await;
}

#[tokio::test]
async fn a_client_in_python_comes_in_by_code_and_back_without() {
    let Some(mut python) = python().await else { return };
    let runtime = Tokio::default();
    let host = local_host(&runtime, "Lab 3").by_code().start().await.unwrap();
    let proxy = Proxy::to(&runtime, host.addresses()[0]).await;
    python.env("EXCHANGE_CODE", host.code().unwrap().to_string().to_uppercase());
    let mut monty = Monty::start(python, proxy.address(), &[]);
    assert_eq!(monty.event("connected").await["session"], "Lab 3");
    proxy.cut();
    let mut heard = host.events();
    monty.event("disconnected").await;
    monty.say("back").await;
    assert_eq!(texts(&messages(&mut heard, &RoomName::lobby(), 1).await), ["monty: back"]);
    monty.say("/quit").await;
    monty.ends().await;
}

#[tokio::test]
async fn a_client_in_python_that_knows_another_code_or_none_stays_outside() {
    let host = local_host(&Tokio::default(), "Lab 3").by_code().start().await.unwrap();
    for (code, reason) in [(Some("a wrong passphrase"), "wrong_secret"), (None, "locked")] {
        let Some(mut python) = python().await else { return };
        if let Some(code) = code {
            python.env("EXCHANGE_CODE", code);
        }
        let mut monty = Monty::start(python, host.addresses()[0], &[]);
        assert_eq!(monty.event("closed").await["reason"], reason);
    }
    assert_eq!(host.people().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_in_python_chats_in_the_clear_where_that_is_wanted() {
    let Some(python) = python().await else { return };
    let host = local_host(&Tokio::default(), "Lab 3").insecure().start().await.unwrap();
    let mut heard = host.events();
    let mut monty = Monty::start(python, host.addresses()[0], &["--insecure"]);
    assert_eq!(monty.event("connected").await["session"], "Lab 3");
    monty.say("for everybody").await;
    assert_eq!(texts(&messages(&mut heard, &RoomName::lobby(), 1).await), ["monty: for everybody"]);
    assert_eq!(monty.event("outcome").await["outcome"], "logged");
    host.room("lobby").send("and from rust").await.unwrap();
    assert_eq!(monty.message("lobby").await, "host: and from rust");
    monty.say("/quit").await;
    monty.ends().await;
}

fn texts(messages: &[(u64, String, String)]) -> Vec<String> {
    messages.iter().map(|(_, nick, text)| format!("{nick}: {text}")).collect()
}

/// Where there may be a Python: the one that comes first, and Debian's, which alone sees Debian's packages.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// Python, where `tests/python` is. Where there is none that can run it, it says so, and there is none.
///
/// # Panics
///
/// Where there is none and `EXCHANGE_REQUIRE_PYTHON=1` says that there has to be.
async fn python() -> Option<Command> {
    let command = |program| {
        let mut command = Command::new(program);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null()).kill_on_drop(true);
        command
    };
    let suits = "import argon2, dissononce, spake2, sys; sys.exit(sys.version_info < (3, 11))";
    for program in PYTHONS {
        if command(program).args(["-c", suits]).output().await.is_ok_and(|output| output.status.success()) {
            return Some(command(program));
        }
    }
    let missing = "there is no python3 of version 3.11 or later that has argon2, dissononce and spake2";
    let is_required = env::var_os("EXCHANGE_REQUIRE_PYTHON").is_some_and(|value| value == "1");
    assert!(!is_required, "{missing}");
    // What a test prints is not shown when it passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {missing}");
    None
}

/// The client in Python: it is told lines, and tells events.
struct Monty {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    told: Vec<Value>,
}

impl Monty {
    fn start(mut python: Command, address: SocketAddr, more: &[&str]) -> Self {
        python.args(["-m", "exchange", &address.ip().to_string(), &address.port().to_string(), "--nick", "monty"]);
        python.args(more);
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, stdout: BufReader::new(stdout).lines(), told: Vec::new() }
    }

    async fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next event that is this one.
    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = timeout_at(deadline, self.stdout.next_line()).await;
            let Ok(Ok(Some(line))) = line else { panic!("{line:?} after {:#?}", self.told) };
            let event: Value = serde_json::from_str(&line).unwrap();
            self.told.push(event.clone());
            if is_it(&event) {
                return event;
            }
        }
    }

    async fn event(&mut self, kind: &str) -> Value {
        self.until(|event| event["event"] == kind).await
    }

    /// The next message of somebody else in that room.
    async fn message(&mut self, room: &str) -> String {
        let event =
            self.until(|event| event["event"] == "message" && event["room"] == room && event["mine"] == false).await;
        format!("{}: {}", event["nick"].as_str().unwrap(), event["payload"].as_str().unwrap())
    }

    /// The places in a room's log that it was told of, one by one or as a gap.
    fn places(&self, room: &str) -> Vec<u64> {
        let events = self.told.iter().filter(|event| event["room"] == room && event["event"] != "outcome");
        let place = |event: &Value, end: &str| event["seq"].as_u64().or_else(|| event[end].as_u64());
        let ranges = events.filter_map(|event| place(event, "first").zip(place(event, "last")));
        ranges.flat_map(|(first, last)| first..=last).collect()
    }

    /// Waits until it has ended, of its own accord and well.
    async fn ends(&mut self) {
        self.event("closed").await;
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}
