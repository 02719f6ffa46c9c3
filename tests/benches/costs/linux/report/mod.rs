//! What was measured, as tables, as JSON, as a picture and as a page.

mod growth;
mod hosts;
mod page;
mod picture;
mod tables;

use std::{fs, io, path::Path, thread};

use serde_json::{Value, json};

use super::{
    figures::{Figures, Passing, Spread},
    passing::Workload,
    system::System,
};

/// The machine, while nobody is kept on a core of it yet.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
    cores: usize,
    /// What it had to do beside, in the last minute.
    load: String,
}

impl Machine {
    pub(super) fn now() -> io::Result<Self> {
        let loads = fs::read_to_string("/proc/loadavg")?;
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let name = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Ok(Self {
            name: name.map_or("unknown", |(_, name)| name).to_owned(),
            cores: thread::available_parallelism()?.get(),
            load: loads.split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

pub(super) fn print(figures: &Figures) {
    println!("{}", tables::all(figures).into_iter().chain(hosts::table(figures)).collect::<Vec<_>>().join("\n"));
}

/// Writes all of it where it is kept.
pub(super) fn write_page(figures: &Figures, machine: &Machine) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("costs");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("README.md"), page::of(figures, machine))?;
    fs::write(folder.join("figures.json"), format!("{:#}\n", as_json(figures)))?;
    let drawn = picture::draw(&folder.join("passing.svg"), figures)
        .and_then(|()| growth::draw(&folder.join("growth.svg"), figures))
        .and_then(|()| growth::draw_silent(&folder.join("silent.svg"), figures));
    drawn.map_err(|error| io::Error::other(error.to_string()))
}

fn as_json(figures: &Figures) -> Value {
    let mut passing = Vec::new();
    for Workload { name, .. } in &Workload::ALL {
        for system in System::ALL {
            let Some(cpu_us) = figures.spread(name, system, |one| one.cpu_us) else { continue };
            let of_floor = figures.ratio(name, [system, system.floor()], |one| Some(one.cpu_us));
            let late =
                |percentile: fn(&Passing) -> Option<f64>| Spread::of(figures.of(name, system).filter_map(percentile));
            passing.push(json!({
                "work": name,
                "system": system.name(),
                "cpu_us": cpu_us,
                "times_the_floor": of_floor,
                "deliveries_per_second": figures.spread(name, system, |one| one.rate),
                "system_calls": figures.of(name, system).find_map(|one| one.calls),
                "bytes_beyond_the_text": figures.spread(name, system, |one| one.overhead),
                "p50_us": late(|one| one.p50_us),
                "p99_us": late(|one| one.p99_us),
            }));
        }
    }
    let links = System::ALL.into_iter().filter_map(|system| {
        Some(json!({
            "system": system.name(),
            "bytes_idle": figures.of_links(system, |links| links.idle)?,
            "bytes_used": figures.of_links(system, |links| links.used)?,
            "connect_us": figures.of_links(system, |links| links.connect_us)?,
        }))
    });
    json!({
        "passing": passing,
        "links": links.collect::<Vec<_>>(),
        "silent": figures.silent,
        "crowd": figures.crowd,
        "clients": figures.clients,
    })
}
