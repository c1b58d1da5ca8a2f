//! Invariant 12 and what goes with it: what a new ACTIVE node must have, by the truth.

use super::server::{Clock, covers};
use super::{Truth, World, nanos};
use mpp::core::event::{Event, What};
use mpp::core::pool::Pool;
use mpp::core::reboot::Carry;

/// What the ACTIVE node showed, and what a successor of it owes.
#[derive(Default)]
pub struct Debt {
    /// Positions may lie in this history: loss is not checked.
    pub unchecked: bool,
    /// A server has lost what it wrote itself in a crash, and without GTIDs nobody knows.
    pub forgotten: bool,
    /// In the handover that is under way a reload has made `handover` shorter than the kernel was told it may take.
    pub hurried: bool,
    seen: u64,
    shown: Vec<(u64, Clock)>,
    owed: Option<Clock>,
    /// What each server had when it last answered. A crash in the moment after that is nobody's to know.
    answered: Vec<Option<Truth>>,
}

impl Debt {
    /// A poll's answer was taken.
    pub fn answered(&mut self, server: usize, event: &Event, truth: Option<Truth>, reigns: bool) {
        let Event::Polled(_, observation) = event else { return };
        self.answered.resize(self.answered.len().max(server + 1), None);
        self.answered[server] = truth.clone();
        if let Some(truth) = truth.filter(|_| reigns) {
            if self.shown.last().is_some_and(|(_, had)| !covers(&truth.has, had)) {
                // The ACTIVE node itself has lost it: nobody can owe it.
                self.measured_anew();
            }
            self.seen = self.seen.max(observation.began.0);
            self.shown.push((observation.began.0, truth.has));
            if self.shown.len() > 256 {
                self.shown.drain(..128);
            }
        }
    }

    /// Another `max_loss` or `max_lag` counts from now on.
    pub fn measured_anew(&mut self) {
        (self.shown, self.owed) = (Vec::new(), None);
    }

    /// What was not written is forgotten; the rest has another clock.
    pub fn rebooted(&mut self, pool: &Pool, was: Option<String>, carry: Carry) {
        let by = carry.now.0 - carry.then.0;
        self.answered.clear();
        let reign = pool.memory().reign.as_ref();
        if reign.map(|r| &r.name) != was.as_ref() {
            (self.shown, self.owed, self.seen) = (Vec::new(), None, carry.now.0);
            return;
        }
        self.shown.retain(|(at, _)| *at <= carry.then.0);
        self.seen = self.seen.min(carry.then.0) + by;
        self.shown.iter_mut().for_each(|(at, _)| *at += by);
    }

    /// Somebody else is ACTIVE.
    pub fn passed(&mut self, owed: Option<Clock>, now: u64) {
        (self.owed, self.shown, self.seen) = (owed, Vec::new(), now);
    }
}

/// Invariant 12; gives what was required.
pub fn lost_nothing_due(world: &World, node: usize) -> Option<Clock> {
    let settings = world.pool.settings();
    let debt = &world.checks.debt;
    if debt.unchecked || debt.forgotten || settings.max_lag.is_none() {
        return None;
    }
    let due = debt.seen.saturating_sub(nanos(settings.loss_allowed()?));
    let shown = debt.shown.iter().rfind(|(at, _)| *at <= due).map(|(_, clock)| clock);
    let required = shown.or(debt.owed.as_ref())?.clone();
    let received = &debt.answered[world.host(node)].as_ref().expect("an answer").received;
    assert!(
        covers(received, &required),
        "invariant 12: {} promoted with {received:?}, required {required:?}",
        world.pool.name(node)
    );
    Some(required)
}

/// A hostile PRIMARY does not wait until the writers have heard of it: what they wrote since it asked is not waited for.
pub fn is_hostile(world: &World, to: usize) -> bool {
    world.pool.settings().hostile_takeover && to == 0
}

/// A planned change loses nothing at all.
pub fn lost_nothing(world: &World, from: usize, to: usize) {
    let settings = world.pool.settings();
    let debt = &world.checks.debt;
    let hurries = debt.hurried || is_hostile(world, to);
    if debt.unchecked || debt.forgotten || hurries || settings.max_lag.is_none() {
        return;
    }
    let answer = debt.answered[world.host(to)].as_ref();
    let (from, to) = (&world.servers[world.host(from)].has, &answer.expect("an answer").has);
    assert!(covers(to, from), "a planned change lost {to:?} against {from:?}");
}

/// Of those that could have been promoted, the one that received most was; of equals, the first.
pub fn best_of_the_ready(world: &World, holder: usize, winner: usize) {
    let (debt, writer) = (&world.checks.debt, world.host(holder));
    let has = |n: usize| Some(debt.answered.get(world.host(n))?.as_ref()?.received.clone());
    let Some(mine) = has(winner).filter(|_| !debt.unchecked && world.pool.settings().max_lag.is_some())
    else {
        return;
    };
    for other in (0..world.pool.settings().nodes.len()).filter(|&n| n != winner && n != holder) {
        let Some(theirs) = has(other).filter(|_| world.checks.was_ready(world, other)) else { continue };
        // A server that has nothing shows no GTID: that compares with nothing.
        if [&theirs, &mine].iter().any(|clock| clock.iter().all(|&count| count == 0)) {
            continue;
        }
        let names = [winner, other].map(|n| world.pool.name(n));
        assert!(theirs[writer] <= mine[writer], "{names:?}: the second had more: {theirs:?} {mine:?}");
        assert!(theirs != mine || other > winner, "{names:?}: the second comes first by priority");
    }
}

/// Notes that tell of a new ACTIVE node.
pub fn moves_active(what: What) -> bool {
    matches!(what, What::Failover | What::Election | What::HandedOver)
}
