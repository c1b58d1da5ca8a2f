//! One daemon a runtime directory.

use crate::state::Snapshot;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Held as long as the daemon lives; the kernel lets go of it when the daemon dies. It is the directory itself that is
/// locked: a lock file could be removed, and a second daemon would find the way free.
pub(super) struct Lock {
    _directory: Flock<File>,
}

/// Takes the lock, making the directory if only its last component is missing.
///
/// # Errors
/// In words: the directory cannot be used, or another daemon runs.
pub(super) fn take(runtime_dir: &Path) -> Result<Lock, String> {
    let dir = runtime_dir.display();
    let fail = |what: &str, e: io::Error| format!("can't {what} runtime_dir {dir}: {e}");
    match fs::create_dir(runtime_dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(fail("make", e)),
        _ => {}
    }
    let directory = File::open(runtime_dir).map_err(|e| fail("open", e))?;
    match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
        Ok(directory) => Ok(Lock { _directory: directory }),
        Err((_, Errno::EWOULDBLOCK)) => Err(match Snapshot::read(&runtime_dir.join("state")) {
            Ok(state) => {
                format!("another mppd (pid {}) runs with runtime_dir {dir}; stop it first", state.header.pid)
            }
            Err(_) => format!("another mppd runs with runtime_dir {dir}; stop it first"),
        }),
        Err((_, errno)) => Err(fail("lock", errno.into())),
    }
}
