//! How the program ends, for people and for scripts.

use std::{io, path::Path, process::ExitCode};

/// What the program ends with. Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine,
    /// A violation, or something that had to be there and was not.
    Found,
    Usage,
    /// A file that cannot be read or written.
    File,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::File => 3,
        }
    }

    pub(crate) fn found(anything: bool) -> Self {
        if anything { Self::Found } else { Self::Fine }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what it was asked: one sentence.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into() }
    }

    pub(crate) fn of_file(verb: &str, path: &Path, why: impl std::fmt::Display) -> Self {
        Self::new(Exit::File, format!("cannot {verb} {}: {why}", path.display()))
    }
}

impl From<io::Error> for Failure {
    /// Standard output does not take it. If its reader has gone away, as `head` does, it had what it wanted.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Fine, "");
        }
        Self::new(Exit::File, format!("cannot write to standard output: {error}"))
    }
}

pub(crate) type Done = Result<Exit, Failure>;
