//! Taking a pool up again after a restart or a reload: what was remembered, under the settings of now.

use super::node::Node;
use super::pool::{Memory, Pool, Seat};
use super::settings::PoolSettings;
use super::time::Moment;
use super::words::NodeId;

impl Pool {
    /// A pool as remembered. Nodes are found again by name and address; one that moved is a new one.
    ///
    /// With unchanged settings every verdict stays as it was.
    pub fn restore(settings: PoolSettings, memory: Memory, now: Moment) -> Pool {
        let same = |n: &Node, name: &str, address: &str| n.name == name && n.address == address;
        let place = |old: NodeId| {
            let n = memory.nodes.get(old)?;
            settings.nodes.iter().position(|s| same(n, &s.name, &s.address()))
        };
        let places: Vec<Option<NodeId>> = (0..memory.nodes.len()).map(place).collect();
        let nodes = settings.nodes.iter().map(|s| {
            let known = memory.nodes.iter().find(|n| same(n, &s.name, &s.address()));
            known.cloned().unwrap_or_else(|| Node::new(s, now))
        });
        let nodes = nodes.collect();
        let unmoved = places.iter().enumerate().all(|(old, new)| *new == Some(old));
        let mut pool = Pool { settings, memory: Memory { nodes, ..memory }, actions: Vec::new() };
        pool.move_indices(&places, now);
        if !(unmoved && places.len() == pool.memory.nodes.len()) {
            pool.ask_anew(&places);
        }
        for n in &mut pool.memory.nodes {
            n.quiet_since = now;
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
        }
        let seat = match std::mem::replace(&mut self.memory.seat, Seat::Empty) {
            Seat::Empty => return,
            Seat::Held(node) => place(node).map(Seat::Held),
            Seat::Passing(mut handover) => match (place(handover.from), place(handover.to)) {
                (Some(from), Some(to)) => {
                    (handover.from, handover.to) = (from, to);
                    Some(Seat::Passing(handover))
                }
                (Some(from), None) => Some(Seat::Held(from)),
                _ => None,
            },
        };
        if seat.is_none() {
            self.memory.vacant_since = now;
        }
        self.memory.seat = seat.unwrap_or(Seat::Empty);
    }

    /// The nodes are other ones now: what was asked of them is asked anew with their next answers.
    fn ask_anew(&mut self, places: &[Option<NodeId>]) {
        let count = self.memory.nodes.len();
        if let Some(takeover) = &mut self.memory.takeover {
            takeover.qualified = vec![None; count];
        }
        for n in &mut self.memory.nodes {
            let source = n.pending.as_ref().and_then(|p| p.source);
            match source.map(|old| places.get(old).copied().flatten()) {
                Some(Some(new)) => _ = n.pending.as_mut().map(|p| p.source = Some(new)),
                Some(None) => n.pending = None,
                None => {}
            }
        }
    }
}
