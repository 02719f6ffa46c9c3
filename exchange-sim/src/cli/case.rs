//! A scenario and where it came from.

use std::{fmt, fs, io, path::Path};

use exchange_sim::{Mode, Scenario, generate};
use serde::Serialize;

use super::{
    args::{Modes, Source},
    exit::{Exit, Failure},
};

/// A scenario, what to call it, and the line that runs it again.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) name: String,
    pub(crate) again: String,
}

impl Case {
    pub(crate) fn new(source: Source, modes: Modes) -> Result<Self, Failure> {
        match (source, modes.chosen()) {
            (Source::Seed(seed), _) => Ok(Self::of_seed(seed, modes.of(seed))),
            (Source::File(path), None) => Self::of_file(&path),
            (Source::File(path), Some(_)) => {
                let what = format!("{} is a scenario already: --swarm and --uniform are for seeds", path.display());
                Err(Failure::new(Exit::Usage, what))
            }
        }
    }

    pub(crate) fn of_seed(seed: u64, mode: Mode) -> Self {
        let word = word(mode);
        Self {
            scenario: generate(seed, mode),
            name: format!("seed {seed}, {word}"),
            again: format!("exchange-sim run --seed {seed} --{word}"),
        }
    }

    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::of_file("read", path, error))?;
        let scenario = serde_json::from_str(&text).map_err(|error| Failure::of_file("understand", path, error))?;
        let name = path.display().to_string();
        let again = format!("exchange-sim replay {}", quoted(&name));
        Ok(Self { scenario, name, again })
    }

    /// How big it is.
    pub(crate) fn size(&self) -> Size {
        let Scenario { clients, intruders, steps, faults, .. } = &self.scenario;
        Size { clients: clients.len(), intruders: intruders.len(), steps: steps.len(), faults: faults.len() }
    }

    /// Every field on a line of its own, every element of a list too.
    pub(crate) fn print(&self, out: &mut impl io::Write) -> io::Result<()> {
        let Scenario {
            seed,
            secured,
            locked,
            weather,
            host,
            clients,
            intruders,
            steps,
            faults,
            trouble_ms,
            calm_ms,
            core,
        } = &self.scenario;
        line(out, "seed", seed)?;
        line(out, "secured", secured)?;
        line(out, "locked", locked)?;
        line(out, "weather", weather)?;
        line(out, "host", host)?;
        // People are numbered from the first client on: the host's owner is 0.
        lines(out, "client", 1, clients)?;
        lines(out, "intruder", 0, intruders)?;
        lines(out, "step", 0, steps)?;
        lines(out, "fault", 0, faults)?;
        line(out, "trouble_ms", trouble_ms)?;
        line(out, "calm_ms", calm_ms)?;
        line(out, "core", core)
    }
}

fn line(out: &mut impl io::Write, name: &str, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{name:12} {}", serde_json::to_string(value)?)
}

fn lines<T: Serialize>(out: &mut impl io::Write, name: &str, first: usize, values: &[T]) -> io::Result<()> {
    values.iter().zip(first..).try_for_each(|(value, number)| line(out, &format!("{name} {number}"), value))
}

pub(crate) fn write(scenario: &Scenario, path: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(scenario).map_err(|error| Failure::of_file("write", path, error))?;
    fs::write(path, text + "\n").map_err(|error| Failure::of_file("write", path, error))
}

/// How big a scenario is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) clients: usize,
    pub(crate) intruders: usize,
    pub(crate) steps: usize,
    pub(crate) faults: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", some(self.clients, "client"), some(self.steps, "step"))?;
        write!(f, ", {}", some(self.faults, "fault"))?;
        if self.intruders > 0 { write!(f, ", {}", some(self.intruders, "intruder")) } else { Ok(()) }
    }
}

fn some(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(crate) fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Uniform => "uniform",
        Mode::Swarm => "swarm",
    }
}

/// As a shell takes it for one word.
pub(crate) fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_printed_on_a_line_of_its_own() {
        let case = Case::of_seed(1, Mode::Swarm);
        let mut out = Vec::new();
        case.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().any(|line| line == "seed         1"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("client 1     {")), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("step ")).count(), case.scenario.steps.len());
    }

    #[test]
    fn the_line_that_runs_a_file_again_survives_a_shell() {
        assert_eq!(quoted("bugs/a-1.json"), "bugs/a-1.json");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
    }
}
