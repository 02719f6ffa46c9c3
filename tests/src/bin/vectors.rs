//! Writes the test vectors, `tests/vectors/*.json`, anew.

use std::{fs, io};

use exchange_tests::vectors;

fn main() -> io::Result<()> {
    for (file, text) in vectors::files() {
        fs::write(vectors::folder().join(file), text)?;
    }
    Ok(())
}
