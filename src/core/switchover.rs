//! `mpp switchover`: ACTIVE to another node, as planned or by force.

use super::command::{Done, Refused};
use super::event::{Author, Severity, What};
use super::handover::Cause;
use super::pool::{Pool, Seat};
use super::time::{Moment, Short};
use super::words::NodeId;

impl Pool {
    pub(super) fn switchover(
        &mut self,
        to: Option<NodeId>,
        force: bool,
        by: &Author,
        now: Moment,
    ) -> Result<Done, Refused> {
        if let Some(to) = to.filter(|&to| self.active() == Some(to)) {
            return Err(Refused(format!("{} is ACTIVE already", self.name(to))));
        }
        self.free_to_move()?;
        if force {
            return self.force_switchover(to, by, now);
        }
        let chosen = match to {
            Some(to) => self.can_hand_to(to, now).map(|()| to),
            None => self.anybody(now),
        };
        let to = chosen.map_err(|why| self.unless_forced(&why, to))?;
        self.begin_handover(to, Cause::Switchover, false, by, now);
        Ok(self.hands_over(""))
    }

    /// What no force overrides: an operator's pause, and a handover that is not over yet.
    pub(super) fn free_to_move(&self) -> Result<(), Refused> {
        let pool = &self.settings.name;
        if self.memory.pause.is_some() {
            return Err(Refused(format!("the pool is paused; mpp resume {pool}")));
        }
        match &self.memory.seat {
            Seat::Passing(handover) if !handover.failed() => Err(Refused(format!(
                "a handover is under way ({}); wait for its end",
                self.handover_words(handover)
            ))),
            _ => Ok(()),
        }
    }

    fn unless_forced(&self, why: &str, to: Option<NodeId>) -> Refused {
        let (pool, to) = (&self.settings.name, to.map_or("NODE", |to| self.name(to)));
        Refused(format!("{why}; wait until that has changed, or: mpp switchover {pool} --to {to} --force"))
    }

    /// The first node by priority that ACTIVE could be handed to.
    pub(super) fn anybody(&self, now: Moment) -> Result<NodeId, String> {
        let mut reasons = Vec::new();
        for node in (0..self.memory.nodes.len()).filter(|&n| !self.holds(n)) {
            match self.can_hand_to(node, now) {
                Ok(()) => return Ok(node),
                Err(why) => reasons.push(why),
            }
        }
        reasons.dedup();
        if reasons.is_empty() { Err("there is no other node".into()) } else { Err(reasons.join("; ")) }
    }

    /// Takes any node whose newest observation is `Online`; says what would be lost.
    fn force_switchover(&mut self, to: Option<NodeId>, by: &Author, now: Moment) -> Result<Done, Refused> {
        let to = self.forced_choice(to).map_err(Refused)?;
        if let Some(isolated) = &mut self.memory.isolation {
            isolated.overridden = true;
        }
        let left = self.unexecuted(to).map_or(String::new(), |left| {
            format!("; of what {} has received it has yet to execute {left}", self.name(to))
        });
        let lost = self.known_loss(to);
        let lost = |still: &str| {
            let known = lost.map_or("nothing known to be lost".to_owned(), |l| format!("lost{still}: {l}"));
            format!("{known}{left}")
        };
        match &self.memory.seat {
            Seat::Held(from) if self.memory.nodes[*from].positive() => {
                let how = lost(&format!(" unless {} still gets it", self.name(to)));
                self.begin_handover(to, Cause::Switchover, true, by, now);
                Ok(self.hands_over(&format!(" whatever its state ({how})")))
            }
            _ => {
                self.seize(to, by, now);
                let how = lost("");
                Ok(Done::at_once(format!("{} is ACTIVE, epoch {} ({how})", self.name(to), self.memory.epoch)))
            }
        }
    }

    fn forced_choice(&self, to: Option<NodeId>) -> Result<NodeId, String> {
        let all = 0..self.memory.nodes.len();
        let wanted = all.filter(|&n| !self.holds(n) && to.is_none_or(|to| to == n));
        let online: Vec<NodeId> = wanted.filter(|&n| self.memory.nodes[n].online()).collect();
        self.best(&online).ok_or_else(|| match to {
            Some(to) => format!("{} does not answer: {}", self.name(to), self.memory.nodes[to].message),
            None => "no other node answers".into(),
        })
    }

    /// The old ACTIVE node does not answer well, or there is none: nothing to wait for.
    fn seize(&mut self, to: NodeId, by: &Author, now: Moment) {
        if let Some(holder) = self.holder() {
            self.fail(holder, true, now);
        }
        self.forgive(to);
        self.seat(to, now);
        self.choose_holder(to);
        let reason = format!("{} made ACTIVE by force, by {by}", self.name(to));
        self.tell_seated(What::HandedOver, Severity::Alert, to, reason);
    }

    /// What the handover that has just begun will do. `how`: in addition to who hands over to whom.
    pub(super) fn hands_over(&self, how: &str) -> Done {
        let Seat::Passing(handover) = &self.memory.seat else { return Done::at_once(String::new()) };
        let (from, to) = (self.name(handover.from), self.name(handover.to));
        let within = Short(self.patience(handover).since(handover.since));
        let words = format!(
            "{from} hands over to {to}{how}: {from} is DOWN for rw now, {to} is UP once it has executed \
             everything; if not within {within}, {from} takes ACTIVE back"
        );
        Done { words, awaits: self.awaits_handover(handover) }
    }
}
