//! Make before break: the ACTIVE node serves `ro` until a STANDBY has been UP for it for a while. keepalived takes a server
//! out at once, and puts one in when it has checked it.

use super::pool::Pool;
use super::time::Moment;
use super::words::{NodeId, Role, State};

impl Pool {
    /// Notes which STANDBY nodes serve `ro`, and whether one has for long enough.
    pub(super) fn note_readers(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            let since = self.memory.nodes[node].reads_since;
            self.memory.nodes[node].reads_since = self.reads(node).then(|| since.unwrap_or(now));
        }
        let since = self.memory.nodes.iter().filter_map(|n| n.reads_since);
        self.memory.readers_in = since.min().is_some_and(|since| now >= since + self.settings.ro_overlap);
    }

    /// Whether a STANDBY node takes new readers.
    pub(super) fn reads(&self, node: NodeId) -> bool {
        let verdict = || self.verdict(node, Role::Ro);
        self.state(node) == State::Standby && verdict().up && verdict().weight > 0
    }

    /// When the ACTIVE node may leave `ro`.
    pub(super) fn reader_deadlines(&self) -> impl Iterator<Item = Moment> {
        self.memory.nodes.iter().filter_map(|n| n.reads_since).map(|since| since + self.settings.ro_overlap)
    }
}
