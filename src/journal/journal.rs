//! Memory and disk as one: events by their numbers, whichever of the two has them.

use super::files::{Files, Order};
use super::filter::Filter;
use super::recent::Recent;
use crate::alert::Line;
use crate::clock;
use crate::control::events::Page;
use crate::control::protocol::{Code, Failure};
use crate::core::time::Moment;
use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How many may read the files at a time: one whose disk hangs must not take all clients' places.
const READERS: usize = 8;
/// How long the disk may take before it is told, and no longer asked.
const HANGS: Duration = Duration::from_secs(10);
/// How long the end of the daemon waits for the disk.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// What happened. The decider adds, and never waits; clients read.
pub struct Journal {
    pub(super) recent: Recent,
    pub(super) files: Files,
    readers: AtomicUsize,
    left: AtomicBool,
}

impl Journal {
    /// An empty one, over the files of this directory.
    pub(super) fn of(state_dir: &Path) -> Journal {
        let (recent, files) = (Recent::default(), Files::of(state_dir));
        Journal { recent, files, readers: AtomicUsize::new(0), left: AtomicBool::new(false) }
    }

    /// Adds an event, whose number is above all before it.
    pub fn add(&self, line: Arc<Line>) {
        self.recent.add(line);
    }

    /// The number of the newest event; before the first, of a former mppd's last, or 0.
    pub fn newest(&self) -> u64 {
        self.recent.newest()
    }

    /// The next events after number `seq` that are in memory, oldest first, 256 at most; none if there are none yet.
    pub fn after(&self, seq: u64) -> Vec<Arc<Line>> {
        self.recent.after(seq)
    }

    /// Waits up to `patience` for an event after number `seq`.
    pub fn wait_after(&self, seq: u64, patience: Duration) {
        self.recent.wait_after(seq, patience);
    }

    /// The number before the oldest event in memory: who follows from there sees what this mppd has told.
    pub fn before_memory(&self) -> u64 {
        self.recent.oldest() - 1
    }

    /// Whether the disk has taken nothing for so long that it must be told.
    pub fn hangs(&self, now: Moment) -> bool {
        self.recent.writing_since().is_some_and(|since| now.since(since) >= HANGS)
    }

    /// Waits until everything is on disk, a moment at most.
    pub fn finish(&self) {
        self.recent.wait_written(LAST_MOMENT);
    }

    /// From now on the files are another daemon's: no more is written.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// The newest events that are wanted, at most `most`, oldest first; `more`: there are older ones.
    ///
    /// # Errors
    /// If too many read the files just now.
    pub fn newest_page(&self, filter: &Filter, most: usize) -> Result<Page, Failure> {
        let mut page = Page { seq: self.newest(), ..Page::default() };
        let mut before = page.seq + 1;
        let mut take = |events: &mut Vec<Value>, line: &Line| {
            let wanted = filter.wants(line);
            page.more |= wanted && events.len() == most;
            if wanted && !page.more {
                events.extend(serde_json::to_value(line));
            }
            !page.more
        };
        let mut events = Vec::new();
        let mut hungry = true;
        while hungry {
            let batch = self.recent.before(before);
            let Some(oldest) = batch.last() else { break };
            before = oldest.seq;
            hungry = batch.iter().all(|line| take(&mut events, line));
        }
        if hungry {
            let each = |line: Line| take(&mut events, &line);
            page.faults = self.read_files(&(0..before), Order::NewestFirst, each)?;
        }
        events.reverse();
        page.events = events;
        Ok(page)
    }

    /// The events after number `after` that are wanted, at most `most`, oldest first; `more`: there may be newer ones. A
    /// number that was not given yet is of another journal: then they begin with what this mppd has told.
    ///
    /// # Errors
    /// If too many read the files just now.
    pub fn page_after(&self, after: u64, filter: &Filter, most: usize) -> Result<Page, Failure> {
        let after = if after > self.newest() { self.before_memory() } else { after };
        let mut page = Page { seq: after, ..Page::default() };
        while page.events.len() < most {
            let oldest = self.recent.oldest();
            if page.seq + 1 < oldest {
                let span = page.seq + 1..oldest;
                let take = |line: Line| page.take(filter, &line, most);
                let faults = self.read_files(&span, Order::OldestFirst, take)?;
                page.faults.extend(faults);
                if page.events.len() < most {
                    page.seq = oldest - 1;
                }
                continue;
            }
            let batch = self.recent.after(page.seq);
            if batch.is_empty() {
                return Ok(page);
            }
            _ = batch.iter().all(|line| page.take(filter, line, most));
        }
        page.more = true;
        Ok(page)
    }

    fn read_files(
        &self,
        span: &Range<u64>,
        order: Order,
        each: impl FnMut(Line) -> bool,
    ) -> Result<Vec<String>, Failure> {
        if self.hangs(clock::now()) {
            let dir = self.files.dir().display();
            return Ok(vec![format!("{dir}: the disk hangs; only what is in memory is shown")]);
        }
        let reader = Reader(&self.readers);
        if self.readers.fetch_add(1, Ordering::Relaxed) >= READERS {
            let dir = self.files.dir().display();
            let text = format!("{READERS} clients read {dir} already, or its disk hangs; try again");
            return Err(Failure::new(Code::Busy, text));
        }
        let faults = self.files.read(span, order, each);
        drop(reader);
        Ok(faults)
    }
}

/// One of those who read the files.
struct Reader<'j>(&'j AtomicUsize);

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Page {
    /// Takes an event in if it is wanted; false when the page is full.
    fn take(&mut self, filter: &Filter, line: &Line, most: usize) -> bool {
        if self.events.len() == most {
            return false;
        }
        self.seq = line.seq;
        if filter.wants(line) {
            self.events.extend(serde_json::to_value(line));
        }
        true
    }
}
