//! `pools[]`.

use std::time::Duration;

use super::checkpoint::Checkpoint;
use super::monitor::Written;
use super::section::{Section, Spot, unbuilt};
use super::settings::{Access, Pool};
use super::tree::Tree;
use super::unique::Unique;
use super::values::{ms, seconds};
use super::{checkpoint, isolation, levels, node, probe_write};
use crate::core::settings::{Failback, PoolSettings, Recovery, WhenAllFail, Writable};

/// Keys of a pool.
pub(super) const KEYS: &[&str] = &[
    "name",
    "logic",
    "nodes",
    "levels",
    "failover_at",
    "hostile_takeover",
    "failback",
    "recovery",
    "recover_after",
    "replication",
    "max_loss",
    "drain_timeout",
    "writable",
    "handover",
    "max_failovers",
    "flap_window",
    "when_all_fail",
    "probe_write",
    "serve_until",
    "checkpoints",
    "isolation",
    "pool_recovery",
    "monitor",
];

/// Keys of `replication`.
pub(super) const REPLICATION_KEYS: &[&str] = &["max_lag"];

const DAY: Duration = seconds(86_400);

/// A pool, read: `None` if it cannot be built at all.
pub(super) fn read<'t>(spot: &Spot<'t>, above: &Written<'t>, unique: &mut Unique) -> Option<Pool> {
    let section = spot.section(KEYS)?;
    let name = section.need("name", "give the pool one").and_then(|spot| spot.name());
    let mut settings = PoolSettings::named(name.as_deref().unwrap_or_default());
    read_switches(&section, &mut settings);
    read_limits(&section, &mut settings);
    levels::read(&section, &mut settings);
    let monitor = above.overridden(&section);
    let mut checkpoints = checkpoint::list(&section, monitor.timeout(), unique);
    settings.checkpoints = checkpoints.iter().map(|own| isolation::settings(own, None)).collect();
    let nodes = section.need("nodes", "list them in order of priority, the PRIMARY first");
    let nodes = nodes.map(|nodes| read_nodes(&nodes, &monitor, unique, &mut settings));
    let (access, of_nodes) = nodes.unwrap_or_default();
    checkpoints.extend(of_nodes);
    isolation::look(&checkpoints, &settings.nodes);
    isolation::read(&section, &mut settings);
    let probes = checkpoints.into_iter().map(|checkpoint| checkpoint.probe).collect();
    Some(Pool { decision: settings, access, probes })
}

fn read_nodes<'t>(
    list: &Spot<'t>,
    monitor: &Written<'t>,
    unique: &mut Unique,
    settings: &mut PoolSettings,
) -> (Vec<Access>, Vec<Checkpoint<'t>>) {
    let (mut access, mut checkpoints) = (Vec::new(), Vec::new());
    let mut faults = false;
    unique.next_pool();
    for spot in list.items().into_iter().flatten() {
        if !unique.room(&spot) {
            return (access, checkpoints);
        }
        unique.node(&spot);
        match node::read(&spot, monitor, unique) {
            Some((node, reach, own)) => {
                let place = Some(settings.nodes.len());
                settings.checkpoints.extend(own.iter().map(|own| isolation::settings(own, place)));
                checkpoints.extend(own);
                unique.address(&spot, reach.address);
                settings.nodes.push(node);
                access.push(reach);
            }
            None => faults = true,
        }
    }
    if *list.tree == Tree::List(Vec::new()) {
        list.fault("no nodes; a pool needs at least one");
    } else if !faults && !settings.nodes.is_empty() && settings.nodes.iter().all(|node| !node.promotable) {
        list.fault(
            "no node is promotable, so none could ever be ACTIVE; leave promotable out for one of them",
        );
    }
    (access, checkpoints)
}

fn read_switches(section: &Section<'_>, pool: &mut PoolSettings) {
    section.fill("logic", &mut (), |spot| {
        if spot.is("cluster") {
            spot.fault(unbuilt("cluster"));
            return None;
        }
        spot.word(&[("failover", ())])
    });
    let writable =
        [("require", Writable::Require), ("observe", Writable::Observe), ("manage", Writable::Manage)];
    section.fill("writable", &mut pool.writable, |spot| spot.word(&writable));
    section.fill("probe_write", &mut pool.probe_write, |spot| probe_write::read(spot).map(Some));
    section.fill("hostile_takeover", &mut pool.hostile_takeover, |spot| spot.boolean());
    let failback = [("auto", Failback::Auto), ("manual", Failback::Manual)];
    section.fill("failback", &mut pool.failback, |spot| spot.word(&failback));
    let recovery = [("standby", Recovery::Standby), ("manual", Recovery::Manual), ("auto", Recovery::Auto)];
    section.fill("recovery", &mut pool.recovery, |spot| spot.word(&recovery));
    let when_all_fail = [("hold", WhenAllFail::Hold), ("drop", WhenAllFail::Drop)];
    section.fill("when_all_fail", &mut pool.when_all_fail, |spot| spot.word(&when_all_fail));
}

fn read_limits(section: &Section<'_>, pool: &mut PoolSettings) {
    section.fill("recover_after", &mut pool.recover_after, |spot| spot.count(1..=1000));
    section.fill("max_failovers", &mut pool.max_failovers, |spot| spot.count(1..=100));
    section.fill("drain_timeout", &mut pool.drain_timeout, |spot| spot.duration(ms(0)..=seconds(3600)));
    section.fill("handover", &mut pool.handover, |spot| spot.duration(ms(0)..=seconds(60)));
    section.fill("flap_window", &mut pool.flap_window, |spot| spot.duration(seconds(1)..=DAY));
    section.fill("replication", &mut pool.max_lag, replication);
    section.fill("max_loss", &mut pool.max_loss, |spot| spot.duration_or("any", ms(0)..=DAY));
}

fn replication(spot: &Spot<'_>) -> Option<Option<Duration>> {
    if spot.is("none") {
        return Some(None);
    }
    if !matches!(spot.tree, Tree::Map(_)) {
        spot.fault(format!("{} is not allowed; write none, or {{ max_lag: 30s }}", spot.tree.shown()));
        return None;
    }
    let mut max_lag = PoolSettings::named("").max_lag;
    spot.section(REPLICATION_KEYS)?
        .fill("max_lag", &mut max_lag, |spot| spot.duration(ms(0)..=DAY).map(Some));
    Some(max_lag)
}
