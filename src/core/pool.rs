//! A pool: its settings, what it remembers, and how events pass through it.
//!
//! ```text
//! event -> observe (judge, count, stand) -> decide (handover, failover, election, failback) -> notes, paces
//! ```

use super::event::{Action, Author, Event, Flag, Note, Severity, What};
use super::node::{Judgement, Kind, Node, Standing};
use super::observation::{Answer, Observation};
use super::position::Position;
use super::settings::{NodeSettings, PoolSettings};
use super::time::{Duration, Moment};
use super::words::{NodeId, State, Status};

/// Asked at doubling intervals, a server that gives no greeting is asked at least this often.
const SLOWEST: Duration = Duration::from_secs(10);

/// A pool of nodes, of which at most one is ACTIVE.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) settings: PoolSettings,
    pub(super) memory: Memory,
    pub(super) actions: Vec<Action>,
}

/// What a pool remembers: all of it survives a restart of the daemon.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Memory {
    /// In the order of the settings.
    pub nodes: Vec<Node>,
    /// Who is ACTIVE, or how it is passing.
    pub seat: Seat,
    /// Rises with every change of ACTIVE.
    pub epoch: u64,
    /// The ACTIVE node, or the last one; `None` before the first.
    pub reign: Option<Reign>,
    /// A replacement of the ACTIVE node under way, or held.
    pub takeover: Option<Takeover>,
    /// Since when the pool has been without ACTIVE node.
    pub vacant_since: Moment,
    /// `mpp pause`.
    pub pause: Option<Flag>,
    /// Too many changes; until `mpp ack`.
    pub flapping: bool,
    /// No automatic failback.
    pub failback_off: bool,
    /// When ACTIVE changed by itself, within the flap window.
    pub changes: Vec<Moment>,
    /// Polls begun before this are worth nothing.
    pub deaf_until: Moment,
    /// What is wrong with the ACTIVE node's replication, as last told.
    pub replication_fault: Option<String>,
}

/// Who is ACTIVE. There is one seat: two ACTIVE nodes cannot be written down.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Seat {
    /// Nobody.
    Empty,
    /// This node.
    Held(NodeId),
    /// Nobody, while one hands over to another.
    Passing(Box<super::handover::Handover>),
}

/// The time of one ACTIVE node.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Reign {
    /// Who; `None` once a reload has removed it.
    pub node: Option<NodeId>,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// When its last positive poll began.
    pub seen: Moment,
    /// What it showed then and before, as far back as loss is measured.
    pub shown: Vec<Shown>,
}

/// A position, and when it was asked for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Shown {
    /// When the poll began.
    pub at: Moment,
    /// What it said.
    pub position: Position,
}

/// The ACTIVE node's errors have reached `failover_at`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Takeover {
    /// When: everybody is asked again after this.
    pub since: Moment,
    /// When each node's first qualifying answer came, as long as it goes on to qualify.
    pub qualified: Vec<Option<Moment>>,
    /// Why nothing happens, once it is clear that nothing does.
    pub held: Option<String>,
}

/// How a node looks to users, before an event and after: what differs is told.
#[derive(Clone, PartialEq)]
struct Face {
    state: State,
    status: Status,
}

impl Pool {
    /// A pool that has not seen anything yet.
    pub fn new(settings: PoolSettings, now: Moment) -> Pool {
        let memory = Memory {
            nodes: settings.nodes.iter().map(|n| Node::new(n, now)).collect(),
            seat: Seat::Empty,
            epoch: 0,
            reign: None,
            takeover: None,
            vacant_since: now,
            pause: None,
            flapping: false,
            failback_off: false,
            changes: Vec::new(),
            deaf_until: Moment(0),
            replication_fault: None,
        };
        Pool { settings, memory, actions: Vec::new() }
    }

    /// The settings it lives by.
    pub fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// What it remembers.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes an event; says what to do. `now` never goes back.
    pub fn handle(&mut self, event: Event, now: Moment) -> Vec<Action> {
        self.change(now, |pool| match event {
            Event::Polled(node, observation) => pool.observe(node, observation, now),
            Event::Tick => pool.tick(now),
            Event::WokeLate => pool.deaf(now),
            Event::Consumed => pool.consumed(now),
            Event::Checkpoints(super::event::Checkpoints::Absent) => {}
        })
    }

    /// Runs a change, decides anew, and collects what follows.
    pub(super) fn change(&mut self, now: Moment, change: impl FnOnce(&mut Pool)) -> Vec<Action> {
        let before = self.faces();
        change(self);
        self.decide(now);
        self.tell_changes(&before);
        self.set_paces(now);
        std::mem::take(&mut self.actions)
    }

    fn decide(&mut self, now: Moment) {
        self.settle_all(now);
        self.pass_on(now);
        self.replace(now);
        self.elect(now);
        self.drain_active(now);
        self.fail_back(now);
    }

    /// When the next `Tick` must come, after `now`.
    pub fn deadline(&self, now: Moment) -> Moment {
        let overdue = (0..self.memory.nodes.len()).map(|n| self.overdue_at(n));
        let pause = self.memory.pause.iter().filter_map(|f| f.until);
        let drains = self.memory.nodes.iter().filter_map(|n| n.drain.as_ref()?.flag.until);
        let steps = self.handover_deadlines().into_iter().chain(self.takeover_deadlines());
        let next = overdue.chain(pause).chain(drains).chain(steps).filter(|&at| at > now).min();
        next.unwrap_or(Moment(u64::MAX))
    }

    // ---- observations ----

    fn observe(&mut self, node: NodeId, observation: Observation, now: Moment) {
        let known = self.memory.nodes.get(node).map(|n| n.newest.as_ref().map_or(Moment(0), |s| s.began));
        if known.is_none_or(|last| observation.began < last) || observation.began < self.memory.deaf_until {
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
    }

    fn judge(&mut self, node: NodeId, answer: &Answer, now: Moment) -> Judgement {
        let alert_only = self.settings.nodes[node].on_denied == super::settings::OnDenied::Alert;
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
        let position = self.memory.nodes[node].facts.as_ref().map(|f| f.position.clone());
        let Some(reign) = self.memory.reign.as_mut().filter(|r| r.node == Some(node)) else { return };
        reign.seen = reign.seen.max(began);
        reign.shown.extend(position.map(|position| Shown { at: began, position }));
        let limit = reign.seen - keep;
        let first = reign.shown.iter().rposition(|s| s.at <= limit).unwrap_or(0);
        reign.shown.drain(..first);
    }

    // ---- time ----

    fn tick(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            if self.overdue_at(node) <= now {
                self.observe(node, Observation { began: now, ended: now, answer: Answer::Overdue }, now);
            }
        }
        self.expire_flags(now);
    }

    fn overdue_at(&self, node: NodeId) -> Moment {
        let n = &self.memory.nodes[node];
        n.quiet_since + n.pace + self.settings.nodes[node].pace.timeout * 2
    }

    fn expire_flags(&mut self, now: Moment) {
        let over = |flag: &Flag| flag.until.is_some_and(|until| until <= now);
        if self.memory.pause.as_ref().is_some_and(over) {
            self.end_pause(&Author { who: "mppd".into(), why: Some("its time is over".into()) }, now);
        }
        for node in 0..self.memory.nodes.len() {
            if self.memory.nodes[node].drain.as_ref().is_some_and(|d| over(&d.flag)) {
                self.memory.nodes[node].drain = None;
                let reason = "the time of the drain is over".to_owned();
                self.note(What::Command, Severity::Notice, Some(node), reason);
            }
        }
    }

    fn deaf(&mut self, now: Moment) {
        self.memory.deaf_until = now;
        for n in &mut self.memory.nodes {
            n.quiet_since = now;
        }
    }

    /// The pace a node is to be polled at.
    pub fn pace(&self, node: NodeId) -> Duration {
        let settings = &self.settings.nodes[node].pace;
        let n = &self.memory.nodes[node];
        let held = self.holds(node) && self.held().is_some();
        if n.failed() || held {
            return doubled(settings.interval, n.silent);
        }
        let holder_in_trouble = self.holder().is_some_and(|h| h != node && self.memory.nodes[h].errors > 0);
        let urgent = n.offline() || holder_in_trouble || self.in_handover(node);
        if urgent { settings.retry_interval } else { settings.interval }
    }

    fn set_paces(&mut self, now: Moment) {
        for node in 0..self.memory.nodes.len() {
            let pace = self.pace(node);
            let n = &mut self.memory.nodes[node];
            if n.pace != pace {
                n.pace = pace;
                n.quiet_since = n.quiet_since.max(now);
                self.actions.push(Action::Pace(node, pace));
            }
        }
    }

    // ---- who is who ----

    /// The ACTIVE node.
    pub fn active(&self) -> Option<NodeId> {
        match self.memory.seat {
            Seat::Held(node) => Some(node),
            _ => None,
        }
    }

    /// The node that is judged as ACTIVE: the ACTIVE one, or the one handing over.
    pub(super) fn holder(&self) -> Option<NodeId> {
        match &self.memory.seat {
            Seat::Empty => None,
            Seat::Held(node) => Some(*node),
            Seat::Passing(handover) => Some(handover.from),
        }
    }

    pub(super) fn holds(&self, node: NodeId) -> bool {
        self.holder() == Some(node)
    }

    pub(super) fn others(&self, but: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.memory.nodes.len()).filter(move |&n| n != but)
    }

    /// The STATE of a node.
    pub fn state(&self, node: NodeId) -> State {
        let n = &self.memory.nodes[node];
        match n.standing {
            _ if self.active() == Some(node) => State::Active,
            Standing::Unknown => State::Unknown,
            Standing::Standby => State::Standby,
            Standing::Failed { .. } if n.offline() => State::FailOffline,
            Standing::Failed { .. } => State::FailOnline,
        }
    }

    /// The number in the Req column.
    pub fn req(&self, node: NodeId) -> u32 {
        self.memory.nodes[node].req(&self.settings.levels)
    }

    /// The STATUS of a node.
    pub fn status(&self, node: NodeId) -> Status {
        self.settings.levels.status(self.req(node))
    }

    /// Why the ACTIVE node is held, if it is.
    pub fn held(&self) -> Option<&str> {
        self.memory.takeover.as_ref()?.held.as_deref()
    }

    pub(super) fn node_settings(&self, node: NodeId) -> &NodeSettings {
        &self.settings.nodes[node]
    }

    /// A node's name.
    pub fn name(&self, node: NodeId) -> &str {
        &self.settings.nodes[node].name
    }

    /// The flags in words, for `mpp status`.
    pub fn flags(&self) -> Vec<&'static str> {
        let m = &self.memory;
        let flags = [
            (m.pause.is_some(), "paused"),
            (m.flapping, "flapping"),
            (matches!(m.seat, Seat::Passing(_)), "handover"),
            (self.held().is_some(), "held"),
            (m.failback_off, "failback_off"),
        ];
        flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect()
    }

    // ---- telling ----

    pub(super) fn ask(&mut self, node: NodeId) {
        if !self.actions.contains(&Action::Ask(node)) {
            self.actions.push(Action::Ask(node));
        }
    }

    pub(super) fn note(&mut self, what: What, severity: Severity, node: Option<NodeId>, reason: String) {
        let (req, epoch) = (node.map(|n| self.req(n)), self.memory.epoch);
        self.actions.push(Action::Note(Note {
            what,
            severity,
            node,
            from: None,
            to: None,
            req,
            epoch,
            reason,
        }));
    }

    fn faces(&self) -> Vec<Face> {
        (0..self.memory.nodes.len()).map(|n| Face { state: self.state(n), status: self.status(n) }).collect()
    }

    fn tell_changes(&mut self, before: &[Face]) {
        for (node, (was, is)) in before.iter().zip(self.faces()).enumerate() {
            if was.state != is.state {
                let severity = state_severity(is.state);
                self.tell(What::State, severity, node, was.state.word(), is.state.word());
            }
            if was.status != is.status {
                self.tell(
                    What::Status,
                    status_severity(is.status),
                    node,
                    was.status.word(),
                    is.status.word(),
                );
            }
        }
    }

    fn tell(&mut self, what: What, severity: Severity, node: NodeId, from: &str, to: &str) {
        let n = &self.memory.nodes[node];
        let reason = match &n.newest {
            Some(seen)
                if matches!(seen.judgement, Judgement::Positive { .. }) && seen.kind == Kind::Online =>
            {
                if n.bump { "change of role".to_owned() } else { format!("answers: {}", n.message) }
            }
            _ => n.message.clone(),
        };
        self.actions.push(Action::Note(Note {
            what,
            severity,
            node: Some(node),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            req: Some(self.req(node)),
            epoch: self.memory.epoch,
            reason,
        }));
    }
}

/// The severity with which a STATUS is entered (SEMANTICS 3).
fn status_severity(status: Status) -> Severity {
    match status {
        Status::Ok => Severity::Notice,
        Status::Info => Severity::Info,
        Status::Warn => Severity::Warning,
        Status::Critical => Severity::Critical,
        Status::Fail => Severity::Alert,
    }
}

fn state_severity(state: State) -> Severity {
    match state {
        State::FailOnline | State::FailOffline => Severity::Alert,
        State::Active => Severity::Warning,
        State::Unknown | State::Standby => Severity::Notice,
    }
}

/// The interval, doubled for each connection in a row that got no greeting.
fn doubled(interval: Duration, silent: u32) -> Duration {
    let factor = 1u32.checked_shl(silent.saturating_sub(1)).unwrap_or(u32::MAX);
    interval.saturating_mul(factor).min(SLOWEST.max(interval))
}
