//! A verdict, why it is that, and why that: `DOWN: not ACTIVE <- STANDBY <- db1 is ACTIVE, for 3m20s: ...`.

use super::node::set;
use super::pool::{ago, reign};
use crate::core::pool::Pool;
use crate::core::time::{Moment, Short};
use crate::core::verdict::Because;
use crate::core::words::{NodeId, Role};

/// A line a role; what has been said of another role is not said again.
pub(super) fn verdicts(pool: &Pool, node: NodeId, now: Moment) -> Vec<String> {
    let mut told: Vec<Vec<String>> = Vec::new();
    let line = |role: Role| {
        let v = pool.verdict(node, role);
        let up = if v.up { format!("UP, weight {}", v.weight) } else { "DOWN".into() };
        let mut causes = causes(pool, node, role, v.because, now);
        causes.retain(|cause| !cause.is_empty());
        let again = told.contains(&causes);
        let chain = if again { Vec::new() } else { causes.clone() };
        told.push(causes);
        let links: Vec<String> = [v.because.words().to_owned()].into_iter().chain(chain).collect();
        format!("{role:3} {up}: {}", links.join(" <- "))
    };
    Role::ALL.map(line).into()
}

fn causes(pool: &Pool, node: NodeId, role: Role, because: Because, now: Moment) -> Vec<String> {
    let n = &pool.memory().nodes[node];
    match because {
        Because::Active => vec![reign(pool, now).1.to_owned()],
        Because::NotActive => vec![pool.state(node).to_string(), who_is_active(pool, now)],
        // The node's own lines, or the conditions of a failover, say why.
        Because::AwaitsPeers
        | Because::Standby
        | Because::Good
        | Because::AStandbyComes
        | Because::Held
        | Because::HeldHere => Vec::new(),
        Because::NoStandbyServes => others(pool, node),
        Because::AStandbyServes => vec![readers(pool)],
        Because::Drained | Because::DrainedNow => {
            n.drain.iter().map(|drain| format!("by {}", set(&drain.flag, now))).collect()
        }
        Because::Lags => vec![lags(pool, node)],
        Because::Unknown => vec![n.message.clone()],
        Because::Failed => {
            vec![format!("{} for {}", pool.state(node), ago(now, n.since)), n.message.clone()]
        }
        Because::StatusTooBad => vec![serve_until(pool, node, role)],
        Because::Withdrawn => vec![pool.waits_for().unwrap_or_default()],
        Because::HandingOver => vec![pool.waits_for().unwrap_or_default()],
    }
}

fn who_is_active(pool: &Pool, now: Moment) -> String {
    match pool.active() {
        Some(active) => {
            let (since, how) = reign(pool, now);
            let how = if how.is_empty() { String::new() } else { format!(": {how}") };
            format!("{} is ACTIVE, for {since}{how}", pool.name(active))
        }
        None => format!("no node is ACTIVE: {}", pool.waits_for().unwrap_or_default()),
    }
}

/// Why each of the others does not serve `ro`.
fn others(pool: &Pool, node: NodeId) -> Vec<String> {
    let others = (0..pool.memory().nodes.len()).filter(|&n| n != node);
    let why = |n: NodeId| {
        let verdict = pool.verdict(n, Role::Ro);
        format!("{} is {}: {}", pool.name(n), pool.state(n), verdict.because.words())
    };
    let whys: Vec<String> = others.map(why).collect();
    if whys.is_empty() { Vec::new() } else { vec![whys.join("; ")] }
}

/// Who serves `ro`.
fn readers(pool: &Pool) -> String {
    let up = |&n: &NodeId| Some(n) != pool.active() && pool.verdict(n, Role::Ro).up;
    let readers: Vec<&str> = (0..pool.memory().nodes.len()).filter(up).map(|n| pool.name(n)).collect();
    readers.join(", ")
}

fn lags(pool: &Pool, node: NodeId) -> String {
    let lag =
        pool.memory().nodes[node].lag().map_or("lag unknown".into(), |lag| format!("lag {}", Short(lag)));
    let zero =
        pool.settings().nodes[node].lag_scale.map(|scale| format!(" (lag_zero {})", Short(scale.zero)));
    lag + &zero.unwrap_or_default()
}

fn serve_until(pool: &Pool, node: NodeId, role: Role) -> String {
    let until = &pool.settings().serve_until;
    let limit = match role {
        Role::Rw => until.rw,
        Role::Ro => until.ro,
        Role::Geo => until.geo,
    };
    format!("{} (serve_until {limit})", pool.status(node))
}
