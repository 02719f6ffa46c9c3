//! A picture of what everybody spends on a delivery.

use std::{error::Error, path::Path};

use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::IntoDrawingArea as _,
    element::{Rectangle, Text},
    prelude::IntoLogRange as _,
    style::{Color as _, RGBColor, WHITE},
};

use crate::linux::{figures::Figures, passing::Workload, system::System};

/// The cheapest and the dearest there is room for, in microseconds.
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;

pub(super) fn draw(path: &Path, figures: &Figures) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (1100, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(900);
    let workloads: Vec<&Workload> = Workload::ALL.iter().filter(|workload| workload.gates.is_some()).collect();
    let groups = workloads.len();
    let mut chart = ChartBuilder::on(&left)
        .caption("Microseconds of CPU for a delivery", ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..f64::from(u8::try_from(groups)?), (LEAST..MOST).log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(groups * 2 + 1)
        .x_label_formatter(&|x| label(&workloads, *x))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    let width = 0.8 / f64::from(u8::try_from(System::ALL.len())?);
    for (place, system) in (0_u8..).zip(System::ALL) {
        let color = color(system);
        let bars = (0_u8..).zip(&workloads).filter_map(|(group, workload)| {
            let cpu = figures.spread(workload.name, system, |one| one.cpu_us)?;
            let left = f64::from(group) + 0.1 + width * f64::from(place);
            Some(Rectangle::new([(left, LEAST), (left + width * 0.9, cpu.median)], color.filled()))
        });
        chart.draw_series(bars)?;
        let y = 60 + 20 * i32::from(place);
        right.draw(&Rectangle::new([(5, y), (19, y + 12)], color.filled()))?;
        right.draw(&Text::new(system.name(), (26, y), ("sans-serif", 13)))?;
    }
    area.present()?;
    Ok(())
}

/// The name of the group in whose middle this is.
fn label(workloads: &[&Workload], x: f64) -> String {
    let group = workloads.iter().zip(0_u8..).find(|(_, group)| (x - f64::from(*group) - 0.5).abs() < 0.01);
    group.map(|(workload, _)| workload.name.to_owned()).unwrap_or_default()
}

/// Floors are grey, ours blue and green, others red.
pub(super) const fn color(system: System) -> RGBColor {
    match system {
        System::Floor => RGBColor(60, 60, 60),
        System::TokioFloor => RGBColor(110, 110, 110),
        System::SealedFloor => RGBColor(160, 160, 160),
        System::Exchange => RGBColor(20, 70, 180),
        System::TokioMulti => RGBColor(70, 120, 220),
        System::AsyncStd => RGBColor(130, 170, 240),
        System::Sealed => RGBColor(20, 130, 60),
        System::SealedByChaCha => RGBColor(110, 190, 110),
        System::Redis => RGBColor(200, 40, 40),
        System::Nats => RGBColor(230, 120, 40),
        System::Mosquitto => RGBColor(160, 60, 140),
        System::RedisTls => RGBColor(230, 130, 130),
        System::NatsTls => RGBColor(245, 185, 130),
        System::MosquittoTls => RGBColor(205, 150, 195),
    }
}
