//! The verdicts once more, in other words than the core's own: what keepalived must be told.

use mpp::core::pool::Pool;
use mpp::core::settings::WhenAllFail;
use mpp::core::verdict::Because;
use mpp::core::words::{Role, State, Status};

/// Every verdict of the pool is what the table says.
pub fn as_they_should_be(pool: &Pool) {
    for node in 0..pool.settings().nodes.len() {
        for (role, up) in
            [(Role::Rw, rw(pool, node)), (Role::Ro, ro(pool, node)), (Role::Geo, geo(pool, node))]
        {
            let verdict = pool.verdict(node, role);
            let drained = pool.memory().nodes[node].drain.as_ref();
            let up = up && !drained.is_some_and(|d| d.now);
            assert_eq!(verdict.up, up, "{role} of {}: {verdict:?}", pool.name(node));
            let weight = if up && drained.is_none() { pool.settings().nodes[node].weight } else { 0 };
            assert!(verdict.weight <= weight, "{role} of {}: {verdict:?}", pool.name(node));
            let scaled = pool.settings().nodes[node].lag_scale.is_some() && pool.active() != Some(node);
            assert!(scaled || verdict.weight == weight, "{role} of {}: {verdict:?}", pool.name(node));
        }
    }
}

/// The STATUS without the bump.
fn status(pool: &Pool, node: usize) -> Status {
    let n = &pool.memory().nodes[node];
    let levels = &pool.settings().levels;
    let denied = (n.errors + n.denied).min(levels.critical);
    levels.status(n.errors.max(denied))
}

fn rw(pool: &Pool, node: usize) -> bool {
    let s = pool.settings();
    let held = pool.memory().takeover.is_some() && s.when_all_fail == WhenAllFail::Hold;
    let waits = pool.verdict(node, Role::Rw).because == Because::AwaitsPeers;
    assert!(!waits || pool.memory().fresh && !pool.settings().peers.is_empty());
    pool.state(node) == State::Active && !waits && (status(pool, node) <= s.serve_until.rw || held)
}

fn ro(pool: &Pool, node: usize) -> bool {
    let good = status(pool, node) <= pool.settings().serve_until.ro;
    match pool.state(node) {
        State::Standby => good,
        // A STANDBY that has just come is given time to be put in.
        State::Active => {
            good && !(pool.memory().readers_in
                && (0..pool.settings().nodes.len()).any(|n| serves_ro(pool, n)))
        }
        _ => false,
    }
}

fn serves_ro(pool: &Pool, node: usize) -> bool {
    let verdict = pool.verdict(node, Role::Ro);
    pool.state(node) == State::Standby && verdict.up && verdict.weight > 0
}

fn geo(pool: &Pool, node: usize) -> bool {
    let good = status(pool, node) != Status::Fail && status(pool, node) <= pool.settings().serve_until.geo;
    let withdrew = pool.memory().withdrawn.as_ref().is_some_and(|w| w.name == pool.name(node));
    match pool.state(node) {
        State::Standby => good && !(withdrew && pool.memory().isolation.is_some()),
        State::Active => good && pool.held().is_none(),
        _ => false,
    }
}
