//! Looking for sessions, and saying what was tried when there are none.

use std::{net::SocketAddr, time::Duration};

use exchange_tokio::{
    Target,
    core::discovery::{PeerRecord, SessionTable},
    discovery::{Discovery, DiscoveryError},
};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use crate::{
    app::App,
    doctor,
    exit::{Exit, Failure, is_usual},
    line::{Line, Style},
    local,
    screen::Screen,
};

/// How long it takes until everybody who is there has answered. A host that has just answered somebody else keeps silent
/// for a second, and answers the next question only.
pub(crate) const SETTLE: Duration = Duration::from_millis(1300);

/// How long the rest of what a host has to say may take once it has begun to.
const QUIET: Duration = Duration::from_millis(100);

/// The sessions that show up in time. Once there is one, it ends `enough` after it began.
pub(crate) async fn look(
    discovery: &dyn Discovery,
    patience: Duration,
    enough: Duration,
) -> Result<SessionTable, DiscoveryError> {
    let mut browse = discovery.browse()?;
    let mut sessions = SessionTable::new();
    let began = Instant::now();
    let (mut deadline, enough) = (began + patience, began + enough);
    while let Ok(Some(event)) = timeout_at(deadline, browse.next()).await {
        sessions.apply(event);
        deadline = deadline.min(enough.max(Instant::now() + QUIET));
    }
    Ok(sessions)
}

/// Why there is nothing to look with.
pub(crate) fn failure(error: &DiscoveryError) -> Failure {
    Failure::new(
        Exit::Network,
        format!("Cannot look for sessions: {error}."),
        "A session can still be joined by its host's address: exchange join ADDRESS",
    )
}

/// What was looked for in vain, what stands in the way, and what can be done about it: one thing a line.
pub(crate) async fn nothing_found(app: &App, patience: Duration) -> Vec<Line> {
    let line = || app.screen.line();
    if app.common.no_discovery {
        let mut lines = vec![line().ours("Nothing was looked for, because of --no-discovery.")];
        lines.extend(ways_on(&app.screen));
        return lines;
    }
    let interfaces = local::interfaces(&app.common.interface);
    let names = interfaces.iter().map(|(name, ips)| match ips.iter().find(|ip| ip.is_ipv4()).or_else(|| ips.first()) {
        Some(ip) => format!("{name} ({ip})"),
        None => name.clone(),
    });
    let names: Vec<_> = names.collect();
    let mut lines = Vec::new();
    if !names.is_empty() {
        let looked = line().ours("Looked for ").theirs(patience.as_secs_f64()).ours(" s by mDNS on ");
        lines.push(looked.theirs(names.join(", ")).ours(": no session answered."));
    }
    lines.extend(doctor::in_short(app).await);
    lines.extend(ways_on(&app.screen));
    lines.push(way(&app.screen, "Look closer:            ", "exchange doctor"));
    lines
}

/// The two commands that always work.
pub(crate) fn ways_on(screen: &Screen) -> [Line; 2] {
    [
        way(screen, "Host a session:         ", "exchange host"),
        way(screen, "Join one by address:    ", "exchange join ADDRESS"),
    ]
}

fn way(screen: &Screen, what: &'static str, command: &'static str) -> Line {
    screen.line().ours(what).styled(Style::Bold, |line| line.ours(command))
}

/// A session in a list: what it is called, whose it is, and what to type.
pub(crate) fn described(line: Line, record: &PeerRecord, sessions: &SessionTable) -> Line {
    let line = line.styled(Style::Bold, |line| line.ours("\"").theirs(quotable(&record.name)).ours("\""));
    let line = line.ours(" hosted by ").name(&record.host).ours(", ").theirs(record.people);
    let line = line.ours(if record.people == 1 { " person" } else { " people" });
    let line = if record.peer.is_none() { line.ours(", not encrypted") } else { line };
    let line = line.ours(if record.is_locked { ", by code: " } else { ": " });
    match how_to_join(record, sessions) {
        Some(how) => line.ours("exchange join ").theirs(how),
        None => line.ours("no address is known yet"),
    }
}

/// What to type after `exchange join`. A name that means something to a shell, to this program or to two sessions is
/// not typed: the address does as well.
pub(crate) fn how_to_join(record: &PeerRecord, sessions: &SessionTable) -> Option<String> {
    let is_only = sessions.find(&record.name).count() <= 1;
    match quoted(&record.name) {
        Some(name) if is_only => Some(name),
        _ => {
            let address =
                record.addresses.iter().find(|address| address.is_ipv4()).or_else(|| record.addresses.first())?;
            Some(typed(*address))
        }
    }
}

/// An address as short as it can be typed.
pub(crate) fn typed(address: SocketAddr) -> String {
    // A link-local address means nothing without the interface, which only the long form has.
    let is_scoped = matches!(address, SocketAddr::V6(v6) if v6.scope_id() != 0);
    if is_usual(address.port()) && !is_scoped { address.ip().to_string() } else { address.to_string() }
}

/// A name in quotes for any shell, if it is as harmless as that.
pub(crate) fn quoted(name: &str) -> Option<String> {
    let is_harmless = name.chars().all(|c| c.is_alphanumeric() || " '-_.,:+@#()".contains(c)) && !name.starts_with('-');
    let is_name = matches!(name.parse(), Ok(Target::Session(_)));
    (is_harmless && is_name).then(|| format!("\"{name}\""))
}

/// A name that stands between quotes: it cannot pretend to end there.
fn quotable(name: &str) -> String {
    name.replace('"', "”")
}

#[cfg(test)]
mod tests {
    use exchange_tokio::core::{SessionId, SessionName};

    use super::*;

    fn record(id: u8, name: &str) -> PeerRecord {
        let (id, name) = (SessionId::from_bytes([id; 16]), SessionName::new(name).unwrap());
        let mut record = PeerRecord::new(id, name, "ana".parse().unwrap(), 9);
        record.addresses = vec!["[fd00::7]:9".parse().unwrap(), "10.0.0.7:9".parse().unwrap()];
        record
    }

    fn how(records: &[PeerRecord]) -> Vec<String> {
        let mut sessions = SessionTable::new();
        for record in records {
            sessions.resolved(record.clone());
        }
        records.iter().filter_map(|record| how_to_join(record, &sessions)).collect()
    }

    #[test]
    fn a_session_is_joined_by_its_name() {
        assert_eq!(how(&[record(1, "Lab 3"), record(2, "ana's session")]), ["\"Lab 3\"", "\"ana's session\""]);
    }

    #[test]
    fn what_is_asked_for_and_what_is_not_protected_is_said() {
        let described = |record: &PeerRecord| {
            let mut sessions = SessionTable::new();
            sessions.resolved(record.clone());
            described(Line::out(false), record, &sessions).as_str().to_owned()
        };
        let mut record = record(1, "Lab 3");
        let clear = "\"Lab 3\" hosted by ana, 1 person, not encrypted: exchange join \"Lab 3\"";
        assert_eq!(described(&record), clear);
        record.peer = Some(exchange_tokio::core::PeerId::from_bytes([5; 16]));
        assert_eq!(described(&record), clear.replace(", not encrypted", ""));
        record.is_locked = true;
        assert_eq!(described(&record), clear.replace("not encrypted", "by code"));
    }

    #[test]
    fn sessions_of_one_name_are_joined_by_address() {
        assert_eq!(how(&[record(1, "Ops"), record(2, "ops")]), ["10.0.0.7:9"; 2]);
    }

    #[test]
    fn a_name_that_means_something_else_is_never_offered_to_be_typed() {
        for name in ["$(reboot)", "`reboot`", "a\"; reboot; \"", "back\\slash", "10.0.0.1", "lab-pc:80", "--wait", "!x"]
        {
            assert_eq!(how(&[record(1, name)]), ["10.0.0.7:9"], "{name}");
        }
    }
}
