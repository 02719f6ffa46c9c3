//! A picture of what became of the memory.

use std::{error::Error, fs, path::Path};

use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::IntoDrawingArea as _,
    series::LineSeries,
    style::{BLUE, WHITE},
};

use crate::measure::Sample;

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
pub(crate) fn draw(path: &Path, title: &str, samples: &[Sample]) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let points =
        samples.iter().map(|sample| (sample.at.as_secs_f64() / 60.0, sample.resident as f64 / f64::from(1 << 20)));
    let points: Vec<(f64, f64)> = points.collect();
    let end = points.last().map_or(1.0, |point| point.0);
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max) * 1.2;
    let area = SVGBackend::new(path, (800, 300)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("Resident memory over {title}"), ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(35)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..end, 0.0..most)?;
    chart.configure_mesh().x_desc("minutes").y_desc("MiB").light_line_style(WHITE).draw()?;
    chart.draw_series(LineSeries::new(points, &BLUE))?;
    area.present()?;
    Ok(())
}
