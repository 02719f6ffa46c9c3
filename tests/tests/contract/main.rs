//! What every runtime promises the driver, and what the driver promises on every runtime: one suite, and a column of it for
//! each runtime there is.
//!
//! A case is one async function, generic over the runtime. It looks at what a user can see, waits for events and never
//! sleeps; time that would have to pass is skipped. When it ends, nothing that it has begun may be left: no task, no
//! socket, no alarm.
//!
//! Every case is also run on a runtime with the fault that it has to notice, and has to fail there: these are the tests
//! called `broken`. What no fault of a runtime breaks is broken in the driver, by `.ci/contract-mutations`.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod bed;
mod cases;
mod changing;
mod column;
mod deadline;
#[allow(dead_code, unreachable_pub, reason = "it is written for a program of its own")]
#[path = "../../../exchange-driver/examples/smol/adapter.rs"]
mod smol_adapter;
mod table;

mod callbacks;
mod cancelling;
mod clock;
mod codes;
mod connecting;
mod counting;
mod dropping;
mod events;
mod frames;
mod keeping;
mod leaks;
mod listener;
mod moderating;
mod paging;
mod people;
mod reconnecting;
mod shutdown;
mod signals;
mod slow_peers;
mod strangers;
mod streams;
mod talking;
mod timer;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Conclusion};

use self::{
    column::{CurrentThread, MultiThread, OnAsyncStd, OnSmol, Simulator},
    table::Table,
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    deadline::keep_quiet_about_panics();
    let mut table = Table::default();
    table.add::<CurrentThread>();
    table.add::<MultiThread>();
    table.add::<OnAsyncStd>();
    table.add::<OnSmol>();
    table.add::<Simulator>();
    table.add_broken::<Simulator, CurrentThread>();
    let trials = table.trials();
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    if is_whole {
        print!("{table}");
    }
    conclusion.exit_code()
}
