//! What the nodes of a pool must have different, and what alike: server ids, versions, clocks.

use super::facts::PoolFacts;
use super::finding::{Judgement, Step};
use super::node::{Channel, Node, judge};
use super::rule::{CLOCK, EVENTS, KINDS, SERVER_ID_TWICE, SERVER_ID_ZERO, VERSIONS};
use super::topology::source_of;

/// So far apart clocks may be, milliseconds.
const APART_MS: i64 = 2000;

pub(super) fn server_id(node: &Node<'_>) -> Option<Judgement> {
    let id = node.number("server_id")?;
    // Its place in the pool is as good as any number.
    let free = (node.at + 1).to_string();
    node.wants("server_id", id != 0, &SERVER_ID_ZERO, &free)
}

/// Each node's id against those of the nodes before it. Of two with the default, 1, neither was ever given one.
pub(super) fn twice(pool: &PoolFacts) -> Vec<Judgement> {
    let nodes: Vec<Node<'_>> = pool.examined().collect();
    let ids: Vec<u64> = nodes.iter().filter_map(|node| node.number("server_id")).collect();
    let free = ids.iter().max().map_or(1, |most| most + 1);
    let judged = nodes.iter().enumerate().filter_map(|(i, node)| {
        let id = node.number("server_id")?;
        let same = nodes[..i].iter().find(|other| other.number("server_id") == Some(id));
        let words = match same {
            Some(other) => format!("server_id is {id}, as on {}", other.name()),
            None => format!("server_id {id} is its own"),
        };
        let fresh = (free + i as u64).to_string();
        Some(node.judge(same.is_none(), &SERVER_ID_TWICE, words, || node.set("server_id", &fresh)))
    });
    judged.collect()
}

/// The two kinds of server in one pool.
pub(super) fn kinds(pool: &PoolFacts) -> Option<Judgement> {
    let (mariadb, mysql): (Vec<_>, Vec<_>) = pool.examined().partition(Node::is_mariadb);
    let names = |nodes: &[Node<'_>]| nodes.iter().map(Node::name).collect::<Vec<_>>().join(", ");
    let words = match (&mariadb[..], &mysql[..]) {
        ([], []) => return None,
        (_, []) => "all nodes are MariaDB".into(),
        ([], _) => "all nodes are MySQL".into(),
        _ => format!("{} MariaDB, {} MySQL", names(&mariadb), names(&mysql)),
    };
    let place = format!("pool {}", pool.settings.name);
    let advice = || vec![Step::words(&place, "replace the nodes of one kind")];
    Some(judge(&place, mariadb.is_empty() || mysql.is_empty(), &KINDS, words, advice))
}

/// Whether a replica is at least as new as its source: by the first two numbers of their versions.
pub(super) fn versions(channel: &Channel<'_>) -> Option<Judgement> {
    let (replica, source) = (channel.node, source_of(channel)?);
    let (mine, theirs) = (replica.text("version")?, source.text("version")?);
    let numbers = |version: &str| {
        let mut parts = version.split('.').map(str::parse::<u32>);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    };
    let good = numbers(mine)? >= numbers(theirs)?;
    let words = format!("{mine} replicates from {theirs} on {}", source.name());
    let advice = || vec![Step::words(&replica.place(), format!("upgrade it to {theirs}"))];
    Some(channel.judge(good, &VERSIONS, &words, advice))
}

pub(super) fn clock(node: &Node<'_>) -> Option<Judgement> {
    let ahead = node.server.clock_ahead_ms;
    let seconds = ahead.unsigned_abs() as f64 / 1000.0;
    let words = match ahead {
        ahead if ahead.abs() < APART_MS => "its clock is that of this machine".into(),
        ahead if ahead > 0 => format!("its clock is {seconds:.1}s ahead of this machine's"),
        _ => format!("its clock is {seconds:.1}s behind this machine's"),
    };
    let advice = || {
        vec![
            Step::shell(&node.place(), ["timedatectl set-ntp true"]),
            Step::shell("this machine", ["timedatectl set-ntp true"]),
        ]
    };
    Some(node.judge(ahead.abs() < APART_MS, &CLOCK, words, advice))
}

/// Event schedulers. MySQL's is on by default, which says nothing.
pub(super) fn events(pool: &PoolFacts) -> Option<Judgement> {
    let mut mariadb = pool.examined().filter(Node::is_mariadb).peekable();
    mariadb.peek()?;
    let on = mariadb.filter(|node| node.text("event_scheduler") == Some("ON"));
    let on: Vec<&str> = on.map(|node| node.name()).collect();
    let place = format!("pool {}", pool.settings.name);
    let words = match on[..] {
        [] => "no node runs events".into(),
        _ => format!("event_scheduler is ON on {}", on.join(", ")),
    };
    let look = "SELECT event_schema, event_name, status, originator FROM information_schema.events;";
    Some(judge(&place, on.len() < 2, &EVENTS, words, || vec![Step::sql(&place, [look])]))
}
