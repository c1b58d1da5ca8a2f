//! The SQL that creates the monitor's user.

/// The SQL for a user who connects from `host` (`%` and `_` are wildcards), for every server version, with advice.
/// The password stands as `PASSWORD`, to be filled in.
pub(super) fn sql(user: &str, host: &str) -> String {
    let account = format!("{}@{}", literal(user), literal(host));
    TEMPLATE.replace("ACCOUNT", &account)
}

const TEMPLATE: &str = "\
-- The monitor's user of mpp. Run this on the ACTIVE node and let it replicate; where accounts do not
-- replicate, run it on every node.
-- Before you do: put the password in for PASSWORD, and narrow the host pattern to the directors
-- ('10.0.0.%'); with skip_name_resolve on a server it must be addresses, not names.
-- The user reads the state of replication, nothing else: no data, no changes, no SUPER.
CREATE USER IF NOT EXISTS ACCOUNT IDENTIFIED BY 'PASSWORD';
-- One connection a node and director is kept, and one more while it is renewed: leave
-- MAX_USER_CONNECTIONS out, a limit (error 1226) would look like a failing server.

-- Then ONE of these, by server:

-- MariaDB 10.5 and later (REPLICATION CLIENT is not enough there):
GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO ACCOUNT;

-- MySQL 8.0 and later (SLAVE MONITOR is a syntax error there); the second line for group replication:
GRANT REPLICATION CLIENT ON *.* TO ACCOUNT;
GRANT SELECT ON performance_schema.* TO ACCOUNT;

-- MariaDB before 10.5:
GRANT REPLICATION CLIENT ON *.* TO ACCOUNT;
";

/// A text as an SQL string that reads the same with and without NO_BACKSLASH_ESCAPES, but for a backslash.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::sql;

    #[test]
    fn every_server_version_has_its_grant() {
        let sql = sql("mpp", "10.0.0.%");
        for line in [
            "CREATE USER IF NOT EXISTS 'mpp'@'10.0.0.%' IDENTIFIED BY 'PASSWORD';",
            "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'mpp'@'10.0.0.%';",
            "GRANT REPLICATION CLIENT ON *.* TO 'mpp'@'10.0.0.%';",
        ] {
            assert!(sql.lines().any(|l| l == line), "{line}\n{sql}");
        }
    }

    #[test]
    fn a_quote_in_the_name_stays_in_the_name() {
        assert!(sql("o'neil\\", "%").contains("TO 'o''neil\\\\'@'%';"));
    }
}
