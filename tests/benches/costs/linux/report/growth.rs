//! Pictures of how costs grow: with how many hear it, and with how many read nothing.

use std::{error::Error, path::Path};

use plotters::{
    backend::SVGBackend,
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea as _},
    element::{Circle, Rectangle, Text},
    prelude::IntoLogRange as _,
    series::LineSeries,
    style::{Color as _, WHITE},
};

use super::picture::color;
use crate::linux::{figures::Figures, passing::Workload, silent::SILENT, system::System};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Work that is done for more and more, and how its picture is called.
const GROWING: [(&str, &str); 2] = [
    ("bursts-", "Bursts: µs of CPU for a delivery, by how many hear it"),
    ("one-at-a-time-", "One at a time: µs of CPU for a delivery, by how many hear it"),
];

/// The points of a line: how many hear it, and what a delivery costs.
pub(super) fn points(figures: &Figures, work: &str, system: System) -> Vec<(f64, f64)> {
    let workloads = Workload::ALL.iter().filter(|workload| is_of(workload, work));
    let points = workloads.filter_map(|workload| {
        let cpu = figures.spread(workload.name, system, |one| one.cpu_us)?;
        Some((f64::from(workload.receivers()), cpu.median))
    });
    points.collect()
}

fn is_of(workload: &Workload, work: &str) -> bool {
    workload.name.strip_prefix(work).is_some_and(|rest| rest.parse::<u16>().is_ok())
}

pub(super) fn draw(path: &Path, figures: &Figures) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (1100, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let (plots, legend) = area.split_horizontally(960);
    for ((work, caption), plot) in GROWING.into_iter().zip(plots.split_evenly((1, GROWING.len()))) {
        draw_one(&plot, figures, (work, caption))?;
    }
    let systems = System::ALL.into_iter().filter(|system| system.is_measured_large());
    for (place, system) in (0..).zip(systems) {
        let y = 60 + 20 * place;
        legend.draw(&Rectangle::new([(5, y), (19, y + 12)], color(system).filled()))?;
        legend.draw(&Text::new(system.name(), (26, y), ("sans-serif", 13)))?;
    }
    area.present()?;
    Ok(())
}

fn draw_one(area: &Area<'_>, figures: &Figures, (work, caption): (&str, &str)) -> Result<(), Box<dyn Error>> {
    let systems = System::ALL.into_iter().filter(|system| system.is_measured_large());
    let lines: Vec<_> = systems.map(|system| (system, points(figures, work, system))).collect();
    let all = || lines.iter().flat_map(|(_, points)| points).map(|(_, cpu)| *cpu);
    let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 14))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .build_cartesian_2d((8.0..6000.0).log_scale(), (least.min(1e3) / 1.5..most.max(1e-3) * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{}", (y * 1e3).round() / 1e3))
        .draw()?;
    for (system, points) in lines {
        let color = color(system);
        chart.draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?;
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
    }
    Ok(())
}

/// What a delivery costs those who read, as times what it costs where all do.
pub(super) fn draw_silent(path: &Path, figures: &Figures) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (560, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("A delivery to one of 100 who read, as times what it costs where all do", ("sans-serif", 13))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..f64::from(u8::try_from(SILENT.len())?), 0.0..1.6)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(2 * SILENT.len() + 1)
        .x_label_formatter(&|x| silent_at(*x))
        .draw()?;
    for (place, system) in (0_u8..).zip([System::Exchange, System::Sealed]) {
        let color = color(system);
        let bars = (0_u8..).zip(SILENT).filter_map(|(group, silent)| {
            let left = f64::from(group) + 0.1 + 0.4 * f64::from(place);
            let ratio = figures.of_silent(system, silent)?.median;
            Some(Rectangle::new([(left, 0.0), (left + 0.36, ratio)], color.filled()))
        });
        let series = chart.draw_series(bars)?.label(system.name());
        series.legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).background_style(WHITE).draw()?;
    area.present()?;
    Ok(())
}

fn silent_at(x: f64) -> String {
    let group = SILENT.iter().zip(0_u8..).find(|(_, group)| (x - f64::from(*group) - 0.5).abs() < 0.01);
    group.map(|(silent, _)| format!("{silent} silent")).unwrap_or_default()
}
