//! Being stopped and going on, as the shell has it.

use std::io;

/// What the shell wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Stop,
    GoOn,
}

#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Jobs {
    stop: tokio::signal::unix::Signal,
    go_on: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Jobs {
    pub(super) fn listen() -> io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |to: Signal| signal(SignalKind::from_raw(to.as_raw()));
        Ok(Self { stop: listen(Signal::TSTP)?, go_on: listen(Signal::CONT)? })
    }

    pub(super) async fn next(&mut self) -> Wanted {
        tokio::select! {
            Some(()) = self.stop.recv() => Wanted::Stop,
            Some(()) = self.go_on.recv() => Wanted::GoOn,
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct Jobs;

#[cfg(not(unix))]
impl Jobs {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> Wanted {
        std::future::pending().await
    }
}
