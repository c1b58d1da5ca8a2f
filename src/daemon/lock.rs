//! One daemon a runtime directory.

use crate::state::Snapshot;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Held as long as the daemon lives; the kernel lets go of it when the daemon dies. It is the directory itself that is
/// locked: a lock file could be removed, and a second daemon would find the way free.
pub(super) struct Lock {
    path: PathBuf,
    directory: Flock<File>,
    held: Held,
}

/// For other threads: whether the directory is still the one that is locked.
#[derive(Clone)]
pub(super) struct Held {
    path: PathBuf,
    identity: Arc<Mutex<Option<Identity>>>,
}

/// Device and inode.
type Identity = (u64, u64);

impl Held {
    /// False once another daemon may have taken the directory.
    pub(super) fn is_ours(&self) -> bool {
        let ours = *self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        ours.is_some() && ours == identity(fs::metadata(&self.path))
    }
}

fn identity(metadata: io::Result<Metadata>) -> Option<Identity> {
    metadata.map(|m| (m.dev(), m.ino())).ok()
}

impl Lock {
    /// Takes the lock, making the directory if only its last component is missing.
    ///
    /// # Errors
    /// In words: the directory cannot be used, or another daemon runs.
    pub(super) fn take(path: &Path) -> Result<Lock, String> {
        let dir = path.display();
        let fail = |what: &str, e: io::Error| format!("can't {what} runtime_dir {dir}: {e}");
        match fs::create_dir(path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(fail("make", e)),
            _ => {}
        }
        let directory = File::open(path).map_err(|e| fail("open", e))?;
        match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
            Ok(directory) => {
                let identity = Arc::new(Mutex::new(identity(directory.metadata())));
                let held = Held { path: path.to_owned(), identity };
                Ok(Lock { path: path.to_owned(), directory, held })
            }
            Err((_, Errno::EWOULDBLOCK)) => Err(match Snapshot::read(&path.join("state")) {
                Ok(state) => {
                    format!(
                        "another mppd (pid {}) runs with runtime_dir {dir}; stop it first",
                        state.header.pid
                    )
                }
                Err(_) => format!("another mppd runs with runtime_dir {dir}; stop it first"),
            }),
            Err((_, errno)) => Err(fail("lock", errno.into())),
        }
    }

    /// Somebody may have removed the directory: then it is made and locked anew.
    ///
    /// # Errors
    /// As for [`Lock::take`]; a directory that another daemon has taken meanwhile is no longer ours.
    pub(super) fn renew(&mut self) -> Result<(), String> {
        let (ours, there) = (identity(self.directory.metadata()), identity(fs::metadata(&self.path)));
        if ours.is_none() || ours != there {
            self.directory = Lock::take(&self.path)?.directory;
            let mut known = self.held.identity.lock().unwrap_or_else(PoisonError::into_inner);
            *known = identity(self.directory.metadata());
        }
        Ok(())
    }

    /// For other threads.
    pub(super) fn held(&self) -> Held {
        self.held.clone()
    }
}
