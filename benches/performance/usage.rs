//! What a process takes of the machine, as the kernel has it.

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::fs;
use std::time::Duration;

/// Processor time it has used since its start, all threads, to the nanosecond.
pub fn cpu(pid: Pid) -> Duration {
    let clock = clock_getcpuclockid(pid).expect("its clock");
    clock_gettime(clock).expect("its time").into()
}

/// A line of /proc/PID/status: kilobytes, or a number of threads.
pub fn status(pid: Pid, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'));
    let number = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no {key} of process {pid}"))
}

/// Resident memory, megabytes of 10^6 bytes: its own, and all (with the published state and the program itself).
pub fn resident(pid: Pid) -> (f64, f64) {
    let mb = |key| status(pid, key) * 1024.0 / 1e6;
    (mb("RssAnon"), mb("VmRSS"))
}
