//! What has happened so far, as it is shown.

use exchange_tokio::{Closes, Stats};
use serde::Serialize;

use crate::line::Line;

#[derive(Serialize)]
#[serde(tag = "event", rename = "stats")]
struct Json {
    links: usize,
    links_ever: u64,
    undelivered: usize,
    entries: u64,
    refusals: u64,
    postponed: u64,
    frames_in: u64,
    frames_out: u64,
    bytes_in: u64,
    bytes_out: u64,
    closes: Ended,
}

#[derive(Serialize)]
struct Ended {
    left: u64,
    host_closed: u64,
    lost: u64,
    silent: u64,
    replaced: u64,
    full: u64,
    handshake_timeout: u64,
    violation: u64,
    flood: u64,
    not_allowed: u64,
}

impl From<&Stats> for Json {
    fn from(stats: &Stats) -> Self {
        let closes = &stats.closes;
        Self {
            links: stats.links,
            links_ever: stats.links_ever,
            undelivered: stats.undelivered,
            entries: stats.entries,
            refusals: stats.refusals,
            postponed: stats.postponed,
            frames_in: stats.frames_in,
            frames_out: stats.frames_out,
            bytes_in: stats.bytes_in,
            bytes_out: stats.bytes_out,
            closes: Ended {
                left: closes.left,
                host_closed: closes.host_closed,
                lost: closes.lost,
                silent: closes.silent,
                replaced: closes.replaced,
                full: closes.full,
                handshake_timeout: closes.handshake_timeout,
                violation: closes.violation,
                flood: closes.flood,
                not_allowed: closes.not_allowed,
            },
        }
    }
}

/// The object that programs are told.
pub(crate) fn stats(stats: &Stats) -> Line {
    Line::json(&Json::from(stats))
}

/// What a host's owner wants to know at a glance: who is there, who lags, what is moved, and why links ended.
pub(crate) fn stats_in_words(stats: &Stats) -> String {
    let Stats { links, links_ever, undelivered, entries, refusals, postponed, frames_in, frames_out, .. } = *stats;
    let (bytes_in, bytes_out) = (spoken(stats.bytes_in), spoken(stats.bytes_out));
    let ended = ended(&stats.closes);
    format!(
        "Links: {links} now, {undelivered} behind, {links_ever} ever. Entries: {entries}. Refused: {refusals}, \
         {postponed} of it as too soon. In: {frames_in} frames, {bytes_in}. Out: {frames_out} frames, {bytes_out}. \
         Ended: {ended}."
    )
}

fn ended(closes: &Closes) -> String {
    let all = [
        (closes.left, "left"),
        (closes.lost, "lost"),
        (closes.silent, "silent"),
        (closes.replaced, "replaced"),
        (closes.full, "too many"),
        (closes.handshake_timeout, "too late to say who"),
        (closes.violation, "broke the protocol"),
        (closes.flood, "flooded"),
        (closes.not_allowed, "not allowed"),
        (closes.host_closed, "with the session"),
    ];
    let some: Vec<_> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    if some.is_empty() { "none".into() } else { some.join(", ") }
}

/// Bytes as people say them.
fn spoken(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_as_people_say_them() {
        let said = [0, 999, 1000, 1999, 53_100, 999_999, 1_000_000, 12_345_678_901].map(spoken);
        assert_eq!(said, ["0 B", "999 B", "1.0 kB", "1.9 kB", "53.1 kB", "999.9 kB", "1.0 MB", "12.3 GB"]);
    }

    #[test]
    fn a_host_to_which_nothing_has_happened_says_so() {
        assert_eq!(
            stats_in_words(&Stats::default()),
            "Links: 0 now, 0 behind, 0 ever. Entries: 0. Refused: 0, 0 of it as too soon. In: 0 frames, 0 B. \
             Out: 0 frames, 0 B. Ended: none."
        );
    }

    #[test]
    fn whatever_is_counted_is_told_to_programs() {
        let line = stats(&Stats::default());
        let told: serde_json::Value = serde_json::from_str(line.as_str()).unwrap();
        // `Debug` has every field of what is not exhaustive.
        for text in [format!("{:?}", Stats::default()), format!("{:?}", Closes::default())] {
            for field in text.split(['{', ',']).filter_map(|part| part.split_once(':')).map(|(name, _)| name.trim()) {
                assert!(!told[field].is_null() || !told["closes"][field].is_null(), "{field} is not in {told}");
            }
        }
    }
}
