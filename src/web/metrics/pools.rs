//! Metrics of pools.

use super::changes::Changes;
use super::sheet::{Label, Sheet, severity, truth, unix_seconds};
use crate::control::published::POOL_FLAGS;
use crate::control::status::{Pool, Status};
use crate::core::event::Severity;
use std::fmt;

pub(super) fn write(sheet: &mut Sheet<'_>, status: &Status, changes: &Changes) -> fmt::Result {
    let pools = || status.pools.iter();
    sheet.gauge(
        "mpp_pool_status",
        "STATUS of the pool: 0 OK, 4 FAIL (it is isolated).",
        pools().filter_map(|p| Some((label(p), severity(&p.status)?))),
    )?;
    sheet.gauge(
        "mpp_pool_epoch",
        "Rises with every change of ACTIVE, never falls, and skips numbers after a reboot of the director.",
        pools().map(|p| (label(p), p.epoch)),
    )?;
    sheet.counter(
        "mpp_pool_active_changes",
        "Changes of ACTIVE that this mpp-web has seen.",
        pools().map(|p| (label(p), changes.of(&p.name))),
    )?;
    sheet.gauge(
        "mpp_pool_has_active",
        "1 while a node is ACTIVE.",
        pools().map(|p| (label(p), truth(p.active.is_some()))),
    )?;
    sheet.gauge(
        "mpp_pool_active_since_timestamp_seconds",
        "When the ACTIVE node became so, seconds since 1970.",
        pools().filter_map(|p| Some((label(p), unix_seconds(p.active_since.as_deref()?)?))),
    )?;
    sheet.gauge(
        "mpp_pool_flag",
        "1 while the pool has this flag.",
        pools().flat_map(|p| POOL_FLAGS.map(|flag| flagged(p, flag))),
    )?;
    troubles(sheet, status)
}

fn troubles(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    sheet.gauge(
        "mpp_pool_troubles",
        "How much is not as it should be, by severity.",
        status.pools.iter().flat_map(|p| Severity::ALL.map(|severity| troubles_of(p, severity))),
    )?;
    let each = status.pools.iter().flat_map(|p| p.troubles.iter().map(move |t| (p, t)));
    sheet.gauge(
        "mpp_trouble",
        "1 for as long as something is not as it should be, by kind; without a series when it is over.",
        each.map(|(p, t)| {
            let node = t.node.as_deref().unwrap_or_default();
            let [pool] = label(p);
            ([pool, ("node", node), ("kind", &t.kind), ("severity", &t.severity)], 1_u32)
        }),
    )
}

fn label(pool: &Pool) -> [Label<'_>; 1] {
    [("pool", &pool.name)]
}

fn flagged<'a>(pool: &'a Pool, flag: &'static str) -> ([Label<'a>; 2], u32) {
    let has = pool.flags.iter().any(|has| has == flag);
    ([("pool", &pool.name), ("flag", flag)], truth(has))
}

fn troubles_of(pool: &Pool, severity: Severity) -> ([Label<'_>; 2], u64) {
    let count = pool.troubles.iter().filter(|t| t.severity == severity.word()).count();
    ([("pool", &pool.name), ("severity", severity.word())], count as u64)
}
