//! The kernel's settings, as /proc/sys has them.

use std::fs;
use std::path::Path;

/// The value of `net.ipv4.ip_forward`, say; `None`: it is not there, or can't be read.
pub fn sysctl(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new("/proc/sys").join(name.replace('.', "/"))).ok()?;
    Some(text.trim().to_owned())
}
