//! Whoever means harm: this program again, in another role, at whatever time nobody else on its core needs.

mod members;
mod strangers;

use std::{
    cell::Cell,
    env, fmt,
    io::{self, BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    rc::Rc,
    str::FromStr,
    thread,
    time::Duration,
};

use futures_util::{
    future::{LocalBoxFuture, select},
    stream::{FuturesUnordered, StreamExt as _},
};
use tokio::{runtime::Builder, sync::oneshot, time::timeout};

pub(super) const ROLE: &str = "--abuse";

/// How long it takes to say goodbye, at most.
const PARTING: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abuse {
    Slowloris,
    Connections,
    ConnectionsFromEverywhere,
    Garbage,
    Handshakes,
    Messages,
    NewPeople,
    Pings,
    Storm,
    Pages,
    Silence,
    /// None, and as many people as there are in [`Silence`](Self::Silence).
    Company,
}

impl Abuse {
    pub(super) const ALL: [Self; 11] = [
        Self::Slowloris,
        Self::Connections,
        Self::ConnectionsFromEverywhere,
        Self::Garbage,
        Self::Handshakes,
        Self::Messages,
        Self::NewPeople,
        Self::Pings,
        Self::Storm,
        Self::Pages,
        Self::Silence,
    ];

    /// Who is there while nobody is abused: as many as do no harm where it is how many they are that costs.
    pub(super) fn harmless(self) -> Option<Self> {
        (self == Self::Silence).then_some(Self::Company)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Slowloris => "slowloris",
            Self::Connections => "connections",
            Self::ConnectionsFromEverywhere => "connections-from-everywhere",
            Self::Garbage => "garbage",
            Self::Handshakes => "handshakes",
            Self::Messages => "messages",
            Self::NewPeople => "new-people",
            Self::Pings => "pings",
            Self::Storm => "storm",
            Self::Pages => "pages",
            Self::Silence => "silence",
            Self::Company => "company",
        }
    }

    /// What goes on.
    pub(super) fn story(self) -> &'static str {
        match self {
            Self::Slowloris => "320 links of 40 addresses that say a byte now and then",
            Self::Connections => "connections without end, from one address",
            Self::ConnectionsFromEverywhere => "connections without end, from 200 addresses",
            Self::Garbage => "bytes at random, from 200 addresses",
            Self::Handshakes => "handshakes without end, from 200 addresses",
            Self::Messages => "messages without end, of one member who comes back each time",
            Self::NewPeople => "messages without end, of ever new members from one address",
            Self::Pings => "pings without end, of 16 members from one address",
            Self::Storm => "presence and typing that flip without end, of 16 members from one address",
            Self::Pages => "pages of history without end, of 16 members from one address",
            Self::Silence => "240 members of 15 addresses who never read; quiet: as many who read",
            Self::Company => "240 members of 15 addresses who read",
        }
    }

    /// What of it is counted.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Slowloris | Self::Connections | Self::ConnectionsFromEverywhere | Self::Garbage => "connections",
            Self::Handshakes => "handshakes",
            Self::Messages | Self::NewPeople => "messages",
            Self::Pings => "pings",
            Self::Storm => "changes",
            Self::Pages => "pages",
            Self::Silence | Self::Company => "signs of life",
        }
    }

    /// Everybody who takes part in it.
    fn people(self, host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<LocalBoxFuture<'static, ()>> {
        match self {
            Self::Slowloris => strangers::hold(host, deeds, 40, 8),
            Self::Connections => strangers::connect(host, deeds, 1),
            Self::ConnectionsFromEverywhere => strangers::connect(host, deeds, 200),
            Self::Garbage => strangers::talk_nonsense(host, deeds, 200),
            Self::Messages => members::talk(host, deeds),
            Self::Handshakes => strangers::shake_hands(host, deeds, 200),
            Self::NewPeople => members::talk_as_ever_new_people(host, deeds),
            Self::Pings => members::ping(host, deeds),
            Self::Storm => members::flip(host, deeds),
            Self::Pages => members::leaf(host, deeds),
            Self::Silence => members::fall_silent(host, deeds, 15, 16),
            Self::Company => members::listen(host, deeds, 15, 16),
        }
    }

    /// Does it, until nobody wants to know any more.
    pub(super) fn go_on(self, host: SocketAddr) -> io::Result<()> {
        let (close, closed) = oneshot::channel::<()>();
        thread::spawn(move || {
            while io::stdin().read(&mut [0]).is_ok_and(|length| length > 0) {}
            drop(close);
        });
        let deeds = Rc::new(Deeds::default());
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let people = self.people(host, &deeds);
            deeds.awaited.set(people.len());
            let mut people: FuturesUnordered<_> = people.into_iter().collect();
            let mut all = std::pin::pin!(async { while people.next().await.is_some() {} });
            select(closed, all.as_mut()).await;
            deeds.over.set(true);
            // Whoever is not done by then is cut off.
            let _ = timeout(PARTING, all).await;
        });
        println!("{}", deeds.done.get());
        Ok(())
    }
}

impl fmt::Display for Abuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Abuse {
    type Err = io::Error;

    fn from_str(name: &str) -> io::Result<Self> {
        let known = Self::ALL.into_iter().chain([Self::Company]).find(|abuse| abuse.name() == name);
        known.ok_or_else(|| io::Error::other("no such abuse"))
    }
}

/// What has been done.
#[derive(Debug, Default)]
struct Deeds {
    done: Cell<u32>,
    /// So many have not begun.
    awaited: Cell<usize>,
    over: Cell<bool>,
}

impl Deeds {
    fn count(&self, done: u32) {
        self.done.set(self.done.get() + done);
    }

    fn is_over(&self) -> bool {
        self.over.get()
    }

    /// One more has begun: the last of them says so.
    fn begun(&self) {
        self.awaited.set(self.awaited.get() - 1);
        if self.awaited.get() == 0 {
            println!("begun");
        }
    }
}

#[derive(Debug)]
pub(super) struct Abuser {
    child: Child,
    /// It goes on until this is closed.
    open: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

impl Abuser {
    /// Ready when all of it has begun.
    pub(super) fn start(abuse: Abuse, host: SocketAddr) -> io::Result<Self> {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0"]).arg(env::current_exe()?).args([ROLE, abuse.name(), &host.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let open = child.stdin.take();
        let said = child.stdout.take().ok_or_else(|| io::Error::other("it cannot be heard"))?;
        let mut abuser = Self { child, open, said: BufReader::new(said) };
        match abuser.line()?.trim() {
            "begun" => Ok(abuser),
            other => Err(io::Error::other(format!("{abuse} did not begin: {other}"))),
        }
    }

    /// Ends it; tells how much was done.
    pub(super) fn stop(&mut self) -> io::Result<u32> {
        self.open = None;
        let done = self.line()?.trim().parse().map_err(io::Error::other)?;
        self.child.wait()?;
        Ok(done)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Abuser {
    fn drop(&mut self) {
        // If it has ended by itself, that is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
