//! Clients that break the protocol lose their link, are told why, and bother nobody else.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use exchange_tests::{
    join, local_host, messages,
    raw::{RawClient, hello},
    wait_for,
};
use exchange_tokio::{
    Client, Host, NetworkError,
    core::{
        CloseReason, Cmid, Encoding, Ended, Event, JoinFrom, NameError, RoomName, Violation,
        message::{ToClient, ToHost},
        wire::{Offer, Versions},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What the host says before it ends the connection.
async fn last_word(client: &mut RawClient) -> CloseReason {
    let reason = client
        .wait_for(|message| match message {
            ToClient::Bye { reason } => Some(reason),
            _ => None,
        })
        .await;
    assert_eq!(client.hear().await, None, "the host ends the connection");
    reason
}

/// The others still hear each other, and have lost nothing.
async fn all_is_well(host: &Host) {
    let (ana, bo) = (join(host, "ana").await, join(host, "bo").await);
    ana.room("lobby").send("still here?").await.unwrap();
    let heard = messages(&mut bo.events(), &RoomName::lobby(), 1).await;
    assert_eq!(heard[0].2, "still here?");
}

#[tokio::test]
async fn an_oversize_frame_is_refused_by_its_length_alone() {
    let host = local_host("Lab 3").start().await.unwrap();
    for (length, greeted) in [(u32::MAX, false), (1025, false), (64 * 1024 + 1, true), (1 << 31, true)] {
        let mut client = RawClient::connect(host.addresses()[0], Encoding::Postcard).await;
        if greeted {
            client.say(&hello("zoe")).await;
        }
        client.say_bytes(&length.to_be_bytes()).await;
        assert_eq!(last_word(&mut client).await, CloseReason::Violation(Violation::Oversize), "{length}");
    }
    all_is_well(&host).await;
}

#[tokio::test]
async fn a_malformed_frame_is_refused_in_both_encodings() {
    let host = local_host("Lab 3").start().await.unwrap();
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let mut client = RawClient::connect(host.addresses()[0], encoding).await;
        client.say(&hello("zoe")).await;
        client.say_bytes(b"\0\0\0\x05?????").await;
        assert_eq!(last_word(&mut client).await, CloseReason::Violation(Violation::Malformed));
    }
    all_is_well(&host).await;
}

#[tokio::test]
async fn the_first_message_has_to_be_a_greeting_and_only_the_first() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut hasty = RawClient::connect(host.addresses()[0], Encoding::Postcard).await;
    hasty.say(&ToHost::Ping { nonce: 1 }).await;
    assert_eq!(last_word(&mut hasty).await, CloseReason::Violation(Violation::Unexpected));

    let mut polite = RawClient::join(host.addresses()[0], "zoe").await;
    polite.say(&hello("zoe")).await;
    assert_eq!(last_word(&mut polite).await, CloseReason::Violation(Violation::Unexpected));
    all_is_well(&host).await;
}

#[tokio::test]
async fn a_name_that_is_none_is_told_what_is_wrong_with_it() {
    let host = local_host("Lab 3").start().await.unwrap();
    let long = "x".repeat(33);
    for (nick, error) in [
        ("", NameError::Empty),
        ("\u{200b}", NameError::Empty),
        ("\u{1b}[31mred", NameError::Unshowable),
        (long.as_str(), NameError::TooLong { limit: 32 }),
    ] {
        let mut client = RawClient::connect(host.addresses()[0], Encoding::Json).await;
        client.say(&hello(nick)).await;
        assert_eq!(last_word(&mut client).await, CloseReason::Name(error), "{nick:?}");
    }
    let mut client = RawClient::join(host.addresses()[0], "zoe").await;
    let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
    client.say(&ToHost::Join { room: "a\nb".into(), from: JoinFrom::Head, settled, sent }).await;
    assert_eq!(last_word(&mut client).await, CloseReason::Name(NameError::Unshowable));
    all_is_well(&host).await;
}

#[tokio::test]
async fn another_protocol_is_told_apart_at_its_first_bytes() {
    let host = local_host("Lab 3").start().await.unwrap();
    let mut events = host.events();
    let mut browser = TcpStream::connect(host.addresses()[0]).await.unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(browser.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    let cause = wait_for(&mut events, |event| match event {
        Event::LinkClosed { peer: None, cause } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Here(CloseReason::Violation(Violation::Preamble)));
    all_is_well(&host).await;
}

#[tokio::test]
async fn a_client_of_another_version_learns_both_ranges() {
    let host = local_host("Lab 3").start().await.unwrap();
    let future = Versions::new(7, 9).unwrap();
    let offer = Offer::new(future, &[Encoding::Postcard]);
    let error = Client::builder().nick("zoe").offer(offer).join(host.addresses()[0]).await.unwrap_err();
    let NetworkError::VersionMismatch { ours, theirs } = error else { panic!("{error:?}") };
    assert_eq!((ours, theirs), (future, Versions::SUPPORTED));
    all_is_well(&host).await;
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let host = local_host("Lab 3").start().await.unwrap();
    let client = join(&host, "zoe").await;
    let room = client.room("lobby");
    let refused = room.send("x".repeat(8 * 1024 + 1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "too long: 8192 bytes are allowed");
    assert_eq!(room.send(" \n").await.unwrap_err().to_string(), "there is nothing to send");
    assert!(room.send("fine").await.unwrap().delivered().await.is_ok());
}
