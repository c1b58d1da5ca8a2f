//! The SQL that creates the monitor's user.

use super::settings::Pool;
use crate::core::settings::Writable;
use std::collections::BTreeSet;

/// What the monitor needs on MariaDB 10.5 and later, on all databases.
pub const MARIADB_PRIVILEGES: &str = "SLAVE MONITOR, BINLOG MONITOR";
/// What the monitor needs on MySQL 8.0.22 and later, on all databases.
pub const MYSQL_PRIVILEGES: &str = "REPLICATION CLIENT";

/// What opening and closing takes beside, on MariaDB 10.5.2 and later.
pub const MARIADB_MANAGES: &str = "READ_ONLY ADMIN";
/// The same on MySQL 8.0.22 and later.
pub const MYSQL_MANAGES: &str = "SYSTEM_VARIABLES_ADMIN";
/// What a write probe takes, on its table: MariaDB wants SELECT for ON DUPLICATE KEY UPDATE.
pub const PROBE_PRIVILEGES: &str = "SELECT, INSERT, UPDATE";

/// What a user of the monitor does beside asking.
#[derive(Debug, Default)]
pub(super) struct Duties<'s> {
    /// Opens and closes servers.
    manages: bool,
    /// Writes to these tables.
    tables: BTreeSet<&'s str>,
}

impl<'s> Duties<'s> {
    /// Of this user, by the pools it asks.
    pub(super) fn of(user: &str, pools: &'s [Pool]) -> Duties<'s> {
        let mut duties = Duties::default();
        for pool in pools.iter().filter(|pool| pool.access.iter().any(|access| access.user == user)) {
            duties.manages |= pool.decision.writable == Writable::Manage;
            duties.tables.extend(pool.decision.probe_write.iter().map(|probe| probe.table.as_str()));
        }
        duties
    }

    fn words(&self) -> String {
        let manages = self.manages.then_some("opens and closes servers for writes");
        let tables: Vec<&str> = self.tables.iter().copied().collect();
        let probes =
            (!tables.is_empty()).then(|| format!("writes its sign of life to {}", tables.join(", ")));
        let all: Vec<String> = manages.map(str::to_owned).into_iter().chain(probes).collect();
        if all.is_empty() {
            return "reads the state of replication, nothing else: no data, no changes, no SUPER".into();
        }
        format!("reads the state of replication, {}; nothing else: no data, no SUPER", all.join(", and "))
    }

    fn privileges(&self, reads: &str, manages: &str) -> String {
        if self.manages { format!("{reads}, {manages}") } else { reads.to_owned() }
    }

    /// The statements that make the probe tables, and open them to the account.
    fn probe_tables(&self) -> String {
        let of = |table: &&str| {
            let (database, _) = table.split_once('.').unwrap_or((table, ""));
            let table = table.replace('.', "`.`");
            format!(
                "CREATE DATABASE IF NOT EXISTS `{database}`;\n\
                 CREATE TABLE IF NOT EXISTS `{table}` \
                 (id INT UNSIGNED NOT NULL PRIMARY KEY, at DATETIME(6) NOT NULL) ENGINE=InnoDB;\n\
                 GRANT {PROBE_PRIVILEGES} ON `{table}` TO ACCOUNT;\n"
            )
        };
        self.tables.iter().map(of).collect()
    }
}

/// The SQL for a user who connects from `host` (`%` and `_` are wildcards): a part for each kind of server, complete
/// in itself, with advice. The password stands as `PASSWORD`, to be filled in.
pub(super) fn sql(user: &str, host: &str, duties: &Duties<'_>) -> String {
    let account = format!("{}@{}", literal(user), literal(host));
    TEMPLATE
        .replace("DUTIES", &duties.words())
        .replace("ON_MARIADB", &duties.privileges(MARIADB_PRIVILEGES, MARIADB_MANAGES))
        .replace("ON_MYSQL", &duties.privileges(MYSQL_PRIVILEGES, MYSQL_MANAGES))
        .replace("PROBE_TABLES", &duties.probe_tables())
        .replace("ACCOUNT", &account)
}

const TEMPLATE: &str = "\
-- The monitor's user of mpp. Run the part for your server on the ACTIVE node and let it replicate; where
-- accounts do not replicate, run it on every node.
-- Before you do: put the password in for PASSWORD, and narrow the host pattern to the directors
-- ('10.0.0.%'); with skip_name_resolve on a server it must be addresses, not names.
-- The user DUTIES. Its password does not
-- expire by itself: an expired one (1820, 1862) leaves the pool without a monitor.
-- One connection a node and director is kept, and one more while it is renewed: leave
-- MAX_USER_CONNECTIONS out, a limit (error 1226) would look like a failing server.

-- MariaDB 10.5 and later (REPLICATION CLIENT is not enough there):
CREATE USER IF NOT EXISTS ACCOUNT IDENTIFIED BY 'PASSWORD' PASSWORD EXPIRE NEVER;
GRANT ON_MARIADB ON *.* TO ACCOUNT;
PROBE_TABLES
-- MySQL 8.0.22 and later, 8.4, 9 (SLAVE MONITOR is a syntax error there):
CREATE USER IF NOT EXISTS ACCOUNT IDENTIFIED BY 'PASSWORD' PASSWORD EXPIRE NEVER;
GRANT ON_MYSQL ON *.* TO ACCOUNT;
PROBE_TABLES";

/// A text as an SQL string that reads the same with and without NO_BACKSLASH_ESCAPES, but for a backslash.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements of each part.
    fn parts(sql: &str) -> Vec<String> {
        let statements =
            |part: &str| part.lines().filter(|l| !l.starts_with("--")).collect::<Vec<_>>().join(" ");
        sql.split("\n\n").map(statements).filter(|part| !part.is_empty()).collect()
    }

    #[test]
    fn each_kind_of_server_has_a_part_complete_in_itself() {
        let parts = parts(&sql("mpp", "10.0.0.%", &Duties::default()));
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
    fn who_opens_and_closes_and_writes_signs_of_life_may_do_that_and_no_more() {
        let duties = Duties { manages: true, tables: ["mpp.probe"].into() };
        let sql = sql("mpp", "%", &duties);
        for (part, privileges) in parts(&sql).iter().zip([
            "SLAVE MONITOR, BINLOG MONITOR, READ_ONLY ADMIN",
            "REPLICATION CLIENT, SYSTEM_VARIABLES_ADMIN",
        ]) {
            assert!(part.contains(&format!("GRANT {privileges} ON *.* TO 'mpp'@'%';")), "{part}");
            assert!(part.contains("CREATE TABLE IF NOT EXISTS `mpp`.`probe` (id INT"), "{part}");
            assert!(part.ends_with("GRANT SELECT, INSERT, UPDATE ON `mpp`.`probe` TO 'mpp'@'%';"), "{part}");
        }
        assert!(
            sql.contains("opens and closes servers for writes, and writes its sign of life to mpp.probe;")
        );
    }

    #[test]
    fn a_quote_in_the_name_stays_in_the_name() {
        assert!(sql("o'neil\\", "%", &Duties::default()).contains("TO 'o''neil\\\\'@'%';"));
    }
}
