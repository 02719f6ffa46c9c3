//! The program under measurement: this one again, in another role.

use std::{
    env,
    error::Error,
    fmt,
    io::{self, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    str::FromStr,
    thread,
    time::Duration,
};

use exchange_tests::cores;
use exchange_tokio::{
    Host, HostBuilder,
    core::{Limits, Rate},
};

use super::floor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// A host in the clear, as the floor is.
    Exchange,
    /// A host as it usually is.
    Sealed,
    /// The same host, with clients that have no instructions for AES.
    SealedByChaCha,
    Floor,
}

impl System {
    pub(super) const ALL: [Self; 4] = [Self::Exchange, Self::Sealed, Self::SealedByChaCha, Self::Floor];
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exchange => "exchange",
            Self::Sealed => "sealed",
            Self::SealedByChaCha => "sealed-by-chacha",
            Self::Floor => "floor",
        })
    }
}

impl FromStr for System {
    type Err = io::Error;

    fn from_str(name: &str) -> io::Result<Self> {
        let system = Self::ALL.into_iter().find(|system| system.to_string() == name);
        system.ok_or_else(|| io::Error::other("no such role"))
    }
}

impl System {
    /// Is that system, until it is killed or whoever has started it is gone.
    pub(super) fn serve(self, receivers: usize) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        thread::spawn(move || {
            // Each byte asks how much was used; the other side's end is this one's, too.
            while io::stdin().read(&mut [0]).is_ok_and(|length| length > 0) {
                // Once the runtime has got around to this, it has done what it had begun.
                let _ = handle.block_on(handle.spawn(async {}));
                println!("{}", cores::cpu().as_nanos());
            }
            process::exit(0);
        });
        runtime.block_on(async {
            match self {
                Self::Exchange => host(receivers, HostBuilder::insecure).await,
                Self::Sealed | Self::SealedByChaCha => host(receivers, |builder| builder).await,
                Self::Floor => floor::serve(receivers).await,
            }
        })
    }
}

async fn host(receivers: usize, protected: fn(HostBuilder) -> HostBuilder) -> io::Result<()> {
    let limits = Limits {
        links: receivers,
        half_open: receivers,
        members_per_room: receivers + 1,
        messages: Rate::UNLIMITED,
        ..Limits::default()
    };
    let builder = Host::builder("benchmark").bind((Ipv4Addr::LOCALHOST, 0).into()).limits(limits).no_discovery();
    let host = protected(builder).start().await.map_err(io::Error::other)?;
    println!("{}", host.addresses()[0]);
    std::future::pending().await
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) system: System,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) fn start(system: System, receivers: usize) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--serve", &system.to_string(), &receivers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (questions, answers) =
            child.stdin.take().zip(child.stdout.take()).ok_or_else(|| io::Error::other("it cannot be spoken with"))?;
        let mut answers = BufReader::new(answers);
        let address = answer(&mut answers)?;
        Ok(Self { system, child, questions, answers, address })
    }

    /// The CPU time it has used so far.
    pub(super) fn cpu(&mut self) -> io::Result<Duration> {
        self.questions.write_all(b"?")?;
        answer(&mut self.answers).map(Duration::from_nanos)
    }
}

fn answer<T: FromStr<Err: Error + Send + Sync + 'static>>(answers: &mut impl io::BufRead) -> io::Result<T> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    line.trim().parse().map_err(io::Error::other)
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended by itself, that is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
