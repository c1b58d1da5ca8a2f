//! Telling: what changed, to whom it matters how much, and why.

use super::event::{Action, Note, Severity, What};
use super::node::{Judgement, Kind, Standing};
use super::pool::Pool;
use super::words::{NodeId, State, Status};

/// How a node looks to users, before an event and after: what differs is told.
#[derive(Clone, PartialEq)]
pub(super) struct Face {
    state: State,
    status: Status,
}

impl Pool {
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

    /// Tells who has just become ACTIVE and how, and remembers it.
    pub(super) fn tell_seated(&mut self, what: What, severity: Severity, node: NodeId, reason: String) {
        if let Some(reign) = &mut self.memory.reign {
            reign.how.clone_from(&reason);
        }
        self.note(what, severity, Some(node), reason);
    }

    pub(super) fn faces(&self) -> Vec<Face> {
        (0..self.memory.nodes.len()).map(|n| Face { state: self.state(n), status: self.status(n) }).collect()
    }

    pub(super) fn tell_changes(&mut self, before: &[Face]) {
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
                match n.message.as_str() {
                    _ if n.bump => "change of role".to_owned(),
                    message if n.standing == Standing::Unknown => message.to_owned(),
                    "--" => "answers".to_owned(),
                    message => format!("answers: {message}"),
                }
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

/// The severity with which a STATUS is entered.
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
