//! The file a daemon publishes in: made aside, complete, then renamed into place.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, posix_fallocate};
use nix::sys::mman::ProtFlags;

use super::atomics::Ordering;
use super::image::{Image, WriteError};
use super::layout::header;
use super::map::{Mapping, SharedWords};
use super::record::{FileSpec, PoolRecord};

/// The one writer of a state. Who else might write the same path is the caller's to rule out.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    image: Image,
    words: SharedWords,
    is_revealed: bool,
    /// Device and inode of the file.
    identity: (u64, u64),
    /// Fingerprint of everything that never changes.
    fixed: u64,
}

impl Writer {
    /// Makes PATH.new, mode 0644, with all its space allocated; readers do not see it yet.
    ///
    /// What a killed predecessor left there is replaced.
    pub fn create(path: &Path, spec: &FileSpec) -> Result<Writer, WriteError> {
        let image = Image::plan(spec)?;
        let aside = aside(path);
        let failed = |what, error| WriteError::Io { what, path: aside.clone(), error };
        let file = open_anew(&aside).map_err(|error| failed("create", error))?;
        let len = usize::try_from(image.size()).ok().and_then(NonZeroUsize::new);
        let len = len.ok_or(WriteError::TooBig)?;
        let allocated = allocate(&file, image.size())
            .and_then(|()| SharedWords::map(&file, len, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE));
        let words = allocated.map_err(|error| {
            // Best effort: the next writer replaces it anyway.
            let _ = fs::remove_file(&aside);
            failed("allocate", error)
        })?;
        let identity = identity(&file.metadata().map_err(|error| failed("look at", error))?);
        let mut writer =
            Writer { path: path.to_owned(), image, words, is_revealed: false, identity, fixed: 0 };
        writer.image.write(writer.words.words(), spec)?;
        writer.fixed = writer.fingerprint();
        Ok(writer)
    }

    /// Publishes `record` for pool number `pool` by one store, its verdicts and its memory together.
    ///
    /// Refuses a record that does not fit the pool; then nothing has changed.
    pub fn publish(&mut self, pool: usize, record: &PoolRecord) -> Result<(), WriteError> {
        self.image.publish(self.words.words(), pool, record)
    }

    /// What pool number `pool` remembers, as published last. Errors: no such pool, or its place in the file is spoilt.
    pub fn memory(&self, pool: usize) -> Result<Vec<u8>, WriteError> {
        self.image.memory(self.words.words(), pool)
    }

    /// Notes a sign of life at CLOCK_BOOTTIME `boottime_ns`; at least one before [`Self::reveal`].
    pub fn heartbeat(&self, boottime_ns: u64) {
        self.image.heartbeat(self.words.words(), boottime_ns);
    }

    /// Whether readers of the path find this state, whole: nobody has removed it, put something else in its place, or
    /// written over what never changes (what does change is written again soon). Cheap enough to ask every second.
    pub fn is_in_place(&self) -> bool {
        let metadata = fs::symlink_metadata(&self.path);
        let ours = |m: &fs::Metadata| identity(m) == self.identity && m.len() == self.image.size();
        metadata.is_ok_and(|m| ours(&m)) && self.fingerprint() == self.fixed
    }

    fn fingerprint(&self) -> u64 {
        let end = usize::try_from(self.image.fixed_len() / 8).unwrap_or(usize::MAX);
        let changing = [header::HEARTBEAT / 8, header::REPLACED / 8];
        let mut hasher = DefaultHasher::new();
        for (n, word) in self.words.words().iter().take(end).enumerate() {
            if !changing.contains(&(n as u64)) {
                word.load(Ordering::Relaxed).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// Renames PATH.new over PATH, once, having told the readers of the file that was there.
    ///
    /// Refuses while a pool has not been published or no heartbeat been given.
    pub fn reveal(&mut self) -> Result<(), WriteError> {
        self.image.check_complete(self.words.words())?;
        if self.is_revealed {
            return Ok(());
        }
        let aside = aside(&self.path);
        mark_former(&self.path);
        fs::rename(&aside, &self.path).map_err(|error| {
            let what = "put in place";
            WriteError::Io { what, path: aside, error }
        })?;
        self.is_revealed = true;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.is_revealed {
            // Best effort: the next writer replaces it anyway.
            let _ = fs::remove_file(aside(&self.path));
        }
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Where the new file is made.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    aside.into()
}

/// Creates the file, removing one that is there; never follows a link.
fn open_anew(aside: &Path) -> io::Result<File> {
    match fs::remove_file(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o644);
    let file = options.custom_flags(OFlag::O_NOFOLLOW.bits()).open(aside)?;
    // The mode above went through the umask, and keepalived's script user must be able to read.
    file.set_permissions(Permissions::from_mode(0o644))?;
    Ok(file)
}

/// Takes all the space now: a full file system is an error here, later it would be a SIGBUS.
fn allocate(file: &File, len: u64) -> io::Result<()> {
    let len = i64::try_from(len).map_err(io::Error::other)?;
    Ok(posix_fallocate(file, 0, len)?)
}

/// Tells the readers of the state at `path`, if there is one, to look at the path again.
///
/// Before the rename: a writer killed in between must not leave readers with the old file for ever.
/// One that looks too early finds the old file once more, marked as before. Best effort, because
/// readers see a heartbeat that has stopped, too.
fn mark_former(path: &Path) {
    if Mapping::open(path).is_ok()
        && let Ok(file) = OpenOptions::new().write(true).open(path)
    {
        let _ = file.write_all_at(&1_u64.to_le_bytes(), header::REPLACED);
    }
}
