//! A node's replication: from whom, how its threads are, how far it has come, how stale it is.

use crate::core::observation::{Channel, Facts, Thread};
use crate::core::pool::Pool;
use crate::core::position::Position;
use crate::core::time::Short;
use crate::core::words::NodeId;

/// The longest position that is worth reading, characters.
const READABLE: usize = 80;

/// A line a channel, and one of how far the node has come; none while it has not answered.
pub(super) fn explain(pool: &Pool, node: NodeId) -> Vec<String> {
    let Some(facts) = &pool.memory().nodes[node].facts else { return Vec::new() };
    if pool.settings().max_lag.is_none() {
        return vec!["its replication is not looked at (replication: none)".into()];
    }
    let mut lines: Vec<String> = facts.channels.iter().map(|c| channel(pool, node, facts, c)).collect();
    if lines.is_empty() && pool.memory().nodes.len() > 1 {
        lines.push("replicates from nobody: no replication channel".into());
    }
    lines.extend(place(&facts.position).map(|place| format!("has executed {place}{}", fed(pool, node))));
    lines
}

fn channel(pool: &Pool, node: NodeId, facts: &Facts, channel: &Channel) -> String {
    let source = match pool.source_of(node, channel) {
        Some(source) => pool.name(source).to_owned(),
        None => format!("{}:{}, which is not in the pool", channel.source_host, channel.source_port),
    };
    let name = if channel.name.is_empty() { String::new() } else { format!(", channel {}", channel.name) };
    let lag = channel.lag.map_or("lag unknown".into(), |lag| format!("lag {}", Short(lag)));
    let backlog = if facts.applied(channel) {
        "all it received is applied".to_owned()
    } else {
        format!("applied up to {} of {}", channel.executed, channel.received)
    };
    let (io, sql) = (thread("IO", &channel.io), thread("SQL", &channel.sql));
    format!("replicates from {source}{name}: {io}, {sql}, {lag}, {backlog}{}", uncounted(pool, node))
}

fn uncounted(pool: &Pool, node: NodeId) -> &'static str {
    if pool.active() == Some(node) { " (never counted while it is ACTIVE)" } else { "" }
}

fn thread(which: &str, thread: &Thread) -> String {
    match &thread.error {
        Some((number, text)) => format!("{which} {} ({number} {text})", thread.run),
        None => format!("{which} {}", thread.run),
    }
}

/// By GTID, if that is short enough to be read, else in its binary log.
fn place(position: &Position) -> Option<String> {
    let gtid = Some(position.gtid.to_string()).filter(|g| !g.is_empty() && g.len() <= READABLE);
    gtid.or_else(|| position.binlog.as_ref().map(|b| format!("its binary log up to {b}")))
}

/// How much of the ACTIVE (or last) node's life it has missed.
fn fed(pool: &Pool, node: NodeId) -> String {
    let reign = pool.memory().reign.as_ref().filter(|r| r.node != Some(node));
    let Some(reign) = reign else { return String::new() };
    let stale = pool.stale(node);
    match stale.is_zero() {
        true => format!(", all that {} had when it was last seen", reign.name),
        false => format!("; last fed {} before {} was last seen", Short(stale), reign.name),
    }
}
