//! What can be typed after `exchange-sim`.

use std::{num::NonZero, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use exchange_sim::Mode;

const EXIT_CODES: &str = "\
A seed becomes a scenario, and a scenario always runs the same. Seeds become other scenarios when the generator changes; \
what is to be kept is kept as a scenario, in a file.

Exit codes: 0 fine, 1 a violation or something missing, 2 wrong usage, 3 a file that cannot be read or written.";

/// Run whole sessions under faults, in virtual time, and find out what breaks.
#[derive(Debug, Parser)]
#[command(name = "exchange-sim", version, after_long_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one scenario, and say what came of it.
    Run(RunArguments),
    /// Run many seeds, and say what came of them.
    Soak(SoakArguments),
    /// Run a scenario that was kept in a file.
    Replay(ReplayArguments),
    /// Make a scenario that fails as small as it gets.
    Shrink(ShrinkArguments),
    /// Tell what happens in a scenario, line by line: made for `less` and `grep`.
    Explain(ExplainArguments),
    /// Draw what happens in a scenario, as a page for a browser.
    Html(HtmlArguments),
    /// Run each scenario twice, and see whether the same happens.
    Determinism(DeterminismArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) which: Named,
    /// What is simulated: the machines of the protocol alone, or the driver around them, which has scenarios of its own.
    #[arg(long, value_name = "LAYER", value_enum, default_value_t)]
    pub(crate) layer: OneLayer,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// Print the scenario first, a field a line.
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The scenario, as JSON.
    pub(crate) file: PathBuf,
    /// Print the scenario first, a field a line.
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Output {
    /// Draw what happens on this page.
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: Option<PathBuf>,
    /// The verdict as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
#[group(id = "extent", required = true, multiple = true, args = ["seeds", "secs"])]
pub(crate) struct SoakArguments {
    /// Run so many seeds.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Run for so many seconds. With --seeds, whichever is over first.
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) secs: Option<Duration>,
    #[command(flatten)]
    pub(crate) start: Start,
    /// Run so many at once. Without it, as many as there are cores.
    #[arg(long, value_name = "J")]
    pub(crate) jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// What is simulated: the machines of the protocol alone, or the driver around them too.
    #[arg(long, value_name = "LAYER", value_enum, default_value_t)]
    pub(crate) layer: Layer,
    /// It is an error if one of the situations that have to come up sometimes never does.
    #[arg(long)]
    pub(crate) all_marks: bool,
    /// Stop at the first failure.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// The summary as one JSON object, on a line for each layer.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where seeds begin.
#[derive(Clone, Debug, Args)]
pub(crate) struct Start {
    /// Begin with this seed.
    #[arg(long, value_name = "N", default_value_t)]
    from: u64,
    /// Begin with the seed of this commit.
    #[arg(long, value_name = "HASH", value_parser = commit, conflicts_with = "from")]
    commit: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ShrinkArguments {
    #[command(flatten)]
    pub(crate) which: Either,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// Where to write the smaller scenario.
    #[arg(long, short, value_name = "FILE", default_value = "shrunk.json")]
    pub(crate) output: PathBuf,
    /// Be content with what is found within so many seconds.
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) secs: Option<Duration>,
    /// Let it fail in another way than at first.
    #[arg(long)]
    pub(crate) any: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) which: Either,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// Characters a line. Without it, as wide as COLUMNS says, or 140.
    #[arg(long, value_name = "N")]
    pub(crate) width: Option<usize>,
    /// Draw it on this page as well.
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct HtmlArguments {
    #[command(flatten)]
    pub(crate) which: Either,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// Where to write the page.
    #[arg(long, short, value_name = "PAGE")]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DeterminismArguments {
    /// Run so many seeds.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: u64,
    #[command(flatten)]
    pub(crate) start: Start,
    /// Run so many at once. Without it, as many as there are cores.
    #[arg(long, value_name = "J")]
    pub(crate) jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    pub(crate) modes: Modes,
    /// The second time in another process, where memory lies elsewhere.
    #[arg(long)]
    pub(crate) again_in_another_process: bool,
    /// What that other process is asked for: each seed with its digest.
    #[arg(long, hide = true)]
    pub(crate) print_digests: bool,
}

/// A scenario, by an option.
#[derive(Clone, Debug, Args)]
#[group(id = "scenario-to-run", required = true, multiple = false)]
pub(crate) struct Named {
    /// The scenario of this seed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The scenario of this commit: the first 16 digits of its hash are the seed.
    #[arg(long, value_name = "HASH", value_parser = commit)]
    commit: Option<u64>,
    /// The scenario in this file, as JSON.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// A scenario, by its file or its seed.
#[derive(Clone, Debug, Args)]
#[group(id = "file-or-seed", required = true, multiple = false)]
pub(crate) struct Either {
    /// The scenario, as JSON.
    file: Option<PathBuf>,
    /// The scenario of this seed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The scenario of this commit: the first 16 digits of its hash are the seed.
    #[arg(long, value_name = "HASH", value_parser = commit)]
    commit: Option<u64>,
}

/// How seeds become scenarios.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Modes {
    /// Scenarios with less in them, but wilder. Without either, those of every other seed.
    #[arg(long, conflicts_with = "uniform")]
    swarm: bool,
    /// Scenarios with a bit of everything.
    #[arg(long)]
    uniform: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layer {
    #[default]
    Core,
    Driver,
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OneLayer {
    #[default]
    Core,
    Driver,
}

/// Where a scenario comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Seed(u64),
    File(PathBuf),
}

impl Named {
    pub(crate) fn source(&self) -> Source {
        source(self.seed.or(self.commit), self.scenario.as_ref())
    }
}

impl Either {
    pub(crate) fn source(&self) -> Source {
        source(self.seed.or(self.commit), self.file.as_ref())
    }
}

fn source(seed: Option<u64>, file: Option<&PathBuf>) -> Source {
    file.map_or_else(|| Source::Seed(seed.unwrap_or_default()), |file| Source::File(file.clone()))
}

impl Start {
    pub(crate) fn seed(&self) -> u64 {
        self.commit.unwrap_or(self.from)
    }
}

impl Modes {
    /// The one that was asked for.
    pub(crate) fn chosen(self) -> Option<Mode> {
        match (self.swarm, self.uniform) {
            (true, _) => Some(Mode::Swarm),
            (_, true) => Some(Mode::Uniform),
            _ => None,
        }
    }

    pub(crate) fn of(self, seed: u64) -> Mode {
        self.chosen().unwrap_or_else(|| Mode::of(seed))
    }
}

fn commit(text: &str) -> Result<u64, String> {
    let is_hash = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = text.get(..text.len().min(16)).filter(|_| is_hash);
    let seed = first.and_then(|first| u64::from_str_radix(first, 16).ok());
    seed.ok_or_else(|| "a commit's hash is needed, at least 7 hexadecimal digits of it".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    const YEAR: f64 = 365.0 * 86_400.0;
    let seconds = text.parse().ok().filter(|seconds| (0.0..=YEAR).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds is needed, such as 600 or 0.5".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_description_of_the_arguments_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_commit_is_a_seed() {
        assert_eq!(commit("01bd69b"), Ok(0x01b_d69b));
        assert_eq!(commit("00000000000000ffabcdefabcdefabcdefabcdef"), Ok(0xff));
        assert!(commit("main").is_err() && commit("01bd69").is_err());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            &["exchange-sim"][..],
            &["exchange-sim", "run"],
            &["exchange-sim", "run", "--seed", "1", "--scenario", "x.json"],
            &["exchange-sim", "run", "--seed", "1", "--swarm", "--uniform"],
            &["exchange-sim", "run", "--commit", "main"],
            &["exchange-sim", "soak"],
            &["exchange-sim", "soak", "--secs", "-1"],
            &["exchange-sim", "soak", "--seeds", "1", "--jobs", "0"],
            &["exchange-sim", "soak", "--seeds", "1", "--from", "2", "--commit", "01bd69b"],
            &["exchange-sim", "shrink", "x.json", "--seed", "1"],
            &["exchange-sim", "html", "x.json"],
        ] {
            let refused = Arguments::try_parse_from(line).map(drop).map_err(|error| error.exit_code());
            assert_eq!(refused, Err(2), "{line:?}");
        }
    }
}
