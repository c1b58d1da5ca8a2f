//! What an operator may ask of a pool: done, or refused with the reason and the way out. `switchover`, `drain`: files of
//! their own.

use super::event::{Action, Author, Command, Flag, Severity, What};
use super::pool::{Pool, Seat};
use super::time::{Duration, Moment, Short};
use super::words::NodeId;

/// Why a command is refused, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// A command that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What was done, and what happens now.
    pub words: String,
    /// What is still to come of it.
    pub awaits: Awaits,
}

/// What is still to come of a command that was taken: [`Pool::outcome`] says what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// Nothing: it took effect at once.
    Nothing,
    /// The end of a handover.
    Handover {
        /// The node that hands over.
        from: String,
        /// The node that is to be ACTIVE.
        to: String,
        /// When it began: this tells it from others.
        since: Moment,
        /// Until when it is over, one way or the other, unless both nodes are gone.
        until: Moment,
    },
    /// The first judgement of these nodes after their recovery.
    Recovery {
        /// Their names.
        nodes: Vec<String>,
        /// Until when they have been judged, if they answer.
        until: Moment,
    },
}

impl Done {
    /// With nothing left to come.
    pub(super) fn at_once(words: impl Into<String>) -> Done {
        Done { words: words.into(), awaits: Awaits::Nothing }
    }
}

impl Pool {
    /// Carries out a command. Says what was done, in words; a refused command changes nothing.
    pub fn command(
        &mut self,
        command: &Command,
        by: &Author,
        now: Moment,
    ) -> (Result<Done, Refused>, Vec<Action>) {
        let mut answer = Err(Refused(String::new()));
        let actions = self.change(now, |pool| {
            answer = pool.obey(command, by, now);
            if answer.is_ok() {
                pool.revise(command);
            }
        });
        (answer, actions)
    }

    /// What a command would come to now; nothing is changed.
    pub fn rehearse(&self, command: &Command, by: &Author, now: Moment) -> Result<Done, Refused> {
        self.clone().command(command, by, now).0
    }

    fn obey(&mut self, command: &Command, by: &Author, now: Moment) -> Result<Done, Refused> {
        if let Some(node) = command.node().filter(|&n| n >= self.memory.nodes.len()) {
            return Err(Refused(format!("pool {} has no node number {node}", self.settings.name)));
        }
        match *command {
            Command::Recover(node) => self.recover_command(node, by, now),
            Command::Switchover { to, force } => self.switchover(to, force, by, now),
            Command::Drain { node, now: at_once, force, lasting } => {
                self.drain(node, (at_once, lasting), force, by, now)
            }
            Command::Undrain(node) => self.undrain(node, by),
            Command::Pause { lasting } => Ok(self.pause(lasting, by, now)),
            Command::Resume => self.resume(by, now),
            Command::Ack => Ok(self.ack(by, now)),
        }
    }

    /// Notes that an operator has spoken: peers of this site take over what he said.
    fn revise(&mut self, command: &Command) {
        let revision = self.next_revision();
        self.memory.revision = revision;
        match *command {
            Command::Ack => self.memory.acked = revision,
            Command::Recover(node) => {
                let nodes = self.memory.nodes.iter_mut().enumerate();
                nodes
                    .filter(|(n, _)| node.is_none_or(|node| node == *n))
                    .for_each(|(_, n)| n.recovered = revision);
            }
            _ => {}
        }
    }

    fn recover_command(&mut self, node: Option<NodeId>, by: &Author, now: Moment) -> Result<Done, Refused> {
        let wanted = |n: &NodeId| node.is_none_or(|wanted| wanted == *n);
        let failed: Vec<NodeId> =
            (0..self.memory.nodes.len()).filter(wanted).filter(|&n| self.memory.nodes[n].failed()).collect();
        if let (Some(node), true) = (node, failed.is_empty()) {
            let (name, state) = (self.name(node), self.state(node));
            return Err(Refused(format!("{name} is {state}: there is nothing to recover")));
        }
        let rejoined = if node.is_none() { self.rejoin_command(by, now)? } else { None };
        for &node in &failed {
            self.recover(node, by, now);
            self.ask(node);
        }
        let names: Vec<&str> = failed.iter().map(|&n| self.name(n)).collect();
        let pool = rejoined.map_or(String::new(), |rejoined| format!("{rejoined}; "));
        if names.is_empty() {
            return Ok(Done::at_once(match rejoined {
                Some(_) => format!("{pool}everybody is asked again"),
                None => "no node has failed: there is nothing to recover".into(),
            }));
        }
        let words = format!("{pool}recovered: {}; STANDBY at the next good answer", names.join(", "));
        Ok(Done { words, awaits: self.awaits_recovery(&failed, now) })
    }

    fn pause(&mut self, lasting: Option<Duration>, by: &Author, now: Moment) -> Done {
        self.memory.pause = Some(Flag { by: by.clone(), since: now, until: lasting.map(|d| now + d) });
        self.note(What::Command, Severity::Warning, None, format!("paused by {by}"));
        let resume = format!("until mpp resume {}", self.settings.name);
        let end = lasting.map_or(resume.clone(), |d| format!("for {}, or {resume}", Short(d)));
        let first = match &self.memory.seat {
            Seat::Passing(_) => "; the handover under way comes to its end first",
            _ => "",
        };
        Done::at_once(format!("paused: no change of ACTIVE {end}{first}"))
    }

    fn resume(&mut self, by: &Author, now: Moment) -> Result<Done, Refused> {
        if self.memory.pause.is_none() {
            return Err(Refused("the pool is not paused".into()));
        }
        self.end_pause(by, now);
        Ok(Done::at_once("resumed: a failed ACTIVE node is replaced again"))
    }

    /// Ends a pause: a failing ACTIVE node counts as failing anew.
    pub(super) fn end_pause(&mut self, by: &Author, now: Moment) {
        self.memory.pause = None;
        self.note(What::Command, Severity::Notice, None, format!("resumed by {by}"));
        self.anew(now);
    }

    fn ack(&mut self, by: &Author, now: Moment) -> Done {
        let (count, flapping) = (self.memory.changes.len(), self.memory.flapping);
        self.note(What::Command, Severity::Notice, None, format!("acknowledged by {by}"));
        self.empty_flap_count(now);
        let was = if flapping { "the pool is no longer flapping" } else { "the pool was not flapping" };
        Done::at_once(format!("{was}; the count of automatic changes ({count}) is empty again"))
    }

    pub(super) fn empty_flap_count(&mut self, now: Moment) {
        self.memory.changes.clear();
        self.memory.flapping = false;
        self.anew(now);
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
