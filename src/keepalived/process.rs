//! Whether keepalived runs.

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs;
use std::path::Path;

/// Whether the process that this file names is there, and is keepalived as far as that can be seen: `/proc` may hide
/// the processes of others.
pub fn runs(pid_file: &Path) -> bool {
    let text = fs::read_to_string(pid_file).unwrap_or_default();
    let Some(pid) = text.trim().parse::<i32>().ok().filter(|pid| *pid > 0) else { return false };
    let there = matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM));
    let name = fs::read_to_string(format!("/proc/{pid}/comm"));
    there && name.map_or(true, |name| name.trim_end() == "keepalived")
}
