//! The page that shows what happened.

use std::{fs, path::Path};

use exchange_sim::{Report, html};

use super::{case::Case, exit::Failure};

/// Writes the page of a run whose trace was kept.
pub(crate) fn draw(case: &Case, report: &Report, path: &Path) -> Result<(), Failure> {
    let title = format!("{}: {}", case.name, case.size());
    let trace = report.trace.clone().unwrap_or_default();
    let page = html(&title, &trace, report.violation.as_ref());
    fs::write(path, page).map_err(|error| Failure::of_file("write", path, error))
}
