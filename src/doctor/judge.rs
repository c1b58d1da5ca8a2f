//! From facts to the report: every rule on everything it is about.

use super::facts::{Facts, PoolFacts};
use super::finding::{Judgement, Report};
use super::machine_facts::Director;
use super::node::{Channel, Node};
use super::topology::{self, Topology};
use super::{
    binlog, channels, checkpoints, grants, gtid, keepalived, keepalived_conf, kernel, limits, machine,
    members, network, reach, writable,
};

type OfNode = fn(&Node<'_>) -> Option<Judgement>;
type OfChannel = fn(&Channel<'_>) -> Option<Judgement>;
type OfTopology = fn(&Topology<'_>) -> Vec<Judgement>;

/// About a server, whatever it replicates.
const SERVER: &[OfNode] = &[
    reach::tls,
    grants::missing,
    grants::more,
    writable::may_manage,
    writable::may_probe,
    limits::cluster,
    members::server_id,
    members::clock,
    limits::writable,
    writable::starts_closed,
    writable::probe_table,
    limits::room,
    limits::user_limit,
    limits::blocking,
    limits::idle,
    binlog::sync,
    binlog::flush,
    binlog::doublewrite,
];

/// About a server of a pool whose replication counts.
const REPLICATING: &[OfNode] = &[
    binlog::log_bin,
    binlog::updates,
    binlog::format,
    binlog::expires,
    binlog::filters,
    gtid::strict,
    gtid::mode,
    channels::net_timeout,
    channels::relay_log_recovery,
    channels::skip_start,
    channels::skips_errors,
];

/// About a channel of such a pool.
const CHANNEL: &[OfChannel] = &[
    channels::runs,
    channels::behind,
    channels::delay,
    channels::heartbeat,
    channels::connect_retry,
    channels::retry_count,
    channels::filters,
    gtid::used,
    topology::foreign,
    members::versions,
];

/// About such a pool as a whole.
const TOPOLOGY: &[OfTopology] =
    &[topology::left_out, topology::one_way, topology::chain, topology::keys, gtid::errant];

/// Judges everything. Facts in, words out: nothing is asked here.
pub fn judge(facts: &Facts) -> Report {
    let machine = &facts.machine;
    let pools = facts.pools.iter().flat_map(pool);
    Report::of(pools.chain(machine::judge(machine)).chain(machine.director.iter().flat_map(director)))
}

fn director(director: &Director) -> Vec<Judgement> {
    let mut all = [keepalived::judge(director), kernel::judge(director), network::judge(director)].concat();
    all.extend(keepalived_conf::judge(director, &all));
    all
}

fn pool(pool: &PoolFacts) -> Vec<Judgement> {
    let mut all: Vec<Judgement> = (0..pool.nodes.len()).filter_map(|at| reach::answer(pool, at)).collect();
    all.extend((0..pool.nodes.len()).filter_map(|at| reach::examined(pool, at)));
    all.extend(checkpoints::answers(pool));
    for node in pool.examined() {
        all.extend(SERVER.iter().filter_map(|rule| rule(&node)));
    }
    if pool.replicates() {
        replication(pool, &mut all);
    }
    all
}

fn replication(pool: &PoolFacts, all: &mut Vec<Judgement>) {
    for node in pool.examined() {
        all.extend(REPLICATING.iter().filter_map(|rule| rule(&node)));
        all.extend(node.channels().flat_map(|c| CHANNEL.iter().filter_map(move |rule| rule(&c))));
    }
    let topology = Topology::of(pool);
    all.extend(TOPOLOGY.iter().flat_map(|rule| rule(&topology)));
    all.extend(members::twice(pool));
    all.extend([members::kinds, gtid::domains, members::events].iter().filter_map(|rule| rule(pool)));
}
