//! What abuse costs those who mean no harm: how long their messages take, and what the host holds, while it goes on.
//!
//! ```text
//! cargo bench -p exchange-tests --bench abuse [-- [--quick] [--json] [--page] [NAME]...]
//! ```
//!
//! Ten clients talk in a room of a host over real sockets, all of them at a steady rate that does not wait for anything,
//! and each message is timed from the moment it was meant to be said until all the others were handed it. In turn nothing
//! else goes on, and one kind of abuse; a message that is missing, doubled or misplaced is an error. The host is a process
//! of its own on one core, with its default limits. On another are its clients and the abuser, a third process that runs
//! only when they do not: what it costs them is what it costs the host. All of it is in a network namespace of its own, in
//! which everybody has an address, because a host counts links by address, and those of its own machine not at all.
//!
//! `--page` writes the table into `tests/abuse`. As a test, or with `--quick`, it only shows that all of it works.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark needs the network namespaces of Linux");
}
