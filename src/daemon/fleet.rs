//! The pools of one configuration, with their pollers.

use super::agenda::Agenda;
use super::checkpoints::{Checkpoints, Watches};
use super::hand;
use super::message::{Mailbox, PollerId};
use super::running::Running;
use crate::clock;
use crate::config::{Pool as PoolConfig, Settings};
use crate::control::status::Pool as Look;
use crate::core::pool::{Memory, Pool};
use crate::core::reboot::Carry;
use crate::core::time::{Duration, Moment};
use crate::core::words::NodeId;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

/// Every pool, in the order of the configuration.
#[derive(Default)]
pub(super) struct Fleet {
    /// The pools.
    pub(super) members: Vec<Member>,
    /// Which of them want something.
    pub(super) agenda: Agenda,
    /// Who asks their checkpoints.
    pub(super) checkpoints: Checkpoints,
    places: HashMap<PollerId, (usize, NodeId)>,
}

/// What is remembered of a pool.
pub(super) enum Past {
    /// As it was published last in this boot, or in this very process.
    Restart(Memory),
    /// As it was written to disk at this moment, in another boot.
    Reboot(Memory, Moment),
}

/// A pool with its pollers.
pub(super) struct Member {
    /// The pool.
    pub(super) pool: Pool,
    /// What of it must survive a reboot, as last published, in short.
    pub(super) print: u64,
    /// How it was last shown to those who follow it, without what moves all the time; `None`: not since it last changed.
    pub(super) shown: Option<Look>,
    pub(super) pollers: Vec<Running>,
}

/// Pollers by the address they ask: no two nodes of a configuration share one.
type Pollers = HashMap<SocketAddr, Running>;

/// What a configuration needs and another one does not have running.
pub(super) struct Fresh {
    pollers: Pollers,
    watches: Watches,
}

impl Fleet {
    /// The pools of `settings`, as remembered where they are; nobody is polled yet.
    pub(super) fn new(settings: &Settings, pasts: &mut HashMap<String, Past>) -> Fleet {
        let now = clock::now();
        let pool = |config: &PoolConfig| {
            let decision = config.decision.clone();
            let pool = match pasts.remove(&decision.name) {
                Some(Past::Restart(memory)) => Pool::restore(decision, memory, now),
                Some(Past::Reboot(memory, then)) => {
                    Pool::reboot(decision, memory, Carry { then, now }, settings.startup_grace)
                }
                None => Pool::new(decision, now),
            };
            Member { pool, print: 0, shown: None, pollers: Vec::new() }
        };
        let members: Vec<Member> = settings.pools.iter().map(pool).collect();
        let agenda = Agenda::of(members.len(), now);
        Fleet { members, agenda, ..Fleet::default() }
    }

    /// Starts a poller for every node, and for every checkpoint, that `running` does not ask already in the same way.
    ///
    /// # Errors
    /// If a thread cannot be started; those that were end again.
    pub(super) fn start_missing(
        &self,
        settings: &Settings,
        running: &Fleet,
        mailbox: &Mailbox,
    ) -> io::Result<Fresh> {
        let watches = Checkpoints::start_missing(settings, &running.checkpoints, mailbox)?;
        let running: HashMap<SocketAddr, &Running> =
            running.members.iter().flat_map(|m| &m.pollers).map(|r| (r.access.address, r)).collect();
        let mut pollers = Pollers::new();
        for (place, (member, config)) in self.members.iter().zip(&settings.pools).enumerate() {
            for (node, access) in config.access.iter().enumerate() {
                let timeout = config.decision.nodes[node].pace.timeout;
                if running.get(&access.address).is_some_and(|r| r.asks(access, timeout)) {
                    continue;
                }
                let name = format!("{}/{}", config.decision.name, config.decision.nodes[node].name);
                let pace = member.pool.pace(node);
                let first = share(pace, place, self.members.len());
                let poller = Running::start(name, access, timeout, (first, pace), mailbox)?;
                pollers.insert(access.address, poller);
            }
        }
        Ok(Fresh { pollers, watches })
    }

    /// Takes its pollers: the fresh ones, and of `old` those that go on as they are. Cannot fail.
    pub(super) fn adopt(&mut self, settings: &Settings, fresh: Fresh, old: Fleet) {
        self.checkpoints = Checkpoints::adopt(settings, &self.members, fresh.watches, old.checkpoints);
        let mut fresh = fresh.pollers;
        let kept = old.members.into_iter().flat_map(|m| m.pollers).map(|r| (r.access.address, r));
        let mut kept: Pollers = kept.collect();
        for (place, (member, config)) in self.members.iter_mut().zip(&settings.pools).enumerate() {
            for (node, access) in config.access.iter().enumerate() {
                let Some(mut running) =
                    fresh.remove(&access.address).or_else(|| kept.remove(&access.address))
                else {
                    continue;
                };
                running.poller.pace(member.pool.pace(node));
                // Whoever is to be probed in another way, or for the first time, the pool will name.
                let plan = hand::plan(&member.pool, node).filter(|_| member.pool.active() == Some(node));
                running.probe = running.probe.filter(|probe| plan.is_some_and(|plan| probe.follows(&plan)));
                self.places.insert(running.id, (place, node));
                member.pollers.push(running);
            }
        }
    }

    /// A new poller in the place of one that is lost, unless a reload has ended that one.
    ///
    /// # Errors
    /// If its thread cannot be started; the lost one keeps its place then.
    pub(super) fn replace(&mut self, lost: PollerId, mailbox: &Mailbox) -> io::Result<()> {
        let Some((place, node)) = self.place_of(lost) else {
            return self.checkpoints.replace(lost, mailbox);
        };
        let member = &mut self.members[place];
        let Some(running) = member.pollers.get_mut(node) else { return Ok(()) };
        running.restart(member.pool.pace(node), mailbox)?;
        self.places.remove(&lost);
        self.places.insert(running.id, (place, node));
        Ok(())
    }

    /// Which node of which pool a poller asks; `None` once a reload has ended it.
    pub(super) fn place_of(&self, poller: PollerId) -> Option<(usize, NodeId)> {
        self.places.get(&poller).copied()
    }

    /// Which node of which pool listens at this address.
    pub(super) fn place_at(&self, server: SocketAddr) -> Option<(usize, NodeId)> {
        let find = |m: &Member| m.pollers.iter().position(|r| r.access.address == server);
        self.members.iter().enumerate().find_map(|(place, member)| Some((place, find(member)?)))
    }

    /// The pool of this name.
    pub(super) fn find(&self, pool: &str) -> Option<usize> {
        self.members.iter().position(|m| m.pool.settings().name == pool)
    }
}

impl Member {
    /// Begins a poll now.
    pub(super) fn ask(&self, node: NodeId) {
        if let Some(running) = self.pollers.get(node) {
            running.poller.ask();
        }
    }

    /// It has panicked; whom it asked.
    pub(super) fn lose(&mut self, node: NodeId) -> Option<SocketAddr> {
        let running = self.pollers.get_mut(node)?;
        running.lost = true;
        Some(running.access.address)
    }

    /// Whom a node's poller asks.
    pub(super) fn server(&self, node: NodeId) -> Option<SocketAddr> {
        self.pollers.get(node).map(|r| r.access.address)
    }

    /// Changes the pace of the polls.
    pub(super) fn pace(&self, node: NodeId, every: Duration) {
        if let Some(running) = self.pollers.get(node) {
            running.poller.pace(every);
        }
    }
}

/// When a pool's polls begin within the pace: the pools are spread over it, or thousands of polls would begin at one
/// moment and keep each other waiting until their deadlines. The nodes of one pool stay together: what they say is
/// compared, and published at once.
fn share(pace: Duration, place: usize, pools: usize) -> Duration {
    pace.mul_f64(place as f64 / pools.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_polled_at_even_shares_of_the_pace_and_the_first_at_once() {
        let shares: Vec<u128> =
            (0..4).map(|place| share(Duration::from_secs(1), place, 4).as_millis()).collect();
        assert_eq!(shares, [0, 250, 500, 750]);
    }
}
