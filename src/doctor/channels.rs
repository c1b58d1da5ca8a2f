//! Each replication channel: whether it runs, how soon it notices what goes wrong, what it leaves out.

use super::binlog::filters_in;
use super::finding::{Judgement, Step};
use super::node::{Channel, Node};
use super::rule::{
    BEHIND, CONNECT_RETRY, DELAYED, FILTERED, HEARTBEAT, NET_TIMEOUT, RELAY_LOG_RECOVERY, RETRY_COUNT,
    SKIP_START, SKIPS_ERRORS, STOPPED,
};
use crate::core::time::{Duration, Short};

/// Longer than this, seconds, is late.
const LATE: u64 = 10;
/// A source may be away for so long, seconds, before its replica gives up.
const PATIENT: u64 = 3600;
/// What a channel may leave out.
const FILTERS: [&str; 7] = [
    "replicate_do_db",
    "replicate_ignore_db",
    "replicate_do_table",
    "replicate_ignore_table",
    "replicate_wild_do_table",
    "replicate_wild_ignore_table",
    "replicate_rewrite_db",
];

pub(super) fn runs(channel: &Channel<'_>) -> Option<Judgement> {
    let row = channel.row;
    let (io, sql) = (row.get("replica_io_running")?, row.get("replica_sql_running")?);
    let errors =
        ["last_io_error", "last_sql_error"].iter().filter_map(|name| row.get(name)).filter(|e| !e.is_empty());
    let errors: Vec<&str> = errors.collect();
    let words = match errors[..] {
        [] => format!("IO thread {io}, SQL thread {sql}"),
        _ => format!("IO thread {io}, SQL thread {sql}: {}", errors.join("; ")),
    };
    let good = io == "Yes" && sql == "Yes" && errors.is_empty();
    Some(channel.judge(good, &STOPPED, &words, || restart(channel, errors.is_empty())))
}

/// What starts a channel, once its error is mended.
fn restart(channel: &Channel<'_>, clean: bool) -> Vec<Step> {
    let name = channel.name();
    let start = match channel.node.is_mariadb() {
        true => format!("START SLAVE '{name}';"),
        false => format!("START REPLICA FOR CHANNEL '{name}';"),
    };
    let place = channel.node.place();
    let mend = (!clean).then(|| Step::words(&place, "first mend what the error says"));
    mend.into_iter().chain([Step::sql(&place, [start])]).collect()
}

pub(super) fn behind(channel: &Channel<'_>) -> Option<Judgement> {
    let (max, lag) = (channel.node.pool.settings.max_lag?, channel.row.number("seconds_behind_source")?);
    let words = format!("{lag}s behind (max_lag {})", Short(max));
    let wait = || {
        vec![Step::words(
            &channel.node.place(),
            "wait until it has caught up; if it does not: parallel replication, or less to write",
        )]
    };
    Some(channel.judge(Duration::from_secs(lag) <= max, &BEHIND, &words, wait))
}

pub(super) fn delay(channel: &Channel<'_>) -> Option<Judgement> {
    let (max, delay) = (channel.node.pool.settings.max_lag?, channel.row.number("sql_delay")?);
    let words = format!("delayed by {delay}s (max_lag {})", Short(max));
    let good = Duration::from_secs(delay) <= max;
    Some(channel.judge(good, &DELAYED, &words, || channel.change(&[("DELAY", "0")])))
}

/// Of the whole server; its channels take a new value when they connect.
pub(super) fn net_timeout(node: &Node<'_>) -> Option<Judgement> {
    let timeout = node.number("replica_net_timeout")?;
    node.channels().next()?;
    let words = format!("a dead source is noticed after {timeout}s ({})", node.shown("replica_net_timeout")?);
    let advice = || {
        let mut steps = node.set("replica_net_timeout", "4");
        steps.extend(node.channels().flat_map(|channel| channel.change(&[("HEARTBEAT_PERIOD", "2")])));
        steps
    };
    Some(node.judge(timeout <= LATE, &NET_TIMEOUT, words, advice))
}

/// MySQL tells its heartbeat only to those who may read performance_schema.
pub(super) fn heartbeat(channel: &Channel<'_>) -> Option<Judgement> {
    let period: f64 = channel.row.get("replica_heartbeat_period")?.parse().ok()?;
    let timeout = channel.node.number("replica_net_timeout")?;
    let good = period > 0.0 && period < timeout as f64;
    let words = format!("a heartbeat every {period}s, a timeout of {timeout}s");
    let half = format!("{}", (timeout as f64 / 2.0).max(0.5));
    Some(channel.judge(good, &HEARTBEAT, &words, || channel.change(&[("HEARTBEAT_PERIOD", &half)])))
}

pub(super) fn connect_retry(channel: &Channel<'_>) -> Option<Judgement> {
    let retry = channel.row.number("connect_retry")?;
    let words = format!("a lost source is looked for every {retry}s (Connect_Retry)");
    Some(channel.judge(retry <= LATE, &CONNECT_RETRY, &words, || channel.change(&[("CONNECT_RETRY", "1")])))
}

/// 0 is for ever.
pub(super) fn retry_count(channel: &Channel<'_>) -> Option<Judgement> {
    let (count, retry) = (channel.row.number("source_retry_count")?, channel.row.number("connect_retry")?);
    let good = count == 0 || count.saturating_mul(retry) >= PATIENT;
    let words = format!("the receiver gives up after {count} tries, {retry}s apart");
    Some(channel.judge(good, &RETRY_COUNT, &words, || channel.change(&[("RETRY_COUNT", "86400")])))
}

pub(super) fn filters(channel: &Channel<'_>) -> Option<Judgement> {
    let filters = filters_in(channel.row, &FILTERS);
    let words = if filters.is_empty() { "leaves nothing out".into() } else { filters.join(", ") };
    let advice = || {
        let names: Vec<_> = filters.iter().filter_map(|filter| filter.split(' ').next()).collect();
        let words = format!(
            "remove {} from its configuration, restart it, and copy what is missing",
            names.join(", ")
        );
        vec![Step::words(&channel.node.place(), words)]
    };
    Some(channel.judge(filters.is_empty(), &FILTERED, &words, advice))
}

/// With GTIDs MariaDB fetches its relay logs anew by itself.
pub(super) fn relay_log_recovery(node: &Node<'_>) -> Option<Judgement> {
    let exposed =
        node.channels().any(|channel| channel.row.get("using_gtid").is_none_or(|using| using == "No"));
    let on = node.on("relay_log_recovery")?;
    let words = match on || exposed {
        true => node.shown("relay_log_recovery")?,
        false => "after a crash relay logs are fetched anew, by GTID".into(),
    };
    let advice = || node.configure(&[("relay_log_recovery", "ON")]);
    Some(node.judge(on || !exposed, &RELAY_LOG_RECOVERY, words, advice))
}

/// MariaDB does not tell.
pub(super) fn skip_start(node: &Node<'_>) -> Option<Judgement> {
    node.wants_at_start("skip_replica_start", !node.on("skip_replica_start")?, &SKIP_START, "OFF")
}

pub(super) fn skips_errors(node: &Node<'_>) -> Option<Judgement> {
    let (skipped, mode) = (node.text("replica_skip_errors")?, node.text("replica_exec_mode")?);
    let words = format!("{}, {}", node.shown("replica_skip_errors")?, node.shown("replica_exec_mode")?);
    let strict = mode == "STRICT";
    let good = strict && matches!(skipped, "OFF" | "");
    let advice = || match strict {
        true => node.configure(&[("replica_skip_errors", "OFF")]),
        false => node.set("replica_exec_mode", "STRICT"),
    };
    Some(node.judge(good, &SKIPS_ERRORS, words, advice))
}
