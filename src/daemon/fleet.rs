//! The pools of one configuration, with their pollers.

use super::message::{Mailbox, Message, PollerId, Sent};
use crate::clock;
use crate::config::{Access, Password, Pool as PoolConfig, Settings};
use crate::core::pool::{Memory, Pool};
use crate::core::time::{Duration, Moment};
use crate::core::words::NodeId;
use crate::poll::{Poller, Target, Watchdog};
use std::collections::HashMap;
use std::io;

/// Every pool, in the order of the configuration.
#[derive(Default)]
pub(super) struct Fleet {
    /// The pools.
    pub(super) members: Vec<Member>,
    places: HashMap<PollerId, (usize, NodeId)>,
    next_id: u64,
}

/// A pool with its pollers.
pub(super) struct Member {
    /// The pool.
    pub(super) pool: Pool,
    /// It has changed since it was last published.
    pub(super) dirty: bool,
    /// When its next `Tick` is due.
    pub(super) deadline: Moment,
    pollers: Vec<Running>,
}

struct Running {
    id: PollerId,
    access: Access,
    timeout: Duration,
    poller: Poller,
}

impl Fleet {
    /// The pools of `settings`, as remembered where they are; nobody is polled yet.
    pub(super) fn new(settings: &Settings, memories: &mut HashMap<String, Memory>) -> Fleet {
        let now = clock::now();
        let pool = |config: &PoolConfig| {
            let decision = config.decision.clone();
            let pool = match memories.remove(&decision.name) {
                Some(memory) => Pool::restore(decision, memory, now),
                None => Pool::new(decision, now),
            };
            Member { pool, dirty: true, deadline: now, pollers: Vec::new() }
        };
        Fleet { members: settings.pools.iter().map(pool).collect(), ..Fleet::default() }
    }

    /// Starts the pollers, taking over those of `old` that ask the same server in the same way.
    ///
    /// # Errors
    /// If a thread cannot be started. `old` has lost no poller then.
    pub(super) fn start_pollers(
        &mut self,
        settings: &Settings,
        old: &mut Fleet,
        mailbox: &Mailbox,
        watchdog: &Watchdog,
    ) -> io::Result<()> {
        self.next_id = old.next_id;
        let mut fresh = self.start_missing(settings, old, mailbox, watchdog)?;
        for (place, config) in settings.pools.iter().enumerate() {
            for (node, access) in config.access.iter().enumerate() {
                let timeout = config.decision.nodes[node].pace.timeout;
                let running = match fresh.remove(&(place, node)) {
                    Some(running) => running,
                    None => old.take_poller(access, timeout).ok_or(io::ErrorKind::NotFound)?,
                };
                running.poller.pace(self.members[place].pool.pace(node));
                self.places.insert(running.id, (place, node));
                self.members[place].pollers.push(running);
            }
        }
        Ok(())
    }

    fn start_missing(
        &mut self,
        settings: &Settings,
        old: &Fleet,
        mailbox: &Mailbox,
        watchdog: &Watchdog,
    ) -> io::Result<HashMap<(usize, NodeId), Running>> {
        let mut fresh = HashMap::new();
        for (place, config) in settings.pools.iter().enumerate() {
            for (node, access) in config.access.iter().enumerate() {
                let timeout = config.decision.nodes[node].pace.timeout;
                if old.members.iter().flat_map(|m| &m.pollers).any(|r| r.asks(access, timeout)) {
                    continue;
                }
                let id = PollerId(self.next_id);
                self.next_id += 1;
                let name = format!("{}/{}", config.decision.name, config.decision.nodes[node].name);
                let every = self.members[place].pool.pace(node);
                let poller = start(name, access, timeout, every, (id, mailbox.clone()), watchdog)?;
                fresh.insert((place, node), Running { id, access: access.clone(), timeout, poller });
            }
        }
        Ok(fresh)
    }

    fn take_poller(&mut self, access: &Access, timeout: Duration) -> Option<Running> {
        self.members.iter_mut().find_map(|m| {
            let place = m.pollers.iter().position(|r| r.asks(access, timeout))?;
            Some(m.pollers.swap_remove(place))
        })
    }

    /// Which node of which pool a poller asks; `None` once a reload has ended it.
    pub(super) fn place_of(&self, poller: PollerId) -> Option<(usize, NodeId)> {
        self.places.get(&poller).copied()
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

    /// Changes the pace of the polls.
    pub(super) fn pace(&self, node: NodeId, every: Duration) {
        if let Some(running) = self.pollers.get(node) {
            running.poller.pace(every);
        }
    }
}

impl Running {
    fn asks(&self, access: &Access, timeout: Duration) -> bool {
        self.access == *access && self.timeout == timeout
    }
}

fn start(
    name: String,
    access: &Access,
    timeout: Duration,
    every: Duration,
    (id, mailbox): (PollerId, Mailbox),
    watchdog: &Watchdog,
) -> io::Result<Poller> {
    let mut password = Password::of(&access.password);
    let target = Target {
        name,
        address: access.address,
        user: access.user.clone(),
        tls: access.tls.clone(),
        timeout,
        reconnect_every: access.reconnect_every,
        password: Box::new(move || password.current().map_err(|fault| fault.to_string())),
    };
    // A dropped observation is as good as none: the node is overdue then, and the decider says what was dropped.
    let deliver = move |observation| mailbox.send(Message::Polled(id, observation)) != Sent::Gone;
    Poller::start(target, every, watchdog, Box::new(deliver))
}
