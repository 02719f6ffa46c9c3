//! What it costs a host to pass messages on: its CPU time for each delivery, over real sockets, beside the least that any
//! program could spend.
//!
//! ```text
//! cargo bench -p exchange-tests --bench fanout [-- [--quick] [--json] [NAME]...]
//! ```
//!
//! The *floor* is a bare tokio program that writes the same bytes to the same number of sockets, in the clear as the host
//! that it is compared with; *sealed* is a host as it usually is, by AES-GCM if the machine has instructions for that, and
//! *`ChaCha20`* the same with clients that have none. All are processes of their own on one core; on another, the generator
//! talks to each in turn and checks every delivery: one that is missing, doubled, misplaced or different for somebody is an
//! error. CPU time depends little on what else the machine does, and the ratio within a repetition least of all. As a test,
//! or with `--quick`, it only shows that all of it works.

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
