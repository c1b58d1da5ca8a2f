//! The files of a configuration.

use super::glob;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where files come from.
pub trait Files {
    /// The files that a pattern means, in order.
    fn matching(&self, pattern: &Path) -> Vec<PathBuf>;
    /// The text of a file.
    ///
    /// # Errors
    /// It can't be read, keepalived would not read it, or it has more than `limit` bytes.
    fn read(&self, path: &Path, limit: usize) -> Result<String, Unread>;
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// keepalived reads regular files only.
    #[error("not a regular file")]
    Kind,
    /// keepalived reads no file that somebody may execute.
    #[error("executable; chmod a-x")]
    Executable,
    /// More bytes than are looked at.
    #[error("larger than {0} bytes")]
    Large(usize),
}

/// One text, whatever it is called, that includes nothing.
pub struct Alone<'t>(pub &'t str);

impl Files for Alone<'_> {
    fn matching(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    fn read(&self, _: &Path, limit: usize) -> Result<String, Unread> {
        if self.0.len() > limit { Err(Unread::Large(limit)) } else { Ok(self.0.to_owned()) }
    }
}

/// The files of this machine.
pub struct Disk;

impl Files for Disk {
    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        glob::matching(pattern)
    }

    fn read(&self, path: &Path, limit: usize) -> Result<String, Unread> {
        // Without O_NONBLOCK a FIFO of that name would be waited for.
        let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Unread::Kind);
        }
        if metadata.permissions().mode() & 0o111 != 0 {
            return Err(Unread::Executable);
        }
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(Unread::Large(limit));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
