//! Being told to end.

use std::{io, process};

use tokio::signal;

use crate::exit::Exit;

/// What tells the program to end: Ctrl-C, and where there are signals, those that ask it politely.
#[derive(Debug)]
pub(crate) struct Interrupts {
    #[cfg(unix)]
    signals: [signal::unix::Signal; 3],
    #[cfg(windows)]
    ctrl_c: signal::windows::CtrlC,
}

impl Interrupts {
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [interrupt, terminate, hangup] = kinds.map(signal);
            Ok(Self { signals: [interrupt?, terminate?, hangup?] })
        }
        #[cfg(windows)]
        Ok(Self { ctrl_c: signal::windows::ctrl_c()? })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hangup] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(windows)]
        let _ = self.ctrl_c.recv().await;
    }

    /// The program is ending: from now on, being told to end ends it at once.
    pub(crate) fn insist(mut self) {
        tokio::spawn(async move {
            self.next().await;
            process::exit(Exit::Interrupted.code().into());
        });
    }
}
