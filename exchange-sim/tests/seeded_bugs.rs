//! The table of planted bugs is whole, and none of them takes long to find.

use std::{collections::BTreeSet, fs, path::Path};

/// What a file of the workspace says; nothing if there is none: a package of this crate alone has no workspace.
fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// The bugs that the compiler may be asked for, by the list of the workspace.
fn planted(manifest: &str) -> BTreeSet<&str> {
    let list = manifest.split_once("cfg(exchange_bug, values(").map_or("", |(_, rest)| rest);
    let list = list.split_once("))").map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

#[test]
fn every_planted_bug_is_found_within_500_seeds_and_made_small() {
    let (Some(manifest), Some(table)) = (read("../Cargo.toml"), read("BUGS.md")) else { return };
    let planted = planted(&manifest);
    if planted.is_empty() {
        return;
    }
    let mut told = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, bug, _layer, seeds, steps, faults, ..] = cells[..] else { panic!("{row}") };
        let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("{text:?} is no number: {row}"));
        assert!((1..=500).contains(&number(seeds)), "{row}");
        assert!(number(steps) <= 10 && number(faults) <= 3, "{row}");
        assert!(told.insert(bug.trim_matches('`')), "twice: {row}");
    }
    assert_eq!(told, planted);
    assert!(told.len() >= 20, "{told:?}");
}
