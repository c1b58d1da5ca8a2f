//! Binary logs: written, whole, kept long enough; and safe from a power cut.

use super::finding::{Judgement, Step};
use super::node::Node;
use super::rule::{
    BINLOG_EXPIRES, BINLOG_FORMAT, DOUBLEWRITE, FILTERED, FLUSH_LOG, LOG_BIN, LOG_UPDATES, SYNC_BINLOG,
};

/// A node that was down for less finds what it missed.
const DAY: u64 = 86_400;
/// Databases nobody misses after a failover.
const SYSTEM: [&str; 5] = ["mysql", "information_schema", "performance_schema", "sys", "test"];

pub(super) fn log_bin(node: &Node<'_>) -> Option<Judgement> {
    // It is a switch to look at, and a file's name to write.
    node.wants_at_start("log_bin", node.on("log_bin")?, &LOG_BIN, "binlog")
}

pub(super) fn updates(node: &Node<'_>) -> Option<Judgement> {
    node.wants_at_start("log_replica_updates", node.on("log_replica_updates")?, &LOG_UPDATES, "ON")
}

pub(super) fn format(node: &Node<'_>) -> Option<Judgement> {
    node.wants("binlog_format", node.text("binlog_format")? != "STATEMENT", &BINLOG_FORMAT, "ROW")
}

/// How long they are kept. Two variables say so; 0 is for ever.
pub(super) fn expires(node: &Node<'_>) -> Option<Judgement> {
    let days = node.text("expire_logs_days").and_then(|days| days.parse::<f64>().ok()).unwrap_or(0.0);
    let seconds = node.number("binlog_expire_logs_seconds").unwrap_or(0);
    let kept = match seconds {
        0 => (days * DAY as f64) as u64,
        seconds => seconds,
    };
    let words = match kept {
        0 => "binary logs are kept for ever: watch the disk".into(),
        kept => format!("binary logs are kept for {:.1} hours", kept as f64 / 3600.0),
    };
    let variable = if seconds == 0 && days > 0.0 { "expire_logs_days" } else { "binlog_expire_logs_seconds" };
    let value = if variable == "expire_logs_days" { "7" } else { "604800" };
    Some(node.judge(kept == 0 || kept >= DAY, &BINLOG_EXPIRES, words, || node.set(variable, value)))
}

/// What its own binary log leaves out.
pub(super) fn filters(node: &Node<'_>) -> Option<Judgement> {
    let filters = filters_in(&node.server.binlog, &["binlog_do_db", "binlog_ignore_db"]);
    let words = match filters[..] {
        [] => "its binary log leaves nothing out".into(),
        _ => filters.join(", "),
    };
    let advice = || {
        let names = filters.iter().filter_map(|filter| filter.split(' ').next());
        let lines = names.map(|name| format!("remove every {name}, and restart it"));
        vec![Step::words(&node.place(), lines.collect::<Vec<_>>().join("; "))]
    };
    Some(node.judge(filters.is_empty(), &FILTERED, words, advice))
}

/// Those of these filters that somebody would miss something by: `binlog_do_db = shop`.
pub(super) fn filters_in(row: &super::facts::Named, names: &[&str]) -> Vec<String> {
    let missed = |name: &&str, list: &str| {
        let only_system =
            list.split(',').all(|item| SYSTEM.contains(&item.split('.').next().unwrap_or(item)));
        !list.is_empty() && (name.contains("_do_") || !only_system)
    };
    let set =
        |name: &&str| row.get(name).filter(|list| missed(name, list)).map(|list| format!("{name} = {list}"));
    names.iter().filter_map(set).collect()
}

pub(super) fn sync(node: &Node<'_>) -> Option<Judgement> {
    node.wants("sync_binlog", node.number("sync_binlog")? == 1, &SYNC_BINLOG, "1")
}

pub(super) fn flush(node: &Node<'_>) -> Option<Judgement> {
    let good = node.number("innodb_flush_log_at_trx_commit")? == 1;
    node.wants("innodb_flush_log_at_trx_commit", good, &FLUSH_LOG, "1")
}

pub(super) fn doublewrite(node: &Node<'_>) -> Option<Judgement> {
    node.wants_at_start("innodb_doublewrite", node.on("innodb_doublewrite")?, &DOUBLEWRITE, "ON")
}

#[cfg(test)]
mod tests {
    use super::super::facts::Named;
    use super::*;

    #[test]
    fn only_filters_that_somebody_misses_something_by_count() {
        let row: Named = [
            ("Replicate_Ignore_DB", "mysql,sys"),
            ("Replicate_Do_DB", ""),
            ("Replicate_Wild_Ignore_Table", "shop.tmp%"),
        ]
        .into_iter()
        .collect();
        let names = ["replicate_do_db", "replicate_ignore_db", "replicate_wild_ignore_table"];
        assert_eq!(filters_in(&row, &names), ["replicate_wild_ignore_table = shop.tmp%"]);
    }
}
