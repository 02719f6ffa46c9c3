//! Frames over a connection, without the chat.

use exchange_driver::{Connection, NetworkError, Runtime, Server, connect_on, core::Violation};
use exchange_tests::watched::Alive;
use futures_util::future::join;

use crate::bed::{Bed, LOOPBACK, On, StreamOn, apart, polled, yield_now};

type Ends<R> = (Connection<StreamOn<R>>, Connection<StreamOn<R>>);

async fn server<R: Runtime>(bed: &Bed<R>) -> Server<On<R>> {
    Server::bind_on(&bed.runtime, LOOPBACK).await.unwrap()
}

/// Two ends that have met.
async fn ends<R: Runtime>(bed: &Bed<R>) -> Ends<R> {
    let mut server = server(bed).await;
    let mut near = connect_on(&bed.runtime, server.local_addr().unwrap()).await.unwrap();
    let (mut far, _) = server.accept().await.unwrap();
    // Within one task: each has to hear the other's preamble.
    let (heard, sent) = join(far.recv(), near.send(b"hello")).await;
    sent.unwrap();
    assert_eq!(heard.unwrap().as_deref(), Some(&b"hello"[..]));
    (near, far)
}

pub(crate) async fn both_sides_send_and_receive<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = ends(&bed).await;
    let largest = vec![7; 64 * 1024];
    let ask = async {
        for frame in [b"one", &largest[..], b"three"] {
            near.send(frame).await.unwrap();
            assert_eq!(near.recv().await.unwrap().as_deref(), Some(frame));
        }
        drop(near);
    };
    let echo = async {
        while let Some(frame) = far.recv().await.unwrap() {
            far.send(&frame).await.unwrap();
        }
        for wrong in [vec![], vec![0; 64 * 1024 + 1]] {
            let error = far.send(&wrong).await.unwrap_err();
            assert!(matches!(error, NetworkError::Violation(Violation::Oversize)), "{error:?}");
        }
    };
    apart(ask, echo).await;
}

pub(crate) async fn a_peer_that_does_not_read_keeps_the_sender_waiting<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = ends(&bed).await;
    let frame = vec![7; 64 * 1024];
    let mut sent = 0;
    while polled(1, near.send(&frame)).await.is_some_and(|sent| sent.is_ok()) {
        sent += 1;
        assert!(sent < 1000, "nobody reads, and everything is taken");
    }
    // The one that had to wait is on its way too.
    let listen = async {
        for _ in 0..sent + 2 {
            assert_eq!(far.recv().await.unwrap().as_deref(), Some(&frame[..]));
        }
    };
    apart(async { near.send(&frame).await.unwrap() }, listen).await;
}

pub(crate) async fn closing_ends_one_direction<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = ends(&bed).await;
    near.close().await.unwrap();
    assert_eq!(far.recv().await.unwrap(), None);
    far.send(b"goodbye").await.unwrap();
    assert_eq!(near.recv().await.unwrap().as_deref(), Some(&b"goodbye"[..]));
}

pub(crate) async fn receiving_that_is_given_up_loses_nothing<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = ends(&bed).await;
    let frames: Vec<_> = (1..100_u8).map(|number| vec![number; usize::from(number) * 500]).collect();
    let talk = async {
        for frame in &frames {
            near.send(frame).await.unwrap();
        }
    };
    let listen = async {
        let mut polls = (0..4).cycle();
        for frame in &frames {
            let heard = loop {
                if let Some(heard) = polled(polls.next().unwrap(), far.recv()).await {
                    break heard;
                }
            };
            assert!(heard.unwrap().as_deref() == Some(frame));
        }
    };
    apart(talk, listen).await;
}

pub(crate) async fn sending_that_is_given_up_is_whole_and_in_order<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = ends(&bed).await;
    let frame = |number: u8| vec![number; 60_000];
    let talk = async {
        let mut sent = Vec::new();
        for number in 0..200 {
            // Until nothing more is taken, and then until everything is.
            let polls = if number % 10 == 9 { usize::MAX } else { 1 };
            if polled(polls, near.send(&frame(number))).await.is_some_and(|sent| sent.is_ok()) {
                sent.push(number);
            }
        }
        near.close().await.unwrap();
        sent
    };
    let listen = async {
        let mut heard = Vec::new();
        while let Some(whole) = far.recv().await.unwrap() {
            assert!(whole == frame(whole[0]));
            heard.push(whole[0]);
        }
        heard
    };
    let (sent, heard) = join(talk, listen).await;
    assert!(heard.is_sorted_by(|one, next| one < next), "{heard:?}");
    assert!(sent.iter().all(|number| heard.contains(number)), "{heard:?} of {sent:?}");
    assert!(sent.len() < heard.len(), "some that were given up were sent by a later call");
}

pub(crate) async fn accepting_and_connecting_that_are_given_up_leave_nothing<R: Runtime>(bed: Bed<R>) {
    assert!(polled(0, Server::bind_on(&bed.runtime, LOOPBACK)).await.is_none());
    let mut server = server(&bed).await;
    let address = server.local_addr().unwrap();
    for polls in 0.. {
        let is_over = polled(polls, connect_on(&bed.runtime, address)).await.is_some();
        bed.until_only(Alive { listeners: 1, ..Alive::default() }).await;
        // Those that were given up half-way have ended, if they are ever seen.
        let mut near = connect_on(&bed.runtime, address).await.unwrap();
        let greet = async { near.send(b"hello").await.unwrap() };
        let find = async {
            loop {
                if let Some(accepted) = polled(polls + 1, server.accept()).await
                    && let Ok(Some(frame)) = accepted.unwrap().0.recv().await
                {
                    break assert_eq!(&*frame, b"hello");
                }
                yield_now().await;
            }
        };
        apart(greet, find).await;
        if is_over {
            break;
        }
    }
}
