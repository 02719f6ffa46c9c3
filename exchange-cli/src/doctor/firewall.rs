//! The firewall of a machine, as far as it can be told which there is, and what opens it.

#[cfg(any(target_os = "linux", test))]
mod linux;

use serde::{Deserialize, Serialize};

/// A firewall that seems to be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Firewall {
    Ufw,
    Firewalld,
    Nftables,
    Iptables,
    Macos,
    Windows,
}

impl Firewall {
    /// The one of this machine. Which rules there are is for the administrator to see; that there are some, everybody can.
    pub(super) fn find() -> Option<Self> {
        #[cfg(target_os = "linux")]
        return linux::find("/".as_ref());
        #[cfg(target_os = "macos")]
        return Some(Self::Macos);
        #[cfg(windows)]
        return Some(Self::Windows);
        #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
        return None;
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ufw => "ufw",
            Self::Firewalld => "firewalld",
            Self::Nftables => "nftables",
            Self::Iptables => "iptables",
            Self::Macos => "The firewall of macOS",
            Self::Windows => "The firewall of Windows",
        }
    }

    /// What lets multicast DNS in.
    pub(super) fn for_discovery(self) -> String {
        match self {
            Self::Ufw => "sudo ufw allow 5353/udp".into(),
            Self::Firewalld => "sudo firewall-cmd --add-service=mdns".into(),
            Self::Nftables => in_nftables("udp", 5353),
            Self::Iptables => in_iptables("udp", 5353),
            Self::Macos => {
                "System Settings, Privacy & Security, Local Network: allow the terminal that exchange runs in".into()
            }
            Self::Windows => ON_WINDOWS.into(),
        }
    }

    /// What lets those in who join a session at this port.
    pub(super) fn for_sessions(self, port: u16) -> String {
        match self {
            Self::Ufw => format!("sudo ufw allow {port}/tcp"),
            Self::Firewalld => format!("sudo firewall-cmd --add-port={port}/tcp"),
            Self::Nftables => in_nftables("tcp", port),
            Self::Iptables => in_iptables("tcp", port),
            Self::Macos => "System Settings, Network, Firewall, Options: allow connections to exchange".into(),
            Self::Windows => ON_WINDOWS.into(),
        }
    }
}

/// As distributions call the table and the chain in the configuration that they come with.
fn in_nftables(protocol: &str, port: u16) -> String {
    format!("sudo nft insert rule inet filter input {protocol} dport {port} accept")
}

fn in_iptables(protocol: &str, port: u16) -> String {
    format!("sudo iptables -I INPUT -p {protocol} --dport {port} -j ACCEPT")
}

const ON_WINDOWS: &str = "Windows Security, Firewall, Allow an app: exchange, on private networks; and make sure that this network is a private one";
