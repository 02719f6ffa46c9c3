//! From whom a client wants to join to a connection: names are looked up each time, every address is tried at once, and
//! the first that answers is kept.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use exchange_core::{
    NameError, PeerId, SessionId, SessionName,
    discovery::{DEFAULT_PORT, PeerRecord, SessionTable},
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select, select_ok},
};

use crate::{
    discovery::{Browse, Discovery},
    engine::{Dial, Dialing, Reached},
    error::NetworkError,
    runtime::{ByteStream, Runtime, Timer as _, Transport},
};

/// Addresses tried at once.
const ADDRESSES: usize = 16;

/// How long others of the same name may take to show up once one has,
const SETTLE: Duration = Duration::from_millis(100);

/// and how long everybody who is there may take to answer. In multicast DNS, who has spoken within the last second keeps
/// silent, and answers when it is asked again a second later: until then, one name may yet turn out to be two.
const EVERYBODY: Duration = Duration::from_millis(1500);

/// Whom to join.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The host that listens at this address.
    Address(SocketAddr),
    /// The host that listens at this port of a machine, by its host name.
    HostName {
        /// The machine's host name.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// The session of this name, found by discovery.
    Session(SessionName),
    /// A session that discovery has found.
    Found(Box<PeerRecord>),
}

impl Target {
    /// What the session is called, where that is known beforehand.
    pub fn session(&self) -> Option<&SessionName> {
        match self {
            Self::Session(name) => Some(name),
            Self::Found(record) => Some(&record.name),
            Self::Address(_) | Self::HostName { .. } => None,
        }
    }
}

impl FromStr for Target {
    type Err = NameError;

    /// An address with or without a port, `name:port`, or the name of a session.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Address((ip, DEFAULT_PORT).into()));
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && let Ok(port) = port.parse()
            && !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        {
            return Ok(Self::HostName { host: host.into(), port });
        }
        SessionName::new(text).map(Self::Session)
    }
}

impl TryFrom<&str> for Target {
    type Error = NameError;

    fn try_from(text: &str) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for Target {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl From<PeerRecord> for Target {
    fn from(record: PeerRecord) -> Self {
        Self::Found(Box::new(record))
    }
}

impl From<Infallible> for NetworkError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Connects to a target, again and again.
pub(crate) struct Dialer<R> {
    runtime: R,
    target: Target,
    discovery: Option<Arc<dyn Discovery>>,
    patience: Duration,
    known: Arc<Mutex<Known>>,
}

/// What earlier dialling has learnt.
#[derive(Clone, Debug, Default)]
struct Known {
    session: Option<SessionId>,
    addresses: Vec<SocketAddr>,
    peer: Option<PeerId>,
}

impl<R: Runtime> Dialer<R> {
    pub(crate) fn new(runtime: R, target: Target, discovery: Option<Arc<dyn Discovery>>, patience: Duration) -> Self {
        let known = match &target {
            Target::Found(record) => {
                Known { session: Some(record.session), addresses: record.addresses.clone(), peer: record.peer }
            }
            _ => Known::default(),
        };
        Self { runtime, target, discovery, patience, known: Arc::new(Mutex::new(known)) }
    }
}

impl<R: Runtime> Dial<R::Stream> for Dialer<R> {
    fn dial(&mut self) -> Dialing<R::Stream> {
        let (runtime, known) = (self.runtime.clone(), Arc::clone(&self.known));
        let (target, discovery, patience) = (self.target.clone(), self.discovery.clone(), self.patience);
        Box::pin(async move {
            let name = match target {
                Target::Address(address) => return reached(race(&runtime, vec![address]).await, None),
                Target::HostName { host, port } => {
                    let not_found = NetworkError::NotFound { what: format!("host {host}") };
                    let addresses = runtime.resolve(host, port).await.map_err(|_| not_found)?;
                    return reached(race(&runtime, addresses).await, None);
                }
                Target::Session(name) => name,
                Target::Found(record) => record.name.clone(),
            };
            let before = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let last_known = race(&runtime, before.addresses);
            let found = async {
                let (record, browse) = look_up(&runtime, discovery, &name, before.session, patience).await?;
                let stream = race(&runtime, record.addresses.clone()).await;
                if stream.is_err() {
                    browse.suspect(record.session);
                }
                Ok::<_, NetworkError>((Some(record), stream?))
            };
            // Where it was last is tried while it is looked for, and as long as what was found does not answer: it has
            // most likely not moved, and anybody can announce anything.
            let (record, stream) = match select(pin!(last_known), pin!(found)).await {
                Either::Left((Ok(stream), _)) => (None, stream),
                Either::Left((Err(_), found)) => found.await?,
                Either::Right((Ok(found), _)) => found,
                Either::Right((Err(error), last_known)) => (None, last_known.await.map_err(|_| error)?),
            };
            // Only now: this may have been dropped before, and an address that does not answer is not worth knowing.
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(PeerRecord { session, addresses, peer, .. }) = record {
                *known = Known { session: Some(session), addresses, peer };
            }
            reached(Ok(stream), known.peer)
        })
    }
}

fn reached<S>(stream: Result<Transport<S>, NetworkError>, claimed: Option<PeerId>) -> Result<Reached<S>, NetworkError> {
    stream.map(|stream| Reached { stream, claimed })
}

/// The first of these addresses that answers.
async fn race<R: Runtime>(runtime: &R, mut addresses: Vec<SocketAddr>) -> Result<Transport<R::Stream>, NetworkError> {
    addresses.truncate(ADDRESSES);
    if addresses.is_empty() {
        return Err(NetworkError::NotFound { what: "any address".into() });
    }
    let attempts = addresses.into_iter().map(|address| {
        async move { runtime.connect(address).await.map_err(|error| NetworkError::of_connect(address, error)) }.boxed()
    });
    select_ok(attempts).await.map(|(stream, _others)| Transport::Native(stream))
}

/// Finds a session by its id, or by its name if it is not there under that id.
async fn look_up<R: Runtime>(
    runtime: &R,
    discovery: Option<Arc<dyn Discovery>>,
    name: &SessionName,
    session: Option<SessionId>,
    patience: Duration,
) -> Result<(PeerRecord, Browse), NetworkError> {
    let not_found = || NetworkError::NotFound { what: format!("session {name:?}") };
    let mut browse = discovery.ok_or_else(not_found)?.browse().map_err(NetworkError::Discovery)?;
    let mut sessions = SessionTable::default();
    let mut timer = Box::pin(runtime.timer());
    let began = runtime.now();
    timer.as_mut().set(began + patience);
    let mut is_settling = false;
    loop {
        let ring = std::future::poll_fn(|cx| timer.as_mut().poll_ring(cx));
        let is_over = match select(browse.next(), ring).await {
            Either::Left((Some(event), _)) => {
                sessions.apply(event);
                false
            }
            Either::Left((None, _)) => return Err(not_found()),
            Either::Right(_) => true,
        };
        if let Some(record) = session.and_then(|session| sessions.get(session)) {
            return Ok((record.clone(), browse));
        }
        let mut found = sessions.find(name);
        let (first, others) = (found.next(), found.count());
        match (first, others) {
            (Some(_), 1..) if is_over => {
                let found = sessions.find(name).cloned().collect();
                return Err(NetworkError::Ambiguous { name: name.clone(), found });
            }
            (Some(record), _) if is_over => return Ok((record.clone(), browse)),
            (None, _) if is_over => return Err(not_found()),
            (Some(_), _) if !is_settling => {
                is_settling = true;
                timer.as_mut().set((runtime.now() + SETTLE).max(began + EVERYBODY).min(began + patience));
            }
            (None, _) if is_settling => {
                is_settling = false;
                timer.as_mut().set(began + patience);
            }
            _ => {}
        }
    }
}

/// Connects by what the application brought along.
pub(crate) struct Connector<F>(pub(crate) F);

impl<S, T, F, C> Dial<S> for Connector<F>
where
    S: ByteStream,
    T: ByteStream,
    F: FnMut() -> C + Send,
    C: Future<Output = io::Result<T>> + Send + 'static,
{
    fn dial(&mut self) -> Dialing<S> {
        let connecting = (self.0)();
        Box::pin(async move { reached(Ok(Transport::Other(Box::new(connecting.await?))), None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_address_a_host_name_or_a_session() {
        let parse = |text: &str| text.parse::<Target>().unwrap();
        assert_eq!(parse("10.0.0.7:99"), Target::Address(([10, 0, 0, 7], 99).into()));
        assert_eq!(parse("10.0.0.7"), Target::Address(([10, 0, 0, 7], DEFAULT_PORT).into()));
        assert_eq!(parse("[::1]:99"), Target::Address((std::net::Ipv6Addr::LOCALHOST, 99).into()));
        assert_eq!(parse("lab-pc.local:99"), Target::HostName { host: "lab-pc.local".into(), port: 99 });
        assert_eq!(parse("Lab 3"), Target::Session(SessionName::new("Lab 3").unwrap()));
        assert_eq!(parse("Ops: night"), Target::Session(SessionName::new("Ops: night").unwrap()));
        assert_eq!("".parse::<Target>(), Err(NameError::Empty));
    }
}
