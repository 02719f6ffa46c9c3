//! What is found about the interfaces: whether there is one, who is heard on which, and whether it is the right one.

use super::{Finding, Seen, listed};
use crate::{
    doctor::multicast::Heard,
    local::{Interface, LeftOut},
};

impl Seen {
    /// That there is no interface to use.
    pub(super) fn network(&self) -> Option<Finding> {
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

    /// Interfaces on which nothing is heard, not even from this machine; and those on which nobody else is.
    pub(super) fn multicast(&self) -> Vec<Finding> {
        let deaf = self.heard_in_use().filter(|(_, heard)| !heard.own && heard.others.is_empty());
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
        if !self.sessions.is_empty() || self.hears_peer() {
            return findings;
        }
        let lonely = self.heard_in_use().filter(|(_, heard)| heard.own && heard.others.is_empty());
        let lonely = listed(lonely.map(|(interface, _)| &interface.name));
        let company = self.heard_in_use().filter(|(_, heard)| !heard.others.is_empty());
        let company = listed(company.map(|(interface, _)| &interface.name));
        findings.extend(match (lonely, company) {
            (Some(lonely), None) => {
                let next = "Are both on the same network? One for guests often keeps devices apart: try another, or a \
                            phone's hotspot.";
                let firewall = self.firewall.map_or_else(String::new, |firewall| {
                    format!(" {} seems to be on; this lets others in: {}", firewall.name(), firewall.for_discovery())
                });
                let with_other = match self.peer {
                    Some(_) => "",
                    None => " With the other machine more can be found out: exchange doctor --wait",
                };
                Some(Finding::note(
                    "nobody_heard",
                    format!("No other machine is heard on {lonely}. There may be none, or something keeps them apart."),
                    format!("{next}{firewall}{with_other}"),
                ))
            }
            (Some(lonely), Some(company)) => Some(Finding::note(
                "quiet_interface",
                format!("Others are heard on {company}, and nobody on {lonely}."),
                format!("If those whom you look for are to be found on {lonely}: are both on the same network there?"),
            )),
            (None, _) => None,
        });
        findings
    }

    /// That those who are looked for may be where nobody looks.
    pub(super) fn wrong_interface(&self) -> Vec<Finding> {
        if !self.sessions.is_empty() || self.hears_peer() || self.used().next().is_none() {
            return Vec::new();
        }
        let is_alone = self.heard_in_use().all(|(_, heard)| heard.others.is_empty());
        let elsewhere =
            self.with_heard().filter_map(|(interface, heard)| Some((interface, interface.left_out?, heard?)));
        let mut findings: Vec<_> = elsewhere
            .filter(|(_, _, heard)| heard.sessions || is_alone && !heard.others.is_empty())
            .map(|(interface, why, heard)| heard_elsewhere(interface, why, heard))
            .collect();
        if findings.is_empty() && is_alone && self.heard.is_some() {
            findings.extend(self.other_way_out());
        }
        findings
    }

    fn other_way_out(&self) -> Option<Finding> {
        let outward = self.outward?;
        let interface = self.interfaces.iter().find(|interface| interface.ips().any(|ip| ip == outward))?;
        let name = &interface.name;
        Some(match interface.left_out? {
            LeftOut::NotChosen => Finding::note(
                "other_way_out",
                format!("What this machine sends to other networks goes by {name}, which --interface leaves out."),
                format!("Are the others to be found there? Then {}", use_of(name, LeftOut::NotChosen)),
            ),
            why @ (LeftOut::Virtual | LeftOut::PointToPoint) => Finding::note(
                "other_way_out",
                format!("What this machine sends to other networks goes by {name}, which is left out{}.", reason(why)),
                format!(
                    "If it is a VPN, that may keep this machine from others on its own network: end it for a try. If the \
                     others are to be found by it: {}",
                    use_of(name, why)
                ),
            ),
            LeftOut::Loopback | LeftOut::Down => return None,
        })
    }
}

fn heard_elsewhere(interface: &Interface, why: LeftOut, heard: &Heard) -> Finding {
    let name = &interface.name;
    let left_out = format!("on {name}, which is left out{}", reason(why));
    if heard.sessions {
        let what = format!("A session is announced {left_out}.");
        return Finding::problem("session_elsewhere", what, format!("To find it, {}", use_of(name, why)));
    }
    let others = match heard.others.len() {
        1 => "one other machine is".into(),
        many => format!("{many} other machines are"),
    };
    let what = format!("Nobody is heard on the interfaces in use, but {others} heard {left_out}.");
    let next = format!("If those whom you look for are to be found there, {}", use_of(name, why));
    Finding::note("heard_elsewhere", what, next)
}

/// Why an interface is left out, after it was said that it is.
pub(super) fn reason(why: LeftOut) -> &'static str {
    match why {
        LeftOut::NotChosen => ", because of --interface",
        LeftOut::Virtual => ": by its name it belongs to containers, virtual machines or a tunnel",
        LeftOut::PointToPoint => ": it leads to one other machine only",
        LeftOut::Loopback => ": it leads nowhere but to the machine itself",
        LeftOut::Down => ": nothing is connected to it",
    }
}

/// What has one that is left out used.
pub(super) fn use_of(name: &str, why: LeftOut) -> String {
    match why {
        LeftOut::NotChosen => format!("leave out --interface, or say --interface {name}"),
        _ => format!("say --interface {name}"),
    }
}

const CONNECT: &str = "Put a cable in, or join a Wi-Fi.";
