//! Clients that break the protocol lose their link, are told why, and bother nobody else.
use std::time::Duration;

use exchange_driver::{
    ByteStream, Host, NetworkError, Runtime,
    core::{
        CloseReason, Cmid, Encoding, Ended, Event, JoinFrom, Limits, NameError, RoomName, Timing, Violation,
        message::{ToClient, ToHost},
        wire::{Offer, Versions},
    },
};
use exchange_tests::{
    messages,
    raw::RawClient,
    stream::{accept, read_to_end, write_all},
    wait_for,
};
use futures_util::future::join;

use crate::bed::{Bed, On};

/// What the host says before it ends the connection.
async fn last_word<S: ByteStream>(client: &mut RawClient<S>) -> CloseReason {
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
async fn all_is_well<R: Runtime>(bed: &Bed<R>, host: &Host<On<R>>) {
    let (ana, bo) = (bed.join(host, "ana").await, bed.join(host, "bo").await);
    ana.room("lobby").send("still here?").await.unwrap();
    let heard = messages(&mut bo.events(), &RoomName::lobby(), 1).await;
    assert_eq!(heard[0].2, "still here?");
}

pub(crate) async fn an_oversize_frame_is_refused_by_its_length_alone<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    for (length, greeted) in [(u32::MAX, false), (1025, false), (64 * 1024 + 1, true), (1 << 31, true)] {
        let mut client = RawClient::connect(&bed.runtime, host.addresses()[0], Encoding::Postcard).await;
        if greeted {
            client.greet("zoe").await;
        }
        client.say_bytes(&length.to_be_bytes()).await;
        assert_eq!(last_word(&mut client).await, CloseReason::Violation(Violation::Oversize), "{length}");
    }
    all_is_well(&bed, &host).await;
}

pub(crate) async fn a_malformed_frame_is_refused_in_both_encodings<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let mut client = RawClient::connect(&bed.runtime, host.addresses()[0], encoding).await;
        client.greet("zoe").await;
        client.say_bytes(b"\0\0\0\x05?????").await;
        assert_eq!(last_word(&mut client).await, CloseReason::Violation(Violation::Malformed));
    }
    all_is_well(&bed, &host).await;
}

pub(crate) async fn the_first_message_has_to_be_a_greeting_and_only_the_first<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut hasty = RawClient::connect(&bed.runtime, host.addresses()[0], Encoding::Postcard).await;
    hasty.say(&ToHost::Ping { nonce: 1 }).await;
    assert_eq!(last_word(&mut hasty).await, CloseReason::Violation(Violation::Unexpected));

    let (mut polite, _) = RawClient::join(&bed.runtime, host.addresses()[0], "zoe").await;
    polite.greet("zoe").await;
    assert_eq!(last_word(&mut polite).await, CloseReason::Violation(Violation::Unexpected));
    all_is_well(&bed, &host).await;
}

pub(crate) async fn a_name_that_is_none_is_told_what_is_wrong_with_it<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let long = "x".repeat(33);
    for (nick, error) in [
        ("", NameError::Empty),
        ("\u{200b}", NameError::Empty),
        ("\u{1b}[31mred", NameError::Unshowable),
        (long.as_str(), NameError::TooLong { limit: 32 }),
    ] {
        let mut client = RawClient::connect(&bed.runtime, host.addresses()[0], Encoding::Json).await;
        client.greet(nick).await;
        assert_eq!(last_word(&mut client).await, CloseReason::Name(error), "{nick:?}");
    }
    let (mut client, _) = RawClient::join(&bed.runtime, host.addresses()[0], "zoe").await;
    let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
    client.say(&ToHost::Join { room: "a\nb".into(), from: JoinFrom::Head, settled, sent }).await;
    assert_eq!(last_word(&mut client).await, CloseReason::Name(NameError::Unshowable));
    all_is_well(&bed, &host).await;
}

pub(crate) async fn another_protocol_is_told_apart_at_its_first_bytes<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut events = host.events();
    let mut browser = bed.runtime.connect(host.addresses()[0]).await.unwrap();
    write_all(&mut browser, b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(read_to_end(&mut browser).await.unwrap(), b"");
    let cause = wait_for(&mut events, |event| match event {
        Event::LinkClosed { peer: None, cause } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, Ended::Here(CloseReason::Violation(Violation::Preamble)));
    all_is_well(&bed, &host).await;
}

pub(crate) async fn a_client_of_another_version_learns_both_ranges<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let future = Versions::new(7, 9).unwrap();
    let offer = Offer::new(future, &[Encoding::Postcard]);
    let error = bed.client_builder("zoe").offer(offer).join(host.addresses()[0]).await.unwrap_err();
    let NetworkError::VersionMismatch { ours, theirs } = error else { panic!("{error:?}") };
    assert_eq!((ours, theirs), (future, Versions::SUPPORTED));
    all_is_well(&bed, &host).await;
}

pub(crate) async fn a_text_that_is_too_long_is_refused_and_the_next_one_is_not<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "zoe").await;
    let room = client.room("lobby");
    let refused = room.send("x".repeat(8 * 1024 + 1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "too long: 8192 bytes are allowed");
    assert_eq!(room.send(" \n").await.unwrap_err().to_string(), "there is nothing to send");
    assert!(room.send("fine").await.unwrap().delivered().await.is_ok());
}

pub(crate) async fn a_host_of_another_protocol_is_told_apart<R: Runtime>(bed: Bed<R>) {
    let (mut other, address) = bed.listener().await;
    let greet = async {
        let (mut stream, _) = accept(&mut other).await.unwrap();
        write_all(&mut stream, b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
        stream
    };
    let (joined, _stream) = join(bed.client_builder("zoe").join(address), greet).await;
    let error = joined.unwrap_err();
    assert!(matches!(error, NetworkError::Violation(_)), "{error:?}");
}

pub(crate) async fn a_link_whose_preamble_never_comes_is_ended<R: Runtime>(bed: Bed<R>) {
    let timing = Timing { handshake: Duration::from_millis(50), ..Timing::default() };
    let host = bed.host_builder().timing(timing).start().await.unwrap();
    let mut idle = bed.runtime.connect(host.addresses()[0]).await.unwrap();
    assert_eq!(read_to_end(&mut idle).await.unwrap(), b"");
}

pub(crate) async fn those_who_are_closed_and_stay_hold_no_more_than_a_few_connections<R: Runtime>(bed: Bed<R>) {
    const COMERS: usize = 200;
    let limits = Limits { links: 1, ..exchange_tests::unhurried() };
    let host = bed.host_builder().limits(limits).start().await.unwrap();
    let _first = bed.join(&host, "first").await;
    let mut comers = Vec::new();
    for _ in 0..COMERS {
        comers.push(bed.runtime.connect(host.addresses()[0]).await.unwrap());
    }
    for comer in &mut comers {
        assert_eq!(read_to_end(comer).await.unwrap(), b"", "nobody else is let in");
    }
    // Its ends of most of them are gone at once, although nobody has closed theirs.
    assert!(bed.runtime.alive().streams < 2 + COMERS + COMERS / 2);
}
