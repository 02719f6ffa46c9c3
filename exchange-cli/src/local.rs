//! The network interfaces of this machine, and which of its addresses mean something to others.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use exchange_tokio::discovery::is_virtual_interface;
use if_addrs::IfAddr;
use serde::{Deserialize, Serialize};

/// An interface that has addresses.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) index: u32,
    pub(crate) addresses: Vec<IfAddr>,
    /// Why sessions are neither announced nor looked for there; none, if they are.
    pub(crate) left_out: Option<LeftOut>,
}

/// Why an interface is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LeftOut {
    /// The user has named others.
    NotChosen,
    Loopback,
    /// It belongs to containers, virtual machines or a tunnel.
    Virtual,
    PointToPoint,
    /// No cable is in, or no network joined.
    Down,
}

impl Interface {
    pub(crate) fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(IfAddr::ip)
    }

    pub(crate) fn is_used(&self) -> bool {
        self.left_out.is_none()
    }

    /// Whether it leads to other machines, though it may be left out.
    pub(crate) fn could_be_used(&self) -> bool {
        let is_up = !matches!(self.left_out, Some(LeftOut::Loopback | LeftOut::Down));
        is_up && !self.ips().any(|ip| ip.is_loopback())
    }

    /// Whether an address is on the network that this interface leads to.
    pub(crate) fn leads_to(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|own| match (own, ip) {
            (IfAddr::V4(own), IpAddr::V4(ip)) => {
                let mask = own.netmask.to_bits();
                own.ip.to_bits() & mask == ip.to_bits() & mask
            }
            (IfAddr::V6(own), IpAddr::V6(ip)) => {
                let mask = own.netmask.to_bits();
                own.ip.to_bits() & mask == ip.to_bits() & mask
            }
            _ => false,
        })
    }
}

/// All interfaces of this machine that have addresses, sorted by name; those of other names than these are left out, if
/// there are any names.
pub(crate) fn all_interfaces(names: &[String]) -> Vec<Interface> {
    let mut interfaces = BTreeMap::<String, Interface>::new();
    // An operating system that does not tell has no addresses for us.
    for found in if_addrs::get_if_addrs().unwrap_or_default() {
        let interface = interfaces.entry(found.name.clone()).or_insert_with(|| Interface {
            index: found.index.unwrap_or_default(),
            addresses: Vec::new(),
            left_out: left_out(&found, names),
            name: found.name.clone(),
        });
        interface.addresses.push(found.addr);
    }
    interfaces.into_values().collect()
}

fn left_out(interface: &if_addrs::Interface, names: &[String]) -> Option<LeftOut> {
    if !names.is_empty() && !names.contains(&interface.name) {
        Some(LeftOut::NotChosen)
    } else if names.is_empty() && interface.is_loopback() {
        Some(LeftOut::Loopback)
    } else if names.is_empty() && is_virtual_interface(&interface.name) {
        Some(LeftOut::Virtual)
    } else if interface.is_p2p() {
        Some(LeftOut::PointToPoint)
    } else if !interface.is_oper_up() {
        Some(LeftOut::Down)
    } else {
        None
    }
}

/// The interfaces of this machine that are up and lead somewhere, with their addresses; those of these names, if there
/// are any names.
pub(crate) fn interfaces(names: &[String]) -> BTreeMap<String, Vec<IpAddr>> {
    let used = all_interfaces(names).into_iter().filter(Interface::is_used);
    used.map(|interface| (interface.name.clone(), interface.ips().collect())).collect()
}
/// Where others reach what listens at `bound`: an address of all zeros stands for all addresses of this machine.
///
/// Link-local addresses are left out: they mean something on one link only, and which one differs by machine.
pub(crate) fn reachable(bound: &[SocketAddr], interfaces: &BTreeMap<String, Vec<IpAddr>>) -> Vec<SocketAddr> {
    let mut reachable = Vec::new();
    for address in bound {
        if !address.ip().is_unspecified() {
            reachable.push(*address);
            continue;
        }
        let mut ips: Vec<IpAddr> = interfaces.values().flatten().copied().collect();
        ips.retain(|ip| match ip {
            IpAddr::V4(_) => true,
            IpAddr::V6(ip) => address.is_ipv6() && !ip.is_unicast_link_local(),
        });
        ips.sort();
        reachable.extend(ips.into_iter().map(|ip| SocketAddr::new(ip, address.port())));
    }
    reachable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces() -> BTreeMap<String, Vec<IpAddr>> {
        let ips = |ips: &[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
        BTreeMap::from([
            ("eth0".into(), ips(&["fe80::1", "fd00::7", "192.168.1.7"])),
            ("wlan0".into(), ips(&["10.0.0.3"])),
        ])
    }

    fn reachable(bound: &str) -> Vec<String> {
        super::reachable(&[bound.parse().unwrap()], &interfaces()).iter().map(SocketAddr::to_string).collect()
    }

    #[test]
    fn all_addresses_are_those_that_others_can_type() {
        assert_eq!(reachable("0.0.0.0:9"), ["10.0.0.3:9", "192.168.1.7:9"]);
        assert_eq!(reachable("[::]:9"), ["10.0.0.3:9", "192.168.1.7:9", "[fd00::7]:9"]);
    }

    #[test]
    fn one_address_is_that_address() {
        assert_eq!(reachable("127.0.0.1:9"), ["127.0.0.1:9"]);
    }
}
