//! What `writable: manage` and the write probe need of a node.

use super::finding::{Judgement, Kind, Step};
use super::grants::{grants, manages, table};
use super::node::Node;
use super::rule::{GRANTS_MANAGE, GRANTS_PROBE, PROBE_TABLE, STARTS_WRITABLE};
use crate::config::PROBE_PRIVILEGES;
use crate::core::settings::Writable;

/// What stands for every privilege.
const ALL: &str = "ALL PRIVILEGES";
/// Where a variable has its value from when nobody has set it, and when somebody has set it while the server ran.
const OF_NOBODY: [&str; 2] = ["COMPILE-TIME", "COMPILED"];
const OF_A_STATEMENT: [&str; 2] = ["SQL", "DYNAMIC"];
/// It starts switched on, whatever it is now.
const PERSISTED: &str = "PERSISTED ON";

/// Whether mppd may open and close it.
pub(super) fn may_manage(node: &Node<'_>) -> Option<Judgement> {
    let privilege = manages(node);
    // On MariaDB SUPER no longer stands for it.
    let may = has(node, node.say(&[privilege][..], &[privilege, "SUPER"]))?;
    if !manages_pool(node) {
        return None;
    }
    let account = &node.server.account;
    let words =
        if may { format!("{account} may set read_only") } else { format!("{account} lacks {privilege}") };
    Some(node.judge(may, &GRANTS_MANAGE, words, || vec![Step::sql(&node.place(), grants(node))]))
}

/// Whether the probe may write to its table.
pub(super) fn may_probe(node: &Node<'_>) -> Option<Judgement> {
    let table = table(&node.pool.settings.probe_write.as_ref()?.table);
    let on_table = |name: &str| {
        [format!("{name} ON {table}"), format!("{name} ON {}", of_database(&table)), name.to_owned()]
    };
    let lacks = |name: &&str| {
        let any = on_table(name);
        has(node, &any.each_ref().map(String::as_str)).is_some_and(|may| !may)
    };
    let lacking: Vec<&str> = PROBE_PRIVILEGES.split(", ").filter(lacks).collect();
    let account = &node.server.account;
    let words = match lacking[..] {
        [] => format!("{account} may write to {table}"),
        _ => format!("{account} lacks {} on {table}", lacking.join(", ")),
    };
    Some(
        node.judge(lacking.is_empty(), &GRANTS_PROBE, words, || vec![Step::sql(&node.place(), grants(node))]),
    )
}

/// Whether the probe table is there.
pub(super) fn probe_table(node: &Node<'_>) -> Option<Judgement> {
    let name = &node.pool.settings.probe_write.as_ref()?.table;
    let engine = node.server.probe_engine.as_deref();
    let words = match engine {
        None => format!("there is no table {name}, or the monitor may not see it"),
        Some(engine) => format!("{name} is a table of {engine}"),
    };
    let make = || vec![Step::shell("this machine", ["mpp config grants"])];
    Some(node.judge(engine == Some("InnoDB"), &PROBE_TABLE, words, make))
}

/// Whether it comes back closed after a crash. Once mppd has switched it that cannot be seen any more.
pub(super) fn starts_closed(node: &Node<'_>) -> Option<Judgement> {
    if !manages_pool(node) {
        return None;
    }
    let switches = ["super_read_only", "read_only"];
    let origin = |switch: &str| node.server.origins.get(switch);
    let of_its_start = |switch: &str| {
        origin(switch).is_some_and(|from| !OF_NOBODY.contains(&from) && !OF_A_STATEMENT.contains(&from))
    };
    let closed = |switch: &&str| {
        origin(switch) == Some(PERSISTED) || (of_its_start(switch) && node.on(switch) == Some(true))
    };
    let good = switches.iter().any(closed);
    let unknown = |switch: &&str| origin(switch).is_some_and(|from| OF_A_STATEMENT.contains(&from));
    if !good && (switches.iter().any(unknown) || switches.iter().all(|switch| origin(switch).is_none())) {
        return None;
    }
    let line = node.say("read_only = 1", "super_read_only = 1");
    let words = if good { "starts read-only" } else { "read_only is not set in its configuration" };
    let advice = || vec![Step::new(&node.place(), Kind::MyCnfLater, [line])];
    Some(node.judge(good, &STARTS_WRITABLE, words, advice))
}

fn manages_pool(node: &Node<'_>) -> bool {
    node.pool.settings.writable == Writable::Manage
}

/// Whether the account has one of these privileges; `None`: it may have it by a role.
fn has(node: &Node<'_>, any: &[&str]) -> Option<bool> {
    let privileges = &node.server.privileges;
    let has = privileges.iter().any(|p| any.contains(&p.as_str()) || p == ALL);
    let by_role = !has && privileges.iter().any(|p| p.starts_with("role "));
    (!by_role).then_some(has)
}

/// `` `mpp`.* `` of `` `mpp`.`probe` ``.
fn of_database(table: &str) -> String {
    let (database, _) = table.split_once('.').unwrap_or((table, ""));
    format!("{database}.*")
}
