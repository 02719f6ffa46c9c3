//! What is found with another machine: which of the two is in the way, or what is between them.

use std::net::IpAddr;

use super::{Finding, Seen};
use crate::{
    doctor::{
        finding::interfaces::{reason, use_of},
        firewall::Firewall,
        peer::{Between, Crossing, Introduction, Peer, Reach},
    },
    find::typed,
    local::LeftOut,
};

impl Seen {
    /// What two machines have found out, or why they did not meet.
    pub(super) fn between(&self) -> Vec<Finding> {
        match &self.peer {
            None => Vec::new(),
            Some(Peer::Missed(missed)) => {
                [Some(missed.finding()), self.way_left_out(missed)].into_iter().flatten().collect()
            }
            Some(Peer::Met(between)) if between.is_one_machine() => vec![Finding::note(
                "same_machine",
                "Both are on this machine, so that nothing is told of another.",
                "Run one of the two on the other machine.",
            )],
            Some(Peer::Met(between)) => {
                let mut findings = between.tcp();
                findings.extend(between.across());
                findings.extend(between.all_clear());
                findings
            }
        }
    }

    /// Whether the other machine is heard here.
    pub(super) fn hears_peer(&self) -> bool {
        matches!(&self.peer, Some(Peer::Met(between)) if between.gets_here() == Some(true))
    }

    /// Whether the other machine reaches the port that hosts use, here.
    pub(super) fn is_reached(&self) -> bool {
        matches!(&self.peer, Some(Peer::Met(between)) if between.there.report.tcp == Some(Reach::Reached))
    }
}

impl Between {
    fn is_one_machine(&self) -> bool {
        self.here.introduction.own == self.here.introduction.other
    }

    /// Whether what is said to everybody gets from here to there; none if neither can be told.
    fn gets_there(&self) -> Option<bool> {
        gets_across(self.here.report.multicast, self.there.report.multicast)
    }

    fn gets_here(&self) -> Option<bool> {
        gets_across(self.there.report.multicast, self.here.report.multicast)
    }

    /// That everything that was tried gets through, if everything was.
    fn all_clear(&self) -> Option<Finding> {
        let other = self.here.introduction.other;
        let is_joined = [&self.here, &self.there].iter().all(|side| side.report.tcp == Some(Reach::Reached));
        let what = match [self.gets_there(), self.gets_here()] {
            [Some(true), Some(true)] => "is found on the other, and can be joined",
            [None, None] => "can be joined by address on the other",
            _ => return None,
        };
        let what = format!(
            "Nothing is in the way between this machine and {other}: a session that is hosted on either {what}."
        );
        is_joined.then(|| Finding::note("all_clear", what, "Host one: exchange host"))
    }

    /// What to type here to join what is hosted there.
    fn hosted_there(&self) -> String {
        typed((self.here.introduction.other, self.there.introduction.port).into())
    }

    fn hosted_here(&self) -> String {
        typed((self.there.introduction.other, self.here.introduction.port).into())
    }

    /// Whether sessions can be joined, each way.
    fn tcp(&self) -> Vec<Finding> {
        let [here, there] = [&self.here, &self.there].map(|side| &side.introduction);
        let is_shut = |reach: Option<Reach>| reach.is_some_and(|reach| reach != Reach::Reached);
        let mut findings = Vec::new();
        if is_shut(self.there.report.tcp) {
            findings.push(if self.is_translated_here() {
                Finding::problem(
                    "translated",
                    format!(
                        "This machine is {}, and is seen there as {}: addresses are translated on the way. Nobody can join \
                         from there what is hosted here.",
                        here.own, there.other
                    ),
                    format!("Host there; here it is joined by: exchange join {}", self.hosted_there()),
                )
            } else {
                Finding::problem(
                    "blocked_here",
                    format!(
                        "From {} nobody can join what is hosted here: TCP port {} of this machine cannot be connected to.",
                        here.other, here.port
                    ),
                    open_port(here, "this machine"),
                )
            });
        }
        if is_shut(self.here.report.tcp) {
            findings.push(if self.is_translated_there() {
                Finding::problem(
                    "translated",
                    format!(
                        "The other machine is {}, and is seen here as {}: addresses are translated on the way. Nobody can \
                         join from here what is hosted there.",
                        there.own, here.other
                    ),
                    format!("Host here; there it is joined by: exchange join {}", self.hosted_here()),
                )
            } else {
                Finding::problem(
                    "blocked_there",
                    format!(
                        "Nobody can join from here what is hosted at {}: TCP port {} of that machine cannot be connected \
                         to.",
                        here.other, there.port
                    ),
                    open_port(there, "that machine"),
                )
            });
        }
        findings
    }

    /// Whether sessions are found, each way.
    fn across(&self) -> Vec<Finding> {
        let [here, there] = [&self.here, &self.there].map(|side| &side.introduction);
        let lost = [self.gets_there() == Some(false), self.gets_here() == Some(false)];
        if lost == [false, false] {
            return Vec::new();
        }
        let by_address =
            format!("Until then, sessions are joined by address, here: exchange join {}", self.hosted_there());
        let left_out: Vec<_> = [left_out_here(here), left_out_there(there, here.other)].into_iter().flatten().collect();
        if !left_out.is_empty() {
            let told = |(what, next)| Finding::problem("wrong_interface", what, format!("{next}. {by_address}"));
            return left_out.into_iter().map(told).collect();
        }
        if self.is_routed() && lost == [true, true] {
            let next = if self.is_translated_there() {
                format!("They are joined by address: host here; there: exchange join {}", self.hosted_here())
            } else {
                format!("They are joined by address, here: exchange join {}", self.hosted_there())
            };
            return vec![Finding::problem(
                "other_network",
                format!(
                    "{} and {} are on different networks, with a router between. What is sent to everybody does not pass \
                     it, so that sessions are not found.",
                    here.own, there.own
                ),
                next,
            )];
        }
        let hears_itself = |crossing: Crossing| [crossing.ipv4, crossing.ipv6].iter().flatten().any(|heard| heard.own);
        let is_deaf = [!hears_itself(self.there.report.multicast), !hears_itself(self.here.report.multicast)];
        let mut findings = Vec::new();
        if lost[0] && is_deaf[0] {
            findings.push(Finding::problem(
                "multicast_blocked_there",
                format!(
                    "What is sent to everybody does not get into {}, not even what that machine sends: a firewall there \
                     keeps it out. Sessions that are hosted here are not found there.",
                    here.other
                ),
                open_discovery(there.firewall, "that machine"),
            ));
        }
        if lost[1] && is_deaf[1] {
            findings.push(Finding::problem(
                "multicast_blocked",
                "What is sent to everybody does not get into this machine, not even what it sends itself: a firewall \
                 keeps it out. Sessions that are hosted there are not found here.",
                open_discovery(here.firewall, "this machine"),
            ));
        }
        let somewhere = match [lost[0] && !is_deaf[0], lost[1] && !is_deaf[1]] {
            [true, true] => Some((
                "Neither machine hears what the other sends to everybody, though each hears itself: the network between \
                 does not pass it on, as some access points and networks for guests do not, or a firewall sorts it out."
                    .to_owned(),
                "Try another network, or a phone's hotspot.",
            )),
            [true, false] => Some((
                format!(
                    "What this machine sends to everybody does not get to {}, which hears itself and is heard here. \
                     Sessions that are hosted here are not found there.",
                    here.other
                ),
                "Does a firewall here keep UDP port 5353 from going out, or one there let in only some?",
            )),
            [false, true] => Some((
                format!(
                    "What {} sends to everybody does not get here, where this machine hears itself and is heard there. \
                     Sessions that are hosted there are not found here.",
                    here.other
                ),
                "Does a firewall there keep UDP port 5353 from going out, or one here let in only some?",
            )),
            [false, false] => None,
        };
        findings.extend(
            somewhere.map(|(what, next)| Finding::problem("multicast_lost", what, format!("{next} {by_address}"))),
        );
        findings
    }
}

/// Whether any family gets across that both have.
fn gets_across(from: Crossing, to: Crossing) -> Option<bool> {
    let families = [(from.ipv4, to.ipv4), (from.ipv6, to.ipv6)];
    let heard = families.iter().filter_map(|(from, to)| from.and(*to)).map(|heard| heard.other);
    heard.reduce(|either, other| either || other)
}

fn left_out_here(here: &Introduction) -> Option<(String, String)> {
    let why = here.left_out?;
    let (name, next) = named(here, why);
    let what = format!("{} is reached by {name}, which is left out here{}.", here.other, reason(why));
    Some((what, format!("For sessions to be found by it, {next} on this machine")))
}

fn left_out_there(there: &Introduction, address: IpAddr) -> Option<(String, String)> {
    let why = there.left_out?;
    let (name, next) = named(there, why);
    let what = format!("{address} reaches this machine by {name}, which is left out there{}.", reason(why));
    Some((what, format!("For sessions to be found by it, {next} on that machine")))
}

/// What an interface is called, and what has it used.
fn named(whose: &Introduction, why: LeftOut) -> (&str, String) {
    match &whose.interface {
        Some(name) => (name.as_str(), use_of(name.as_str(), why)),
        None => ("an interface", "name it with --interface".into()),
    }
}

fn open_port(whose: &Introduction, machine: &str) -> String {
    let port = whose.port;
    match whose.firewall {
        Some(firewall) => {
            format!(
                "On {machine} {} seems to be on. This lets others in, there: {}",
                firewall.name(),
                firewall.for_sessions(port)
            )
        }
        None => format!("Let TCP port {port} in, in the firewall of {machine}."),
    }
}

fn open_discovery(firewall: Option<Firewall>, machine: &str) -> String {
    match firewall {
        Some(firewall) => {
            format!(
                "On {machine} {} seems to be on. This lets it in, there: {}",
                firewall.name(),
                firewall.for_discovery()
            )
        }
        None => format!("Let UDP port 5353 in, in the firewall of {machine}."),
    }
}
