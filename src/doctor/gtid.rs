//! GTIDs: kept, used, and none that others lack.

use super::facts::PoolFacts;
use super::finding::{Judgement, Step};
use super::node::{Channel, Node};
use super::rule::{ERRANT, GTID_DOMAINS, GTID_MODE, GTID_STRICT, WITHOUT_GTID};
use super::topology::Topology;
use std::collections::BTreeMap;

/// MariaDB says it in `Using_Gtid`, MySQL in `Auto_Position`.
pub(super) fn used(channel: &Channel<'_>) -> Option<Judgement> {
    let used = match channel.row.get("using_gtid") {
        Some(using) => using != "No",
        None => channel.row.on("auto_position")?,
    };
    let words = if used { "uses GTIDs" } else { "goes by file and offset" };
    let (name, value) = channel.node.say(("USE_GTID", "slave_pos"), ("AUTO_POSITION", "1"));
    let first = (channel.node.text("gtid_mode").is_some_and(|mode| mode != "ON"))
        .then(|| Step::words(&channel.node.place(), "first gtid_mode = ON, on every node"));
    Some(channel.judge(used, &WITHOUT_GTID, words, || {
        first.into_iter().chain(channel.change(&[(name, value)])).collect()
    }))
}

pub(super) fn strict(node: &Node<'_>) -> Option<Judgement> {
    node.wants("gtid_strict_mode", node.on("gtid_strict_mode")?, &GTID_STRICT, "ON")
}

pub(super) fn mode(node: &Node<'_>) -> Option<Judgement> {
    let (mode, enforced) = (node.text("gtid_mode")?, node.text("enforce_gtid_consistency")?);
    let words = format!("gtid_mode is {mode}, enforce_gtid_consistency is {enforced}");
    let good = mode == "ON" && enforced == "ON";
    // The modes in between are to be gone through one after the other, on all nodes each.
    let steps = [
        ("ENFORCE_GTID_CONSISTENCY", "ON"),
        ("GTID_MODE", "OFF_PERMISSIVE"),
        ("GTID_MODE", "ON_PERMISSIVE"),
        ("GTID_MODE", "ON"),
    ];
    let from =
        ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE"].iter().position(|known| *known == mode).unwrap_or(3);
    let lines = steps.iter().enumerate().filter(|(step, _)| *step == 0 || *step > from);
    let lines = lines.map(|(_, (name, value))| format!("SET PERSIST {name} = {value};"));
    Some(node.judge(good, &GTID_MODE, words, || {
        let each = Step::words(&node.place(), "each line on every node of the pool before the next");
        vec![each, Step::sql(&node.place(), lines)]
    }))
}

/// Whether all write in one domain.
pub(super) fn domains(pool: &PoolFacts) -> Option<Judgement> {
    let mut domains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in pool.examined() {
        domains.entry(node.text("gtid_domain_id")?).or_default().push(node.name());
    }
    let words = domains.iter().map(|(domain, names)| format!("{domain} on {}", names.join(", ")));
    let words = format!("gtid_domain_id is {}", words.collect::<Vec<_>>().join("; "));
    let place = format!("pool {}", pool.settings.name);
    let advice = || vec![Step::sql(&place, ["SET GLOBAL gtid_domain_id = 0;"])];
    (!domains.is_empty())
        .then(|| super::node::judge(&place, domains.len() == 1, &GTID_DOMAINS, words, advice))
}

/// What a node had executed when it was asked first, and a node that does not replicate from it had not when it was asked
/// after that. What is on its way to a replica is no finding.
pub(super) fn errant(topology: &Topology<'_>) -> Vec<Judgement> {
    let pool = topology.pool;
    let judged = pool.examined().filter_map(|node| {
        let mine = pool.nodes[node.at].answer.facts()?;
        let fed = topology.behind(node.at);
        let others: Vec<_> =
            pool.examined().filter(|other| other.at != node.at && !fed.contains(&other.at)).collect();
        let lacking = others.iter().find_map(|other| {
            let theirs = other.server.later.as_ref()?;
            Some((other, mine.position.errant(theirs.server_id, &theirs.position)?))
        });
        let words = match &lacking {
            Some((other, what)) => format!("holds {what} that {} never gets", other.name()),
            None if others.is_empty() => return None,
            None => "holds nothing that others never get".into(),
        };
        Some(node.judge(lacking.is_none(), &ERRANT, words, || mend(&node)))
    });
    judged.collect()
}

fn mend(node: &Node<'_>) -> Vec<Step> {
    vec![Step::words(
        &node.place(),
        "let the others replicate from it; or, if nobody needs them, build it anew from a backup of its source",
    )]
}
