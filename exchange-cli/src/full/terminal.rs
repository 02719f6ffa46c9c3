//! The terminal while the program has all of it: taken, given back whatever happens, and lent to the shell in between.

use std::{
    io::{self, Stdout, Write as _},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use data_encoding::BASE64;
use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{
            DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
            EnableMouseCapture,
        },
        execute,
        style::Print,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
    layout::{Position, Rect},
};

use super::{draw::draw, view::View};

/// Whether the program has the terminal. There is one of both.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The whole terminal. It is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Whole(Terminal<CrosstermBackend<Stdout>>);

impl Whole {
    pub(super) fn take() -> io::Result<Self> {
        static HOOKED: Once = Once::new();
        HOOKED.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // Where it is shown, it can be read.
                give_back();
                report(info);
            }));
        });
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        begin()?;
        Ok(Self(terminal))
    }

    pub(super) fn draw(&mut self, view: &mut View) -> io::Result<()> {
        self.draw_with(|frame| draw(frame, view))
    }

    pub(super) fn draw_with(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !is_taken() {
            // A task of the program has failed, and the rest goes on.
            self.go_on()?;
        }
        self.0.draw(draw).map(drop)
    }

    /// Draws everything anew the next time.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        // To clear it would ask the terminal where its cursor is, which not every terminal answers in time.
        let size = self.0.size()?;
        self.0.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Gives the terminal back and stops the program, as Ctrl-Z does elsewhere; takes it again when the program goes on.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            give_back();
            rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        }
        self.go_on()
    }

    /// Takes the terminal again.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        begin()?;
        self.forget()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether the program has the terminal at this moment.
pub(crate) fn is_taken() -> bool {
    IS_TAKEN.load(Ordering::Relaxed)
}

/// Calls whoever looks elsewhere: by a sound, and by words where the terminal can show them. They have passed the gate.
pub(super) fn call(words: &str) -> io::Result<()> {
    let words: String = words.chars().filter(|c| !c.is_control()).take(200).collect();
    execute!(io::stdout(), Print(format!("\u{7}\u{1b}]9;{words}\u{7}")))
}

/// Lets the terminal keep this text, to be put in elsewhere: also from another machine.
pub(super) fn copy(text: &str) -> io::Result<()> {
    execute!(io::stdout(), Print(format!("\u{1b}]52;c;{}\u{7}", BASE64.encode_display(text.as_bytes()))))
}

/// Takes the mouse from the terminal, in which it marks text, or gives it back.
pub(super) fn take_mouse(is_wanted: bool) -> io::Result<()> {
    if is_wanted { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
}

/// Fails when somebody says what a test has named, so that it is seen what becomes of the terminal: nothing that one can do
/// should come to that. What is made for people to use has no such thing.
#[cfg(debug_assertions)]
pub(super) fn fail_at(said: &str) {
    let is_meant = std::env::var("EXCHANGE_PANIC_AT").is_ok_and(|meant| !meant.is_empty() && meant == said);
    assert!(!is_meant, "told to fail");
}

/// Leaves the terminal as it was found; nothing, if it has been left already.
pub(crate) fn give_back() {
    if IS_TAKEN.swap(false, Ordering::Relaxed) {
        // Whatever fails, the rest is worth trying, and there is nobody to tell.
        let _ = execute!(
            io::stdout(),
            DisableMouseCapture,
            DisableFocusChange,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

fn begin() -> io::Result<()> {
    enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::Relaxed);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)
}
