//! Servers that replicate from each other.

use super::accounts::{REPLICATION, REPLICATION_PASSWORD};
use super::flavour::Flavour;
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
    pair_of(Flavour::Installed, how)
}

/// The same of another server.
pub fn pair_of(flavour: Flavour, how: Use) -> [Server; 2] {
    let options = [1, 2].map(|id| Options { auto_increment: (2, id), ..how.options(flavour, id) });
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
    source_replica_of(Flavour::Installed, how)
}

/// The same of another server.
pub fn source_replica_of(flavour: Flavour, how: Use) -> [Server; 2] {
    let servers = Server::start_all(&[1, 2].map(|id| how.options(flavour, id)));
    let servers: [Server; 2] = servers.try_into().unwrap_or_else(|_| unreachable!());
    replicate(&servers[0], &servers[1], how, "");
    servers
}

impl Use {
    /// MySQL has GTIDs, or has not, whatever its channels use.
    fn options(self, flavour: Flavour, id: u32) -> Options {
        let options = Options::id(id).on(flavour);
        match flavour.is_mysql() && self == Use::File {
            true => options.arg("--gtid-mode=OFF").arg("--enforce-gtid-consistency=OFF"),
            false => options,
        }
    }
}

/// Makes `replica` replicate from `source` from where that stands now, in the channel `name`; waits until it
/// does.
pub fn replicate(source: &Server, replica: &Server, how: Use, name: &str) {
    let (file, offset) = end_of_binlog(source);
    let address = source.address();
    let source_is = |prefix| {
        format!(
            "{prefix}_HOST='{}', {prefix}_PORT={}, {prefix}_USER='{REPLICATION}', \
             {prefix}_PASSWORD='{REPLICATION_PASSWORD}', {prefix}_CONNECT_RETRY=1",
            address.ip(),
            address.port()
        )
    };
    let place = |prefix| format!("{prefix}_LOG_FILE='{file}', {prefix}_LOG_POS={offset}");
    replica.sql(&match (replica.flavour().is_mysql(), how) {
        (false, Use::Gtid) => {
            let source = source_is("MASTER");
            format!("CHANGE MASTER '{name}' TO {source}, MASTER_USE_GTID=slave_pos; START SLAVE '{name}'")
        }
        (false, Use::File) => {
            let (source, place) = (source_is("MASTER"), place("MASTER"));
            format!("CHANGE MASTER '{name}' TO {source}, MASTER_USE_GTID=no, {place}; START SLAVE '{name}'")
        }
        (true, _) => {
            let place = if how == Use::Gtid { "SOURCE_AUTO_POSITION=1".into() } else { place("SOURCE") };
            let source = source_is("SOURCE");
            format!(
                "CHANGE REPLICATION SOURCE TO {source}, GET_SOURCE_PUBLIC_KEY=1, {place} FOR CHANNEL '{name}'; \
                 START REPLICA FOR CHANNEL '{name}'"
            )
        }
    });
    wait_until("both replication threads run", Duration::from_secs(30), || replicates(replica, name));
}

/// The end of a server's binary log, as it tells its administrator.
pub fn end_of_binlog(server: &Server) -> (String, u64) {
    let row = server.sql(server.flavour().say("SHOW MASTER STATUS", "SHOW BINARY LOG STATUS")).remove(0);
    (row.get(0).expect("a file"), row.get(1).expect("an offset"))
}

/// A row a channel, as the replica tells its administrator.
fn channels(replica: &Server) -> Vec<mysql::Row> {
    replica.sql(replica.flavour().say("SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS"))
}

/// Whether both threads of the channel run.
pub fn replicates(replica: &Server, name: &str) -> bool {
    let (called, io, sql) = replica.flavour().say(
        ("Connection_name", "Slave_IO_Running", "Slave_SQL_Running"),
        ("Channel_Name", "Replica_IO_Running", "Replica_SQL_Running"),
    );
    let is = |row: &mysql::Row, column, value| row.get::<String, _>(column).as_deref() == Some(value);
    channels(replica).iter().any(|row| is(row, called, name) && is(row, io, "Yes") && is(row, sql, "Yes"))
}

/// Waits until `replica` has everything that `source` has written by now, by file and offset.
pub fn wait_until_caught_up(source: &Server, replica: &Server) {
    let (file, offset) = end_of_binlog(source);
    let columns = replica.flavour().say(
        ("Relay_Master_Log_File", "Exec_Master_Log_Pos"),
        ("Relay_Source_Log_File", "Exec_Source_Log_Pos"),
    );
    wait_until("the replica catches up", Duration::from_secs(30), || {
        let row = channels(replica).remove(0);
        row.get::<String, _>(columns.0).as_deref() == Some(&file)
            && row.get::<u64, _>(columns.1) == Some(offset)
    });
}
