//! What all commands have in common.

use std::{
    cell::RefCell,
    env,
    io::{self, IsTerminal as _},
    mem,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use exchange_tokio::discovery::{Discovery, DiscoveryError, Interfaces, Mdns, MdnsConfig};
use jiff::tz::TimeZone;
use tokio::{sync::mpsc::Receiver, time::timeout};

use crate::{
    args::Common,
    exit::Failure,
    input::{self, Typed},
    line::Line,
    output::{Format, Look},
    screen::{self, Captured, Screen},
    signals::Interrupts,
};

/// How long it may take to tell the network that announcements are taken back.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a command has to work with. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) common: Common,
    pub(crate) screen: Screen,
    pub(crate) interrupts: Interrupts,
    pub(crate) mdns: SharedMdns,
    /// Whether somebody types what is read.
    pub(crate) is_typed: bool,
    /// Whether it says nothing of itself: what it does is done for a script.
    is_hushed: bool,
    /// Standard input, once something of it was read.
    lines: Rc<RefCell<Option<Receiver<Typed>>>>,
}

/// The whole screen, while a session has it.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Where lines go when it is given back.
    pub(crate) before: Screen,
    /// What is said in the meantime.
    pub(crate) said: Captured,
}

/// Whether a session takes the whole screen, if somebody types.
pub(crate) fn takes_screen(common: &Common) -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    screen::is_terminal() && !(common.plain || common.json || is_dumb)
}

/// How long without a line from the keyboard until somebody is shown as away.
pub(crate) const IDLE: Duration = Duration::from_secs(600);

impl App {
    pub(crate) fn new(common: Common) -> io::Result<Self> {
        Ok(Self {
            screen: Screen::new(common.plain || common.json, common.quiet)?,
            interrupts: Interrupts::listen()?,
            mdns: SharedMdns::default(),
            is_typed: io::stdin().is_terminal(),
            is_hushed: false,
            lines: Rc::default(),
            common,
        })
    }

    /// Whether a session takes the whole screen.
    pub(crate) fn takes_screen(&self) -> bool {
        self.is_conversation() && takes_screen(&self.common)
    }

    /// Takes the whole screen, if a session does: what is said from now on is shown there.
    pub(crate) fn take_screen(&mut self) -> Option<Stage> {
        self.takes_screen().then(|| {
            let (screen, said) = self.screen.captured();
            Stage { before: mem::replace(&mut self.screen, screen), said }
        })
    }

    /// The same for a script: of itself it says only what goes wrong.
    pub(crate) fn hushed(self) -> Self {
        Self { screen: self.screen.hushed(), is_hushed: true, ..self }
    }

    /// Whether somebody sits there to talk, and sees what comes of it.
    pub(crate) fn is_conversation(&self) -> bool {
        self.is_typed && !self.is_hushed
    }

    /// How events are shown.
    pub(crate) fn format(&self) -> Format {
        let for_people = screen::is_terminal() && !self.common.plain;
        if self.common.json {
            return Format::Json;
        }
        Format::Text(Look {
            coloured: for_people && screen::has_colours(&io::stdout()),
            times: for_people.then(TimeZone::system),
            own: !(for_people && self.is_typed),
            proves: false,
        })
    }

    /// An empty line for standard output.
    pub(crate) fn out(&self) -> Line {
        Line::out(!self.common.plain && screen::has_colours(&io::stdout()))
    }

    /// How sessions are found and announced: not at all, if that is what the user wants.
    pub(crate) fn discovery(&self) -> Result<Option<Arc<dyn Discovery>>, DiscoveryError> {
        if self.common.no_discovery {
            return Ok(None);
        }
        let interfaces = match &self.common.interface[..] {
            [] => Interfaces::Lan,
            names => Interfaces::Named(names.to_vec()),
        };
        self.mdns.open(interfaces).map(|mdns| Some(Arc::new(mdns) as Arc<dyn Discovery>))
    }

    /// The lines of standard input that nobody has read yet.
    pub(crate) fn lines(&self) -> io::Result<Receiver<Typed>> {
        self.lines.take().map_or_else(input::lines, Ok)
    }

    /// The next line of standard input; whoever types it is told what for. `None` if there is none.
    pub(crate) async fn ask(&self, what_for: &str) -> Result<Option<String>, Failure> {
        if self.is_typed {
            self.screen.ask(what_for).await;
        }
        if self.takes_screen() {
            // Whoever went on to read lines would take the keys from who needs them next.
            return self.unless_interrupted(input::line()).await;
        }
        let Ok(mut lines) = self.lines() else { return Ok(None) };
        let line = self.unless_interrupted(lines.recv()).await;
        self.lines.replace(Some(lines));
        line.map(|line| match line {
            Some(Typed::Line(line)) => Some(line),
            Some(Typed::Room(_)) | None => None,
        })
    }

    /// Does something unless the user wants to end.
    pub(crate) async fn unless_interrupted<T>(&self, doing: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = doing => Ok(done),
            () = self.interrupts.told() => Err(Failure::interrupted()),
        }
    }
}

/// Multicast DNS, once for the whole program and from its first use on.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedMdns(Rc<RefCell<Option<Mdns>>>);

impl SharedMdns {
    fn open(&self, interfaces: Interfaces) -> Result<Mdns, DiscoveryError> {
        let mut shared = self.0.borrow_mut();
        match &*shared {
            Some(mdns) => Ok(mdns.clone()),
            None => Mdns::new(&MdnsConfig::on(interfaces)).map(|mdns| shared.insert(mdns).clone()),
        }
    }

    /// Takes back what is announced, and waits until the network has been told.
    pub(crate) async fn close(&self) {
        let mdns = self.0.borrow_mut().take();
        if let Some(mdns) = mdns {
            let _ = timeout(GOODBYE, mdns.shutdown()).await;
        }
    }
}
