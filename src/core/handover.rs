//! Handing over: every planned change of ACTIVE is this one mechanism (docs/how-it-decides.md, "Handover").
//!
//! ```text
//! Draining --consumed, or `handover`--> Asking --from's position--> Catching --executed--> `to` is ACTIVE
//!     |                                   |                            |    (`writable: manage`: `from` is closed in
//!     |                                   |                            |    Asking; Opening comes behind Catching)
//!     +--------- `to` in trouble, or too long: Returning --from answers--> `from` is ACTIVE again
//!     +--------- `from` in trouble: Failed --as if ACTIVE had failed--> somebody, or `from` when it answers
//! ```

use super::event::{Author, Gate, Severity, What};
use super::node::{Drain, Kind, Standing};
use super::pool::{Pool, Reign, Seat, Takeover};
use super::position::Position;
use super::time::{Moment, Short};
use super::words::NodeId;

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
    /// To the PRIMARY under `hostile_takeover`: it waits for no kernel, and `to` may be UNKNOWN.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub hostile: bool,
    /// Who asked.
    pub by: Author,
    /// How far it has come.
    pub stage: Stage,
    /// That `from` is DOWN has been read back from the kernel.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub read_back: bool,
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

impl Cause {
    fn word(&self) -> &'static str {
        match self {
            Cause::Failback => "failback",
            Cause::Switchover => "switchover",
            Cause::Drain(_) => "drain",
        }
    }
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
    /// `to` has executed everything, `from` is closed: `to` is being opened (`writable: manage`).
    Opening,
    /// Given up: `from` takes ACTIVE back on its next answer.
    Returning {
        /// To a poll begun after this.
        after: Moment,
    },
    /// `from` has failed meanwhile: somebody is looked for as if it were ACTIVE.
    Failed,
    /// It is a peer's handover: `from` is DOWN here too, and the peer says how it ends.
    Mirroring {
        /// Its name.
        peer: String,
    },
}

impl Handover {
    /// Whether `from` has failed meanwhile.
    pub(super) fn failed(&self) -> bool {
        self.stage == Stage::Failed
    }

    /// Whether `to` is to take writes.
    pub(super) fn opens(&self) -> bool {
        self.stage == Stage::Opening
    }

    /// Whether it is a peer's, and only followed here.
    pub fn mirrors(&self) -> bool {
        matches!(self.stage, Stage::Mirroring { .. })
    }

    /// What it wants a server to be. What has failed, or is on its way back, leaves the servers to whoever is ACTIVE next.
    pub(super) fn wants(&self, node: NodeId) -> Option<Gate> {
        match self.stage {
            Stage::Failed => None,
            Stage::Draining | Stage::Returning { .. } if node == self.from => None,
            Stage::Mirroring { .. } if node == self.to => None,
            Stage::Opening if node == self.to => Some(Gate::Open),
            _ => Some(Gate::Closed),
        }
    }

    /// Whether it may still come to its end as planned.
    pub(super) fn goes_on(&self) -> bool {
        !matches!(self.stage, Stage::Returning { .. } | Stage::Failed)
    }

    /// A reload ended `hostile_takeover`, or made another node PRIMARY: it waits as any other does.
    pub(super) fn is_hostile_no_more(&mut self) {
        self.hostile = false;
        if self.goes_on() && !self.mirrors() {
            self.stage = Stage::Draining;
        }
    }
}

impl Pool {
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
        let reason = format!("{} hands over to {} ({}, {by})", self.name(from), self.name(to), cause.word());
        let (hostile, stage) = (self.is_hostile(to), Stage::Draining);
        let read_back = false;
        let handover =
            Handover { from, to, since: now, cause, forced, hostile, by: by.clone(), stage, read_back };
        self.memory.nodes[from].bump = true;
        for node in [from, to] {
            self.memory.nodes[node].orders.failed = None;
        }
        if forced {
            // What it has on record shall not end the handover: only what happens from now on.
            self.memory.nodes[to].errors = 0;
        }
        (self.memory.takeover, self.memory.fresh) = (None, false);
        self.memory.seat = Seat::Passing(Box::new(handover));
        self.note(What::Handover, Severity::Warning, Some(to), reason);
    }

    /// The old node's DOWN has reached the kernel.
    pub(super) fn consumed(&mut self) {
        if let Seat::Passing(handover) = &mut self.memory.seat {
            handover.read_back = true;
        }
    }

    /// That `from` is DOWN has reached this kernel and those of the peers, or has been waited for long enough.
    fn note_drained(&mut self, handover: &Handover, now: Moment) {
        let read_back = handover.read_back && self.peers_have_consumed(handover);
        if handover.stage != Stage::Draining || !read_back && now < self.drained_at(handover) {
            return;
        }
        self.set_stage(Stage::Asking { after: now });
        let (from, since) = (handover.from, Short(now.since(handover.since)));
        self.ask(from);
        let reason =
            format!("{} is DOWN for rw since {since}; it is asked how far it has come", self.name(from));
        self.note(What::HandoverStep, Severity::Info, Some(from), reason);
    }

    /// Moves a handover on, as far as it will go.
    pub(super) fn pass_on(&mut self, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let handover = handover.clone();
        // A peer may have ended it while this agent was dead, or slept.
        if handover.mirrors() || self.unheard(now).is_some() {
            return;
        }
        if !handover.failed() && self.memory.nodes[handover.from].errors >= self.settings.failover_errors() {
            return self.holder_failed(&handover, now);
        }
        if handover.goes_on() && self.should_give_up(&handover, now) {
            return self.give_up(&handover, now);
        }
        self.note_drained(&handover, now);
        self.take_position();
        self.finish(now);
    }

    /// Whether the wait for the DOWN of `from` is over.
    pub fn has_drained(&self, handover: &Handover, now: Moment) -> bool {
        handover.read_back || now >= self.drained_at(handover)
    }

    fn drained_at(&self, handover: &Handover) -> Moment {
        if handover.hostile { handover.since } else { handover.since + self.settings.handover }
    }

    /// Until when a handover may take before it is given up.
    pub(super) fn patience(&self, handover: &Handover) -> Moment {
        handover.since + self.settings.handover + self.settings.slowest_interval() * 5
    }

    fn should_give_up(&self, handover: &Handover, now: Moment) -> bool {
        let to = &self.memory.nodes[handover.to];
        match handover.forced {
            // Whatever it answers, as long as it answers.
            true => !to.online() && (to.errors >= 2 || now >= self.patience(handover)),
            false => {
                let lost = self.will_not_follow(handover.from, handover.to).is_some();
                let shut = self.gate_in_handover().is_some();
                to.failed() || to.errors >= 2 || lost || shut || now >= self.patience(handover)
            }
        }
    }

    /// `from` has answered after the wait: that is the position to reach.
    fn take_position(&mut self) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let Stage::Asking { after } = handover.stage else { return };
        let (from, to, forced) = (handover.from, handover.to, handover.forced);
        let n = &self.memory.nodes[from];
        let fresh = n.online() && n.asked_since(after) && self.closed_enough(from, forced);
        let Some(position) = n.facts.as_ref().filter(|_| fresh).map(|f| f.position.clone()) else { return };
        let words =
            format!("{} executes all that {} has{}", self.name(to), self.name(from), up_to(&position));
        self.set_stage(Stage::Catching { position });
        self.ask(to);
        self.note(What::HandoverStep, Severity::Info, Some(to), words);
    }

    fn finish(&mut self, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        let handover = handover.clone();
        let executed = match &handover.stage {
            Stage::Catching { position } => {
                self.settings.max_lag.is_none() || self.has_executed(handover.to, position) == Some(true)
            }
            stage => *stage == Stage::Opening,
        };
        let n = &self.memory.nodes[handover.to];
        let allowed = self.passed_over(handover.to).or_else(|| self.not_writable(handover.to)).is_none();
        // What is good for the first time is STANDBY, and asked once more.
        let stands = handover.hostile || n.standing == Standing::Standby && n.asked_since(n.since);
        let fit = executed && n.positive() && n.errors == 0 && (allowed && stands || handover.forced);
        let late = now >= self.patience(&handover);
        let anyway = handover.forced && handover.goes_on() && n.online() && late;
        if anyway || fit && self.open_enough(handover.to) {
            self.hand_over(*handover, now);
        } else if fit && !handover.opens() {
            self.set_stage(Stage::Opening);
            let words = format!(
                "{} has executed all that {} has; it is opened",
                self.name(handover.to),
                self.name(handover.from)
            );
            self.note(What::HandoverStep, Severity::Info, Some(handover.to), words);
        }
    }

    fn hand_over(&mut self, handover: Handover, now: Moment) {
        let (from, to) = (handover.from, handover.to);
        let took = Short(now.since(handover.since));
        let why = format!("{}, {}", handover.cause.word(), handover.by);
        let reason = format!("{} took over from {} after {took} ({why})", self.name(to), self.name(from));
        self.fed(from, now);
        self.memory.nodes[from].message = "stepped down".into();
        if handover.forced {
            self.forgive(to);
            self.seat(to, now);
        } else {
            self.succeed(to, now);
        }
        // One that was given up is forgotten when ACTIVE moves; an operator's choice is not, by a drain.
        self.memory.failback_off &= self.memory.chosen;
        match handover.cause {
            Cause::Drain(drain) => self.memory.nodes[from].drain = Some(drain),
            Cause::Switchover => self.choose_holder(to),
            Cause::Failback => {}
        }
        self.tell_seated(What::HandedOver, Severity::Warning, to, reason);
    }

    /// Made ACTIVE by force, a node begins without errors: those it has are of a STANDBY, and its replication counts no
    /// more.
    pub(super) fn forgive(&mut self, node: NodeId) {
        let n = &mut self.memory.nodes[node];
        (n.errors, n.counted, n.failed_poll) = (0, None, None);
    }

    /// An operator chose the ACTIVE node: the PRIMARY does not take it back by itself.
    pub(super) fn choose_holder(&mut self, to: NodeId) {
        self.memory.chosen = to != 0;
        self.memory.failback_off = to != 0;
    }

    /// Ends a handover that goes on, for a reason beside the two nodes.
    pub(super) fn end_handover_for(&mut self, why: &str, now: Moment) {
        let Seat::Passing(handover) = &self.memory.seat else { return };
        if handover.goes_on() && !handover.mirrors() {
            let handover = handover.clone();
            self.return_to_holder(&handover, why.to_owned(), now);
        }
    }

    fn give_up(&mut self, handover: &Handover, now: Moment) {
        let to = &self.memory.nodes[handover.to];
        let fault = self.will_not_follow(handover.from, handover.to).or_else(|| self.gate_in_handover());
        let why = match (to.errors, fault) {
            (0 | 1, Some(fault)) => fault,
            (0 | 1, None) => format!("{} did not get there in time: {}", self.name(handover.to), to.message),
            _ => format!("{} is in trouble: {}", self.name(handover.to), to.message),
        };
        self.return_to_holder(handover, why, now);
    }

    pub(super) fn return_to_holder(&mut self, handover: &Handover, why: String, now: Moment) {
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

    /// How far a handover has come, and what it waits for.
    pub(super) fn handover_words(&self, handover: &Handover) -> String {
        let (from, to) = (self.name(handover.from), self.name(handover.to));
        match &handover.stage {
            Stage::Draining => format!("{from} hands over to {to}: until its DOWN has been read back"),
            Stage::Asking { .. } if self.manages() => {
                format!("{from} hands over to {to}: until it is closed and says how far it has come")
            }
            Stage::Asking { .. } => format!("{from} hands over to {to}: until it says how far it has come"),
            Stage::Catching { .. } => {
                format!("{from} hands over to {to}: until {to} has executed everything")
            }
            Stage::Mirroring { peer } => format!("{from} hands over to {to} at {peer}: until that is done"),
            Stage::Opening => format!("{from} hands over to {to}: until {to} takes writes"),
            Stage::Returning { .. } => format!("the handover to {to} was given up: until {from} answers"),
            Stage::Failed => {
                format!("{from} failed while handing over: {}", self.who_instead(handover.from))
            }
        }
    }

    fn who_instead(&self, from: NodeId) -> String {
        let why = self.held().map_or("until the others have answered", |why| why);
        format!("{why}; {} takes ACTIVE back when it answers", self.name(from))
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
        if node != handover.from || !due || !answers || self.unheard(now).is_some() {
            return;
        }
        let reign = self.memory.reign.take();
        self.seat(node, now);
        // It never stopped being the one the others replicate from: what it showed still counts.
        self.memory.reign = reign.map(|reign| Reign { opened: false, ..reign });
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

    /// The takeover, if it looks for a successor of a node that failed while handing over.
    pub fn takeover(&self) -> Option<&Takeover> {
        self.memory.takeover.as_ref()
    }
}

/// A position in words, if it is short enough to be read.
fn up_to(position: &Position) -> String {
    let gtid = Some(position.gtid.to_string()).filter(|g| !g.is_empty() && g.len() <= 100);
    let place = gtid.or_else(|| position.binlog.as_ref().map(|b| b.to_string()));
    place.map_or(String::new(), |place| format!(", up to {place}"))
}
