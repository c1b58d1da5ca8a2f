//! Who is who: what users and the other rooms ask of a pool.

use super::node::Standing;
use super::pool::{Pool, Seat};
use super::settings::NodeSettings;
use super::words::{NodeId, State, Status};

impl Pool {
    /// The ACTIVE node.
    pub fn active(&self) -> Option<NodeId> {
        match self.memory.seat {
            Seat::Held(node) => Some(node),
            _ => None,
        }
    }

    /// The node that is judged as ACTIVE: the ACTIVE one, or the one handing over.
    pub(super) fn holder(&self) -> Option<NodeId> {
        match &self.memory.seat {
            Seat::Empty => None,
            Seat::Held(node) => Some(*node),
            Seat::Passing(handover) => Some(handover.from),
        }
    }

    /// The nodes without which the pool would lose its ACTIVE node, now or in a moment.
    pub fn stakeholders(&self) -> Vec<NodeId> {
        match &self.memory.seat {
            Seat::Held(node) => vec![*node],
            Seat::Passing(handover) => vec![handover.from, handover.to],
            Seat::Empty => self.memory.reign.as_ref().and_then(|r| r.node).into_iter().collect(),
        }
    }

    pub(super) fn holds(&self, node: NodeId) -> bool {
        self.holder() == Some(node)
    }

    pub(super) fn others(&self, but: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.memory.nodes.len()).filter(move |&n| n != but)
    }

    /// The STATE of a node.
    pub fn state(&self, node: NodeId) -> State {
        let n = &self.memory.nodes[node];
        match n.standing {
            _ if self.active() == Some(node) => State::Active,
            Standing::Unknown => State::Unknown,
            Standing::Standby => State::Standby,
            Standing::Failed { .. } if n.offline() => State::FailOffline,
            Standing::Failed { .. } => State::FailOnline,
        }
    }

    /// The number in the Req column.
    pub fn req(&self, node: NodeId) -> u32 {
        self.memory.nodes[node].req(&self.settings.levels)
    }

    /// The STATUS of a node.
    pub fn status(&self, node: NodeId) -> Status {
        self.settings.levels.status(self.req(node))
    }

    /// The STATUS of the pool: FAIL when it is isolated.
    pub fn pool_status(&self) -> Status {
        if self.memory.isolation.is_some() { Status::Fail } else { Status::Ok }
    }

    /// What a pool without ACTIVE node waits for, in words; `None` while there is one.
    pub fn waits_for(&self) -> Option<String> {
        match &self.memory.seat {
            Seat::Held(_) => None,
            Seat::Passing(handover) => Some(self.handover_words(handover)),
            Seat::Empty => {
                let others = self.barred().or_else(|| self.peers.awaited());
                others.or_else(|| self.first_choice().err())
            }
        }
    }

    /// Why the ACTIVE node is held, if it is.
    pub fn held(&self) -> Option<&str> {
        self.memory.takeover.as_ref()?.held.as_deref()
    }

    pub(super) fn node_settings(&self, node: NodeId) -> &NodeSettings {
        &self.settings.nodes[node]
    }

    /// A node's name.
    pub fn name(&self, node: NodeId) -> &str {
        &self.settings.nodes[node].name
    }

    /// The flags in words, for `mpp status`.
    pub fn flags(&self) -> Vec<&'static str> {
        let m = &self.memory;
        let flags = [
            (m.pause.is_some(), "paused"),
            (m.flapping, "flapping"),
            (matches!(m.seat, Seat::Passing(_)), "handover"),
            (self.held().is_some(), "held"),
            (m.failback_off, "failback_off"),
            (m.isolation.is_some(), "isolated"),
            (m.withdrawn.is_some(), "withdrawn"),
        ];
        flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect()
    }
}
