//! What was seen and found, for people and for programs.

mod peer;

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use exchange_tokio::core::{SessionId, SessionName, discovery::SessionTable};
use serde::Serialize;

use super::{
    finding::{Finding, Seen},
    multicast::Heard,
    peer::Peer,
    port::State,
};
use crate::{
    app::App,
    find::described,
    line::{Line, Style},
    local::{Interface, LeftOut},
    output::listed,
    screen,
};

/// Everything: what was seen, then what it means.
pub(super) fn whole(app: &App, seen: &Seen, sessions: &SessionTable, findings: &[Finding]) -> Vec<Line> {
    if app.common.json { programs(seen, sessions, findings) } else { people(app, seen, sessions, findings) }
}

/// That somebody waits, for programs.
pub(super) fn waiting(addresses: &[SocketAddr], port: u16) -> Line {
    Line::json(&Json::Waiting { addresses, port })
}

/// What was found, for whoever wanted something else.
pub(super) fn short(app: &App, findings: &[Finding]) -> Vec<Line> {
    findings.iter().flat_map(|finding| told(|| app.screen.line(), finding)).collect()
}

fn people(app: &App, seen: &Seen, sessions: &SessionTable, findings: &[Finding]) -> Vec<Line> {
    let coloured = !app.common.plain && screen::has_colours(&io::stdout());
    let line = || Line::out(coloured);
    let heading = |words| line().styled(Style::Bold, |line| line.ours(words));
    let mut lines = vec![heading("Network interfaces")];
    if seen.interfaces.is_empty() {
        lines.push(line().ours("    none that has an address"));
    }
    let width = seen.interfaces.iter().map(|interface| interface.name.len()).max().unwrap_or_default();
    for (interface, heard) in seen.with_heard() {
        let ips: Vec<_> = interface.ips().map(|ip| ip.to_string()).collect();
        let name = format!("    {:width$}  {}: ", interface.name, ips.join(", "));
        lines.push(state(line().theirs(name), interface, heard));
    }
    if let Some(port) = &seen.port {
        lines.push(heading("Hosting"));
        lines.push(line().ours("    TCP port ").theirs(port.number).ours(match port.state {
            State::Free => " is free, and answers",
            State::Session => ": a session is hosted here",
            State::Taken => " is taken by another program",
            State::Forbidden => " may not be listened at",
            State::Unreachable(_) => " is free, and does not answer",
        }));
    }
    if !seen.no_discovery {
        lines.push(heading("Sessions"));
        if sessions.is_empty() {
            lines.push(line().ours("    none is heard"));
        }
        for (record, session) in sessions.iter().zip(&seen.sessions) {
            let line = described(line().ours("    "), record, sessions);
            lines.push(line.ours(if session.answers { " (its host answers)" } else { " (its host does not answer)" }));
        }
    }
    if let Some(Peer::Met(between)) = &seen.peer {
        lines.push(heading("The other machine"));
        lines.extend(peer::people(line, between));
    }
    lines.push(heading("What this means"));
    if findings.is_empty() {
        lines.push(line().ours("    Nothing is wrong, as far as it can be seen from this machine."));
    }
    lines.extend(findings.iter().flat_map(|finding| told(line, finding)));
    lines
}

/// A finding and, on a line of its own, what to do next.
fn told(line: impl Fn() -> Line, finding: &Finding) -> [Line; 2] {
    let words = |line: Line| line.theirs(&finding.what);
    let what =
        if finding.is_problem { line().ours("  ! ").styled(Style::Warning, words) } else { words(line().ours("  - ")) };
    [what, line().ours("    ").styled(Style::Bold, |line| line.theirs(&finding.next))]
}

fn state(line: Line, interface: &Interface, heard: Option<&Heard>) -> Line {
    let line = match interface.left_out {
        Some(LeftOut::NotChosen) => line.ours("left out, because of --interface"),
        Some(LeftOut::Loopback) => line.ours("left out, it leads nowhere but here"),
        Some(LeftOut::Virtual) => {
            line.ours("left out, by its name it belongs to containers, virtual machines or a tunnel")
        }
        Some(LeftOut::PointToPoint) => line.ours("left out, it leads to one other machine only"),
        Some(LeftOut::Down) => line.ours("left out, nothing is connected to it"),
        None => line.ours("in use"),
    };
    let Some(heard) = heard else { return line };
    match (interface.is_used(), heard.others.len()) {
        (true, 0) if !heard.own => line.ours(", nothing is heard"),
        (true, 0) => line.ours(", nobody else is heard"),
        (false, 0) => line,
        (_, 1) => line.ours(", one other machine is heard"),
        (_, many) => line.ours(", ").theirs(many).ours(" other machines are heard"),
    }
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Json<'a> {
    Waiting {
        addresses: &'a [SocketAddr],
        port: u16,
    },
    Interface {
        interface: &'a str,
        addresses: Vec<IpAddr>,
        used: bool,
        left_out: Option<LeftOut>,
        hears_itself: Option<bool>,
        machines: Option<usize>,
    },
    Port {
        port: u16,
        state: &'static str,
    },
    Host {
        session: &'a SessionName,
        session_id: SessionId,
        answers: bool,
    },
    Finding {
        code: &'static str,
        problem: bool,
        explanation: &'a str,
        advice: &'a str,
    },
}

fn programs(seen: &Seen, sessions: &SessionTable, findings: &[Finding]) -> Vec<Line> {
    let mut lines: Vec<_> = seen
        .with_heard()
        .map(|(interface, heard)| {
            Line::json(&Json::Interface {
                interface: &interface.name,
                addresses: interface.ips().collect(),
                used: interface.is_used(),
                left_out: interface.left_out,
                hears_itself: heard.map(|heard| heard.own),
                machines: heard.map(|heard| heard.others.len()),
            })
        })
        .collect();
    lines.extend(seen.port.as_ref().map(|port| {
        let state = match port.state {
            State::Free => "free",
            State::Session => "session",
            State::Taken => "taken",
            State::Forbidden => "forbidden",
            State::Unreachable(_) => "unreachable",
        };
        Line::json(&Json::Port { port: port.number, state })
    }));
    for (record, session) in sessions.iter().zip(&seen.sessions) {
        lines.push(Line::json(&listed("session", record.session, Some(record))));
        lines.push(Line::json(&Json::Host {
            session: &record.name,
            session_id: record.session,
            answers: session.answers,
        }));
    }
    if let Some(Peer::Met(between)) = &seen.peer {
        lines.push(Line::json(&peer::Json::from(&**between)));
    }
    lines.extend(findings.iter().map(|finding| {
        let Finding { code, is_problem, what, next } = finding;
        Line::json(&Json::Finding { code, problem: *is_problem, explanation: what, advice: next })
    }));
    lines
}
