//! Where a published state lies.

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use std::io;
use std::path::Path;

/// Whether what lies in this directory, or will once it is made, lies in memory. Elsewhere a store into the mapped state may
/// wait for the disk: the kernel holds up whoever touches a page that is just being written back.
///
/// # Errors
/// Neither the directory nor its parent can be looked at.
pub fn is_in_memory(dir: &Path) -> io::Result<bool> {
    let nearest = if dir.exists() { dir } else { dir.parent().unwrap_or(dir) };
    Ok(statfs(nearest)?.filesystem_type() == TMPFS_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_memory_is_known_before_it_is_made() {
        for (dir, is_in_memory_there) in [("/dev/shm", true), ("/dev/shm/none", true), ("/proc", false)] {
            assert_eq!(is_in_memory(Path::new(dir)).ok(), Some(is_in_memory_there), "{dir}");
        }
        is_in_memory(Path::new("/none/none")).expect_err("nothing there");
    }
}
