//! Those who never say who they are.

use std::{collections::VecDeque, net::SocketAddr, rc::Rc, time::Duration};

use bytes::Bytes;
use exchange_tokio::core::{
    Identity, Seed,
    wire::{Keyring, Offer, Wire},
};
use fastrand::Rng;
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::yield_now,
    time::sleep,
};

use super::Deeds;
use crate::linux::addresses;

/// Between two bytes of one link.
const NOW_AND_THEN: Duration = Duration::from_millis(200);

/// How long the first message of a handshake is, and what a host says up to its own.
const KEY: usize = 32;
const ANSWER: usize = 28 + 128;

/// So many connections at once are made, or held, by somebody who makes them without end.
const AT_ONCE: usize = 64;

/// From so many addresses, so many links each, which are had anew whenever they are lost.
pub(super) fn hold(host: SocketAddr, deeds: &Rc<Deeds>, from: u8, each: usize) -> Vec<LocalBoxFuture<'static, ()>> {
    let links = (1..=from).flat_map(|number| std::iter::repeat_n(addresses::abuser(number), each));
    links
        .map(|address| {
            let deeds = Rc::clone(deeds);
            async move {
                let opening = opening();
                deeds.begun();
                while !deeds.is_over() {
                    if let Ok(mut stream) = addresses::connect(address, host).await {
                        deeds.count(1);
                        for byte in &opening {
                            // The host says something only when it has had enough.
                            let refused = stream.write_all(&[*byte]).await.is_err()
                                || stream.read(&mut [0; 64]).now_or_never().is_some();
                            if refused || deeds.is_over() {
                                break;
                            }
                            sleep(NOW_AND_THEN).await;
                        }
                    }
                    sleep(NOW_AND_THEN / 4).await;
                }
            }
            .boxed_local()
        })
        .collect()
}

/// From so many addresses in turn.
pub(super) fn connect(host: SocketAddr, deeds: &Rc<Deeds>, from: u8) -> Vec<LocalBoxFuture<'static, ()>> {
    let deeds = Rc::clone(deeds);
    let connecting = async move {
        let (mut held, mut numbers) = (VecDeque::new(), (1..=from).cycle());
        deeds.begun();
        while let Some(number) = numbers.next().filter(|_| !deeds.is_over()) {
            if let Ok(stream) = addresses::connect(addresses::abuser(number), host).await {
                deeds.count(1);
                held.push_back(stream);
            }
            held.drain(..held.len().saturating_sub(AT_ONCE));
            yield_now().await;
        }
    };
    vec![connecting.boxed_local()]
}

/// From so many addresses in turn: a first message that costs nothing to make has the host do all it can for a second.
pub(super) fn shake_hands(host: SocketAddr, deeds: &Rc<Deeds>, from: u8) -> Vec<LocalBoxFuture<'static, ()>> {
    (0..AT_ONCE)
        .map(|_| {
            let deeds = Rc::clone(deeds);
            async move {
                let (mut random, opening) = (Rng::new(), opening());
                deeds.begun();
                while !deeds.is_over() {
                    if let Ok(mut stream) = addresses::connect(addresses::abuser(random.u8(1..=from)), host).await {
                        let key: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(KEY).collect();
                        let _ = stream.write_all(&[&opening[..], &key].concat()).await;
                        if stream.read_exact(&mut [0; ANSWER]).await.is_ok() {
                            deeds.count(1);
                        }
                    }
                    yield_now().await;
                }
            }
            .boxed_local()
        })
        .collect()
}

/// What somebody says first who wants to be secured.
fn opening() -> Bytes {
    let keys = Keyring::new(Identity::from_seed([1; 32]), &Seed::from_number(1)).keys();
    Wire::client(Offer::default()).secured(Some(keys)).opening()
}

/// From so many addresses in turn.
pub(super) fn talk_nonsense(host: SocketAddr, deeds: &Rc<Deeds>, from: u8) -> Vec<LocalBoxFuture<'static, ()>> {
    (0..AT_ONCE)
        .map(|_| {
            let deeds = Rc::clone(deeds);
            async move {
                let mut random = Rng::new();
                deeds.begun();
                while !deeds.is_over() {
                    if let Ok(mut stream) = addresses::connect(addresses::abuser(random.u8(1..=from)), host).await {
                        deeds.count(1);
                        let nonsense: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(4096).collect();
                        let _ = stream.write_all(&nonsense).await;
                        while stream.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {}
                    }
                    yield_now().await;
                }
            }
            .boxed_local()
        })
        .collect()
}
