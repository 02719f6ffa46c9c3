//! The README's examples are the ones that are run: on a LAN of their own, they talk to each other.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_readme_shows_the_hello_examples_and_each_is_at_most_fifteen_lines() {
    let readme = read("README.md");
    for example in ["hello_host", "hello_client"] {
        let source = read(&format!("exchange-tokio/examples/{example}.rs"));
        let code = source.split_once("\n\n").map(|(_story, code)| code).unwrap();
        assert!(readme.contains(&format!("```rust,no_run\n{code}```\n")), "{example} is in the README as it is run");
        assert!(code.lines().filter(|line| !line.trim().is_empty()).count() <= 15, "{example} is short");
    }
}
