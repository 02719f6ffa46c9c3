//! The program under measurement: this one again, in another role.

use std::{
    env, fmt,
    io::{self, BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr},
    process::{self, Child, Command, Stdio},
    str::FromStr,
    thread,
    time::Duration,
};

use exchange_tokio::{
    Host,
    core::{Limits, Rate},
};

use super::{floor, measure};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Exchange,
    Floor,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exchange => "exchange",
            Self::Floor => "floor",
        })
    }
}

impl FromStr for System {
    type Err = io::Error;

    fn from_str(name: &str) -> io::Result<Self> {
        [Self::Exchange, Self::Floor]
            .into_iter()
            .find(|system| system.to_string() == name)
            .ok_or_else(|| io::Error::other("no such role"))
    }
}

impl System {
    /// Is that system, until it is killed or whoever has started it is gone.
    pub(super) fn serve(self, receivers: usize) -> io::Result<()> {
        thread::spawn(|| {
            // Nothing is ever said there; it ends with the other side.
            let _ = io::stdin().read(&mut [0]);
            process::exit(0);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match self {
                Self::Exchange => host(receivers).await,
                Self::Floor => floor::serve(receivers).await,
            }
        })
    }
}

async fn host(receivers: usize) -> io::Result<()> {
    let limits = Limits {
        links: receivers,
        half_open: receivers,
        members_per_room: receivers + 1,
        messages: Rate::UNLIMITED,
        ..Limits::default()
    };
    let host = Host::builder("benchmark")
        .bind((Ipv4Addr::LOCALHOST, 0).into())
        .limits(limits)
        .no_discovery()
        .start()
        .await
        .map_err(io::Error::other)?;
    println!("{}", host.addresses()[0]);
    std::future::pending().await
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) system: System,
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) fn start(system: System, receivers: usize) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--serve", &system.to_string(), &receivers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { system, child, address })
    }

    /// The CPU time it has used so far.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        // It may still be tidying up, and what a running thread has used is told only now and then.
        thread::sleep(Duration::from_millis(20));
        measure::cpu_of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended by itself, that is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
