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

/// Those of each [`System`].
pub(super) type Measurements = [Measurement; System::ALL.len()];

/// One workload's measurements in each repetition.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    gate: f64,
    goal: f64,
    pub(super) repetitions: Vec<Measurements>,
}

impl Row {
    pub(super) fn new(name: &'static str, gate: f64, goal: f64) -> Self {
        Self { name, gate, goal, repetitions: Vec::new() }
    }

    fn median_of(&self, system: System, figure: impl Fn(&Measurement) -> f64) -> f64 {
        median(self.repetitions.iter().map(|all| figure(&all[system as usize])).collect())
    }

    /// The CPU time of one as times another's: the least, the median and the greatest of all repetitions.
    fn ratios(&self, of: System, to: System) -> [f64; 3] {
        let cpu = |all: &Measurements, system: System| all[system as usize].cpu;
        let ratios: Vec<f64> = self.repetitions.iter().map(|all| cpu(all, of) / cpu(all, to)).collect();
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
        "| work            | floor µs | host µs | x floor (least to greatest) | sealed µs | x host | ChaCha20 µs | x host | host deliveries/s | gate [goal] | |"
    );
    println!(
        "|-----------------|----------|---------|-----------------------------|-----------|--------|-------------|--------|-------------------|-------------|-|"
    );
    for row in rows {
        let Row { name, gate, goal, .. } = row;
        let [host, sealed, by_chacha, floor] = System::ALL.map(|system| row.median_of(system, |figure| figure.cpu));
        let rate = row.median_of(System::Exchange, |figure| figure.rate);
        let [least, ratio, greatest] = row.ratios(System::Exchange, System::Floor);
        let [_, dearer, _] = row.ratios(System::Sealed, System::Exchange);
        let [_, dearer_by_chacha, _] = row.ratios(System::SealedByChaCha, System::Exchange);
        // A single repetition shows that it works, not how well.
        let verdict = if row.repetitions.len() > 1 && ratio > *gate { "over" } else { "" };
        let ratios = format!("{ratio:.2} ({least:.2} to {greatest:.2})");
        let bounds = format!("{gate} [{goal}]");
        println!(
            "| {name:15} | {floor:8.4} | {host:7.4} | {ratios:27} | {sealed:9.4} | {dearer:6.2} | {by_chacha:11.4} | {dearer_by_chacha:6.2} | {rate:17.0} | {bounds:11} | {verdict} |"
        );
    }
}

pub(super) fn print_json(rows: &[Row]) {
    let rows: Vec<String> = rows.iter().map(json).collect();
    println!("[{}]", rows.join(",\n "));
}

fn json(row: &Row) -> String {
    let Row { name, gate, goal, .. } = row;
    let [host, sealed, by_chacha, floor] = System::ALL.map(|system| row.median_of(system, |figure| figure.cpu));
    let rates = System::ALL.map(|system| row.median_of(system, |figure| figure.rate));
    let [host_rate, sealed_rate, by_chacha_rate, floor_rate] = rates;
    let [least, ratio, greatest] = row.ratios(System::Exchange, System::Floor);
    let [_, dearer, _] = row.ratios(System::Sealed, System::Exchange);
    let [_, dearer_by_chacha, _] = row.ratios(System::SealedByChaCha, System::Exchange);
    format!(
        r#"{{"work":"{name}","host_us":{host:.5},"sealed_us":{sealed:.5},"chacha_us":{by_chacha:.5},"floor_us":{floor:.5},"ratio":{ratio:.4},"least":{least:.4},"greatest":{greatest:.4},"sealed_ratio":{dearer:.4},"chacha_ratio":{dearer_by_chacha:.4},"host_per_second":{host_rate:.0},"sealed_per_second":{sealed_rate:.0},"chacha_per_second":{by_chacha_rate:.0},"floor_per_second":{floor_rate:.0},"gate":{gate},"goal":{goal}}}"#
    )
}
