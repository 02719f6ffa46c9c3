//! How many system calls a process makes while something is done, as `perf` counts them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const EVENT: &str = "raw_syscalls:sys_enter";

/// The system calls of that process while that is done; `None` where they cannot be counted.
pub(super) fn during(process: u32, work: impl FnOnce() -> io::Result<()>) -> io::Result<Option<f64>> {
    let folder = tempfile::tempdir()?;
    let [orders, answers] = ["orders", "answers"].map(|name| folder.path().join(name));
    let Some((mut counter, mut orders, mut answers)) = start(process, [&orders, &answers])? else {
        return work().map(|()| None);
    };
    let mut order = |order: &[u8]| orders.write_all(order).and_then(|()| answers.read_exact(&mut [0; 4]));
    order(b"enable\n")?;
    let done = work();
    order(b"disable\n")?;
    let pid = Pid::from_raw(i32::try_from(counter.id()).map_err(io::Error::other)?);
    kill(pid, Signal::SIGINT)?;
    let mut told = String::new();
    if let Some(stderr) = &mut counter.stderr {
        stderr.read_to_string(&mut told)?;
    }
    counter.wait()?;
    done?;
    let line = told.lines().find(|line| line.contains(EVENT));
    Ok(line.and_then(|line| line.split(',').next()?.parse().ok()))
}

/// `perf`, which counts when it is told to over the one pipe, and says over the other that it does; `None` if there is
/// none, or it may not.
fn start(process: u32, [orders, answers]: [&Path; 2]) -> io::Result<Option<(Child, File, File)>> {
    for pipe in [orders, answers] {
        nix::unistd::mkfifo(pipe, nix::sys::stat::Mode::S_IRWXU)?;
    }
    let control = format!("fifo:{},{}", orders.display(), answers.display());
    // Open at both ends, so that nobody waits for the other to open theirs.
    let open = |path| OpenOptions::new().read(true).write(true).open(path);
    let (orders, answers) = (open(orders)?, open(answers)?);
    let is_counted =
        Command::new("perf").args(["stat", "-e", EVENT, "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !is_counted.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let counter = Command::new("perf")
        .args(["stat", "-x", ",", "-e", EVENT, "-D", "-1", "--control", &control, "-p", &process.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok(Some((counter, orders, answers)))
}
