//! Handing over: every planned change of ACTIVE is this one mechanism (SEMANTICS 6).
//!
//! ```text
//! Draining --consumed, or `handover`--> Asking --from's position--> Catching --executed--> `to` is ACTIVE
//!     |                                   |                            |
//!     +--------- `to` in trouble, or too long: Returning --from answers--> `from` is ACTIVE again
//!     +--------- `from` in trouble: Failed --SEMANTICS 5--> somebody, or `from` when it answers
//! ```

use super::event::{Author, Severity, What};
use super::node::{Drain, Kind};
use super::pool::{Pool, Seat, Takeover};
use super::position::Position;
use super::settings::Failback;
use super::time::{Duration, Moment, Short};
use super::words::NodeId;

/// The largest lag of a node that is handed to (SEMANTICS 6).
const HANDOVER_LAG: Duration = Duration::from_secs(2);

/// `from` has stepped down for `to`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Handover {
    /// Was ACTIVE, is judged as ACTIVE, and may take it back.
    pub from: NodeId,
    /// Is to be ACTIVE.
    pub to: NodeId,
    /// Since when.
    pub since: Moment,
    /// What for.
    pub cause: Cause,
    /// Whatever the positions say.
    pub forced: bool,
    /// Who asked.
    pub by: Author,
    /// How far it has come.
    pub stage: Stage,
}

/// What a handover is for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Cause {
    /// The PRIMARY gets ACTIVE back.
    Failback,
    /// An operator's word.
    Switchover,
    /// `from` is to be drained when it is done.
    Drain(Drain),
}

/// How far a handover has come.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Stage {
    /// `from` is DOWN for `rw`; that is being consumed.
    Draining,
    /// `from` was asked for its position after that.
    Asking {
        /// By a poll begun after this.
        after: Moment,
    },
    /// `to` is executing up to there.
    Catching {
        /// The last position of `from`.
        position: Position,
    },
    /// Given up: `from` takes ACTIVE back on its next answer.
    Returning {
        /// To a poll begun after this.
        after: Moment,
    },
    /// `from` has failed meanwhile: section 5 looks for somebody.
    Failed,
}

impl Handover {
    /// Whether `from` has failed meanwhile.
    pub(super) fn failed(&self) -> bool {
        self.stage == Stage::Failed
    }
}

impl Pool {
    /// Whether ACTIVE can be handed to `to` now, and if not, why (SEMANTICS 6).
    pub fn can_hand_to(&self, to: NodeId, now: Moment) -> Result<(), String> {
        let Seat::Held(from) = self.memory.seat else {
            return Err(match &self.memory.seat {
                Seat::Passing(_) => "a handover is under way".into(),
                _ => "no node is ACTIVE".into(),
            });
        };
        if self.memory.pause.is_some() {
            return Err("the pool is paused; mpp resume".into());
        }
        self.fit_to_hand_to(from, to, now)
    }

    fn fit_to_hand_to(&self, from: NodeId, to: NodeId, now: Moment) -> Result<(), String> {
        let (f, t) = (&self.memory.nodes[from], &self.memory.nodes[to]);
        let (from_name, to_name) = (self.name(from), self.name(to));
        if let Some(why) = self.passed_over(to).or_else(|| self.not_writable(to)) {
            return Err(format!("{to_name} {why}"));
        }
        let hostile =
            to == 0 && self.settings.hostile_takeover && self.state(to) == super::words::State::Unknown;
        if t.standing != super::node::Standing::Standby && !hostile {
            return Err(format!("{to_name} is {}", self.state(to)));
        }
        for (n, name) in [(f, from_name), (t, to_name)] {
            if n.errors + n.denied > 0 || !n.positive() {
                return Err(format!("{name} has a negative: {}", n.message));
            }
        }
        if t.excused() {
            return Err(format!("{to_name} has lost its source"));
        }
        match t.lag() {
            Some(lag) if self.settings.max_lag.is_some() && lag > HANDOVER_LAG => {
                Err(format!("{to_name} is {} behind (at most {})", Short(lag), Short(HANDOVER_LAG)))
            }
            _ => self.caught_up(from, to, now),
        }
    }

    /// `to` has executed what `from` showed one interval ago.
    fn caught_up(&self, from: NodeId, to: NodeId, now: Moment) -> Result<(), String> {
        if self.settings.max_lag.is_none() {
            return Ok(());
        }
        let due = now - self.node_settings(from).pace.interval;
        let shown = self.memory.reign.as_ref().and_then(|r| r.shown.iter().rfind(|s| s.at <= due));
        let Some(shown) = shown else {
            return Err(format!("{} has not been ACTIVE for an interval yet", self.name(from)));
        };
        match self.has_executed(to, &shown.position) {
            Some(true) => Ok(()),
            Some(false) => Err(format!(
                "{} has not executed what {} showed an interval ago",
                self.name(to),
                self.name(from)
            )),
            None => Err(format!(
                "the positions of {} and {} do not compare; mpp switchover --force",
                self.name(from),
                self.name(to)
            )),
        }
    }

    /// Steps `from` down for `to`.
    pub(super) fn begin_handover(
        &mut self,
        to: NodeId,
        cause: Cause,
        forced: bool,
        by: &Author,
        now: Moment,
    ) {
        let Seat::Held(from) = self.memory.seat else { return };
        let words = match &cause {
            Cause::Failback => "failback",
            Cause::Switchover => "switchover",
            Cause::Drain(_) => "drain",
        };
        let reason = format!("{} hands over to {} ({words}, {})", self.name(from), self.name(to), by.who);
        let stage = Stage::Draining;
        let handover = Handover { from, to, since: now, cause, forced, by: by.clone(), stage };
        self.memory.nodes[from].bump = true;
        self.memory.takeover = None;
        self.memory.seat = Seat::Passing(Box::new(handover));
        self.note(What::Handover, Severity::Warning, Some(to), reason);
    }

    /// The automatic failback: ACTIVE is a SECONDARY, and the PRIMARY could have it.
    pub(super) fn fail_back(&mut self, now: Moment) {
        let wanted = self.active().is_some_and(|a| a != 0) && self.settings.failback == Failback::Auto;
        if !wanted || self.memory.failback_off || self.memory.flapping || self.can_hand_to(0, now).is_err() {
            return;
        }
        let window = self.settings.flap_window;
        self.memory.changes.retain(|&at| now.since(at) < window);
        if self.memory.changes.len() >= self.settings.max_failovers as usize {
            return;
        }
        self.memory.changes.push(now);
        let by = Author { who: "mppd".into(), why: Some("the PRIMARY is good again".into()) };
        self.begin_handover(0, Cause::Failback, false, &by, now);
    }

    /// The old node's DOWN has reached the kernel.
    pub(super) fn consumed(&mut self, now: Moment) {
        if let Seat::Passing(handover) = &mut self.memory.seat
            && handover.stage == Stage::Draining
        {
            handover.stage = Stage::Asking { after: now };
            let from = handover.from;
            self.ask(from);
        }
    }

    /// Moves a handover on, as far as it will go.
    pub(super) fn pass_on(&mut self, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let handover = handover.clone();
        let in_time =
            matches!(handover.stage, Stage::Draining | Stage::Asking { .. } | Stage::Catching { .. });
        if !handover.failed() && self.memory.nodes[handover.from].errors >= self.settings.failover_errors() {
            return self.holder_failed(&handover, now);
        }
        if in_time && !handover.forced && self.should_give_up(&handover, now) {
            return self.give_up(&handover, now);
        }
        if handover.stage == Stage::Draining && now >= self.drained_at(&handover) {
            self.consumed(now);
        }
        self.take_position();
        self.finish(now);
    }

    fn drained_at(&self, handover: &Handover) -> Moment {
        if self.settings.hostile_takeover && handover.to == 0 {
            return handover.since;
        }
        handover.since + self.settings.handover
    }

    fn patience(&self, handover: &Handover) -> Moment {
        handover.since + self.settings.handover + self.settings.slowest_interval() * 5
    }

    fn should_give_up(&self, handover: &Handover, now: Moment) -> bool {
        self.memory.nodes[handover.to].errors >= 2 || now >= self.patience(handover)
    }

    /// `from` has answered after the wait: that is the position to reach.
    fn take_position(&mut self) {
        let Seat::Passing(handover) = &mut self.memory.seat else { return };
        let Stage::Asking { after } = handover.stage else { return };
        let (from, to) = (handover.from, handover.to);
        let n = &self.memory.nodes[from];
        let fresh = n.online() && n.asked_since(after);
        if let (true, Some(facts)) = (fresh, &n.facts) {
            handover.stage = Stage::Catching { position: facts.position.clone() };
            self.ask(to);
        }
    }

    fn finish(&mut self, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let handover = handover.clone();
        let executed = match &handover.stage {
            Stage::Catching { position } => {
                self.settings.max_lag.is_none() || self.has_executed(handover.to, position) == Some(true)
            }
            _ => false,
        };
        let n = &self.memory.nodes[handover.to];
        let fit = executed && n.positive() && n.errors == 0;
        let anyway = handover.forced && n.online() && now >= self.patience(&handover);
        if fit || anyway {
            self.hand_over(*handover, now);
        }
    }

    fn hand_over(&mut self, handover: Handover, now: Moment) {
        let (from, to) = (handover.from, handover.to);
        let took = Short(now.since(handover.since));
        let reason = format!("{} took over from {} after {took}", self.name(to), self.name(from));
        self.memory.nodes[from].fed = Some(now);
        self.seat(to, now);
        match handover.cause {
            Cause::Drain(drain) => self.memory.nodes[from].drain = Some(drain),
            Cause::Switchover => self.memory.failback_off = true,
            Cause::Failback => {}
        }
        if to == 0 {
            self.memory.failback_off = false;
        }
        self.note(What::HandedOver, Severity::Warning, Some(to), reason);
    }

    fn give_up(&mut self, handover: &Handover, now: Moment) {
        let to = &self.memory.nodes[handover.to];
        let why = match to.errors {
            0 | 1 => format!("{} did not get there in time: {}", self.name(handover.to), to.message),
            _ => format!("{} is in trouble: {}", self.name(handover.to), to.message),
        };
        self.set_stage(Stage::Returning { after: now });
        self.memory.failback_off = true;
        self.ask(handover.from);
        self.note(What::HandoverGivenUp, Severity::Alert, Some(handover.to), why);
    }

    fn holder_failed(&mut self, handover: &Handover, now: Moment) {
        let why = format!("{} failed meanwhile", self.name(handover.from));
        self.set_stage(Stage::Failed);
        self.begin_takeover(now);
        self.note(What::HandoverGivenUp, Severity::Alert, Some(handover.from), why);
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Seat::Passing(handover) = &mut self.memory.seat {
            handover.stage = stage;
        }
    }

    /// `from` answers after a handover was given up, or failed: it is ACTIVE again.
    pub(super) fn take_back(&mut self, node: NodeId, began: Moment, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let due = match handover.stage {
            Stage::Returning { after } => began >= after,
            Stage::Failed => true,
            _ => false,
        };
        let kind = self.memory.nodes[node].newest.as_ref().map(|s| s.kind);
        let answers = matches!(kind, Some(Kind::Online | Kind::Denied));
        if node != handover.from || !due || !answers {
            return;
        }
        let reign = self.memory.reign.take();
        self.seat(node, now);
        // It never stopped being the one the others replicate from: what it showed still counts.
        self.memory.reign = reign;
        self.memory.failback_off = true;
        let reason = format!("{} takes ACTIVE back", self.name(node));
        self.note(What::HandedOver, Severity::Warning, Some(node), reason);
    }

    /// Whether a node is one of the two of a handover.
    pub(super) fn in_handover(&self, node: NodeId) -> bool {
        matches!(&self.memory.seat, Seat::Passing(h) if h.from == node || h.to == node)
    }

    /// When a handover needs a `Tick`.
    pub(super) fn handover_deadlines(&self) -> Vec<Moment> {
        match &self.memory.seat {
            Seat::Passing(handover) => vec![self.drained_at(handover), self.patience(handover)],
            _ => Vec::new(),
        }
    }

    /// The takeover of section 5, if it looks for a successor of a node that failed while handing over.
    pub fn takeover(&self) -> Option<&Takeover> {
        self.memory.takeover.as_ref()
    }
}
