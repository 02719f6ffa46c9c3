//! `exchange doctor`: why nobody is found, and what to do about it.
//!
//! It looks at the interfaces of this machine, asks on each who is there, and tries the port that hosts use and the
//! hosts that are heard. What that means is [found](finding) by a function of what was seen, each thing with a next step.

mod finding;
mod firewall;
mod multicast;
mod port;
mod report;
mod route;

use std::time::Duration;

use exchange_tokio::core::discovery::{PeerRecord, SessionTable};
use futures_util::future::join_all;

use self::{
    finding::{Seen, Session},
    firewall::Firewall,
};
use crate::{
    app::App,
    args::{Common, DoctorArguments},
    exit::{Exit, Failure},
    find,
    line::Line,
    local::{self, Interface},
};

/// How long to listen, unless the user says so.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to listen once it was looked for sessions in vain.
const MOMENT: Duration = Duration::from_millis(600);

pub(crate) async fn run(app: App, arguments: &DoctorArguments) -> Result<Exit, Failure> {
    let patience = arguments.timeout.unwrap_or(PATIENCE);
    let discovery = app.discovery().map_err(|error| find::failure(&error))?;
    if discovery.is_some() {
        app.screen.say(|line| line.ours("Listening for ").theirs(patience.as_secs_f64()).ours(" s.")).await;
    }
    let common = app.common.clone();
    let examining = async {
        let looking = async {
            match &discovery {
                Some(discovery) => find::look(&**discovery, patience, patience).await,
                None => Ok(SessionTable::new()),
            }
        };
        let (sessions, mut seen) = tokio::join!(looking, look_around(&common, patience, Breadth::Everywhere));
        let sessions = sessions?;
        seen.port = Some(port::look(&seen.used().cloned().collect::<Vec<_>>()).await);
        seen.sessions = join_all(sessions.iter().map(try_host)).await;
        Ok((sessions, seen))
    };
    let (sessions, seen) = app.unless_interrupted(examining).await?.map_err(|error| find::failure(&error))?;
    let findings = seen.findings();
    let lines = report::whole(&app, &seen, &sessions, &findings);
    for line in lines {
        app.screen.show(line).await;
    }
    Ok(if findings.iter().any(|finding| finding.is_problem) { Exit::Network } else { Exit::Done })
}

/// What to say when nobody was found: what stands in the way, or may.
pub(crate) async fn in_short(app: &App) -> Vec<Line> {
    let seen = look_around(&app.common, MOMENT, Breadth::InUse).await;
    report::short(app, &seen.findings())
}

/// On which interfaces to hear who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breadth {
    /// On those in use.
    InUse,
    /// On others as well: those who are looked for may be where nobody looks.
    Everywhere,
}

/// Looks at this machine and listens to its networks.
async fn look_around(common: &Common, patience: Duration, breadth: Breadth) -> Seen {
    let interfaces = local::all_interfaces(&common.interface);
    let is_heard =
        |interface: &&Interface| interface.is_used() || breadth == Breadth::Everywhere && interface.could_be_used();
    let heard_on: Vec<_> = interfaces.iter().filter(is_heard).cloned().collect();
    let heard = if common.no_discovery { None } else { multicast::probe(&heard_on, patience).await.ok() };
    Seen {
        chosen: common.interface.clone(),
        interfaces,
        heard,
        outward: route::outward(),
        sessions: Vec::new(),
        port: None,
        firewall: Firewall::find(),
        no_discovery: common.no_discovery,
    }
}

async fn try_host(record: &PeerRecord) -> Session {
    Session {
        name: record.name.clone(),
        answers: port::answers(&record.addresses).await,
        addresses: record.addresses.clone(),
    }
}
