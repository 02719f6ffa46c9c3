//! A running `exchange`: what it is told, what it says, how it ends.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::Path,
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    pub(crate) out: Lines,
    pub(crate) err: Lines,
}

impl Program {
    /// Starts it with its input, its output and its errors in pipes.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, Stdio::piped())
    }

    /// Starts it with this input.
    pub(crate) fn start_with(arguments: &[&str], input: Stdio) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_exchange")).args(arguments), input)
    }

    /// Starts it with a code in its environment.
    pub(crate) fn start_with_code(code: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exchange"));
        Self::start_by(command.env("EXCHANGE_CODE", code).args(arguments), Stdio::piped())
    }

    /// Starts it as `nohup` does.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_without_hangups(arguments: &[&str]) -> Self {
        let deaf = ["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_exchange")];
        Self::start_by(Command::new("sh").args(deaf).args(arguments), Stdio::piped())
    }

    /// Whoever is called the same in a test is the same, and so are its hosts.
    fn start_by(command: &mut Command, input: Stdio) -> Self {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let nick = arguments.iter().position(|argument| argument == "--nick").and_then(|at| arguments.get(at + 1));
        let is_host = arguments.iter().any(|argument| argument == "host");
        let whose = if is_host { "host" } else { nick.map_or("guest", String::as_str) };
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("homes-{}", process::id()))
            .join(thread::current().name().unwrap_or("main").replace("::", "-"))
            .join(whose);
        let mut child = command
            .env("USER", "tester")
            .env("EXCHANGE_HOME", home)
            .env_remove("RUST_LOG")
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (Lines::of(child.stdout.take().unwrap()), Lines::of(child.stderr.take().unwrap()));
        Self { input: child.stdin.take(), child, out, err }
    }

    /// Runs it to its end: its exit code, and what it said there and there.
    pub(crate) fn run(arguments: &[&str]) -> (i32, Vec<String>, Vec<String>) {
        let mut program = Self::start(arguments);
        let code = program.exit_code();
        (code, program.out.all().to_vec(), program.err.all().to_vec())
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Ends its input.
    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    /// What Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends it the signal of that name.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Has it end without a chance to say anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits until it has ended, and gives its exit code.
    pub(crate) fn exit_code(&mut self) -> i32 {
        self.out.wait_for_end();
        self.err.wait_for_end();
        self.child.wait().unwrap().code().unwrap()
    }

    /// Waits for an event of that kind.
    pub(crate) fn event(&mut self, kind: &str) -> Value {
        self.out.wait_for(|line| serde_json::from_str::<Value>(line).ok().filter(|json| json["event"] == *kind))
    }

    /// Waits for an event of that kind in which a field has that value.
    pub(crate) fn until(&mut self, kind: &str, field: &str, value: &str) -> Value {
        loop {
            let event = self.event(kind);
            if event[field] == *value {
                return event;
            }
        }
    }

    /// The text of the next message.
    pub(crate) fn message(&mut self) -> String {
        self.event("message")["text"].as_str().unwrap().into()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has most likely ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A host on loopback, and the address that it says it has.
pub(crate) fn host(more: &[&str]) -> (Program, String) {
    host_at("127.0.0.1:0", more)
}

pub(crate) fn host_at(address: &str, more: &[&str]) -> (Program, String) {
    let (host, hosting) = hosting_at(address, more);
    (host, hosting["addresses"][0].as_str().unwrap().to_owned())
}

/// A host there, and what it says of itself.
pub(crate) fn hosting_at(address: &str, more: &[&str]) -> (Program, Value) {
    let usual = ["host", "Lab 3", "--nick", "ana", "--bind", address, "--no-discovery", "--json"];
    let mut host = Program::start(&[&usual, more].concat());
    let hosting = host.event("hosting");
    (host, hosting)
}

/// Somebody who has joined there, and reads JSON.
pub(crate) fn guest(address: &str, nick: &str, more: &[&str]) -> Program {
    let mut guest = Program::start(&[&["join", address, "--nick", nick, "--json"], more].concat());
    guest.event("room_joined");
    guest
}

/// Somebody who joins there, and reads text.
pub(crate) fn reader(address: &str, nick: &str) -> Program {
    Program::start(&["join", address, "--nick", nick, "--plain"])
}

/// A host, a guest and a reader: ana, bo and cy, once ana has seen cy come.
pub(crate) fn three() -> (Program, Program, Program) {
    let (mut ana, address) = host(&[]);
    let bo = guest(&address, "bo", &[]);
    let cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    (ana, bo, cy)
}

/// The lines of a stream as they come.
pub(crate) struct Lines {
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // The pipe is closed with the first line that nobody wants.
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { lines, seen: Vec::new() }
    }

    /// The first thing that `pick` makes of a line that was not taken yet.
    pub(crate) fn wait_for<T>(&mut self, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let picked = pick(&line);
                    self.seen.push(line);
                    if let Some(picked) = picked {
                        return picked;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("it does not happen; {}", self.report()),
                Err(RecvTimeoutError::Disconnected) => panic!("it will not happen; {}", self.report()),
            }
        }
    }

    /// Waits for a line with these words in it.
    pub(crate) fn wait_for_words(&mut self, words: &str) -> String {
        self.wait_for(|line| line.contains(words).then(|| line.to_owned()))
    }

    /// Stops to read, and lets the other side notice.
    pub(crate) fn close(&mut self) {
        self.lines = mpsc::channel().1;
    }

    /// Everything there ever was; call it when the program has ended.
    pub(crate) fn all(&self) -> &[String] {
        &self.seen
    }

    fn wait_for_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end; {}", self.report()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn report(&self) -> String {
        self.seen.iter().fold("there was:".into(), |mut report, line| {
            write!(report, "\n    {line}").unwrap();
            report
        })
    }
}
