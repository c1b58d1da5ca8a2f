//! The published state: mapped once, and again when another file takes its place.

use crate::clock;
use crate::core::time::{Duration, Moment};
use crate::state::reader::{Header, View};
use crate::state::{Mapping, StateFault};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How often the path is looked at, for a file that was removed or put in place without a word in the old one.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The published state at a path.
pub(super) struct Published {
    path: PathBuf,
    boot_id: [u8; 16],
    /// Never waited for: one thread uses it, and holds it across no wait.
    mapped: Mutex<Mapped>,
}

/// What the path led to when it was looked at last.
struct Mapped {
    mapping: Result<Arc<Mapping>, String>,
    identity: Option<(u64, u64)>,
    looked: Option<Moment>,
}

/// A state as it is now.
pub(super) struct Reading<'a> {
    /// To look things up in.
    pub(super) view: View<'a>,
    /// The numbers of its header.
    pub(super) header: Header,
    /// Since mppd's last sign of life.
    pub(super) age: Duration,
}

impl Reading<'_> {
    /// For how long mppd has been silent, if that is longer than `stale.after`.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        (self.age > self.stale_after()).then_some(self.age)
    }

    /// `stale.after`.
    pub(super) fn stale_after(&self) -> Duration {
        Duration::from_nanos(self.header.stale_after_ns)
    }
}

impl Published {
    /// At this path, in this boot.
    pub(super) fn new(path: PathBuf, boot_id: [u8; 16]) -> Published {
        let mapped = Mapped { mapping: Err(String::new()), identity: None, looked: None };
        Published { path, boot_id, mapped: Mutex::new(mapped) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has `look` look at the state.
    ///
    /// # Errors
    /// In words, naming the file: it is missing, damaged, or of before a reboot.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Reading<'_>) -> T) -> Result<T, String> {
        let fault = |fault: StateFault| format!("{}: {fault}", self.path.display());
        let mut mapping = self.current(false)?;
        if mapping.is_replaced() {
            mapping = self.current(true)?;
        }
        let view = mapping.view().map_err(fault)?;
        // The heartbeat before the clock: the other way round, one given in between is from the future.
        let header = view.header().map_err(fault)?;
        let age = header.age_ns(clock::boottime_ns(), &self.boot_id).map_err(fault)?;
        Ok(look(&Reading { view, header, age: Duration::from_nanos(age) }))
    }

    fn current(&self, is_replaced: bool) -> Result<Arc<Mapping>, String> {
        let mut mapped = self.mapped.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if is_replaced || mapped.looked.is_none_or(|looked| now.since(looked) >= LOOK_EVERY) {
            mapped.look(&self.path, is_replaced);
            mapped.looked = Some(now);
        }
        mapped.mapping.clone()
    }
}

impl Mapped {
    fn look(&mut self, path: &Path, is_replaced: bool) {
        // Before it is opened: what comes in between is found at the next look.
        let identity = fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
        if is_replaced || self.mapping.is_err() || identity != self.identity {
            self.mapping = Mapping::open(path).map(Arc::new).map_err(|e| e.to_string());
            self.identity = identity;
        }
    }
}
