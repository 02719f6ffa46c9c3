//! Many seeds, and what came of them together.

use std::{io::Write, ops::ControlFlow};

use exchange_sim::run as simulate;

use super::{
    args::{Layer, Modes, SoakArguments},
    case::Case,
    crew::Crew,
    driver,
    exit::{Done, Exit},
    hush::hushed,
    stopwatch::Stopwatch,
    tally::{Outcome, Tally},
};

pub(crate) fn soak(arguments: &SoakArguments, out: &mut impl Write) -> Done {
    let layers: &[Layer] = match arguments.layer {
        Layer::Both => &[Layer::Core, Layer::Driver],
        Layer::Core => &[Layer::Core],
        Layer::Driver => &[Layer::Driver],
    };
    let mut is_bad = false;
    for layer in layers {
        let tally = run(arguments, *layer, u32::try_from(layers.len()).unwrap_or(1));
        if arguments.json {
            writeln!(out, "{}", tally.json())?;
        } else {
            writeln!(out, "{tally}")?;
        }
        out.flush()?;
        is_bad |= tally.failed > 0 || (arguments.all_marks && !tally.missing().is_empty());
    }
    Ok(Exit::found(is_bad))
}

/// Runs the seeds on one layer; the time is shared by so many of them.
fn run(arguments: &SoakArguments, layer: Layer, layers: u32) -> Tally {
    let crew = Crew {
        from: arguments.start.seed(),
        count: arguments.seeds,
        time: arguments.secs.map(|time| time / layers),
        jobs: Crew::jobs(arguments.jobs),
    };
    let (watch, bar) = (Stopwatch::start(), crew.bar());
    let mut tally = Tally::new(if layer == Layer::Driver { "driver" } else { "core" }, crew.jobs);
    let modes = arguments.modes;
    let work = |seed| hushed(|| if layer == Layer::Driver { driver::outcome(seed) } else { core(seed, modes) });
    crew.each(work, |seed, outcome| {
        tally.add(seed, outcome);
        bar.step();
        bar.failed(tally.failed);
        if arguments.fail_fast && tally.failed > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    tally.took(watch.elapsed());
    tally
}

fn core(seed: u64, modes: Modes) -> Outcome {
    let case = Case::of_seed(seed, modes.of(seed));
    Outcome::of_core(simulate(&case.scenario), case.again)
}
