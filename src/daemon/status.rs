//! What `mpp status` shows of a living pool.

use crate::clock::{Clocks, rfc3339};
use crate::control::status::{Node, Pool as PoolStatus, Verdict, VirtualServer};
use crate::core::pool::Pool;
use crate::core::words::{NodeId, Role, Status as Word, node_type};

/// A living pool.
pub(super) fn pool(pool: &Pool, virtual_servers: Vec<VirtualServer>, clocks: &Clocks) -> PoolStatus {
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
        virtual_servers,
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
