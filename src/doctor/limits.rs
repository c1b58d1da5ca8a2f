//! Whether a node takes the monitor and writes: read-only, connections, name lookups, idle connections.

use super::finding::{Judgement, Step};
use super::node::Node;
use super::rule::{
    CAN_BE_BLOCKED, CLUSTER, CONNECTIONS, IDLE_TIMEOUT, READ_ONLY, READ_ONLY_OBSERVED, USER_LIMIT,
};
use crate::core::settings::Writable;
use crate::core::time::{Duration, Short};

/// So many failed connections in a row no director has.
const PLENTY: u64 = 10_000;
/// The monitors of two directors, one of which renews its connection.
const MONITORS: u64 = 3;
/// Whatever of these is on, ordinary users cannot write.
const READ_ONLY_SWITCHES: [&str; 5] =
    ["super_read_only", "read_only", "innodb_read_only", "transaction_read_only", "tx_read_only"];

/// Whether a node that may become ACTIVE takes writes.
pub(super) fn writable(node: &Node<'_>) -> Option<Judgement> {
    let manages = node.pool.settings.writable == Writable::Manage;
    if !node.settings().promotable {
        return None;
    }
    // The first two are mppd's own to switch, where it manages them.
    let switches = READ_ONLY_SWITCHES.into_iter().skip(if manages { 2 } else { 0 });
    let on: Vec<&str> = switches.filter(|switch| node.on(switch) == Some(true)).collect();
    let rule = match node.pool.settings.writable {
        Writable::Require => &READ_ONLY,
        Writable::Observe | Writable::Manage => &READ_ONLY_OBSERVED,
    };
    let words = match on[..] {
        [] if manages => "takes writes when mppd opens it".to_owned(),
        [] => "takes writes".to_owned(),
        _ => format!("{} is on", on.join(" and ")),
    };
    let off = || match on.contains(&"innodb_read_only") {
        true => node.configure(&[("innodb_read_only", "OFF")]),
        false => on.iter().flat_map(|switch| node.set(switch, "OFF")).collect(),
    };
    Some(node.judge(on.is_empty(), rule, words, off))
}

/// Whether a tenth of the connections was always free.
pub(super) fn room(node: &Node<'_>) -> Option<Judgement> {
    let most = node.number("max_connections")?;
    let (now, peak) =
        (node.server.status.number("threads_connected")?, node.server.status.number("max_used_connections")?);
    let words = format!("{now} connections, {peak} at most since its start, of {most}");
    let good = peak.max(now) * 10 <= most * 9;
    let more = (most * 2).to_string();
    Some(node.judge(good, &CONNECTIONS, words, || node.set("max_connections", &more)))
}

pub(super) fn user_limit(node: &Node<'_>) -> Option<Judgement> {
    let limit = node.number("max_user_connections")?;
    node.wants("max_user_connections", limit == 0 || limit >= MONITORS, &USER_LIMIT, "0")
}

pub(super) fn blocking(node: &Node<'_>) -> Option<Judgement> {
    let (skips, errors) = (node.on("skip_name_resolve")?, node.number("max_connect_errors")?);
    let words = format!("{}, max_connect_errors is {errors}", node.shown("skip_name_resolve")?);
    let advice = || {
        let mut steps = node.set("max_connect_errors", "1000000");
        steps.push(Step::words(
            &node.place(),
            "accounts that name hosts must name addresses before the next step",
        ));
        steps.extend(node.configure(&[("skip_name_resolve", "ON")]));
        steps
    };
    Some(node.judge(skips || errors >= PLENTY, &CAN_BE_BLOCKED, words, advice))
}

pub(super) fn idle(node: &Node<'_>) -> Option<Judgement> {
    let (idle, interval) = (Duration::from_secs(node.number("wait_timeout")?), node.settings().pace.interval);
    let words = format!("wait_timeout is {}, interval {}", Short(idle), Short(interval));
    Some(node.judge(idle > interval, &IDLE_TIMEOUT, words, || node.set("wait_timeout", "28800")))
}

/// A kind of cluster that is not understood.
pub(super) fn cluster(node: &Node<'_>) -> Option<Judgement> {
    let galera = node.on("wsrep_on") == Some(true);
    let group = node.text("group_replication_group_name").is_some_and(|name| !name.is_empty());
    let words = match (galera, group) {
        (true, _) => "wsrep_on is ON: Galera is not understood yet",
        (_, true) => "group_replication_group_name is set: group replication is not understood yet",
        _ => "is no member of a cluster",
    };
    let none = || {
        vec![Step::words(
            "this machine",
            "replication: none in its pool, and a check of your own for its members",
        )]
    };
    Some(node.judge(!galera && !group, &CLUSTER, words, none))
}
