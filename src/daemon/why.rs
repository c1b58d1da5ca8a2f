//! `mpp why`: what holds, what blocks a failover, and what would help.

use crate::control::status::{Why, WhyNode};
use crate::core::eligible::Fitness;
use crate::core::event::Flag;
use crate::core::pool::{Pool, Seat};
use crate::core::time::{Moment, Short};
use crate::core::words::{NodeId, Role};

/// Explains a pool, or one node of it.
pub(super) fn explain(pool: &Pool, only: Option<NodeId>, now: Moment) -> Why {
    let nodes = (0..pool.memory().nodes.len()).filter(|&n| only.is_none_or(|only| only == n));
    Why {
        pool: pool.settings().name.clone(),
        about: about(pool, now),
        nodes: nodes.map(|n| node(pool, n, now)).collect(),
    }
}

fn about(pool: &Pool, now: Moment) -> Vec<String> {
    let m = pool.memory();
    let mut lines = vec![seat(pool, now)];
    if let Some(takeover) = pool.takeover() {
        let since = Short(now.since(takeover.since));
        lines.push(match &takeover.held {
            Some(why) => format!("held for {since}: {why}"),
            None => format!("failing since {since}: answers are awaited"),
        });
    } else if let Some(active) = pool.active() {
        lines.push(successor(pool, active));
    }
    if let Some(flag) = &m.pause {
        lines.push(format!("paused by {}; mpp resume {}", set(flag, now), pool.settings().name));
    }
    if m.flapping {
        lines.push(format!(
            "flapping: {} changes of ACTIVE lately; mpp ack {}",
            m.changes.len(),
            pool.settings().name
        ));
    }
    if let Some(active) = pool.active().filter(|&a| a != 0) {
        lines.push(failback(pool, active, now));
    }
    lines
}

fn ago(now: Moment, since: Moment) -> String {
    Short(now.since(since)).to_string()
}

/// Who set a flag, why, when, and until when.
fn set(flag: &Flag, now: Moment) -> String {
    let end = flag.until.map_or(String::new(), |until| format!(", {} more", Short(until.since(now))));
    format!("{}, {} ago{end}", flag.by, ago(now, flag.since))
}

fn seat(pool: &Pool, now: Moment) -> String {
    match &pool.memory().seat {
        Seat::Held(node) => {
            let reign = pool.memory().reign.as_ref();
            let (since, how) = reign.map_or((now, ""), |r| (r.since, r.how.as_str()));
            let how = if how.is_empty() { String::new() } else { format!(": {how}") };
            format!(
                "{} is ACTIVE, for {}, epoch {}{how}",
                pool.name(*node),
                ago(now, since),
                pool.memory().epoch
            )
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

fn successor(pool: &Pool, active: NodeId) -> String {
    let fit = |n: &NodeId| *n != active && pool.fitness(*n, Moment(0)) == Fitness::Eligible;
    match (0..pool.memory().nodes.len()).find(fit) {
        Some(node) => format!("if it failed, {} could take over", pool.name(node)),
        None => "no redundancy: if it failed, nobody could take over".into(),
    }
}

fn failback(pool: &Pool, active: NodeId, now: Moment) -> String {
    let primary = pool.name(0);
    match pool.can_hand_to(0, now) {
        _ if pool.settings().failback == crate::core::settings::Failback::Manual => {
            format!("{primary} does not take over by itself (failback: manual)")
        }
        _ if pool.memory().failback_off => {
            format!(
                "automatic failback to {primary} is off until ACTIVE moves; mpp switchover {}",
                pool.settings().name
            )
        }
        Ok(()) => format!("{} hands back to {primary}", pool.name(active)),
        Err(why) => format!("no failback to {primary} yet: {why}"),
    }
}

fn node(pool: &Pool, node: NodeId, now: Moment) -> WhyNode {
    let n = &pool.memory().nodes[node];
    let mut about =
        vec![format!("{}, {}, req {}: {}", pool.state(node), pool.status(node), pool.req(node), n.message)];
    if pool.active() != Some(node) {
        about.push(match pool.fitness(node, Moment(0)) {
            Fitness::Eligible => "could be promoted".into(),
            Fitness::Unasked => "has not answered yet".into(),
            Fitness::Applying(why) | Fitness::Unfit(why) => format!("could not be promoted: {why}"),
        });
    }
    if n.failed() {
        about.push(recovery(pool, node, now));
    }
    if let Some(drain) = &n.drain {
        let undo = format!("mpp undrain {}/{}", pool.settings().name, pool.name(node));
        about.push(format!("drained by {}; {undo}", set(&drain.flag, now)));
    }
    if let Some(drain) = &n.drain_wanted {
        about.push(format!("to be drained as soon as somebody can take over, by {}", set(&drain.flag, now)));
    }
    let verdict = |role: Role| {
        let v = pool.verdict(node, role);
        let up = if v.up { format!("UP, weight {}", v.weight) } else { "DOWN".into() };
        format!("{role:3} {up}: {}", v.because.words())
    };
    WhyNode { name: pool.name(node).to_owned(), about, verdicts: Role::ALL.map(verdict).into() }
}

fn recovery(pool: &Pool, node: NodeId, now: Moment) -> String {
    let (good, needed) = (pool.memory().nodes[node].positives, pool.positives_needed(node, now));
    match pool.may_recover(node) {
        Ok(()) => format!("recovers by itself: {good} of {needed} good answers in a row"),
        Err(why) => format!("does not recover by itself: {why}"),
    }
}
