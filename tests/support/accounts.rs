//! The accounts every test server has.

use super::flavour::Flavour;

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
