//! Which firewall a Linux machine has, by what everybody can read there.

use std::{fs, path::Path};

use super::Firewall;

/// The one that seems to be on, on a machine whose files are below this folder.
pub(super) fn find(root: &Path) -> Option<Firewall> {
    let is_on = |settings: String| settings.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes"));
    let by = |service: &Service| service.is_started(root) && service.keeps_anybody_out(root);
    if fs::read_to_string(root.join("etc/ufw/ufw.conf")).is_ok_and(is_on) {
        Some(Firewall::Ufw)
    } else if root.join("run/firewalld.pid").exists() {
        Some(Firewall::Firewalld)
    } else if by(&NFTABLES) {
        Some(Firewall::Nftables)
    } else {
        by(&IPTABLES).then_some(Firewall::Iptables)
    }
}

/// What sets rules when the machine starts. Rules that something else has set can only be seen by the administrator.
struct Service {
    /// What it is called, by whom.
    units: &'static [&'static str],
    /// Where its rules are, by distribution.
    rules: &'static [&'static str],
}

const NFTABLES: Service =
    Service { units: &["nftables"], rules: &["etc/nftables.conf", "etc/sysconfig/nftables.conf", "etc/nftables.nft"] };

const IPTABLES: Service = Service {
    units: &["iptables", "netfilter-persistent"],
    rules: &[
        "etc/iptables/rules.v4",
        "etc/sysconfig/iptables",
        "etc/iptables/iptables.rules",
        "etc/iptables/rules-save",
    ],
};

impl Service {
    fn is_started(&self, root: &Path) -> bool {
        let systemd = ["sysinit", "multi-user"].map(|target| format!("etc/systemd/system/{target}.target.wants"));
        let openrc = ["boot", "default"].map(|level| format!("etc/runlevels/{level}"));
        self.units.iter().any(|unit| {
            let of_systemd = systemd.iter().map(|folder| root.join(folder).join(format!("{unit}.service")));
            let of_openrc = openrc.iter().map(|folder| root.join(folder).join(unit));
            // What it is a link to does not matter.
            of_systemd.chain(of_openrc).any(|path| path.symlink_metadata().is_ok())
        })
    }

    /// Whether its rules, as far as they can be read, keep anything out: those that it often comes with do not.
    fn keeps_anybody_out(&self, root: &Path) -> bool {
        let files: Vec<_> = self.rules.iter().map(|file| root.join(file)).filter(|file| file.exists()).collect();
        files.iter().any(|file| fs::read_to_string(file).map_or(true, |rules| rules.lines().any(may_keep_out)))
    }
}

/// What stands in other files may.
fn may_keep_out(rule: &str) -> bool {
    let rule = rule.split('#').next().unwrap_or_default().to_lowercase();
    ["drop", "reject", "include"].iter().any(|word| rule.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found on a machine that has these files, with this in them.
    fn found(files: &[(&str, &str)]) -> Option<Firewall> {
        let root = tempfile::tempdir().unwrap();
        for (file, content) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        find(root.path())
    }

    #[test]
    fn a_firewall_is_found_by_what_everybody_can_read() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("etc/ufw/ufw.conf", "# set\nENABLED=yes\n")]), Some(Firewall::Ufw));
        assert_eq!(found(&[("etc/ufw/ufw.conf", "ENABLED=no\n")]), None);
        assert_eq!(found(&[("run/firewalld.pid", "7")]), Some(Firewall::Firewalld));
    }

    #[test]
    fn rules_that_are_set_at_the_start_count_if_they_keep_anything_out() {
        let started = ("etc/systemd/system/sysinit.target.wants/nftables.service", "");
        let strict = ("etc/nftables.conf", "chain input { type filter hook input priority 0; policy drop; }");
        let open = ("etc/nftables.conf", "# drop nothing\nchain input { type filter hook input priority 0; }");
        let elsewhere = ("etc/nftables.conf", "include \"/etc/nftables.d/*.nft\"");
        assert_eq!(found(&[started, strict]), Some(Firewall::Nftables));
        assert_eq!(found(&[started, elsewhere]), Some(Firewall::Nftables));
        assert_eq!(found(&[started, open]), None);
        assert_eq!(found(&[started]), None);
        assert_eq!(found(&[strict]), None);
        let started = ("etc/systemd/system/multi-user.target.wants/netfilter-persistent.service", "");
        assert_eq!(found(&[started, ("etc/iptables/rules.v4", ":INPUT DROP [0:0]")]), Some(Firewall::Iptables));
        assert_eq!(found(&[started, ("etc/iptables/rules.v4", ":INPUT ACCEPT [0:0]")]), None);
        let started = ("etc/runlevels/default/iptables", "");
        assert_eq!(found(&[started, ("etc/iptables/rules-save", "-A INPUT -j REJECT")]), Some(Firewall::Iptables));
    }

    #[test]
    fn what_opens_a_firewall_names_the_port() {
        for firewall in [Firewall::Ufw, Firewall::Firewalld, Firewall::Nftables, Firewall::Iptables] {
            assert!(firewall.for_sessions(4000).contains("4000"), "{firewall:?}");
            assert!(firewall.for_sessions(4000).starts_with("sudo "), "{firewall:?}");
        }
        assert_eq!(Firewall::Nftables.for_sessions(9), "sudo nft insert rule inet filter input tcp dport 9 accept");
        assert_eq!(Firewall::Iptables.for_discovery(), "sudo iptables -I INPUT -p udp --dport 5353 -j ACCEPT");
    }
}
