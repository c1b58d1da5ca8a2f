//! Cut off: every checkpoint of the pool has failed. Nobody is promoted, and a local ACTIVE node steps down where that is
//! wanted (docs/checkpoints.md).

use super::command::Refused;
use super::event::{Author, Severity, What};
use super::pool::{Pool, Seat};
use super::settings::{Isolation, PoolRecovery};
use super::time::{Moment, Short};
use super::words::NodeId;

/// The pool is cut off, or was and nobody has said that it is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Isolated {
    /// Since when.
    pub since: Moment,
    /// An operator made a node ACTIVE by force meanwhile: it stays.
    pub overridden: bool,
    /// Rounds of checkpoints in a row in which one answered.
    pub rounds: u32,
    /// When the newest of them began.
    pub round: Moment,
}

/// A node that stepped down because the site was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Withdrawn {
    /// Its name.
    pub name: String,
    /// An operator has said `mpp recover` since: it may be ACTIVE again, after everybody else.
    pub forgiven: bool,
}

impl Pool {
    /// Becomes isolated when all of its own checkpoints have failed, and does what that asks for.
    pub(super) fn isolate(&mut self, now: Moment) {
        let own = self.own_checkpoints();
        let cut_off = !own.is_empty() && own.iter().all(|&place| self.checkpoint_failed(place));
        match self.memory.isolation {
            None if cut_off => self.cut_off(now),
            Some(_) if own.is_empty() => self.rejoin("it has no checkpoints any more", now),
            Some(isolated) if self.may_rejoin(&isolated) => {
                self.rejoin_by_itself(&isolated, now);
            }
            _ => {}
        }
        self.withdraw(now);
    }

    fn cut_off(&mut self, now: Moment) {
        self.memory.isolation = Some(Isolated { since: now, overridden: false, rounds: 0, round: now });
        let reason = format!("cut off: no checkpoint answers ({}); nobody is promoted", self.silence());
        self.note(What::Isolated, Severity::Alert, None, reason);
        self.end_handover_for("the pool is isolated", now);
    }

    /// The local ACTIVE node steps down: the other site takes over.
    fn withdraw(&mut self, now: Moment) {
        let Some(isolated) = self.memory.isolation.filter(|i| !i.overridden) else { return };
        let Seat::Held(active) = self.memory.seat else { return };
        if self.settings.isolation != Isolation::Withdraw || !self.settings.nodes[active].local {
            return;
        }
        let name = self.name(active).to_owned();
        self.memory.seat = Seat::Empty;
        self.memory.vacant_since = now;
        self.memory.takeover = None;
        self.memory.failback_off = true;
        self.memory.nodes[active].bump = true;
        self.memory.withdrawn = Some(Withdrawn { name: name.clone(), forgiven: false });
        let since = Short(now.since(isolated.since));
        let reason = format!(
            "{name} is no longer ACTIVE: this site is cut off, since {since} ago; the other one takes over; when it is \
             back: mpp recover {}",
            self.settings.name
        );
        self.note(What::Withdrawn, Severity::Alert, Some(active), reason);
    }

    /// Counts a round in which one of the pool's own checkpoints answered; one in which none does ends the row.
    pub(super) fn count_round(&mut self, place: usize, began: Moment) {
        let own = self.own_checkpoints();
        let silent = !self.reaches_out();
        // Questions begin on time only more or less.
        let spacing = self.settings.slowest_interval().mul_f32(0.75);
        let answers = own.contains(&place) && self.memory.checkpoints[place].answers();
        let Some(isolated) = &mut self.memory.isolation else { return };
        if silent {
            isolated.rounds = 0;
        } else if answers && (isolated.rounds == 0 || began >= isolated.round + spacing) {
            isolated.rounds += 1;
            isolated.round = began;
        }
    }

    fn may_rejoin(&self, isolated: &Isolated) -> bool {
        self.settings.pool_recovery == PoolRecovery::Auto && isolated.rounds >= self.settings.recover_after
    }

    fn rejoin(&mut self, why: &str, now: Moment) {
        self.memory.isolation = None;
        self.note(What::Rejoined, Severity::Notice, None, format!("no longer isolated: {why}"));
        self.anew(now);
    }

    /// By itself: what failed while the site was cut off is asked again before anybody is chosen.
    fn rejoin_by_itself(&mut self, isolated: &Isolated, now: Moment) {
        let words = format!("a checkpoint has answered in {} rounds in a row", isolated.rounds);
        self.rejoin(&words, now);
        for node in 0..self.memory.nodes.len() {
            let n = &self.memory.nodes[node];
            if n.failed() && n.positive() && self.may_recover(node).is_ok() {
                self.recover(node, &Author { who: "mppd".into(), why: None }, now);
            }
        }
    }

    /// `mpp recover POOL`: refused while it would be isolated again at once. Says what was done.
    pub(super) fn rejoin_command(
        &mut self,
        by: &Author,
        now: Moment,
    ) -> Result<Option<&'static str>, Refused> {
        let forgiven = self.memory.withdrawn.as_mut().filter(|w| !w.forgiven);
        if self.memory.isolation.is_none() {
            return Ok(forgiven.map(|withdrawn| {
                withdrawn.forgiven = true;
                "the node that stepped down may be ACTIVE again"
            }));
        }
        let own = self.own_checkpoints();
        if own.iter().all(|&place| self.memory.checkpoints[place].errors > 0) {
            return Err(Refused(format!(
                "no checkpoint answers yet ({}): it would be isolated again at once; wait until one does, or take them \
                 out of the configuration and say mpp reload; mpp recover {}/NODE recovers a node alone",
                self.silence(),
                self.settings.name
            )));
        }
        if let Some(withdrawn) = &mut self.memory.withdrawn {
            withdrawn.forgiven = true;
        }
        self.rejoin(&format!("recovered by {by}"), now);
        Ok(Some("no longer isolated"))
    }

    /// A peer of this site was told that it is not cut off any more.
    pub(super) fn rejoin_with(&mut self, peer: &str, now: Moment) {
        if self.memory.isolation.is_some() && self.reaches_out() {
            self.rejoin(&format!("recovered at {peer}"), now);
        }
    }

    /// One of the pool's own checkpoints has answered its newest question.
    fn reaches_out(&self) -> bool {
        self.own_checkpoints().into_iter().any(|place| self.memory.checkpoints[place].answers())
    }

    /// Why nobody may be promoted, while the pool is isolated.
    pub(super) fn cut_off_words(&self) -> Option<String> {
        self.memory.isolation?;
        Some(format!("the pool is isolated: no checkpoint answered; mpp recover {}", self.settings.name))
    }

    /// It stepped down, and the pool has not been recovered since: the other site acts.
    pub(super) fn stays_away(&self, node: NodeId) -> bool {
        self.memory.isolation.is_some() && self.withdrew(node)
    }

    /// It was the last to be ACTIVE, and stepped down because the site was cut off.
    pub(super) fn withdrew(&self, node: NodeId) -> bool {
        self.memory.withdrawn.as_ref().is_some_and(|w| w.name == self.name(node))
    }

    /// Why a node that stepped down may not be ACTIVE again yet: another one may be, at the other site.
    pub(super) fn not_forgiven(&self, node: NodeId) -> Option<String> {
        self.memory.withdrawn.as_ref().filter(|w| !w.forgiven && w.name == self.name(node))?;
        let in_doubt = |n: &NodeId| self.memory.nodes[*n].failed() || !self.memory.nodes[*n].positive();
        let other = self.others(node).find(in_doubt)?;
        let (other, state, message) =
            (self.name(other), self.state(other), &self.memory.nodes[other].message);
        Some(format!(
            "withdrew, and {other}, which is {state} here ({message}), may be ACTIVE at the other site; if it is not: \
             mpp recover {}",
            self.settings.name
        ))
    }
}
