//! The firewall of this machine, as far as it can be told which there is, and what opens it.

/// A firewall that seems to be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Firewall {
    pub(super) name: &'static str,
    /// What lets multicast DNS in.
    pub(super) for_discovery: &'static str,
    /// What lets those in who join a session.
    pub(super) for_sessions: &'static str,
}

impl Firewall {
    #[cfg(target_os = "linux")]
    pub(super) fn find() -> Option<Self> {
        use std::{fs, path::Path};

        const UFW: Firewall = Firewall {
            name: "ufw",
            for_discovery: "sudo ufw allow 5353/udp",
            for_sessions: "sudo ufw allow 27027/tcp",
        };
        const FIREWALLD: Firewall = Firewall {
            name: "firewalld",
            for_discovery: "sudo firewall-cmd --add-service=mdns",
            for_sessions: "sudo firewall-cmd --add-port=27027/tcp",
        };
        // Which rules there are is for the administrator to see; that there are some, everybody can.
        let is_on = |settings: String| settings.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes"));
        if fs::read_to_string("/etc/ufw/ufw.conf").is_ok_and(is_on) {
            Some(UFW)
        } else {
            Path::new("/run/firewalld.pid").exists().then_some(FIREWALLD)
        }
    }

    #[cfg(target_os = "macos")]
    pub(super) fn find() -> Option<Self> {
        Some(Self {
            name: "The firewall of macOS",
            for_discovery: "System Settings, Privacy & Security, Local Network: allow the terminal that exchange runs in",
            for_sessions: "System Settings, Network, Firewall, Options: allow connections to exchange",
        })
    }

    #[cfg(windows)]
    pub(super) fn find() -> Option<Self> {
        const ALLOW: &str = "Windows Security, Firewall, Allow an app: exchange, on private networks; and make sure that this network is a private one";
        Some(Self { name: "The firewall of Windows", for_discovery: ALLOW, for_sessions: ALLOW })
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    pub(super) fn find() -> Option<Self> {
        None
    }
}
