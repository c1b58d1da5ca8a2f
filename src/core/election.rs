//! A pool without ACTIVE node, and nodes that come back: first election and recovery.

use super::eligible::{Fitness, verb};
use super::event::{Author, Severity, What};
use super::node::Standing;
use super::pool::{Pool, Seat};
use super::settings::Recovery;
use super::time::Moment;
use super::words::NodeId;

impl Pool {
    /// Gives a pool without ACTIVE node one, by priority.
    pub(super) fn elect(&mut self, now: Moment) {
        if self.memory.seat != Seat::Empty || self.no_election(now).is_some() {
            return;
        }
        if let Ok(node) = self.first_choice()
            && self.my_turn(now)
        {
            let reason = format!("{} is the first eligible node", self.name(node));
            self.succeed(node, now);
            self.tell_seated(What::Election, Severity::Warning, node, reason);
        }
    }

    /// Why nobody may be made ACTIVE now, whoever it is.
    pub(super) fn no_election(&self, now: Moment) -> Option<String> {
        self.barred().or_else(|| self.unheard(now))
    }

    /// The same, but for a peer whose first word is awaited.
    pub(super) fn barred(&self) -> Option<String> {
        let paused = self.memory.pause.as_ref().map(|_| "the pool is paused; mpp resume".into());
        paused.or_else(|| self.cut_off_words()).or_else(|| self.unproven())
    }

    /// The node to make ACTIVE, or what is waited for. One that withdrew comes last.
    pub fn first_choice(&self) -> Result<NodeId, String> {
        let mut passed = Vec::new();
        let mut order: Vec<NodeId> = (0..self.memory.nodes.len()).collect();
        order.sort_by_key(|&node| self.withdrew(node));
        for node in order {
            let barred = self.passed_over(node).or_else(|| self.not_forgiven(node));
            let fitness = barred.map_or_else(|| self.readiness(node), Fitness::Unfit);
            let unknown = self.memory.nodes[node].standing == Standing::Unknown;
            let name = self.name(node);
            match fitness {
                Fitness::Eligible => return Ok(node),
                Fitness::Unasked => return Err(format!("waiting for the next answer of {name}")),
                Fitness::Applying(why) | Fitness::Unfit(why)
                    if unknown && self.passed_over(node).is_none() =>
                {
                    return Err(format!("waiting for {name}: {why}"));
                }
                Fitness::Applying(why) | Fitness::Unfit(why) => passed.push(format!("{name} {}", verb(&why))),
            }
        }
        Err(format!("no node can be chosen: {}", passed.join("; ")))
    }

    /// STANDBY is asked once more: what was good only once is not good enough to be first. A PRIMARY that may take
    /// over by force skips that: it is UNKNOWN, and with one good answer ACTIVE.
    fn readiness(&self, node: NodeId) -> Fitness {
        let n = &self.memory.nodes[node];
        if n.standing == Standing::Unknown {
            return Fitness::Unfit(n.message.clone());
        }
        let since = if self.is_hostile(node) { Moment(0) } else { n.since };
        match n.asked_since(since.max(self.memory.vacant_since)) {
            true => self.merits(node),
            false => Fitness::Unasked,
        }
    }

    /// A failed node gave a positive answer: after enough of them, and if it may, it recovers.
    pub(super) fn maybe_recover(&mut self, node: NodeId, now: Moment) {
        if self.memory.nodes[node].positives < self.positives_needed(node, now) {
            return;
        }
        match self.may_recover(node) {
            Ok(()) => self.recover(node, &Author { who: "mppd".into(), why: None }, now),
            Err(why) => self.memory.nodes[node].message = why,
        }
    }

    /// `recover_after`, doubled for each further failure within the flap window.
    pub fn positives_needed(&self, node: NodeId, now: Moment) -> u32 {
        let window = self.settings.flap_window;
        let recent = self.memory.nodes[node].failures.iter().filter(|&&at| now.since(at) < window).count();
        let doublings = u32::try_from(recent.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
        self.settings.recover_after.saturating_mul(1 << doublings)
    }

    /// Whether a failed node may come back by itself, or what it waits for.
    pub fn may_recover(&self, node: NodeId) -> Result<(), String> {
        let Standing::Failed { while_active, from_unknown } = self.memory.nodes[node].standing else {
            return Err("has not failed".into());
        };
        let command = format!("mpp recover {}/{}", self.settings.name, self.name(node));
        if let Some(what) = self.errant(node) {
            return Err(format!("holds {what} that the pool lacks; {command}"));
        }
        let first = self.memory.seat == Seat::Empty && self.memory.reign.is_none() && from_unknown;
        if let Some(why) = self.open_though_failed(node) {
            return Err(why);
        }
        let allowed = match self.settings.recovery {
            Recovery::Manual => first,
            Recovery::Standby => first || !while_active,
            Recovery::Auto => true,
        };
        match allowed {
            true => Ok(()),
            false if while_active => Err(format!("failed while ACTIVE; {command}")),
            false => Err(format!("failed; {command}")),
        }
    }

    /// What a node has written that the ACTIVE (or last) node does not have, in words.
    pub(super) fn errant(&self, node: NodeId) -> Option<String> {
        let reigning = self.memory.reign.as_ref()?.node.filter(|&r| r != node)?;
        let (mine, theirs) =
            (self.memory.nodes[node].facts.as_ref()?, self.memory.nodes[reigning].facts.as_ref()?);
        mine.position.errant(theirs.server_id, &theirs.position)
    }

    /// Forgives a failed node: UNKNOWN now, STANDBY at its next positive.
    pub(super) fn recover(&mut self, node: NodeId, by: &Author, now: Moment) {
        let n = &mut self.memory.nodes[node];
        n.errors = 0;
        n.counted = None;
        n.failed_poll = None;
        n.stand(Standing::Unknown, now);
        n.message = format!("recovered by {by}; STANDBY at the next good answer");
        let reason = format!("{} recovered by {by}", self.name(node));
        self.note(What::Command, Severity::Notice, Some(node), reason);
    }
}
