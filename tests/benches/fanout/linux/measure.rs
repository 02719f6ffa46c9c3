//! CPU times, and what they come to.

use std::{fmt, time::Duration};

use super::server::System;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measurement {
    /// Microseconds of CPU for one delivery.
    cpu: f64,
    /// Deliveries a second.
    rate: f64,
}

impl Measurement {
    pub(super) fn new(cpu: Duration, elapsed: Duration, deliveries: usize) -> Self {
        let deliveries = f64::from(u32::try_from(deliveries).unwrap_or(u32::MAX));
        Self { cpu: cpu.as_secs_f64() * 1e6 / deliveries, rate: deliveries / elapsed.as_secs_f64() }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} µs of CPU per delivery, {:.0} deliveries/s", self.cpu, self.rate)
    }
}

/// One workload's measurements: in each repetition the host's and the floor's.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    gate: f64,
    goal: f64,
    pub(super) pairs: Vec<[Measurement; 2]>,
}

impl Row {
    pub(super) fn new(name: &'static str, gate: f64, goal: f64) -> Self {
        Self { name, gate, goal, pairs: Vec::new() }
    }

    fn median_of(&self, system: System, figure: impl Fn(&Measurement) -> f64) -> f64 {
        median(self.pairs.iter().map(|pair| figure(&pair[system as usize])).collect())
    }

    /// The host's CPU time as times the floor's: the least, the median and the greatest of all repetitions.
    fn ratios(&self) -> [f64; 3] {
        let ratios: Vec<f64> = self.pairs.iter().map(|[host, floor]| host.cpu / floor.cpu).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = ratios.iter().copied().fold(0.0, f64::max);
        [least, median(ratios), greatest]
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

pub(super) fn print_table(rows: &[Row]) {
    println!(
        "| work            | host µs | floor µs | x floor (least to greatest) | host deliveries/s | gate [goal] | |"
    );
    println!(
        "|-----------------|---------|----------|-----------------------------|-------------------|-------------|-|"
    );
    for row in rows {
        let Row { name, gate, goal, .. } = row;
        let [host, floor] = [System::Exchange, System::Floor].map(|system| row.median_of(system, |figure| figure.cpu));
        let rate = row.median_of(System::Exchange, |figure| figure.rate);
        let [least, ratio, greatest] = row.ratios();
        // A single repetition shows that it works, not how well.
        let verdict = if row.pairs.len() > 1 && ratio > *gate { "over" } else { "" };
        let ratios = format!("{ratio:.2} ({least:.2} to {greatest:.2})");
        let bounds = format!("{gate} [{goal}]");
        println!("| {name:15} | {host:7.4} | {floor:8.4} | {ratios:27} | {rate:17.0} | {bounds:11} | {verdict} |");
    }
}

pub(super) fn print_json(rows: &[Row]) {
    let rows: Vec<String> = rows.iter().map(json).collect();
    println!("[{}]", rows.join(",\n "));
}

fn json(row: &Row) -> String {
    let Row { name, gate, goal, .. } = row;
    let [host, floor] = [System::Exchange, System::Floor].map(|system| row.median_of(system, |figure| figure.cpu));
    let [host_rate, floor_rate] =
        [System::Exchange, System::Floor].map(|system| row.median_of(system, |figure| figure.rate));
    let [least, ratio, greatest] = row.ratios();
    format!(
        r#"{{"work":"{name}","host_us":{host:.5},"floor_us":{floor:.5},"ratio":{ratio:.4},"least":{least:.4},"greatest":{greatest:.4},"host_per_second":{host_rate:.0},"floor_per_second":{floor_rate:.0},"gate":{gate},"goal":{goal}}}"#
    )
}
