//! Which of a machine's interfaces lead to other machines.

/// Whether an interface belongs to containers, virtual machines or a tunnel: addresses on it mean nothing to others on the
/// local network, so it is left out.
///
/// It goes by the name, which says what an interface is for. What drives it does not: a virtual pair may well be the only
/// cable that a container has.
pub fn is_virtual_interface(interface: &str) -> bool {
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
            assert!(is_virtual_interface(name), "{name}");
        }
        for name in ["eth0", "enp3s0", "en0", "wlan0", "wlp2s0", "br0", "bond0", "Ethernet 2", "Wi-Fi"] {
            assert!(!is_virtual_interface(name), "{name}");
        }
    }
}
