//! A TCP proxy between clients and a host that cuts and stalls them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinHandle,
};

/// Forwards to one host, until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    cut: Arc<Notify>,
    flowing: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub async fn to(host: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(Notify::new());
        let (flowing, flow) = watch::channel(true);
        let cutting = Arc::clone(&cut);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (cut, flow) = (Arc::clone(&cutting), flow.clone());
                tokio::spawn(async move {
                    let Ok(host) = TcpStream::connect(host).await else { return };
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_host, mut to_host) = host.into_split();
                    tokio::select! {
                        () = pump(&mut from_client, &mut to_host, flow.clone()) => {}
                        () = pump(&mut from_host, &mut to_client, flow) => {}
                        () = cut.notified() => {}
                    }
                });
            }
        });
        Self { address, cut, flowing, accepting }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection there is, wherever in a frame it happens to be.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// Forwards nothing from now on, until told to again; connections stay.
    pub fn stall(&self, stall: bool) {
        self.flowing.send_replace(!stall);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut.notify_waiters();
    }
}

/// Forwards one direction, in pieces that have nothing to do with frames.
async fn pump(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    mut flow: watch::Receiver<bool>,
) {
    let mut buffer = [0; 1009];
    loop {
        if flow.wait_for(|flowing| *flowing).await.is_err() {
            return;
        }
        match from.read(&mut buffer).await {
            Ok(length) if length > 0 => {
                if to.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}
