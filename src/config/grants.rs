//! The SQL that creates the monitor's user.

/// What the monitor needs on MariaDB 10.5 and later, on all databases.
pub const MARIADB_PRIVILEGES: &str = "SLAVE MONITOR, BINLOG MONITOR";
/// What the monitor needs on MySQL 8.0.22 and later, on all databases.
pub const MYSQL_PRIVILEGES: &str = "REPLICATION CLIENT";

/// The SQL for a user who connects from `host` (`%` and `_` are wildcards): a part for each kind of server, complete
/// in itself, with advice. The password stands as `PASSWORD`, to be filled in.
pub(super) fn sql(user: &str, host: &str) -> String {
    let account = format!("{}@{}", literal(user), literal(host));
    let granted = TEMPLATE.replace("ON_MARIADB", MARIADB_PRIVILEGES).replace("ON_MYSQL", MYSQL_PRIVILEGES);
    granted.replace("ACCOUNT", &account)
}

const TEMPLATE: &str = "\
-- The monitor's user of mpp. Run the part for your server on the ACTIVE node and let it replicate; where
-- accounts do not replicate, run it on every node.
-- Before you do: put the password in for PASSWORD, and narrow the host pattern to the directors
-- ('10.0.0.%'); with skip_name_resolve on a server it must be addresses, not names.
-- The user reads the state of replication, nothing else: no data, no changes, no SUPER. Its password does not
-- expire by itself: an expired one (1820, 1862) leaves the pool without a monitor.
-- One connection a node and director is kept, and one more while it is renewed: leave
-- MAX_USER_CONNECTIONS out, a limit (error 1226) would look like a failing server.

-- MariaDB 10.5 and later (REPLICATION CLIENT is not enough there):
CREATE USER IF NOT EXISTS ACCOUNT IDENTIFIED BY 'PASSWORD' PASSWORD EXPIRE NEVER;
GRANT ON_MARIADB ON *.* TO ACCOUNT;

-- MySQL 8.0.22 and later, 8.4, 9 (SLAVE MONITOR is a syntax error there):
CREATE USER IF NOT EXISTS ACCOUNT IDENTIFIED BY 'PASSWORD' PASSWORD EXPIRE NEVER;
GRANT ON_MYSQL ON *.* TO ACCOUNT;
";

/// A text as an SQL string that reads the same with and without NO_BACKSLASH_ESCAPES, but for a backslash.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::sql;

    #[test]
    fn each_kind_of_server_has_a_part_complete_in_itself() {
        let sql = sql("mpp", "10.0.0.%");
        let statements =
            |part: &str| part.lines().filter(|l| !l.starts_with("--")).collect::<Vec<_>>().join(" ");
        let parts: Vec<String> = sql.split("\n\n").map(statements).filter(|part| !part.is_empty()).collect();
        let user =
            "CREATE USER IF NOT EXISTS 'mpp'@'10.0.0.%' IDENTIFIED BY 'PASSWORD' PASSWORD EXPIRE NEVER;";
        assert_eq!(
            parts,
            [
                format!("{user} GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'mpp'@'10.0.0.%';"),
                format!("{user} GRANT REPLICATION CLIENT ON *.* TO 'mpp'@'10.0.0.%';"),
            ]
        );
    }

    #[test]
    fn a_quote_in_the_name_stays_in_the_name() {
        assert!(sql("o'neil\\", "%").contains("TO 'o''neil\\\\'@'%';"));
    }
}
