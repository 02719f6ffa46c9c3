//! The same scenario twice: the same must happen.

use std::{
    collections::BTreeMap,
    env, fmt,
    io::Write,
    ops::ControlFlow,
    process::{Command, Stdio},
};

use exchange_sim::{Report, Scenario, run as simulate, run_traced};

use super::{
    args::DeterminismArguments,
    case::{Case, word},
    crew::Crew,
    exit::{Done, Exit, Failure},
    hush::hushed,
};

pub(crate) fn determinism(arguments: &DeterminismArguments, out: &mut impl Write) -> Done {
    let crew = Crew {
        from: arguments.start.seed(),
        count: Some(arguments.seeds),
        time: None,
        jobs: Crew::jobs(arguments.jobs),
    };
    if arguments.print_digests {
        let digests = digests(crew, arguments, |scenario| hushed(|| simulate(scenario)));
        digests.iter().try_for_each(|(seed, digest)| writeln!(out, "{seed} {digest}"))?;
        return Ok(Exit::Fine);
    }
    let first = digests(crew, arguments, |scenario| hushed(|| simulate(scenario)));
    let second = if arguments.again_in_another_process {
        elsewhere(crew, arguments)?
    } else {
        digests(crew, arguments, |scenario| hushed(|| simulate(scenario)))
    };
    let mut differ = 0_u64;
    for (seed, one) in &first {
        let other = second.get(seed);
        if other == Some(one) {
            continue;
        }
        differ += 1;
        let case = Case::of_seed(*seed, arguments.modes.of(*seed));
        let other = other.map_or_else(|| "nothing".to_owned(), ToString::to_string);
        writeln!(out, "{}: {one} the first time, {other} the second\n    {}", case.name, case.again)?;
        writeln!(out, "    {}", first_difference(&case.scenario))?;
    }
    let place = if arguments.again_in_another_process { "in two processes" } else { "twice" };
    writeln!(out, "{} seeds {place}: {differ} of them differ", first.len())?;
    Ok(Exit::found(differ > 0))
}

/// What is compared of two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Print(String);

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Print {
    fn of(report: &Report) -> Self {
        let verdict = report.violation.as_ref().map_or_else(|| "fine".to_owned(), |bad| bad.invariant.to_string());
        let counts = report.counts;
        Self(format!("{:016x} {} {} {verdict}", report.digest, counts.events, counts.delivered))
    }
}

fn digests(
    crew: Crew,
    arguments: &DeterminismArguments,
    run: impl Fn(&Scenario) -> Report + Sync,
) -> BTreeMap<u64, Print> {
    let (bar, mut digests) = (crew.bar(), BTreeMap::new());
    let work = |seed| Print::of(&run(&Case::of_seed(seed, arguments.modes.of(seed)).scenario));
    crew.each(work, |seed, digest| {
        digests.insert(seed, digest);
        bar.step();
        ControlFlow::Continue(())
    });
    digests
}

/// The digests of the same seeds, as another process finds them.
fn elsewhere(crew: Crew, arguments: &DeterminismArguments) -> Result<BTreeMap<u64, Print>, Failure> {
    let failed = |why: &dyn fmt::Display| Failure::new(Exit::Found, format!("the other process failed: {why}"));
    let program = env::current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    command.args(["determinism", "--print-digests", "--seeds", &arguments.seeds.to_string()]);
    command.args(["--from", &crew.from.to_string(), "--jobs", &crew.jobs.to_string()]);
    command.args(arguments.modes.chosen().map(|mode| format!("--{}", word(mode))));
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |line: &str| {
        let (seed, digest) = line.split_once(' ')?;
        Some((seed.parse().ok()?, Print(digest.to_owned())))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// Where two runs of it part, as far as they do so within one process.
fn first_difference(scenario: &Scenario) -> String {
    let told = || hushed(|| run_traced(scenario)).trace.unwrap_or_default().records;
    let (one, other) = (told(), told());
    let differing = one.iter().zip(&other).position(|(a, b)| format!("{a:?}") != format!("{b:?}"));
    match differing {
        Some(place) => format!("first difference, at record {place}: {:?} and {:?}", one[place], other[place]),
        None if one.len() == other.len() => "run twice more in this process, what is told of it is the same".to_owned(),
        None => format!("one run ends after {} records, the other after {}", one.len(), other.len()),
    }
}
