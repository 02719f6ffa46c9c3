//! What the fuzz targets have been run on, and what was found by them, is tried again.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeSet, fs, path::Path};

use exchange_fuzz::targets;

fn folder(name: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fuzz").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Files whose names begin otherwise are of somebody's own runs.
#[test]
fn every_target_holds_on_all_inputs_that_are_kept_for_it() {
    for (name, run) in targets::ALL {
        let inputs = folder(&format!("corpus/{name}"));
        let inputs = inputs.iter().filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("seed-"));
        let mut tried = 0;
        for input in inputs {
            println!("{}", input.display());
            run(&fs::read(input).unwrap());
            tried += 1;
        }
        assert!(tried > 4, "{name} has {tried} inputs");
    }
}

#[test]
fn every_target_is_listed_with_its_corpus_and_has_a_program() {
    let names = |files: Vec<std::path::PathBuf>| -> BTreeSet<String> {
        files.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let listed: BTreeSet<String> = targets::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(folder("fuzz_targets")), listed);
    assert_eq!(names(folder("corpus")), listed);
    assert_eq!(names(folder("src/targets")), listed);
}
