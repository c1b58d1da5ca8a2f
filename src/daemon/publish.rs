//! Pools as records of the published state.

use super::memory;
use crate::clock::{Clocks, unix_ms};
use crate::config::{Settings, StalePolicy};
use crate::core::pool::Pool;
use crate::core::words::{NodeId, Role, State, Status};
use crate::state::{self, FileSpec, NodeRecord, NodeSpec, PoolRecord, PoolSpec};

/// Node flag: out of service by an operator's word.
pub(super) const DRAINED: u32 = 1;
/// Node flag: the server says it is read-only.
pub(super) const READ_ONLY: u32 = 2;
/// Pool flags, in the order of their bits.
pub(super) const POOL_FLAGS: [&str; 5] = ["paused", "flapping", "handover", "held", "failback_off"];

/// The file for these settings. `factor` makes more room for memories than is usually needed.
pub(super) fn file_spec(settings: &Settings, config: &str, boot_id: [u8; 16], factor: usize) -> FileSpec {
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
        pools: settings.pools.iter().map(|p| pool_spec(&p.decision, factor)).collect(),
    }
}

fn pool_spec(settings: &crate::core::settings::PoolSettings, factor: usize) -> PoolSpec {
    let node =
        |n: &crate::core::settings::NodeSettings| NodeSpec { name: n.name.clone(), address: n.address() };
    PoolSpec {
        name: settings.name.clone(),
        nodes: settings.nodes.iter().map(node).collect(),
        memory_capacity: memory::capacity(settings.nodes.len()) * factor,
    }
}

/// A pool as it is published.
pub(super) fn record(pool: &Pool, clocks: &Clocks) -> PoolRecord {
    let flags = pool.flags();
    let bit = |(n, word): (usize, &&str)| u64::from(flags.contains(word)) << n;
    PoolRecord {
        epoch: pool.memory().epoch,
        active: pool.active().and_then(|n| u32::try_from(n).ok()),
        flags: POOL_FLAGS.iter().enumerate().map(bit).sum(),
        status: 0,
        published_unix_ms: unix_ms(clocks.wall()),
        memory: memory::to_bytes(pool.memory()),
        nodes: (0..pool.memory().nodes.len()).map(|n| node_record(pool, n, clocks)).collect(),
    }
}

fn node_record(pool: &Pool, node: NodeId, clocks: &Clocks) -> NodeRecord {
    let n = &pool.memory().nodes[node];
    let read_only = n.facts.as_ref().is_some_and(|f| f.read_only);
    let drained = if n.drain.is_some() { DRAINED } else { 0 };
    NodeRecord {
        rw: verdict(pool, node, Role::Rw),
        ro: verdict(pool, node, Role::Ro),
        geo: verdict(pool, node, Role::Geo),
        state: place(&State::ALL, pool.state(node)),
        status: place(&Status::ALL, pool.status(node)),
        req: pool.req(node),
        flags: drained | if read_only { READ_ONLY } else { 0 },
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
