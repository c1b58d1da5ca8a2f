//! What time alone brings: stuck pollers, flags that run out, and how often each node is polled.

use super::event::{Action, Author, Flag, Severity, What};
use super::observation::{Answer, Observation};
use super::pool::Pool;
use super::time::{Duration, Moment};
use super::words::NodeId;

/// Asked at doubling intervals, a server that gives no greeting is asked at least this often.
const SLOWEST: Duration = Duration::from_secs(10);

impl Pool {
    pub(super) fn tick(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            if self.overdue_at(node) <= now {
                self.observe(node, Observation { began: now, ended: now, answer: Answer::Overdue }, now);
            }
        }
        self.expire_flags(now);
    }

    pub(super) fn overdue_at(&self, node: NodeId) -> Moment {
        let n = &self.memory.nodes[node];
        n.quiet_since + n.pace + self.settings.nodes[node].pace.timeout * 2
    }

    fn expire_flags(&mut self, now: Moment) {
        let over = |flag: &Flag| flag.until.is_some_and(|until| until <= now);
        if self.memory.pause.as_ref().is_some_and(over) {
            self.end_pause(&Author { who: "mppd".into(), why: Some("its time is over".into()) }, now);
        }
        for node in 0..self.memory.nodes.len() {
            let n = &mut self.memory.nodes[node];
            if n.drain.as_ref().or(n.drain_wanted.as_ref()).is_some_and(|d| over(&d.flag)) {
                (n.drain, n.drain_wanted) = (None, None);
                let reason = "the time of the drain is over".to_owned();
                self.note(What::Command, Severity::Notice, Some(node), reason);
            }
        }
    }

    /// Whoever slept has heard nothing: nobody is late for it, and what was asked is asked again.
    pub(super) fn deaf(&mut self, now: Moment) {
        self.memory.deaf_until = now;
        for n in &mut self.memory.nodes {
            n.quiet_since = now;
        }
        self.peers.await_again(now);
        self.anew(now);
    }

    /// The pace a node is to be polled at.
    pub fn pace(&self, node: NodeId) -> Duration {
        let settings = &self.settings.nodes[node].pace;
        let n = &self.memory.nodes[node];
        let held = self.holds(node) && self.held().is_some();
        if n.failed() || held {
            return doubled(settings.interval, n.silent);
        }
        let holder_in_trouble = self.holder().is_some_and(|h| h != node && self.memory.nodes[h].errors > 0);
        let urgent = n.offline() || holder_in_trouble || self.in_handover(node);
        if urgent { settings.retry_interval } else { settings.interval }
    }

    pub(super) fn set_paces(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            let pace = self.pace(node);
            let n = &mut self.memory.nodes[node];
            if n.pace != pace {
                n.pace = pace;
                n.quiet_since = n.quiet_since.max(now);
                self.actions.push(Action::Pace(node, pace));
            }
        }
    }
}

/// The interval, doubled for each connection in a row that got no greeting.
fn doubled(interval: Duration, silent: u32) -> Duration {
    let factor = 1u32.checked_shl(silent.saturating_sub(1)).unwrap_or(u32::MAX);
    interval.saturating_mul(factor).min(SLOWEST.max(interval))
}
