//! One scenario, and what came of it.

use std::io::Write;

use exchange_sim::{Report, run as simulate, run_traced};
use serde_json::json;

use super::{
    args::{OneLayer, Output, ReplayArguments, RunArguments, Source},
    case::Case,
    driver,
    exit::{Done, Exit, Failure},
    picture,
};

pub(crate) fn run(arguments: &RunArguments, out: &mut impl Write) -> Done {
    if arguments.layer == OneLayer::Driver {
        return drive(arguments, out);
    }
    let case = Case::new(arguments.which.source(), arguments.modes)?;
    judge(&case, arguments.print, &arguments.output, out)
}

pub(crate) fn replay(arguments: &ReplayArguments, out: &mut impl Write) -> Done {
    judge(&Case::of_file(&arguments.file)?, arguments.print, &arguments.output, out)
}

/// A seed of the driver's: it has no scenario file, and nothing of it is drawn.
fn drive(arguments: &RunArguments, out: &mut impl Write) -> Done {
    let RunArguments { which, modes, print, output, .. } = arguments;
    let is_more = *print || output.json || output.html.is_some() || modes.chosen().is_some();
    match which.source() {
        Source::Seed(seed) if !is_more => driver::run(seed, out),
        _ => Err(Failure::new(Exit::Usage, "of the driver, only a seed can be run, without further options")),
    }
}

fn judge(case: &Case, print: bool, output: &Output, out: &mut impl Write) -> Done {
    if print {
        case.print(out)?;
        // What is about to run may take long, or never come back.
        out.flush()?;
    }
    let report = if output.html.is_some() { run_traced(&case.scenario) } else { simulate(&case.scenario) };
    if let Some(path) = &output.html {
        picture::draw(case, &report, path)?;
    }
    if output.json {
        writeln!(out, "{}", as_json(case, &report))?;
    } else {
        verdict(case, &report, false, out)?;
        if let Some(path) = &output.html {
            writeln!(out, "drawn: {}", path.display())?;
        }
    }
    Ok(Exit::found(report.violation.is_some()))
}

/// What came of a run, for people; `is_small` if the scenario has been shrunk.
pub(crate) fn verdict(case: &Case, report: &Report, is_small: bool, out: &mut impl Write) -> Result<(), Failure> {
    let Report { violation, counts, digest, .. } = report;
    writeln!(out, "{}: {}", case.name, case.size())?;
    match violation {
        Some(violation) => writeln!(out, "VIOLATION of {violation}")?,
        None => writeln!(out, "fine")?,
    }
    write!(out, "{} events, {} frames, ", counts.events, counts.frames)?;
    write!(out, "{} messages posted and {} delivered", counts.posted, counts.delivered)?;
    if let Some(converged) = counts.converged {
        write!(out, ", together again after {:.1} s", converged.as_secs_f64())?;
    }
    writeln!(out, "; digest {digest:016x}")?;
    if violation.is_some() {
        let source = case.again.split_once(' ').map_or("", |(_, rest)| rest);
        let source = source.trim_start_matches("run ").trim_start_matches("replay ");
        writeln!(out, "again:   {}", case.again)?;
        if !is_small {
            writeln!(out, "smaller: exchange-sim shrink {source}")?;
        }
        writeln!(out, "told:    exchange-sim explain {source} | less -S")?;
        writeln!(out, "drawn:   exchange-sim html {source} -o run.html")?;
    }
    Ok(())
}

fn as_json(case: &Case, report: &Report) -> serde_json::Value {
    let Report { violation, counts, digest, .. } = report;
    let violation = violation.as_ref().map(|violation| {
        json!({
            "invariant": violation.invariant.to_string(),
            "says": violation.invariant.says(),
            "at_ns": violation.at.as_nanos(),
            "what": violation.what,
        })
    });
    json!({
        "name": case.name,
        "again": case.again,
        "violation": violation,
        "digest": format!("{digest:016x}"),
        "events": counts.events,
        "frames": counts.frames,
        "posted": counts.posted,
        "delivered": counts.delivered,
        "converged_ms": counts.converged.map(|converged| u64::try_from(converged.as_millis()).unwrap_or(u64::MAX)),
    })
}
