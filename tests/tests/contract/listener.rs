//! Sockets that accept connections.

use std::io::ErrorKind;

use exchange_driver::{Listener as _, Runtime};
use exchange_tests::{
    stream::{accept, read_exactly, write_all},
    watched::Alive,
};

use crate::bed::{Bed, LOOPBACK, apart, polled};

pub(crate) async fn port_zero_is_any_that_is_free<R: Runtime>(bed: Bed<R>) {
    let ((_one, first), (_other, second)) = (bed.listener().await, bed.listener().await);
    assert_eq!((first.ip(), second.ip()), (LOOPBACK.ip(), LOOPBACK.ip()));
    assert!(first.port() != 0 && second.port() != 0 && first != second);
}

pub(crate) async fn it_tells_where_a_connection_comes_from<R: Runtime>(bed: Bed<R>) {
    let (mut listener, address) = bed.listener().await;
    let _near = bed.runtime.connect(address).await.unwrap();
    let (_far, from) = accept(&mut listener).await.unwrap();
    let _other = bed.runtime.connect(address).await.unwrap();
    let (_, from_other) = accept(&mut listener).await.unwrap();
    assert!(from.port() != 0 && from_other.port() != 0 && from != from_other, "{from}, {from_other}");
    assert!(!from.ip().is_unspecified());
}

pub(crate) async fn it_wakes_whoever_waits<R: Runtime>(bed: Bed<R>) {
    let (mut listener, address) = bed.listener().await;
    for _ in 0..3 {
        let knock = async { drop(bed.runtime.connect(address).await.unwrap()) };
        apart(async { drop(accept(&mut listener).await.unwrap()) }, knock).await;
    }
}

pub(crate) async fn all_who_wait_are_accepted<R: Runtime>(bed: Bed<R>) {
    let (mut listener, address) = bed.listener().await;
    let mut knocking = Vec::new();
    for number in 0..20 {
        let mut stream = bed.runtime.connect(address).await.unwrap();
        write_all(&mut stream, &[number]).await.unwrap();
        knocking.push(stream);
    }
    let mut numbers = Vec::new();
    for polls in (0..5).cycle() {
        // Giving up loses nobody.
        if let Some(accepted) = polled(polls, accept(&mut listener)).await {
            numbers.extend(read_exactly(&mut accepted.unwrap().0, 1).await.unwrap());
        }
        if numbers.len() == knocking.len() {
            break;
        }
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..20));
}

pub(crate) async fn an_address_that_is_taken_or_foreign_is_told<R: Runtime>(bed: Bed<R>) {
    let (_listener, taken) = bed.listener().await;
    assert_eq!(bed.runtime.bind(taken).await.map(drop).unwrap_err().kind(), ErrorKind::AddrInUse);
    let foreign = "192.0.2.1:0".parse().unwrap();
    assert_eq!(bed.runtime.bind(foreign).await.map(drop).unwrap_err().kind(), ErrorKind::AddrNotAvailable);
}

pub(crate) async fn one_that_is_dropped_refuses_and_frees_its_port<R: Runtime>(bed: Bed<R>) {
    let (mut listener, address) = bed.listener().await;
    let mut near = bed.runtime.connect(address).await.unwrap();
    let (mut far, _) = accept(&mut listener).await.unwrap();
    drop(listener);
    bed.until_only(Alive { streams: 2, ..Alive::default() }).await;
    assert_eq!(bed.runtime.connect(address).await.map(drop).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    // Whoever was accepted stays, and is not in the way of those who come next.
    write_all(&mut near, b"still here").await.unwrap();
    assert_eq!(read_exactly(&mut far, 10).await.unwrap(), b"still here");
    let again = bed.runtime.bind(address).await.unwrap();
    assert_eq!(again.local_addr().unwrap(), address);
}
