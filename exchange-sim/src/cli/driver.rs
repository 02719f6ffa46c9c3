//! Seeds of the driver: the code around the machines, on simulated machines. They have plans of their own, which are told
//! when one fails.

use std::io::Write;

use exchange_sim::{
    Counts,
    driver::run::{Summary, run as drive, shrink},
};

use super::{
    exit::{Done, Exit},
    hush::hushed,
    tally::Outcome,
};

pub(crate) fn run(seed: u64, out: &mut impl Write) -> Done {
    writeln!(out, "seed {seed} of the driver")?;
    match drive(seed) {
        Ok(Summary { digest, polls, messages, delivered, lasted }) => {
            writeln!(out, "fine")?;
            write!(out, "{polls} polls, {messages} messages posted and {delivered} delivered ")?;
            writeln!(out, "in {:.1} s; digest {digest:016x}", lasted.as_secs_f64())?;
            Ok(Exit::Fine)
        }
        Err(failure) => {
            writeln!(out, "VIOLATION: {}", hushed(|| shrink(failure)))?;
            writeln!(out, "What took no part in it is left out above.")?;
            writeln!(out, "again: {}", again(seed))?;
            Ok(Exit::Found)
        }
    }
}

/// As one of many.
pub(crate) fn outcome(seed: u64) -> Outcome {
    match drive(seed) {
        Ok(Summary { digest, polls, messages, delivered, .. }) => {
            let (posted, delivered) = (messages as u64, delivered as u64);
            let counts = Counts { events: polls, posted, delivered, ..Counts::default() };
            Outcome { counts, digest, marks: None, violation: None, again: again(seed) }
        }
        Err(failure) => Outcome::bad(failure.what, again(seed)),
    }
}

fn again(seed: u64) -> String {
    format!("exchange-sim run --layer driver --seed {seed}")
}
