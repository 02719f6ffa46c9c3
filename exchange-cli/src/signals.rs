//! Being told to end.

use std::{io, process};

use tokio::{signal, sync::watch};

use crate::exit::Exit;

/// What tells the program to end: Ctrl-C, and where there are signals, those that ask it politely. It is heard by
/// whoever waits for it; once the program is ending, Ctrl-C ends it at once. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts {
    ending: watch::Sender<bool>,
}

impl Interrupts {
    /// Begins to listen; the program does not end by itself any more when it is told to.
    pub(crate) fn listen() -> io::Result<Self> {
        let (mut signals, ending) = (Signals::listen()?, watch::Sender::new(false));
        let told = ending.clone();
        tokio::spawn(async move {
            loop {
                let asked = signals.next().await;
                // A terminal that is closed and a session that ends ask several times and in several ways, and whoever
                // does it means no hurry.
                if told.send_replace(true) && asked == Asked::ByHand {
                    process::exit(Exit::Interrupted.code().into());
                }
            }
        });
        Ok(Self { ending })
    }

    /// Waits until the program was told to end.
    pub(crate) async fn told(&self) {
        // The sender is here: it does not fail.
        let _ = self.ending.subscribe().wait_for(|is_ending| *is_ending).await;
    }

    /// The program is ending: from now on, Ctrl-C ends it at once.
    pub(crate) fn insist(&self) {
        self.ending.send_replace(true);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ByHand,
    #[cfg(unix)]
    Otherwise,
}

#[derive(Debug)]
struct Signals {
    #[cfg(unix)]
    signals: [signal::unix::Signal; 3],
    #[cfg(windows)]
    ctrl_c: signal::windows::CtrlC,
}

impl Signals {
    fn listen() -> io::Result<Self> {
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

    async fn next(&mut self) -> Asked {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hangup] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => Asked::ByHand,
                _ = terminate.recv() => Asked::Otherwise,
                _ = hangup.recv() => Asked::Otherwise,
            }
        }
        #[cfg(windows)]
        {
            let _ = self.ctrl_c.recv().await;
            Asked::ByHand
        }
    }
}
