//! What becomes of a command whose effect takes time: under way, done, or not.

use super::command::Awaits;
use super::handover::Handover;
use super::node::Standing;
use super::pool::{Pool, Seat};
use super::time::{Duration, Moment};
use super::words::{NodeId, State};

impl Pool {
    /// What has become of what a command set going, in words; `None`: it is still under way.
    pub fn outcome(&self, awaits: &Awaits, now: Moment) -> Option<Result<String, String>> {
        match awaits {
            Awaits::Nothing => Some(Ok("done".into())),
            Awaits::Handover { from, to, since, until } => self.handover_outcome(*since).map_or_else(
                || (now >= *until).then(|| Err(self.not_yet())),
                |()| Some(self.handed_over(from, to)),
            ),
            Awaits::Recovery { nodes, until } => self.recovery_outcome(nodes, now >= *until),
        }
    }

    /// `Some` once the handover begun at that moment is over.
    fn handover_outcome(&self, since: Moment) -> Option<()> {
        let under_way = matches!(&self.memory.seat, Seat::Passing(handover) if handover.since == since);
        (!under_way).then_some(())
    }

    fn not_yet(&self) -> String {
        format!(
            "not done yet, and it goes on: {}; mpp why {}",
            self.waits_for().unwrap_or_default(),
            self.settings.name
        )
    }

    fn handed_over(&self, from: &str, to: &str) -> Result<String, String> {
        let Some(active) = self.active() else { return Err(self.not_yet()) };
        let (name, epoch) = (self.name(active), self.memory.epoch);
        if name != to {
            return Err(format!("{to} is not ACTIVE: {name} is, epoch {epoch}"));
        }
        let drained = self.named(from).is_some_and(|n| self.memory.nodes[n].drain.is_some());
        let drained = if drained { format!("; {from} is drained") } else { String::new() };
        Ok(format!("{to} is ACTIVE, epoch {epoch}{drained}"))
    }

    fn recovery_outcome(&self, names: &[String], late: bool) -> Option<Result<String, String>> {
        let nodes: Vec<NodeId> = names.iter().filter_map(|name| self.named(name)).collect();
        let unknown = |&n: &NodeId| self.memory.nodes[n].standing == Standing::Unknown;
        if nodes.iter().any(unknown) && !late {
            return None;
        }
        let good = |n: &NodeId| matches!(self.state(*n), State::Standby | State::Active);
        let told = |&n: &NodeId| match good(&n) {
            true => format!("{} is {}", self.name(n), self.state(n)),
            false => format!("{} is {}: {}", self.name(n), self.state(n), self.memory.nodes[n].message),
        };
        let mut words: Vec<String> = nodes.iter().map(told).collect();
        if let Seat::Passing(handover) = &self.memory.seat {
            words.push(self.handover_words(handover));
        }
        let words = words.join("; ");
        Some(if nodes.iter().all(good) { Ok(words) } else { Err(words) })
    }

    /// The end of this handover: until it would have been given up, and been taken back.
    pub(super) fn awaits_handover(&self, handover: &Handover) -> Awaits {
        let until = self.patience(handover) + self.settings.slowest_interval() * 2 + self.slowest_answer();
        let name = |n: NodeId| self.name(n).to_owned();
        Awaits::Handover { from: name(handover.from), to: name(handover.to), since: handover.since, until }
    }

    /// The next judgement of nodes that have just been recovered: that is two polls at most, and one of their source.
    pub(super) fn awaits_recovery(&self, nodes: &[NodeId], now: Moment) -> Awaits {
        let until = now + self.settings.slowest_interval() * 3 + self.slowest_answer();
        Awaits::Recovery { nodes: nodes.iter().map(|&n| self.name(n).to_owned()).collect(), until }
    }

    fn slowest_answer(&self) -> Duration {
        self.settings.nodes.iter().map(|n| n.pace.timeout * 2).max().unwrap_or_default()
    }

    /// The node of this name.
    pub(super) fn named(&self, name: &str) -> Option<NodeId> {
        self.settings.nodes.iter().position(|n| n.name == name)
    }
}
