//! From an observation to a node's STATE: judge, count, stand.

use super::node::{Judgement, Standing};
use super::observation::{Answer, Observation};
use super::pool::{Pool, Shown};
use super::settings::OnDenied;
use super::time::Moment;
use super::words::NodeId;

/// So many of what the ACTIVE node has shown are kept at most, or little more: where much may be lost they lie further
/// apart.
const SHOWN: u32 = 64;

impl Pool {
    /// Takes a poll's answer. One that is older than a known one, or from before a late waking, is dropped.
    pub(super) fn observe(&mut self, node: NodeId, observation: Observation, now: Moment) {
        let Some(known) = self.memory.nodes.get(node) else { return };
        let observation = Observation { began: observation.began.min(now), ..observation };
        if observation.began < known.last_began().max(self.memory.deaf_until) {
            return;
        }
        let overdue = observation.answer == Answer::Overdue;
        self.memory.nodes[node].note_answer(&observation, now);
        if self.holds(node) && observation.answer.facts().is_some() {
            self.watch_own_replication(node);
        }
        if let Answer::Online(facts) = &observation.answer {
            self.feed(node, facts, observation.began);
        }
        let judgement = self.judge(node, &observation.answer, now);
        self.count(node, judgement, observation.began, overdue, now);
        self.prove(now);
    }

    fn judge(&mut self, node: NodeId, answer: &Answer, now: Moment) -> Judgement {
        let alert_only = self.settings.nodes[node].on_denied == OnDenied::Alert;
        match answer {
            Answer::Overdue => Judgement::Negative("overdue: the poller is stuck".into()),
            Answer::Offline(offline) => Judgement::Negative(offline.reason.clone()),
            Answer::Saturated(reason) => Judgement::Negative(reason.clone()),
            Answer::Denied(reason) if alert_only && self.holds(node) => Judgement::Denied(reason.clone()),
            Answer::Denied(reason) => Judgement::Negative(reason.clone()),
            Answer::Online(_) if self.holds(node) => Judgement::Positive { excused: false },
            Answer::Online(facts) => self.judge_replication(node, facts, now),
        }
    }

    /// Counts a judged observation and moves the node where that takes it.
    pub(super) fn count(
        &mut self,
        node: NodeId,
        judgement: Judgement,
        began: Moment,
        overdue: bool,
        now: Moment,
    ) {
        let settings = &self.settings.nodes[node];
        let n = &mut self.memory.nodes[node];
        let denied = n.denied;
        if !matches!(judgement, Judgement::Pending(_)) {
            n.pending = None;
        }
        match &judgement {
            Judgement::Positive { .. } => n.count_positive(),
            Judgement::Negative(_) => _ = n.count_negative(began, settings, overdue),
            Judgement::Denied(_) => n.count_denied(began, settings),
            Judgement::Pending(_) => {}
        }
        if let Some(seen) = &mut n.newest {
            seen.judgement = judgement.clone();
        }
        self.memory.nodes[node].message = self.message(node, &judgement);
        if let Judgement::Denied(reason) = &judgement {
            self.watch_denied(node, denied, reason);
        }
        match judgement {
            Judgement::Positive { .. } if self.holds(node) => self.reigning_seen(node, began),
            Judgement::Positive { .. } => self.stand_up(node, now),
            _ => self.fall(node, now),
        }
        self.take_back(node, began, now);
    }

    /// A positive of a node that is not ACTIVE: UNKNOWN becomes STANDBY, a failed one may recover.
    fn stand_up(&mut self, node: NodeId, now: Moment) {
        match self.memory.nodes[node].standing {
            Standing::Unknown => self.memory.nodes[node].stand(Standing::Standby, now),
            Standing::Failed { .. } => self.maybe_recover(node, now),
            Standing::Standby => {}
        }
    }

    /// A node that is not ACTIVE fails with enough errors.
    fn fall(&mut self, node: NodeId, now: Moment) {
        let n = &self.memory.nodes[node];
        if self.holds(node) || n.failed() || n.errors < self.settings.levels.fail {
            return;
        }
        self.fail(node, false, now);
    }

    /// Puts a node into a FAIL state.
    pub(super) fn fail(&mut self, node: NodeId, while_active: bool, now: Moment) {
        let window = self.settings.flap_window;
        let n = &mut self.memory.nodes[node];
        let from_unknown = n.standing == Standing::Unknown;
        n.failures.retain(|&at| now.since(at) < window);
        n.failures.push(now);
        n.stand(Standing::Failed { while_active, from_unknown }, now);
    }

    fn reigning_seen(&mut self, node: NodeId, began: Moment) {
        let keep = self.settings.loss_allowed().unwrap_or_default() + self.settings.slowest_interval();
        let n = &self.memory.nodes[node];
        let (server_id, position) = (n.server_id, n.facts.as_ref().map(|f| f.position.clone()));
        let Some(reign) = self.memory.reign.as_mut().filter(|r| r.node == Some(node)) else { return };
        // One that a peer made ACTIVE may never have answered here before.
        reign.server_id = server_id;
        reign.seen = reign.seen.max(began);
        if let (Some(position), Some(before)) = (&position, reign.shown.last()) {
            reign.rewound |= position.is_rewound_since(&before.position);
        }
        if let [.., before, newest] = &reign.shown[..]
            && newest.at.since(before.at) < keep / SHOWN
        {
            reign.shown.pop();
        }
        reign.shown.extend(position.map(|position| Shown { at: began, position }));
        let limit = reign.seen - keep;
        let first = reign.shown.iter().rposition(|s| s.at <= limit).unwrap_or(0);
        reign.shown.drain(..first);
        let still = self.others(node).any(|n| self.reads_a_former_log(n));
        if let Some(reign) = &mut self.memory.reign {
            reign.rewound &= still;
        }
    }
}
