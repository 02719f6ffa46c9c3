//! The addresses of this machine that mean something to others.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use exchange_tokio::discovery::is_virtual_interface;

/// The interfaces of this machine that are up and lead somewhere, with their addresses; those of these names, if there
/// are any names.
pub(crate) fn interfaces(names: &[String]) -> BTreeMap<String, Vec<IpAddr>> {
    let mut interfaces = BTreeMap::<String, Vec<IpAddr>>::new();
    // An operating system that does not tell has no addresses for us.
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let is_chosen = if names.is_empty() {
            !interface.is_loopback() && !is_virtual_interface(&interface.name)
        } else {
            names.contains(&interface.name)
        };
        if is_chosen {
            interfaces.entry(interface.name.clone()).or_default().push(interface.ip());
        }
    }
    interfaces
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
