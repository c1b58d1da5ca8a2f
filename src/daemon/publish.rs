//! Pools as records of the published state.

use super::memory;
use crate::clock::{Clocks, unix_ms};
use crate::config::{Settings, StalePolicy};
use crate::control::published::{DRAINED, LOCAL, POOL_FLAGS, READ_ONLY, READ_ONLY_KNOWN};
use crate::core::pool::Pool;
use crate::core::settings::{NodeSettings, PoolSettings};
use crate::core::words::{NodeId, Role, State, Status};
use crate::state::{self, FileSpec, NodeRecord, NodeSpec, PoolRecord, PoolSpec};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The file for these settings, with room for what each pool remembers: twice what it takes now, and at least what a
/// pool of its size usually takes.
pub(super) fn file_spec(
    settings: &Settings,
    pools: &[PoolRecord],
    config: &str,
    boot_id: [u8; 16],
) -> FileSpec {
    FileSpec {
        boot_id,
        pid: std::process::id(),
        started_unix_ms: unix_ms(Clocks::read().wall()),
        stale_after: settings.stale.after,
        stale_policy: match settings.stale.policy {
            StalePolicy::Hold => state::StalePolicy::Hold,
            StalePolicy::Down => state::StalePolicy::Down,
        },
        daemon_version: env!("CARGO_PKG_VERSION").into(),
        config_path: config.into(),
        pools: settings.pools.iter().zip(pools).map(|(p, record)| pool_spec(&p.decision, record)).collect(),
    }
}

fn pool_spec(settings: &PoolSettings, record: &PoolRecord) -> PoolSpec {
    let node = |n: &NodeSettings| NodeSpec { name: n.name.clone(), address: n.address() };
    PoolSpec {
        name: settings.name.clone(),
        nodes: settings.nodes.iter().map(node).collect(),
        memory_capacity: memory::usual(settings.nodes.len()).max(record.memory.len() * 2),
    }
}

/// A pool as it is published, its memory in the room of `bytes`.
pub(super) fn record(pool: &Pool, clocks: &Clocks, bytes: Vec<u8>) -> PoolRecord {
    let flags = pool.flags();
    let bit = |(n, word): (usize, &&str)| u64::from(flags.contains(word)) << n;
    PoolRecord {
        epoch: pool.memory().epoch,
        active: pool.active().and_then(|n| u32::try_from(n).ok()),
        flags: POOL_FLAGS.iter().enumerate().map(bit).sum(),
        status: place(&Status::ALL, pool.pool_status()),
        published_unix_ms: unix_ms(clocks.wall()),
        memory: memory::to_bytes(pool.memory(), bytes),
        nodes: (0..pool.memory().nodes.len()).map(|n| node_record(pool, n, clocks)).collect(),
    }
}

fn node_record(pool: &Pool, node: NodeId, clocks: &Clocks) -> NodeRecord {
    let n = &pool.memory().nodes[node];
    let read_only = n.facts.as_ref().map(|f| f.read_only);
    let flags = [
        (n.drain.is_some(), DRAINED),
        (read_only == Some(true), READ_ONLY),
        (read_only.is_some(), READ_ONLY_KNOWN),
        (pool.settings().nodes[node].local, LOCAL),
    ];
    NodeRecord {
        rw: verdict(pool, node, Role::Rw),
        ro: verdict(pool, node, Role::Ro),
        geo: verdict(pool, node, Role::Geo),
        state: place(&State::ALL, pool.state(node)),
        status: place(&Status::ALL, pool.status(node)),
        req: pool.req(node),
        flags: flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag).sum(),
        last_request_unix_ms: n.newest.as_ref().map_or(0, |s| unix_ms(clocks.at(s.began))),
        lag_ms: n.lag().and_then(|d| u64::try_from(d.as_millis()).ok()),
        message: n.message.clone(),
    }
}

fn place<T: PartialEq>(all: &[T], one: T) -> u8 {
    all.iter().position(|x| *x == one).and_then(|p| u8::try_from(p).ok()).unwrap_or(0)
}

fn verdict(pool: &Pool, node: NodeId, role: Role) -> state::Verdict {
    let v = pool.verdict(node, role);
    state::Verdict { up: v.up, weight: v.weight, reason: v.because.code() }
}

/// What of a pool must not wait to be written to disk, in short: epoch, who is ACTIVE, flags, STATEs, drains.
pub(super) fn print(pool: &Pool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let memory = pool.memory();
    (memory.epoch, memory.revision, memory.fresh, pool.active(), pool.flags()).hash(&mut hasher);
    for (place, node) in pool.memory().nodes.iter().enumerate() {
        (pool.state(place), node.drain.is_some()).hash(&mut hasher);
    }
    hasher.finish()
}
