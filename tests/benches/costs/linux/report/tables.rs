//! Tables in Markdown.

use crate::linux::{
    clients::WAYS,
    figures::{Crowd, Figures, Links, Passing, Spread},
    passing::{Gate, Workload},
    silent::SILENT,
    system::System,
};

/// All there are figures for.
pub(super) fn all(figures: &Figures) -> Vec<String> {
    let of_messages =
        [reach(figures), passing(figures), paced(figures), calls(figures), growth(figures), silent(figures)];
    let of_links = [reach_of_links(figures), links(figures), crowd(figures), clients(figures)];
    of_messages.into_iter().chain(of_links).flatten().collect()
}

/// How near to the floor the host is, and how far ahead of others.
pub(super) fn reach(figures: &Figures) -> Option<String> {
    let rows = Workload::ALL.iter().filter_map(|workload| {
        let name = workload.name;
        let [clear, sealed] = workload.gates?;
        let of = |systems| figures.ratio(name, systems, |one| Some(one.cpu_us));
        let (ratio, sealed_ratio) = (of([System::Exchange, System::Floor]), of([System::Sealed, System::SealedFloor]));
        let of_peer = |system, is_sealed, most: Option<f64>| {
            let peer = figures.best_peer(name, is_sealed)?;
            let ratio = of([system, peer])?.median;
            let most = most.map(|most| format!(" ({})", allowed(ratio, most))).unwrap_or_default();
            Some(format!("{ratio:.2} × {}{most}", peer.in_the_clear()))
        };
        let [most, most_sealed] = workload.of_peers;
        ratio.or(sealed_ratio)?;
        Some(format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
            spread(ratio, 2),
            verdict(ratio, clear),
            of_peer(System::Exchange, false, most).unwrap_or_default(),
            spread(sealed_ratio, 2),
            verdict(sealed_ratio, sealed),
            of_peer(System::Sealed, true, most_sealed).unwrap_or_default(),
            of_peer(System::Sealed, false, None).unwrap_or_default(),
            spread(of([System::SealedByChaCha, System::Sealed]), 2),
        ))
    });
    table(
        "| work | exchange, × floor | gate [goal] | × best peer (gate) | sealed, × sealed floor | gate [goal] | × best peer by TLS (gate) | × best peer in the clear | ChaCha20, × AES |",
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
        .filter(|workload| workload.gates.is_some())
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

/// What is asked of the system, and what goes over the wire beside the text.
pub(super) fn calls(figures: &Figures) -> Option<String> {
    let systems = [System::Floor, System::Exchange, System::SealedFloor, System::Sealed];
    let rows = Workload::ALL.iter().filter_map(|workload| {
        let of = |system| figures.of(workload.name, system).find_map(|one| one.calls);
        let calls: Vec<String> =
            systems.map(|system| of(system).map(|calls| format!("{calls:.4}"))).into_iter().collect::<Option<_>>()?;
        let most = MOST_CALLS.iter().find(|(name, _)| *name == workload.name).map(|(_, most)| *most);
        let is_over = |system| most.zip(of(system)).is_some_and(|(most, calls)| calls > most);
        let over = if is_over(System::Exchange) || is_over(System::Sealed) { ", **over**" } else { "" };
        let gate = most.map(|most| format!("{most}{over}")).unwrap_or_default();
        let beside = |system| figures.spread(workload.name, system, |one| one.overhead).map_or(0.0, |one| one.median);
        let [clear, sealed] = [beside(System::Exchange), beside(System::Sealed)];
        Some(format!("| {} | {} | {gate} | {clear:.1} | {sealed:.1} |", workload.name, calls.join(" | ")))
    });
    table(
        "| work | system calls for a delivery: floor | exchange | sealed floor | sealed | gate | bytes beside the text, exchange | sealed |",
        rows,
    )
}

/// How many system calls a delivery may take.
const MOST_CALLS: [(&str, f64); 4] =
    [("one-at-a-time-100", 1.06), ("one-at-a-time-1000", 1.06), ("bursts-100", 0.010), ("everybody-talks", 0.02)];

/// What a delivery costs by how many hear it.
pub(super) fn growth(figures: &Figures) -> Option<String> {
    let rows = Workload::ALL.iter().filter_map(|workload| {
        let is_of_growth = |work| workload.name.strip_prefix(work).is_some_and(|rest| rest.parse::<u16>().is_ok());
        let systems = System::ALL.into_iter().filter(|system| system.is_measured_large());
        let cells = systems
            .map(|system| Some(format!("{:.3}", figures.spread(workload.name, system, |one| one.cpu_us)?.median)));
        let cells =
            cells.collect::<Option<Vec<_>>>().filter(|_| is_of_growth("bursts-") || is_of_growth("one-at-a-time-"))?;
        Some(format!("| {} | {} |", workload.name, cells.join(" | ")))
    });
    let systems = System::ALL.into_iter().filter(|system| system.is_measured_large()).map(System::name);
    table(&format!("| µs of CPU for a delivery | {} |", systems.collect::<Vec<_>>().join(" | ")), rows)
}

/// What it costs others that some read nothing.
pub(super) fn silent(figures: &Figures) -> Option<String> {
    let rows = [System::Exchange, System::Sealed].into_iter().flat_map(|system| SILENT.map(|silent| (system, silent)));
    let rows = rows.filter_map(|(system, silent)| {
        let ratio = figures.of_silent(system, silent)?;
        let all = || figures.silent.iter().filter(|one| (one.system, one.readers_of_nothing) == (system, silent));
        let [cpu, grown] = [Spread::of(all().map(|one| one.cpu_us)), Spread::of(all().map(|one| one.grown / 1e3))];
        Some(format!(
            "| {system} | {silent} | {} | {} | {} |",
            spread(cpu, 3),
            spread(Some(ratio), 2),
            spread(grown, 0)
        ))
    });
    table(
        "| | who read nothing | µs of CPU for a delivery to one who reads | × without them | KB more at the end |",
        rows,
    )
}

/// What ten thousand links cost.
pub(super) fn crowd(figures: &Figures) -> Option<String> {
    let rows = figures.crowd.iter().map(|crowd| {
        let Crowd { system, links, connect_s, connect_cpu_s, bytes, idle_cpu_s, talk_us, rate } = crowd;
        format!(
            "| {system} | {links} | {connect_s:.1} | {connect_cpu_s:.1} | {:.1} | {idle_cpu_s:.2} | {talk_us:.3} | {:.0} |",
            bytes / 1e3,
            rate / 1e3
        )
    });
    table(
        "| | links | seconds until all are there | of CPU | KB for each | seconds of CPU in an idle minute | µs of CPU for a delivery | thousand deliveries in a second |",
        rows,
    )
}

/// What a client costs.
pub(super) fn clients(figures: &Figures) -> Option<String> {
    let rows = [System::Exchange, System::Sealed].into_iter().flat_map(|system| WAYS.map(|way| (system, way)));
    let rows = rows.filter_map(|(system, way)| {
        let cpu = figures.of_clients(system, way, |one| one.cpu_us)?;
        let memory = figures.of_clients(system, way, |one| one.resident / 1e6);
        let share = cpu.median * 1e5 / 1e4;
        Some(format!("| {system}, by {way} | {} | {share:.0} % | {} |", spread(Some(cpu), 2), spread(memory, 1)))
    });
    table("| a client of | µs of CPU for a message | of a core at 100,000 a second | MB in memory |", rows)
}

/// Of one figure of a link, how much it may be in the clear and sealed, and as times that of the best peer.
struct LinkGate {
    name: &'static str,
    figure: fn(&Links) -> f64,
    most: [f64; 2],
    of_peers: [Option<f64>; 2],
}

const LINK_GATES: [LinkGate; 3] = [
    LinkGate { name: "bytes, idle", figure: |links| links.idle, most: [1500.0, 2200.0], of_peers: [None, Some(0.15)] },
    LinkGate { name: "bytes, used", figure: |links| links.used, most: [2000.0, 2700.0], of_peers: [None, None] },
    LinkGate {
        name: "µs of CPU to connect and join",
        figure: |links| links.connect_us,
        most: [45.0, f64::INFINITY],
        of_peers: [Some(1.35), Some(0.9)],
    },
];

/// As times the sealed floor.
const MOST_TO_CONNECT_SEALED: f64 = 1.1;

/// How near a link is to what it should cost.
pub(super) fn reach_of_links(figures: &Figures) -> Option<String> {
    let mut rows = Vec::new();
    for LinkGate { name, figure, most, of_peers } in LINK_GATES {
        let mut cells = Vec::new();
        for (system, most, of_peer) in
            [(System::Exchange, most[0], of_peers[0]), (System::Sealed, most[1], of_peers[1])]
        {
            let of = |system| Some(figures.of_links(system, figure)?.median);
            let own = of(system)?;
            let peers = System::ALL.into_iter().filter(|peer| peer.program().is_some());
            let peers = peers.filter(|peer| peer.is_sealed() == system.is_sealed());
            let best = peers.filter_map(|peer| Some((peer, of(peer)?))).min_by(|one, other| one.1.total_cmp(&other.1));
            let as_times = |to: f64, most: Option<f64>, whom: &str| {
                let most = most.map(|most| format!(" ({})", allowed(own / to, most))).unwrap_or_default();
                format!("{:.2} × {whom}{most}", own / to)
            };
            cells.push(format!("{own:.0}"));
            cells.push(match of(system.floor()) {
                _ if most.is_finite() => allowed(own, most),
                Some(floor) => as_times(floor, Some(MOST_TO_CONNECT_SEALED), "floor"),
                None => String::new(),
            });
            cells
                .push(best.map(|(peer, best)| as_times(best, of_peer, peer.in_the_clear().name())).unwrap_or_default());
        }
        rows.push(format!("| {name} | {} |", cells.join(" | ")));
    }
    table(
        "| a link | exchange | gate | × best peer (gate) | sealed | gate | × best peer by TLS (gate) |",
        rows.into_iter(),
    )
}

fn allowed(figure: f64, most: f64) -> String {
    format!("{most}{}", if figure > most { ", **over**" } else { "" })
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
