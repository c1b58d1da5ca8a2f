//! What `mpp status` shows of a living pool.

use crate::clock::{Clocks, rfc3339};
use crate::control::status::{
    Checkpoint, Drain, Flag, Handover, Isolation, Node, Pool as PoolStatus, Trouble, Verdict, VirtualServer,
};
use crate::core::event;
use crate::core::peer::Passing;
use crate::core::pool::{Pool, Seat};
use crate::core::time::Moment;
use crate::core::words::{NodeId, Role, node_type};

/// A living pool.
pub(super) fn pool(pool: &Pool, virtual_servers: Vec<VirtualServer>, clocks: &Clocks) -> PoolStatus {
    let nodes = 0..pool.memory().nodes.len();
    let reign = pool.memory().reign.as_ref().filter(|_| pool.active().is_some());
    PoolStatus {
        name: pool.settings().name.clone(),
        logic: "failover".into(),
        status: pool.pool_status().word().into(),
        epoch: pool.memory().epoch,
        active: pool.active().map(|n| pool.name(n).to_owned()),
        active_since: reign.map(|r| rfc3339(clocks.at(r.since))),
        active_how: reign.map(|r| r.how.clone()).filter(|how| !how.is_empty()),
        waits_for: pool.waits_for(),
        flags: pool.flags().into_iter().map(str::to_owned).collect(),
        nodes: nodes.map(|n| node(pool, n, clocks)).collect(),
        checkpoints: checkpoints(pool, clocks),
        isolation: isolation(pool, clocks),
        handover: handover(pool, clocks.moment()),
        pause: pool.memory().pause.as_ref().map(|pause| flag(pause, clocks.moment())),
        revision: pool.memory().revision,
        acked: pool.memory().acked,
        fresh: pool.memory().fresh,
        chosen: pool.memory().chosen,
        virtual_servers,
        troubles: troubles(pool, clocks.moment()),
    }
}

fn checkpoints(pool: &Pool, clocks: &Clocks) -> Vec<Checkpoint> {
    let all = pool.settings().checkpoints.iter().zip(&pool.memory().checkpoints);
    let shown = all.map(|(settings, c)| Checkpoint {
        id: settings.id.clone(),
        reach: settings.reach.word().into(),
        node: settings.node.map(|n| pool.name(n).to_owned()),
        status: c.status(&pool.settings().levels).word().into(),
        req: c.errors,
        last_request: c.asked.map(|at| rfc3339(clocks.at(at))),
        message: c.message.clone(),
    });
    shown.collect()
}

fn isolation(pool: &Pool, clocks: &Clocks) -> Option<Isolation> {
    let isolated = pool.memory().isolation?;
    let withdrawn = pool.memory().withdrawn.as_ref().map(|w| w.name.clone());
    Some(Isolation { since: rfc3339(clocks.at(isolated.since)), withdrawn })
}

fn handover(pool: &Pool, now: Moment) -> Option<Handover> {
    let Seat::Passing(handover) = &pool.memory().seat else { return None };
    let Passing { from, to, consumed, mirrors, failed, by } = Passing::of(pool, handover, now);
    Some(Handover { from, to, consumed, mirrors, failed, by: by.who, why: by.why })
}

fn flag(flag: &event::Flag, now: Moment) -> Flag {
    Flag {
        by: flag.by.who.clone(),
        why: flag.by.why.clone(),
        age_s: now.since(flag.since).as_secs_f64(),
        left_s: flag.until.map(|until| until.since(now).as_secs_f64()),
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
        drain: n.drain.as_ref().map(|d| Drain { now: d.now, flag: flag(&d.flag, clocks.moment()) }),
        local: settings.local,
        recovered: n.recovered,
        cut: pool.cut(node).map(|cut| cut.word().to_owned()),
        verdicts: verdicts.into(),
    }
}
