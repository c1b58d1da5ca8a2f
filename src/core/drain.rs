//! `mpp drain`: a node out of service; the ACTIVE one hands over first (docs/how-it-decides.md, "Drain and pause").

use super::command::{Done, Refused};
use super::event::{Author, Flag, Severity, What};
use super::handover::Cause;
use super::node::Drain;
use super::pool::Pool;
use super::time::{Duration, Moment, Short};
use super::words::NodeId;

impl Pool {
    /// Takes a node out of service; `at_once`: DOWN instead of weight 0.
    pub(super) fn drain(
        &mut self,
        node: NodeId,
        (at_once, lasting): (bool, Option<Duration>),
        force: bool,
        by: &Author,
        now: Moment,
    ) -> Result<Done, Refused> {
        let name = self.name(node).to_owned();
        if self.in_handover(node) {
            return Err(Refused(format!("{name} is in a handover; wait for its end")));
        }
        let drain = Drain {
            now: at_once,
            flag: Flag { by: by.clone(), since: now, until: lasting.map(|d| now + d) },
        };
        if self.active() == Some(node) {
            return self.drain_holder(node, drain, force, now);
        }
        self.memory.nodes[node].drain = Some(drain);
        self.note(What::Command, Severity::Notice, Some(node), format!("{name} drained by {by}"));
        let how = if at_once { "DOWN" } else { "weight 0, existing connections finish" };
        let end = lasting.map_or(String::new(), |d| format!(" for {}", Short(d)));
        let undo = format!("mpp undrain {}/{name}", self.settings.name);
        Ok(Done::at_once(format!("{name} is drained{end}: {how}, never promoted; {undo}")))
    }

    fn drain_holder(
        &mut self,
        node: NodeId,
        drain: Drain,
        force: bool,
        now: Moment,
    ) -> Result<Done, Refused> {
        let (name, by) = (self.name(node).to_owned(), drain.flag.by.clone());
        match self.anybody(now) {
            Ok(to) => {
                self.begin_handover(to, Cause::Drain(drain), false, &by, now);
                Ok(self.hands_over(&format!(", then {name} is drained")))
            }
            Err(why) if force => {
                self.memory.nodes[node].drain_wanted = Some(drain);
                let reason = format!("{name} is to be drained as soon as somebody can take over ({why})");
                self.note(What::Command, Severity::Warning, Some(node), format!("{reason}, by {by}"));
                Ok(Done::at_once(reason))
            }
            Err(why) => Err(Refused(format!(
                "{name} is ACTIVE and nobody can take over: {why}; --force to have it done as soon as somebody can"
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

    pub(super) fn undrain(&mut self, node: NodeId, by: &Author) -> Result<Done, Refused> {
        let name = self.name(node).to_owned();
        let n = &mut self.memory.nodes[node];
        if n.drain.take().or(n.drain_wanted.take()).is_none() {
            return Err(Refused(format!("{name} is not drained")));
        }
        self.note(What::Command, Severity::Notice, Some(node), format!("{name} undrained by {by}"));
        Ok(Done::at_once(format!("{name} is back in service")))
    }
}
