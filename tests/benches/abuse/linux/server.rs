//! The host under measurement: this program again, in another role.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use exchange_tests::{cores, usage};
use exchange_tokio::{Host, RequestError};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::addresses;

pub(super) const ROLE: &str = "--host";

/// From the end of abuse until nothing is left of it, at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// In the place of a number of links: however many there are.
const NOW: u8 = 0;

/// How a host stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) cpu_ns: u64,
    /// Bytes in memory.
    pub(super) resident: u64,
    pub(super) links: usize,
}

/// Is a host, until it is killed or whoever has started it is gone.
pub(super) fn serve() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let bind = (addresses::HOST, 0).into();
    runtime.block_on(async {
        let host = Host::builder("benchmark").bind(bind).no_discovery().start().await.map_err(io::Error::other)?;
        println!("{}", host.addresses()[0]);
        thread::spawn(move || {
            let mut question = [0];
            // The other side's end is this one's, too.
            while io::stdin().read(&mut question).is_ok_and(|length| length > 0) {
                let most = if question == [NOW] { usize::MAX } else { question[0].into() };
                let Ok(links) = handle.block_on(links_once_at_most(&host, most)) else { break };
                let cpu_ns = u64::try_from(cores::cpu().as_nanos()).unwrap_or(u64::MAX);
                let state = State { cpu_ns, resident: usage::resident(), links };
                println!("{}", serde_json::to_string(&state).unwrap_or_default());
            }
            process::exit(0);
        });
        std::future::pending().await
    })
}

/// Waits until there are only so many links, within reason; how many there are then.
async fn links_once_at_most(host: &Host, most: usize) -> Result<usize, RequestError> {
    let mut events = host.events();
    let less = async {
        loop {
            let links = host.stats().await?.links;
            if links <= most || events.next().await.is_none() {
                return Ok(links);
            }
        }
    };
    match timeout(PATIENCE, less).await {
        Ok(links) => links,
        Err(_) => host.stats().await.map(|stats| stats.links),
    }
}

#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) fn start() -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg(ROLE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (questions, answers) =
            child.stdin.take().zip(child.stdout.take()).ok_or_else(|| io::Error::other("it cannot be spoken with"))?;
        let mut answers = BufReader::new(answers);
        let address = line(&mut answers)?.trim().parse().map_err(io::Error::other)?;
        Ok(Self { child, questions, answers, address })
    }

    pub(super) fn state(&mut self) -> io::Result<State> {
        self.state_once_at_most(NOW)
    }

    /// Waits until there are only so many links.
    pub(super) fn until_alone_with(&mut self, links: u8) -> io::Result<()> {
        match self.state_once_at_most(links)?.links {
            there if there == usize::from(links) => Ok(()),
            there => Err(io::Error::other(format!("there are {there} links"))),
        }
    }

    /// Each byte asks how it stands once there are only so many links, or [`NOW`].
    fn state_once_at_most(&mut self, links: u8) -> io::Result<State> {
        self.questions.write_all(&[links])?;
        serde_json::from_str(&line(&mut self.answers)?).map_err(io::Error::other)
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> io::Result<String> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    Ok(line)
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended by itself, that is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
