//! The only way to standard output and standard error.
//!
//! Lines are written by a thread of their own: a terminal that was stopped or a pipe that nobody reads must not hold up
//! the network.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::line::{Line, Stream, Style};

/// The lines of a screen that somebody else shows.
#[derive(Debug)]
pub(crate) struct Captured(mpsc::Receiver<Item>);

impl Captured {
    /// The next line; `None` when no more will come.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        loop {
            match self.0.recv().await? {
                Item::Line(line) => return Some(line),
                Item::Flush(done) => drop(done),
            }
        }
    }

    /// The next line, if there is one already.
    pub(crate) fn try_next(&mut self) -> Option<Line> {
        loop {
            match self.0.try_recv().ok()? {
                Item::Line(line) => return Some(line),
                Item::Flush(done) => drop(done),
            }
        }
    }
}

/// Lines that wait to be written; more make whoever has them wait.
const WAITING: usize = 1024;

/// How long the program may take to write its last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where lines go. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    lines: mpsc::Sender<Item>,
    coloured: bool,
    is_quiet: bool,
}

#[derive(Debug)]
enum Item {
    Line(Line),
    Flush(oneshot::Sender<()>),
}

impl Screen {
    /// Starts to write. A screen that is quiet shows of the program's own only what went wrong.
    pub(crate) fn new(is_plain: bool, is_quiet: bool) -> io::Result<Self> {
        let (lines, mut waiting) = mpsc::channel(WAITING);
        // When it ends, the receiver is gone, and everybody sees that nothing is shown any more.
        thread::Builder::new().name("screen".into()).spawn(move || {
            while let Some(item) = waiting.blocking_recv() {
                match item {
                    Item::Line(line) => {
                        if write(&line).is_err() {
                            break;
                        }
                    }
                    Item::Flush(done) => drop(done),
                }
            }
        })?;
        Ok(Self { lines, coloured: !is_plain && has_colours(&io::stderr()), is_quiet })
    }

    /// A screen whose lines are given to whoever shows them.
    pub(crate) fn captured(&self) -> (Self, Captured) {
        let (lines, waiting) = mpsc::channel(WAITING);
        (Self { lines, coloured: self.coloured, is_quiet: self.is_quiet }, Captured(waiting))
    }

    /// The same screen for somebody who is quiet, whatever others are.
    pub(crate) fn hushed(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// Shows a line. One that cannot be shown any more is dropped.
    pub(crate) async fn show(&self, line: Line) {
        let _ = self.lines.send(Item::Line(line)).await;
    }

    /// Says something about the program, unless it should be quiet.
    pub(crate) async fn say(&self, words: impl FnOnce(Line) -> Line) {
        if !self.is_quiet {
            self.show(Line::err(self.coloured).styled(Style::Dim, |line| words(line.ours("-- ")))).await;
        }
    }

    /// Says what went wrong.
    pub(crate) async fn warn(&self, words: impl FnOnce(Line) -> Line) {
        self.show(Line::err(self.coloured).styled(Style::Warning, |line| words(line.ours("-- ")))).await;
    }

    /// Says what is to be typed now, also if it should be quiet.
    pub(crate) async fn ask(&self, what_for: &str) {
        self.show(Line::err(self.coloured).styled(Style::Bold, |line| line.theirs(what_for))).await;
    }

    /// Says why the program ends without having done what it was asked.
    pub(crate) async fn fail(&self, what: &str, advice: &str) {
        let line = self.line().styled(Style::Warning, |line| line.ours("exchange: ").theirs(what));
        self.show(if advice.is_empty() { line } else { line.ours(" ").theirs(advice) }).await;
    }

    /// Says several lines that belong together, unless it should be quiet.
    pub(crate) async fn explain(&self, lines: impl IntoIterator<Item = Line>) {
        if !self.is_quiet {
            for line in lines {
                self.show(line).await;
            }
        }
    }

    /// An empty line about the program itself.
    pub(crate) fn line(&self) -> Line {
        Line::err(self.coloured)
    }

    /// Waits until nobody reads standard output any more.
    pub(crate) async fn closed(&self) {
        self.lines.closed().await;
    }

    /// Waits until everything has been written, within reason.
    pub(crate) async fn flush(&self) {
        let _ = timeout(LAST_WORDS, self.written()).await;
    }

    /// Waits until everything has been written, however slowly it is read, or nobody reads it any more.
    pub(crate) async fn written(&self) {
        let (done, flushed) = oneshot::channel();
        if self.lines.send(Item::Flush(done)).await.is_ok() {
            // Nothing is ever sent: it is dropped when its turn comes.
            let _ = flushed.await;
        }
    }
}

fn write(line: &Line) -> io::Result<()> {
    let text = [&*line.written(), "\n"].concat();
    match line.stream() {
        Stream::Out => io::stdout().lock().write_all(text.as_bytes()),
        Stream::Err => {
            // Where nobody hears what is said of it, the program goes on.
            let _ = io::stderr().lock().write_all(text.as_bytes());
            Ok(())
        }
    }
}

/// Whether colours are wanted and understood there.
pub(crate) fn has_colours(stream: &impl io::IsTerminal) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether people read standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}
