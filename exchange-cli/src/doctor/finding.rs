//! From what was seen to what it means and what to do about it.

use std::net::SocketAddr;

use exchange_tokio::core::{SessionName, discovery::DEFAULT_PORT};

use super::{firewall::Firewall, multicast::Heard, port::Port};
use crate::local::{Interface, LeftOut};

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The interfaces that the user wants to be used, if only some.
    pub(super) chosen: Vec<String>,
    pub(super) interfaces: Vec<Interface>,
    /// What was heard on each of the interfaces in use; none if nobody listened.
    pub(super) heard: Option<Vec<Heard>>,
    /// The sessions that were heard of, and whether their hosts answer.
    pub(super) sessions: Vec<Session>,
    /// None if it was not looked at.
    pub(super) port: Option<Port>,
    pub(super) firewall: Option<Firewall>,
    /// Whether discovery was left out because the user wants none.
    pub(super) no_discovery: bool,
}

/// A session that was heard of.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) name: SessionName,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) answers: bool,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// A word for programs to go by.
    pub(super) code: &'static str,
    /// Whether it keeps sessions from being found or joined.
    pub(super) is_problem: bool,
    /// What is so.
    pub(super) what: String,
    /// What to do next.
    pub(super) next: String,
}

impl Finding {
    fn problem(code: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code, is_problem: true, what: what.into(), next: next.into() }
    }

    fn note(code: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { is_problem: false, ..Self::problem(code, what, next) }
    }
}

impl Seen {
    pub(super) fn used(&self) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().filter(|interface| interface.is_used())
    }

    /// All interfaces, those in use with what was heard there.
    pub(super) fn with_heard(&self) -> impl Iterator<Item = (&Interface, Option<&Heard>)> {
        let mut heard = self.heard.iter().flatten();
        self.interfaces.iter().map(move |interface| {
            let heard = if interface.is_used() { heard.next() } else { None };
            (interface, heard)
        })
    }

    /// What it means: problems first, each where the way from here to others is broken.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = [self.network(), self.mdns_port()].into_iter().flatten().collect();
        findings.extend(self.multicast());
        findings.extend(self.port());
        findings.extend(self.silent_hosts());
        findings.extend(self.nobody());
        findings.sort_by_key(|finding| !finding.is_problem);
        findings
    }

    fn network(&self) -> Option<Finding> {
        if self.used().next().is_some() {
            return None;
        }
        let left_out = |why| {
            let names = self.interfaces.iter().filter(move |interface| interface.left_out == Some(why));
            listed(names.map(|interface| &interface.name))
        };
        let (down, virtual_ones) = (left_out(LeftOut::Down), left_out(LeftOut::Virtual));
        Some(if !self.chosen.is_empty() && down.is_none() {
            Finding::problem(
                "no_such_interface",
                format!("There is no network interface {} that could be used.", self.chosen.join(" or ")),
                "\"exchange doctor\" without --interface shows which there are.",
            )
        } else if let Some(down) = down {
            Finding::problem("no_network", format!("Nothing is connected to {down}."), CONNECT)
        } else if let Some(names) = virtual_ones {
            Finding::problem(
                "only_virtual",
                format!(
                    "This machine is on no network but those of containers, virtual machines or tunnels ({names})."
                ),
                format!("{CONNECT} Or, if the others are on one of these: --interface NAME uses it."),
            )
        } else {
            Finding::problem("no_network", "This machine is on no network.", CONNECT)
        })
    }

    fn mdns_port(&self) -> Option<Finding> {
        let is_wanted = self.used().next().is_some() && !self.no_discovery;
        (is_wanted && self.heard.is_none()).then(|| {
            Finding::problem(
                "mdns_port_taken",
                "UDP port 5353, which sessions are announced at, cannot be listened at: a program keeps it for itself.",
                "End the program that has it; until then, sessions are joined by address.",
            )
        })
    }

    /// Interfaces on which nothing is heard, not even from this machine; and those on which nobody else is.
    fn multicast(&self) -> Vec<Finding> {
        let heard = || self.used().zip(self.heard.iter().flatten());
        let deaf = heard().filter(|(_, heard)| !heard.own && heard.others.is_empty());
        let mut findings: Vec<_> = deaf
            .map(|(interface, _)| {
                let next = match self.firewall {
                    Some(firewall) => {
                        format!("{} seems to be on. This lets it in: {}", firewall.name(), firewall.for_discovery())
                    }
                    None => "Let UDP port 5353 in, in the firewall of this machine.".into(),
                };
                let what = format!(
                    "What is sent to everybody on {} does not even come back to this machine: a firewall keeps it out.",
                    interface.name
                );
                Finding::problem("multicast_blocked", what, next)
            })
            .collect();
        let lonely = heard().filter(|(_, heard)| heard.own && heard.others.is_empty());
        if let Some(names) = listed(lonely.map(|(interface, _)| &interface.name))
            && heard().all(|(_, heard)| heard.others.is_empty())
            && self.sessions.is_empty()
        {
            let next = "Are both on the same network? One for guests often keeps devices apart: try another, or a phone's \
                        hotspot.";
            let firewall = self.firewall.map_or_else(String::new, |firewall| {
                format!(" {} seems to be on; this lets others in: {}", firewall.name(), firewall.for_discovery())
            });
            findings.push(Finding::note(
                "nobody_heard",
                format!("No other machine is heard on {names}. There may be none, or something keeps them apart."),
                format!("{next}{firewall}"),
            ));
        }
        findings
    }

    fn port(&self) -> Option<Finding> {
        Some(match self.port.as_ref()? {
            Port::Free => {
                let firewall = self.firewall?;
                Finding::note(
                    "firewall",
                    format!(
                        "{} seems to be on. It may keep others from a session that is hosted here.",
                        firewall.name()
                    ),
                    format!("If they cannot join, this lets them in: {}", firewall.for_sessions(DEFAULT_PORT)),
                )
            }
            Port::Session => return None,
            Port::Taken => Finding::note(
                "port_taken",
                format!(
                    "TCP port {DEFAULT_PORT} is taken by another program. A session hosted here gets another port."
                ),
                "Whoever joins it by address has to type the port, which \"exchange host\" shows.",
            ),
            Port::Forbidden => Finding::problem(
                "port_forbidden",
                format!("This machine does not let a program listen at TCP port {DEFAULT_PORT}."),
                "\"exchange host --port PORT\" hosts a session at another.",
            ),
            Port::Unreachable(addresses) => {
                let at = listed(addresses).unwrap_or_default();
                let next = match self.firewall {
                    Some(firewall) => {
                        format!(
                            "{} seems to be on. This lets them in: {}",
                            firewall.name(),
                            firewall.for_sessions(DEFAULT_PORT)
                        )
                    }
                    None => format!("Let TCP port {DEFAULT_PORT} in, in the firewall of this machine."),
                };
                let what = format!("Nobody can join a session that is hosted here: {at} cannot be connected to.");
                Finding::problem("port_unreachable", what, next)
            }
        })
    }

    fn silent_hosts(&self) -> impl Iterator<Item = Finding> {
        self.sessions.iter().filter(|session| !session.answers).map(|session| {
            let port = session.addresses.first().map_or(DEFAULT_PORT, SocketAddr::port);
            Finding::problem(
                "host_silent",
                format!("The host of \"{}\" is heard but cannot be connected to.", session.name.replace('"', "”")),
                format!("Is it still there? If so, a firewall on that machine has to let TCP port {port} in."),
            )
        })
    }

    fn nobody(&self) -> Option<Finding> {
        let others: usize = self.heard.as_ref()?.iter().map(|heard| heard.others.len()).sum();
        (others > 0 && self.sessions.is_empty()).then(|| {
            let machines =
                if others == 1 { "One other machine is".into() } else { format!("{others} other machines are") };
            Finding::note(
                "no_session",
                format!("{machines} heard, and none of them hosts a session."),
                "Host one: exchange host",
            )
        })
    }
}

const CONNECT: &str = "Put a cable in, or join a Wi-Fi.";

/// Several things in a sentence; none if there are none.
fn listed<T: ToString>(things: impl IntoIterator<Item = T>) -> Option<String> {
    let things: Vec<_> = things.into_iter().map(|thing| thing.to_string()).collect();
    let (last, others) = things.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) })
}

#[cfg(test)]
mod tests;
