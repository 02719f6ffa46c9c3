//! A simulated machine as the driver's [`Runtime`].

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use exchange_core::{Identity, Seed, Time, Timestamp};
use exchange_driver::{Runtime, discovery::Discovery};
use futures_core::Stream;
use futures_util::stream;

use super::{
    Client, ClientBuilder, Host, HostBuilder, Started,
    discovery::SimDiscovery,
    executor::name_of,
    kernel::{Order, Shared},
    started,
    stream::{Connecting, SimListener, SimStream},
    timer::{SimTimer, Sleep},
};
use crate::net::NodeId;

/// A machine in a simulation. Cheap to clone; all clones are the same machine.
///
/// It listens at the port it is asked to and has one address, `10.0.x.y`, which [`ip`](Self::ip) tells. Its host name is
/// its name followed by `.local`; `node-3.local` is the fourth machine, whatever it is called. Every other one, by chance,
/// has instructions for AES.
#[derive(Clone)]
pub struct SimRuntime {
    pub(super) shared: Shared,
    pub(super) node: NodeId,
}

impl SimRuntime {
    /// Which machine.
    pub fn id(&self) -> NodeId {
        self.node
    }

    /// What it is called.
    pub fn name(&self) -> String {
        self.shared.lock().machine(self.node).name.clone()
    }

    /// Its address.
    pub fn ip(&self) -> IpAddr {
        self.node.address()
    }

    /// Begins to set up a session of this name, to be hosted on this machine and announced to the others. Whatever is hosted
    /// on one machine is hosted by the same, also after a crash.
    pub fn host(&self, name: &str) -> HostBuilder {
        let identity = Identity::from_seed(self.shared.lock().machine(self.node).identity);
        Host::builder_on(self.clone(), name).discovery(self.discovery()).identity(identity)
    }

    /// Begins to set up a client on this machine, which looks for sessions among those that are announced.
    pub fn client(&self) -> ClientBuilder {
        Client::builder_on(self.clone()).discovery(self.discovery())
    }

    /// How this machine announces sessions and finds them.
    pub fn discovery(&self) -> Arc<dyn Discovery> {
        Arc::new(SimDiscovery::new(self.shared.clone(), self.node))
    }

    /// Waits by this machine's clock.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(self.timer(), self.now() + duration)
    }

    /// Runs something on this machine, and tells what came of it; a crash of the machine ends it.
    pub fn start<F>(&self, name: &str, future: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (run, started) = started::pair(future);
        self.spawn_as(format!("{}: {name}", self.name()), run);
        started
    }

    fn spawn_as(&self, name: String, task: impl Future<Output = ()> + Send + 'static) {
        let order = Order::Spawn { node: Some(self.node), name, future: Box::pin(task) };
        self.shared.lock().orders.push(order);
    }

    fn node_at(&self, ip: IpAddr) -> Option<NodeId> {
        if ip.is_loopback() || ip.is_unspecified() {
            return Some(self.node);
        }
        let machines = self.shared.lock().machines.len();
        (0..machines).map(NodeId).find(|node| node.address() == ip)
    }
}

impl Runtime for SimRuntime {
    type Stream = SimStream;
    type Listener = SimListener;
    type Timer = SimTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_as(format!("{}: {}", self.name(), name_of(&task)), task);
    }

    fn now(&self) -> Time {
        self.shared.lock().clock(Some(self.node))
    }

    fn wall_clock(&self) -> Timestamp {
        let kernel = self.shared.lock();
        kernel.machines[self.node.0].clock.wall(kernel.now)
    }

    fn seed(&self) -> io::Result<Seed> {
        let mut bytes = [0; 32];
        self.shared.lock().machine(self.node).random.fill(&mut bytes);
        Ok(Seed::new(bytes))
    }

    fn has_aes(&self) -> bool {
        self.shared.lock().machine(self.node).identity[0].is_multiple_of(2)
    }

    fn timer(&self) -> SimTimer {
        SimTimer::new(self.shared.clone(), Some(self.node))
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<SimStream> {
        let to = self.node_at(address.ip()).ok_or(io::ErrorKind::HostUnreachable)?;
        let is_loopback = address.ip().is_loopback();
        let socket = self.shared.lock().connect(self.node, to, address.port(), is_loopback);
        Connecting::new(self.clone(), socket).await
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<SimListener> {
        let ip = address.ip();
        if ip.is_ipv6() || !(ip.is_unspecified() || ip.is_loopback() || ip == self.ip()) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let port = self.shared.lock().take_port(self.node, ip, address.port()).ok_or(io::ErrorKind::AddrInUse)?;
        Ok(SimListener::new(self.clone(), (ip, port).into()))
    }

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        let label = host.strip_suffix(".local").unwrap_or(&host);
        let named = {
            let kernel = self.shared.lock();
            kernel.machines.iter().position(|machine| machine.name == label)
        };
        let numbered = || label.strip_prefix("node-")?.parse().ok().map(|k: usize| NodeId(k).address());
        let ip = named.map(|k| NodeId(k).address()).or_else(numbered).or_else(|| host.parse().ok());
        let ip = ip.filter(|ip| self.node_at(*ip).is_some()).ok_or(io::ErrorKind::NotFound)?;
        Ok(vec![(ip, port).into()])
    }

    fn network_changes(&self) -> impl Stream<Item = ()> + Send + 'static {
        stream::pending()
    }
}

impl fmt::Debug for SimRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimRuntime({})", self.node)
    }
}
