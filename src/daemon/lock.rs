//! One daemon a runtime directory.

use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Held as long as the daemon lives; the kernel lets go of it when the daemon dies.
pub(super) struct Lock {
    _file: Flock<File>,
}

/// Takes the lock, making the directory if only its last component is missing.
///
/// # Errors
/// In words: the directory cannot be used, or another daemon runs.
pub(super) fn take(runtime_dir: &Path) -> Result<Lock, String> {
    let fail = |what: &str, e: io::Error| format!("{what} {}: {e}", runtime_dir.display());
    match fs::create_dir(runtime_dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(fail("can't make runtime_dir", e)),
        _ => {}
    }
    let path = runtime_dir.join("mppd.lock");
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).read(true).write(true).open(&path);
    let file = file.map_err(|e| fail("can't write to runtime_dir", e))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut file) => {
            _ = file.set_len(0);
            _ = writeln!(file, "{}", std::process::id());
            Ok(Lock { _file: file })
        }
        Err(_) => {
            let pid = fs::read_to_string(&path).unwrap_or_default();
            let dir = runtime_dir.display();
            Err(format!("another mppd (pid {}) runs with runtime_dir {dir}; stop it first", pid.trim()))
        }
    }
}
