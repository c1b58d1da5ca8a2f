//! What the writes of a probe mean for the polls of its node.

use super::outcome::Outcome;
use crate::clock::now;
use crate::core::observation::Answer;
use crate::core::time::{Duration, Moment, Short};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of a node's writes: the node's poller looks here, and its probe, if it has one, writes here.
#[derive(Default)]
pub struct Watched(Mutex<Option<Arc<Health>>>);

/// What one probe has found.
pub(super) struct Health {
    limit: Duration,
    read_only_counts: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// A write is out, since then.
    out: Option<Moment>,
    /// Why the last write failed.
    failed: Option<String>,
}

impl Watched {
    /// What a poll's answer counts as: a server that answers and takes no write lives, but does not serve.
    pub fn judge(&self, answer: Answer) -> Answer {
        let health = self.lock().clone();
        match (answer, health) {
            (Answer::Online(facts), Some(health)) => match health.fault() {
                Some(why) => Answer::Saturated(format!("write probe: {why}")),
                None => Answer::Online(facts),
            },
            (answer, _) => answer,
        }
    }

    /// From now on this probe's findings count, and no other's; `None`: nobody's.
    pub(super) fn set(&self, health: Option<Arc<Health>>) {
        *self.lock() = health;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Health>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    /// Nothing is known yet. A write may take so long; a read-only server counts as one that fails, or does not.
    pub(super) fn new(limit: Duration, read_only_counts: bool) -> Health {
        Health { limit, read_only_counts, state: Mutex::default() }
    }

    /// A write is sent.
    pub(super) fn begin(&self) {
        self.lock().out = Some(now());
    }

    /// What came of it. Where nothing was written for no fault of the server's, the last word stands: if it cannot be
    /// reached, the polls tell.
    pub(super) fn end(&self, outcome: &Outcome) {
        let mut state = self.lock();
        state.out = None;
        match outcome {
            Outcome::Written | Outcome::Blind(_) => state.failed = None,
            Outcome::ReadOnly(why) => state.failed = self.read_only_counts.then(|| why.clone()),
            Outcome::Failed(why) => state.failed = Some(why.clone()),
            Outcome::Unreached => {}
        }
    }

    /// Why the node does not serve; `None`: it does, as far as is known.
    pub(super) fn fault(&self) -> Option<String> {
        let state = self.lock();
        let out = state.out.map(|since| now().since(since)).filter(|out| *out > self.limit);
        out.map(|out| format!("no answer for {}", Short(out))).or_else(|| state.failed.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_after(read_only_counts: bool, outcomes: &[Outcome]) -> Option<String> {
        let health = Health::new(Duration::from_secs(5), read_only_counts);
        outcomes.iter().for_each(|outcome| {
            health.begin();
            health.end(outcome);
        });
        health.fault()
    }

    #[test]
    fn the_last_word_counts_and_an_operators_mistake_is_no_fault_of_the_servers() {
        let full = || Outcome::Failed("1114 full".into());
        assert_eq!(fault_after(true, &[]), None);
        assert_eq!(fault_after(true, &[full()]).as_deref(), Some("1114 full"));
        assert_eq!(fault_after(true, &[full(), Outcome::Unreached]).as_deref(), Some("1114 full"));
        assert_eq!(fault_after(true, &[full(), Outcome::Written]), None);
        assert_eq!(fault_after(true, &[full(), Outcome::Blind("1146".into())]), None);
        let closed = || Outcome::ReadOnly("read-only".into());
        assert!(fault_after(true, &[closed()]).is_some() && fault_after(false, &[closed()]).is_none());
    }

    #[test]
    fn a_write_that_does_not_come_back_is_a_failed_one() {
        let health = Health::new(Duration::ZERO, true);
        health.begin();
        std::thread::sleep(Duration::from_millis(2));
        assert!(health.fault().is_some_and(|why| why.starts_with("no answer for ")));
    }
}
