//! Connections without end, over real sockets: those who are there talk on, and whoever comes later gets in.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs::File,
    io::{self, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use exchange_tests::{join, local_host};
use exchange_tokio::{Client, Tokio};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors are the process's: one test at a time has them.
fn alone(test: impl Future<Output = ()>) {
    static DESCRIPTORS: Mutex<()> = Mutex::new(());
    let _mine = DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// How often accepting a connection has failed, as the log says.
static FAILED: AtomicUsize = AtomicUsize::new(0);

/// Where the log goes: it is counted.
struct Counted;

impl Write for Counted {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let is_it = String::from_utf8_lossy(line).contains("cannot accept connections");
        FAILED.fetch_add(usize::from(is_it), Ordering::Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says so many things, one after the other, and waits until each is logged.
async fn talk(client: &Client, messages: usize) {
    let room = client.room("lobby");
    for number in 0..messages {
        room.send(number.to_string()).await.unwrap().delivered().await.unwrap();
    }
}

/// Takes all descriptors that the process may have.
fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
fn a_host_without_descriptors_waits_before_it_accepts_again_and_its_members_talk_on() {
    alone(without_descriptors());
}

async fn without_descriptors() {
    const MESSAGES: usize = 300;
    tracing_subscriber::fmt().with_writer(|| Counted).init();
    let runtime = Tokio::default();
    let host = local_host(&runtime, "Lab 3").start().await.unwrap();
    let address = host.addresses()[0];
    let member = join(&runtime, &host, "member").await;

    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(128), ..before }).unwrap();
    let mut taken = take_all();
    // One is left, for this end of a connection; the host has none for the other.
    taken.pop();
    let newcomer = TcpStream::connect(address).unwrap();
    talk(&member, MESSAGES).await;
    let failed = FAILED.load(Ordering::Relaxed);
    // The host has looked at its links that often at least, and did not try at each look.
    assert!((1..MESSAGES).contains(&failed), "{failed} times");

    drop(taken);
    setrlimit(Resource::Nofile, before).unwrap();
    let late = join(&runtime, &host, "late").await;
    talk(&late, 1).await;
    assert_eq!(host.stats().await.unwrap().links_ever, 3, "whoever waited was accepted, too");
    drop(newcomer);
}

#[test]
fn amid_connections_without_end_members_talk_on_and_somebody_else_comes_in() {
    alone(amid_connections());
}

async fn amid_connections() {
    let runtime = Tokio::default();
    let host = local_host(&runtime, "Lab 3").start().await.unwrap();
    let address = host.addresses()[0];
    let member = join(&runtime, &host, "member").await;
    let is_over = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&is_over);
    let flood = tokio::task::spawn_blocking(move || {
        while !until.load(Ordering::Relaxed) {
            drop(TcpStream::connect(address).unwrap());
        }
    });
    // It goes on for as long as this takes.
    while host.stats().await.unwrap().links_ever < 1000 {
        talk(&member, 1).await;
    }
    let late = loop {
        // Whoever comes among so many may find the host full, and comes again.
        if let Ok(late) = Client::builder_on(runtime.clone()).nick("late").join(address).await {
            break late;
        }
    };
    talk(&late, 1).await;
    talk(&member, 1).await;
    is_over.store(true, Ordering::Relaxed);
    flood.await.unwrap();
}
