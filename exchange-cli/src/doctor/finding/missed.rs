//! What is found where another machine was looked for and not met.

use super::{Finding, Seen};
use crate::doctor::{
    finding::interfaces::{reason, use_of},
    peer::{Missed, Why},
};

impl Seen {
    /// That the way to where nobody was met goes by an interface that is left out.
    pub(super) fn way_left_out(&self, missed: &Missed) -> Option<Finding> {
        let own = missed.own.filter(|own| !own.is_loopback())?;
        let interface = self.interfaces.iter().find(|interface| interface.ips().any(|ip| ip == own))?;
        let (name, why) = (&interface.name, interface.left_out?);
        Some(Finding::problem(
            "wrong_interface",
            format!("The way to {} goes by {name}, which is left out here{}.", missed.place, reason(why)),
            format!("Is it the right address? If so, {}", use_of(name, why)),
        ))
    }
}

impl Missed {
    /// Why they were not met.
    pub(super) fn finding(&self) -> Finding {
        let Self { place, port, .. } = self;
        let here = self.own.map_or_else(|| "ADDRESS".into(), |own| own.to_string());
        let swap = format!("here \"exchange doctor --wait\", there \"exchange doctor {here}\"");
        match self.why {
            Why::Unknown => Finding::problem(
                "peer_unknown",
                format!("There is no machine called {place}."),
                "\"exchange doctor --wait\" on the other machine shows its address: type that.",
            ),
            Why::Refused => Finding::problem(
                "peer_refused",
                format!("{place} is there, and refuses TCP port {port}."),
                format!(
                    "Run \"exchange doctor --wait\" there, and type here what it says. If it does run, a firewall there \
                     refuses; then go the other way round: {swap}"
                ),
            ),
            Why::Unanswered => Finding::problem(
                "peer_silent",
                format!("{place} does not answer at TCP port {port}."),
                format!(
                    "If \"exchange doctor --wait\" runs there, a firewall there keeps it out, or the network between \
                     does. To find out more, go the other way round: {swap}. If that is not answered either, let TCP \
                     port {port} in on both."
                ),
            ),
            Why::NoWay => Finding::problem(
                "peer_unreachable",
                format!("There is no way from here to {place}."),
                format!(
                    "Is that machine on, and on the same network? One for guests often keeps devices apart. If it is, \
                     go the other way round: {swap}"
                ),
            ),
            Why::Session => Finding::note(
                "peer_hosts",
                format!("A session is hosted at {place}, port {port}, and can be joined from here."),
                "If it is not found by itself, run \"exchange doctor --wait\" there, and type here what it says.",
            ),
            Why::Stranger => Finding::problem(
                "peer_stranger",
                format!("At {place}, port {port}, something else listens."),
                "Type the address with the port that \"exchange doctor --wait\" shows there.",
            ),
            Why::Version => Finding::problem(
                "peer_version",
                format!("The program at {place} is of another version."),
                "The older of the two needs an update.",
            ),
            Why::Lost => Finding::problem(
                "peer_lost",
                format!("The conversation with {place} broke off."),
                "Does the network of either come and go? Try again.",
            ),
        }
    }
}
