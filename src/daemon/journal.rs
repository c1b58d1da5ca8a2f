//! What happened: the last events, in memory, for `mpp events`.

use crate::alert::Line;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many events are kept; older ones are in syslog.
const KEPT: usize = 10_000;
/// How many events a follower is given at a time, so that copying them never holds the decider up.
const AT_A_TIME: usize = 256;

/// The last events. The decider adds; clients read and wait.
#[derive(Default)]
pub(super) struct Journal {
    events: Mutex<VecDeque<Arc<Line>>>,
    added: Condvar,
}

impl Journal {
    /// Adds an event; the oldest goes when there are too many.
    pub(super) fn add(&self, line: Arc<Line>) {
        let mut events = self.lock();
        if events.len() == KEPT {
            events.pop_front();
        }
        events.push_back(line);
        drop(events);
        self.added.notify_all();
    }

    /// The number of the newest event; 0 before the first.
    pub(super) fn newest(&self) -> u64 {
        self.lock().back().map_or(0, |e| e.seq)
    }

    /// The next events after number `seq`, oldest first; none if there are none yet.
    pub(super) fn after(&self, seq: u64) -> Vec<Arc<Line>> {
        let events = self.lock();
        let start = events.partition_point(|e| e.seq <= seq);
        events.range(start..).take(AT_A_TIME).map(Arc::clone).collect()
    }

    /// The same, waiting up to `patience` for one to come.
    pub(super) fn wait_after(&self, seq: u64, patience: Duration) -> Vec<Arc<Line>> {
        let nothing_new = |events: &mut VecDeque<Arc<Line>>| events.back().is_none_or(|e| e.seq <= seq);
        let waited = self.added.wait_timeout_while(self.lock(), patience, nothing_new);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.after(seq)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Line>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
