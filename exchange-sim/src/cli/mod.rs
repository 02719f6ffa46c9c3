//! The program. What each file holds is told in `main.rs`.

mod args;
mod case;
mod crew;
mod determinism;
mod driver;
mod exit;
mod explain;
mod hush;
mod picture;
mod run;
mod shrink;
mod soak;
mod stopwatch;
mod tally;

use std::{
    io::{self, BufWriter, Write as _},
    process::ExitCode,
};

use clap::Parser as _;

use self::{
    args::{Arguments, Command},
    exit::Failure,
};

pub(crate) fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    hush::prepare();
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match command {
        Command::Run(arguments) => run::run(&arguments, &mut out),
        Command::Replay(arguments) => run::replay(&arguments, &mut out),
        Command::Soak(arguments) => soak::soak(&arguments, &mut out),
        Command::Shrink(arguments) => shrink::shrink(&arguments, &mut out),
        Command::Explain(arguments) => explain::explain(&arguments, &mut out),
        Command::Html(arguments) => explain::html(&arguments, &mut out),
        Command::Determinism(arguments) => determinism::determinism(&arguments, &mut out),
    };
    let done = done.and_then(|exit| out.flush().map(|()| exit).map_err(Failure::from));
    match done {
        Ok(exit) => exit.into(),
        Err(Failure { exit, what }) => {
            if !what.is_empty() {
                // Without standard error, nobody can be told.
                let _ = writeln!(io::stderr(), "exchange-sim: {what}");
            }
            exit.into()
        }
    }
}
