//! A terminal with the program in it.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

/// Only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const UP: &str = "\u{1b}[A";
pub(crate) const PAGE_UP: &str = "\u{1b}[5~";
pub(crate) const PAGE_DOWN: &str = "\u{1b}[6~";
pub(crate) const ESCAPE: &str = "\u{1b}";
pub(crate) const F1: &str = "\u{1b}OP";
pub(crate) const TAB: &str = "\t";

/// What Alt and a key send.
pub(crate) fn alt(key: char) -> String {
    format!("\u{1b}{key}")
}

/// What Ctrl and a letter send.
pub(crate) fn control(key: char) -> String {
    char::from(key as u8 & 0x1f).to_string()
}

pub(crate) struct Terminal {
    child: Child,
    master: File,
    slave: OwnedFd,
    shown: Arc<Mutex<Shown>>,
    /// Something was written.
    written: Receiver<()>,
}

struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Starts the program in a terminal of 100 by 30.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        Self::run(home, env!("CARGO_BIN_EXE_exchange"), arguments)
    }

    /// Starts any program there.
    pub(crate) fn run(home: &Path, program: &str, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        tcsetwinsize(&master, size(100, 30)).unwrap();
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        // The terminal has to be the program's own, so that its signals are.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", program])
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("EXCHANGE_HOME", home)
            .env("EXCHANGE", env!("CARGO_BIN_EXE_exchange"))
            .env("TZ", "UTC")
            .env("USER", "tester")
            .env_remove("NO_COLOR")
            .env_remove("RUST_LOG")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .unwrap();
        let master = File::from(master);
        let shown = Arc::new(Mutex::new(Shown {
            parser: vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0),
            bytes: Vec::new(),
        }));
        let (told, written) = mpsc::channel();
        let (mut output, screen) = (master.try_clone().unwrap(), Arc::clone(&shown));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                let mut shown = screen.lock().unwrap();
                shown.parser.process(&buffer[..length]);
                shown.bytes.extend_from_slice(&buffer[..length]);
                let _ = told.send(());
            }
        });
        Self { child, master, slave: slave.into(), shown, written }
    }

    /// Presses keys, as a terminal sends them.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.press(line);
        self.press("\r");
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.shown.lock().unwrap().parser.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        // Whoever has the terminal is told by a signal.
        tcsetwinsize(&self.master, size(columns, rows)).unwrap();
    }

    pub(crate) fn screen(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// Looks at the screen as it is now.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shown.lock().unwrap().parser.screen())
    }

    /// Everything that was written so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shown.lock().unwrap().bytes.clone()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.look(vt100::Screen::alternate_screen)
    }

    /// Whether what is typed is shown by the terminal itself, as it is where no program has taken it.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub(crate) fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_until(|terminal| Some(terminal.screen()).filter(|screen| wanted(screen)))
    }

    /// Waits until these words are on it.
    #[track_caller]
    pub(crate) fn see(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if screen.contains(words) {
                return screen;
            }
            self.more(deadline, words);
        }
    }

    #[track_caller]
    pub(crate) fn wait_until<T>(&self, wanted: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = wanted(self) {
                return found;
            }
            self.more(deadline, "what is wanted");
        }
    }

    /// Waits until more was written. Modes of the terminal change without that, so nobody waits long for it.
    #[track_caller]
    fn more(&self, deadline: Instant, wanted: &str) {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "{wanted:?} is not on the screen:\n{}", self.screen());
        // This end holds the terminal open, so that there is always more to come.
        let told = self.written.recv_timeout(left.min(Duration::from_millis(50)));
        assert_ne!(told, Err(RecvTimeoutError::Disconnected), "nobody reads what the program writes");
    }

    /// The program's own process, which is the child of the one that has given it the terminal.
    pub(crate) fn process(&self) -> u32 {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = std::fs::read_to_string(children).unwrap();
        children.split_whitespace().next().map_or_else(|| self.child.id(), |child| child.parse().unwrap())
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until it has ended, and gives its exit code.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}
