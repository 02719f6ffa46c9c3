//! Being told to end.

use std::{io, process};

use tokio::{signal, sync::watch};

use crate::{exit::Exit, full};

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
                    full::give_back();
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

#[cfg(unix)]
#[derive(Debug)]
struct Signals {
    interrupt: signal::unix::Signal,
    terminate: signal::unix::Signal,
    /// None if whoever has started the program wants it to outlast its terminal, as with `nohup`.
    hangup: Option<signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        let hangup = SignalKind::hangup();
        // Without it, whatever the parent has said of it goes on. Only Linux tells what that was.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let hangup = if is_ignored(&status, hangup.as_raw_value()) { None } else { Some(signal(hangup)?) };
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    async fn next(&mut self) -> Asked {
        let Self { interrupt, terminate, hangup } = self;
        let hung_up = async {
            match hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Asked::ByHand,
            _ = terminate.recv() => Asked::Otherwise,
            () = hung_up => Asked::Otherwise,
        }
    }
}

/// Whether a signal is among those that a process ignores, by its status as Linux tells it.
#[cfg(unix)]
fn is_ignored(status: &str, signal: i32) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits >> (signal - 1) & 1 == 1)
}

#[cfg(windows)]
#[derive(Debug)]
struct Signals(signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Asked {
        let _ = self.0.recv().await;
        Asked::ByHand
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_ignores_is_in_its_status() {
        let status =
            "Name:\texchange\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000004002\n";
        assert_eq!([1, 2, 13, 15].map(|signal| is_ignored(status, signal)), [true, false, true, false]);
        assert!(!is_ignored("", 1) && !is_ignored("SigIgn:\tnone\n", 1));
    }
}
