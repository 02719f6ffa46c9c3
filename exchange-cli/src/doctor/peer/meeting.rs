//! The conversation itself, of whoever waits and of whoever comes.

use std::{future, io, net::SocketAddr, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesUnordered,
};
use serde::de::DeserializeOwned;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use super::{
    Why,
    crossing::Listening,
    lines::Lines,
    probe,
    said::{Crossing, InterfaceName, Introduction, Reach, Report, Token},
};
use crate::{doctor::firewall::Firewall, local::Interface};

/// What a visitor says first, and the version of all that follows.
const MAGIC: &str = "exchange-doctor/";
const VERSION: &str = "1";

/// No line is longer, in bytes.
const LONGEST: usize = 4096;
const LONGEST_MAGIC: usize = 32;

/// How long somebody may take to introduce themselves.
const TO_INTRODUCE: Duration = Duration::from_secs(5);

/// How long whoever comes waits to be received: there may be others before, who take all their time.
const TO_BE_RECEIVED: Duration = Duration::from_secs(8);

/// How long it may take to try everything: longer than each of it takes.
const TO_REPORT: Duration = Duration::from_secs(12);

/// So many may stand at the door at once.
const AT_THE_DOOR: usize = 16;

/// How long to wait where no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Ports below are those of a system's services, which nobody is sent to.
const FIRST_PORT: u16 = 1024;

/// What a machine brings to a meeting.
#[derive(Clone, Copy)]
pub(in super::super) struct Own<'a> {
    /// All that it has.
    pub(in super::super) interfaces: &'a [Interface],
    /// Where it hosts a session, or would.
    pub(in super::super) port: u16,
    /// Whether it hosts one.
    pub(in super::super) session: bool,
    /// What listens at that port, if no session does.
    pub(in super::super) listener: Option<&'a TcpListener>,
    pub(in super::super) firewall: Option<Firewall>,
    /// Whether sessions are found by multicast DNS.
    pub(in super::super) discovery: bool,
}

/// What two machines have found out.
#[derive(Clone, Debug)]
pub(in super::super) struct Between {
    pub(in super::super) here: Side,
    pub(in super::super) there: Side,
}

/// What one of them says.
#[derive(Clone, Debug)]
pub(in super::super) struct Side {
    pub(in super::super) introduction: Introduction,
    pub(in super::super) report: Report,
}

impl Between {
    /// Whether this machine is seen under another address than it has.
    pub(in super::super) fn is_translated_here(&self) -> bool {
        self.here.introduction.own != self.there.introduction.other
    }

    /// Whether the other machine is.
    pub(in super::super) fn is_translated_there(&self) -> bool {
        self.there.introduction.own != self.here.introduction.other
    }

    /// Whether a router is between them: what translates addresses is one, and seems to be near.
    pub(in super::super) fn is_routed(&self) -> bool {
        let is_far = !self.here.introduction.same_network && !self.there.introduction.same_network;
        is_far || self.is_translated_here() || self.is_translated_there()
    }
}

/// Somebody who has come and said who they are.
pub(super) struct Guest {
    lines: Lines,
    introduction: Introduction,
}

/// Where somebody waits: many may come, and be slow, and whoever has introduced themselves first is let in first.
pub(super) struct Door<'a> {
    listener: &'a TcpListener,
    coming: FuturesUnordered<BoxFuture<'static, Result<Guest, Why>>>,
}

impl<'a> Door<'a> {
    pub(super) fn new(listener: &'a TcpListener) -> Self {
        Self { listener, coming: FuturesUnordered::new() }
    }

    /// The next who says properly who they are.
    pub(super) async fn next(&mut self) -> Guest {
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if self.coming.len() < AT_THE_DOOR => match accepted {
                    Ok((stream, _)) => self.coming.push(introduced(stream).boxed()),
                    Err(_) => sleep(PAUSE).await,
                },
                Some(guest) = self.coming.next() => if let Ok(guest) = guest {
                    return guest;
                },
            }
        }
    }
}

async fn introduced(stream: TcpStream) -> Result<Guest, Why> {
    let mut lines = Lines::new(stream);
    let introduction = timeout(TO_INTRODUCE, async {
        let is_magic = |line: String| line.strip_prefix(MAGIC).is_some_and(|version| version == VERSION);
        let said = lines.next(LONGEST_MAGIC).await.map_err(|_| Why::Stranger)?;
        let is_known = said.starts_with(MAGIC);
        if !is_magic(said) {
            // Of another version, they are told which this is.
            if is_known {
                let _ = lines.say(&format!("{MAGIC}{VERSION}")).await;
            }
            return Err(Why::Stranger);
        }
        hear(&mut lines).await
    });
    let introduction = introduction.await.map_err(|_| Why::Unanswered)??;
    Ok(Guest { lines, introduction })
}

/// Talks with somebody who has come.
pub(super) async fn receive(guest: Guest, own: Own<'_>) -> Result<Between, Why> {
    let Guest { mut lines, introduction: there } = guest;
    let (here, listening) = introduction(&lines, own)?;
    let told = timeout(TO_INTRODUCE, async {
        lines.say(&format!("{MAGIC}{VERSION}")).await.map_err(|_| Why::Lost)?;
        tell(&mut lines, &here).await
    });
    told.await.map_err(|_| Why::Lost)??;
    converse(lines, own, here, there, listening, None).await
}

/// Comes to somebody who waits.
pub(super) async fn visit(stream: TcpStream, own: Own<'_>) -> Result<Between, Why> {
    let mut lines = Lines::new(stream);
    let dialled = lines.stream().peer_addr().map_err(|_| Why::Lost)?.port();
    let (here, listening) = introduction(&lines, own)?;
    let introduced = timeout(TO_BE_RECEIVED, async {
        lines.say(&format!("{MAGIC}{VERSION}")).await.map_err(|_| Why::Stranger)?;
        tell(&mut lines, &here).await.map_err(|_| Why::Stranger)?;
        let said = lines.next(LONGEST_MAGIC).await.map_err(|_| Why::Stranger)?;
        match said.strip_prefix(MAGIC) {
            Some(VERSION) => hear::<Introduction>(&mut lines).await,
            Some(_) => Err(Why::Version),
            None => Err(Why::Stranger),
        }
    });
    let there = introduced.await.map_err(|_| Why::Stranger)??;
    converse(lines, own, here, there, listening, Some(dialled)).await
}

/// Who this is, to whoever is at the other end; and what hears them, from now on.
fn introduction(lines: &Lines, own: Own<'_>) -> Result<(Introduction, Option<Listening>), Why> {
    let ip = |address: io::Result<SocketAddr>| address.map(|address| address.ip().to_canonical());
    let (Ok(address), Ok(other)) = (ip(lines.stream().local_addr()), ip(lines.stream().peer_addr())) else {
        return Err(Why::Lost);
    };
    let interface = own.interfaces.iter().find(|interface| interface.ips().any(|ip| ip == address));
    let used: Vec<_> = own.interfaces.iter().filter(|interface| interface.is_used()).cloned().collect();
    // Where multicast DNS cannot be listened to, that is found without another machine.
    let listening = own.discovery.then(|| Listening::open(used).ok()).flatten();
    let introduction = Introduction {
        token: Token::new(),
        own: address,
        other,
        interface: interface.and_then(|interface| InterfaceName::try_from(interface.name.clone()).ok()),
        left_out: interface.and_then(|interface| interface.left_out),
        same_network: interface.is_some_and(|interface| interface.leads_to(other)),
        port: own.port,
        session: own.session,
        firewall: own.firewall,
    };
    Ok((introduction, listening))
}

/// Tries everything, and tells and hears what came of it. Whoever has dialled has been to that port.
async fn converse(
    mut lines: Lines,
    own: Own<'_>,
    here: Introduction,
    there: Introduction,
    listening: Option<Listening>,
    dialled: Option<u16>,
) -> Result<Between, Why> {
    let peer = lines.stream().peer_addr().map_err(|_| Why::Lost)?;
    let answering = async {
        match own.listener {
            Some(listener) if dialled.is_some() => probe::answer(listener, &here.token).await,
            _ => future::pending().await,
        }
    };
    let talking = async {
        let crossing = async {
            match listening {
                Some(listening) => listening.cross(&here.token, &there.token).await,
                None => Crossing::default(),
            }
        };
        let (tcp, multicast) = tokio::join!(connect(peer, &there, dialled), crossing);
        let report = Report { tcp, multicast };
        tell(&mut lines, &report).await?;
        let theirs: Report = hear(&mut lines).await?;
        Ok((report, theirs))
    };
    let (report, theirs) = tokio::select! {
        talked = timeout(TO_REPORT, talking) => talked.map_err(|_| Why::Lost)??,
        () = answering => return Err(Why::Lost),
    };
    Ok(Between { here: Side { introduction: here, report }, there: Side { introduction: there, report: theirs } })
}

/// Whether sessions of the other machine can be connected to.
async fn connect(peer: SocketAddr, there: &Introduction, dialled: Option<u16>) -> Option<Reach> {
    if dialled == Some(there.port) {
        return Some(Reach::Reached);
    }
    let mut address = peer;
    address.set_port(there.port);
    if there.port < FIRST_PORT {
        None
    } else if there.session {
        Some(probe::reach_session(address).await)
    } else if dialled.is_none() {
        Some(probe::reach(address, &there.token).await)
    } else {
        // Nobody listens there while somebody waits elsewhere.
        None
    }
}

async fn tell(lines: &mut Lines, what: &impl serde::Serialize) -> Result<(), Why> {
    // It is plain data: there is nothing in it that has no JSON.
    let line = serde_json::to_string(what).unwrap_or_default();
    lines.say(&line).await.map_err(|_| Why::Lost)
}

async fn hear<T: DeserializeOwned>(lines: &mut Lines) -> Result<T, Why> {
    let line = lines.next(LONGEST).await.map_err(|_| Why::Lost)?;
    serde_json::from_str(&line).map_err(|_| Why::Lost)
}
