//! Metrics of nodes: what was found out about them, and what is decided.

use super::sheet::{Label, Sheet, severity, truth, unix_seconds};
use crate::control::status::{Node, Pool, Status, Verdict};
use crate::core::words::State;
use std::fmt;

/// The greatest number of labels that a family here has, beside pool and node, is in `info`.
pub(super) fn write(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let nodes = || status.pools.iter().flat_map(|p| p.nodes.iter().map(move |n| (p, n)));
    sheet.gauge("mpp_node_info", "What is known of the node, in its labels; always 1.", nodes().map(info))?;
    sheet.gauge(
        "mpp_node_state",
        "1 for the STATE that the node is in, 0 for the others.",
        nodes().flat_map(|(p, n)| State::ALL.map(|state| in_state(p, n, state))),
    )?;
    sheet.gauge(
        "mpp_node_status",
        "STATUS of the node: 0 OK, 1 OK INFO, 2 OK WARN, 3 OK CRITICAL, 4 FAIL.",
        nodes().filter_map(|(p, n)| Some((labels(p, n), severity(&n.status)?))),
    )?;
    sheet.gauge(
        "mpp_node_req",
        "Errors since the last good answer, and one more after a change of role until the next.",
        nodes().map(|(p, n)| (labels(p, n), n.req)),
    )?;
    sheet.gauge(
        "mpp_node_drained",
        "1 while an operator has the node out of service.",
        nodes().map(|(p, n)| (labels(p, n), truth(n.drained))),
    )?;
    answers(sheet, status)?;
    verdicts(sheet, status)
}

/// What servers say of themselves; what one that is gone said once is no measurement.
fn answers(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let nodes = || status.pools.iter().flat_map(|p| p.nodes.iter().map(move |n| (p, n)));
    let present = || nodes().filter(|(_, n)| n.state != State::FailOffline.word());
    sheet.gauge(
        "mpp_node_lag_seconds",
        "How far the node says it is behind its source.",
        present().filter_map(|(p, n)| Some((labels(p, n), n.lag_s?))),
    )?;
    sheet.gauge(
        "mpp_node_round_trip_seconds",
        "From the question to the answer, the newest one.",
        nodes().filter_map(|(p, n)| Some((labels(p, n), n.round_trip_ms? / 1000.0))),
    )?;
    sheet.gauge(
        "mpp_node_read_only",
        "1 if the server says that it is read-only.",
        present().filter_map(|(p, n)| Some((labels(p, n), truth(n.read_only?)))),
    )?;
    sheet.gauge(
        "mpp_node_last_request_timestamp_seconds",
        "When the newest poll of the node began, seconds since 1970.",
        nodes().filter_map(|(p, n)| Some((labels(p, n), unix_seconds(n.last_request.as_deref()?)?))),
    )
}

fn verdicts(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let verdicts = || {
        let nodes = status.pools.iter().flat_map(|p| p.nodes.iter().map(move |n| (p, n)));
        nodes.flat_map(|(p, n)| n.verdicts.iter().map(move |(role, v)| (by_role(p, n, role), v)))
    };
    sheet.gauge(
        "mpp_verdict_up",
        "Decided: 1 if the node is UP for this role.",
        verdicts().map(|(labels, v)| (labels, truth(v.up))),
    )?;
    sheet.gauge(
        "mpp_verdict_weight",
        "Decided: the node's weight for this role; 0 while it is DOWN.",
        verdicts().map(|(labels, v)| (labels, weight(v))),
    )
}

fn weight(verdict: &Verdict) -> u32 {
    if verdict.up { u32::from(verdict.weight) } else { 0 }
}

fn labels<'a>(pool: &'a Pool, node: &'a Node) -> [Label<'a>; 2] {
    [("pool", &pool.name), ("node", &node.name)]
}

fn by_role<'a>(pool: &'a Pool, node: &'a Node, role: &'a str) -> [Label<'a>; 3] {
    let [pool, node] = labels(pool, node);
    [pool, node, ("role", role)]
}

fn in_state<'a>(pool: &'a Pool, node: &'a Node, state: State) -> ([Label<'a>; 3], u32) {
    let word = state.word();
    let [pool, name] = labels(pool, node);
    ([pool, name, ("state", word)], truth(node.state == word))
}

fn info<'a>((pool, node): (&'a Pool, &'a Node)) -> ([Label<'a>; 6], u32) {
    let [pool, name] = labels(pool, node);
    let server = node.server.as_deref().unwrap_or_default();
    let local = if node.local { "true" } else { "false" };
    let about =
        [("address", node.address.as_str()), ("type", &node.kind), ("server", server), ("local", local)];
    let [address, kind, server, local] = about;
    ([pool, name, address, kind, server, local], 1)
}
