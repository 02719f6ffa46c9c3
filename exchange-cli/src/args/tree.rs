//! All that can be typed, for the tests of what tells of it.

use clap::{Command, CommandFactory as _};

use super::Arguments;

/// A command, and what it understands.
pub(crate) struct Node {
    /// From `exchange` to itself.
    pub(crate) path: Vec<String>,
    pub(crate) name: String,
    /// Its long options.
    pub(crate) options: Vec<String>,
}

/// All commands that are told of, that of `exchange` alone first.
pub(crate) fn tree() -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut root = Arguments::command().disable_help_subcommand(true);
    root.build();
    add(&root, &[], &mut nodes);
    nodes
}

fn add(command: &Command, above: &[String], nodes: &mut Vec<Node>) {
    let path = [above, &[command.get_name().to_owned()]].concat();
    let options = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let options = options.filter_map(|argument| argument.get_long().map(str::to_owned)).collect();
    nodes.push(Node { path: path.clone(), name: command.get_name().to_owned(), options });
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        add(below, &path, nodes);
    }
}
