//! What two machines have found out, for people and for programs.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    doctor::peer::{Between, Hearing, InterfaceName, Introduction, Reach, Report},
    line::Line,
    local::LeftOut,
};

/// What is between two machines.
pub(super) fn people(line: impl Fn() -> Line, between: &Between) -> Vec<Line> {
    let [here, there] = [&between.here, &between.there];
    let (own, other) = (&here.introduction, &there.introduction);
    let named = |line: Line, introduction: &Introduction| match &introduction.interface {
        Some(name) => line.ours(" (").theirs(name).ours(")"),
        None => line,
    };
    let seen_as = |line: Line, own: IpAddr, seen: IpAddr| {
        if own == seen { line } else { line.ours(", seen from the other side as ").theirs(seen) }
    };
    let machine = |words, introduction: &Introduction, seen| {
        let line = named(line().ours(words).theirs(introduction.own), introduction);
        let line = seen_as(line, introduction.own, seen);
        line.ours(match introduction.left_out {
            Some(_) => ", by an interface that is left out",
            None => "",
        })
    };
    let mut lines = vec![
        machine("    This machine is ", own, other.other),
        machine("    The other machine is ", other, own.other),
        line().ours(if between.is_routed() {
            "    There is a router between them"
        } else {
            "    They are on the same network"
        }),
    ];
    lines.extend(port(line(), "    TCP port ", other.port, " of the other machine, from here: ", here.report.tcp));
    lines.extend(port(line(), "    TCP port ", own.port, " of this machine, from there: ", there.report.tcp));
    let [ours, theirs] = [here.report.multicast, there.report.multicast];
    lines.extend(crossing(line(), "    Multicast DNS by IPv4: ", ours.ipv4, theirs.ipv4));
    lines.extend(crossing(line(), "    Multicast DNS by IPv6: ", ours.ipv6, theirs.ipv6));
    lines
}

fn crossing(line: Line, family: &'static str, here: Option<Hearing>, there: Option<Hearing>) -> Option<Line> {
    Some(line.ours(family).ours(match (there?.other, here?.other) {
        (true, true) => "gets there and back",
        (true, false) => "gets from here to there only",
        (false, true) => "gets from there to here only",
        (false, false) => "gets neither there nor back",
    }))
}

fn port(line: Line, before: &'static str, port: u16, after: &'static str, reach: Option<Reach>) -> Option<Line> {
    let answer = match reach? {
        Reach::Reached => "answers",
        Reach::Refused => "is refused",
        Reach::Unanswered => "does not answer",
        Reach::Stranger => "something else answers",
    };
    Some(line.ours(before).theirs(port).ours(after).ours(answer))
}

/// The same for programs.
#[derive(Serialize)]
#[serde(tag = "event", rename = "peer")]
pub(super) struct Json<'a> {
    same_network: bool,
    here: Machine<'a>,
    there: Machine<'a>,
    to_there: Way,
    to_here: Way,
}

#[derive(Serialize)]
struct Machine<'a> {
    address: IpAddr,
    /// As the other sees it.
    seen_as: IpAddr,
    interface: Option<&'a str>,
    left_out: Option<LeftOut>,
    port: u16,
    session: bool,
}

#[derive(Serialize)]
struct Way {
    tcp: Option<Reach>,
    multicast_ipv4: Option<bool>,
    multicast_ipv6: Option<bool>,
}

impl<'a> From<&'a Between> for Json<'a> {
    fn from(between: &'a Between) -> Self {
        let (here, there) = (&between.here, &between.there);
        let machine = |own: &'a Introduction, other: &Introduction| Machine {
            address: own.own,
            seen_as: other.other,
            interface: own.interface.as_ref().map(InterfaceName::as_str),
            left_out: own.left_out,
            port: own.port,
            session: own.session,
        };
        Self {
            same_network: !between.is_routed(),
            here: machine(&here.introduction, &there.introduction),
            there: machine(&there.introduction, &here.introduction),
            to_there: way(here.report, there.report),
            to_here: way(there.report, here.report),
        }
    }
}

/// From whoever connects and says something to whoever hears it.
fn way(from: Report, to: Report) -> Way {
    let heard = |said: Option<Hearing>, heard: Option<Hearing>| said.and(heard).map(|heard| heard.other);
    Way {
        tcp: from.tcp,
        multicast_ipv4: heard(from.multicast.ipv4, to.multicast.ipv4),
        multicast_ipv6: heard(from.multicast.ipv6, to.multicast.ipv6),
    }
}
