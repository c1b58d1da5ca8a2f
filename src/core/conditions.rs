//! What a change of ACTIVE still lacks, condition by condition, in words: by the same functions that decide.

use super::checkpoint::Outside;
use super::eligible::Fitness;
use super::failover::Replacement;
use super::node::Judgement;
use super::pool::{Pool, Seat};
use super::settings::Failback;
use super::time::{Moment, Short};
use super::words::NodeId;

/// A change of ACTIVE that happens by itself, once all of its conditions are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another node instead of the ACTIVE one.
    Failover,
    /// A node where none is ACTIVE.
    Election,
    /// The PRIMARY instead of a SECONDARY.
    Failback,
}

impl Change {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Change::Failover => "failover",
            Change::Election => "election",
            Change::Failback => "failback",
        }
    }
}

/// One condition of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Of which change.
    pub change: Change,
    /// `failing`, `allowed`, `connected`, `agreed`, `candidate`, `confirmed`: each at most once a change.
    pub name: &'static str,
    /// Whether it holds.
    pub met: bool,
    /// What is so, in words.
    pub words: String,
    /// What would help, a command or what to do; `None`: met, or it only takes time.
    pub help: Option<String>,
}

impl Condition {
    fn of(change: Change, name: &'static str, found: Found) -> Condition {
        let met = found.is_ok();
        let (words, help) = found.map_or_else(|lack| lack, |words| (words, None));
        Condition { change, name, met, words, help }
    }
}

/// What is lacking, and what would help.
type Lack = (String, Option<String>);
/// What holds, in words; or what is lacking.
type Found = Result<String, Lack>;

impl Pool {
    /// The conditions of the change that is at hand: of a failover while the ACTIVE node is in trouble, of an election
    /// while none is ACTIVE, of a failback while a SECONDARY is. All is well, or a handover goes on: none.
    pub fn conditions(&self, now: Moment) -> Vec<Condition> {
        match &self.memory.seat {
            Seat::Empty => self.of_election(now),
            Seat::Held(holder) if self.in_trouble(*holder) => self.of_failover(*holder, now),
            Seat::Held(holder) if *holder != 0 => self.of_failback(now),
            Seat::Passing(handover) if handover.failed() => self.of_failover(handover.from, now),
            Seat::Held(_) | Seat::Passing(_) => Vec::new(),
        }
    }

    fn in_trouble(&self, holder: NodeId) -> bool {
        let n = &self.memory.nodes[holder];
        self.memory.takeover.is_some() || n.errors + n.denied > 0
    }

    /// Section 5, in its order; those of checkpoints are not there without checkpoints.
    fn of_failover(&self, holder: NodeId, now: Moment) -> Vec<Condition> {
        let candidate = self.candidate(holder, now);
        let best = candidate.as_ref().ok().copied();
        let mut found = vec![("failing", self.failing(holder)), ("allowed", self.allowed(now))];
        found.extend(self.connected(now).map(|found| ("connected", found)));
        found.extend(self.agreed(holder).map(|found| ("agreed", found)));
        found.push(("candidate", candidate.map(|best| self.ready(holder, best))));
        found.push(("confirmed", self.confirmation(holder, best, now)));
        found.into_iter().map(|(name, found)| Condition::of(Change::Failover, name, found)).collect()
    }

    /// Condition (4); not there without checkpoints.
    fn connected(&self, now: Moment) -> Option<Found> {
        if self.own_checkpoints().is_empty() {
            return None;
        }
        let since = self.memory.takeover.as_ref().map_or(Moment(0), |t| t.since);
        Some(match self.outside(since, now) {
            Outside::There => Ok("a checkpoint answers: this site is not cut off".into()),
            Outside::Awaited => Err(("the answers of the checkpoints are awaited".into(), None)),
            Outside::Silent(why) => Err((why, Some("look at the uplink of this site".into()))),
        })
    }

    /// No peer sees the ACTIVE node answer; not there without peers.
    fn agreed(&self, holder: NodeId) -> Option<Found> {
        if self.settings.peers.is_empty() {
            return None;
        }
        Some(match self.vouched(holder) {
            None => Ok("no peer sees it answer".into()),
            Some(why) => Err((why, None)),
        })
    }

    /// Condition (1).
    fn failing(&self, holder: NodeId) -> Found {
        let (n, name, limit) =
            (&self.memory.nodes[holder], self.name(holder), self.settings.failover_errors());
        let why = self.failure_words(holder);
        if n.errors >= limit {
            return Ok(format!("{name} has failed: {} errors of {limit}: {why}", n.errors));
        }
        if let Some(Judgement::Denied(_)) = n.newest.as_ref().map(|s| &s.judgement) {
            let words = format!("the monitor is locked out of {name}, which never counts: {why}");
            return Err((words, Some("mpp config grants".into())));
        }
        Err((format!("{name} has {} errors of {limit} so far: {why}", n.errors), None))
    }

    /// Condition (5).
    fn allowed(&self, now: Moment) -> Found {
        match self.blocked(now) {
            None => {
                let (changes, most) = (self.changes_lately(now), self.settings.max_failovers);
                let window = Short(self.settings.flap_window);
                Ok(format!("not paused, not flapping ({changes} of {most} changes within {window})"))
            }
            Some(why) => Err((why, self.unblock())),
        }
    }

    fn unblock(&self) -> Option<String> {
        let pool = &self.settings.name;
        match () {
            () if self.memory.pause.is_some() => Some(format!("mpp resume {pool}")),
            () if self.memory.isolation.is_some() => {
                Some(format!("mpp recover {pool}, once a checkpoint answers"))
            }
            () if self.memory.flapping => Some(format!("mpp ack {pool}")),
            () => None,
        }
    }

    /// Condition (2): who would be promoted, or why nobody.
    fn candidate(&self, holder: NodeId, now: Moment) -> Result<NodeId, Lack> {
        let since = self.memory.takeover.as_ref().map_or(Moment(0), |t| t.since);
        let fitness = self.asked_candidates(since);
        match self.awaited(&fitness, since, now) {
            Some(node) => Err((format!("the answer of {} is awaited", self.name(node)), None)),
            None => {
                self.choose(&fitness, since, now).map_err(|why| (why, self.help_of_candidates(Some(holder))))
            }
        }
    }

    fn ready(&self, holder: NodeId, best: NodeId) -> String {
        format!("{} is ready: {}", self.name(best), self.loss_words(holder, best))
    }

    /// Condition (3).
    fn confirmation(&self, holder: NodeId, best: Option<NodeId>, now: Moment) -> Found {
        let name = self.name(holder);
        let Some(best) = best else {
            return Err((format!("{name} is asked once more when there is a candidate"), None));
        };
        let asked = self.memory.takeover.as_ref().and_then(|t| t.qualified[best]);
        if self.confirmed(holder, asked) {
            return Ok(format!("{name} failed once more after {} was ready", self.name(best)));
        }
        let words = match (asked, self.unconfirmed(holder, best, asked, now)) {
            (None, _) => format!("{name} is asked once more when it has failed"),
            (_, Replacement::Hold(why)) => why,
            _ => format!("{name} is being asked once more"),
        };
        Err((words, None))
    }

    fn of_election(&self, now: Moment) -> Vec<Condition> {
        let allowed = match self.no_election(now) {
            Some(_) if self.memory.pause.is_some() => Err(("the pool is paused".into(), self.unblock())),
            Some(why) => Err((why, self.unblock())),
            None => Ok("not paused".into()),
        };
        let candidate = match self.first_choice() {
            Ok(node) => Ok(format!("{} is the first eligible node", self.name(node))),
            Err(why) => Err((why, self.help_of_candidates(None))),
        };
        [("allowed", allowed), ("candidate", candidate)]
            .map(|(name, found)| Condition::of(Change::Election, name, found))
            .into()
    }

    fn of_failback(&self, now: Moment) -> Vec<Condition> {
        let primary = self.name(0);
        let ready = self.can_hand_to(0, now);
        let allowed = match self.failback_is_off(now) {
            None => Ok(format!("{primary} gets ACTIVE back by itself (failback: auto)")),
            Some(why) => Err((why, self.help_of_failback(ready.is_ok()))),
        };
        let candidate = match ready {
            Ok(()) => Ok(format!("{primary} could take over")),
            Err(why) => Err((why, self.unblock().or_else(|| self.help_of(0)))),
        };
        [("allowed", allowed), ("candidate", candidate)]
            .map(|(name, found)| Condition::of(Change::Failback, name, found))
            .into()
    }

    fn help_of_failback(&self, ready: bool) -> Option<String> {
        let by_hand = self.settings.failback == Failback::Manual || self.memory.failback_off;
        let (pool, primary) = (&self.settings.name, self.name(0));
        match () {
            () if by_hand && ready => Some(format!("mpp switchover {pool} --to {primary}")),
            () if self.memory.flapping => Some(format!("mpp ack {pool}")),
            () => None,
        }
    }

    /// What would make somebody a candidate: first what loses nothing.
    fn help_of_candidates(&self, holder: Option<NodeId>) -> Option<String> {
        let others = || (0..self.memory.nodes.len()).filter(|&n| Some(n) != holder);
        let applying = others().any(|n| matches!(self.merits(n), Fitness::Applying(_)));
        if applying {
            return None;
        }
        let mend = others().find_map(|n| self.help_of(n));
        let back = holder.filter(|&h| self.memory.nodes[h].offline());
        let back = back.map(|h| format!("bring {} back", self.name(h)));
        let online: Vec<NodeId> =
            others().filter(|_| self.all_asked()).filter(|&n| self.memory.nodes[n].online()).collect();
        let force = self.best(&online).map(|best| {
            let (pool, best) = (&self.settings.name, self.name(best));
            format!("mpp switchover {pool} --to {best} --force --dry-run says what would be lost")
        });
        let ways: Vec<String> = mend.into_iter().chain(back).chain(force).collect();
        (!ways.is_empty()).then(|| ways.join("; or "))
    }

    /// Nobody is about to answer for the first time since the pool has been without ACTIVE node.
    fn all_asked(&self) -> bool {
        let vacant = self.memory.seat == Seat::Empty;
        !vacant || self.memory.nodes.iter().all(|n| n.asked_since(self.memory.vacant_since.max(n.since)))
    }

    /// What would make a node good again.
    fn help_of(&self, node: NodeId) -> Option<String> {
        let (n, pool, name) = (&self.memory.nodes[node], &self.settings.name, self.name(node));
        let (by_hand, recover) =
            (n.failed() && self.may_recover(node).is_err(), format!("mpp recover {pool}/{name}"));
        match () {
            () if n.drain.is_some() => Some(format!("mpp undrain {pool}/{name}")),
            () if n.offline() && by_hand => Some(format!("bring {name} back, then {recover}")),
            () if n.offline() => Some(format!("bring {name} back")),
            () if n.positive() && by_hand => Some(recover),
            () if n.online() && !n.positive() => Some(format!("mpp doctor {pool}")),
            () if self.not_writable(node).is_some() => Some(format!("on {name}: SET GLOBAL read_only = 0")),
            () => None,
        }
    }
}
