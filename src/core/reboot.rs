//! Taking a pool up again after a reboot: what was written to disk, carried over to the clock of this boot.

use super::checkpoint::Checkpoint;
use super::gate::Orders;
use super::node::{Node, Standing};
use super::pool::{Memory, Pool, Seat};
use super::settings::PoolSettings;
use super::time::{Duration, Moment, Short};

/// After a reboot: who was ACTIVE is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Grace {
    /// At most until then.
    pub until: Moment,
}

/// A move from the clock of one boot to that of another, on which `then` is `now`: time spent switched off counts
/// for nothing.
#[derive(Clone, Copy, Debug)]
pub struct Carry {
    /// When the memory was written, on the clock of its boot.
    pub then: Moment,
    /// Now, on the clock of this one.
    pub now: Moment,
}

impl Carry {
    fn over(self, at: &mut Moment) {
        *at = if *at > self.then { self.now + at.since(self.then) } else { self.now - self.then.since(*at) };
    }
}

impl Pool {
    /// A pool as it was before a reboot: epoch, flags, failures, who was ACTIVE, how stale each member was and what the
    /// ACTIVE node had last shown. Nothing that was seen then counts as seen now, and a handover is given up.
    pub fn reboot(settings: PoolSettings, mut memory: Memory, carry: Carry, grace: Duration) -> Pool {
        if let Seat::Passing(handover) = &memory.seat {
            memory.seat = Seat::Held(handover.from);
        }
        memory.carry_over(carry);
        memory.takeover = None;
        memory.readers_in = false;
        memory.fresh = true;
        memory.checkpoints.iter_mut().for_each(Checkpoint::wake_up);
        memory.deaf_until = carry.now;
        memory.vacant_since = carry.now;
        let holder = match memory.seat {
            Seat::Held(node) => Some(node),
            _ => None,
        };
        memory.grace = holder.map(|_| Grace { until: carry.now + grace });
        for (place, node) in memory.nodes.iter_mut().enumerate() {
            node.wake_up(holder == Some(place), carry.now);
        }
        memory.awaits_peers = !settings.peers.is_empty();
        Pool::restore(settings, memory, carry.now)
    }

    /// Why nobody else may be chosen yet, if that is so.
    pub(super) fn waits_after_reboot(&self, now: Moment) -> Option<String> {
        let grace = self.memory.grace.filter(|g| now < g.until)?;
        let left = Short(grace.until.since(now));
        Some(format!("it was ACTIVE before the reboot and is waited for, {left} more (startup_grace)"))
    }

    /// The ACTIVE node answers, or has been waited for long enough: then everybody is asked anew.
    pub(super) fn end_grace(&mut self, now: Moment) {
        let Some(grace) = self.memory.grace else { return };
        let answers = self.holder().is_none_or(|h| self.memory.nodes[h].positive());
        if answers || now >= grace.until {
            self.memory.grace = None;
            if self.memory.takeover.is_some() {
                self.begin_takeover(now);
            }
        }
    }
}

impl Memory {
    fn carry_over(&mut self, carry: Carry) {
        let stale: Vec<Duration> = (0..self.nodes.len()).map(|n| self.stale(n)).collect();
        let over = |at: &mut Moment| carry.over(at);
        self.changes.iter_mut().for_each(over);
        if let Some(isolated) = &mut self.isolation {
            [&mut isolated.since, &mut isolated.round].into_iter().for_each(over);
        }
        if let Some(reign) = &mut self.reign {
            [&mut reign.since, &mut reign.seen].into_iter().for_each(over);
            reign.shown.iter_mut().map(|s| &mut s.at).for_each(over);
        }
        let drains = self.nodes.iter_mut().flat_map(|n| [&mut n.drain, &mut n.drain_wanted]);
        for flag in self.pause.iter_mut().chain(drains.flatten().map(|d| &mut d.flag)) {
            over(&mut flag.since);
            flag.until.iter_mut().for_each(over);
        }
        for node in &mut self.nodes {
            node.failures.iter_mut().for_each(over);
            node.fed.iter_mut().for_each(over);
            over(&mut node.since);
        }
        self.keep_stale(&stale);
    }

    /// A machine that has just come up has no moment early enough for a node that was fed long ago: it is remembered how
    /// much is lacking.
    fn keep_stale(&mut self, before: &[Duration]) {
        for (node, before) in before.iter().enumerate() {
            let lacking = before.saturating_sub(self.stale(node));
            if let Some(reign) = self.reign.as_mut().filter(|_| !lacking.is_zero()) {
                *reign.missed.entry(self.nodes[node].name.clone()).or_default() += lacking;
            }
        }
    }
}

impl Node {
    /// Forgets what was seen before the reboot, not what was concluded from it.
    fn wake_up(&mut self, holder: bool, now: Moment) {
        if !holder && self.standing == Standing::Standby {
            self.standing = Standing::Unknown;
            self.since = now;
        }
        if !self.failed() {
            self.errors = 0;
        }
        self.denied = 0;
        self.bump = false;
        self.positives = 0;
        self.newest = None;
        self.counted = None;
        self.failed_poll = None;
        self.promise = None;
        self.pending = None;
        self.silent = 0;
        self.orders = Orders::default();
        self.reads_since = None;
        self.message = "not asked since the reboot yet".into();
    }
}
