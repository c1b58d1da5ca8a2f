//! A node's replication: from whom, how its threads are, how far it has come, how stale it is.

use crate::core::observation::{Channel, Facts, Thread};
use crate::core::pool::Pool;
use crate::core::position::Position;
use crate::core::time::Short;
use crate::core::words::NodeId;

/// The longest position that is worth reading, bytes.
const READABLE: usize = 80;
/// So much of an error that a thread shows, bytes: the number says most.
const ERROR: usize = 100;

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
    lines.extend(place(&facts.position).map(|place| place + &fed(pool, node)));
    match pool.memory().nodes[node].online() {
        true => lines,
        false => lines.into_iter().map(|line| format!("when it last answered: {line}")).collect(),
    }
}

fn channel(pool: &Pool, node: NodeId, facts: &Facts, channel: &Channel) -> String {
    let source = match pool.source_of(node, channel) {
        Some(source) => pool.name(source).to_owned(),
        None => format!("{}:{}, which is not in the pool", channel.source_host, channel.source_port),
    };
    let name = if channel.name.is_empty() { String::new() } else { format!(", channel {}", channel.name) };
    let lag = lag(channel);
    let backlog = if facts.applied(channel) {
        "all it received is applied".to_owned()
    } else {
        format!("applied up to {} of {}", channel.executed, channel.received)
    };
    let (io, sql) = (thread("IO", &channel.io), thread("SQL", &channel.sql));
    format!("replicates from {source}{name}: {io}, {sql}, {lag}, {backlog}{}", uncounted(pool, node))
}

fn lag(channel: &Channel) -> String {
    match channel.lag {
        None => "lag unknown".into(),
        Some(lag) if lag.is_zero() => "lag 0s".into(),
        Some(lag) => format!("lag {}", Short(lag)),
    }
}

fn uncounted(pool: &Pool, node: NodeId) -> &'static str {
    if pool.active() == Some(node) { " (never counted while it is ACTIVE)" } else { "" }
}

fn thread(which: &str, thread: &Thread) -> String {
    match &thread.error {
        Some((number, text)) if text.len() <= ERROR => format!("{which} {} ({number} {text})", thread.run),
        Some((number, text)) => {
            format!("{which} {} ({number} {}...)", thread.run, &text[..text.floor_char_boundary(ERROR)])
        }
        None => format!("{which} {}", thread.run),
    }
}

/// By GTID, if that is short enough to be read, else in its binary log.
fn place(position: &Position) -> Option<String> {
    let gtid = Some(position.gtid.to_string()).filter(|g| !g.is_empty() && g.len() <= READABLE);
    let log = || position.binlog.as_ref().map(|b| format!("its own binary log is at {b}"));
    gtid.map(|gtid| format!("has executed {gtid}")).or_else(log)
}

/// How much of the ACTIVE (or last) node's life it has missed. Less than two intervals is only the pace of the
/// polls.
fn fed(pool: &Pool, node: NodeId) -> String {
    let reign = pool.memory().reign.as_ref().filter(|r| r.node != Some(node));
    let Some(reign) = reign else { return String::new() };
    let (stale, interval) = (pool.stale(node), pool.settings().nodes[node].pace.interval);
    match stale <= interval * 2 {
        true => format!("; it has all that {} had when both were last asked", reign.name),
        false => format!("; last fed {} before {} was last seen", Short(stale), reign.name),
    }
}
