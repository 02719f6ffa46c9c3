//! Text for another program, on standard output as it is.

use std::io::{self, Write as _};

use crate::exit::{Exit, Failure};

/// Writes it, not by way of the screen, which waits for nobody for long. That nobody reads to its end is nothing wrong.
pub(crate) fn write(text: &[u8]) -> Result<Exit, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failure(&error)),
        _ => Ok(Exit::Done),
    }
}

pub(crate) fn failure(error: &io::Error) -> Failure {
    Failure::new(Exit::Store, format!("It cannot be written: {error}."), "")
}
