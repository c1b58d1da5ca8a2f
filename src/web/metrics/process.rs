//! Metrics of this process, by the names that every exporter has for them.

use super::sheet::{NO_LABELS, Sheet};
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use std::{fmt, fs};

/// What the kernel does not say is left out.
pub(super) fn write(sheet: &mut Sheet<'_>) -> fmt::Result {
    let alone = |value: Option<u64>| value.map(|value| (NO_LABELS, value));
    sheet.gauge(
        "process_resident_memory_bytes",
        "Resident memory of this mpp-web.",
        alone(pages().map(|pages| pages * unit(SysconfVar::PAGE_SIZE))),
    )?;
    sheet.counter(
        "process_cpu_seconds",
        "Processor time of this mpp-web, user and system.",
        ticks().map(|ticks| (NO_LABELS, ticks as f64 / unit(SysconfVar::CLK_TCK) as f64)),
    )?;
    sheet.gauge("process_open_fds", "Descriptors that this mpp-web has open.", alone(open()))?;
    let limit = getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft);
    sheet.gauge("process_max_fds", "How many descriptors this mpp-web may have open.", alone(limit))
}

/// Resident pages.
fn pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

/// User and system time, in clock ticks.
fn ticks() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may hold spaces; what follows it does not.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn open() -> Option<u64> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count() as u64)
}

fn unit(of: SysconfVar) -> u64 {
    // Every Linux has them; 1 keeps a division whole.
    sysconf(of).ok().flatten().and_then(|value| u64::try_from(value).ok()).unwrap_or(1)
}
