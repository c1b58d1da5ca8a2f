//! `writable: manage`: which servers take writes. The ACTIVE node is opened, every other one closed, and none is opened
//! while another may still be open that could be closed.

use super::event::{Action, Gate, Severity, What};
use super::handover::Stage;
use super::node::Node;
use super::pool::{Pool, Seat};
use super::settings::Writable;
use super::time::{Duration, Moment};
use super::words::NodeId;

/// How long an order to a server takes at most. After that it is not carried out any more, and is answered.
pub const LIMIT: Duration = Duration::from_secs(2);
/// How much later an answer is no longer waited for: the daemon that gave the order is gone.
const SLACK: Duration = Duration::from_millis(500);

/// What became of the orders to one server.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Orders {
    /// Given, and not answered yet.
    pub out: Option<Order>,
    /// When the last one was answered: what was seen before tells nothing of it.
    pub answered: Moment,
    /// Until then an order to open it that failed may still be carried out.
    pub may_open_until: Moment,
    /// Why the last one was not carried out.
    pub failed: Option<String>,
}

impl Orders {
    /// Whoever gave them may be gone. One to close a server may be given again.
    pub(super) fn take_up(&mut self) {
        self.out = self.out.filter(|order| order.gate == Gate::Open);
    }
}

/// An order to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// What it is to be.
    pub gate: Gate,
    /// Until when it may be carried out.
    pub until: Moment,
}

impl Node {
    /// What it said it is; `None`: its newest answer does not tell, or is older than an order that was carried out.
    fn gate(&self) -> Option<Gate> {
        let tells = self.orders.failed.is_some() || self.last_began() >= self.orders.answered;
        let facts = self.facts.as_ref().filter(|_| self.online() && tells)?;
        Some(if facts.read_only { Gate::Closed } else { Gate::Open })
    }
}

impl Pool {
    pub(super) fn manages(&self) -> bool {
        self.settings.writable == Writable::Manage
    }

    /// Whether this agent opens and closes it: where some nodes are `local`, the others are their own site's.
    fn is_ours(&self, node: NodeId) -> bool {
        let nodes = &self.settings.nodes;
        nodes[node].local || nodes.iter().all(|n| !n.local)
    }

    /// What a server is to be; `None`: it is left as it is. While the pool is paused an operator may open and close
    /// servers by hand: only what a handover or a failover still owes is done.
    fn wanted(&self, node: NodeId) -> Option<Gate> {
        if !self.manages() || !self.is_ours(node) {
            return None;
        }
        let paused = self.memory.pause.is_some();
        let failed = self.memory.nodes[node].failed();
        match &self.memory.seat {
            Seat::Held(active) if *active == node => {
                let owed = self.memory.reign.as_ref().is_some_and(|r| !r.opened);
                (!paused || owed).then_some(Gate::Open)
            }
            Seat::Passing(handover) => handover.wants(node),
            // Before the first ACTIVE node nothing says which of them should be open.
            Seat::Empty if self.memory.reign.is_none() => None,
            Seat::Held(_) | Seat::Empty => (!paused || failed).then_some(Gate::Closed),
        }
    }

    /// Gives the orders that are due.
    pub(super) fn order_gates(&mut self, now: Moment) {
        if !self.manages() {
            return;
        }
        self.note_opened();
        for node in 0..self.memory.nodes.len() {
            self.forget_lost_order(node, now);
            let (Some(wanted), Some(is)) = (self.wanted(node), self.memory.nodes[node].gate()) else {
                continue;
            };
            if wanted == is {
                self.memory.nodes[node].orders.failed = None;
            } else if self.may_order(node, now)
                && (wanted == Gate::Closed || self.in_the_way(node, now).is_none())
            {
                self.order(node, wanted, now);
            }
        }
    }

    /// One order at a time, and one that failed is given again with the pace of the polls.
    fn may_order(&self, node: NodeId, now: Moment) -> bool {
        let orders = &self.memory.nodes[node].orders;
        let pause = self.settings.nodes[node].pace.interval / 2;
        orders.out.is_none() && (orders.failed.is_none() || now >= orders.answered + pause)
    }

    fn note_opened(&mut self) {
        let opened = self.active().is_some_and(|a| self.memory.nodes[a].gate() == Some(Gate::Open));
        if let Some(reign) = self.memory.reign.as_mut().filter(|_| opened) {
            reign.opened = true;
        }
    }

    fn order(&mut self, node: NodeId, gate: Gate, now: Moment) {
        let until = now + LIMIT;
        let orders = &mut self.memory.nodes[node].orders;
        orders.out = Some(Order { gate, until });
        if gate == Gate::Open {
            orders.may_open_until = until;
        }
        self.actions.push(Action::Gate(node, gate));
    }

    fn forget_lost_order(&mut self, node: NodeId, now: Moment) {
        let orders = &mut self.memory.nodes[node].orders;
        if orders.out.is_some_and(|order| now >= order.until + SLACK) {
            (orders.out, orders.answered) = (None, now);
            self.ask(node);
        }
    }

    /// An order was answered. One that nobody waits for any more is only a reason to look.
    pub(super) fn gated(&mut self, node: NodeId, result: Result<(), String>, now: Moment) {
        if node >= self.memory.nodes.len() {
            return;
        }
        self.ask(node);
        let name = self.name(node).to_owned();
        let orders = &mut self.memory.nodes[node].orders;
        let Some(order) = orders.out.take() else { return };
        orders.answered = now;
        match result {
            Ok(()) => {
                (orders.failed, orders.may_open_until) = (None, Moment(0));
                let (what, words) = match order.gate {
                    Gate::Open => (What::Opened, "takes writes now"),
                    Gate::Closed => (What::Closed, "is read-only now"),
                };
                self.note(what, Severity::Notice, Some(node), format!("{name} {words} (writable: manage)"));
            }
            Err(why) => {
                let first = orders.failed.replace(why).is_none();
                if let (true, Some(why)) = (first, self.gate_fault(node, order.gate)) {
                    self.note(What::GateFailed, Severity::Alert, Some(node), why);
                }
            }
        }
    }

    /// Why a server could not be made what it was to be, in words.
    fn gate_fault(&self, node: NodeId, gate: Gate) -> Option<String> {
        let why = self.memory.nodes[node].orders.failed.as_ref()?;
        let verb = match gate {
            Gate::Open => "opened for writes",
            Gate::Closed => "made read-only",
        };
        Some(format!("{} could not be {verb}: {why}", self.name(node)))
    }

    /// Why a server is not opened yet: another may still be open, and can be closed. One that cannot be closed, because
    /// it does not answer or refuses to be, is no reason to have nobody to write to.
    fn in_the_way(&self, node: NodeId, now: Moment) -> Option<String> {
        self.others(node).find_map(|other| {
            let (n, name) = (&self.memory.nodes[other], self.name(other));
            if n.newest.is_none() {
                return Some(format!("{name} has not been asked yet"));
            }
            // Closed as it may look: who was frozen carries it out when it thaws.
            if now < n.orders.may_open_until {
                return Some(format!("an order to open {name} may still be carried out"));
            }
            let closed = n.gate() == Some(Gate::Closed);
            let closable = n.online() && !closed && n.orders.failed.is_none() && self.is_ours(other);
            closable.then(|| format!("{name} is being closed first"))
        })
    }

    /// It is closed, as far as a handover from it wants that.
    pub(super) fn closed_enough(&self, from: NodeId, forced: bool) -> bool {
        let n = &self.memory.nodes[from];
        !self.manages() || n.gate() == Some(Gate::Closed) || forced && n.orders.failed.is_some()
    }

    /// It is open, as far as a handover to it wants that.
    pub(super) fn open_enough(&self, to: NodeId) -> bool {
        !self.manages() || !self.is_ours(to) || self.memory.nodes[to].gate() == Some(Gate::Open)
    }

    /// Why a handover cannot go on: a server refuses to be closed or opened.
    pub(super) fn gate_in_handover(&self) -> Option<String> {
        let Seat::Passing(handover) = &self.memory.seat else { return None };
        match handover.stage {
            Stage::Asking { .. } => self.gate_fault(handover.from, Gate::Closed),
            Stage::Opening => self.gate_fault(handover.to, Gate::Open),
            _ => None,
        }
    }

    /// A failed server that takes writes all the same: it is closed before it may come back.
    pub(super) fn open_though_failed(&self, node: NodeId) -> Option<String> {
        let n = &self.memory.nodes[node];
        if self.wanted(node) != Some(Gate::Closed) || n.gate() != Some(Gate::Open) || !n.failed() {
            return None;
        }
        Some(self.gate_fault(node, Gate::Closed).unwrap_or_else(|| "takes writes; it is being closed".into()))
    }

    /// The ACTIVE node does not take writes, in words.
    pub(super) fn not_open(&self, now: Moment) -> Option<(NodeId, String)> {
        let active = self.active().filter(|&a| self.memory.nodes[a].gate() == Some(Gate::Closed))?;
        let words = format!("{} is ACTIVE and read-only: nobody can write", self.name(active));
        let why = self.gate_fault(active, Gate::Open).or_else(|| self.in_the_way(active, now));
        let why = why.or_else(|| self.left_alone()).filter(|_| self.manages());
        let why = why.map_or(String::new(), |why| format!("; {why}"));
        Some((active, format!("{words}{why}")))
    }

    /// A server takes writes beside the ACTIVE one, where only that one should, in words.
    pub(super) fn open_beside(&self, node: NodeId) -> Option<String> {
        let open = self.memory.nodes[node].gate() == Some(Gate::Open);
        let other =
            open && self.manages() && self.memory.reign.is_some() && self.wanted(node) != Some(Gate::Open);
        if !other || self.holds(node) {
            return None;
        }
        let why = self.gate_fault(node, Gate::Closed).or_else(|| self.left_alone());
        let why = why.map_or(String::new(), |why| format!("; {why}"));
        Some(format!("{} takes writes and is not ACTIVE{why}", self.name(node)))
    }

    fn left_alone(&self) -> Option<String> {
        self.memory.pause.as_ref().map(|_| "left as it is while the pool is paused".into())
    }

    /// Tells the daemon which server is probed with writes, when that changes.
    pub(super) fn order_probe(&mut self) {
        let wanted = self.active().filter(|_| self.settings.probe_write.is_some());
        let probed = std::mem::replace(&mut self.probed, wanted);
        if probed == wanted {
            return;
        }
        self.actions.extend(probed.map(|node| Action::Probe(node, false)));
        self.actions.extend(wanted.map(|node| Action::Probe(node, true)));
    }

    /// When an order is no longer waited for, or can no longer take effect.
    pub(super) fn gate_deadlines(&self) -> impl Iterator<Item = Moment> {
        let orders = self.memory.nodes.iter().map(|n| &n.orders);
        orders.flat_map(|o| [o.out.map(|order| order.until + SLACK), Some(o.may_open_until)]).flatten()
    }
}
