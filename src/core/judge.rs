//! From replication to a judgement: what is settled at once, and what waits for its source's poll.

use super::event::{Severity, What};
use super::node::{Judgement, Kind, Pending};
use super::observation::Facts;
use super::pool::Pool;
use super::replication::Replication;
use super::time::{Moment, Short};
use super::words::NodeId;

impl Pool {
    pub(super) fn judge_replication(&mut self, node: NodeId, facts: &Facts, now: Moment) -> Judgement {
        match self.replication(node, facts) {
            Replication::Good { excused } => Judgement::Positive { excused },
            Replication::Bad(why) => Judgement::Negative(why),
            Replication::Ask(source, why) => self.wait_for(node, source, why, now),
        }
    }

    /// Makes a fault pending and asks its source. A poll begun for an older fault settles this one too.
    fn wait_for(&mut self, node: NodeId, source: Option<NodeId>, why: String, now: Moment) -> Judgement {
        let n = &mut self.memory.nodes[node];
        let began = n.newest.as_ref().map_or(now, |s| s.began);
        let older = n.pending.as_ref().filter(|p| p.source == source).map(|p| p.after);
        n.pending = Some(Pending { source, after: older.unwrap_or(now), began });
        // One that is offline is asked every `retry_interval` as it is: to ask it besides would only fail it sooner.
        if let (Some(source), None) = (source, older)
            && !self.memory.nodes[source].offline()
        {
            self.ask(source);
        }
        Judgement::Pending(why)
    }

    /// Settles every pending fault whose source has answered, or has failed.
    pub(super) fn settle_all(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            let Some(pending) = self.memory.nodes[node].pending.clone() else { continue };
            if let Some(judgement) = self.settle(node, &pending) {
                self.count(node, judgement, pending.began, false, now);
            }
        }
    }

    fn settle(&self, node: NodeId, pending: &Pending) -> Option<Judgement> {
        let source = pending.source?;
        if self.holds(node) {
            return Some(Judgement::Positive { excused: false });
        }
        if self.has_failed(source) {
            return Some(self.excuse(node));
        }
        let seen = self.memory.nodes[source].newest.as_ref().filter(|s| s.began >= pending.after)?;
        match seen.kind {
            // A stuck poller has seen nothing; its errors count until the source has failed.
            Kind::Overdue => None,
            Kind::Offline => Some(self.excuse(node)),
            Kind::Online | Kind::Saturated | Kind::Denied => {
                Some(Judgement::Negative(self.pending_fault(node)))
            }
        }
    }

    /// Its source is gone: good, as long as it is not stale.
    fn excuse(&self, node: NodeId) -> Judgement {
        match self.too_stale(node) {
            Some(why) => Judgement::Negative(why),
            None => Judgement::Positive { excused: true },
        }
    }

    fn pending_fault(&self, node: NodeId) -> String {
        match self.memory.nodes[node].newest.as_ref().map(|s| &s.judgement) {
            Some(Judgement::Pending(why)) => why.clone(),
            _ => "replication is broken".into(),
        }
    }

    /// The Last Status Message of a node.
    pub(super) fn message(&self, node: NodeId, judgement: &Judgement) -> String {
        match judgement {
            Judgement::Negative(why) => why.clone(),
            Judgement::Denied(why) => format!("{why} (the monitor's own trouble: never a failover)"),
            Judgement::Pending(why) => format!("{why}; its source is being asked"),
            Judgement::Positive { .. } if self.holds(node) => match self.own_replication_fault(node) {
                Some(fault) => format!("{fault} (not counted)"),
                None => "--".into(),
            },
            Judgement::Positive { excused: true } => "its source is gone; nothing is counted".into(),
            Judgement::Positive { excused: false } => self.lag_message(node),
        }
    }

    fn lag_message(&self, node: NodeId) -> String {
        match self.memory.nodes[node].lag() {
            Some(lag) if lag.is_zero() => "lag 0s".into(),
            Some(lag) => format!("lag {}", Short(lag)),
            None => "no replication channel".into(),
        }
    }

    /// What is wrong with the replication of the ACTIVE node, which is shown and never counted.
    fn own_replication_fault(&self, node: NodeId) -> Option<String> {
        let n = &self.memory.nodes[node];
        let facts = n.facts.as_ref()?;
        self.settings.max_lag?;
        if facts.channels.is_empty() && !n.sources.is_empty() {
            return Some("no replication channel; it had one".into());
        }
        let broken = facts.channels.iter().find(|c| !c.sql.healthy() || !c.io.healthy());
        broken.map(|channel| match channel.sql.healthy() {
            false => super::replication::describe("SQL", channel, &channel.sql),
            true => super::replication::describe("IO", channel, &channel.io),
        })
    }

    /// Tells once when the monitor is locked out of the ACTIVE node for long: at the STATUS it is never taken beyond.
    pub(super) fn watch_denied(&mut self, node: NodeId, before: u32, reason: &str) {
        let limit = self.settings.levels.critical;
        if before < limit && self.memory.nodes[node].denied >= limit {
            let name = self.name(node);
            let reason = format!(
                "the monitor is locked out of {name}: {reason}; {name} stays ACTIVE; see mpp config grants"
            );
            self.note(What::Denied, Severity::Alert, Some(node), reason);
        }
    }

    /// Tells once when the ACTIVE node's replication breaks, and once when it is whole again.
    pub(super) fn watch_own_replication(&mut self, node: NodeId) {
        let fault = self.own_replication_fault(node);
        if fault.is_some() == self.memory.replication_fault.is_some() {
            return;
        }
        let (severity, reason) = match &fault {
            Some(fault) => {
                (Severity::Warning, format!("replication of the ACTIVE node: {fault}; not counted"))
            }
            None => (Severity::Notice, "replication of the ACTIVE node is whole again".to_owned()),
        };
        self.memory.replication_fault = fault;
        self.note(What::Replication, severity, Some(node), reason);
    }
}
