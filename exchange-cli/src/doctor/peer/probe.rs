//! Whether a port of the other machine can be connected to, and lets the other find out the same.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use super::{
    lines::Lines,
    said::{Reach, Token},
};
use crate::doctor::port;

/// How long an answer may take: long enough for what is lost on the way to be sent again.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long to wait where no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Who listens there is expected to say this.
pub(super) async fn reach(address: SocketAddr, token: &Token) -> Reach {
    let answer = async {
        let mut lines = Lines::new(TcpStream::connect(address).await?);
        // Whoever says something else, or nothing, is somebody else.
        let said = lines.next(token.to_string().len()).await;
        Ok(said.is_ok_and(|said| said == token.to_string()))
    };
    outcome(timeout(PATIENCE, answer).await)
}

/// A host of a session is expected there.
pub(super) async fn reach_session(address: SocketAddr) -> Reach {
    outcome(timeout(PATIENCE, port::speaks_exchange(address)).await)
}

/// Tells whoever connects that they have come to the right place. It never ends.
pub(super) async fn answer(listener: &TcpListener, token: &Token) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A line this short is on its way at once. Whoever has gone again does not need it.
                let _ = timeout(PAUSE, Lines::new(stream).say(&token.to_string())).await;
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn outcome<E>(answer: Result<io::Result<bool>, E>) -> Reach {
    match answer {
        Ok(Ok(true)) => Reach::Reached,
        Ok(Ok(false)) => Reach::Stranger,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Reach::Refused,
        Ok(Err(_)) | Err(_) => Reach::Unanswered,
    }
}
