//! What the monitor's account may do: what it needs, and no more.

use super::finding::{Judgement, Step};
use super::node::Node;
use super::rule::{GRANTS_MISSING, GRANTS_MORE};
use crate::config::{MARIADB_MANAGES, MARIADB_PRIVILEGES, MYSQL_MANAGES, MYSQL_PRIVILEGES, PROBE_PRIVILEGES};
use crate::core::observation::Answer;
use crate::core::settings::Writable;

/// What gives nothing, or nothing that matters.
const HARMLESS: [&str; 2] = ["USAGE", "PROCESS"];

/// A privilege that is missing, where the server refused the monitor's question for it.
pub(super) fn missing(node: &Node<'_>) -> Option<Judgement> {
    let refused = is_for_want_of_a_privilege(&node.pool.nodes[node.at].answer);
    let lacking: Vec<&str> =
        needed(node).filter(|name| !node.server.privileges.iter().any(|p| p == name)).collect();
    let words = match refused {
        true => format!("{} lacks {}", node.server.account, lacking.join(", ")),
        false => format!("{} may ask for the state of replication", node.server.account),
    };
    Some(node.judge(!refused, &GRANTS_MISSING, words, || vec![Step::sql(&node.place(), grants(node))]))
}

/// Whether the monitor was let in, and refused an answer.
pub(super) fn is_for_want_of_a_privilege(answer: &Answer) -> bool {
    match answer {
        Answer::Denied(why) => ["1227 ", "1142 ", "1044 "].iter().any(|number| why.starts_with(number)),
        _ => false,
    }
}

/// A privilege too many.
pub(super) fn more(node: &Node<'_>) -> Option<Judgement> {
    let beside = needed_beside(node);
    let wanted = |p: &str| needed(node).chain(HARMLESS).any(|w| w == p) || beside.iter().any(|w| w == p);
    let more: Vec<&str> = node.server.privileges.iter().map(String::as_str).filter(|p| !wanted(p)).collect();
    let account = &node.server.account;
    let words = match more[..] {
        [] => format!("{account} may nothing more than that"),
        _ => format!("{account} has {}", more.join(", ")),
    };
    let advice = || {
        let from = quoted(account);
        let roles = more.iter().filter_map(|p| p.strip_prefix("role "));
        let mut lines: Vec<String> = roles.map(|role| format!("REVOKE {role} FROM {from};")).collect();
        lines.push(format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {from};"));
        lines.extend(grants(node));
        vec![Step::sql(&node.place(), lines)]
    };
    Some(node.judge(more.is_empty(), &GRANTS_MORE, words, advice))
}

/// What the monitor needs to ask.
fn needed(node: &Node<'_>) -> std::str::Split<'static, &'static str> {
    node.say(MARIADB_PRIVILEGES, MYSQL_PRIVILEGES).split(", ")
}

/// What it needs for whatever else its pool has it do.
fn needed_beside(node: &Node<'_>) -> Vec<String> {
    let settings = &node.pool.settings;
    let manages = (settings.writable == Writable::Manage).then(|| manages(node).to_owned());
    let probe = settings.probe_write.iter().flat_map(|probe| {
        PROBE_PRIVILEGES.split(", ").map(|name| format!("{name} ON {}", table(&probe.table)))
    });
    manages.into_iter().chain(probe).collect()
}

/// The privilege to open and close.
pub(super) fn manages(node: &Node<'_>) -> &'static str {
    node.say(MARIADB_MANAGES, MYSQL_MANAGES)
}

/// All of it.
pub(super) fn grants(node: &Node<'_>) -> Vec<String> {
    let (settings, account) = (&node.pool.settings, quoted(&node.server.account));
    let mut privileges = node.say(MARIADB_PRIVILEGES, MYSQL_PRIVILEGES).to_owned();
    if settings.writable == Writable::Manage {
        privileges = format!("{privileges}, {}", manages(node));
    }
    let probe = settings.probe_write.iter();
    let probe = probe.map(|p| format!("GRANT {PROBE_PRIVILEGES} ON {} TO {account};", table(&p.table)));
    [format!("GRANT {privileges} ON *.* TO {account};")].into_iter().chain(probe).collect()
}

/// `mpp.probe` as SQL, and as SHOW GRANTS has it.
pub(super) fn table(name: &str) -> String {
    format!("`{}`", name.replace('.', "`.`"))
}

/// `mpp@%` as SQL: `'mpp'@'%'`.
fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let literal = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", literal(user), literal(host))
}

/// The privileges in a line of SHOW GRANTS: on all databases by their names, others with what they are on. What follows
/// TO is left out: it may hold the password's hash.
pub(super) fn privileges(line: &str) -> Vec<String> {
    let Some(line) = line.strip_prefix("GRANT ") else { return Vec::new() };
    let (grant, receiver) = line.split_once(" TO ").unwrap_or((line, ""));
    // What everybody has is not for this account to lose.
    if receiver.starts_with("PUBLIC") {
        return Vec::new();
    }
    let (names, object) = grant.split_once(" ON ").unwrap_or((grant, "role"));
    let mut privileges: Vec<String> = match object {
        "*.*" => split(names).map(str::to_owned).collect(),
        "role" => split(names).map(|role| format!("role {role}")).collect(),
        object => {
            split(names).filter(|name| *name != "USAGE").map(|name| format!("{name} ON {object}")).collect()
        }
    };
    if receiver.contains("WITH GRANT OPTION") {
        privileges.push("GRANT OPTION".into());
    }
    privileges
}

fn split(names: &str) -> impl Iterator<Item = &str> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_are_read_without_the_passwords_hash() {
        let hash = "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO `mpp`@`%` IDENTIFIED BY PASSWORD '*B6'";
        assert_eq!(privileges(hash), ["SLAVE MONITOR", "BINLOG MONITOR"]);
        assert_eq!(
            privileges("GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION"),
            ["ALL PRIVILEGES", "GRANT OPTION"]
        );
        assert_eq!(
            privileges("GRANT SELECT, INSERT ON `d`.* TO `a`@`%`"),
            ["SELECT ON `d`.*", "INSERT ON `d`.*"]
        );
        assert_eq!(privileges("GRANT `dba`@`%` TO `a`@`%`"), ["role `dba`@`%`"]);
        assert_eq!(privileges("GRANT SELECT ON `test`.* TO PUBLIC"), [""; 0]);
        assert_eq!(privileges("SET DEFAULT ROLE NONE"), [""; 0]);
        assert_eq!(quoted("o'neil@10.0.0.%"), "'o''neil'@'10.0.0.%'");
    }
}
