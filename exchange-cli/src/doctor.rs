//! `exchange doctor`: why nobody is found, and what to do about it.
//!
//! It looks at the interfaces of this machine, asks on each who is there, and tries the port that hosts use and the
//! hosts that are heard. With another machine it finds out [what gets from each to the other](peer). What that means is
//! [found](finding) by a function of what was seen, each thing with a next step.

mod finding;
mod firewall;
mod multicast;
mod peer;
mod port;
mod report;
mod route;

use std::time::Duration;

use exchange_tokio::core::discovery::{DEFAULT_PORT, PeerRecord, SessionTable};
use futures_util::future::join_all;
use tokio::net::TcpListener;

use self::{
    finding::{Seen, Session},
    firewall::Firewall,
    peer::Peer,
    port::{Port, State},
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
        let interfaces = local::all_interfaces(&common.interface);
        let used: Vec<_> = interfaces.iter().filter(|interface| interface.is_used()).cloned().collect();
        let (port, listener) = port::look(&used, arguments.port.unwrap_or(DEFAULT_PORT)).await;
        let meeting = Box::pin(meet(&app, arguments, &interfaces, &port, listener));
        let looking_around = look_around(&common, patience, Breadth::Everywhere);
        let (sessions, mut seen, peer) = tokio::join!(looking, looking_around, meeting);
        let sessions = sessions?;
        (seen.port, seen.peer) = (Some(port), peer);
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

/// Finds out with another machine what gets from each to the other, if that is wanted.
async fn meet(
    app: &App,
    arguments: &DoctorArguments,
    interfaces: &[Interface],
    port: &Port,
    listener: Option<TcpListener>,
) -> Option<Peer> {
    let is_wanted = arguments.other.is_some() || arguments.wait && interfaces.iter().any(Interface::is_used);
    if !is_wanted {
        return None;
    }
    // Where another program has the port, a session gets any other.
    let listener = match listener {
        Some(listener) => listener,
        None => port::listen(0).await.ok()?,
    };
    let listens_at = listener.local_addr().ok()?;
    let session = port.state == State::Session;
    let own = peer::Own {
        interfaces,
        port: if session { port.number } else { listens_at.port() },
        session,
        listener: Some(&listener).filter(|_| !session),
        firewall: Firewall::find(),
        discovery: !app.common.no_discovery,
    };
    if let Some(other) = &arguments.other {
        return Some(peer::visit(other, own).await);
    }
    let addresses = local::reachable(&[listens_at], &local::interfaces(&app.common.interface));
    if app.common.json {
        app.screen.show(report::waiting(&addresses, listens_at.port())).await;
    }
    let mut typed: Vec<_> =
        addresses.iter().map(|address| format!("exchange doctor {}", find::typed(*address))).collect();
    // An address that means something on one link only cannot be told to somebody else.
    if typed.is_empty() {
        typed.push("exchange doctor ADDRESS, with an address of this machine".into());
    }
    app.screen.ask(&format!("Waiting. Type on the other machine: {}", typed.join(", or "))).await;
    Some(peer::wait(&listener, own).await)
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
        peer: None,
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
