//! Adding events to the files: whole lines, on the disk when it returns, the oldest file removed when there are too many.

use super::recent::KEPT;
use super::segment::{self, FULL, Segment};
use crate::alert::Line;
use nix::sys::statvfs::statvfs;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much is kept, bytes: 100,000 events and more, some months of a troubled pool.
const KEEP: u64 = 64 << 20;
/// So much of the disk is left to what must survive a reboot, bytes: a history is worth less than who is ACTIVE.
const SPARE: u64 = 16 << 20;

/// The end of the files.
pub(super) struct Appender {
    dir: PathBuf,
    file: Option<Open>,
    /// The number of the last event in the files; 0 if there is none.
    last: u64,
    /// It is the last that its mppd told.
    clean: bool,
}

/// The last file.
struct Open {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Appender {
    /// Finds the end, and cuts off what a crash has left of a last line. Directories are made, of `state_dir` only the
    /// last component.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn open(state_dir: &Path, dir: &Path) -> io::Result<Appender> {
        make(state_dir)?;
        if make(dir)? {
            fs::set_permissions(dir, Permissions::from_mode(0o755))?;
        }
        let mut appender = Appender { dir: dir.to_owned(), file: None, last: 0, clean: true };
        for segment in segment::list(dir)?.into_iter().rev() {
            let contents = segment.read()?;
            if appender.file.is_none() {
                appender.file = Some(Open::cut(&segment, contents.whole)?);
            }
            if let Some(last) = contents.lines.last() {
                appender.last = appender.last.max(last.seq);
                appender.clean &= last.event == "stopped";
                break;
            }
            // Its first event was to have this number, and did not arrive whole.
            appender.last = appender.last.max(segment.first.saturating_sub(1));
            appender.clean = false;
        }
        Ok(appender)
    }

    /// The number of the last event in the files.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// From what number on a new mppd counts, so that none is given twice: after a crash as many may have been told that
    /// are not in the files as could wait for the disk.
    pub(super) fn goes_on_from(&self) -> u64 {
        if self.clean { self.last } else { self.last + KEPT as u64 }
    }

    /// Whether the file is still where it was: somebody may have removed it.
    pub(super) fn is_in_place(&self) -> bool {
        let identity = |m: fs::Metadata| (m.dev(), m.ino());
        self.file.as_ref().is_none_or(|open| {
            let there = fs::metadata(&open.path).map(identity).ok();
            there.is_some() && there == open.file.metadata().map(identity).ok()
        })
    }

    /// Adds these, and waits until they are on the disk.
    ///
    /// # Errors
    /// What the file system says: some of them may have been added, one perhaps by half. Open it anew then.
    pub(super) fn add(&mut self, lines: &[Arc<Line>]) -> io::Result<()> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(()) };
        let mut bytes = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut bytes, &**line)?;
            bytes.push(b'\n');
        }
        self.leave_room(bytes.len() as u64)?;
        let open = self.file_for(first.seq)?;
        open.file.write_all(&bytes)?;
        open.file.sync_data()?;
        open.len += bytes.len() as u64;
        self.last = last.seq;
        Ok(())
    }

    fn leave_room(&self, wanted: u64) -> io::Result<()> {
        let disk = statvfs(&self.dir)?;
        let free = disk.blocks_available().saturating_mul(disk.fragment_size());
        if free >= SPARE + wanted {
            return Ok(());
        }
        let text = format!("less than {} MiB free, which are left to memory.json", SPARE >> 20);
        Err(io::Error::new(ErrorKind::StorageFull, text))
    }

    fn file_for(&mut self, seq: u64) -> io::Result<&mut Open> {
        let open = match self.file.take() {
            Some(open) if open.len < FULL => open,
            _ => self.begin(seq)?,
        };
        Ok(self.file.insert(open))
    }

    fn begin(&self, seq: u64) -> io::Result<Open> {
        let open = Open::cut(&Segment::beginning_with(seq, &self.dir), 0)?;
        open.file.set_permissions(Permissions::from_mode(0o644))?;
        let mut segments = segment::list(&self.dir)?;
        // What is open now is not removed.
        segments.pop();
        let mut room = KEEP - FULL;
        for segment in segments.into_iter().rev() {
            let len = fs::metadata(&segment.path)?.len();
            match room.checked_sub(len) {
                Some(left) => room = left,
                None => fs::remove_file(&segment.path)?,
            }
        }
        File::open(&self.dir)?.sync_all()?;
        Ok(open)
    }
}

impl Open {
    /// A file, made if it is not there, of which only so much is kept.
    fn cut(segment: &Segment, whole: u64) -> io::Result<Open> {
        let file = OpenOptions::new().append(true).create(true).mode(0o644).open(&segment.path)?;
        if file.metadata()?.len() > whole {
            file.set_len(whole)?;
        }
        Ok(Open { path: segment.path.clone(), file, len: whole })
    }
}

/// Makes a directory; false if it is there.
fn make(dir: &Path) -> io::Result<bool> {
    match fs::create_dir(dir) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}
