//! The work, and who does it when.

mod calls;
mod clients;
mod crowd;
mod dialect;
mod figures;
mod generator;
mod ledger;
mod links;
mod passing;
mod report;
mod serve;
mod server;
mod silent;
mod system;
mod words;

use std::{env, io, time::Duration};

use exchange_tests::cores;
use indicatif::{ProgressBar, ProgressStyle};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::CpuSet,
};

use tokio::runtime::Builder;

use self::{figures::Figures, passing::Workload, report::Machine, system::System};

/// What is to be measured, how often.
#[derive(Debug)]
struct Plan {
    systems: Vec<System>,
    workloads: Vec<&'static Workload>,
    /// What else is measured, by its name.
    besides: Vec<&'static str>,
    repetitions: usize,
    is_quick: bool,
    /// The servers', and the generator's.
    cores: Option<[CpuSet; 2]>,
}

pub(crate) fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [role, system, links, heartbeat] if role == serve::ROLE => {
            allow_many_files()?;
            let heartbeat = Duration::from_secs(heartbeat.parse().map_err(io::Error::other)?);
            return serve::serve(system.parse()?, links.parse().map_err(io::Error::other)?, heartbeat);
        }
        [role, address, system, way, first, all] if role == clients::ROLE => {
            serve::end_with_starter();
            let (address, system) = (address.parse().map_err(io::Error::other)?, system.parse()?);
            let counts = [first.parse().map_err(io::Error::other)?, all.parse().map_err(io::Error::other)?];
            let runtime = Builder::new_current_thread().enable_all().build()?;
            return runtime.block_on(clients::listen(address, (system, way), counts));
        }
        _ => {}
    }
    let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    allow_many_files()?;
    let machine = Machine::now()?;
    let plan = Plan::of(&arguments)?;
    let figures = plan.carry_out()?;
    report::print(&figures);
    if given("--page") {
        report::write_page(&figures, &machine)?;
    }
    Ok(())
}

impl Plan {
    fn of(arguments: &[String]) -> io::Result<Self> {
        let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
        // Cargo says `--bench` when it is to measure, and nothing when it tests.
        let is_quick = given("--quick") || given("--test") || !given("--bench");
        let is_only = |argument: usize| argument.checked_sub(1).is_some_and(|before| arguments[before] == "--only");
        let (only, names): (Vec<_>, Vec<_>) = (arguments.iter().enumerate())
            .filter(|(_, argument)| !argument.starts_with("--"))
            .partition(|(place, _)| is_only(*place));
        let is_whole = |part: &str| {
            let systems = System::ALL.iter().map(|system| system.name());
            systems.chain(Workload::ALL.iter().map(|workload| workload.name)).any(|name| name == part)
        };
        let is_meant = |name: &str, part: &str| if is_whole(part) { name == part } else { name.contains(part) };
        let is_wanted = |name: &str, wanted: &[(usize, &String)]| {
            wanted.is_empty() || wanted.iter().any(|(_, part)| is_meant(name, part))
        };
        let mut systems = Vec::new();
        for system in System::ALL.into_iter().filter(|system| is_wanted(system.name(), &only)) {
            if system.is_installed() {
                systems.push(system);
            } else {
                eprintln!("{system} is not installed here, and does not take part");
            }
        }
        let workloads = Workload::ALL.iter().filter(|workload| is_wanted(workload.name, &names)).collect();
        let besides = [links::NAME, silent::NAME, crowd::NAME, clients::NAME]
            .into_iter()
            .filter(|name| is_wanted(name, &names))
            .collect();
        let repetitions = if is_quick { 1 } else { 3 };
        Ok(Self { systems, workloads, besides, repetitions, is_quick, cores: cores::two_cores()? })
    }

    fn carry_out(&self) -> io::Result<Figures> {
        let mut figures = Figures::default();
        let steps = (self.workloads.len() + self.besides.len()) * self.repetitions * self.systems.len();
        let progress = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed}, {eta} left)");
        progress.set_style(style.map_err(io::Error::other)?);
        for workload in &self.workloads {
            for repetition in 0..self.repetitions {
                progress.set_message(workload.name);
                figures.passing.extend(passing::measure(self, workload, repetition, &progress)?);
            }
        }
        for name in &self.besides {
            for repetition in 0..self.repetitions {
                progress.set_message(*name);
                match *name {
                    links::NAME => figures.links.extend(links::measure(self, repetition, &progress)?),
                    silent::NAME => figures.silent.extend(silent::measure(self, repetition, &progress)?),
                    clients::NAME => figures.clients.extend(clients::measure(self, repetition, &progress)?),
                    _ if repetition == 0 => figures.crowd.extend(crowd::measure(self, &progress)?),
                    _ => {}
                }
            }
        }
        progress.finish_and_clear();
        Ok(figures)
    }

    /// All systems; which of them is first is worth a few percent.
    fn turn(&self, repetition: usize) -> impl Iterator<Item = System> {
        let first = repetition % self.systems.len().max(1);
        self.systems.iter().copied().cycle().skip(first).take(self.systems.len())
    }

    /// What is started here runs on the core of the servers.
    fn as_server<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        cores::pin_to(self.cores.as_ref().map(|[servers, _]| servers))?;
        let started = start();
        cores::pin_to(self.cores.as_ref().map(|[_, generators]| generators))?;
        started
    }
}

/// As many as one may have.
fn allow_many_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}
