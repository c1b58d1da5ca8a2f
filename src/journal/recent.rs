//! The last events, in memory: the decider adds, clients and the disk's thread read and wait.

use crate::alert::Line;
use crate::core::time::Moment;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many events are kept; also how many can wait for the disk.
pub(super) const KEPT: usize = 10_000;
/// How many events are given at a time, so that copying them never holds the decider up.
const AT_A_TIME: usize = 256;

/// The last events, and how far the disk is with them.
#[derive(Default)]
pub(super) struct Recent {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Numbered one after the other.
    events: VecDeque<Arc<Line>>,
    /// The number of the newest, also if it was of a former mppd.
    newest: u64,
    /// Up to which number the disk has them.
    written: u64,
    /// How many went before the disk had them.
    dropped: u64,
    /// Since when the disk has been busy.
    writing: Option<Moment>,
}

impl Recent {
    /// Events so far had these numbers, and are not here.
    pub(super) fn go_on_from(&self, seq: u64) {
        let mut state = self.lock();
        (state.newest, state.written) = (seq, seq);
    }

    /// Adds an event; the oldest goes when there are too many.
    pub(super) fn add(&self, line: Arc<Line>) {
        let mut state = self.lock();
        if state.events.len() == KEPT
            && let Some(oldest) = state.events.pop_front()
            && oldest.seq > state.written
        {
            state.dropped += 1;
        }
        state.newest = line.seq;
        state.events.push_back(line);
        drop(state);
        self.changed.notify_all();
    }

    /// The number of the newest event; before the first, of a former mppd's last, or 0.
    pub(super) fn newest(&self) -> u64 {
        self.lock().newest
    }

    /// The number of the oldest event that is here; of the next one if there is none.
    pub(super) fn oldest(&self) -> u64 {
        let state = self.lock();
        state.events.front().map_or(state.newest + 1, |line| line.seq)
    }

    /// The next events after number `seq`, oldest first; none if there are none yet.
    pub(super) fn after(&self, seq: u64) -> Vec<Arc<Line>> {
        let state = self.lock();
        let start = state.events.partition_point(|line| line.seq <= seq);
        state.events.range(start..).take(AT_A_TIME).map(Arc::clone).collect()
    }

    /// The last events before number `seq`, newest first.
    pub(super) fn before(&self, seq: u64) -> Vec<Arc<Line>> {
        let state = self.lock();
        let end = state.events.partition_point(|line| line.seq < seq);
        state.events.range(..end).rev().take(AT_A_TIME).map(Arc::clone).collect()
    }

    /// Waits up to `patience` for an event after number `seq`.
    pub(super) fn wait_after(&self, seq: u64, patience: Duration) {
        self.wait(patience, |state| state.newest > seq);
    }

    /// Waits up to `patience` for something the disk has not got; whether there is something.
    pub(super) fn wait_unwritten(&self, patience: Duration) -> bool {
        self.wait(patience, |state| state.newest > state.written)
    }

    /// Waits up to `patience` until the disk has everything.
    pub(super) fn wait_written(&self, patience: Duration) {
        self.wait(patience, |state| state.newest <= state.written);
    }

    /// The disk is busy from now on.
    pub(super) fn disk_begins(&self, now: Moment) {
        self.lock().writing = Some(now);
    }

    /// It no longer is.
    pub(super) fn disk_ends(&self) {
        self.lock().writing = None;
    }

    /// Since when the disk has been busy.
    pub(super) fn writing_since(&self) -> Option<Moment> {
        self.lock().writing
    }

    /// The disk has all up to number `seq`; how many it never got since this was last said.
    pub(super) fn written(&self, seq: u64) -> u64 {
        let mut state = self.lock();
        state.written = seq;
        let dropped = std::mem::take(&mut state.dropped);
        drop(state);
        self.changed.notify_all();
        dropped
    }

    fn wait(&self, patience: Duration, enough: impl Fn(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), patience, |state| !enough(state));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        enough(&state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
