//! Whether a planned change of ACTIVE may begin, and the one that begins by itself: failback.

use super::event::Author;
use super::handover::Cause;
use super::node::Standing;
use super::observation::{Channel, Run};
use super::pool::{Pool, Seat};
use super::replication::describe;
use super::settings::Failback;
use super::time::{Duration, Moment, Short};
use super::words::{NodeId, State};

/// The largest lag of a node that is handed to.
const HANDOVER_LAG: Duration = Duration::from_secs(2);

impl Pool {
    /// Whether ACTIVE can be handed to `to` now, and if not, why.
    pub fn can_hand_to(&self, to: NodeId, now: Moment) -> Result<(), String> {
        let Seat::Held(from) = self.memory.seat else {
            return Err(match &self.memory.seat {
                Seat::Passing(_) => "a handover is under way".into(),
                _ => "no node is ACTIVE".into(),
            });
        };
        if self.memory.pause.is_some() {
            return Err(format!("the pool is paused; mpp resume {}", self.settings.name));
        }
        if let Some(why) = self.cut_off_words() {
            return Err(why);
        }
        self.fit_to_hand_to(from, to, now)
    }

    fn fit_to_hand_to(&self, from: NodeId, to: NodeId, now: Moment) -> Result<(), String> {
        let (f, t) = (&self.memory.nodes[from], &self.memory.nodes[to]);
        let (from_name, to_name) = (self.name(from), self.name(to));
        if let Some(why) = self.passed_over(to).or_else(|| self.not_writable(to)) {
            return Err(format!("{to_name} {why}"));
        }
        let hostile = self.is_hostile(to) && self.state(to) == State::Unknown;
        if t.standing != Standing::Standby && !hostile {
            return Err(format!("{to_name} is {}: {}", self.state(to), t.message));
        }
        for (n, name) in [(f, from_name), (t, to_name)] {
            if n.errors + n.denied > 0 || !n.positive() {
                return Err(format!("{name} has a negative: {}", n.message));
            }
        }
        if t.excused() {
            return Err(format!("{to_name} has lost its source"));
        }
        if let Some(channel) = self.cannot_follow(from, to) {
            let fault = describe("IO", channel, &channel.io);
            return Err(format!("{from_name} could not follow {to_name}: {fault}"));
        }
        match t.lag() {
            Some(lag) if self.settings.max_lag.is_some() && lag > HANDOVER_LAG => {
                Err(format!("{to_name} is {} behind (at most {})", Short(lag), Short(HANDOVER_LAG)))
            }
            _ => self.caught_up(from, to, now),
        }
    }

    /// The PRIMARY, where it takes over without waiting.
    pub(super) fn is_hostile(&self, to: NodeId) -> bool {
        to == 0 && self.settings.hostile_takeover
    }

    /// The receiving thread of `from` does not get on with `to`: it would be a STANDBY without a source. It may be that
    /// `to` has lost the end of its log in a crash, and with it what it had written itself (error 1236).
    fn cannot_follow(&self, from: NodeId, to: NodeId) -> Option<&Channel> {
        self.settings.max_lag?;
        let facts = self.memory.nodes[from].facts.as_ref()?;
        let mut failing = facts.channels.iter().filter(|c| c.io.run != Run::Yes && c.io.error.is_some());
        failing.find(|c| self.source_of(from, c) == Some(to))
    }

    /// It has given up, in words.
    pub(super) fn will_not_follow(&self, from: NodeId, to: NodeId) -> Option<String> {
        let channel = self.cannot_follow(from, to).filter(|c| c.io.run == Run::No)?;
        Some(format!("{} cannot follow it: {}", self.name(from), describe("IO", channel, &channel.io)))
    }

    /// `to` has executed what `from` showed one interval ago.
    fn caught_up(&self, from: NodeId, to: NodeId, now: Moment) -> Result<(), String> {
        if self.settings.max_lag.is_none() {
            return Ok(());
        }
        let due = now - self.node_settings(from).pace.interval;
        let reign = self.memory.reign.as_ref();
        let shown = reign.and_then(|r| r.shown.iter().rfind(|s| (r.since..=due).contains(&s.at)));
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

    /// The automatic failback: ACTIVE is a SECONDARY, and the PRIMARY could have it.
    pub(super) fn fail_back(&mut self, now: Moment) {
        if self.active().is_none_or(|a| a == 0) || self.memory.flapping {
            return;
        }
        self.forget_old_changes(now);
        if self.failback_is_off(now).is_some() || self.can_hand_to(0, now).is_err() || !self.my_turn(now) {
            return;
        }
        self.memory.changes.push(now);
        let by = Author { who: "mppd".into(), why: Some("the PRIMARY is good again".into()) };
        self.begin_handover(0, Cause::Failback, false, &by, now);
    }

    /// Why the PRIMARY does not get ACTIVE back by itself, whatever its state, if that is so.
    pub(super) fn failback_is_off(&self, now: Moment) -> Option<String> {
        let (primary, changes) = (self.name(0), self.changes_lately(now));
        if self.settings.failback == Failback::Manual {
            return Some(format!("{primary} does not take over by itself (failback: manual)"));
        }
        if self.memory.failback_off {
            return Some(format!("automatic failback to {primary} is off until ACTIVE moves"));
        }
        if self.memory.flapping {
            return Some("the pool is flapping".into());
        }
        if let Some(why) = self.other_primary() {
            return Some(why);
        }
        (changes >= self.settings.max_failovers as usize).then(|| {
            format!(
                "{changes} changes of ACTIVE within {}: another one waits",
                Short(self.settings.flap_window)
            )
        })
    }

    /// Those that no longer count.
    pub(super) fn forget_old_changes(&mut self, now: Moment) {
        let window = self.settings.flap_window;
        self.memory.changes.retain(|&at| now.since(at) < window);
    }

    /// Automatic changes of ACTIVE within `flap_window`.
    pub(super) fn changes_lately(&self, now: Moment) -> usize {
        let window = self.settings.flap_window;
        self.memory.changes.iter().filter(|&&at| now.since(at) < window).count()
    }
}
