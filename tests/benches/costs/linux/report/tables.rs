//! Tables in Markdown.

use crate::linux::{
    figures::{Figures, Passing, Spread},
    passing::{Gate, Workload},
    system::System,
};

/// All there are figures for.
pub(super) fn all(figures: &Figures) -> Vec<String> {
    [reach(figures), passing(figures), paced(figures), links(figures)].into_iter().flatten().collect()
}

/// How near to the floor the host is, and how far ahead of others.
pub(super) fn reach(figures: &Figures) -> Option<String> {
    let rows = Workload::ALL.iter().filter_map(|workload| {
        let name = workload.name;
        let [clear, sealed] = workload.gates;
        let of = |systems| figures.ratio(name, systems, |one| Some(one.cpu_us));
        let (ratio, sealed_ratio) = (of([System::Exchange, System::Floor]), of([System::Sealed, System::SealedFloor]));
        let peer = figures.best_peer(name);
        let of_peer = |system| Some(format!("{:.2} × {}", of([system, peer?])?.median, peer?));
        ratio.or(sealed_ratio)?;
        Some(format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            spread(ratio, 2),
            verdict(ratio, clear),
            of_peer(System::Exchange).unwrap_or_default(),
            spread(sealed_ratio, 2),
            verdict(sealed_ratio, sealed),
            of_peer(System::Sealed).unwrap_or_default(),
            spread(of([System::SealedByChaCha, System::Sealed]), 2),
        ))
    });
    table(
        "| work | exchange, × floor | gate [goal] | × best peer | sealed, × sealed floor | gate [goal] | × best peer in the clear | ChaCha20, × AES |",
        rows,
    )
}

fn verdict(ratio: Option<Spread>, Gate { most, goal }: Gate) -> String {
    let over = if ratio.is_some_and(|ratio| ratio.median > most) { ", **over**" } else { "" };
    format!("{most} [{goal}]{over}")
}

/// What everybody spends.
pub(super) fn passing(figures: &Figures) -> Option<String> {
    let workloads: Vec<&Workload> = Workload::ALL
        .iter()
        .filter(|workload| figures.passing.iter().any(|one| one.workload == workload.name))
        .collect();
    let rows = System::ALL.into_iter().filter_map(|system| {
        let cells = workloads.iter().map(|workload| {
            let cpu = figures.spread(workload.name, system, |one| one.cpu_us)?;
            Some(format!("{:.3}", cpu.median))
        });
        let cells = cells.collect::<Option<Vec<_>>>().filter(|cells| !cells.is_empty())?;
        Some(format!("| {system} | {} |", cells.join(" | ")))
    });
    let names: Vec<&str> = workloads.iter().map(|workload| workload.name).collect();
    table(&format!("| µs of CPU for a delivery | {} |", names.join(" | ")), rows)
}

/// When it is heard what is said at a pace.
pub(super) fn paced(figures: &Figures) -> Option<String> {
    const PACED: &str = "paced";
    let late = |passing: &Passing, percentile: usize| [passing.p50_us, passing.p99_us][percentile];
    let rows = System::ALL.into_iter().filter_map(|system| {
        let cpu = figures.ratio(PACED, [system, system.floor()], |one| Some(one.cpu_us));
        let [p50, p99] =
            [0, 1].map(|percentile| Spread::of(figures.of(PACED, system).filter_map(|one| late(one, percentile))));
        let [ratio_50, ratio_99] =
            [0, 1].map(|percentile| figures.ratio(PACED, [system, system.floor()], |one| late(one, percentile)));
        p50?;
        let [p50, p99] = [p50, p99].map(|late| spread(late, 0));
        let [cpu, ratio_50, ratio_99] = [cpu, ratio_50, ratio_99].map(|ratio| spread(ratio, 2));
        Some(format!("| {system} | {cpu} | {p50} | {ratio_50} | {p99} | {ratio_99} |"))
    });
    table("| paced | CPU, × floor | p50, µs | × floor | p99, µs | × floor |", rows)
}

/// What a link costs.
pub(super) fn links(figures: &Figures) -> Option<String> {
    let rows = System::ALL.into_iter().filter_map(|system| {
        let idle = figures.of_links(system, |links| links.idle)?;
        let [used, connect] =
            [figures.of_links(system, |links| links.used), figures.of_links(system, |links| links.connect_us)];
        Some(format!("| {system} | {} | {} | {} |", spread(Some(idle), 0), spread(used, 0), spread(connect, 1)))
    });
    table("| a link | bytes, idle | bytes, used | µs of CPU to connect and join |", rows)
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    let Some(Spread { least, median, greatest }) = spread else { return String::new() };
    format!("{median:.digits$} ({least:.digits$}–{greatest:.digits$})")
}

/// `None` without rows.
fn table(head: &str, rows: impl Iterator<Item = String>) -> Option<String> {
    let rows: Vec<String> = rows.collect();
    let columns = head.matches('|').count() - 1;
    (!rows.is_empty()).then(|| format!("{head}\n|{}\n{}\n", "---|".repeat(columns), rows.join("\n")))
}
