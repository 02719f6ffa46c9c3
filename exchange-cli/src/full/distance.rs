//! How far away sessions are: how long it takes to be connected to their hosts, which is once there and back.
//!
//! Anybody can announce a session with any address. So only those are tried to which a network of this machine leads, a few
//! at a time and not often; nothing is said to whoever answers.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use exchange_tokio::core::{
    SessionId,
    discovery::{PeerRecord, SessionTable},
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, select_ok},
    stream::FuturesUnordered,
};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};

use crate::local::Interface;

/// So many are tried at once.
const AT_ONCE: usize = 4;

/// So many addresses of one session.
const ADDRESSES: usize = 2;

/// How often each is. To its host, it is a connection that has ended, which it counts.
const EVERY: Duration = Duration::from_secs(300);

/// Whoever has not answered by then does not.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is being found out of the sessions that are there.
#[derive(Debug, Default)]
pub(super) struct Distances {
    /// When each is to be tried, at which addresses.
    due: BTreeMap<SessionId, (Instant, Vec<SocketAddr>)>,
    under_way: FuturesUnordered<BoxFuture<'static, (SessionId, Distance)>>,
}

/// How far away a session is; none, if nobody answers there.
pub(super) type Distance = Option<Duration>;

impl Distances {
    /// Those sessions are there now, and no others.
    pub(super) fn follow(&mut self, sessions: &SessionTable, interfaces: &[Interface]) {
        let now = Instant::now();
        let due = sessions.iter().filter_map(|record| {
            let addresses = near(record, interfaces);
            let before = self.due.get(&record.session).filter(|(_, before)| *before == addresses);
            let when = before.map_or(now, |(when, _)| *when);
            (!addresses.is_empty()).then_some((record.session, (when, addresses)))
        });
        self.due = due.collect();
    }

    /// The next that is found out; never, if there is nothing to find out. Nothing is lost if this is dropped.
    pub(super) async fn next(&mut self) -> (SessionId, Distance) {
        loop {
            self.begin(Instant::now());
            let due = self.due.values().map(|(when, _)| *when).min();
            let is_full = self.under_way.len() >= AT_ONCE;
            tokio::select! {
                Some((session, distance)) = self.under_way.next() => {
                    // Of one that has gone in the meantime, nobody wants to know.
                    if self.due.contains_key(&session) {
                        return (session, distance);
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && !is_full => {}
                else => return std::future::pending().await,
            }
        }
    }

    /// Tries as many as may be.
    fn begin(&mut self, now: Instant) {
        for (session, (when, addresses)) in &mut self.due {
            if *when <= now && self.under_way.len() < AT_ONCE {
                *when = now + EVERY;
                let (session, addresses) = (*session, addresses.clone());
                self.under_way.push(async move { (session, measure(&addresses).await) }.boxed());
            }
        }
    }
}

/// The addresses of a session to which a network of this machine leads.
fn near(record: &PeerRecord, interfaces: &[Interface]) -> Vec<SocketAddr> {
    let leads = |address: &&SocketAddr| interfaces.iter().any(|interface| interface.leads_to(address.ip()));
    record.addresses.iter().filter(leads).take(ADDRESSES).copied().collect()
}

async fn measure(addresses: &[SocketAddr]) -> Distance {
    let began = Instant::now();
    let attempts = addresses.iter().map(|address| TcpStream::connect(*address).boxed());
    let connected = timeout(PATIENCE, select_ok(attempts)).await;
    connected.is_ok_and(|first| first.is_ok()).then(|| began.elapsed())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use if_addrs::{IfAddr, Ifv4Addr};
    use tokio::net::TcpListener;

    use super::*;

    fn loopback() -> Vec<Interface> {
        let address =
            Ifv4Addr { ip: Ipv4Addr::LOCALHOST, netmask: Ipv4Addr::new(255, 0, 0, 0), prefixlen: 8, broadcast: None };
        let addresses = vec![IfAddr::V4(address)];
        vec![Interface { name: "lo".into(), index: 1, addresses, left_out: None }]
    }

    fn sessions(addresses: &[SocketAddr]) -> SessionTable {
        let mut sessions = SessionTable::new();
        for (number, address) in (1..).zip(addresses) {
            let id = SessionId::from_bytes([number; 16]);
            let mut record = PeerRecord::new(id, "Lab".parse().unwrap(), "ana".parse().unwrap(), address.port());
            record.addresses = vec![*address];
            sessions.resolved(record);
        }
        sessions
    }

    fn at(ip: [u8; 4], port: u16) -> SocketAddr {
        (IpAddr::from(ip), port).into()
    }

    #[tokio::test]
    async fn whoever_answers_is_so_far_and_whoever_does_not_is_nowhere() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let mut distances = Distances::default();
        distances.follow(&sessions(&[listener.local_addr().unwrap(), gone]), &loopback());
        let found: BTreeMap<_, _> = [distances.next().await, distances.next().await].into();
        let found: Vec<bool> = found.into_values().map(|distance| distance.is_some()).collect();
        assert_eq!(found, [true, false]);
    }

    #[tokio::test]
    async fn only_what_is_near_is_tried_and_only_a_few_at_once() {
        let many: Vec<SocketAddr> = (1..=20).map(|last| at([127, 0, 0, last], 9)).collect();
        let mut distances = Distances::default();
        distances.follow(&sessions(&many), &loopback());
        distances.begin(Instant::now());
        assert_eq!((distances.due.len(), distances.under_way.len()), (20, AT_ONCE));
        let far = [at([192, 0, 2, 1], 80), at([10, 0, 0, 1], 27027)];
        distances.follow(&sessions(&far), &loopback());
        assert!(distances.due.is_empty(), "anybody can announce any address");
    }

    #[tokio::test]
    async fn each_is_tried_again_after_a_while_or_if_it_has_moved() {
        let mut distances = Distances::default();
        let (here, there) = (sessions(&[at([127, 0, 0, 1], 9)]), sessions(&[at([127, 0, 0, 2], 9)]));
        let now = Instant::now();
        let mut begun = |sessions: &SessionTable, after: Duration| {
            distances.follow(sessions, &loopback());
            let before = distances.under_way.len();
            distances.begin(now + after);
            distances.under_way.len() - before
        };
        let second = Duration::from_secs(1);
        assert_eq!(begun(&here, second), 1);
        assert_eq!(begun(&here, EVERY), 0);
        assert_eq!(begun(&there, EVERY), 1, "it has moved");
        assert_eq!(begun(&there, EVERY * 2 + second), 1);
        assert_eq!(begun(&SessionTable::new(), EVERY * 9), 0, "it has gone");
    }
}
