//! What an operator may ask of a pool: done, or refused with the reason and the way out.

use super::event::{Action, Author, Command, Flag, Severity, What};
use super::handover::Cause;
use super::node::Drain;
use super::pool::{Pool, Seat};
use super::time::{Duration, Moment, Short};
use super::words::NodeId;

/// Why a command is refused, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl Pool {
    /// Carries out a command. Says what was done, in words; a refused command changes nothing.
    pub fn command(
        &mut self,
        command: &Command,
        by: &Author,
        now: Moment,
    ) -> (Result<String, Refused>, Vec<Action>) {
        let mut answer = Err(Refused(String::new()));
        let actions = self.change(now, |pool| answer = pool.obey(command, by, now));
        (answer, actions)
    }

    fn obey(&mut self, command: &Command, by: &Author, now: Moment) -> Result<String, Refused> {
        if let Some(node) = command.node().filter(|&n| n >= self.memory.nodes.len()) {
            return Err(Refused(format!("pool {} has no node number {node}", self.settings.name)));
        }
        match *command {
            Command::Recover(node) => self.recover_command(node, by, now),
            Command::Switchover { to, force } => self.switchover(to, force, by, now),
            Command::Drain { node, now: at_once, force, lasting } => {
                let flag = Flag { by: by.clone(), since: now, until: lasting.map(|d| now + d) };
                self.drain(node, Drain { now: at_once, flag }, force, by, now)
            }
            Command::Undrain(node) => self.undrain(node, by),
            Command::Pause { lasting } => self.pause(lasting, by, now),
            Command::Resume => self.resume(by, now),
            Command::Ack => self.ack(by, now),
        }
    }

    fn recover_command(&mut self, node: Option<NodeId>, by: &Author, now: Moment) -> Result<String, Refused> {
        let wanted = |n: &NodeId| node.is_none_or(|wanted| wanted == *n);
        let failed: Vec<NodeId> =
            (0..self.memory.nodes.len()).filter(wanted).filter(|&n| self.memory.nodes[n].failed()).collect();
        if let (Some(node), true) = (node, failed.is_empty()) {
            let (name, state) = (self.name(node), self.state(node));
            return Err(Refused(format!("{name} is {state}: there is nothing to recover")));
        }
        for &node in &failed {
            self.recover(node, by, now);
            self.ask(node);
        }
        let names: Vec<&str> = failed.iter().map(|&n| self.name(n)).collect();
        match names.is_empty() {
            true => Ok("no node has failed: there is nothing to recover".into()),
            false => Ok(format!("recovered: {}; STANDBY at the next good answer", names.join(", "))),
        }
    }

    fn switchover(
        &mut self,
        to: Option<NodeId>,
        force: bool,
        by: &Author,
        now: Moment,
    ) -> Result<String, Refused> {
        if let Some(to) = to.filter(|&to| self.active() == Some(to)) {
            return Err(Refused(format!("{} is ACTIVE already", self.name(to))));
        }
        if force {
            return self.force_switchover(to, by, now);
        }
        let to = match to {
            Some(to) => self.can_hand_to(to, now).map(|()| to),
            None => self.anybody(now),
        };
        let to = to.map_err(Refused)?;
        self.begin_handover(to, Cause::Switchover, false, by, now);
        Ok(format!("handing over to {}", self.name(to)))
    }

    /// The first node by priority that ACTIVE could be handed to.
    fn anybody(&self, now: Moment) -> Result<NodeId, String> {
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
    fn force_switchover(&mut self, to: Option<NodeId>, by: &Author, now: Moment) -> Result<String, Refused> {
        if self.memory.pause.is_some() {
            return Err(Refused("the pool is paused; mpp resume".into()));
        }
        if matches!(&self.memory.seat, Seat::Passing(handover) if !handover.failed()) {
            return Err(Refused("a handover is under way; wait for its end".into()));
        }
        let to = self.forced_choice(to).map_err(Refused)?;
        let lost =
            self.known_loss(to).map_or("nothing known to be lost".to_owned(), |l| format!("lost: {l}"));
        match &self.memory.seat {
            Seat::Held(from) if self.memory.nodes[*from].positive() => {
                self.begin_handover(to, Cause::Switchover, true, by, now);
                Ok(format!("handing over to {} whatever its state ({lost})", self.name(to)))
            }
            _ => {
                self.seize(to, by, now);
                Ok(format!("{} is ACTIVE ({lost})", self.name(to)))
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
        let n = &mut self.memory.nodes[to];
        n.errors = 0;
        n.counted = None;
        self.seat(to, now);
        self.choose_holder(to);
        let reason = format!("{} made ACTIVE by force, by {}", self.name(to), by.who);
        self.note(What::HandedOver, Severity::Alert, Some(to), reason);
    }

    fn drain(
        &mut self,
        node: NodeId,
        drain: Drain,
        force: bool,
        by: &Author,
        now: Moment,
    ) -> Result<String, Refused> {
        let name = self.name(node).to_owned();
        if self.in_handover(node) {
            return Err(Refused(format!("{name} is in a handover; wait for its end")));
        }
        if self.active() != Some(node) {
            self.memory.nodes[node].drain = Some(drain);
            self.note(What::Command, Severity::Notice, Some(node), format!("{name} drained by {}", by.who));
            return Ok(format!("{name} is drained"));
        }
        match self.anybody(now) {
            Ok(to) => {
                self.begin_handover(to, Cause::Drain(drain), false, by, now);
                Ok(format!("handing over to {}; then {name} is drained", self.name(to)))
            }
            Err(why) if force => {
                self.memory.nodes[node].drain_wanted = Some(drain);
                let reason = format!("{name} is to be drained as soon as somebody can take over ({why})");
                self.note(What::Command, Severity::Warning, Some(node), reason.clone());
                Ok(reason)
            }
            Err(why) => Err(Refused(format!(
                "{name} is ACTIVE and nobody can take over: {why}; --force to wait for it"
            ))),
        }
    }

    /// A drain that was forced on the ACTIVE node hands over as soon as somebody can take it.
    pub(super) fn drain_active(&mut self, now: Moment) {
        let wanted = self.active().filter(|&a| self.memory.nodes[a].drain_wanted.is_some());
        let Some(active) = wanted else { return };
        let Ok(to) = self.anybody(now) else { return };
        if let Some(drain) = self.memory.nodes[active].drain_wanted.take() {
            let by = drain.flag.by.clone();
            self.begin_handover(to, Cause::Drain(drain), false, &by, now);
        }
    }

    fn undrain(&mut self, node: NodeId, by: &Author) -> Result<String, Refused> {
        let name = self.name(node).to_owned();
        let n = &mut self.memory.nodes[node];
        if n.drain.take().or(n.drain_wanted.take()).is_none() {
            return Err(Refused(format!("{name} is not drained")));
        }
        self.note(What::Command, Severity::Notice, Some(node), format!("{name} undrained by {}", by.who));
        Ok(format!("{name} is back in service"))
    }

    fn pause(&mut self, lasting: Option<Duration>, by: &Author, now: Moment) -> Result<String, Refused> {
        self.memory.pause = Some(Flag { by: by.clone(), since: now, until: lasting.map(|d| now + d) });
        let why = by.why.as_ref().map_or(String::new(), |w| format!(": {w}"));
        self.note(What::Command, Severity::Warning, None, format!("paused by {}{why}", by.who));
        let end = lasting
            .map_or("until mpp resume".to_owned(), |d| format!("for {}, or until mpp resume", Short(d)));
        Ok(format!("paused: no automatic change of ACTIVE {end}"))
    }

    fn resume(&mut self, by: &Author, now: Moment) -> Result<String, Refused> {
        if self.memory.pause.is_none() {
            return Err(Refused("the pool is not paused".into()));
        }
        self.end_pause(by, now);
        Ok("resumed".into())
    }

    /// Ends a pause: a failing ACTIVE node counts as failing anew.
    pub(super) fn end_pause(&mut self, by: &Author, now: Moment) {
        self.memory.pause = None;
        self.note(What::Command, Severity::Notice, None, format!("resumed by {}", by.who));
        self.anew(now);
    }

    fn ack(&mut self, by: &Author, now: Moment) -> Result<String, Refused> {
        let count = self.memory.changes.len();
        self.memory.changes.clear();
        self.memory.flapping = false;
        self.note(What::Command, Severity::Notice, None, format!("acknowledged by {}", by.who));
        self.anew(now);
        Ok(format!("the count of changes ({count}) is empty again"))
    }

    /// What was answered so far counts no more: everybody is asked again.
    pub(super) fn anew(&mut self, now: Moment) {
        if self.memory.seat == Seat::Empty {
            self.memory.vacant_since = now;
        }
        if self.memory.takeover.is_some() {
            self.begin_takeover(now);
        }
    }
}
