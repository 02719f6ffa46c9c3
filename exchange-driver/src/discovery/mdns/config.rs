use mdns_sd::{IfKind, IfPredicate, ServiceDaemon};

use crate::discovery::is_virtual_interface;

/// Where multicast DNS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MdnsConfig {
    /// The network interfaces it is spoken on.
    pub interfaces: Interfaces,
    /// The UDP port it is spoken at. Only those at the same port hear each other.
    pub port: u16,
}

impl MdnsConfig {
    /// The port of multicast DNS.
    pub const PORT: u16 = mdns_sd::MDNS_PORT;

    /// On these interfaces only.
    pub fn on(interfaces: Interfaces) -> Self {
        Self { interfaces, ..Self::default() }
    }

    /// On this machine only, and at a port of its own: for tests, which neither meet each other nor are heard on the
    /// network.
    pub fn loopback_on_port(port: u16) -> Self {
        Self { interfaces: Interfaces::Loopback, port }
    }
}

impl Default for MdnsConfig {
    /// On the local network, at the port of multicast DNS.
    fn default() -> Self {
        Self { interfaces: Interfaces::Lan, port: Self::PORT }
    }
}

/// A choice among the network interfaces of this machine. One that comes up later is chosen, or not, by the same rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interfaces {
    /// All but the loopback interface and, by their names, those of containers, virtual machines and tunnels: their
    /// addresses mean nothing to others.
    #[default]
    Lan,
    /// Those of these names, whatever they are.
    Named(Vec<String>),
    /// The loopback interface, on IPv4.
    Loopback,
}

impl MdnsConfig {
    pub(super) fn start(&self) -> mdns_sd::Result<ServiceDaemon> {
        let daemon = ServiceDaemon::new_with_port(self.port)?;
        // Every interface is in use until it is disabled, but nothing is said before the first registration or browse.
        match &self.interfaces {
            Interfaces::Lan => {
                let foreign =
                    IfPredicate::new(|interface| interface.is_loopback() || is_virtual_interface(&interface.name));
                daemon.disable_interface(IfKind::Predicate(foreign))?;
            }
            Interfaces::Named(names) => {
                daemon.disable_interface(IfKind::All)?;
                daemon.enable_interface(names.iter().map(IfKind::from).collect::<Vec<_>>())?;
            }
            Interfaces::Loopback => {
                daemon.disable_interface(IfKind::All)?;
                daemon.enable_interface(IfKind::LoopbackV4)?;
            }
        }
        daemon.set_ip_check_interval(1)?;
        Ok(daemon)
    }
}
