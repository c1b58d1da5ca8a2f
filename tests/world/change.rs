//! The invariants of a change of ACTIVE: who may be, who steps down, how often, and what a reload may do.

use super::checks::{Before, Reloaded, one_writer};
use super::loss;
use super::{World, nanos};
use mpp::core::event::{Action, Command, What};
use mpp::core::node::Standing;
use mpp::core::pool::Seat;
use mpp::core::settings::{Isolation, Writable};
use mpp::core::words::State;

/// Who is ACTIVE now may be, and owes nothing.
pub(super) fn became_active(world: &mut World, before: &Before, node: usize, actions: &[Action]) {
    let told = actions.iter().filter_map(|a| match a {
        Action::Note(n) if loss::moves_active(n.what) => Some(n.what),
        _ => None,
    });
    let told: Vec<What> = told.collect();
    if told.is_empty() && followed(actions) {
        let servers = world.servers.len();
        (world.checks.reached, world.checks.answered) = (None, vec![None; servers]);
        let frozen = world.pool.settings().isolation == Isolation::Freeze;
        let may = world.pool.memory().isolation.is_none() || frozen;
        return assert!(may, "a peer followed while isolated");
    }
    assert_eq!(told.len(), 1, "a change of ACTIVE is told once");
    let what = told[0];
    let back = before.passing.is_some_and(|(from, _)| from == node);
    let forced = before.forced && what == What::HandedOver || world.checks.forced();
    if !forced && !back {
        allowed(world, before, node, what);
        assert!(world.checks.command.is_none() || what != What::HandedOver || before.passing.is_some());
    }
    let mut required = None;
    if what == What::Failover {
        replaced(world, before, node);
    }
    let hurries = what == What::HandedOver && loss::is_hostile(world, node);
    if !forced && !back && !hurries {
        required = loss::lost_nothing_due(world, node);
    }
    if let (What::HandedOver, Some((from, to)), false, false) = (what, before.passing, back, forced) {
        assert_eq!(node, to, "ACTIVE was handed to another than the one it was for");
        loss::lost_nothing(world, from, to);
    }
    // Who takes ACTIVE back with a `Denied` keeps its errors: with enough of them (1) is reached anew at this moment.
    let failing = world.pool.memory().nodes[node].errors >= world.pool.settings().failover_errors();
    let (now, servers) = (world.now, world.servers.len());
    let checks = &mut world.checks;
    checks.reached = failing.then_some(now);
    checks.answered = vec![None; servers];
    checks.debt.hurried = false;
    if !back {
        checks.debt.passed(required, now);
    }
}

/// What a peer does is done here, too.
fn followed(actions: &[Action]) -> bool {
    actions.iter().any(|a| matches!(a, Action::Note(n) if n.what == What::Followed))
}

/// Invariant 2.
fn allowed(world: &World, before: &Before, node: usize, what: What) {
    let (settings, memory) = (world.pool.settings(), world.pool.memory());
    let name = world.pool.name(node);
    let hostile = node == 0 && settings.hostile_takeover && what != What::Failover;
    let state = before.states[node];
    assert!(!state.failed(), "invariant 2: {name} promoted from {state}");
    assert!(state == State::Standby || hostile, "{name} promoted from {state}");
    assert!(memory.nodes[node].positive(), "{name} promoted after a bad answer");
    assert_eq!(memory.nodes[node].errors, 0, "{name} promoted with errors");
    let undrained = world.checks.command == Some(Command::Undrain(node));
    assert!(undrained || !before.drained[node], "invariant 2: {name} promoted while drained");
    assert!(settings.nodes[node].promotable, "invariant 2: {name} is not promotable");
    let read_only = memory.nodes[node].facts.as_ref().is_some_and(|f| f.read_only);
    assert!(!read_only || settings.writable != Writable::Require, "invariant 2: {name} promoted read-only");
    assert!(!before.paused || what == What::HandedOver, "invariant 2: {name} promoted while paused");
    assert!(memory.isolation.is_none(), "invariant 2: {name} promoted while isolated");
}

/// The conditions under which ACTIVE is replaced (docs/how-it-decides.md), by what came in.
fn replaced(world: &World, before: &Before, node: usize) {
    let holder = before.holder().expect("somebody failed");
    let (pool, checks) = (&world.pool, &world.checks);
    assert!(!before.flapping && !pool.memory().flapping, "a failover while flapping");
    assert!(!before.grace || pool.memory().grace.is_none(), "a failover within the grace");
    let reached = checks.reached.expect("condition 1");
    let answered = checks.answered[world.host(node)].expect("condition 2");
    assert!(checks.failed_again >= answered, "condition 3: db{} was not asked again", holder + 1);
    let mut checkpoints = pool.memory().checkpoints.iter();
    let answered = checkpoints.any(|c| c.answered.is_some_and(|at| at.0 >= reached));
    assert!(answered || pool.memory().checkpoints.is_empty(), "condition 4: no checkpoint answered");
    if pool.settings().max_lag.is_some() {
        let facts = pool.memory().nodes[node].facts.as_ref().expect("an answer");
        assert!(facts.channels.iter().all(|c| facts.applied(c)), "promoted with a relay log to apply");
    }
    assert!(matches!(pool.memory().nodes[holder].standing, Standing::Failed { while_active: true, .. }));
    loss::best_of_the_ready(world, holder, node);
}

/// Nobody steps down but for a handover that may begin.
pub(super) fn steps_down(world: &World, before: &Before, actions: &[Action]) {
    let pool = &world.pool;
    let Seat::Passing(handover) = &pool.memory().seat else {
        let withdrawn = pool.memory().isolation.is_some() && pool.memory().withdrawn.is_some();
        let left = withdrawn || followed(actions);
        assert!(pool.active().is_some() || before.holder().is_none() || left, "the seat was left");
        return;
    };
    let Some(active) = before.active.filter(|_| !handover.mirrors()) else { return };
    // Whoever has just been promoted may hand over to the PRIMARY in the same decision.
    let promoted = actions.iter().any(|a| matches!(a, Action::Note(n) if loss::moves_active(n.what)));
    assert!(handover.from == active || promoted, "somebody else hands over");
    let active = handover.from;
    let told = actions.iter().any(|a| matches!(a, Action::Note(n) if n.what == What::Handover));
    assert!(told, "a handover that nobody hears of");
    let (from, to) = (&pool.memory().nodes[active], &pool.memory().nodes[handover.to]);
    if !handover.forced {
        assert!(from.positive() && to.positive() && !to.excused(), "a handover between unfit nodes");
        assert_eq!((from.errors, to.errors), (0, 0), "a handover in trouble");
        assert!(pool.memory().pause.is_none(), "a handover on a paused pool");
    }
}

/// At most `max_failovers` automatic changes within `flap_window`.
pub(super) fn flap_guard(world: &mut World, actions: &[Action]) {
    let settings = world.pool.settings();
    let (window, most) = (nanos(settings.flap_window), settings.max_failovers as usize);
    let automatic = actions.iter().any(|a| match a {
        Action::Note(n) => {
            n.what == What::Failover || n.what == What::Handover && n.reason.contains("(failback, ")
        }
        _ => false,
    });
    let (now, checks) = (world.now, &mut world.checks);
    if checks.command == Some(Command::Ack) {
        checks.changes.clear();
    }
    if automatic {
        checks.changes.retain(|at| now - at < window);
        assert!(checks.changes.len() < most, "more than {most} changes within the window");
        checks.changes.push(now);
    }
}

/// A reload moves ACTIVE only where it took away who had it, or was to have it.
pub fn reloaded(world: &mut World, was: &Reloaded) {
    let pool = &world.pool;
    one_writer(pool);
    let active = pool.active().map(|n| world.host(n));
    assert!(active.is_none() || active == was.host, "a reload made another node ACTIVE");
    let gained = u64::from(active.is_some() && was.before.active.is_none());
    assert_eq!(pool.memory().epoch, was.before.epoch + gained, "invariant 8: a reload changed the epoch");
    // A new limit counts from now on.
    world.checks.changes.clear();
}
