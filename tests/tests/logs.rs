//! Whoever reads the log, all of it, finds no token in it and nothing that a terminal obeys.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use exchange_tests::{
    join, local_host, messages,
    raw::{RawClient, somebody},
    shelf::Shelf,
    stream::write_all,
    vectors::hex,
    wait_for,
};
use exchange_tokio::{
    Runtime as _, Tokio,
    core::{
        CloseReason, Cmid, Encoding, Event, JoinFrom, RoomName, Timing,
        message::{Body, Hello, ToClient, ToHost},
    },
};
use tracing_subscriber::filter::LevelFilter;

/// All that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// It clears the screen, sets the clipboard, goes back, hides what follows, and turns the line around.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}\r\n\u{9b}31m\u{202e}\u{200b}evil\u{0}";

/// Whether a terminal would do something else than show it.
fn obeyed(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[tokio::test]
async fn nothing_that_is_logged_is_a_secret_or_obeyed_by_a_terminal() {
    let log = Log::default();
    let writer = log.clone();
    let told = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    told.with_writer(move || writer.clone()).init();
    let (runtime, shelf) = (Tokio::default(), Shelf::default());
    let timing = Timing { handshake: std::time::Duration::from_millis(200), ..Timing::default() };
    let host = local_host(&runtime, "Lab 3").timing(timing).store(shelf.store()).start().await.unwrap();
    let address = host.addresses()[0];
    let bo = join(&runtime, &host, "bo").await;
    let mut events = host.events();

    // Somebody who is let in, says the worst that can be said, and comes back with its token.
    let mut tokens = Vec::new();
    let (identity, mut producer) = (somebody(), None);
    for attempt in 1..=2 {
        let stream = runtime.connect(address).await.unwrap();
        let mut eve = RawClient::open(stream, Encoding::Json, &identity).await.unwrap();
        let greeting = eve.hello("eve");
        let producer = *producer.get_or_insert(greeting.producer);
        eve.producer = producer;
        eve.say(&ToHost::Hello(Hello { attempt, token: tokens.last().copied(), producer, ..greeting })).await;
        let welcome = |message| match message {
            ToClient::Welcome(welcome) => Some(welcome.token),
            _ => None,
        };
        tokens.push(eve.wait_for(welcome).await);
        let (settled, sent) = (Cmid(u64::from(attempt) - 1), Cmid(u64::from(attempt) - 1));
        eve.say(&ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled, sent }).await;
        let joined = |message| if let ToClient::Joined(joined) = message { Some(joined.room) } else { None };
        let room = eve.wait_for(joined).await;
        let said = eve.signed(room, Cmid(attempt.into()), Body::text(HOSTILE));
        eve.say(&said).await;
        let heard = messages(&mut events, &RoomName::lobby(), 1).await;
        assert_eq!(heard[0].2, HOSTILE);
        if attempt == 2 {
            eve.say(&ToHost::Rename { nick: HOSTILE.into() }).await;
            wait_for(&mut events, |event| matches!(event, Event::LinkClosed { .. }).then_some(())).await;
        }
    }
    // And others that are not.
    let mut nameless = RawClient::connect(&runtime, address, Encoding::Postcard).await;
    nameless.greet(HOSTILE).await;
    let goodbye = |message| matches!(message, ToClient::Bye { reason: CloseReason::Name(_) }).then_some(());
    nameless.wait_for(goodbye).await;
    let mut foreign = runtime.connect(address).await.unwrap();
    write_all(&mut foreign, HOSTILE.as_bytes()).await.unwrap();
    let mut garbled = RawClient::connect(&runtime, address, Encoding::Json).await;
    garbled.say_bytes(&[&[0, 0, 0, 40][..], HOSTILE.as_bytes()].concat()).await;
    let _ = join(&runtime, &host, "cy").await.shutdown(std::time::Duration::MAX).await;
    bo.shutdown(std::time::Duration::MAX).await;
    host.shutdown(std::time::Duration::MAX).await;

    let logged = log.0.lock().unwrap().clone();
    let logged = String::from_utf8(logged).unwrap();
    for known in ["link ended", "accepted", "round", "evil"] {
        assert!(logged.contains(known), "it is logged at all: {known}");
    }
    let hostile: Vec<&str> = logged.lines().filter(|line| line.contains(obeyed)).collect();
    assert!(hostile.is_empty(), "{hostile:?}");
    assert!(logged.lines().all(|line| line.starts_with("20")), "no line was made by somebody else");
    assert_eq!(tokens.len(), 2);
    for token in tokens {
        let bytes = token.as_bytes();
        for form in [hex(bytes), hex(bytes).to_uppercase(), format!("{bytes:?}").replace(['[', ']'], "")] {
            assert!(!logged.contains(&form), "{form}");
        }
    }
}
