//! A state's file mapped into memory.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::{fmt, io, slice};

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::atomics::AtomicU64;
use super::fault::StateFault;
use super::reader::View;
use super::snapshot::Snapshot;

/// A file mapped as words, shared with every process that maps it.
#[derive(Debug)]
pub(super) struct SharedWords {
    start: NonNull<AtomicU64>,
    len: NonZeroUsize,
}

// SAFETY: the mapping belongs to the value, not to a thread, and its words are atomics.
unsafe impl Send for SharedWords {}
// SAFETY: as above; only shared references to atomics are handed out.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// Maps the first `len` bytes of `file`, which must have that many.
    pub(super) fn map(file: &File, len: NonZeroUsize, protection: ProtFlags) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let start = unsafe { mmap(None, len, protection, MapFlags::MAP_SHARED, file, 0) }?;
        Ok(SharedWords { start: start.cast(), len })
    }

    /// The words; a last part of a word is left out.
    pub(super) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping starts at a page, holds `len` bytes, and lives as long as `self`.
        // Any bit pattern is a word. Other processes change it with atomic stores only; in a
        // read-only mapping only loads of eight bytes happen, which are plain loads on every
        // 64-bit processor. A file that is cut short by force ends the process with SIGBUS.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len.get() / 8) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: `map` made this mapping, and no reference into it outlives `self`. It can't fail.
        let _ = unsafe { munmap(self.start.cast(), self.len.get()) };
    }
}

/// A published state, mapped read-only. Keep it as long as [`Mapping::is_replaced`] says no.
#[derive(Debug)]
pub struct Mapping {
    words: SharedWords,
    len: u64,
}

impl Mapping {
    /// Maps the state at `path` and checks its header.
    pub fn open(path: &Path) -> Result<Mapping, ReadError> {
        let failed = |error| ReadError::Io { path: path.to_owned(), error };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("not a regular file")));
        }
        let has = metadata.len();
        let len = usize::try_from(has).ok().and_then(NonZeroUsize::new);
        let len = len.ok_or_else(|| ReadError::fault(path, StateFault::TooShort { has }))?;
        let words = SharedWords::map(&file, len, ProtFlags::PROT_READ).map_err(failed)?;
        let mapping = Mapping { words, len: has };
        mapping.view().map_err(|fault| ReadError::fault(path, fault))?;
        Ok(mapping)
    }

    /// The state, to read from.
    pub fn view(&self) -> Result<View<'_>, StateFault> {
        View::check(self.words.words(), self.len)
    }

    /// Whether a new file takes this one's place: map the path again then. A fault says yes.
    ///
    /// For a moment the path may still lead to this file; it says yes again then.
    pub fn is_replaced(&self) -> bool {
        let header = self.view().and_then(|view| view.header());
        header.is_ok_and(|header| header.replaced) || header.is_err()
    }
}

impl Snapshot {
    /// Reads the state at `path`, whether its writer lives or not.
    ///
    /// Through a mapping: a plain read of a file that is being written could catch half a record.
    pub fn read(path: &Path) -> Result<Snapshot, ReadError> {
        let mapping = Mapping::open(path)?;
        let snapshot = mapping.view().and_then(|view| Snapshot::of(&view));
        snapshot.map_err(|fault| ReadError::fault(path, fault))
    }
}

/// Why a state's file can't be read; names the file.
#[derive(Debug)]
pub enum ReadError {
    /// The system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said; its kind tells a missing file from others.
        error: io::Error,
    },
    /// The file is not a state this reader can use.
    Fault {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: StateFault,
    },
}

impl ReadError {
    fn fault(path: &Path, fault: StateFault) -> Self {
        Self::Fault { path: path.to_owned(), fault }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(out, "{}: {error}", path.display()),
            Self::Fault { path, fault } => write!(out, "{}: {fault}", path.display()),
        }
    }
}

impl std::error::Error for ReadError {}
