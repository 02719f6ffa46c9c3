use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::PATIENCE;

/// A program as somebody uses it: what it says is read, what it is told are lines.
///
/// It is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    person: String,
    started: Instant,
    child: Child,
    lines: mpsc::Receiver<String>,
    /// All it has said, for whoever has to find out what went wrong.
    said: Vec<String>,
}

impl Program {
    pub(super) fn start(person: &str, mut command: Command) -> Self {
        let (output, writer) = io::pipe().unwrap();
        command.stdin(Stdio::piped()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let started = Instant::now();
        let child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // It ends with the program, or when nobody wants to know any more.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { person: person.to_owned(), started, child, lines, said: Vec::new() }
    }

    /// Whose it is.
    pub fn name(&self) -> String {
        self.person.clone()
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The first of the events to come that `pick` makes something of.
    ///
    /// # Panics
    ///
    /// When there is none in time, or the program ends before.
    pub fn until<T>(&mut self, what: &str, patience: Duration, mut pick: impl FnMut(&Value) -> Option<T>) -> T {
        self.until_line(what, patience, |line| serde_json::from_str(line).ok().as_ref().and_then(&mut pick))
    }

    /// Waits for as long as that, in which there is to be no event of this kind.
    ///
    /// # Panics
    ///
    /// When there is one, or the program ends.
    pub fn hears_not(&mut self, what: &str, period: Duration, is_wrong: impl Fn(&Value) -> bool) {
        let until = Instant::now() + period;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let wrong = serde_json::from_str(&line).is_ok_and(|event| is_wrong(&event));
                    self.said.push(line);
                    assert!(!wrong, "{what}\n{}", self.story());
                }
                Err(mpsc::RecvTimeoutError::Timeout) => return,
                Err(error) => panic!("{error}\n{}", self.story()),
            }
        }
    }

    /// Waits until it says a line with these words in it.
    ///
    /// # Panics
    ///
    /// When it does not in time, or ends before.
    pub fn says(&mut self, words: &str) {
        self.line(words, |line| line.contains(words).then_some(()));
    }

    /// The first of the lines to come that `pick` makes something of.
    ///
    /// # Panics
    ///
    /// When there is none in time, or the program ends before.
    pub fn line<T>(&mut self, what: &str, pick: impl FnMut(&str) -> Option<T>) -> T {
        self.until_line(what, PATIENCE, pick)
    }

    fn until_line<T>(&mut self, what: &str, patience: Duration, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = match self.lines.recv_timeout(left) {
                Ok(line) => line,
                Err(error) => panic!("{what}: {error}\n{}", self.story()),
            };
            let picked = pick(&line);
            self.said.push(line);
            if let Some(picked) = picked {
                return picked;
            }
        }
    }

    /// The next event of this kind.
    pub fn event(&mut self, kind: &str) -> Value {
        self.until(kind, PATIENCE, |event| (event["event"] == kind).then(|| event.clone()))
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Stops it where it stands, as if its machine slept.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on after it was stopped.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended, and with what exit code.
    pub fn ended(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        // What it says ends when it does.
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it goes on: {error}\n{}", self.story()),
            }
        }
        let status = self.child.wait().unwrap();
        status.code().unwrap_or_else(|| panic!("{status}\n{}", self.story()))
    }

    /// The events among what it has said so far.
    pub fn events(&self) -> Vec<Value> {
        self.said.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// All it has said so far.
    pub fn story(&self) -> String {
        format!("{} saw:\n    {}", self.person, self.said.join("\n    "))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program `exchange`, built anew if it has changed since.
///
/// Cargo tells a test where the programs of its own package are, and no others.
pub(super) fn exchange() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("--bin", "exchange"))
}

/// An example of this name, built anew if it has changed since.
pub(super) fn example(name: &str) -> PathBuf {
    built("--example", name)
}

fn built(kind: &str, name: &str) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo.args(["build", "--workspace", kind, name, "--locked", "--message-format=json"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{name} does not build");
    let mut messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let path = messages.find_map(|message: Value| Some(message["executable"].as_str()?.into()));
    path.expect("cargo says where the program is")
}
