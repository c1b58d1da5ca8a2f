//! What lasts and wants somebody's eye: the one list that alerts, `mpp why`, `mpp nagios` and the dashboard share.

use super::eligible::Fitness;
use super::event::Severity;
use super::node::Judgement;
use super::pool::{Pool, Seat};
use super::time::{Moment, Short};
use super::words::{NodeId, State};

/// Something that is not as it should be, for as long as it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of thing.
    pub kind: Kind,
    /// Which node, if it is about one.
    pub node: Option<NodeId>,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, in words; numbers in it may change while it lasts.
    pub words: String,
    /// The command that helps, or what to look at; `None`: it passes by itself, or the words say it.
    pub help: Option<String>,
}

/// Kinds of troubles; a pool has each at most once a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No node is ACTIVE, and none is about to be.
    NoActive,
    /// The ACTIVE node has failed and is not replaced.
    Held,
    /// All checkpoints have failed: this site is cut off.
    Isolated,
    /// Agents that look after the same pool hold different nodes for ACTIVE, or are configured so that they will.
    Disagreement,
    /// Too many changes: no more without an operator.
    Flapping,
    /// A node has failed.
    Failed,
    /// The ACTIVE node does not take writes.
    ReadOnly,
    /// A server takes writes beside the ACTIVE one (`writable: manage`).
    TwoWritable,
    /// A server holds transactions that the pool lacks.
    Errant,
    /// If the ACTIVE node failed, nobody could take over.
    NoRedundancy,
    /// The monitor is locked out of the ACTIVE node.
    Denied,
    /// The replication of the ACTIVE node, which is never counted.
    Replication,
    /// An operator's pause.
    Paused,
    /// An operator's drain.
    Drained,
}

impl Kind {
    /// Every kind, worst first.
    pub const ALL: [Kind; 14] = [
        Kind::NoActive,
        Kind::Isolated,
        Kind::Disagreement,
        Kind::Held,
        Kind::Flapping,
        Kind::ReadOnly,
        Kind::TwoWritable,
        Kind::Errant,
        Kind::Failed,
        Kind::NoRedundancy,
        Kind::Denied,
        Kind::Replication,
        Kind::Paused,
        Kind::Drained,
    ];

    /// The word in events and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::NoActive => "no_active",
            Kind::Isolated => "isolated",
            Kind::Disagreement => "disagreement",
            Kind::Held => "held",
            Kind::Flapping => "flapping",
            Kind::Failed => "failed",
            Kind::ReadOnly => "read_only",
            Kind::TwoWritable => "two_writable",
            Kind::Errant => "errant",
            Kind::NoRedundancy => "no_redundancy",
            Kind::Denied => "denied",
            Kind::Replication => "replication",
            Kind::Paused => "paused",
            Kind::Drained => "drained",
        }
    }
}

impl Pool {
    /// What is not as it should be now, the pool's own first, then node by node.
    pub fn troubles(&self, now: Moment) -> Vec<Trouble> {
        let own = [
            self.vacancy(),
            self.isolation_trouble(now),
            self.disagreement_trouble(now).or_else(|| self.misfit_trouble()),
            self.held_trouble(),
            self.flap_trouble(),
            self.read_only_trouble(now),
            self.no_redundancy(),
            self.pause_trouble(now),
        ];
        let nodes = (0..self.memory.nodes.len()).flat_map(|n| {
            [
                self.two_writable_trouble(n),
                self.errant_trouble(n),
                self.failed_trouble(n, now),
                self.denied_trouble(n),
                self.replication_trouble(n),
                self.drain_trouble(n, now),
            ]
        });
        own.into_iter().chain(nodes).flatten().collect()
    }

    fn read_only_trouble(&self, now: Moment) -> Option<Trouble> {
        let (node, words) = self.not_open(now)?;
        let help = Some(format!("SET GLOBAL read_only = 0 on {}", self.name(node)));
        Some(Trouble { kind: Kind::ReadOnly, node: Some(node), severity: Severity::Alert, words, help })
    }

    fn two_writable_trouble(&self, node: NodeId) -> Option<Trouble> {
        let words = self.open_beside(node)?;
        let help = Some(format!("SET GLOBAL read_only = 1 on {}", self.name(node)));
        Some(Trouble { kind: Kind::TwoWritable, node: Some(node), severity: Severity::Alert, words, help })
    }

    /// Of a node that the ACTIVE one replicates from, what it has just written is only on its way.
    fn errant_trouble(&self, node: NodeId) -> Option<Trouble> {
        let n = &self.memory.nodes[node];
        if self.holds(node) || !n.online() || !n.failed() && self.feeds_the_holder(node) {
            return None;
        }
        let what = self.errant(node)?;
        let words = format!("{} holds {what} that the pool lacks", self.name(node));
        let help = Some(format!("{}, once they are dealt with", self.recover_help(node)));
        let help = help.filter(|_| n.failed());
        Some(Trouble { kind: Kind::Errant, node: Some(node), severity: Severity::Critical, words, help })
    }

    fn feeds_the_holder(&self, node: NodeId) -> bool {
        let holder = self.holder().and_then(|h| Some((h, self.memory.nodes[h].facts.as_ref()?)));
        holder.is_some_and(|(h, facts)| facts.channels.iter().any(|c| self.source_of(h, c) == Some(node)))
    }

    fn vacancy(&self) -> Option<Trouble> {
        if self.memory.seat != Seat::Empty {
            return None;
        }
        let words = format!("no node is ACTIVE: {}", self.waits_for().unwrap_or_default());
        let help = Some(format!("mpp why {}", self.settings.name));
        Some(Trouble { kind: Kind::NoActive, node: None, severity: Severity::Alert, words, help })
    }

    fn isolation_trouble(&self, now: Moment) -> Option<Trouble> {
        let isolated = self.memory.isolation?;
        let since = Short(now.since(isolated.since));
        let withdrawn = self.memory.withdrawn.as_ref();
        let withdrawn = withdrawn.map_or(String::new(), |w| format!("; {} has stepped down", w.name));
        let words = format!("cut off for {since}: {}{withdrawn}", self.silence());
        let help = Some(format!("mpp recover {}, once a checkpoint answers", self.settings.name));
        Some(Trouble { kind: Kind::Isolated, node: None, severity: Severity::Alert, words, help })
    }

    fn disagreement_trouble(&self, now: Moment) -> Option<Trouble> {
        let (theirs, words) = self.disagreement(now)?;
        let help = Some(format!(
            "mpp switchover {} --to {theirs}, or the other way round at the peer",
            self.settings.name
        ));
        Some(Trouble { kind: Kind::Disagreement, node: None, severity: Severity::Alert, words, help })
    }

    fn misfit_trouble(&self) -> Option<Trouble> {
        let (severity, words) = self.misfit()?;
        let help = Some("make the two mpp.yaml fit together, then mpp reload".to_owned());
        Some(Trouble { kind: Kind::Disagreement, node: None, severity, words, help })
    }

    fn held_trouble(&self) -> Option<Trouble> {
        let (holder, why) = (self.holder()?, self.held()?);
        let words = format!("{} has failed and is not replaced: {why}", self.name(holder));
        let help = Some(format!("mpp why {}", self.settings.name));
        Some(Trouble { kind: Kind::Held, node: Some(holder), severity: Severity::Alert, words, help })
    }

    fn flap_trouble(&self) -> Option<Trouble> {
        if !self.memory.flapping {
            return None;
        }
        let words = format!("{} changes of ACTIVE lately: no more by itself", self.memory.changes.len());
        let help = Some(format!("mpp ack {}", self.settings.name));
        Some(Trouble { kind: Kind::Flapping, node: None, severity: Severity::Alert, words, help })
    }

    /// A pool of one has no redundancy to lose.
    fn no_redundancy(&self) -> Option<Trouble> {
        let active = self.active().filter(|_| self.memory.takeover.is_none())?;
        let others: Vec<NodeId> =
            self.others(active).filter(|&n| self.settings.nodes[n].promotable).collect();
        let fitness = |&n: &NodeId| (n, self.fitness(n, Moment(0)));
        let unfit: Vec<String> = others
            .iter()
            .map(fitness)
            .map(|(n, fitness)| match fitness {
                Fitness::Eligible | Fitness::Applying(_) => None,
                Fitness::Unasked => Some(format!("{} has not answered yet", self.name(n))),
                Fitness::Unfit(why) => Some(format!("{} {}", self.name(n), super::eligible::verb(&why))),
            })
            .collect::<Option<_>>()?;
        if unfit.is_empty() {
            return None;
        }
        let words = format!(
            "no redundancy: if {} failed, nobody could take over: {}",
            self.name(active),
            unfit.join("; ")
        );
        let help = Some(format!("mpp why {}", self.settings.name));
        Some(Trouble { kind: Kind::NoRedundancy, node: None, severity: Severity::Critical, words, help })
    }

    fn pause_trouble(&self, now: Moment) -> Option<Trouble> {
        let flag = self.memory.pause.as_ref()?;
        let words = format!("paused by {}, {} ago: no failover", flag.by, Short(now.since(flag.since)));
        let help = Some(format!("mpp resume {}", self.settings.name));
        Some(Trouble { kind: Kind::Paused, node: None, severity: Severity::Warning, words, help })
    }

    fn failed_trouble(&self, node: NodeId, now: Moment) -> Option<Trouble> {
        let n = &self.memory.nodes[node];
        if !n.failed() {
            return None;
        }
        let (name, state, since) = (self.name(node), self.state(node), Short(now.since(n.since)));
        let words = format!("{name} is {state}, for {since}: {}", n.message);
        let help = self.may_recover(node).err().map(|_| match state {
            State::FailOffline => format!("bring it back, then {}", self.recover_help(node)),
            _ => self.recover_help(node),
        });
        Some(Trouble { kind: Kind::Failed, node: Some(node), severity: Severity::Alert, words, help })
    }

    fn recover_help(&self, node: NodeId) -> String {
        format!("mpp recover {}/{}", self.settings.name, self.name(node))
    }

    fn denied_trouble(&self, node: NodeId) -> Option<Trouble> {
        let n = &self.memory.nodes[node];
        let Some(Judgement::Denied(why)) = n.newest.as_ref().map(|s| &s.judgement) else { return None };
        if n.denied < self.settings.levels.critical {
            return None;
        }
        let words = format!("the monitor is locked out of {}: {why}", self.name(node));
        let help = Some("mpp config grants".into());
        Some(Trouble { kind: Kind::Denied, node: Some(node), severity: Severity::Alert, words, help })
    }

    fn replication_trouble(&self, node: NodeId) -> Option<Trouble> {
        let fault = self.memory.replication_fault.as_ref().filter(|_| self.holds(node))?;
        let words = format!("replication of {}, which is ACTIVE: {fault} (not counted)", self.name(node));
        let severity = Severity::Warning;
        Some(Trouble { kind: Kind::Replication, node: Some(node), severity, words, help: None })
    }

    fn drain_trouble(&self, node: NodeId, now: Moment) -> Option<Trouble> {
        let flag = &self.memory.nodes[node].drain.as_ref()?.flag;
        let (name, since) = (self.name(node), Short(now.since(flag.since)));
        let words = format!("{name} drained by {}, {since} ago", flag.by);
        let help = Some(format!("mpp undrain {}/{name}", self.settings.name));
        Some(Trouble { kind: Kind::Drained, node: Some(node), severity: Severity::Info, words, help })
    }
}
