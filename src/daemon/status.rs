//! What `mpp status` shows of a living pool.

use crate::clock::{Clocks, rfc3339};
use crate::control::status::{Node, Pool as PoolStatus, Trouble, Verdict, VirtualServer};
use crate::core::pool::Pool;
use crate::core::time::Moment;
use crate::core::words::{NodeId, Role, Status as Word, node_type};

/// A living pool.
pub(super) fn pool(pool: &Pool, virtual_servers: Vec<VirtualServer>, clocks: &Clocks) -> PoolStatus {
    let nodes = 0..pool.memory().nodes.len();
    let reign = pool.memory().reign.as_ref().filter(|_| pool.active().is_some());
    PoolStatus {
        name: pool.settings().name.clone(),
        logic: "failover".into(),
        status: Word::Ok.word().into(),
        epoch: pool.memory().epoch,
        active: pool.active().map(|n| pool.name(n).to_owned()),
        active_since: reign.map(|r| rfc3339(clocks.at(r.since))),
        active_how: reign.map(|r| r.how.clone()).filter(|how| !how.is_empty()),
        waits_for: pool.waits_for(),
        flags: pool.flags().into_iter().map(str::to_owned).collect(),
        nodes: nodes.map(|n| node(pool, n, clocks)).collect(),
        virtual_servers,
        troubles: troubles(pool, clocks.moment()),
        ..PoolStatus::default()
    }
}

/// What is not as it should be.
pub(super) fn troubles(pool: &Pool, now: Moment) -> Vec<Trouble> {
    let told = |trouble: crate::core::trouble::Trouble| Trouble {
        kind: trouble.kind.word().into(),
        node: trouble.node.map(|n| pool.name(n).to_owned()),
        severity: trouble.severity.word().into(),
        words: trouble.words,
        help: trouble.help,
    };
    pool.troubles(now).into_iter().map(told).collect()
}

fn node(pool: &Pool, node: NodeId, clocks: &Clocks) -> Node {
    let (settings, n) = (&pool.settings().nodes[node], &pool.memory().nodes[node]);
    let verdicts = Role::ALL.map(|role| {
        let v = pool.verdict(node, role);
        (role.word().to_owned(), Verdict { up: v.up, weight: v.weight, reason: v.because.words().into() })
    });
    let answer = n.facts.as_ref().filter(|_| n.online());
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
        round_trip_ms: answer.map(|f| f.round_trip.as_secs_f64() * 1000.0),
        read_only: n.facts.as_ref().map(|f| f.read_only),
        server: n.facts.as_ref().map(|f| f.version.clone()),
        drained: n.drain.is_some(),
        local: settings.local,
        verdicts: verdicts.into(),
        ..Node::default()
    }
}
