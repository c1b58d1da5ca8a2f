//! What `mpp status` shows: from the living pools, or from the last published state when the daemon is dead.

use super::publish::{DRAINED, POOL_FLAGS, READ_ONLY};
use crate::clock::{Clocks, rfc3339};
use crate::control::status::{Daemon, Node, Pool as PoolStatus, Status, Verdict};
use crate::core::pool::Pool;
use crate::core::verdict::Because;
use crate::core::words::{NodeId, Role, State, Status as Word, node_type};
use crate::state::{NodeSpec, PoolSnapshot, Snapshot};
use jiff::Timestamp;

/// The version of the JSON.
pub(super) const VERSION: u32 = 1;

/// A living pool.
pub(super) fn pool(pool: &Pool, clocks: &Clocks) -> PoolStatus {
    let nodes = 0..pool.memory().nodes.len();
    PoolStatus {
        name: pool.settings().name.clone(),
        logic: "failover".into(),
        status: Word::Ok.word().into(),
        epoch: pool.memory().epoch,
        active: pool.active().map(|n| pool.name(n).to_owned()),
        flags: pool.flags().into_iter().map(str::to_owned).collect(),
        nodes: nodes.map(|n| node(pool, n, clocks)).collect(),
        checkpoints: Vec::new(),
    }
}

fn node(pool: &Pool, node: NodeId, clocks: &Clocks) -> Node {
    let (settings, n) = (&pool.settings().nodes[node], &pool.memory().nodes[node]);
    let verdicts = Role::ALL.map(|role| {
        let v = pool.verdict(node, role);
        (role.word().to_owned(), Verdict { up: v.up, weight: v.weight, reason: v.because.words().into() })
    });
    Node {
        name: settings.name.clone(),
        address: settings.address(),
        kind: node_type(node).into(),
        req: pool.req(node),
        status: pool.status(node).word().into(),
        state: pool.state(node).word().into(),
        last_request: n.newest.as_ref().map(|s| rfc3339(clocks.at(s.began))),
        message: n.message.clone(),
        lag_s: n.lag().map(|d| d.as_secs_f64()),
        read_only: n.facts.as_ref().map(|f| f.read_only),
        server: n.facts.as_ref().map(|f| f.version.clone()),
        drained: n.drain.is_some(),
        verdicts: verdicts.into(),
    }
}

/// The last published state of a daemon that does not answer.
pub fn from_snapshot(snapshot: &Snapshot) -> Status {
    Status {
        version: VERSION,
        daemon: Daemon {
            version: snapshot.daemon_version.clone(),
            pid: u32::try_from(snapshot.header.pid).unwrap_or(0),
            since: time(snapshot.header.started_unix_ms).unwrap_or_default(),
            config: snapshot.config_path.clone(),
            stale: true,
        },
        pools: snapshot.pools.iter().map(published_pool).collect(),
    }
}

fn published_pool(pool: &PoolSnapshot) -> PoolStatus {
    let record = &pool.record;
    let flags = POOL_FLAGS.iter().enumerate().filter(|(bit, _)| record.flags >> bit & 1 == 1);
    let active = record.active.and_then(|n| pool.nodes.get(n as usize));
    PoolStatus {
        name: pool.name.clone(),
        logic: "failover".into(),
        status: word(&Word::ALL.map(Word::word), record.status),
        epoch: record.epoch,
        active: active.map(|n| n.name.clone()),
        flags: flags.map(|(_, word)| (*word).to_owned()).collect(),
        nodes: pool.nodes.iter().enumerate().map(|(n, spec)| published_node(pool, n, spec)).collect(),
        checkpoints: Vec::new(),
    }
}

fn published_node(pool: &PoolSnapshot, node: NodeId, spec: &NodeSpec) -> Node {
    let record = &pool.record.nodes[node];
    let verdicts = crate::state::Role::ALL.map(|role| {
        let v = record.verdict(role);
        let reason = Because::from_code(v.reason).map_or("of a later version", Because::words);
        (role.name().to_owned(), Verdict { up: v.up, weight: v.weight, reason: reason.into() })
    });
    Node {
        name: spec.name.clone(),
        address: spec.address.clone(),
        kind: node_type(node).into(),
        req: record.req,
        status: word(&Word::ALL.map(Word::word), record.status),
        state: word(&State::ALL.map(State::word), record.state),
        last_request: time(record.last_request_unix_ms),
        message: record.message.clone(),
        lag_s: record.lag_ms.map(|ms| std::time::Duration::from_millis(ms).as_secs_f64()),
        read_only: Some(record.flags & READ_ONLY != 0),
        server: None,
        drained: record.flags & DRAINED != 0,
        verdicts: verdicts.into(),
    }
}

fn word(all: &[&str], place: u8) -> String {
    all.get(usize::from(place)).copied().unwrap_or("UNKNOWN").to_owned()
}

fn time(unix_ms: u64) -> Option<String> {
    let ms = i64::try_from(unix_ms).ok().filter(|ms| *ms != 0)?;
    Timestamp::from_millisecond(ms).ok().map(rfc3339)
}
