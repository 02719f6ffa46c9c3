//! What was measured, as a table, as JSON and as a page.

use std::{fmt::Write as _, fs, io, path::Path, thread};

use super::figures::{Figures, Row};

const PAGE: &str = include_str!("page.md");

/// The machine, while nobody is kept on a core of it yet.
#[derive(Debug)]
pub(super) struct Machine {
    cores: usize,
    /// What it had to do beside, in the last minute.
    load: String,
}

impl Machine {
    pub(super) fn now() -> io::Result<Self> {
        let loads = fs::read_to_string("/proc/loadavg")?;
        let load = loads.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self { cores: thread::available_parallelism()?.get(), load })
    }
}

pub(super) fn print_table(rows: &[Row]) {
    print!("{}", table(rows));
}

pub(super) fn print_json(rows: &[Row]) -> io::Result<()> {
    println!("{}", json(rows)?);
    Ok(())
}

/// Writes the table, with what there is to say of it, where it is kept.
pub(super) fn write_page(rows: &[Row], machine: &Machine) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("abuse");
    let page = PAGE.replace("{table}", table(rows).trim_end());
    let page = page.replace("{cores}", &machine.cores.to_string()).replace("{load}", &machine.load);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("README.md"), page)?;
    fs::write(folder.join("figures.json"), json(rows)? + "\n")
}

fn json(rows: &[Row]) -> io::Result<String> {
    let figures: Vec<Figures> = rows.iter().map(Row::figures).collect();
    serde_json::to_string_pretty(&figures).map_err(io::Error::other)
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| abuse | in a second | quiet p50, p99 | abused p50, p99 | ratio of p99 (least to greatest) | host holds | host's CPU | |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for figures in rows.iter().map(Row::figures) {
        let Figures { story, unit, deeds_per_second: deeds, .. } = figures;
        let [quiet_50, quiet_99, abused_50, abused_99] =
            [figures.quiet_p50_us, figures.quiet_p99_us, figures.abused_p50_us, figures.abused_p99_us].map(ms);
        let [before, most] = [figures.resident_before, figures.resident_most].map(mib);
        let (ratio, least, greatest) = (figures.ratio, figures.least, figures.greatest);
        let [quiet_cpu, abused_cpu] = [figures.quiet_cpu, figures.abused_cpu].map(|share| share * 100.0);
        let verdict = if figures.is_over { "over" } else { "" };
        let _ = writeln!(
            table,
            "| {story} | {deeds:.0} {unit} | {quiet_50}, {quiet_99} ms | {abused_50}, {abused_99} ms \
             | {ratio:.2} ({least:.2} to {greatest:.2}) | {before}, {most} MiB | {quiet_cpu:.0} %, {abused_cpu:.0} % | {verdict} |"
        );
    }
    table
}

fn ms(micros: f64) -> String {
    format!("{:.2}", micros / 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}
