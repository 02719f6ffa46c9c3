//! What hot paths cost in instructions, which are the same on every run: the frames, the machines, the wire, and a whole
//! simulated session.
//!
//! ```text
//! .ci/counts [check | write]
//! ```
//!
//! runs it under valgrind and compares with the counts of `tests/counts`. Each case does the same thing a number of times,
//! which it is named with there, so that what is odd about the first time does not count.

#![cfg_attr(target_os = "linux", allow(unused_qualifications, reason = "what the macros make of these functions"))]

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
use self::linux::{framing, hearing, hosting, sealing, simulating};

#[cfg(target_os = "linux")]
gungraun::main!(library_benchmark_groups = framing, hosting, hearing, sealing, simulating);

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark needs valgrind");
}
