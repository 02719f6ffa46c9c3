//! What happened in a scenario, as text and as a page.

use std::{env, io::Write};

use exchange_sim::{explain as tell, run_traced};

use super::{
    args::{ExplainArguments, HtmlArguments},
    case::Case,
    exit::{Done, Exit},
    picture,
};

/// Wide enough for six nodes.
const WIDTH: usize = 140;

pub(crate) fn explain(arguments: &ExplainArguments, out: &mut impl Write) -> Done {
    let case = Case::new(arguments.which.source(), arguments.modes)?;
    let report = run_traced(&case.scenario);
    if let Some(path) = &arguments.html {
        picture::draw(&case, &report, path)?;
    }
    let columns = || env::var("COLUMNS").ok()?.parse().ok();
    let width = arguments.width.or_else(columns).unwrap_or(WIDTH);
    let trace = report.trace.unwrap_or_default();
    writeln!(out, "{}: {}", case.name, case.size())?;
    write!(out, "{}", tell(&trace, width).with_violation(report.violation.as_ref()))?;
    Ok(Exit::Fine)
}

pub(crate) fn html(arguments: &HtmlArguments, out: &mut impl Write) -> Done {
    let case = Case::new(arguments.which.source(), arguments.modes)?;
    let report = run_traced(&case.scenario);
    picture::draw(&case, &report, &arguments.output)?;
    match &report.violation {
        Some(violation) => writeln!(out, "{}: {violation}", case.name)?,
        None => writeln!(out, "{}: fine", case.name)?,
    }
    writeln!(out, "drawn: {}", arguments.output.display())?;
    Ok(Exit::Fine)
}
