//! The pool as a whole: who is ACTIVE and since when, what a change of that lacks.

use super::node;
use crate::control::why::{Condition, Why};
use crate::core::conditions;
use crate::core::eligible::Fitness;
use crate::core::pool::{Pool, Seat, Takeover};
use crate::core::time::{Moment, Short};
use crate::core::words::{NodeId, Role};
use crate::daemon::status;

/// Explains a pool, or one node of it.
pub(in crate::daemon) fn explain(pool: &Pool, only: Option<NodeId>, now: Moment) -> Why {
    let nodes = (0..pool.memory().nodes.len()).filter(|&n| only.is_none_or(|only| only == n));
    Why {
        pool: pool.settings().name.clone(),
        about: about(pool, now),
        nodes: nodes.map(|n| node::explain(pool, n, now)).collect(),
        troubles: status::troubles(pool, now),
        conditions: pool.conditions(now).into_iter().map(condition).collect(),
        stale: false,
    }
}

fn condition(found: conditions::Condition) -> Condition {
    let conditions::Condition { change, name, met, words, help } = found;
    Condition { change: change.word().into(), name: name.into(), met, words, help }
}

fn about(pool: &Pool, now: Moment) -> Vec<String> {
    let m = pool.memory();
    let mut lines = vec![seat(pool, now)];
    match (pool.takeover(), pool.active()) {
        (Some(takeover), _) => lines.push(failing(pool, takeover, now)),
        (None, Some(active)) => lines.extend(successor(pool, active)),
        (None, None) => {}
    }
    if let Some(until) = m.pause.as_ref().and_then(|flag| flag.until) {
        lines.push(format!("the pause ends by itself in {}", Short(until.since(now))));
    }
    lines
}

pub(super) fn ago(now: Moment, since: Moment) -> Short {
    Short(now.since(since))
}

fn seat(pool: &Pool, now: Moment) -> String {
    match &pool.memory().seat {
        Seat::Held(node) => {
            let (since, how) = reign(pool, now);
            let how = if how.is_empty() { String::new() } else { format!(": {how}") };
            let epoch = pool.memory().epoch;
            format!("{} is ACTIVE, for {since}, epoch {epoch}{how}", pool.name(*node))
        }
        Seat::Passing(handover) => format!(
            "{}, for {} ({})",
            pool.waits_for().unwrap_or_default(),
            ago(now, handover.since),
            handover.by
        ),
        Seat::Empty => format!("no node is ACTIVE: {}", pool.waits_for().unwrap_or_default()),
    }
}

/// For how long the ACTIVE node has been that, and how it came to be.
pub(super) fn reign(pool: &Pool, now: Moment) -> (Short, &str) {
    let reign = pool.memory().reign.as_ref();
    reign.map_or((ago(now, now), ""), |r| (ago(now, r.since), r.how.as_str()))
}

fn failing(pool: &Pool, takeover: &Takeover, now: Moment) -> String {
    let since = ago(now, takeover.since);
    let serves = pool.active().is_some_and(|a| pool.verdict(a, Role::Rw).up);
    match (&takeover.held, serves) {
        (None, _) => format!("failing since {since}: answers are awaited"),
        (Some(_), true) => format!("held for {since}: it goes on serving rw (when_all_fail: hold)"),
        (Some(_), false) => format!("held for {since}: nobody serves rw"),
    }
}

/// Who could take over; that nobody could is a trouble, and stands there.
fn successor(pool: &Pool, active: NodeId) -> Option<String> {
    let fitness = |n| (n, pool.fitness(n, Moment(0)));
    let others: Vec<_> = (0..pool.memory().nodes.len()).filter(|&n| n != active).map(fitness).collect();
    if others.is_empty() {
        return Some("no redundancy: it is the only node".into());
    }
    if let Some((node, _)) = others.iter().find(|(_, fitness)| *fitness == Fitness::Eligible) {
        return Some(format!("if it failed, {} could take over", pool.name(*node)));
    }
    others.iter().find_map(|(node, fitness)| match fitness {
        Fitness::Applying(why) => {
            Some(format!("if it failed, {} could take over in a while: it {why}", pool.name(*node)))
        }
        _ => None,
    })
}
