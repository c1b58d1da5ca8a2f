//! What must survive a reboot, in `state_dir`. A thread of its own writes it: no decision waits for the disk.
//!
//! The epoch is written as a mark ahead of use. After a reboot the pool goes on from the mark, so that an epoch is never
//! used twice, whatever had been written of it.

use super::memory;
use super::message::{Mailbox, Message};
use crate::clock;
use crate::core::pool::Memory;
use crate::core::time::Moment;
use serde::ser::{Error, Serializer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The version of the file.
const VERSION: u32 = 1;
/// How far ahead of use the epoch is marked: far more changes of ACTIVE than there can be before the next write.
const AHEAD: u64 = 1000;
/// The largest file that is read, bytes: many times what 10,000 nodes take.
const LARGEST: u64 = 256 << 20;
/// How long after a write that failed the next is tried.
const RETRY: Duration = Duration::from_secs(10);
/// How long one write may take before it is told.
const HANGS: Duration = Duration::from_secs(10);

/// What is written: every pool, and when.
#[derive(Serialize, Deserialize)]
pub(super) struct Record<M = Memory> {
    version: u32,
    /// When, on the clock of the boot it was written in.
    pub(super) then: Moment,
    /// By name.
    pub(super) pools: BTreeMap<String, M>,
}

impl Record<Published> {
    /// These pools as they are now.
    pub(super) fn of(pools: BTreeMap<String, Published>) -> Record<Published> {
        Record { version: VERSION, then: clock::now(), pools }
    }
}

/// A memory as it was published. Written with its epoch marked ahead, for which one at a time is unfolded: on the thread
/// that writes, for the decider has no time for it.
pub(super) struct Published(pub(super) Vec<u8>);

impl Serialize for Published {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut memory = memory::from_bytes(&self.0).map_err(S::Error::custom)?;
        memory.epoch = memory.epoch.saturating_add(2 * AHEAD) / AHEAD * AHEAD;
        memory.serialize(serializer)
    }
}

/// Where the newest record waits for the disk. A newer one takes its place: nobody wants the older.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<(Mutex<Slot>, Condvar)>);

#[derive(Default)]
struct Slot {
    record: Option<Record<Published>>,
    /// Since when the disk has been busy with one.
    writing: Option<Moment>,
}

impl Desk {
    /// Hands a record over; never waits for the disk.
    pub(super) fn put(&self, record: Record<Published>) {
        self.lock().record = Some(record);
        self.0.1.notify_one();
    }

    /// Whether the disk has not taken a record for so long that it must be told.
    pub(super) fn hangs(&self, now: Moment) -> bool {
        self.lock().writing.is_some_and(|since| now.since(since) >= HANGS)
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Record<Published> {
        let mut slot = self.lock();
        loop {
            if let Some(record) = slot.record.take() {
                slot.writing = Some(clock::now());
                return record;
            }
            slot = self.0.1.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn written(&self) {
        self.lock().writing = None;
    }
}

/// Starts the thread that writes to `state_dir`, making the directory if only its last component is missing.
///
/// # Errors
/// If there is no thread to be had.
pub(super) fn start(state_dir: &Path, mailbox: Mailbox) -> io::Result<Desk> {
    let desk = Desk::default();
    let (records, path) = (desk.clone(), file(state_dir));
    let run = move || {
        let mut told = false;
        loop {
            let result = write(&path, &records.take());
            records.written();
            if result.is_err() != told {
                _ = mailbox.send(Message::Written(word(&path, &result)));
            }
            told = result.is_err();
            if told {
                thread::sleep(RETRY);
            }
        }
    };
    thread::Builder::new().name("persist".into()).spawn(run)?;
    Ok(desk)
}

/// How writing goes, where that has changed.
fn word(path: &Path, result: &io::Result<()>) -> Result<String, String> {
    let path = path.display();
    match result {
        Ok(()) => Ok(format!("{path} is written again")),
        Err(e) => {
            Err(format!("can't write {path}: {e}; a reboot now would bring back what was written last"))
        }
    }
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("memory.json")
}

fn former(path: &Path) -> PathBuf {
    path.with_extension("json.former")
}

/// Whole or not at all: a new file beside it, on the disk, then in its place. The one before stays as a spare.
fn write(path: &Path, record: &Record<Published>) -> io::Result<()> {
    let fresh = path.with_extension("json.new");
    let dir = path.parent().unwrap_or(Path::new("/"));
    if let Err(e) = fs::create_dir(dir)
        && e.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(e);
    }
    let mut file = BufWriter::new(File::create(&fresh)?);
    serde_json::to_writer(&mut file, record)?;
    file.into_inner()?.sync_all()?;
    // The first time there is none.
    _ = fs::rename(path, former(path));
    fs::rename(&fresh, path)?;
    File::open(dir)?.sync_all()
}

/// What was written last, and in words what of it could not be read.
#[derive(Default)]
pub(super) struct Found {
    /// The newest record that can be read; none if nothing ever was written, or nothing can be read.
    pub(super) record: Option<Record>,
    /// What is wrong with the newest.
    pub(super) fault: Option<String>,
}

/// Reads what was written last, or else the time before.
pub(super) fn read(state_dir: &Path) -> Found {
    let path = file(state_dir);
    let before = |fault: Option<String>| match read_one(&former(&path)) {
        Ok(record) => Found { record, fault },
        Err(why) => Found { record: None, fault: Some(fault.unwrap_or(why)) },
    };
    match read_one(&path) {
        Ok(Some(record)) => Found { record: Some(record), fault: None },
        // A write had come as far as its first rename.
        Ok(None) => before(None),
        Err(why) => before(Some(why)),
    }
}

fn read_one(path: &Path) -> Result<Option<Record>, String> {
    let bytes = match fs::metadata(path) {
        // Nothing of ours, and somebody might be waited for who never writes.
        Ok(meta) if !meta.is_file() => return Err(format!("{}: not a regular file", path.display())),
        Ok(meta) if meta.len() > LARGEST => {
            return Err(format!("{}: {} bytes, at most {LARGEST}", path.display(), meta.len()));
        }
        Ok(_) => fs::read(path),
        Err(e) => Err(e),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(format!("{}: {e}", path.display())),
    };
    let record: Record = serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    if record.version != VERSION {
        return Err(format!("{}: version {}, this mppd reads {VERSION}", path.display(), record.version));
    }
    Ok(Some(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pool::Pool;
    use crate::core::settings::PoolSettings;

    fn record(epoch: u64) -> Record<Published> {
        let mut memory = Pool::new(PoolSettings::named("db"), Moment(7)).memory().clone();
        memory.epoch = epoch;
        Record::of(BTreeMap::from([("db".to_owned(), Published(memory::to_bytes(&memory, Vec::new())))]))
    }

    #[test]
    fn what_is_written_reads_back_and_a_broken_file_falls_back_to_the_one_before() {
        let dir = tempfile::tempdir().expect("a directory");
        let state_dir = dir.path().join("state");
        let then = |found: &Found| found.record.as_ref().map(|r| r.then);
        assert!(read(&state_dir).record.is_none() && read(&state_dir).fault.is_none(), "nothing yet");
        let (first, second) = (record(0), Record { then: Moment(9), ..record(0) });
        write(&file(&state_dir), &first).expect("written");
        write(&file(&state_dir), &second).expect("written");
        assert_eq!(then(&read(&state_dir)), Some(Moment(9)));
        for broken in
            ["", "{\"version\":1,\"then\":", "\u{0}\u{1}", "{\"version\":2,\"then\":1,\"pools\":{}}"]
        {
            fs::write(file(&state_dir), broken).expect("spoilt");
            let found = read(&state_dir);
            assert_eq!(then(&found), Some(first.then), "{broken}");
            assert!(found.fault.is_some_and(|why| why.contains("memory.json: ")), "{broken}");
        }
        let huge = File::create(file(&state_dir)).expect("a file");
        huge.set_len(LARGEST + 1).expect("a hole");
        assert!(
            then(&read(&state_dir)).is_some()
                && read(&state_dir).fault.is_some_and(|why| why.contains("at most"))
        );
        fs::remove_file(file(&state_dir)).expect("removed");
        nix::unistd::mkfifo(&file(&state_dir), nix::sys::stat::Mode::S_IRWXU)
            .expect("a pipe that nobody writes to");
        assert!(
            then(&read(&state_dir)).is_some()
                && read(&state_dir).fault.is_some_and(|why| why.contains("regular"))
        );
        fs::remove_file(file(&state_dir)).expect("removed, as between two renames");
        assert!(then(&read(&state_dir)).is_some() && read(&state_dir).fault.is_none());
        fs::write(former(&file(&state_dir)), "x").expect("spoilt");
        assert!(read(&state_dir).record.is_none() && read(&state_dir).fault.is_some());
    }

    #[test]
    fn an_epoch_is_marked_ahead_of_use() {
        for (used, mark) in [(0, 2000), (1, 2000), (999, 2000), (1000, 3000), (1001, 3000)] {
            let text = serde_json::to_string(&record(used)).expect("JSON");
            assert_eq!(serde_json::from_str::<Record>(&text).expect("a record").pools["db"].epoch, mark);
        }
    }

    #[test]
    fn a_memory_that_was_spoilt_is_not_written_over_a_whole_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("memory.json");
        write(&path, &record(0)).expect("written");
        let spoilt = Record::of(BTreeMap::from([("db".to_owned(), Published(b"{".to_vec()))]));
        assert!(write(&path, &spoilt).is_err());
        assert!(read(dir.path()).record.is_some_and(|r| r.pools.contains_key("db")));
    }
}
