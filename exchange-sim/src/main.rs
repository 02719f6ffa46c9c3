//! The program `exchange-sim`: finds seeds that fail, makes them small, and shows what happened.
//!
//! | file | holds |
//! |---|---|
//! | `cli/args` | what can be typed after `exchange-sim` |
//! | `cli/run`, `soak`, `shrink`, `explain`, `determinism` | one command each, and its like |
//! | `cli/driver` | seeds of the driver around the machines |
//! | `cli/case` | a scenario and where it came from |
//! | `cli/picture` | the page that `--html` writes |
//! | `cli/crew`, `tally` | seeds run on all cores; what came of them together |
//! | `cli/stopwatch` | the only place that reads real time |
//! | `cli/hush`, `exit` | panics that are findings; how the program ends |

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
