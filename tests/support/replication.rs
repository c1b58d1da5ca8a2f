//! Servers that replicate from each other.

use super::accounts::{REPLICATION, REPLICATION_PASSWORD};
use super::options::Options;
use super::server::Server;
use super::wait::wait_until;
use std::time::Duration;

/// How a channel says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// By GTID.
    Gtid,
    /// By file and offset in the source's binary log.
    File,
}

/// Two writers, each the replica of the other: server ids 1 and 2, odd and even keys.
pub fn pair_master_master(how: Use) -> [Server; 2] {
    let options = [1, 2].map(|id| Options { auto_increment: (2, id), ..Options::id(id) });
    let servers: [Server; 2] = Server::start_all(&options).try_into().unwrap_or_else(|_| unreachable!());
    replicate(&servers[0], &servers[1], how, "");
    replicate(&servers[1], &servers[0], how, "");
    servers
}

/// `n` servers, each the replica of the one before it, the first of the last.
pub fn ring(n: u32, how: Use) -> Vec<Server> {
    let options: Vec<_> = (1..=n).map(|id| Options { auto_increment: (n, id), ..Options::id(id) }).collect();
    let servers = Server::start_all(&options);
    for (i, replica) in servers.iter().enumerate() {
        replicate(&servers[(i + servers.len() - 1) % servers.len()], replica, how, "");
    }
    servers
}

/// A source and its replica.
pub fn source_replica(how: Use) -> [Server; 2] {
    let servers = Server::start_all(&[1, 2].map(Options::id));
    let servers: [Server; 2] = servers.try_into().unwrap_or_else(|_| unreachable!());
    replicate(&servers[0], &servers[1], how, "");
    servers
}

/// Makes `replica` replicate from `source` from where that stands now, in the channel `name`; waits until it
/// does.
pub fn replicate(source: &Server, replica: &Server, how: Use, name: &str) {
    let address = source.address();
    let mut place = "MASTER_USE_GTID=slave_pos".to_owned();
    if how == Use::File {
        let status = source.sql("SHOW MASTER STATUS").remove(0);
        let (file, offset): (String, u64) =
            (status.get(0).expect("a file"), status.get(1).expect("an offset"));
        place = format!("MASTER_USE_GTID=no, MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}");
    }
    replica.sql(&format!(
        "CHANGE MASTER '{name}' TO MASTER_HOST='{}', MASTER_PORT={}, MASTER_USER='{REPLICATION}', \
         MASTER_PASSWORD='{REPLICATION_PASSWORD}', MASTER_CONNECT_RETRY=1, {place}; START SLAVE '{name}'",
        address.ip(),
        address.port()
    ));
    wait_until("both replication threads run", Duration::from_secs(30), || replicates(replica, name));
}

/// Whether both threads of the channel run.
pub fn replicates(replica: &Server, name: &str) -> bool {
    let rows = replica.sql("SHOW ALL SLAVES STATUS");
    let running = |row: &mysql::Row, column| row.get::<String, _>(column).as_deref() == Some("Yes");
    rows.iter().any(|row| {
        row.get::<String, _>("Connection_name").as_deref() == Some(name)
            && running(row, "Slave_IO_Running")
            && running(row, "Slave_SQL_Running")
    })
}

/// Waits until `replica` has everything that `source` has written by now, by file and offset.
pub fn wait_until_caught_up(source: &Server, replica: &Server) {
    let row = source.sql("SHOW MASTER STATUS").remove(0);
    let (file, offset): (String, u64) = (row.get(0).expect("a file"), row.get(1).expect("an offset"));
    wait_until("the replica catches up", Duration::from_secs(30), || {
        let row = replica.sql("SHOW ALL SLAVES STATUS").remove(0);
        row.get::<String, _>("Relay_Master_Log_File").as_deref() == Some(&file)
            && row.get::<u64, _>("Exec_Master_Log_Pos") == Some(offset)
    });
}
