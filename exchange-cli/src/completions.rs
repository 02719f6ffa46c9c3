//! `exchange completions`: what a shell needs to know to complete what is typed after `exchange`.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::{
    args::{Arguments, CompletionsArguments},
    document,
    exit::{Exit, Failure},
};

pub(crate) fn run(arguments: CompletionsArguments) -> Result<Exit, Failure> {
    document::write(&script(arguments.shell))
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "exchange", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum as _;

    use super::*;
    use crate::args::tree;

    #[test]
    fn every_shell_knows_every_command_and_every_option() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            let words: BTreeSet<&str> = script
                .split(|c: char| !(c.is_alphanumeric() || "-_".contains(c)))
                .filter(|word| !word.is_empty())
                .collect();
            // It says `-l name` where the others say `--name`.
            let dashes = if *shell == Shell::Fish { "" } else { "--" };
            for command in tree() {
                assert!(words.contains(&*command.name), "{shell}: {}", command.name);
                for option in command.options {
                    assert!(words.contains(&*format!("{dashes}{option}")), "{shell}: {} --{option}", command.name);
                }
            }
        }
    }
}
