//! A scenario that fails, made small.

use std::io::{self, IsTerminal as _, Write};

use exchange_sim::{Invariant, Report, Scenario, Shrinker, run as simulate};
use indicatif::ProgressBar;

use super::{
    args::ShrinkArguments,
    case::{self, Case},
    exit::{Done, Exit, Failure},
    hush::hushed,
    run::verdict,
    stopwatch::Stopwatch,
};

pub(crate) fn shrink(arguments: &ShrinkArguments, out: &mut impl Write) -> Done {
    let watch = Stopwatch::start();
    let case = Case::new(arguments.which.source(), arguments.modes)?;
    let before = case.size();
    let Some(invariant) = broken(&case.scenario) else {
        return Err(Failure::new(Exit::Found, format!("{} does not fail: there is nothing to shrink", case.name)));
    };
    let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let mut shrinker = Shrinker::new(case.scenario);
    let mut runs = 0_u64;
    while arguments.secs.is_none_or(|time| watch.elapsed() < time)
        && let Some(candidate) = shrinker.next()
    {
        let still = broken(&candidate).is_some_and(|now| arguments.any || now == invariant);
        shrinker.tell(still);
        runs += 1;
        bar.inc(1);
        let Scenario { clients, steps, faults, .. } = shrinker.best();
        bar.set_message(format!(
            "{runs} runs: {} clients, {} steps, {} faults",
            clients.len(),
            steps.len(),
            faults.len()
        ));
    }
    bar.finish_and_clear();
    let scenario = shrinker.into_best();
    case::write(&scenario, &arguments.output)?;
    let small = Case::of_file(&arguments.output)?;
    writeln!(out, "before: {before}")?;
    writeln!(out, "after:  {}; {runs} runs in {:.1} s", small.size(), watch.elapsed().as_secs_f64())?;
    // From the file, for that is what others will run.
    let report: Report = hushed(|| simulate(&small.scenario));
    verdict(&small, &report, true, out)?;
    Ok(Exit::Fine)
}

fn broken(scenario: &Scenario) -> Option<Invariant> {
    hushed(|| simulate(scenario)).violation.map(|violation| violation.invariant)
}
