//! Taking a pool up again after a restart or a reload: what was remembered, under the settings of now.

use super::checkpoint::Checkpoint;
use super::node::Node;
use super::pool::{Memory, Pool, Seat};
use super::settings::PoolSettings;
use super::time::Moment;
use super::words::NodeId;

impl Pool {
    /// A pool as remembered. Nodes are found again by their addresses, whatever they are called now: to a server that
    /// takes writes a new name is no reason to lose them. One that moved is a new one. Where all are new, nobody can be
    /// measured by who was ACTIVE: the pool begins anew.
    ///
    /// With unchanged settings every verdict stays as it was.
    pub fn restore(settings: PoolSettings, memory: Memory, now: Moment) -> Pool {
        let place = |n: &Node| settings.nodes.iter().position(|s| s.address() == n.address);
        let places: Vec<Option<NodeId>> = memory.nodes.iter().map(place).collect();
        let nodes = settings.nodes.iter().map(|s| {
            let known = memory.nodes.iter().find(|n| n.address == s.address());
            known.map_or_else(|| Node::new(s, now), |n| Node { name: s.name.clone(), ..n.clone() })
        });
        let nodes = nodes.collect();
        let checkpoints = settings.checkpoints.iter().map(|s| {
            let known = memory.checkpoints.iter().find(|c| c.is(s, &settings));
            known.cloned().unwrap_or_else(|| Checkpoint::new(s, &settings))
        });
        let checkpoints = checkpoints.collect();
        let reign = memory.reign.filter(|_| places.iter().any(Option::is_some));
        let mut pool = Pool::of(settings, Memory { nodes, checkpoints, reign, ..memory }, now);
        pool.move_indices(&places, now);
        pool.move_questions(&places);
        for n in &mut pool.memory.nodes {
            n.quiet_since = now;
            n.orders.take_up();
        }
        for node in 0..pool.memory.nodes.len() {
            pool.memory.nodes[node].pace = pool.pace(node);
        }
        pool
    }

    fn move_indices(&mut self, places: &[Option<NodeId>], now: Moment) {
        let place = |old: NodeId| places.get(old).copied().flatten();
        if let Some(reign) = &mut self.memory.reign {
            reign.node = reign.node.and_then(place);
            if let Some(node) = reign.node {
                reign.name.clone_from(&self.settings.nodes[node].name);
            }
        }
        match std::mem::replace(&mut self.memory.seat, Seat::Empty) {
            Seat::Empty => {}
            Seat::Held(node) => match place(node) {
                Some(node) => self.memory.seat = Seat::Held(node),
                None => self.vacate(now),
            },
            Seat::Passing(mut handover) => match (place(handover.from), place(handover.to)) {
                (Some(from), Some(to)) => {
                    (handover.from, handover.to) = (from, to);
                    if handover.hostile && !self.is_hostile(to) {
                        handover.is_hostile_no_more();
                    }
                    self.memory.seat = Seat::Passing(handover);
                }
                (Some(from), None) => self.keep(from),
                (None, _) => self.vacate(now),
            },
        }
    }

    /// The ACTIVE node is no longer a member.
    pub(super) fn vacate(&mut self, now: Moment) {
        self.memory.vacant_since = now;
        self.memory.takeover = None;
    }

    /// Who was to take over is no longer a member: `from` has it again.
    fn keep(&mut self, from: NodeId) {
        self.memory.seat = Seat::Held(from);
        self.memory.epoch = self.memory.epoch.saturating_add(1);
        self.memory.nodes[from].bump = true;
        self.memory.failback_off = true;
    }

    /// Where the nodes are other ones now, who had qualified to take over is asked once more.
    fn move_questions(&mut self, places: &[Option<NodeId>]) {
        let count = self.memory.nodes.len();
        let unmoved = places.iter().copied().eq((0..count).map(Some));
        if let Some(takeover) =
            self.memory.takeover.as_mut().filter(|t| !unmoved || t.qualified.len() != count)
        {
            takeover.qualified = vec![None; count];
        }
        for n in &mut self.memory.nodes {
            let Some(pending) = &mut n.pending else { continue };
            let Some(old) = pending.source else { continue };
            match places.get(old).copied().flatten() {
                Some(new) => pending.source = Some(new),
                None => n.pending = None,
            }
        }
    }
}
