//! Failing over: the conditions under which the ACTIVE node is replaced (docs/how-it-decides.md).

use super::checkpoint::Outside;
use super::eligible::{Fitness, verb};
use super::event::{Severity, What};
use super::node::{Judgement, Standing};
use super::pool::{Pool, Reign, Seat, Shown, Takeover};
use super::time::{Duration, Moment, Short};
use super::words::NodeId;
use std::collections::BTreeMap;

/// What the pool should do about an ACTIVE node that has failed.
pub(super) enum Replacement {
    /// Make this one ACTIVE.
    Promote(NodeId),
    /// Answers asked for are still out.
    Wait,
    /// Not possible, and why.
    Hold(String),
}

impl Pool {
    /// Replaces the ACTIVE node (or one that failed while handing over), if all conditions hold.
    pub(super) fn replace(&mut self, now: Moment) {
        let Some(holder) = self.failing_holder() else {
            return self.release();
        };
        if self.memory.takeover.is_none() {
            self.begin_takeover(now);
        }
        self.qualify(holder, now);
        self.guard_against_flapping(now);
        match self.replacement(holder, now) {
            Replacement::Promote(_) if !self.my_turn(now) => self.still_held(holder),
            Replacement::Promote(to) => self.fail_over(holder, to, now),
            Replacement::Wait => self.still_held(holder),
            Replacement::Hold(why) => self.hold(holder, why),
        }
    }

    /// Condition (1).
    fn failing_holder(&self) -> Option<NodeId> {
        let holder = match &self.memory.seat {
            Seat::Empty => return None,
            Seat::Held(node) => *node,
            Seat::Passing(handover) => handover.failed().then_some(handover.from)?,
        };
        (self.memory.nodes[holder].errors >= self.settings.failover_errors()).then_some(holder)
    }

    /// Reaches (1), or reaches it anew: everybody is asked.
    pub(super) fn begin_takeover(&mut self, now: Moment) {
        let count = self.memory.nodes.len();
        let held = self.memory.takeover.take().and_then(|t| t.held);
        self.memory.takeover = Some(Takeover { since: now, qualified: vec![None; count], held });
        for candidate in self.candidates() {
            self.ask(candidate);
        }
        self.ask_checkpoints();
    }

    fn release(&mut self) {
        let Some(takeover) = self.memory.takeover.take() else { return };
        if takeover.held.is_some() {
            let holder = self.holder();
            self.note(What::Released, Severity::Notice, holder, "the ACTIVE node answers again".into());
        }
    }

    pub(super) fn candidates(&self) -> Vec<NodeId> {
        let holder = self.holder();
        let all = 0..self.memory.nodes.len();
        all.filter(|&n| Some(n) != holder && self.passed_over(n).is_none()).collect()
    }

    /// Notes whose first qualifying answer has come, and asks the ACTIVE node once more after it.
    fn qualify(&mut self, holder: NodeId, now: Moment) {
        let Some(since) = self.memory.takeover.as_ref().map(|t| t.since) else { return };
        for node in 0..self.memory.nodes.len() {
            let fit = node != holder && self.fitness(node, since) == Fitness::Eligible;
            let Some(takeover) = &mut self.memory.takeover else { return };
            let known = &mut takeover.qualified[node];
            let first = fit && known.is_none();
            *known = if fit { known.or(Some(now)) } else { None };
            if first {
                self.ask(holder);
            }
        }
    }

    fn replacement(&self, holder: NodeId, now: Moment) -> Replacement {
        if let Some(why) = self.blocked(now) {
            return Replacement::Hold(why);
        }
        let Some(takeover) = &self.memory.takeover else { return Replacement::Wait };
        let (since, qualified) = (takeover.since, &takeover.qualified);
        match self.outside(since, now) {
            Outside::There => {}
            Outside::Awaited => return Replacement::Wait,
            Outside::Silent(why) => return Replacement::Hold(why),
        }
        if let Some(vouched) = self.vouched(holder) {
            let patient = now < self.vouched_until(holder, since);
            return if patient { Replacement::Wait } else { Replacement::Hold(vouched) };
        }
        let fitness = self.asked_candidates(since);
        if self.awaited(&fitness, since, now).is_some() {
            return Replacement::Wait;
        }
        match self.choose(&fitness, since, now) {
            Ok(best) if self.confirmed(holder, qualified[best]) => Replacement::Promote(best),
            Ok(best) => self.unconfirmed(holder, best, qualified[best], now),
            Err(why) => Replacement::Hold(why),
        }
    }

    /// Every candidate, and what its answer to a question asked at or after `since` makes of it.
    pub(super) fn asked_candidates(&self, since: Moment) -> Vec<(NodeId, Fitness)> {
        self.candidates().into_iter().map(|c| (c, self.fitness(c, since))).collect()
    }

    /// A candidate whose answer is still waited for.
    pub(super) fn awaited(
        &self,
        fitness: &[(NodeId, Fitness)],
        since: Moment,
        now: Moment,
    ) -> Option<NodeId> {
        let out = |(c, f): &&(NodeId, Fitness)| *f == Fitness::Unasked && now < self.answer_due(*c, since);
        fitness.iter().find(out).map(|(c, _)| *c)
    }

    /// Before a change that would be one too many the pool becomes flapping.
    fn guard_against_flapping(&mut self, now: Moment) {
        if self.memory.pause.is_some() || self.waits_after_reboot(now).is_some() {
            return;
        }
        self.forget_old_changes(now);
        let (changes, window) = (self.memory.changes.len(), self.settings.flap_window);
        if !self.memory.flapping && changes >= self.settings.max_failovers as usize {
            self.memory.flapping = true;
            let reason = format!("{changes} changes of ACTIVE within {}; mpp ack", Short(window));
            self.note(What::Flapping, Severity::Alert, None, reason);
        }
    }

    /// Condition (5).
    pub(super) fn blocked(&self, now: Moment) -> Option<String> {
        if self.memory.pause.is_some() {
            return Some("the pool is paused; mpp resume".into());
        }
        if let Some(why) = self.waits_after_reboot(now) {
            return Some(why);
        }
        if let Some(why) = self.cut_off_words().or_else(|| self.unheard(now)) {
            return Some(why);
        }
        self.memory.flapping.then(|| "the pool is flapping; mpp ack".into())
    }

    /// Until when the answer to a question asked at `since` is waited for: a poll in flight may come first.
    fn answer_due(&self, node: NodeId, since: Moment) -> Moment {
        since + self.settings.nodes[node].pace.timeout * 2 + Duration::from_millis(50)
    }

    /// When a takeover needs a `Tick`.
    pub(super) fn takeover_deadlines(&self) -> Vec<Moment> {
        let (Some(takeover), Some(holder)) = (&self.memory.takeover, self.holder()) else {
            return Vec::new();
        };
        let interval = self.settings.nodes[holder].pace.interval;
        let all = 0..self.memory.nodes.len();
        let candidates = all.map(|n| self.answer_due(n, takeover.since));
        let confirming = takeover.qualified.iter().flatten().map(|&at| self.answer_due(holder, at));
        let confirming = confirming.flat_map(|due| [due, due + interval]);
        let patience = takeover.since + self.settings.drain_timeout;
        let others =
            [patience, self.checkpoints_due(takeover.since), self.vouched_until(holder, takeover.since)];
        candidates.chain(confirming).chain(others).collect()
    }

    /// Who should be ACTIVE, of those who could.
    pub(super) fn choose(
        &self,
        fitness: &[(NodeId, Fitness)],
        since: Moment,
        now: Moment,
    ) -> Result<NodeId, String> {
        let usable: Vec<NodeId> = fitness
            .iter()
            .filter(|(_, f)| matches!(f, Fitness::Eligible | Fitness::Applying(_)))
            .map(|(c, _)| *c)
            .collect();
        let ready: Vec<NodeId> =
            fitness.iter().filter(|(_, f)| *f == Fitness::Eligible).map(|(c, _)| *c).collect();
        let patient = now < since + self.settings.drain_timeout;
        let best = if patient || ready.is_empty() { self.best(&usable) } else { self.best(&ready) };
        let Some(best) = best else { return Err(self.nobody(fitness)) };
        match fitness.iter().find(|(c, _)| *c == best) {
            Some((_, Fitness::Applying(why))) => Err(format!("{} {why}", self.name(best))),
            _ => Ok(best),
        }
    }

    fn nobody(&self, fitness: &[(NodeId, Fitness)]) -> String {
        let holder = self.holder();
        let reason = |node: NodeId| {
            let found = fitness.iter().find(|(c, _)| *c == node).map(|(_, f)| f.clone());
            match found.unwrap_or_else(|| Fitness::Unfit(self.passed_over_at_length(node))) {
                Fitness::Unfit(why) | Fitness::Applying(why) => format!("{} {}", self.name(node), verb(&why)),
                Fitness::Unasked => format!("{} does not answer", self.name(node)),
                Fitness::Eligible => format!("{} is eligible", self.name(node)),
            }
        };
        let all: Vec<String> =
            (0..self.memory.nodes.len()).filter(|&n| Some(n) != holder).map(reason).collect();
        if all.is_empty() { "there is no other node".into() } else { all.join("; ") }
    }

    /// Condition (3): an answer asked for after the candidate qualified counted as an error again.
    pub(super) fn confirmed(&self, holder: NodeId, qualified: Option<Moment>) -> bool {
        qualified.zip(self.memory.nodes[holder].failed_poll).is_some_and(|(asked, poll)| poll >= asked)
    }

    /// The candidate is ready, the ACTIVE node has not failed once more: its answer is out, or did not count.
    pub(super) fn unconfirmed(
        &self,
        holder: NodeId,
        best: NodeId,
        asked: Option<Moment>,
        now: Moment,
    ) -> Replacement {
        let n = &self.memory.nodes[holder];
        let answered = asked.is_some_and(|asked| n.asked_since(asked));
        let negative = n.newest.as_ref().is_some_and(|s| matches!(s.judgement, Judgement::Negative(_)));
        let due = asked.map(|asked| self.answer_due(holder, asked));
        // An error that came too soon after another to count: the next one, an interval later, will.
        let pace =
            if answered && negative { self.settings.nodes[holder].pace.interval } else { Duration::ZERO };
        if due.is_some_and(|due| now < due + pace && (!answered || negative)) {
            return Replacement::Wait;
        }
        let (best, name) = (self.name(best), self.name(holder));
        Replacement::Hold(match answered {
            true => {
                format!("{best} is ready, but the last answer of {name} is no failure: {}", bare(&n.message))
            }
            false => format!("{best} is ready, but {name} was not asked again: its poller is stuck"),
        })
    }

    fn hold(&mut self, holder: NodeId, why: String) {
        let Some(takeover) = &mut self.memory.takeover else { return };
        let first = takeover.held.is_none();
        takeover.held = Some(why.clone());
        self.memory.nodes[holder].message = format!("held: {why}");
        if first {
            self.note(What::Held, Severity::Alert, Some(holder), why);
        }
    }

    /// Until it is clear that it no longer is, the reason stays in sight.
    fn still_held(&mut self, holder: NodeId) {
        if let Some(why) = self.memory.takeover.as_ref().and_then(|t| t.held.as_ref()) {
            self.memory.nodes[holder].message = format!("held: {why}");
        }
    }

    fn fail_over(&mut self, holder: NodeId, to: NodeId, now: Moment) {
        let loss = self.loss_words(holder, to);
        let why = self.failure_words(holder);
        let after = self.since_first_error(holder, now);
        self.fail(holder, true, now);
        (self.memory.failback_off, self.memory.chosen) = (false, false);
        self.memory.changes.push(now);
        self.succeed(to, now);
        let reason =
            format!("{} promoted{after}; {} failed: {why}; {loss}", self.name(to), self.name(holder));
        self.tell_seated(What::Failover, Severity::Alert, to, reason);
    }

    /// How long it took: from the poll of the ACTIVE node that was the first to fail.
    fn since_first_error(&self, holder: NodeId, now: Moment) -> String {
        match self.memory.nodes[holder].first_error {
            Some(first) => format!(" {} after {}'s first error", Short(now.since(first)), self.name(holder)),
            None => String::new(),
        }
    }

    /// What would be lost with `holder` if `to` took over, as far as is known.
    pub(super) fn loss_words(&self, holder: NodeId, to: NodeId) -> String {
        match self.known_loss(to) {
            Some(loss) => {
                format!("{} had shown {loss} that {} never received", self.name(holder), self.name(to))
            }
            None => format!("nothing that {} had shown is known to be lost", self.name(holder)),
        }
    }

    /// What the ACTIVE node's last answer was, as it came.
    pub(super) fn failure_words(&self, holder: NodeId) -> String {
        match self.memory.nodes[holder].newest.as_ref().map(|s| &s.judgement) {
            Some(Judgement::Negative(why) | Judgement::Denied(why)) => why.clone(),
            _ => bare(&self.memory.nodes[holder].message).to_owned(),
        }
    }

    /// Makes a node ACTIVE that has what the one before it had shown. Should it die before it has shown anything of its
    /// own, the next one must have that too.
    pub(super) fn succeed(&mut self, node: NodeId, now: Moment) {
        let owed = self.owed();
        self.seat(node, now);
        if let Some(reign) = &mut self.memory.reign {
            reign.shown.splice(0..0, owed);
        }
    }

    /// What a successor must have. Places in the old log mean nothing in the new one.
    fn owed(&self) -> Option<Shown> {
        let allowed = self.settings.loss_allowed()?;
        let due = self.memory.reign.as_ref()?.due(allowed)?.clone();
        Some(Shown { position: super::position::Position { binlog: None, ..due.position }, ..due })
    }

    /// Makes a node ACTIVE: the one place where the epoch rises.
    pub(super) fn seat(&mut self, node: NodeId, now: Moment) {
        for other in self.others(node) {
            let n = &mut self.memory.nodes[other];
            n.denied = 0;
            n.drain = n.drain_wanted.take().or(n.drain.take());
        }
        let name = self.name(node).to_owned();
        let n = &mut self.memory.nodes[node];
        n.stand(Standing::Standby, now);
        n.pending = None;
        n.drain = None;
        n.orders.failed = None;
        n.bump = true;
        n.message = "--".into();
        let server_id = n.server_id;
        let position = n.facts.as_ref().map(|f| f.position.clone());
        let shown = position.map(|position| Shown { at: now, position }).into_iter().collect();
        if node == 0 {
            (self.memory.failback_off, self.memory.chosen) = (false, false);
        }
        self.memory.seat = Seat::Held(node);
        self.memory.epoch += 1;
        (self.memory.fresh, self.memory.withdrawn) = (false, None);
        self.memory.takeover = None;
        self.memory.replication_fault = None;
        self.memory.reign = Some(Reign {
            node: Some(node),
            name,
            server_id,
            rewound: false,
            opened: false,
            how: String::new(),
            since: now,
            seen: now,
            shown,
            missed: BTreeMap::new(),
        });
    }
}

/// A message without the mark of a held node.
fn bare(message: &str) -> &str {
    message.strip_prefix("held: ").unwrap_or(message)
}
