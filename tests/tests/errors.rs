//! What can go wrong with a connection is told by kind.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{net::Ipv4Addr, time::Duration};

use exchange_tests::{join, local_host};
use exchange_tokio::{
    Client, Host, NetworkError,
    core::{CloseReason, Limits, NameError, Timing},
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

async fn free_port() -> std::net::SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    let nobody = free_port().await;
    let error = Client::builder().join(nobody).await.unwrap_err();
    assert!(matches!(error, NetworkError::Refused { address, .. } if address == nobody), "{error:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let host = local_host("Lab 3").start().await.unwrap();
    let taken = host.addresses()[0];
    let error = Host::builder("Lab 4").bind(taken).no_discovery().start().await.unwrap_err();
    assert!(matches!(error, NetworkError::AddressInUse { address, .. } if address == taken), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_accepts_and_says_nothing_times_out() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let error = Client::builder().join(silent.local_addr().unwrap()).await.unwrap_err();
    assert!(matches!(error, NetworkError::TimedOut), "{error:?}");
}

#[tokio::test]
async fn a_listener_of_another_protocol_is_told_apart() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = other.local_addr().unwrap();
    let (error, ()) = tokio::join!(Client::builder().join(address), async {
        let (mut stream, _) = other.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
    });
    assert!(matches!(error, Err(NetworkError::Violation(_))), "{error:?}");
}

#[tokio::test]
async fn a_listener_that_hangs_up_has_closed() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = other.local_addr().unwrap();
    let (error, ()) = tokio::join!(Client::builder().join(address), async {
        other.accept().await.unwrap();
    });
    assert!(matches!(error, Err(NetworkError::ClosedByPeer { reason: None } | NetworkError::Io(_))), "{error:?}");
}

#[tokio::test]
async fn a_name_that_nothing_can_look_up_is_not_found() {
    let error = Client::builder().no_discovery().join("Lab 3").await.unwrap_err();
    assert_eq!(error.to_string(), "session \"Lab 3\" was not found");
    let error = Client::builder().nick("\u{7}").join("127.0.0.1:1").await.unwrap_err();
    assert!(matches!(error, NetworkError::Name(NameError::Unshowable)), "{error:?}");
}

#[tokio::test]
async fn a_full_session_says_so() {
    let limits = Limits { links: 1, ..Limits::default() };
    let host = local_host("Lab 3").limits(limits).start().await.unwrap();
    let _first = join(&host, "first").await;
    let error = Client::builder().nick("second").join(host.addresses()[0]).await.unwrap_err();
    assert!(matches!(error, NetworkError::ClosedByPeer { reason: None | Some(CloseReason::Full) }), "{error:?}");
}

#[tokio::test]
async fn a_link_whose_preamble_never_comes_is_ended_by_the_host() {
    let timing = Timing { handshake: Duration::from_millis(50), ..Timing::default() };
    let host = local_host("Lab 3").timing(timing).start().await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(host.addresses()[0]).await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut idle, &mut rest);
    assert_eq!(tokio::time::timeout(exchange_tests::PATIENCE, read).await.unwrap().unwrap(), 0);
}
