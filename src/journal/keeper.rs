//! The thread that carries events from memory to the disk. Nobody waits for it: what it has not written is in memory, and
//! what went from there meanwhile is counted and told.

use super::appender::Appender;
use super::journal::Journal;
use crate::clock::{self, Clocks, unix_ms};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// How long the start waits for the disk to say what number was last.
const START: Duration = Duration::from_secs(1);
/// How long after a write that failed the next is tried.
const RETRY: Duration = Duration::from_secs(10);
/// How long to sleep where nothing happens.
const LOOK: Duration = Duration::from_secs(60);

/// Tells people: severity, words.
type Tell = Box<dyn Fn(&'static str, String) + Send>;

/// Starts the thread. Numbers go on from the last that was written; where the disk does not say which, from the time of
/// day in milliseconds, which is above all that were counted.
///
/// # Errors
/// If there is no thread to be had.
pub fn start(state_dir: &Path, tell: Tell) -> io::Result<Arc<Journal>> {
    let journal = Arc::new(Journal::of(state_dir));
    let (found, last) = sync_channel(1);
    let keeper = Keeper {
        journal: Arc::clone(&journal),
        state_dir: state_dir.to_owned(),
        tell,
        appender: None,
        ailing: false,
    };
    thread::Builder::new().name("journal".into()).spawn(move || keeper.run(found))?;
    let last = last.recv_timeout(START).unwrap_or_else(|_| unix_ms(Clocks::read().wall()));
    journal.recent.go_on_from(last);
    Ok(journal)
}

struct Keeper {
    journal: Arc<Journal>,
    state_dir: PathBuf,
    tell: Tell,
    /// Where the next events go; none: to be found out.
    appender: Option<Appender>,
    /// Writing failed last time, and that was told.
    ailing: bool,
}

impl Keeper {
    /// Tells `found` from what number on to count, if that can be found; then writes for as long as the files are ours.
    fn run(mut self, found: SyncSender<u64>) {
        let journal = Arc::clone(&self.journal);
        journal.recent.disk_begins(clock::now());
        // If that fails, the first write will say why.
        if let Ok(appender) = self.open() {
            _ = found.try_send(appender.goes_on_from());
            self.appender = Some(appender);
        }
        drop(found);
        journal.recent.disk_ends();
        loop {
            let unwritten = journal.recent.wait_unwritten(LOOK);
            if journal.is_left() {
                return;
            }
            if !unwritten {
                continue;
            }
            journal.recent.disk_begins(clock::now());
            let result = self.write();
            journal.recent.disk_ends();
            self.tell_of(&result);
            if result.is_err() {
                thread::sleep(RETRY);
            }
        }
    }

    fn open(&self) -> io::Result<Appender> {
        Appender::open(&self.state_dir, self.journal.files.dir())
    }

    /// Writes the next of what is not written yet; how many events were dropped before. If somebody removed the files,
    /// everything that is in memory is written again.
    fn write(&mut self) -> io::Result<u64> {
        let mut appender = match self.appender.take() {
            Some(appender) if appender.is_in_place() => appender,
            _ => self.open()?,
        };
        let recent = &self.journal.recent;
        let newest = recent.newest();
        let lines = recent.after(appender.last());
        appender.add(&lines)?;
        self.appender = Some(appender);
        Ok(recent.written(lines.last().map_or(newest, |line| line.seq)))
    }

    fn tell_of(&mut self, result: &io::Result<u64>) {
        let was = std::mem::replace(&mut self.ailing, result.is_err());
        let dir = self.journal.files.dir().display();
        let not_there = |dropped: u64| match dropped {
            0 => String::new(),
            n => format!("; {n} events that waited for it too long are not there, but in syslog"),
        };
        match result {
            Err(e) if !was => {
                let text = format!("can't write {dir}: {e}; events are kept in memory, the last 10,000");
                (self.tell)("warning", text);
            }
            Ok(dropped) if was => {
                (self.tell)("notice", format!("{dir} is written again{}", not_there(*dropped)));
            }
            Ok(dropped) if *dropped > 0 => {
                (self.tell)("warning", format!("{dir}: the disk is too slow{}", not_there(*dropped)));
            }
            _ => {}
        }
    }
}
