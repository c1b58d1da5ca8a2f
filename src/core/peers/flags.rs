//! What operators said to a peer of this site later than to this agent.

use crate::core::event::{Author, Flag, Severity, What};
use crate::core::node::Drain;
use crate::core::peer::{FlagView, NodeView, View};
use crate::core::pool::Pool;
use crate::core::time::Moment;
use crate::core::words::NodeId;

impl Pool {
    /// What operators said to a peer of this site later than to this agent.
    pub(super) fn follow_flags(&mut self, place: usize, now: Moment) {
        let Some(view) = self.peers.each[place].view.clone() else { return };
        let newer = view.revision > self.memory.revision;
        let tie = view.revision == self.memory.revision && view.leads && self.flags_differ(&view);
        if !newer && !tie {
            return;
        }
        let peer = self.settings.peers[place].name.clone();
        if !view.isolated && self.recovered_as_a_whole(&view) {
            self.rejoin_with(&peer, now);
        }
        self.follow_pause(&peer, view.pause.as_ref(), now);
        for theirs in &view.nodes {
            if let Some(node) = self.named(&theirs.name) {
                self.follow_node(&peer, node, theirs, now);
            }
        }
        if view.acked > self.memory.acked {
            self.memory.acked = view.acked;
            self.empty_flap_count(now);
            self.followed(None, format!("acknowledged at {peer}"));
        }
        if view.active.is_some() && view.active.as_deref() == self.active().map(|a| self.name(a)) {
            (self.memory.failback_off, self.memory.chosen) = (view.failback_off, view.chosen);
        }
        self.memory.revision = view.revision;
    }

    /// Whether an operator has said `mpp recover POOL` there: that recovers every node.
    fn recovered_as_a_whole(&self, view: &View) -> bool {
        let known = |theirs: &NodeView| self.named(&theirs.name).map(|n| self.memory.nodes[n].recovered);
        let mut ours =
            view.nodes.iter().filter_map(|theirs| Some((theirs.recovered, known(theirs)?))).peekable();
        ours.peek().is_some() && ours.all(|(theirs, here)| theirs > here)
    }

    fn flags_differ(&self, view: &View) -> bool {
        let drained = |theirs: &NodeView| {
            let node = self.named(&theirs.name).map(|n| &self.memory.nodes[n]);
            node.is_some_and(|n| {
                n.drain.as_ref().map(|d| d.now) != theirs.drain.as_ref().map(|(now, _)| *now)
            })
        };
        self.memory.pause.is_some() != view.pause.is_some() || view.nodes.iter().any(drained)
    }

    fn follow_pause(&mut self, peer: &str, theirs: Option<&FlagView>, now: Moment) {
        match (self.memory.pause.is_some(), theirs) {
            (false, Some(flag)) => self.followed(None, format!("paused at {peer} by {}", flag.by)),
            (true, None) => {
                self.followed(None, format!("resumed at {peer}"));
                self.memory.pause = None;
                self.anew(now);
            }
            _ => {}
        }
        self.memory.pause = theirs.map(|flag| flag.here(now));
    }

    fn follow_node(&mut self, peer: &str, node: NodeId, theirs: &NodeView, now: Moment) {
        let name = self.name(node).to_owned();
        if theirs.recovered > self.memory.nodes[node].recovered {
            self.memory.nodes[node].recovered = theirs.recovered;
            if self.memory.nodes[node].failed() && !theirs.failed {
                self.recover(node, &Author { who: format!("an operator at {peer}"), why: None }, now);
                self.ask(node);
            }
        }
        if self.holds(node) {
            return;
        }
        let drain =
            theirs.drain.as_ref().map(|(at_once, flag)| Drain { now: *at_once, flag: flag.here(now) });
        match (self.memory.nodes[node].drain.is_some(), &drain) {
            (false, Some(drain)) => {
                self.followed(Some(node), format!("{name} drained at {peer} by {}", drain.flag.by));
            }
            (true, None) => self.followed(Some(node), format!("{name} undrained at {peer}")),
            _ => {}
        }
        self.memory.nodes[node].drain = drain;
    }

    fn followed(&mut self, node: Option<NodeId>, words: String) {
        self.note(What::Followed, Severity::Notice, node, words);
    }
}

impl FlagView {
    /// The same flag on this agent's clock.
    fn here(&self, now: Moment) -> Flag {
        Flag { by: self.by.clone(), since: now - self.age, until: self.left.map(|left| now + left) }
    }
}
