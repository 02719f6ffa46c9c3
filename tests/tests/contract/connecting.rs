//! Connections that are asked for, and what comes of it.

use std::{
    io::ErrorKind,
    net::{Ipv6Addr, SocketAddr},
    time::Duration,
};

use exchange_driver::{
    Host, NetworkError, Runtime, Target,
    core::{CloseReason, Limits, NameError, SessionId, SessionName, discovery::PeerRecord},
};
use exchange_tests::{
    stream::{accept, read_to_end},
    watched::{Alive, BLACK_HOLE},
};
use futures_util::future::join;

use crate::bed::{Bed, LOOPBACK, polled};

/// A multicast address: nobody can connect to one, and nothing is sent to find that out.
const NOWHERE: &str = "224.0.0.1:9";

/// Longer than a client waits for a host.
const LATER: Duration = Duration::from_secs(11);

fn nobodys_name() -> String {
    // Longer than a name may be: it is nobody's, and no server is asked for it.
    "x".repeat(300)
}

pub(crate) async fn errors_are_of_their_kinds<R: Runtime>(bed: Bed<R>) {
    let nobody = bed.nobody().await;
    assert_eq!(bed.runtime.connect(nobody).await.map(drop).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let error = bed.runtime.connect(NOWHERE.parse().unwrap()).await.map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable), "{error:?}");
}

pub(crate) async fn a_connect_that_is_given_up_is_ended<R: Runtime>(bed: Bed<R>) {
    let (mut listener, address) = bed.listener().await;
    for polls in 0.. {
        let connected = polled(polls, bed.runtime.connect(address)).await;
        let is_over = connected.is_some();
        drop(connected);
        bed.until_only(Alive { listeners: 1, ..Alive::default() }).await;
        // Whether the other side has seen it or not: if it has, it sees the end too.
        let _marker = bed.runtime.connect(address).await.unwrap();
        let (mut first, _) = accept(&mut listener).await.unwrap();
        if let Some(Ok((second, _))) = polled(1, accept(&mut listener)).await {
            assert_eq!(read_to_end(&mut first).await.unwrap_or_default(), b"");
            drop(second);
        }
        if is_over {
            assert!(polls > 0);
            break;
        }
    }
}

pub(crate) async fn a_host_name_has_addresses_with_the_port<R: Runtime>(bed: Bed<R>) {
    let addresses = bed.runtime.resolve("localhost".into(), 4711).await.unwrap();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.port() == 4711), "{addresses:?}");
}

pub(crate) async fn a_host_name_that_is_none_is_an_error<R: Runtime>(bed: Bed<R>) {
    assert!(bed.runtime.resolve(nobodys_name(), 4711).await.is_err());
}

pub(crate) async fn a_refused_connection_names_the_address<R: Runtime>(bed: Bed<R>) {
    let nobody = bed.nobody().await;
    let error = bed.client_builder("bo").join(nobody).await.unwrap_err();
    assert!(matches!(error, NetworkError::Refused { address, .. } if address == nobody), "{error:?}");
}

pub(crate) async fn what_cannot_be_reached_is_told_as_such<R: Runtime>(bed: Bed<R>) {
    let nowhere: SocketAddr = NOWHERE.parse().unwrap();
    let error = bed.client_builder("bo").join(nowhere).await.unwrap_err();
    assert!(matches!(error, NetworkError::Unreachable { address, .. } if address == nowhere), "{error:?}");
}

pub(crate) async fn a_connect_that_hangs_times_out<R: Runtime>(bed: Bed<R>) {
    let later = async {
        bed.runtime.until(|alive| alive.connecting == 1).await;
        bed.runtime.skip(LATER);
    };
    let (joined, ()) = join(bed.client_builder("bo").join(BLACK_HOLE), later).await;
    let error = joined.unwrap_err();
    assert!(matches!(error, NetworkError::TimedOut), "{error:?}");
}

pub(crate) async fn a_host_that_accepts_and_says_nothing_times_out<R: Runtime>(bed: Bed<R>) {
    let (mut silent, address) = bed.listener().await;
    let later = async {
        let accepted = accept(&mut silent).await.unwrap();
        bed.runtime.skip(LATER);
        accepted
    };
    let (joined, _accepted) = join(bed.client_builder("bo").join(address), later).await;
    let error = joined.unwrap_err();
    assert!(matches!(error, NetworkError::TimedOut), "{error:?}");
}

pub(crate) async fn a_host_that_hangs_up_has_closed<R: Runtime>(bed: Bed<R>) {
    let (mut other, address) = bed.listener().await;
    let hang_up = async { drop(accept(&mut other).await.unwrap()) };
    let (joined, ()) = join(bed.client_builder("bo").join(address), hang_up).await;
    let error = joined.unwrap_err();
    assert!(matches!(error, NetworkError::ClosedByPeer { reason: None } | NetworkError::Io(_)), "{error:?}");
}

pub(crate) async fn a_host_is_joined_by_its_name<R: Runtime>(bed: Bed<R>) {
    // Its name may stand for several addresses, of which only one is listened at.
    let here = bed.runtime.resolve("localhost".into(), 0).await.unwrap().pop().unwrap();
    let host = Host::builder_on(bed.runtime.clone(), "Lab 3").bind(here).no_discovery().start().await.unwrap();
    let name = Target::HostName { host: "localhost".into(), port: host.addresses()[0].port() };
    let client = bed.client_builder("bo").join(name).await.unwrap();
    assert_eq!(client.session().await.unwrap().as_ref(), Some(host.session()));
}

pub(crate) async fn a_host_name_that_is_not_known_is_not_found<R: Runtime>(bed: Bed<R>) {
    let name = Target::HostName { host: nobodys_name(), port: 4711 };
    let error = bed.client_builder("bo").join(name).await.unwrap_err();
    assert!(matches!(error, NetworkError::NotFound { .. }), "{error:?}");
}

pub(crate) async fn a_host_is_joined_over_ipv6<R: Runtime>(bed: Bed<R>) {
    let loopback = (Ipv6Addr::LOCALHOST, 0).into();
    let host = Host::builder_on(bed.runtime.clone(), "Lab 3").bind(loopback).no_discovery().start().await.unwrap();
    assert!(host.addresses()[0].is_ipv6());
    let client = bed.join(&host, "bo").await;
    client.room("lobby").send("hello").await.unwrap().delivered().await.unwrap();
}

/// What discovery would say of a session at these addresses.
fn found(addresses: Vec<SocketAddr>) -> PeerRecord {
    let (name, nick) = (SessionName::new("Lab 3").unwrap(), exchange_driver::core::Nick::new("ana").unwrap());
    let mut record = PeerRecord::new(SessionId::from_bytes([3; 16]), name, nick, 9);
    record.addresses = addresses;
    record
}

pub(crate) async fn of_several_addresses_one_that_answers_will_do<R: Runtime>(bed: Bed<R>) {
    let (host, nobody) = (bed.host().await, bed.nobody().await);
    for addresses in [vec![nobody, host.addresses()[0]], vec![host.addresses()[0], nobody]] {
        bed.client_builder("bo").join(found(addresses)).await.unwrap();
    }
    let error = bed.client_builder("bo").join(found(vec![nobody])).await.unwrap_err();
    assert!(matches!(error, NetworkError::NotFound { .. }), "{error:?}");
}

pub(crate) async fn an_address_that_never_answers_keeps_no_other_back<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    for addresses in [vec![BLACK_HOLE, host.addresses()[0]], vec![host.addresses()[0], BLACK_HOLE]] {
        let client = bed.client_builder("bo").join(found(addresses)).await.unwrap();
        bed.runtime.until(|alive| alive.connecting == 0).await;
        client.room("lobby").send("hello").await.unwrap().delivered().await.unwrap();
    }
}

pub(crate) async fn a_port_that_is_taken_is_told<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let taken = host.addresses()[0];
    let builder = Host::builder_on(bed.runtime.clone(), "Lab 4").bind(LOOPBACK).bind(taken).no_discovery();
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, NetworkError::AddressInUse { address, .. } if address == taken), "{error:?}");
    bed.runtime.until(|alive| alive.listeners == 1).await;
}

pub(crate) async fn a_name_that_nothing_can_look_up_is_not_found<R: Runtime>(bed: Bed<R>) {
    let error = bed.client_builder("bo").join("Lab 3").await.unwrap_err();
    assert_eq!(error.to_string(), "session \"Lab 3\" was not found");
    let error = bed.client_builder("\u{7}").join("127.0.0.1:1").await.unwrap_err();
    assert!(matches!(error, NetworkError::Name(NameError::Unshowable)), "{error:?}");
}

pub(crate) async fn a_full_session_says_so<R: Runtime>(bed: Bed<R>) {
    let limits = Limits { links: 1, ..exchange_tests::unhurried() };
    let host = bed.host_builder().limits(limits).start().await.unwrap();
    let _first = bed.join(&host, "first").await;
    let error = bed.client_builder("second").join(host.addresses()[0]).await.unwrap_err();
    assert!(matches!(error, NetworkError::ClosedByPeer { reason: None | Some(CloseReason::Full) }), "{error:?}");
}
