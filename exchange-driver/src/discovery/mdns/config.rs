use mdns_sd::{IfKind, IfPredicate, ServiceDaemon};

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
                let foreign = IfPredicate::new(|interface| interface.is_loopback() || is_virtual(&interface.name));
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

/// Goes by the name, which says what an interface is for. What drives it does not: a virtual pair may well be the only
/// cable that a container has.
fn is_virtual(interface: &str) -> bool {
    const PREFIXES: [&str; 18] = [
        "br-",
        "cali",
        "cni",
        "docker",
        "flannel",
        "ipsec",
        "lxcbr",
        "lxdbr",
        "podman",
        "ppp",
        "tailscale",
        "tap",
        "tun",
        "utun",
        "vboxnet",
        "veth",
        "virbr",
        "wg",
    ];
    PREFIXES.iter().any(|prefix| interface.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_containers_and_tunnels_are_left_out_and_real_ones_are_not() {
        for name in ["docker0", "br-5f1c2d3e4a5b", "veth1a2b3c", "virbr0", "tun0", "tap0", "wg0", "utun3", "ppp0"] {
            assert!(is_virtual(name), "{name}");
        }
        for name in ["eth0", "enp3s0", "en0", "wlan0", "wlp2s0", "br0", "bond0", "Ethernet 2", "Wi-Fi"] {
            assert!(!is_virtual(name), "{name}");
        }
    }
}
