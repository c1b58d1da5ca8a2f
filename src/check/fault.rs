//! Why there is no answer; every one of them is DOWN.

use core::ffi::CStr;
use core::fmt;

use super::args::{Ask, Usage};
use super::line::{Seconds, Shown};
use crate::state::fault::StateFault;

/// Why there is no answer: one line that names the thing, the value and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault<'a> {
    /// The command line can't be understood.
    Usage(Usage<'a>),
    /// The system does not give us the file; with its error number.
    File(&'a CStr, i32),
    /// The state is not one we can use.
    State(&'a CStr, StateFault),
    /// The state has no verdict for what was asked.
    Verdict(Ask<'a>, StateFault),
    /// The kernel does not show the id of this boot.
    NoBootId,
    /// The heartbeat is too old.
    Stale {
        /// The state's file.
        path: &'a CStr,
        /// How old it is, ns.
        age_ns: u64,
        /// How old it may be, ns.
        limit_ns: u64,
    },
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Usage(usage) => usage.fmt(out),
            Self::File(path, error) => file_fault(out, path, error),
            Self::State(path, fault) => write!(out, "{}: {fault}", shown(path)),
            Self::Verdict(ask, fault) => {
                let (pool, node) = (Shown(ask.pool), Shown(ask.node));
                write!(out, "{} of pool {pool} node {node}: {fault}", ask.role.name())
            }
            Self::NoBootId => {
                out.write_str("/proc/sys/kernel/random/boot_id can't be read: is /proc mounted here?")
            }
            Self::Stale { path, age_ns, limit_ns } => write!(
                out,
                "{}: no heartbeat for {} (at most {}): check that mppd is running",
                shown(path),
                Seconds(age_ns),
                Seconds(limit_ns)
            ),
        }
    }
}

/// Linux' error numbers that have a remedy of their own.
fn file_fault(out: &mut fmt::Formatter<'_>, path: &CStr, error: i32) -> fmt::Result {
    const ENOENT: i32 = 2;
    const EACCES: i32 = 13;
    const ENODEV: i32 = 19;
    const EISDIR: i32 = 21;
    let path = shown(path);
    match error {
        ENOENT => write!(out, "{path}: no such file: check that mppd is running, or give --state"),
        EACCES => write!(out, "{path}: permission denied: the file is to be 0644, its directory 0755"),
        ENODEV | EISDIR => write!(out, "{path}: not a regular file: check the path"),
        _ => write!(out, "{path}: the system says error {error}"),
    }
}

fn shown(path: &CStr) -> Shown<'_> {
    Shown(path.to_bytes())
}
