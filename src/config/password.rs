//! The monitor's password: where it is kept, and reading it again when it changes. Never printed.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A longer file is not a password.
const MAX_BYTES: u64 = 4096;

/// Where a password is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PasswordSource {
    /// A file of the password alone; absolute, or relative to the working directory.
    File(PathBuf),
    /// A credential handed over by systemd (`LoadCredential=`): a file in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// The user has none.
    None,
}

/// Why a password cannot be had.
#[derive(Debug, Error)]
pub enum PasswordFault {
    /// Not there, or not for us.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A folder, a device, a pipe.
    #[error("{} is not a file; put the password into one", .0.display())]
    NotAFile(PathBuf),
    /// The password is no secret.
    #[error("{} can be read by everyone (mode {mode:04o}); run chmod o= on it", path.display())]
    OthersCanRead {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Above 4 KiB.
    #[error("{} is longer than {MAX_BYTES} bytes; put the password alone into it", .0.display())]
    TooLong(PathBuf),
    /// Not UTF-8, or more than one line.
    #[error("{} holds more than one line of text; put the password alone into it", .0.display())]
    NotALine(PathBuf),
    /// Nothing in it.
    #[error("{} is empty; put the password into it, or remove password_file", .0.display())]
    Empty(PathBuf),
    /// Not started by systemd, or without the credential.
    #[error(
        "credential {0}: $CREDENTIALS_DIRECTORY is not set; start mppd from its unit with LoadCredential={0}:PATH"
    )]
    NoCredentials(String),
}

/// A password that follows its file.
pub struct Password {
    source: PasswordSource,
    read: Option<(Stamp, String)>,
}

/// What changes when a file does: device, inode, size, and its times of change with nanoseconds.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Password {
    /// A password that is not read yet.
    pub fn of(source: &PasswordSource) -> Password {
        Password { source: source.clone(), read: None }
    }

    /// The password as it is now; its file is read again only when it has changed. Empty if there is none.
    ///
    /// # Errors
    /// See [`PasswordFault`]; a file that was good and is not any more is a fault too.
    pub fn current(&mut self) -> Result<String, PasswordFault> {
        let Some(path) = self.path()? else { return Ok(String::new()) };
        let stamp = stamp(&examine(&path)?);
        match &self.read {
            Some((known, password)) if *known == stamp => Ok(password.clone()),
            _ => {
                let (stamp, password) = read(&path)?;
                self.read = Some((stamp, password.clone()));
                Ok(password)
            }
        }
    }

    /// The password as it last was good.
    pub fn last_good(&self) -> Option<&str> {
        self.read.as_ref().map(|(_, password)| password.as_str())
    }

    fn path(&self) -> Result<Option<PathBuf>, PasswordFault> {
        match &self.source {
            PasswordSource::File(path) => Ok(Some(path.clone())),
            PasswordSource::None => Ok(None),
            PasswordSource::Credential(name) => match std::env::var_os("CREDENTIALS_DIRECTORY") {
                Some(folder) => Ok(Some(Path::new(&folder).join(name))),
                None => Err(PasswordFault::NoCredentials(name.clone())),
            },
        }
    }
}

/// Whether a file may serve as a password file; its content is not looked at.
pub(super) fn examine(path: &Path) -> Result<Metadata, PasswordFault> {
    let metadata = std::fs::metadata(path).map_err(|e| unreadable(path, e))?;
    allowed(path, &metadata)?;
    Ok(metadata)
}

fn allowed(path: &Path, metadata: &Metadata) -> Result<(), PasswordFault> {
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() {
        Err(PasswordFault::NotAFile(path.to_owned()))
    } else if mode & 0o004 != 0 {
        Err(PasswordFault::OthersCanRead { path: path.to_owned(), mode })
    } else if metadata.len() > MAX_BYTES {
        Err(PasswordFault::TooLong(path.to_owned()))
    } else {
        Ok(())
    }
}

/// Reads the password, and the stamp of the very file it came from.
fn read(path: &Path) -> Result<(Stamp, String), PasswordFault> {
    // A pipe put there since the last look must not hold us up.
    let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
    let file: File = file.map_err(|e| unreadable(path, e))?;
    let metadata = file.metadata().map_err(|e| unreadable(path, e))?;
    allowed(path, &metadata)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(path, e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(PasswordFault::TooLong(path.to_owned()));
    }
    Ok((stamp(&metadata), line(path, bytes)?))
}

fn line(path: &Path, bytes: Vec<u8>) -> Result<String, PasswordFault> {
    let mut text = String::from_utf8(bytes).map_err(|_| PasswordFault::NotALine(path.to_owned()))?;
    text.truncate(text.strip_suffix('\n').map_or(text.len(), str::len));
    text.truncate(text.strip_suffix('\r').map_or(text.len(), str::len));
    match text {
        text if text.is_empty() => Err(PasswordFault::Empty(path.to_owned())),
        text if text.contains(['\n', '\r', '\0']) => Err(PasswordFault::NotALine(path.to_owned())),
        text => Ok(text),
    }
}

fn unreadable(path: &Path, error: io::Error) -> PasswordFault {
    PasswordFault::Unreadable { path: path.to_owned(), error }
}

fn stamp(m: &Metadata) -> Stamp {
    (m.dev(), m.ino(), m.len(), (m.mtime(), m.mtime_nsec()), (m.ctime(), m.ctime_nsec()))
}
