//! What the program's parts say of themselves, kept off the screen while the program draws it.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;
use tracing_subscriber::fmt::MakeWriter;

use super::terminal;
use crate::line::Line;

/// As many lines wait to be shown; more are dropped, the oldest first.
const WAITING: usize = 200;

static LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
static THERE_ARE: Notify = Notify::const_new();

/// Standard error, unless the program has the whole terminal: then what is written waits to be shown among what is said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !terminal::is_taken() {
            return io::stderr().write(bytes);
        }
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend(String::from_utf8_lossy(bytes).lines().map(ToOwned::to_owned));
        let too_many = lines.len().saturating_sub(WAITING);
        lines.drain(..too_many);
        THERE_ARE.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// Waits until there is a line, and takes it.
pub(super) async fn line() -> Line {
    loop {
        let line = LINES.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(line) = line {
            return Line::err(false).ours("-- ").theirs(line);
        }
        THERE_ARE.notified().await;
    }
}
