//! What a process holds of its machine, as Linux tells it; elsewhere, nothing.

use std::{fs, process};

/// Bytes of this process that are in memory.
pub fn resident() -> u64 {
    resident_of(process::id())
}

/// Bytes of that process that are in memory.
pub fn resident_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib =
        line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.trim().parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// Descriptors that are open.
pub fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
