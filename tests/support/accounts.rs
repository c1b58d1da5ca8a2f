//! The accounts every test server has.

use super::flavour::Flavour;
use super::server::Server;

/// May do everything; used over the server's unix socket.
pub const ADMIN: &str = "admin";
/// The monitor: what `mpp config grants` gives it, and nothing else.
pub const MONITOR: &str = "mpp";
/// The monitor's password.
pub const MONITOR_PASSWORD: &str = "monitor-secret";
/// The replication user.
pub const REPLICATION: &str = "repl";
/// The replication user's password.
pub const REPLICATION_PASSWORD: &str = "repl-secret";

/// Runs the part for this server of what `mpp config grants` printed.
pub fn grant_as_printed(server: &Server, printed: &str) {
    let heading = server.flavour().say("-- MariaDB 10.5 and later", "-- MySQL 8.0.22 and later");
    let part = printed.split("\n\n").find(|p| p.starts_with(heading)).expect("a part for this server");
    for statement in part.lines().filter(|line| !line.starts_with("--")) {
        server.sql(&statement.replace("'PASSWORD'", &format!("'{MONITOR_PASSWORD}'")));
    }
}

/// Lets the monitor of a server, and of those that replicate from it, open and close it, and write to the probe table
/// `mpp.probe`, which is made: what `mpp config grants` says.
pub fn let_manage(server: &Server) {
    let manages = server.flavour().say("READ_ONLY ADMIN", "SYSTEM_VARIABLES_ADMIN");
    server.sql(&format!(
        "GRANT {manages} ON *.* TO {MONITOR}@'%'; CREATE DATABASE mpp; \
         CREATE TABLE mpp.probe (id INT UNSIGNED NOT NULL PRIMARY KEY, at DATETIME(6) NOT NULL) ENGINE=InnoDB; \
         GRANT SELECT, INSERT, UPDATE ON mpp.probe TO {MONITOR}@'%'"
    ));
}

/// Makes them, in a fresh data directory.
pub(super) fn statements(flavour: Flavour) -> String {
    let privileges = flavour.say("SLAVE MONITOR, BINLOG MONITOR", "REPLICATION CLIENT");
    format!(
        "FLUSH PRIVILEGES;\n\
         CREATE USER {ADMIN}@localhost;\n\
         GRANT ALL ON *.* TO {ADMIN}@localhost WITH GRANT OPTION;\n\
         CREATE USER {MONITOR}@'%' IDENTIFIED BY '{MONITOR_PASSWORD}';\n\
         GRANT {privileges} ON *.* TO {MONITOR}@'%';\n\
         CREATE USER {REPLICATION}@'%' IDENTIFIED BY '{REPLICATION_PASSWORD}';\n\
         GRANT REPLICATION SLAVE ON *.* TO {REPLICATION}@'%';\n"
    )
}
