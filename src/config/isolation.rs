//! What stands in `checkpoints` and `isolation`, held against the rest of the pool.

use std::net::IpAddr;

use super::checkpoint::Checkpoint;
use super::probe::Host;
use super::section::Section;
use crate::core::settings::{CheckpointSettings, Isolation, NodeSettings, PoolRecovery, PoolSettings};
use crate::core::words::NodeId;

/// `isolation` and `pool_recovery`; the nodes are read already.
pub(super) fn read(section: &Section<'_>, pool: &mut PoolSettings) {
    let local = pool.nodes.iter().any(|node| node.local);
    pool.isolation = if local { Isolation::Withdraw } else { Isolation::Freeze };
    let isolation = [("freeze", Isolation::Freeze), ("withdraw", Isolation::Withdraw)];
    section.fill("isolation", &mut pool.isolation, |spot| spot.word(&isolation));
    let recovery = [("manual", PoolRecovery::Manual), ("auto", PoolRecovery::Auto)];
    section.fill("pool_recovery", &mut pool.pool_recovery, |spot| spot.word(&recovery));
    if let (Isolation::Withdraw, false, Some(spot)) = (pool.isolation, local, section.get("isolation")) {
        spot.warn("withdraw has nobody to withdraw: write \"local: true\" at the nodes of this site");
    }
    let mut own = pool.checkpoints.iter().filter(|checkpoint| checkpoint.node.is_none());
    if let (Isolation::Withdraw, Some(only), None) = (pool.isolation, own.next(), own.next())
        && let Some(spot) = section.get("checkpoints")
    {
        spot.warn(format!(
            "only {}: if that host dies, a healthy node of this site steps down; add others, or write isolation: freeze",
            only.id
        ));
    }
}

/// What core needs to know of a checkpoint.
pub(super) fn settings(checkpoint: &Checkpoint<'_>, node: Option<NodeId>) -> CheckpointSettings {
    let probe = &checkpoint.probe;
    CheckpointSettings { id: probe.id.clone(), reach: checkpoint.reach, node, timeout: probe.timeout }
}

/// Warns of checkpoints whose answer says nothing.
pub(super) fn look(checkpoints: &[Checkpoint<'_>], nodes: &[NodeSettings]) {
    for Checkpoint { spot, probe, .. } in checkpoints {
        let is = |node: &&NodeSettings| match &probe.host {
            Host::Ip(ip) => node.ip.parse() == Ok(*ip),
            Host::Name(name) => node.host.eq_ignore_ascii_case(name),
        };
        if let Some(node) = nodes.iter().find(is) {
            spot.warn(format!(
                "{} is {}, which is polled anyway; name a machine that answers also when all nodes are dead",
                probe.id, node.name
            ));
        } else if is_this_machine(&probe.host) {
            spot.warn(format!(
                "{} is this machine itself, which answers also when it is cut off; name another one",
                probe.id
            ));
        }
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Ip(IpAddr::V6(ip)) => ip.to_canonical().is_loopback(),
        Host::Ip(ip) => ip.is_loopback(),
        Host::Name(name) => name.eq_ignore_ascii_case("localhost"),
    }
}
