//! Sessions that are kept in a file.

use std::{collections::BTreeSet, env, fs};

use exchange_tokio::{
    Client,
    core::{Durability, MessageView, PageFrom, Seq},
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tempfile::TempDir;

use crate::process::{Program, guest, host, host_at};

/// A folder of a test's own, which goes with it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().into()
    }

    fn file(&self) -> String {
        self.path("lab.exchange")
    }
}

/// An address that nobody else is given while its host is away.
fn own_address(last: u8) -> String {
    if cfg!(target_os = "linux") { format!("127.0.0.{last}:0") } else { "127.0.0.1:0".into() }
}

#[test]
fn a_session_goes_on_where_its_host_was_killed() {
    let folder = Folder::new();
    let file = folder.file();
    let (mut ana, address) = host_at(&own_address(78), &["--store", &file]);
    ana.err.wait_for_words(&format!("What happens is kept in {file}."));
    let mut bo = guest(&address, "bo", &["--room", "den"]);
    bo.until("room_joined", "room", "den");
    bo.say("/topic optics");
    bo.until("acted", "act", "topic");
    bo.say("before");
    assert_eq!(bo.message(), "before");
    ana.signal("KILL");
    bo.event("disconnected");
    bo.say("meanwhile");

    let (mut ana, address) = host_at(&address, &["--store", &file]);
    ana.err.wait_for_words(&format!("The session goes on, and is kept in {file}."));
    assert_eq!(bo.message(), "meanwhile", "and nothing twice");
    let mut late = guest(&address, "late", &["--room", "den"]);
    assert_eq!((late.message(), late.message()), ("before".into(), "meanwhile".into()));
    late.say("/room");
    assert_eq!(late.event("room")["topic"], "optics");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
}

#[test]
fn a_file_that_cannot_be_used_is_left_as_it_is_and_said() {
    let folder = Folder::new();
    let letter = folder.path("letter");
    fs::write(&letter, "Dear everybody, this is a letter, and nothing that a session could be kept in.").unwrap();
    let usual = ["host", "Lab 3", "--bind", "127.0.0.1:0", "--no-discovery", "--store"];
    let mut ana = Program::start(&[&usual[..], &[&letter]].concat());
    assert_eq!(ana.exit_code(), 8);
    assert!(ana.err.all()[0].contains("is no file of Exchange"), "{:?}", ana.err.all());
    assert!(fs::read(&letter).unwrap().starts_with(b"Dear everybody"));

    let (_ana, _) = host(&["--store", &folder.file()]);
    let mut other = Program::start(&[&usual[..], &[&folder.file()]].concat());
    assert_eq!(other.exit_code(), 8);
    assert!(other.err.all()[0].contains("is in use"), "{:?}", other.err.all());
}

#[test]
fn what_could_not_be_sent_is_sent_when_one_joins_again() {
    let folder = Folder::new();
    let (store, address) = (folder.path("bo"), own_address(80));
    let (mut ana, address) = host_at(&address, &["--store", &folder.file()]);
    let mut bo = guest(&address, "bo", &["--store", &store]);
    bo.say("heard");
    assert_eq!(ana.message(), "heard");
    ana.signal("KILL");
    bo.event("disconnected");
    bo.say("queued");
    bo.say("queued too");
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
    assert!(
        bo.err
            .all()
            .last()
            .unwrap()
            .ends_with("2 messages are kept, and sent when you join with the same --store again.")
    );
    let (mut ana, address) = host_at(&address, &["--store", &folder.file()]);
    let mut other = Program::start(&["join", &address, "--no-discovery", "--store", &folder.file()]);
    assert_eq!(other.exit_code(), 8);
    let mut bo = guest(&address, "bo", &["--store", &store]);
    bo.err.wait_for_words("2 messages from before will be sent now.");
    assert_eq!((ana.message(), ana.message()), ("queued".into(), "queued too".into()));
    bo.say("new");
    assert_eq!(ana.message(), "new");
    bo.interrupt();
    assert_eq!(bo.exit_code(), 0);
}

/// The host is killed while much is said: as often as `EXCHANGE_KILLS` says, or a few times.
#[test]
fn what_was_acknowledged_is_there_once_however_often_the_host_is_killed() {
    let kills = env::var("EXCHANGE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4_usize);
    let folder = Folder::new();
    let file = folder.file();
    let (mut ana, address) = host_at(&own_address(79), &["--store", &file, "--rate", "1000000"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let target = address.parse::<std::net::SocketAddr>().unwrap();
    let bo = runtime.block_on(Client::builder().nick("bo").no_discovery().join(target)).unwrap();
    let room = bo.room("lobby");
    let (mut said, mut places) = (0, BTreeSet::new());
    let mut on_their_way = FuturesUnordered::new();
    for kill in 0..=kills {
        // Each time at another point of what is under way.
        let heard = if kill == kills { usize::MAX } else { 3 + kill * 7 % 31 };
        runtime.block_on(async {
            let mut left = heard;
            while left > 0 {
                while on_their_way.len() < 24 && kill < kills {
                    on_their_way.push(room.send(format!("number {said}")).await.unwrap().delivered());
                    said += 1;
                }
                let Some(delivered) = on_their_way.next().await else { return };
                let delivered = delivered.unwrap();
                assert_eq!(delivered.durability, Durability::Fsynced);
                assert!(places.insert(delivered.seq.unwrap()), "a place of its own");
                left -= 1;
            }
        });
        if kill < kills {
            ana.signal("KILL");
            (ana, _) = host_at(&address, &["--store", &file, "--rate", "1000000"]);
        }
    }
    assert_eq!(places.len(), said);
    let late = runtime.block_on(Client::builder().nick("late").no_discovery().join(target)).unwrap();
    let (mut place, mut read) = (Seq(u64::MAX), Vec::new());
    loop {
        let page = runtime.block_on(late.room("lobby").page(PageFrom::Before(place), 1000)).unwrap();
        read.splice(0..0, page.messages().iter().map(MessageView::text).map(str::to_owned).collect::<Vec<_>>());
        place = page.after().next();
        if !page.has_older() {
            break;
        }
    }
    let first = said - read.len();
    assert!(read.into_iter().eq((first..said).map(|number| format!("number {number}"))), "each once, in order");
}
