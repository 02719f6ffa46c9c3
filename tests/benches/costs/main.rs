//! What it costs a host to pass messages on, beside the least that any program could spend and beside what others do who
//! pass messages on: real processes, real sockets, and every delivery looked at.
//!
//! ```text
//! cargo bench -p exchange-tests --bench costs [-- [--quick] [--page] [--only SYSTEM]... [NAME]...]
//! ```
//!
//! Each system is a process on one core; on another, the generator talks to all of them in turn and checks every delivery:
//! one that is missing, doubled, misplaced or different is an error, and no figure. What counts is the CPU time of the
//! server for a delivery. It depends little on what else the machine does, and its ratio to the *floor* within a repetition
//! least of all: that is a bare epoll program that writes the same bytes to the same number of sockets. `--page` writes
//! `tests/costs`. As a test, or with `--quick`, it only shows that all of it works.
//!
//! Redis, NATS and mosquitto take part where they are installed; `--only` has no other systems take part than those whose
//! names contain this, or who is called just that.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark reads CPU times as only Linux tells them");
}
