//! What a closer look asks, in each dialect, and how the answers read. The monitor's own privileges are enough for all of it.

use crate::clock::Clocks;
use crate::doctor::facts::{Named, Server};
use crate::doctor::grants::privileges;
use crate::poll::{Dialect, Reply, Row, Set};

/// In the order that [`server`] reads.
macro_rules! questions {
    ($channels:literal, $binlog:literal, $origins:expr) => {
        [
            "SELECT CURRENT_USER() AS account, UNIX_TIMESTAMP(NOW(6)) AS now",
            "SHOW GRANTS",
            "SHOW GLOBAL VARIABLES",
            "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Threads_connected', 'Max_used_connections')",
            $channels,
            $binlog,
            $origins,
        ]
    };
}

const MARIADB_ORIGINS: &str = "SELECT variable_name, global_value_origin FROM information_schema.system_variables \
     WHERE variable_name = 'READ_ONLY'";
const MYSQL_ORIGINS: &str = "SELECT variable_name, IF(p.variable_value = 'ON', 'PERSISTED ON', v.variable_source) \
     FROM performance_schema.variables_info v \
     LEFT JOIN performance_schema.persisted_variables p USING (variable_name) \
     WHERE variable_name IN ('read_only', 'super_read_only')";

/// What is asked; `probe`: its probe table, `database.table`.
pub(super) fn questions(dialect: Dialect, probe: &str) -> Vec<String> {
    let same_for_all = match dialect {
        Dialect::MariaDb => questions!("SHOW ALL SLAVES STATUS", "SHOW MASTER STATUS", MARIADB_ORIGINS),
        Dialect::MySql80 => questions!("SHOW REPLICA STATUS", "SHOW MASTER STATUS", MYSQL_ORIGINS),
        Dialect::MySql82 => questions!("SHOW REPLICA STATUS", "SHOW BINARY LOG STATUS", MYSQL_ORIGINS),
    };
    let (database, table) = probe.split_once('.').unwrap_or_default();
    let engine = format!(
        "SELECT engine FROM information_schema.tables WHERE table_schema = '{database}' AND table_name = '{table}'"
    );
    same_for_all.map(str::to_owned).into_iter().chain([engine]).collect()
}

/// What was answered. Errors: the server refused a question that everybody may ask. What it says of replication is left
/// out where the monitor may not ask for it: that is a finding of its own.
pub(super) fn server(dialect: Dialect, replies: Vec<Reply>) -> Result<Server, String> {
    let Ok([itself, grants, variables, status, channels, binlog, origins, engine]) =
        <[Reply; 8]>::try_from(replies)
    else {
        return Err("answers another number of questions than it was asked".into());
    };
    let clock_ahead_ms = clock_ahead_ms(&itself);
    let row = itself.rows?.first().map(named).unwrap_or_default();
    let lines = grants.rows?;
    let lines = lines.rows().filter_map(|line| line.at(0));
    Ok(Server {
        dialect,
        variables: pairs(&variables.rows?),
        status: pairs(&status.rows?),
        channels: channels.rows.unwrap_or_default().rows().map(named).collect(),
        binlog: binlog.rows.unwrap_or_default().first().map(named).unwrap_or_default(),
        origins: pairs(&origins.rows.unwrap_or_default()),
        probe_engine: engine.rows.unwrap_or_default().first().and_then(|row| Some(row.at(0)?.to_owned())),
        account: row.get("account").unwrap_or_default().to_owned(),
        privileges: lines.flat_map(privileges).collect(),
        clock_ahead_ms,
        later: None,
    })
}

/// A row by the names of its columns.
fn named(row: Row<'_>) -> Named {
    row.iter().filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned()))).collect()
}

/// Rows of a name and a value.
fn pairs(set: &Set) -> Named {
    set.rows().filter_map(|row| Some((row.at(0)?.to_owned(), row.at(1)?.to_owned()))).collect()
}

/// The server's clock against ours in the middle of the question.
fn clock_ahead_ms(itself: &Reply) -> i64 {
    let row = itself.rows.as_ref().ok().and_then(|set| set.first());
    let now = row.and_then(|row| row.get("now")?.parse::<f64>().ok());
    let middle = itself.began + itself.ended.since(itself.began) / 2;
    let ours = Clocks::read().at(middle).as_millisecond();
    now.map_or(0, |now| (now * 1000.0) as i64 - ours)
}
