//! One node: where it stands, whether it could be promoted, what it waits for.

use super::pool::{ago, reign};
use super::{chain, replication};
use crate::control::why::WhyNode;
use crate::core::eligible::Fitness;
use crate::core::event::Flag;
use crate::core::pool::Pool;
use crate::core::time::{Moment, Short};
use crate::core::words::{NodeId, node_type};

pub(super) fn explain(pool: &Pool, node: NodeId, now: Moment) -> WhyNode {
    let mut about = vec![standing(pool, node, now)];
    about.extend(asked(pool, node, now));
    about.extend(promotion(pool, node));
    about.extend(recovery(pool, node, now));
    about.extend(drains(pool, node, now));
    about.extend(replication::explain(pool, node));
    WhyNode {
        name: pool.name(node).to_owned(),
        kind: node_type(node).into(),
        address: pool.settings().nodes[node].address(),
        about,
        verdicts: chain::verdicts(pool, node, now),
    }
}

fn standing(pool: &Pool, node: NodeId, now: Moment) -> String {
    let n = &pool.memory().nodes[node];
    let since = if pool.active() == Some(node) { reign(pool, now).0 } else { ago(now, n.since) };
    let message = if n.message == "--" { String::new() } else { format!(": {}", n.message) };
    let cut = pool.cut(node).filter(|_| !n.online());
    let cut = cut.map_or(String::new(), |cut| format!("; the way to it is cut: {}", cut.word()));
    format!("{} for {since}, {}, req {}{message}{cut}", pool.state(node), pool.status(node), pool.req(node))
}

/// When it was asked, and what it says of itself.
fn asked(pool: &Pool, node: NodeId, now: Moment) -> Option<String> {
    let n = &pool.memory().nodes[node];
    let seen = n.newest.as_ref()?;
    let read_only = n.facts.as_ref().is_some_and(|f| f.read_only);
    let version = n.facts.as_ref().map_or(String::new(), |f| format!(", {}", f.version));
    let read_only = if read_only { ", read_only" } else { "" };
    Some(format!("asked {} ago, every {}{version}{read_only}", ago(now, seen.began), Short(pool.pace(node))))
}

fn promotion(pool: &Pool, node: NodeId) -> Option<String> {
    if pool.active() == Some(node) {
        return None;
    }
    Some(match pool.fitness(node, Moment(0)) {
        Fitness::Eligible => "could be promoted".into(),
        Fitness::Unasked => "has not answered yet".into(),
        Fitness::Applying(why) | Fitness::Unfit(why) => format!("could not be promoted: {why}"),
    })
}

/// What a failed node waits for.
fn recovery(pool: &Pool, node: NodeId, now: Moment) -> Option<String> {
    let n = &pool.memory().nodes[node];
    if !n.failed() {
        return None;
    }
    let (good, needed) = (n.positives, pool.positives_needed(node, now));
    let doubled = match needed > pool.settings().recover_after {
        true => {
            let (after, window) = (pool.settings().recover_after, Short(pool.settings().flap_window));
            format!(" ({after}, doubled for each further failure within {window})")
        }
        false => String::new(),
    };
    Some(match pool.may_recover(node) {
        Ok(()) => format!("recovers by itself: {good} of {needed} good answers in a row{doubled}"),
        Err(why) => format!("does not recover by itself: {why}"),
    })
}

fn drains(pool: &Pool, node: NodeId, now: Moment) -> Vec<String> {
    let n = &pool.memory().nodes[node];
    let mut lines = Vec::new();
    if let Some(drain) = &n.drain {
        let undo = format!("mpp undrain {}/{}", pool.settings().name, pool.name(node));
        lines.push(format!("drained by {}; {undo}", set(&drain.flag, now)));
    }
    if let Some(drain) = &n.drain_wanted {
        let (by, why) = (set(&drain.flag, now), nobody_yet(pool, node, now));
        lines.push(format!("to be drained as soon as somebody can take over, by {by}; {why}"));
    }
    lines
}

/// Why ACTIVE can't be handed to any other node yet.
fn nobody_yet(pool: &Pool, node: NodeId, now: Moment) -> String {
    let others = (0..pool.memory().nodes.len()).filter(|&n| n != node);
    let mut whys: Vec<String> = others.filter_map(|n| pool.can_hand_to(n, now).err()).collect();
    whys.dedup();
    whys.join("; ")
}

/// Who set a flag, why, when, and until when.
pub(super) fn set(flag: &Flag, now: Moment) -> String {
    let end = flag.until.map_or(String::new(), |until| format!(", {} more", Short(until.since(now))));
    format!("{}, {} ago{end}", flag.by, ago(now, flag.since))
}
