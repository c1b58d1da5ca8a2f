//! Whether keepalived runs.

use std::fs;
use std::path::Path;

/// Whether the process that this file names is keepalived.
pub fn runs(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let name = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
    name.is_some_and(|name| name.trim_end() == "keepalived")
}
