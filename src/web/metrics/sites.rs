//! Metrics of what a director knows of its surroundings: checkpoints and peers.

use super::sheet::{Label, Sheet, severity, truth, unix_seconds};
use crate::control::status::{Checkpoint, Peer, Pool, Status};
use std::fmt;

pub(super) fn write(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let all = || {
        let own = |p| move |c| (of_checkpoint(p, c), c);
        status.pools.iter().flat_map(move |p| p.checkpoints.iter().map(own(p)))
    };
    sheet.gauge(
        "mpp_checkpoint_status",
        "STATUS of the checkpoint: 0 OK, 1 OK INFO, 2 OK WARN, 3 OK CRITICAL, 4 FAIL.",
        all().filter_map(|(labels, c)| Some((labels, severity(&c.status)?))),
    )?;
    sheet.gauge(
        "mpp_checkpoint_req",
        "Errors since the checkpoint last answered.",
        all().map(|(labels, c)| (labels, c.req)),
    )?;
    sheet.gauge(
        "mpp_checkpoint_last_request_timestamp_seconds",
        "When the checkpoint was last asked, seconds since 1970.",
        all().filter_map(|(labels, c)| Some((labels, unix_seconds(c.last_request.as_deref()?)?))),
    )?;
    peers(sheet, &status.peers)
}

fn peers(sheet: &mut Sheet<'_>, peers: &[Peer]) -> fmt::Result {
    sheet.gauge(
        "mpp_peer_reachable",
        "1 if the other agent answers; without a series until that is known.",
        peers.iter().filter_map(|p| Some((of_peer(p), truth(p.reachable?)))),
    )?;
    sheet.gauge(
        "mpp_peer_fault",
        "1 if the other agent does not answer, or does not fit.",
        peers.iter().map(|p| (of_peer(p), truth(p.fault.is_some()))),
    )
}

/// `node` is empty for the pool's own.
fn of_checkpoint<'a>(pool: &'a Pool, checkpoint: &'a Checkpoint) -> [Label<'a>; 4] {
    let node = checkpoint.node.as_deref().unwrap_or_default();
    [("pool", &pool.name), ("node", node), ("checkpoint", &checkpoint.id), ("reach", &checkpoint.reach)]
}

fn of_peer(peer: &Peer) -> [Label<'_>; 2] {
    [("peer", &peer.name), ("same_site", if peer.same_site { "true" } else { "false" })]
}
