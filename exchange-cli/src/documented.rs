//! What the README of this crate says can be typed, and what can be.

use std::collections::BTreeSet;

use crate::args::{Node, tree};

const README: &str = include_str!("../README.md");

#[test]
fn every_command_is_in_the_readme() {
    for command in tree() {
        let is_shown = invocations().any(|words| command.path.iter().eq(words.iter().take(command.path.len())));
        assert!(is_shown, "README.md does not show {}", command.path.join(" "));
    }
}

#[test]
fn every_command_and_every_option_that_the_readme_shows_is_there() {
    let tree = tree();
    for words in invocations() {
        let mut here = &tree[0];
        for word in &words[1..] {
            let below = |node: &&Node| node.path[..] == [&here.path[..], &[(*word).to_owned()]].concat();
            if let Some(node) = tree.iter().find(below) {
                here = node;
            } else if let Some(option) = word.strip_prefix("--") {
                let name = option.split('=').next().unwrap_or_default();
                assert!(here.options.iter().any(|option| option == name), "{words:?}: there is no {word}");
            } else {
                let has_commands = tree.iter().any(|node| node.path.starts_with(&here.path) && node.path > here.path);
                let is_command = word.chars().all(|c| c.is_ascii_lowercase()) && *word != "help";
                assert!(!(has_commands && is_command), "{words:?}: there is no {word}");
            }
        }
    }
}

#[test]
fn every_exit_code_is_in_the_readme_and_in_the_help_and_they_have_no_other() {
    let source = include_str!("exit.rs").lines().filter_map(|line| line.trim().strip_prefix("Self::"));
    let codes = source.filter_map(|line| line.split_once(" => ")?.1.strip_suffix(',')?.parse().ok());
    let codes: BTreeSet<u8> = codes.collect();
    assert!(codes.len() > 1, "{codes:?}");
    let table = README.lines().skip_while(|line| *line != "| exit code | means |").skip(2);
    let rows = table.map_while(|line| line.strip_prefix("| ")?.split(" | ").next()?.parse().ok());
    assert_eq!(rows.collect::<BTreeSet<u8>>(), codes);
    let help = crate::args::EXIT_CODES.split_once("Exit codes: ").unwrap().1;
    let told = help.split(", ").filter_map(|code| code.split(' ').next()?.parse().ok());
    assert_eq!(told.collect::<BTreeSet<u8>>(), codes);
}

/// All that begins with `exchange` where the README shows what is typed, word by word, up to what is somebody else's.
fn invocations() -> impl Iterator<Item = Vec<&'static str>> {
    let pieces = README.split("```").enumerate().flat_map(|(at, block)| {
        let lines: Vec<&str> =
            if at % 2 == 1 { block.lines().collect() } else { block.split('`').skip(1).step_by(2).collect() };
        lines
    });
    let commands = pieces.flat_map(|line| line.split(['|', '(', '$'])).map(str::trim);
    let commands = commands.filter(|command| *command == "exchange" || command.starts_with("exchange "));
    commands.map(|command| {
        let words = command.split(' ').filter(|word| !word.is_empty());
        words.take_while(|word| !matches!(*word, "#" | ">" | "--" | "…")).collect()
    })
}
