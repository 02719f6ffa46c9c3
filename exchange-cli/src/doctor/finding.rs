//! From what was seen to what it means and what to do about it.

mod interfaces;
mod missed;
mod peer;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use exchange_tokio::core::{SessionName, discovery::DEFAULT_PORT};

use super::{
    firewall::Firewall,
    multicast::Heard,
    peer::Peer,
    port::{Port, State},
};
use crate::local::Interface;

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The interfaces that the user wants to be used, if only some.
    pub(super) chosen: Vec<String>,
    pub(super) interfaces: Vec<Interface>,
    /// What was heard on which interface, by its name: on those in use and maybe others. None if nobody listened.
    pub(super) heard: Option<BTreeMap<String, Heard>>,
    /// The address of this machine towards other networks.
    pub(super) outward: Option<IpAddr>,
    /// The sessions that were heard of, and whether their hosts answer.
    pub(super) sessions: Vec<Session>,
    /// None if it was not looked at.
    pub(super) port: Option<Port>,
    pub(super) firewall: Option<Firewall>,
    /// What was found out with another machine; none if it was not looked for.
    pub(super) peer: Option<Peer>,
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

    /// All interfaces, with what was heard there.
    pub(super) fn with_heard(&self) -> impl Iterator<Item = (&Interface, Option<&Heard>)> {
        let heard = |interface: &Interface| self.heard.as_ref()?.get(&interface.name);
        self.interfaces.iter().map(move |interface| (interface, heard(interface)))
    }

    /// The interfaces in use, with what was heard there, if anybody listened.
    fn heard_in_use(&self) -> impl Iterator<Item = (&Interface, &Heard)> {
        let used = self.with_heard().filter(|(interface, _)| interface.is_used());
        used.filter_map(|(interface, heard)| Some((interface, heard?)))
    }

    /// What it means: problems first, each where the way from here to others is broken.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = [self.network(), self.mdns_port()].into_iter().flatten().collect();
        findings.extend(self.multicast());
        findings.extend(self.wrong_interface());
        findings.extend(self.port());
        findings.extend(self.silent_hosts());
        // What one machine sees by itself, it may see again with the other.
        let alone: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        findings.extend(self.between().into_iter().filter(|finding| !alone.contains(&finding.code)));
        findings.extend(self.nobody());
        findings.sort_by_key(|finding| !finding.is_problem);
        findings
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

    fn port(&self) -> Option<Finding> {
        let Port { number, state } = self.port.as_ref()?;
        Some(match state {
            State::Free => {
                let firewall = self.firewall.filter(|_| !self.is_reached())?;
                Finding::note(
                    "firewall",
                    format!(
                        "{} seems to be on. It may keep others from a session that is hosted here.",
                        firewall.name()
                    ),
                    format!("If they cannot join, this lets them in: {}", firewall.for_sessions(*number)),
                )
            }
            State::Session => return None,
            State::Taken if *number != DEFAULT_PORT => Finding::note(
                "port_taken",
                format!("TCP port {number} is taken by another program."),
                "\"exchange host --port PORT\" hosts a session at another.",
            ),
            State::Taken => Finding::note(
                "port_taken",
                format!("TCP port {number} is taken by another program. A session hosted here gets another port."),
                "Whoever joins it by address has to type the port, which \"exchange host\" shows.",
            ),
            State::Forbidden => Finding::problem(
                "port_forbidden",
                format!("This machine does not let a program listen at TCP port {number}."),
                "\"exchange host --port PORT\" hosts a session at another.",
            ),
            State::Unreachable(addresses) => {
                let at = listed(addresses).unwrap_or_default();
                let next = match self.firewall {
                    Some(firewall) => {
                        format!(
                            "{} seems to be on. This lets them in: {}",
                            firewall.name(),
                            firewall.for_sessions(*number)
                        )
                    }
                    None => format!("Let TCP port {number} in, in the firewall of this machine."),
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
        let others: usize = self.heard_in_use().map(|(_, heard)| heard.others.len()).sum();
        (others > 0 && self.sessions.is_empty() && self.peer.is_none()).then(|| {
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

/// Several things in a sentence; none if there are none.
fn listed<T: ToString>(things: impl IntoIterator<Item = T>) -> Option<String> {
    let things: Vec<_> = things.into_iter().map(|thing| thing.to_string()).collect();
    let (last, others) = things.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) })
}

#[cfg(test)]
mod tests;
