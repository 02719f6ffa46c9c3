//! A picture of what everybody spends on a delivery.

use std::{error::Error, path::Path};

use plotters::{
    backend::SVGBackend,
    chart::{ChartBuilder, SeriesLabelPosition},
    drawing::IntoDrawingArea as _,
    element::Rectangle,
    prelude::IntoLogRange as _,
    style::{BLACK, Color as _, RGBColor, WHITE},
};

use crate::linux::{figures::Figures, passing::Workload, system::System};

/// The cheapest and the dearest there is room for, in microseconds.
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;

pub(super) fn draw(path: &Path, figures: &Figures) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (1100, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let groups = Workload::ALL.len();
    let mut chart = ChartBuilder::on(&area)
        .caption("Microseconds of CPU for a delivery", ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .right_y_label_area_size(200)
        .build_cartesian_2d(0.0..f64::from(u8::try_from(groups)?), (LEAST..MOST).log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(groups * 2 + 1)
        .x_label_formatter(&|x| label(*x))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    let width = 0.8 / f64::from(u8::try_from(System::ALL.len())?);
    for (place, system) in (0_u8..).zip(System::ALL) {
        let color = color(system);
        let bars = (0_u8..).zip(&Workload::ALL).filter_map(|(group, workload)| {
            let cpu = figures.spread(workload.name, system, |one| one.cpu_us)?;
            let left = f64::from(group) + 0.1 + width * f64::from(place);
            Some(Rectangle::new([(left, LEAST), (left + width * 0.9, cpu.median)], color.filled()))
        });
        let series = chart.draw_series(bars)?;
        series.label(system.name()).legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::Coordinate(840, 0))
        .border_style(BLACK.mix(0.2))
        .background_style(WHITE.filled())
        .draw()?;
    area.present()?;
    Ok(())
}

/// The name of the group in whose middle this is.
fn label(x: f64) -> String {
    let group = Workload::ALL.iter().zip(0_u8..).find(|(_, group)| (x - f64::from(*group) - 0.5).abs() < 0.01);
    group.map(|(workload, _)| workload.name.to_owned()).unwrap_or_default()
}

/// Floors are grey, ours blue and green, others red.
const fn color(system: System) -> RGBColor {
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
    }
}
