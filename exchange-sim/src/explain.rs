//! A run told line by line, a column for each node: for a terminal, and for `less` and `grep`.

use std::{fmt, iter};

use exchange_core::Time;

use crate::{
    fates::{Fate, Fates},
    report::Violation,
    tame::{brief, cut, seconds, stretch, tame},
    trace::{Band, Record, Trace, What},
};

/// What happened in a run, told in lines of about that many characters: `to_string` has all of them.
///
/// | mark | is |
/// |---|---|
/// | `→ bo: …` | a frame sent to bo |
/// | `↛ bo: …` | a frame sent to bo that nobody heard |
/// | `← ana: …` | a frame heard from ana |
/// | `▸ …` | what the node was told to do |
/// | `• …` | what its application was told |
/// | `~ …` | a link that came up, went down, was dialled |
/// | `━━ … ━━` | what went wrong, and when it was over |
pub fn explain(trace: &Trace, width: usize) -> Explanation<'_> {
    let others = trace.nodes.len().saturating_sub(1).max(1);
    let pitch = (width.saturating_sub(TIME + TEXT) / others).clamp(3, 32);
    Explanation { trace, violation: None, width: width.max(TIME + pitch * others + TEXT / 2), pitch }
}

/// A run, told line by line.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    trace: &'a Trace,
    violation: Option<&'a Violation>,
    width: usize,
    pitch: usize,
}

/// Where a line is told among the records of its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Before,
    After,
}

/// Characters for the time, and those that even the last column has for its text.
const TIME: usize = 11;
const TEXT: usize = 56;

/// Nanoseconds without an event after which a line says so.
const IDLE: u64 = 1_000_000_000;

const KEY: &str = "→ sent  ↛ sent, never heard  ← heard  ▸ told to do  • application is told  ~ link  ▤ disk  ━━ fault";

impl<'a> Explanation<'a> {
    /// Shows this as well, where it was seen.
    #[must_use]
    pub fn with_violation(self, violation: Option<&'a Violation>) -> Self {
        Self { violation, ..self }
    }

    /// Everything that has a line and is not a record, by time. What goes wrong is told before what came of it at the
    /// same moment, and what is over, or was seen, after it.
    fn rules(&self) -> Vec<(Time, Place, String)> {
        let trace = self.trace;
        let mut rules = Vec::new();
        for band in &trace.faults {
            let name = self.name(band);
            if band.to > band.from {
                rules.push((band.to, Place::After, format!("over: {name}")));
            }
            rules.push((band.from, Place::Before, name));
        }
        if trace.calm_at > Time::ZERO {
            rules.push((trace.calm_at, Place::After, "from now on nothing goes wrong in the core".to_owned()));
        }
        if let Some(violation) = self.violation {
            rules.push((violation.at, Place::After, format!("✗✗ VIOLATION of {}", tame(&violation.to_string()))));
        }
        rules.push((trace.end, Place::After, "the end".to_owned()));
        // What was planned for later did not happen.
        rules.retain(|(at, ..)| *at <= trace.end);
        rules.sort_by_key(|(at, place, _)| (*at, *place));
        rules
    }

    fn name(&self, band: &Band) -> String {
        let whom = band.nodes.iter().map(|node| self.node(*node)).collect::<Vec<_>>();
        let text = tame(&band.text);
        match whom.len() {
            0 => text,
            len if len == self.trace.nodes.len() && len > 1 => format!("{text}: everyone"),
            _ => format!("{text}: {}", whom.join(", ")),
        }
    }

    fn node(&self, node: usize) -> String {
        self.trace.nodes.get(node).map_or_else(|| format!("node {node}"), |name| tame(name))
    }

    fn rule(&self, f: &mut fmt::Formatter<'_>, at: Time, text: &str) -> fmt::Result {
        let rest = self.width.saturating_sub(TIME + 4 + text.chars().count()).max(2);
        writeln!(f, "{:>9}  ━━ {text} {}", seconds(at), "━".repeat(rest))
    }

    fn record(&self, f: &mut fmt::Formatter<'_>, record: &Record, fates: &Fates) -> fmt::Result {
        let text = match &record.what {
            What::Sent { frame, to, text } => {
                let mark = if fates.of(*frame) == Fate::Lost { '↛' } else { '→' };
                format!("{mark} {}: {}", self.node(*to), tame(brief(text)))
            }
            What::Heard { from, text, .. } => format!("← {}: {}", self.node(*from), tame(brief(text))),
            What::Did(text) => format!("▸ {}", tame(text)),
            What::Told(text) => format!("• {}", tame(brief(text))),
            What::Link(text) => format!("~ {}", tame(text)),
            What::Disk(text) => format!("▤ {}", tame(text)),
        };
        let column = record.node * self.pitch;
        let text = cut(&text, self.width.saturating_sub(TIME + column));
        self.line(f, &seconds(record.at), column, &text)
    }

    /// The life lines of all nodes, and over them the text.
    fn line(&self, f: &mut fmt::Formatter<'_>, at: &str, column: usize, text: &str) -> fmt::Result {
        let end = column + text.chars().count();
        let life = |place: usize| if place.is_multiple_of(self.pitch) { '│' } else { ' ' };
        let all = self.trace.nodes.len() * self.pitch;
        let before: String = (0..column).map(life).collect();
        let after: String = iter::once(' ').chain((end + 1..all).map(life)).collect();
        writeln!(f, "{}", format!("{at:>9}  {before}{text}{after}").trim_end())
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, pitch, .. } = self;
        let names: Vec<_> =
            trace.nodes.iter().map(|name| format!("{:1$}", cut(&tame(name), pitch - 1), pitch)).collect();
        writeln!(f, "{KEY}")?;
        writeln!(f, "{:>9}  {}", "s", names.concat().trim_end())?;
        let fates = Fates::new(trace);
        let mut rules = self.rules().into_iter().peekable();
        let mut before = Time::ZERO;
        for record in &trace.records {
            while let Some((at, _, text)) = rules.next_if(|(at, place, _)| (*at, *place) < (record.at, Place::After)) {
                self.rule(f, at, &text)?;
                before = at;
            }
            let idle = record.at.as_nanos().saturating_sub(before.as_nanos());
            if idle > IDLE {
                self.line(f, &format!("⋮ {}", stretch(idle)), 0, "│")?;
            }
            before = record.at;
            self.record(f, record, &fates)?;
        }
        rules.try_for_each(|(at, _, text)| self.rule(f, at, &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Invariant;

    fn at(millis: u64, node: usize, what: What) -> Record {
        Record { at: Time::from_nanos(millis * 1_000_000), node, what }
    }

    fn example() -> Trace {
        let sent = |frame, to, text: &str| What::Sent { frame, to, text: text.into() };
        Trace {
            nodes: vec!["ana".into(), "bo".into(), "cy".into()],
            records: vec![
                at(1, 1, What::Link("dials".into())),
                at(2, 1, What::Did("post #1 in lobby".into())),
                at(2, 1, sent(1, 0, "Send 1")),
                at(4, 0, What::Heard { frame: 1, from: 1, text: "Send 1".into() }),
                at(4, 0, sent(2, 1, "Entry 1")),
                at(4, 0, sent(3, 2, "Entry 1")),
                at(6, 1, What::Heard { frame: 2, from: 0, text: "Entry 1".into() }),
                at(6, 1, What::Told("\u{1b}[2Jhello".into())),
                at(2500, 2, What::Link("lost".into())),
            ],
            faults: vec![Band {
                from: Time::from_nanos(3_000_000),
                to: Time::from_nanos(2_000_000_000),
                nodes: vec![2],
                text: "partition".into(),
            }],
            calm_at: Time::from_nanos(2_600_000_000),
            end: Time::from_nanos(3_000_000_000),
        }
    }

    #[test]
    fn every_record_has_a_line_in_its_node_s_column_and_every_fault_one_across_all() {
        let told = explain(&example(), 90).to_string();
        let expected = "\
→ sent  ↛ sent, never heard  ← heard  ▸ told to do  • application is told  ~ link  ▤ disk  ━━ fault
        s  ana        bo         cy
    0.001  │          ~ dials    │
    0.002  │          ▸ post #1 in lobby
    0.002  │          → ana: Send 1
    0.003  ━━ partition: cy ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
    0.004  ← bo: Send 1          │
    0.004  → bo: Entry 1         │
    0.004  ↛ cy: Entry 1         │
    0.006  │          ← ana: Entry 1
    0.006  │          • ·[2Jhello
    2.000  ━━ over: partition: cy ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
    2.500  │          │          ~ lost
    2.600  ━━ from now on nothing goes wrong in the core ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
    3.000  ━━ the end ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
";
        assert_eq!(told, expected, "\n{told}");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_an_idle_stretch_is_told() {
        let trace = Trace {
            nodes: vec!["ana".into()],
            records: vec![at(3000, 0, What::Did("a".repeat(500)))],
            ..Trace::default()
        };
        let told = explain(&trace, 100).to_string();
        assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
        assert!(told.contains("⋮ 3.0 s") && told.contains("aaa…"), "{told}");
    }

    #[test]
    fn what_breaks_an_invariant_is_told_where_it_was_seen() {
        let violation = Violation { invariant: Invariant::S5, at: Time::from_nanos(5_000_000), what: "twice".into() };
        let told = explain(&example(), 120).with_violation(Some(&violation)).to_string();
        let lines: Vec<_> = told.lines().collect();
        let place = lines.iter().position(|line| line.contains("VIOLATION")).unwrap();
        assert!(lines[place - 1].contains("0.004") && lines[place + 1].contains("0.006"), "{told}");
    }
}
