//! What machines can host, by arithmetic with what was measured.

use crate::linux::{crowd, figures::Figures, system::System};

/// Machines, and what a core of theirs does of what one of the measured machine does: of the smaller ones, guesses on the
/// safe side.
const MACHINES: [(&str, f64); 3] = [("this machine", 1.0), ("an older laptop", 0.5), ("a Raspberry Pi 4", 0.2)];

/// The part of one core that a host may take.
const SHARE: f64 = 0.5;

/// How often everybody says something, and how many hear it where not all do.
const SECONDS: f64 = 10.0;
const IN_A_ROOM: f64 = 50.0;

/// Bytes of memory that hosting may take.
const MEMORY: f64 = 512e6;

/// How many people a machine can host, in rooms and all in one.
pub(super) fn table(figures: &Figures) -> Option<String> {
    let rows = [System::Exchange, System::Sealed].into_iter().filter_map(|system| {
        let delivery = figures.spread("one-at-a-time-100", system, |one| one.cpu_us)?.median;
        let crowd = figures.crowd.iter().find(|crowd| crowd.system == system)?;
        let idle = crowd.idle_cpu_s * 1e6 / 60.0 / f64::from(crowd.links);
        let cells = MACHINES.map(|(_, speed)| {
            let budget = SHARE * 1e6 * speed;
            let in_rooms = budget / (idle + delivery * IN_A_ROOM / SECONDS);
            // Of n, n / 10 say something in a second, to n each: d·n²/10 + i·n is what there is.
            let (a, b) = (delivery / SECONDS, idle);
            let in_one = ((b * b + 4.0 * a * budget).sqrt() - b) / (2.0 * a);
            format!("{:.0} / {:.0}", in_rooms.min(MEMORY / crowd.bytes), in_one)
        });
        Some(format!("| {system} | {delivery:.1} | {idle:.1} | {:.1} | {} |\n", crowd.bytes / 1e3, cells.join(" | ")))
    });
    let rows: String = rows.collect();
    let names = MACHINES.map(|(name, _)| name).join(" | ");
    let head =
        format!("| | d, µs | i, µs | KB a link, of {} | {names} |\n|---|---|---|---|---|---|---|\n", crowd::LINKS);
    (!rows.is_empty()).then(|| head + &rows)
}
