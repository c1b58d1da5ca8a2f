//! The thread that looks at the kernel's table: every second, and closely after a change.

use super::asked::Marks;
use super::compare::{self, Difference, Picture};
use super::desk::Desk;
use super::faults::{Blind, Fault, Faults};
use super::plan::Decided;
use super::{process, table};
use crate::clock;
use crate::core::time::{Duration, Moment};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// How often the table is looked at when nothing changes, at least; and how soon after a change again.
const SELDOM: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(1);
/// After a change the pause between two looks is this part of the time since.
const PART: u32 = 8;

/// What was seen.
pub struct Seen {
    /// Against what it was compared; everything in it had been pushed before the table was read.
    pub decided: Arc<Decided>,
    /// What the kernel had; `None`: the table could not be read.
    pub picture: Option<Picture>,
    /// What lasts.
    pub faults: Vec<Fault>,
}

/// Takes what was seen; false once nobody wants it.
pub type Sink = Box<dyn Fn(Seen) -> bool + Send>;

/// Starts it.
///
/// # Errors
/// If there is no thread to be had.
pub fn start(desk: Desk, runtime_dir: &Path, sink: Sink) -> io::Result<()> {
    let runtime_dir = runtime_dir.to_owned();
    let run = move || {
        let mut watcher = Watcher { runtime_dir, faults: Faults::default(), changed: clock::now() };
        let mut known: Arc<Decided> = Arc::default();
        let mut pause = SELDOM;
        loop {
            let decided = desk.wait_pushed(known.generation, pause);
            if decided.generation != known.generation {
                watcher.change(&known, &decided);
                known = Arc::clone(&decided);
            }
            if decided.plan.services.is_empty() {
                pause = SELDOM;
                continue;
            }
            let now = clock::now();
            let (seen, settled) = watcher.look(decided, now);
            if !sink(seen) {
                return;
            }
            pause = watcher.pause(settled, now);
        }
    };
    thread::Builder::new().name("watch".into()).spawn(run).map(drop)
}

struct Watcher {
    runtime_dir: PathBuf,
    faults: Faults,
    /// When the decision changed last.
    changed: Moment,
}

impl Watcher {
    fn change(&mut self, old: &Decided, new: &Decided) {
        self.changed = clock::now();
        if !Arc::ptr_eq(&old.plan, &new.plan) {
            self.faults.forget();
        }
    }

    /// What is seen now, and whether the kernel has followed.
    fn look(&mut self, decided: Arc<Decided>, now: Moment) -> (Seen, bool) {
        let table = table::read(Path::new(table::PATH));
        let compared = table.map(|table| compare::compare(&decided, &table));
        let settled = compared.as_ref().is_ok_and(|(_, differences)| differences.is_empty());
        let blind = match &compared {
            Err(e) => Some(Blind::NoTable(format!("{}: {e}", table::PATH))),
            Ok(_) => not_running(&decided),
        };
        let faults = match (blind, &compared) {
            (Some(blind), _) => self.faults.blinded(&decided, &blind, now),
            (None, Ok((_, differences))) => self.lasting(&decided, differences, now),
            (None, Err(_)) => Vec::new(),
        };
        (Seen { decided, picture: compared.ok().map(|(picture, _)| picture), faults }, settled)
    }

    fn lasting(&mut self, decided: &Decided, differences: &[Difference], now: Moment) -> Vec<Fault> {
        let unasked = compare::unasked(decided, &Marks::read(&self.runtime_dir), clock::boottime_ns());
        self.faults.update(decided, &[differences, &unasked].concat(), now)
    }

    fn pause(&self, settled: bool, now: Moment) -> Duration {
        match settled {
            true => SELDOM,
            false => (now.since(self.changed) / PART).clamp(SOON, SELDOM),
        }
    }
}

fn not_running(decided: &Decided) -> Option<Blind> {
    let pid_file = decided.plan.pid_file.as_ref().filter(|file| !process::runs(file))?;
    Some(Blind::NotRunning(pid_file.display().to_string()))
}
