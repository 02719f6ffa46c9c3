//! The command: its input is told what happens, and its output is said.
//!
//! Nothing of it can hold up the session. What happens waits for the command as it does for everybody who listens, in a
//! queue of events in which older ones give way and are counted; and what it says waits in its pipe until the host has
//! taken what came before. A pipe is served by a thread of its own that nobody waits for.

use std::{
    ffi::OsString,
    io::{self, PipeWriter, Write as _},
    process::ExitStatus,
    thread,
    time::Duration,
};

use exchange_tokio::{Events, core::PeerId};
use tokio::{
    process::{Child, Command},
    sync::mpsc::{self, Receiver},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    errand::Lines,
    input::{Typed, lines_of},
    line::Line,
    output::in_json,
};

/// Events that wait to be written; more stay where they are counted.
const WAITING: usize = 16;

/// How long the output of a command that has ended is read, if others have it as well who say nothing.
const SILENCE: Duration = Duration::from_secs(2);

/// A command that is running, or has ended.
pub(super) struct Bot {
    child: Child,
    lines: Receiver<Typed>,
    feeding: JoinHandle<()>,
    /// Whether it has closed its output.
    is_silent: bool,
    /// How it has ended, and until when more of its output is waited for.
    ended: Option<(ExitStatus, Instant)>,
}

impl Bot {
    /// Starts it. From then on it is told these events.
    pub(super) fn start(command: &[OsString], events: Events, me: PeerId) -> io::Result<Self> {
        let [name, arguments @ ..] = command else { return Err(io::ErrorKind::NotFound.into()) };
        let (input, to_command) = io::pipe()?;
        let (of_command, output) = io::pipe()?;
        // Whoever holds an end of a pipe keeps it open: these are held by the command alone once it runs.
        let child = Command::new(name).args(arguments).stdin(input).stdout(output).kill_on_drop(true).spawn()?;
        let (lines, feeding) = (lines_of("command", of_command)?, feed(events, me, to_command)?);
        Ok(Self { child, lines, feeding, is_silent: false, ended: None })
    }

    /// How it has failed, if it has.
    pub(super) fn failed(&self) -> Option<ExitStatus> {
        self.ended.map(|(status, _)| status).filter(|status| !status.success())
    }

    /// Tells it nothing any more. Its input ends once it has read what is in there.
    pub(super) fn hang_up(&self) {
        self.feeding.abort();
    }

    /// Waits until it has ended, which it is told by the end of its input, and ends it if it does not.
    pub(super) async fn end(&mut self, patience: Duration) {
        if timeout(patience, self.child.wait()).await.is_err() {
            // It has ended meanwhile, if that does not work.
            let _ = self.child.kill().await;
        }
    }
}

impl Lines for Bot {
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((_, deadline)) = &mut self.ended {
                let line = timeout_at(*deadline, self.lines.next()).await.ok().flatten();
                *deadline = Instant::now() + SILENCE;
                return line;
            }
            tokio::select! {
                line = self.lines.next(), if !self.is_silent => match line {
                    Some(line) => return Some(line),
                    None => self.is_silent = true,
                },
                status = self.child.wait() => match status {
                    Ok(status) => self.ended = Some((status, Instant::now() + SILENCE)),
                    Err(_) => return None,
                },
            }
        }
    }
}

/// Writes what happens, one JSON object a line, for as long as somebody may read it.
fn feed(mut events: Events, me: PeerId, mut pipe: PipeWriter) -> io::Result<JoinHandle<()>> {
    let (lines, mut waiting) = mpsc::channel::<Line>(WAITING);
    thread::Builder::new().name("events".into()).spawn(move || {
        while let Some(line) = waiting.blocking_recv() {
            if pipe.write_all([line.as_str(), "\n"].concat().as_bytes()).is_err() {
                break;
            }
        }
    })?;
    Ok(tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Some(line) = in_json(&event, me)
                && lines.send(line).await.is_err()
            {
                break;
            }
        }
    }))
}
