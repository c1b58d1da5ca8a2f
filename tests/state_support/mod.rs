//! States for the tests: every field of a record is a function of one number.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::time::Duration;

use mpp::state::{FileSpec, NodeRecord, NodeSpec, PoolRecord, PoolSpec, StalePolicy, Verdict};

pub const BOOT_ID: [u8; 16] = *b"a boot of a test";
pub const MEMORY_CAPACITY: usize = 512;

/// A state of these pools: name, number of nodes.
pub fn spec(pools: &[(&str, usize)]) -> FileSpec {
    FileSpec {
        boot_id: BOOT_ID,
        pid: 4711,
        started_unix_ms: 1_700_000_000_000,
        stale_after: Duration::from_secs(5),
        stale_policy: StalePolicy::Hold,
        daemon_version: "0.1.0".to_owned(),
        config_path: "/etc/mpp/mpp.yaml".to_owned(),
        pools: pools.iter().map(|(name, nodes)| pool(name, *nodes)).collect(),
    }
}

fn pool(name: &str, nodes: usize) -> PoolSpec {
    let node = |place: usize| NodeSpec {
        name: format!("db{}", place + 1),
        address: format!("10.{}.{}.{}:3306", place >> 16, place >> 8 & 255, place & 255),
    };
    let nodes = (0..nodes).map(node).collect();
    PoolSpec { name: name.to_owned(), nodes, memory_capacity: MEMORY_CAPACITY }
}

/// Publication number `number` of a pool of `nodes` nodes: exactly one node is UP for rw.
pub fn record(number: u64, nodes: usize) -> PoolRecord {
    let active = number % nodes.max(1) as u64;
    PoolRecord {
        epoch: number,
        active: (nodes > 0).then_some(active as u32),
        flags: number.wrapping_mul(3),
        status: number as u8,
        published_unix_ms: number.wrapping_mul(5),
        memory: vec![number as u8; number as usize % (MEMORY_CAPACITY + 1)],
        nodes: (0..nodes as u64).map(|place| node(number, place, place == active)).collect(),
    }
}

fn node(number: u64, place: u64, is_active: bool) -> NodeRecord {
    let seed = number.wrapping_mul(7).wrapping_add(place);
    let verdict = |up, weight: u64| Verdict { up, weight: (weight % 254) as u8, reason: seed as u16 };
    NodeRecord {
        rw: verdict(is_active, 1),
        ro: verdict(!is_active, seed),
        geo: verdict(true, seed / 2),
        state: seed as u8,
        status: (seed >> 1) as u8,
        req: seed as u32,
        flags: !seed as u32,
        last_request_unix_ms: seed,
        lag_ms: (!seed.is_multiple_of(3)).then_some(seed),
        message: "läuft ".repeat(seed as usize % 23),
    }
}
